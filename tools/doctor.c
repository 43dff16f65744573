/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c: looks at the machine for what will hurt. */
#include "tools/doctor.h"

#include <czmq.h>
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "troupe_msgpack.h"
#include "troupe_node.h"

#include "tools/findings.h"

enum {
    SPARE = 256, /* descriptors for what actors open themselves */
    DEPTH = 3,   /* directories below $XDG_RUNTIME_DIR that a socket is in */
    PLACES = 10  /* directories with stale sockets that are named */
};

void
troupe__report_add(struct troupe__report *self, enum troupe__health health,
                   const char *what, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    self->items = troupe__grow(self->items, self->count, sizeof *self->items);
    self->items[self->count++] = (struct troupe__symptom){
        health, what, troupe__copy(text, strlen(text))};
}

void
troupe__report_free(struct troupe__report *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->items[i].text);
    free(self->items);
    *self = (struct troupe__report){0};
}

/* A library that is older than its headers may lack what was promised. */
static void
look_at_library(struct troupe__report *report, const char *name,
                const int built[3], const int found[3])
{
    bool older = found[0] != built[0] || found[1] < built[1];
    troupe__report_add(report, older ? TROUPE__HEALTH_BAD : TROUPE__HEALTH_OK,
                       "versions", "%s %d.%d.%d%s", name, found[0], found[1],
                       found[2],
                       older ? ", older than what this was built with: install "
                               "the newer one, or build Troupe again"
                             : "");
}

void
troupe__look_at_versions(struct troupe__report *report)
{
    bool same = strcmp(troupe_version(), TROUPE_VERSION) == 0;
    troupe__report_add(report, same ? TROUPE__HEALTH_OK : TROUPE__HEALTH_BAD,
                       "versions", "troupe %s, its library %s%s",
                       TROUPE_VERSION, troupe_version(),
                       same ? ""
                            : ": another one is found first; look at "
                              "LD_LIBRARY_PATH");
    const int zmq_built[] = {ZMQ_VERSION_MAJOR, ZMQ_VERSION_MINOR,
                             ZMQ_VERSION_PATCH};
    const int czmq_built[] = {CZMQ_VERSION_MAJOR, CZMQ_VERSION_MINOR,
                              CZMQ_VERSION_PATCH};
    const int msgpack_built[] = {MSGPACK_VERSION_MAJOR, MSGPACK_VERSION_MINOR,
                                 MSGPACK_VERSION_REVISION};
    int found[3];
    zmq_version(&found[0], &found[1], &found[2]);
    look_at_library(report, "libzmq", zmq_built, found);
    zsys_version(&found[0], &found[1], &found[2]);
    look_at_library(report, "czmq", czmq_built, found);
    found[0] = msgpack_version_major();
    found[1] = msgpack_version_minor();
    found[2] = msgpack_version_revision();
    look_at_library(report, "msgpack-c", msgpack_built, found);
}

/* How many cores' time a control group may have; 0: no bound is known. */
static double
quota(void)
{
    double time = -1, period = 0;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (file && fscanf(file, "%lf %lf", &time, &period) != 2)
        time = -1; /* "max" */
    if (file)
        fclose(file);
    return time > 0 && period > 0 ? time / period : 0;
}

void
troupe__look_at_cores(struct troupe__report *report)
{
    cpu_set_t set;
    long there = sysconf(_SC_NPROCESSORS_ONLN);
    long usable = there;
    double bound = quota();
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        usable = CPU_COUNT(&set);
    if (bound > 0 && bound < (double) usable) {
        troupe__report_add(report, TROUPE__HEALTH_NOTE, "cores",
                           "%ld of %ld usable, but time for %.1f: give nodes "
                           "'workers: %d'",
                           usable, there, bound, bound < 1 ? 1 : (int) bound);
    } else {
        troupe__report_add(report,
                           usable < 2 ? TROUPE__HEALTH_NOTE : TROUPE__HEALTH_OK,
                           "cores", "%ld of %ld usable%s", usable, there,
                           usable < 2 ? ": actors take turns on one" : "");
    }
}

static size_t
count_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    size_t count = 0;
    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

