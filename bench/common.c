/* SPDX-License-Identifier: Apache-2.0 */
/* common.c: options, time, and the line of JSON. */
#include "bench/common.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct {
    const char *bench, *variant, *note;
} now_running;

double
bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static long
peak_kib(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    long peak = 0;
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "VmHWM:", 6) == 0)
            peak = strtol(line + 6, NULL, 10);
    if (status)
        fclose(status);
    return peak;
}

void
bench_note(const char *note)
{
    now_running.note = note;
}

void
bench_result(const char *part, double value, const char *unit, int64_t count)
{
    printf("{\"bench\": \"%s\", \"variant\": \"%s\", \"system\": \"troupe\", "
           "\"value\": %.6g, \"unit\": \"%s\", \"count\": %lld, "
           "\"peak_kib\": %ld",
           now_running.bench, part ? part : now_running.variant, value, unit,
           (long long) count, peak_kib());
    if (now_running.note)
        printf(", \"note\": \"%s\"", now_running.note);
    printf("}\n");
}

static void
log_to_stderr(void *data, troupe_level_t level, const char *text)
{
    (void) data, (void) level;
    fprintf(stderr, "%s\n", text);
}

int
bench_node(uint32_t workers, troupe_t **ret_node)
{
    troupe_options_t options = troupe_options_default();
    options.workers = workers;
    options.log = log_to_stderr;
    options.log_level = TROUPE_LOG_ERROR;
    return troupe_new(&options, ret_node);
}

int
bench_go(troupe_t *node, const troupe_kind_t *kind, int64_t count,
         double *ret_seconds, int64_t *ret_answer)
{
    enum { PATIENCE_MS = 600000 };
    troupe_ref_t ref;
    troupe_message_t *reply = NULL;
    troupe_spawn_options_t options = {.place = TROUPE_WORKER};
    int rc = troupe_node_spawn(node, kind, &options, &ref, "I", count);
    if (rc == 0) /* the actors that it spawns are there when it answers */
        rc = troupe_node_ask(node, ref, "ready", PATIENCE_MS, NULL, NULL);
    double began = bench_now();
    if (rc == 0)
        rc = troupe_node_ask(node, ref, "go", PATIENCE_MS, &reply, NULL);
    *ret_seconds = bench_now() - began;
    if (rc == 0)
        rc = troupe_unpack(reply, "I", ret_answer);
    troupe_message_destroy(&reply);
    return rc;
}

static int
run_one(const char *name, const struct bench_variant *variant, bool quick)
{
    now_running.bench = name;
    now_running.variant = variant->name;
    int rc = variant->run(quick);
    if (rc < 0)
        fprintf(stderr, "%s %s: %s\n", name, variant->name,
                troupe_strerror(rc));
    return rc < 0 ? 1 : 0;
}

int
bench_main(int argc, char **argv, const char *name,
           const struct bench_variant *variants)
{
    const char *wanted = variants[0].name;
    bool quick = false, list = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0)
            list = true;
        else if (strcmp(argv[i], "--quick") == 0)
            quick = true;
        else if (strcmp(argv[i], "--variant") == 0 && i + 1 < argc)
            wanted = argv[++i];
        else {
            fprintf(stderr, "usage: %s [--list | [--variant NAME] [--quick]]\n",
                    argv[0]);
            return 2;
        }
    }
    for (const struct bench_variant *at = variants; at->name; at++) {
        if (list)
            printf("%s\n", at->name);
        else if (strcmp(at->name, wanted) == 0)
            return run_one(name, at, quick);
    }
    if (list)
        return 0;
    fprintf(stderr, "%s: no variant '%s'\n", name, wanted);
    return 2;
}
