/* SPDX-License-Identifier: Apache-2.0 */
/* look.h: what the commands that look into a run share. */
#ifndef TROUPE_TOOLS_LOOK_H
#define TROUPE_TOOLS_LOOK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* What stands on the command line; {.command, .help, .takes} to begin with. */
struct troupe__look {
    const char *command;
    const char *help;
    const char *takes; /* beside --run, --json, --help: letters of
                          a all, e every, o once, t timeout */
    int arguments_min, arguments_max;
    const char *wants; /* words for the arguments */

    const char *run;
    bool json, all, once;
    size_t timeout_ms, every_ms; /* 0: not said */
    char **arguments;
    int argument_count;

    FILE *stream; /* the connection to the run */
    int fd;
    pid_t pid;      /* of the run */
    int error_code; /* of the last request that failed; 0: no answer came */
    bool is_quiet;  /* why stands in error_text, and not on standard error */
    char error_text[512];
};

/*
 * troupe__look_begin: read the command line, find the run that is meant and
 * connect to it. Ends with troupe__look_end().
 *
 *   returns  -1 to go on, or an exit code after having said why
 */
int troupe__look_begin(struct troupe__look *self, int argc, char **argv);
void troupe__look_end(struct troupe__look *self);

/* troupe__look_open: the second half of that: `command` and `run` are set. */
int troupe__look_open(struct troupe__look *self);

/*
 * troupe__look_ask: one request.
 *
 *   wait_ms  how long the run may take; 0: without end.
 *   request  taken.
 *   returns  what stands under "ok", to be freed; "actors" of all its pages
 *            together. NULL after having said why on standard error.
 */
json_t *troupe__look_ask(struct troupe__look *self, uint32_t wait_ms,
                         json_t *request);

/* troupe__look_actors: what `ps` answers, with the actors of all nodes, each
 * once; names those nodes that are silent on standard error. */
json_t *troupe__look_actors(struct troupe__look *self);
void troupe__look_name_silent(const struct troupe__look *self,
                              const json_t *answer);

/* troupe__has_nodes: whether a list is from a run of several nodes. */
bool troupe__has_nodes(const json_t *list);

/* troupe__look_print_json: indented, with a newline; takes it. */
void troupe__look_print_json(json_t *json);

/* troupe__text_of: a text of an object, or "-". */
const char *troupe__text_of(const json_t *object, const char *key);
uint64_t troupe__number_of(const json_t *object, const char *key);

/* troupe__is_of_the_run: an actor that no topology names. */
bool troupe__is_of_the_run(const json_t *actor);

#define TROUPE__LOOK_MS 10000 /* for a request that is answered at once */

#define TROUPE__LOOK_OPTIONS                                                   \
    "  --run NAME     the run, by its name or the path of its topology "       \
    "file;\n"                                                                  \
    "                 not needed where only one runs\n"                        \
    "  --json         the answer as JSON\n"                                    \
    "  --help         this text\n"

#endif