/* Starts a node as `troupe run` would, and counts what it takes. */
void
troupe__look_at_descriptors(struct troupe__report *report)
{
    struct rlimit limit = {0, 0};
    troupe_t *node = NULL;
    size_t before = count_descriptors();
    (void) getrlimit(RLIMIT_NOFILE, &limit);
    unsigned long long soft = limit.rlim_cur, hard = limit.rlim_max;
    int rc = troupe_new(NULL, &node);
    if (rc < 0) {
        troupe__report_add(report, TROUPE__HEALTH_BAD, "descriptors",
                           "no node can be started with at most %llu: %s; "
                           "raise it with ulimit -n",
                           soft, troupe_strerror(rc));
        return;
    }
    size_t taken = count_descriptors() - before;
    troupe_destroy(&node);
    bool tight = soft < before + taken + SPARE;
    troupe__report_add(report, tight ? TROUPE__HEALTH_BAD : TROUPE__HEALTH_OK,
                       "descriptors",
                       "a node takes %zu of at most %llu (hard limit %llu)%s",
                       taken, soft, hard,
                       tight ? ": too few are left for what actors open; raise "
                               "it with ulimit -n 4096"
                             : "");
}

/* Nobody listens any more: a crash left the file behind. */
static bool
is_stale(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool refused =
        fd >= 0 && connect(fd, (struct sockaddr *) &address, sizeof address) < 0
        && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return refused;
}

/* The directory of a run, of its generation, or the file of a socket. */
static bool
is_worth_a_look(const char *path, const char *name, unsigned depth,
                struct stat *ret_status)
{
    bool named = strncmp(name, "troupe", strlen("troupe")) == 0;
    return name[0] != '.' && (named || depth > 0)
           && lstat(path, ret_status) == 0 && ret_status->st_uid == geteuid();
}

/* What is known of the sockets of all directories. */
struct sockets {
    size_t count;
    size_t places; /* directories with stale ones */
};

/* The next run of the same name clears its directory: BASE/NAME/g-1a2b3c4d, by
 * the lock beside it. That of `troupe map` has its process number in its name,
 * and no run has it again. */
static char *
cure_of(const char *path, size_t live)
{
    const char *last = strrchr(path, '/');
    char *run = troupe__copy(path, last ? (size_t) (last - path) : 0);
    char *lock = troupe__format("%s/lock", run);
    const char *name = strrchr(run, '/');
    name = name ? name + 1 : run;
    bool again =
        access(lock, F_OK) == 0 && strncmp(name, "map-", strlen("map-")) != 0;
    char *cure =
        again ? troupe__format("the next run of '%s' clears them", name)
        : live > 0
            ? troupe__format("others there are in use: remove what is old")
            : troupe__format("rm -r %s", access(lock, F_OK) == 0 ? run : path);
    free(lock);
    free(run);
    return cure;
}

/* They take room, and nothing else: who listens there again removes them. */
static void
tell_stale(struct troupe__report *report, struct sockets *all, const char *path,
           size_t stale, size_t live)
{
    if (++all->places > PLACES)
        return;
    char *cure = cure_of(path, live);
    troupe__report_add(report, TROUPE__HEALTH_NOTE, "sockets",
                       "%s: nobody listens at %zu of %zu there, left by what "
                       "was killed; they do no harm; %s",
                       path, stale, stale + live, cure);
    free(cure);
}

/* Ours alone is looked at, down to troupe/NAME/g-1a2b3c4d. */
static void
look_in(struct troupe__report *report, struct sockets *all, const char *path,
        unsigned depth)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    size_t stale = 0, live = 0;
    while (directory && (entry = readdir(directory))) {
        struct stat st;
        char *below = troupe__format("%s/%s", path, entry->d_name);
        bool is_ours = is_worth_a_look(below, entry->d_name, depth, &st);
        if (is_ours && S_ISDIR(st.st_mode) && depth < DEPTH)
            look_in(report, all, below, depth + 1);
        else if (is_ours && S_ISSOCK(st.st_mode))
            ++*(is_stale(below) ? &stale : &live);
        free(below);
    }
    if (directory)
        closedir(directory);
    all->count += stale + live;
    if (stale > 0)
        tell_stale(report, all, path, stale, live);
}

void
troupe__look_at_sockets(struct troupe__report *report, const char *directory)
{
    struct sockets all = {0};
    look_in(report, &all, directory, 0);
    if (all.places > PLACES) {
        troupe__report_add(report, TROUPE__HEALTH_NOTE, "sockets",
                           "%zu directories more in %s are so",
                           all.places - PLACES, directory);
    }
    if (all.places == 0) {
        troupe__report_add(report, TROUPE__HEALTH_OK, "sockets",
                           "%zu of Troupe in %s, none stale", all.count,
                           directory);
    }
}
