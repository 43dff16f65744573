/* SPDX-License-Identifier: Apache-2.0 */
/* map.h: what the files of `troupe map` share. */
#ifndef TROUPE_TOOLS_MAP_H
#define TROUPE_TOOLS_MAP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "troupe_map.h"
#include "troupe_msgpack.h"

#include "tools/call.h"
#include "tools/map_shuffle.h"
#include "tools/trace.h"

#define TROUPE__LIBRARIES_MAX 16
#define TROUPE__RESOURCES_MAX 64

/* What stands on the command line. */
struct troupe__map_arguments {
    troupe_map_options_t options;
    const char *libraries[TROUPE__LIBRARIES_MAX];
    size_t library_count;
    const char *fn, *type;
    const char *ask, *run; /* an actor of a topology that runs; or NULL */
    char **command;        /* or NULL */
    int command_count;
    const char *input;  /* a file; NULL: standard input */
    const char *joblog; /* a file, or NULL */
    const char *resume; /* a run, or NULL */
    bool lines;         /* tasks are texts, not JSON */
    bool plain, quiet, json, no_journal;
    troupe_map_resource_t resources[TROUPE__RESOURCES_MAX];
    size_t resource_count;
    bool shuffles, has_seed;
    bool
        in_order; /* results in the order of the input, though it is shuffled */
    uint64_t seed;
    const char *policy; /* or the bound of --halt, as given; NULL: collect */
    uint32_t quorum;    /* successes that are needed; 0: none */
    struct troupe__trace_options trace;
};

/* troupe__map_parse: -1 to go on, or an exit code. */
int troupe__map_parse(int argc, char **argv, struct troupe__map_arguments *ret);

/* troupe__map_take_bound: an option of map_bounds.c; -1 or an exit code. */
int troupe__map_take_bound(int c, struct troupe__map_arguments *ret);

/* --- map_input.c: lines become tasks ---------------------------------------*/

struct troupe__map_input {
    const struct troupe__map_arguments *arguments;
    const char *name; /* of the file, for messages */
    int fd;
    char *buffer; /* what was read and is not a task yet */
    size_t start, end, size;
    bool is_over;
    int error; /* errno of a read that failed */
    uint64_t line, given, broken;
    msgpack_sbuffer body; /* of the last task */
    char *key, *words, *target, *type, *resource;
    struct troupe__map_order order; /* when it is shuffled */
    bool *use_shell; /* for a command of one text; decided once */
    char **commands; /* for the log of jobs, by number, `noted` of them */
    uint64_t noted;
};

/* troupe__map_input_open: 0, or a negative errno value. */
int troupe__map_input_open(struct troupe__map_input *self,
                           const struct troupe__map_arguments *arguments);
void troupe__map_input_close(struct troupe__map_input *self);

/* troupe__map_next: for troupe_map_calls_t. */
int troupe__map_next(struct troupe__map_input *self,
                     troupe_map_task_t *ret_task);

/* troupe__map_command: the body of "run" for a line, by the command line. */
void troupe__map_command(struct troupe__map_input *self, const char *line,
                         size_t size);

/* troupe__map_json: a task by a line of JSON; false: self->words says why
 * not. */
bool troupe__map_json(struct troupe__map_input *self, const char *line,
                      size_t size, troupe_map_task_t *ret_task,
                      json_t **ret_id);

/* --- map_held.c: results that others come before ---------------------------*/

struct troupe__map_held {
    uint64_t *places; /* by line, one more; 0: it has not come, or is told */
    size_t next;      /* whose turn it is */
    char *bytes;      /* what is behind the file, `used` of `size` */
    size_t used, size;
    uint64_t base; /* bytes in the file */
    int fd;
    bool is_open; /* the file */
    int error;    /* errno of a write to it that failed */
};

struct troupe__map_output;

/* troupe__map_result_in_order: as troupe__map_result(), when those of all lines
 * before have come; troupe__map_results_end: what is missing will not come. */
int troupe__map_result_in_order(struct troupe__map_output *output,
                                const troupe_map_result_t *result);
int troupe__map_results_end(struct troupe__map_output *output);
void troupe__map_held_free(struct troupe__map_held *self);

/* --- map_output.c: results become lines ------------------------------------*/

struct troupe__map_output {
    const struct troupe__map_arguments *arguments;
    struct troupe__map_input *input;
    FILE *out;  /* of results */
    char *kept; /* when it is served: what they are; to be freed */
    size_t kept_size;
    FILE *joblog;
    bool terminal;
    bool drawn;
    bool interrupted;   /* a signal came */
    uint64_t truncated; /* outputs of which only the beginning is kept */
    uint64_t began_ns, told_ns;
    uint64_t done;
    struct troupe__map_held held;
};

/* troupe__map_result: for troupe_map_calls_t. */
int troupe__map_result(struct troupe__map_output *self,
                       const troupe_map_result_t *result);

/* troupe__map_progress: how far it is, now and then. */
void troupe__map_progress(struct troupe__map_output *self,
                          const troupe_map_summary_t *so_far);

/* troupe__map_serve: the results and the summary, as the result of a call. */
void troupe__map_serve(struct troupe__map_output *self,
                       const troupe_map_summary_t *summary,
                       struct troupe__call *call);

/* --- map_summary.c ---------------------------------------------------------*/

int troupe__map_exit_code(const struct troupe__map_output *self,
                          const troupe_map_summary_t *summary);
json_t *troupe__map_summary_json(const struct troupe__map_output *self,
                                 const troupe_map_summary_t *summary,
                                 const char *run);

/* troupe__map_summary: what came of it, on standard error. */
void troupe__map_summary(struct troupe__map_output *self,
                         const troupe_map_summary_t *summary, const char *run);

/* --- map_library.c ---------------------------------------------------------*/

/* troupe__map_libraries: load them and tell a node of their kinds; -1 or an
 * exit code. */
int troupe__map_libraries(const struct troupe__map_arguments *arguments,
                          troupe_t *node);

/* troupe__map_isolate: have functions run in processes of their own.
 *
 *   node      a root.
 *   ret_file  out: a file to be unlinked at the end, and freed.
 *   returns   -1 or an exit code
 */
int troupe__map_isolate(const struct troupe__map_arguments *arguments,
                        troupe_t *node, char **ret_file);

/* --- map_ask.c -------------------------------------------------------------*/

#define TROUPE__MAP_ASK_KIND "(ask)"

/* troupe__map_ask_begin: there is such a run; register the kind that asks, one
 * connection each, for functions in mode thread; -1 or an exit code. */
int troupe__map_ask_begin(const struct troupe__map_arguments *arguments,
                          troupe_t *node);

#endif
