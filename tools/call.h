/* SPDX-License-Identifier: Apache-2.0 */
/* call.h: one run of a command: from a command line, or for `troupe mcp`. */
#ifndef TROUPE_TOOLS_CALL_H
#define TROUPE_TOOLS_CALL_H

#include <stdbool.h>
#include <stdio.h>

#include "troupe_node.h"
#include "troupe_research.h"

/*
 * What a command needs from outside of its options. On a command line the
 * result goes to standard output and Ctrl-C interrupts; when it is served,
 * several run at once on one node, each on a thread of its own, and the result
 * stays here. Use it from one thread.
 */
struct troupe__call {
    const char *command;
    troupe_t *node;   /* NULL until troupe__call_node() */
    int interrupt_fd; /* readable: end with what there is */
    bool served;
    const char *input; /* when served: the JSON of what a file would hold */
    size_t tasks;      /* when served: that the input of a map has */
    char *text, *json; /* when served: the result; to be freed */
    /* When served: how much is done, 0 to 1, and what, in words; what is less
     * than before is passed over. */
    void (*tell)(void *data, double done, const char *what);
    void *data;
};

struct troupe__indexing;

typedef int (*troupe__call_fn)(struct troupe__call *call, int argc,
                               char **argv);

/* troupe__call_run: the command of a command line: the exit code of `run`. The
 * node that it took is given back. */
int troupe__call_run(const char *command, troupe__call_fn run, int argc,
                     char **argv);

/* The commands that can be served; argv as for the command. */
int troupe__call_research(struct troupe__call *call, int argc, char **argv);
int troupe__call_search(struct troupe__call *call, int argc, char **argv);
int troupe__call_query(struct troupe__call *call, int argc, char **argv);
int troupe__call_decide(struct troupe__call *call, int argc, char **argv);
int troupe__call_map(struct troupe__call *call, int argc, char **argv);

/* troupe__call_parse: around what reads options: getopt_long() has a state that
 * all threads share. */
void troupe__call_parse_begin(void);
void troupe__call_parse_end(void);

/* troupe__call_listen: from here on Ctrl-C interrupts; -1 to go on, or an exit
 * code after having said why. */
int troupe__call_listen(struct troupe__call *self);

/* troupe__call_interrupted: is it to end? */
bool troupe__call_interrupted(const struct troupe__call *self);

/* troupe__call_node: the node, which is made when there is none: as
 * troupe_new(). */
int troupe__call_node(struct troupe__call *self);

/* troupe__call_result: print what is wanted of the two, or keep both. */
void troupe__call_result(struct troupe__call *self, bool wants_json,
                         const char *text, const char *json);

/* troupe__call_index: bringing an index up to date is told of, and ends when the
 * call is interrupted, where that is served. */
void troupe__call_index(struct troupe__call *self,
                        struct troupe__indexing *indexing);

/* troupe__call_indexed: the index is up to date. */
void troupe__call_indexed(struct troupe__call *self);

/* troupe__call_actors: tells of the actors of a run, as its callback of
 * progress; `call` is the call. */
void troupe__call_actors(void *call, const troupe_research_actor_t *actors,
                         size_t count);

/*
 * troupe__errors: where errors and notes of this thread go: standard error, or
 * what troupe__errors_set() said last; NULL: standard error again.
 */
FILE *troupe__errors(void);
void troupe__errors_set(FILE *to);

#endif
