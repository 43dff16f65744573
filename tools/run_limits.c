/* SPDX-License-Identifier: Apache-2.0 */
/* run_limits.c: whether a run can have the descriptors that it needs. */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tools/run.h"

/*
 * About what one process of a run opens, from counts of /proc/PID/fd: each
 * worker has a socket to each other one, an actor on a thread of its own is a
 * worker too, and each process is a few pipes and sockets. SPARE is for what
 * actors open themselves; it is asked for, and a run begins without it.
 */
enum {
    OF_NODE = 48,
    OF_WORKER = 6,
    OF_RUN = 24, /* where there are several processes */
    OF_PROCESS = 8,
    OF_LANE = 2,
    SPARE = 1024
};

/* What a topology has at most on one of its nodes. */
struct size {
    rlim_t workers, threads, processes, lanes;
};

static rlim_t
workers_of(const struct troupe__place *place)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    rlim_t workers = place->options.workers;
    return workers > 0 ? workers : cores > 1 ? (rlim_t) cores : 1;
}

static struct size
size_of(const struct troupe__topology *topology)
{
    struct size size = {.processes = topology->place_count - 1};
    for (size_t i = 0; i < topology->place_count; i++) {
        rlim_t workers = workers_of(&topology->places[i]);
        size.workers = workers > size.workers ? workers : size.workers;
        size.lanes += workers;
    }
    for (size_t i = 1; i < topology->member_count; i++) {
        const struct troupe__member *member = &topology->members[i];
        bool is_apart = member->spec.isolation == TROUPE_OWN_PROCESS;
        if (is_apart) {
            size.processes += member->count;
            size.lanes += member->count;
        } else if (member->spec.place == TROUPE_OWN_THREAD) {
            size.threads += member->count;
        }
    }
    return size;
}

static rlim_t
need_of(const struct size *size)
{
    rlim_t workers = size->workers, need = OF_NODE + OF_WORKER * workers;
    need += workers * workers + size->threads * (2 * workers + 4);
    if (size->processes > 0)
        need += OF_RUN + OF_PROCESS * size->processes
                + OF_LANE * workers * size->lanes;
    return need;
}

int
troupe__run_limits(const struct troupe__topology *topology, char why[512])
{
    struct rlimit limit;
    struct size size = size_of(topology);
    rlim_t need = need_of(&size), wanted = need + SPARE;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 0;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        (void) setrlimit(RLIMIT_NOFILE, &limit); /* for what it starts too */
    }
    if (limit.rlim_cur >= need)
        return 0;
    snprintf(why, 512,
             "'%s' needs about %llu descriptors, and %llu are the most that it "
             "may open here: raise the limit (ulimit -n)",
             topology->name, (unsigned long long) need,
             (unsigned long long) limit.rlim_cur);
    return -EMFILE;
}
