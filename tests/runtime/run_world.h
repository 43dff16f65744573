/* SPDX-License-Identifier: Apache-2.0 */
/* run_world.h: the root of a run, and what it told, to wait for. */
#ifndef TROUPE_TESTS_RUN_WORLD_H
#define TROUPE_TESTS_RUN_WORLD_H

#include "troupe.h"

/* A copy of what a watching actor was told. */
struct heard {
    uint32_t number;
    bool is_up, was_ready, is_permanent;
    troupe_exit_t kind;
    int code;
    char name[TROUPE_NAME_MAX + 1], text[512];
};

extern troupe_t *root;

/* A root with patience, in a directory of its own; at the end nothing may be
 * left: no child, no thread, no descriptor, no file in the directory. */
void run_begin(void);
void run_end(void);

/* As run_begin(), with these options; the directory is set. */
void run_begin_with(troupe_nodes_options_t options);

const char *run_directory(void);

/* Start a player; see programs/player.c. */
uint32_t player_start(const char *name, const char *const *args);
#define START(name, ...)                                                       \
    player_start(name, (const char *const[]){"player", __VA_ARGS__, NULL})
const char *player_path(void);

/* Wait for what the watching actor is told of a node. */
const struct heard *wait_up(uint32_t number);
const struct heard *wait_down(uint32_t number);
size_t heard_count(uint32_t number, bool is_up);

/* Wait for a log line that holds this; lines of nodes are "[name] line". */
void wait_log(const char *text);
size_t log_count(const char *text);

/* Where among all log lines the first with that text is. */
size_t log_index(const char *text);

/* Look until a name is somebody's. */
troupe_ref_t seek_name(const char *name);

/* The process of a node. */
int pid_of(uint32_t number);

#endif
