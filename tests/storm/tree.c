/* SPDX-License-Identifier: Apache-2.0 */
/* tree.c: the supervisors of a storm; what the system says of a process. */
#include "storm/tree.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * top, one for one
 *   home    one for one: 40 members in the root's process
 *   left    one for all: alpha, a supervisor (rest for one) with 40 members
 *           in a process of its own; 8 members on the node gamma
 *   right   rest for one: beta, a supervisor (one for one) with 40 members in
 *           a process of its own; 8 members on the node delta
 *   many    one for one: 32 members on each, gamma and delta
 */
enum { BOUND = 8, FEW = 4, FOREVER = 1000000, LOOK_S = 5 };

enum { HOME, ALPHA, BETA, GAMMA, DELTA };

static char names[PLACES][MEMBERS][NAME_SIZE];
static troupe_child_spec_t members[PLACES][MEMBERS];

static const troupe_supervisor_options_t
    one_for_one = {.intensity = FOREVER, .unstable_max = FOREVER},
    one_for_all = {.strategy = TROUPE_ONE_FOR_ALL,
                   .intensity = FOREVER,
                   .unstable_max = FOREVER},
    rest_for_one = {.strategy = TROUPE_REST_FOR_ONE,
                    .intensity = FOREVER,
                    .unstable_max = FOREVER};

/* Kills follow each other within a second: with the default of 30 s for
 * reset_ms there would be one single row of restarts, each 5 s apart. */
static const troupe_backoff_t backoff = {.reset_ms = 100};

static void
members_fill(void)
{
    for (unsigned place = 0; place < PLACES; place++) {
        for (unsigned i = 0; i < MEMBERS; i++) {
            member_name(place, i, names[place][i]);
            members[place][i] = (troupe_child_spec_t){
                .id = names[place][i],
                .name = names[place][i],
                .kind = &storm_member,
                .place = TROUPE_SPREAD,
                .backoff = backoff,
                .node = place >= GAMMA ? place_names[place] : NULL,
            };
            if (i % 3 == 1)
                members[place][i].mailbox = (troupe_limits_t){
                    .messages_max = FEW, .overflow = TROUPE_OVERFLOW_REJECT};
        }
    }
}

static troupe_child_spec_t
branch(const char *id, const troupe_supervisor_options_t *options,
       const troupe_child_spec_t *children, size_t count)
{
    return (troupe_child_spec_t){.id = id,
                                 .supervisor = options,
                                 .children = children,
                                 .child_count = count,
                                 .backoff = backoff};
}

/* A process, and what falls with it. */
static void
side_fill(troupe_child_spec_t side[BOUND + 1], unsigned alone, unsigned node,
          const troupe_supervisor_options_t *options)
{
    side[0] = branch(place_names[alone], options, members[alone], MEMBERS);
    side[0].isolation = TROUPE_OWN_PROCESS;
    memcpy(&side[1], members[node], BOUND * sizeof side[0]);
}

int
tree_start(troupe_t *root)
{
    enum { REST = MEMBERS - BOUND };
    static troupe_child_spec_t left[BOUND + 1], right[BOUND + 1];
    static troupe_child_spec_t many[2 * REST];
    members_fill();
    side_fill(left, ALPHA, GAMMA, &rest_for_one);
    side_fill(right, BETA, DELTA, &one_for_one);
    memcpy(&many[0], &members[GAMMA][BOUND], REST * sizeof many[0]);
    memcpy(&many[REST], &members[DELTA][BOUND], REST * sizeof many[0]);
    const troupe_child_spec_t top[] = {
        branch("home", &one_for_one, members[HOME], MEMBERS),
        branch("left", &one_for_all, left, BOUND + 1),
        branch("right", &rest_for_one, right, BOUND + 1),
        branch("many", &one_for_one, many, (size_t) 2 * REST)};
    troupe_supervisor_error_t error;
    int rc =
        troupe_node_supervisor_start(root, &one_for_one, top, 4, NULL, &error);
    if (rc < 0)
        printf("FAIL: no tree: %s (%s)\n", error.text, troupe_strerror(rc));
    return rc;
}

static long
entries(const char *path)
{
    long count = 0;
    DIR *dir = opendir(path);
    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count;
}

/* Living ones and zombies, of all threads. */
static long
children(void)
{
    long count = 0;
    DIR *dir = opendir("/proc");
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char path[64], text[512] = "";
        long pid = strtol(entry->d_name, NULL, 10);
        snprintf(path, sizeof path, "/proc/%ld/stat", pid);
        FILE *file = pid > 0 ? fopen(path, "r") : NULL;
        if (!file)
            continue;
        (void) !fread(text, 1, sizeof text - 1, file);
        fclose(file);
        /* "PID (any name) STATE PARENT" */
        const char *at = strrchr(text, ')');
        count += at && strtol(at + 4, NULL, 10) == getpid();
    }
    if (dir)
        closedir(dir);
    return count;
}

struct belongings
belongings_count(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*d %ld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return (struct belongings){
        .kib = pages * (sysconf(_SC_PAGESIZE) / 1024),
        .descriptors = entries("/proc/self/fd"),
        .threads = entries("/proc/self/task"),
        .children = children(),
    };
}

/* A thread that was joined may be listed a moment longer; nothing tells when it
 * is not. */
struct belongings
belongings_after(struct belongings before)
{
    struct belongings now = belongings_count();
    time_t until = time(NULL) + LOOK_S;
    while (now.threads != before.threads && time(NULL) < until) {
        sched_yield();
        now = belongings_count();
    }
    return now;
}
