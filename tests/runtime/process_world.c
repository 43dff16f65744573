/* SPDX-License-Identifier: Apache-2.0 */
/* process_world.c: notes what an owner of processes tells. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/process_world.h"

enum {
    ENDS_MAX = 1024,
    LINES_MAX = 256,
    LINES_EACH = 8,
    LINE_SIZE = 512,
    STUCK_MAX = 8
};

struct troupe__processes *owner;
void (*on_end)(const struct troupe__process_exit *end);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;

static struct told ends[ENDS_MAX];
static size_t ends_count;

/* The first lines of each child; later ones are only counted. */
static struct {
    uint64_t id;
    char text[LINE_SIZE];
} lines[LINES_MAX];
static size_t lines_count;
static size_t lines_of[ENDS_MAX];

static struct {
    uint64_t id;
    pid_t pid;
} stuck[STUCK_MAX];
static size_t stuck_count;

static _Atomic size_t started;
static size_t fds_before;

static size_t
count_fds(void)
{
    size_t count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count;
}

static void
note_line(void *data, uint64_t id, int stream, const char *text, size_t size)
{
    (void) data, (void) stream, (void) size;
    pthread_mutex_lock(&lock);
    size_t before = lines_of[id % ENDS_MAX]++;
    if (lines_count < LINES_MAX && before < LINES_EACH) {
        lines[lines_count].id = id;
        snprintf(lines[lines_count++].text, LINE_SIZE, "%s", text);
        pthread_cond_broadcast(&news);
    }
    pthread_mutex_unlock(&lock);
}

static void
note_stuck(void *data, uint64_t id, const char *name, pid_t pid)
{
    (void) data, (void) name;
    pthread_mutex_lock(&lock);
    if (stuck_count < STUCK_MAX) {
        stuck[stuck_count].id = id;
        stuck[stuck_count++].pid = pid;
    }
    pthread_cond_broadcast(&news);
    pthread_mutex_unlock(&lock);
}

static void
note_end(void *data, const struct troupe__process_exit *end)
{
    (void) data;
    if (on_end)
        on_end(end);
    pthread_mutex_lock(&lock);
    struct told *told = &ends[ends_count++ % ENDS_MAX];
    *told = (struct told){.id = end->id,
                          .pid = end->pid,
                          .end = end->end,
                          .code = end->code,
                          .core = end->core,
                          .permanent = end->permanent,
                          .asked = end->asked,
                          .tail_count = end->tail_count};
    snprintf(told->step, sizeof told->step, "%s", end->step);
    snprintf(told->text, sizeof told->text, "%s", end->text);
    size_t size = 0;
    FILE *tail = open_memstream(&told->tail, &size);
    cr_assert_not_null(tail);
    for (size_t i = 0; i < end->tail_count; i++)
        fprintf(tail, "%s\n", end->tail[i]);
    fclose(tail);
    pthread_cond_broadcast(&news);
    pthread_mutex_unlock(&lock);
}

void
process_begin_with(struct troupe__processes_options options)
{
    fds_before = count_fds();
    options.calls = (struct troupe__process_calls){
        .line = note_line, .stuck = note_stuck, .exited = note_end};
    int rc = troupe__processes_new(&options, &owner);
    cr_assert_eq(rc, 0, "%s", strerror(-rc));
}

void
process_begin(void)
{
    process_begin_with(
        (struct troupe__processes_options){.term_ms = 60000, .kill_ms = 60000});
}

void
process_end(void)
{
    if (!owner)
        return;
    cr_assert_eq(troupe__processes_destroy(&owner), 0);
    cr_assert_null(owner);
    siginfo_t info;
    int rc = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL);
    cr_assert(rc < 0 && errno == ECHILD, "a child is left");
    cr_assert_eq(count_fds(), fds_before);
    cr_assert_eq(ends_count, started, "%zu reports of %zu", ends_count,
                 (size_t) started);
    for (size_t i = 0; i < ends_count; i++)
        for (size_t k = 0; k < i; k++)
            cr_assert_neq(ends[i].id, ends[k].id);
}

const char *
puppet_path(void)
{
    static char path[4096];
    if (path[0] != '\0')
        return path;
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - 16);
    cr_assert_gt(size, 0);
    path[size] = '\0';
    strcpy(strrchr(path, '/') + 1, "puppet");
    return path;
}

uint64_t
start_spec(const struct troupe__process_spec *spec)
{
    uint64_t id = 0;
    int rc = troupe__process_start(owner, spec, &id);
    cr_assert_eq(rc, 0, "%s", strerror(-rc));
    started++;
    return id;
}

uint64_t
puppet_start(const char *const *args)
{
    return start_spec(&(struct troupe__process_spec){
        .name = "puppet", .path = puppet_path(), .argv = args});
}

const struct told *
wait_end(uint64_t id)
{
    const struct told *found = NULL;
    pthread_mutex_lock(&lock);
    while (!found) {
        for (size_t i = 0; i < ends_count && i < ENDS_MAX; i++)
            found = ends[i].id == id ? &ends[i] : found;
        if (!found)
            pthread_cond_wait(&news, &lock);
    }
    pthread_mutex_unlock(&lock);
    return found;
}

const char *
wait_line(uint64_t id, const char *beginning)
{
    const char *found = NULL;
    size_t size = strlen(beginning);
    pthread_mutex_lock(&lock);
    while (!found) {
        for (size_t i = 0; i < lines_count; i++)
            if (lines[i].id == id
                && strncmp(lines[i].text, beginning, size) == 0)
                found = lines[i].text + size;
        if (!found)
            pthread_cond_wait(&news, &lock);
    }
    pthread_mutex_unlock(&lock);
    return found;
}

pid_t
wait_stuck(uint64_t id)
{
    pid_t pid = 0;
    bool found = false;
    pthread_mutex_lock(&lock);
    while (!found) {
        for (size_t i = 0; i < stuck_count; i++) {
            found |= stuck[i].id == id;
            pid = stuck[i].id == id ? stuck[i].pid : pid;
        }
        if (!found)
            pthread_cond_wait(&news, &lock);
    }
    pthread_mutex_unlock(&lock);
    return pid;
}

size_t
line_count(uint64_t id)
{
    pthread_mutex_lock(&lock);
    size_t count = lines_of[id % ENDS_MAX];
    pthread_mutex_unlock(&lock);
    return count;
}

size_t
end_count(void)
{
    pthread_mutex_lock(&lock);
    size_t count = ends_count;
    pthread_mutex_unlock(&lock);
    return count;
}

int
watch_pid(pid_t pid)
{
    int pidfd = (int) syscall(SYS_pidfd_open, pid, 0);
    cr_assert_geq(pidfd, 0, "%s", strerror(errno));
    return pidfd;
}

void
wait_gone(int pidfd)
{
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    while (poll(&end, 1, -1) <= 0)
        continue;
    close(pidfd);
}

void
wait_stopped(pid_t pid)
{
    char path[64];
    char state = '?';
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    while (state != 'T') {
        FILE *file = fopen(path, "r");
        cr_assert_not_null(file);
        cr_assert_eq(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
        fclose(file);
        sched_yield();
    }
}
