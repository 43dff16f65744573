/* SPDX-License-Identifier: Apache-2.0 */
/* process_world.h: an owner of processes, and what it told, to wait for. */
#ifndef TROUPE_TESTS_PROCESS_WORLD_H
#define TROUPE_TESTS_PROCESS_WORLD_H

#include "runtime/process.h"

/* A copy of what `exited` was told. */
struct told {
    uint64_t id;
    pid_t pid;
    enum troupe__process_end end;
    int code;
    bool core, permanent, asked;
    char step[16], text[512];
    char *tail; /* lines, each with "\n"; kept */
    size_t tail_count;
};

extern struct troupe__processes *owner;

/* The owner with default options but for a minute from TERM to KILL; at the
 * end nothing may be left: no child, no descriptor, one report of each. */
void process_begin(void);
void process_end(void);

/* As process_begin(), with these options; calls and data are set. */
void process_begin_with(struct troupe__processes_options options);

/* Where the puppet is; see programs/puppet.c. */
const char *puppet_path(void);

/* Start a puppet with arguments; fails the test if it cannot be asked for. */
uint64_t puppet_start(const char *const *args);
#define PUPPET(...)                                                            \
    puppet_start((const char *const[]){"puppet", __VA_ARGS__, NULL})

/* Start what a spec says. */
uint64_t start_spec(const struct troupe__process_spec *spec);

/* Wait for the report of a child. */
const struct told *wait_end(uint64_t id);

/* Wait for a line of a child that begins so; returns what follows. */
const char *wait_line(uint64_t id, const char *beginning);

/* Wait for `stuck`; returns the pid that it told. */
pid_t wait_stuck(uint64_t id);

size_t line_count(uint64_t id);
size_t end_count(void);

/* Called on the watching thread before a report is noted; may be NULL. */
extern void (*on_end)(const struct troupe__process_exit *end);

/* A descriptor of a process that lives now, to be given to wait_gone(). */
int watch_pid(pid_t pid);
void wait_gone(int pidfd);

/* Look until a process is stopped; only its parent could wait for that. */
void wait_stopped(pid_t pid);

#endif
