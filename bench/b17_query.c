/* SPDX-License-Identifier: Apache-2.0 */
/* b17_query: one prompt to fifty models of a local mock, each 100 ms. */
#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "troupe_query.h"

#include "bench/common.h"

#define MOCK_MODEL "say=yes+delay=100ms"

enum { MODELS = 50, ROUNDS = 10 };

extern char **environ;

struct mock {
    pid_t pid;
    char url[64];
};

/* `troupe mock` of the same build: ../bin/troupe. */
static int
begin_mock(struct mock *self)
{
    char path[PATH_MAX + 16] = "", command[] = "mock", option[] = "--parent";
    char *arguments[] = {path, command, option, NULL};
    posix_spawn_file_actions_t actions;
    int ends[2];
    ssize_t size = readlink("/proc/self/exe", path, PATH_MAX - 1);
    char *slash = size > 0 ? strrchr(path, '/') : NULL;
    if (!slash || pipe(ends) < 0)
        return -EIO;
    memcpy(slash, "/../bin/troupe", sizeof "/../bin/troupe");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    int rc = posix_spawn(&self->pid, path, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    FILE *out = fdopen(ends[0], "r");
    bool began = rc == 0 && out && fgets(self->url, sizeof self->url, out);
    if (out)
        fclose(out);
    self->url[strcspn(self->url, "\n")] = '\0';
    return began ? 0 : -EIO;
}

static void
end_mock(const struct mock *self)
{
    if (self->pid > 0) {
        kill(self->pid, SIGTERM);
        waitpid(self->pid, NULL, 0);
    }
}

/* Milliseconds from the first ask to the result; all must have answered. */
static int
query_once(troupe_t *node, const troupe_query_options_t *options,
           double *ret_ms)
{
    troupe_query_t *query = NULL;
    int rc = troupe_query_run(node, options, &query);
    if (rc == 0 && troupe_query_outcome(query) != TROUPE_QUERY_COMPLETE)
        rc = -EPROTO;
    if (rc == 0) {
        json_t *root = json_loads(troupe_query_json(query), 0, NULL);
        *ret_ms = json_real_value(json_object_get(root, "elapsed_ms"));
        json_decref(root);
    }
    troupe_query_destroy(&query);
    return rc;
}

static int
query_all(troupe_t *node, const char *url, bool quick)
{
    static const char *const choices[] = {"yes", "no"};
    static char names[MODELS][16];
    troupe_query_model_t models[MODELS];
    for (int i = 0; i < MODELS; i++) {
        snprintf(names[i], sizeof names[i], "m%d", i);
        models[i] = troupe_query_model_default(names[i], url, MOCK_MODEL);
        models[i].provider = "mock";
    }
    troupe_query_options_t options = troupe_query_options_default();
    options.prompt = "Is it so?";
    options.type = TROUPE_QUERY_CHOICE;
    options.choices = choices;
    options.choice_count = 2;
    options.models = models;
    options.model_count = MODELS;
    options.ask_all = true;
    double sum = 0, ms = 0, begun = bench_now();
    int rounds = quick ? 1 : ROUNDS, rc = 0;
    for (int i = 0; i < rounds && rc == 0; i++) {
        rc = query_once(node, &options, &ms);
        sum += ms;
    }
    if (rc < 0)
        return rc;
    bench_result(NULL, sum / rounds, "ms", MODELS);
    bench_result("with-start", (bench_now() - begun) * 1000 / rounds, "ms",
                 MODELS);
    return 0;
}

/* --- libcurl alone: what of it is not ours ----------------------------------*/

static size_t
drop(char *bytes, size_t size, size_t count, void *data)
{
    (void) bytes, (void) data;
    return size * count;
}

/* The same requests by curl's own loop, whose answers nobody reads. */
static int
post_all(CURLM *multi, CURL *const *calls)
{
    int left = MODELS, in_queue = 0, good = 0;
    for (int i = 0; i < MODELS; i++)
        curl_multi_add_handle(multi, calls[i]);
    while (curl_multi_perform(multi, &left) == CURLM_OK && left > 0)
        (void) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    const CURLMsg *done;
    while ((done = curl_multi_info_read(multi, &in_queue)) != NULL)
        good += done->data.result == CURLE_OK;
    for (int i = 0; i < MODELS; i++)
        curl_multi_remove_handle(multi, calls[i]);
    return good == MODELS ? 0 : -EIO;
}

static int
post_once(const char *url, const struct curl_slist *headers, double *ret_ms)
{
    static const char body[] =
        "{\"model\": \"" MOCK_MODEL "\", \"messages\": [{\"role\": \"user\", "
        "\"content\": \"Is it so?\"}]}";
    CURL *calls[MODELS];
    double begun = bench_now();
    CURLM *multi = curl_multi_init();
    for (int i = 0; i < MODELS; i++) {
        calls[i] = curl_easy_init();
        curl_easy_setopt(calls[i], CURLOPT_URL, url);
        curl_easy_setopt(calls[i], CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(calls[i], CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(calls[i], CURLOPT_FAILONERROR, 1L);
        curl_easy_setopt(calls[i], CURLOPT_WRITEFUNCTION, drop);
    }
    int rc = post_all(multi, calls);
    *ret_ms = (bench_now() - begun) * 1000;
    for (int i = 0; i < MODELS; i++)
        curl_easy_cleanup(calls[i]);
    curl_multi_cleanup(multi);
    return rc;
}

static int
post_rounds(const char *base, bool quick)
{
    char url[96];
    snprintf(url, sizeof url, "%s/chat/completions", base);
    struct curl_slist *headers =
        curl_slist_append(NULL, "Content-Type: application/json");
    int rounds = quick ? 1 : ROUNDS, rc = 0;
    double sum = 0, ms = 0;
    for (int i = 0; i < rounds && rc == 0; i++) {
        rc = post_once(url, headers, &ms);
        sum += ms;
    }
    curl_slist_free_all(headers);
    if (rc == 0)
        bench_result("libcurl", sum / rounds, "ms", MODELS);
    return rc;
}

static int
run(bool quick)
{
    struct mock mock = {0};
    troupe_t *node = NULL;
    int rc = begin_mock(&mock);
    if (rc == 0)
        rc = bench_node(0, &node);
    if (rc == 0)
        rc = query_all(node, mock.url, quick);
    if (rc == 0)
        rc = post_rounds(mock.url, quick);
    troupe_destroy(&node);
    end_mock(&mock);
    return rc;
}

int
main(int argc, char **argv)
{
    static const struct bench_variant variants[] = {{"default", run},
                                                    {NULL, NULL}};
    return bench_main(argc, argv, "B17", variants);
}
