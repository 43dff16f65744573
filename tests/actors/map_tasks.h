/* SPDX-License-Identifier: Apache-2.0 */
/* map_tasks.h: tasks for tests of maps, and what becomes of each. */
#ifndef TROUPE_TESTS_ACTORS_MAP_TASKS_H
#define TROUPE_TESTS_ACTORS_MAP_TASKS_H

#include <stdatomic.h>

#include "troupe_events.h"
#include "troupe_map.h"

/* A node with the kinds doubler, which answers a number's double at once,
 * slow_doubler, which takes a few ms, and moody: odd numbers break it,
 * multiples of four are refused, 6 never has an answer; and sleeper, which
 * blocks its thread once. */
extern troupe_t *node;
extern const troupe_kind_t doubler;
void map_begin(void);
void map_end(void);

/* How many tasks are being done, the most so far, and how many there were. */
extern _Atomic int busy, most_busy, calls;

/* Tasks that are given, and what is known of each. */
struct tasks {
    const char *kind; /* NULL: shell commands */
    const char *text; /* of a command, with the number at the end */
    uint32_t count, given;
    bool has_keys;
    char key[32], command[240];
    uint8_t body[300];
    uint8_t *seen;
    char (*states)[12];
    uint64_t taken, sum, last;
    bool in_order;
    char words[128]; /* of the last that failed */
};

/* tasks_of: so many numbers for a kind; NULL: commands. */
struct tasks tasks_of(const char *kind, uint32_t count);
void tasks_free(struct tasks *self);

/* For troupe_map_calls_t; the data is a struct tasks. */
int map_give(void *data, troupe_map_task_t *ret_task);
int map_take(void *data, const troupe_map_result_t *result);

/* map_run: run them all, and check that each has one result. */
troupe_map_summary_t map_run(struct tasks *tasks,
                             const troupe_map_options_t *options);

#endif
