/* SPDX-License-Identifier: Apache-2.0 */
/* run_world.c: notes what a root tells of its nodes. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/run_world.h"

enum { HEARD_MAX = 512, LOG_MAX = 4096 };

troupe_t *root;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static struct heard heards[HEARD_MAX];
static size_t heards_count;
static char *log_lines[LOG_MAX];
static size_t logs_count;
static char directory[64];
static size_t fds_before;

static size_t
count_entries(const char *path)
{
    size_t count = 0;
    DIR *dir = opendir(path);
    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count;
}

/* Those of the library; a sanitizer has its own. */
static size_t
count_threads(void)
{
    size_t count = 0;
    char path[64], name[32];
    DIR *dir = opendir("/proc/self/task");
    const struct dirent *entry = NULL;
    while (dir && (entry = readdir(dir))) {
        snprintf(path, sizeof path, "/proc/self/task/%.16s/comm",
                 entry->d_name);
        FILE *file = fopen(path, "r");
        count += file && fgets(name, sizeof name, file)
                 && strncmp(name, "troupe-", 7) == 0;
        if (file)
            fclose(file);
    }
    if (dir)
        closedir(dir);
    return count;
}

static void
note_log(void *data, troupe_level_t level, const char *text)
{
    (void) data, (void) level;
    pthread_mutex_lock(&lock);
    if (logs_count < LOG_MAX)
        log_lines[logs_count++] = strdup(text);
    pthread_cond_broadcast(&news);
    pthread_mutex_unlock(&lock);
    if (getenv("TROUPE_SHOW_LOG"))
        fprintf(stderr, "  %s\n", text);
}

static int
on_event(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_node_event_t event;
    (void) ctx, (void) state;
    int rc = troupe_node_event_read(msg, &event);
    if (rc < 0)
        return rc;
    pthread_mutex_lock(&lock);
    struct heard *heard = &heards[heards_count++ % HEARD_MAX];
    *heard = (struct heard){.number = event.number,
                            .is_up = event.is_up,
                            .was_ready = event.was_ready,
                            .is_permanent = event.is_permanent,
                            .kind = event.reason.kind,
                            .code = event.reason.code};
    snprintf(heard->name, sizeof heard->name, "%s", event.name);
    snprintf(heard->text, sizeof heard->text, "%s", event.reason.text);
    pthread_cond_broadcast(&news);
    pthread_mutex_unlock(&lock);
    return 0;
}

static int
on_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_nodes_watch(ctx);
}

struct nothing {
    char unused;
};

TROUPE_KIND(run_watcher, struct nothing, TROUPE_ON_START(on_start),
            TROUPE_ON("node-up", on_event), TROUPE_ON("node-down", on_event));

void
run_begin_with(troupe_nodes_options_t nodes)
{
    troupe_ref_t ref;
    if (root) /* a test's init comes after its suite's */
        run_end();
    fds_before = count_entries("/proc/self/fd");
    snprintf(directory, sizeof directory, "/tmp/troupe-run-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
    nodes.directory = directory;
    troupe_options_t options = troupe_options_default();
    options.workers = 2;
    options.log = note_log;
    options.nodes = &nodes;
    int rc = troupe_new(&options, &root);
    cr_assert_eq(rc, 0, "%s", troupe_strerror(rc));
    cr_assert_eq(troupe_node_spawn(root, &run_watcher, NULL, &ref, NULL), 0);
    cr_assert_eq(troupe_settle(root, 10000), 0);
}

void
run_begin(void)
{
    run_begin_with((troupe_nodes_options_t){
        .hang_ms = 60000, .start_ms = 60000, .term_ms = 60000});
}

void
run_end(void)
{
    siginfo_t info;
    cr_assert_eq(troupe_destroy(&root), 0);
    int rc = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
    cr_assert(rc < 0 && errno == ECHILD, "a child is left");
    cr_assert_eq(count_entries("/proc/self/fd"), fds_before);
    cr_assert_eq(count_threads(), 0);
    cr_assert_eq(rmdir(directory), 0, "%s", strerror(errno));
    cr_assert_eq(log_count("Sanitizer: "), 0); /* in a node */
    for (size_t i = 0; i < logs_count; i++)
        free(log_lines[i]);
    logs_count = 0;
}

const char *
run_directory(void)
{
    return directory;
}

const char *
player_path(void)
{
    static char path[4096];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - 16);
    cr_assert_gt(size, 0);
    path[size] = '\0';
    memcpy(strrchr(path, '/') + 1, "player", sizeof "player");
    return path;
}

uint32_t
player_start(const char *name, const char *const *args)
{
    uint32_t number = 0;
    troupe_node_spec_t spec = {
        .name = name, .path = player_path(), .argv = args};
    int rc = troupe_node_start(root, &spec, &number);
    cr_assert_eq(rc, 0, "%s", troupe_strerror(rc));
    return number;
}

static const struct heard *
wait_heard(uint32_t number, bool is_up)
{
    const struct heard *found = NULL;
    pthread_mutex_lock(&lock);
    while (!found) {
        for (size_t i = 0; i < heards_count && i < HEARD_MAX; i++)
            if (heards[i].number == number && heards[i].is_up == is_up)
                found = &heards[i];
        if (!found)
            pthread_cond_wait(&news, &lock);
    }
    pthread_mutex_unlock(&lock);
    return found;
}

const struct heard *
wait_up(uint32_t number)
{
    return wait_heard(number, true);
}

const struct heard *
wait_down(uint32_t number)
{
    return wait_heard(number, false);
}

size_t
heard_count(uint32_t number, bool is_up)
{
    size_t count = 0;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < heards_count && i < HEARD_MAX; i++)
        count += heards[i].number == number && heards[i].is_up == is_up;
    pthread_mutex_unlock(&lock);
    return count;
}

/* Under the lock. */
static size_t
count_logs(const char *text)
{
    size_t count = 0;
    for (size_t i = 0; i < logs_count; i++)
        count += strstr(log_lines[i], text) != NULL;
    return count;
}

void
wait_log(const char *text)
{
    pthread_mutex_lock(&lock);
    while (count_logs(text) == 0)
        pthread_cond_wait(&news, &lock);
    pthread_mutex_unlock(&lock);
}

size_t
log_count(const char *text)
{
    pthread_mutex_lock(&lock);
    size_t count = count_logs(text);
    pthread_mutex_unlock(&lock);
    return count;
}

size_t
log_index(const char *text)
{
    size_t at = 0;
    pthread_mutex_lock(&lock);
    while (at < logs_count && !strstr(log_lines[at], text))
        at++;
    cr_assert_lt(at, logs_count, "never logged: %s", text);
    pthread_mutex_unlock(&lock);
    return at;
}

troupe_ref_t
seek_name(const char *name)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    while (troupe_lookup(root, name, &ref) < 0)
        sched_yield();
    return ref;
}

int
pid_of(uint32_t number)
{
    troupe_node_info_t infos[64];
    size_t count = troupe_node_list(root, infos, 64);
    for (size_t i = 0; i < count && i < 64; i++)
        if (infos[i].number == number)
            return infos[i].pid;
    return 0;
}
