/* SPDX-License-Identifier: Apache-2.0 */
/* run.h: runs a node's part of a topology in this process. */
#ifndef TROUPE_TOOLS_RUN_H
#define TROUPE_TOOLS_RUN_H

#include "tools/part.h"
#include "tools/trace.h"

struct troupe__run_options {
    const char *name; /* instead of the topology's; NULL: that one */
    uint32_t for_ms;  /* 0: until it ends */
    bool json;        /* log lines as JSON */
    bool quiet;       /* no line but warnings and errors */
    bool verbose;     /* debug lines too */
    struct troupe__trace_options trace;
};

/*
 * troupe__part_run: start a node, the part's tree on it, wait for its end, and
 * stop all in order. Log lines go to standard error. INT and TERM end it; the
 * second of them ends the process at once with code 130.
 *
 *   returns  TROUPE__EXIT_OK when it ended as it should: by `until`, by time or
 *            by a signal; else TROUPE__EXIT_FAILED after having said why
 */
int troupe__part_run(struct troupe__part *part,
                     const struct troupe__run_options *options);

/*
 * troupe__run_watched: start this program with those arguments, again and again
 * as long as a signal kills it; INT and TERM are passed on to it.
 *
 *   argv     ended by NULL.
 *   returns  its exit code, or TROUPE__EXIT_FAILED after having said why
 */
int troupe__run_watched(char **argv, const struct troupe__run_options *options);

/*
 * troupe__run_limits: have this process, and those that it will start, open as
 * many descriptors as the topology needs, where that is allowed.
 *
 *   why      out: what is wrong, and the cure.
 *   returns  0, or -EMFILE: so many cannot be had
 */
int troupe__run_limits(const struct troupe__topology *topology, char why[512]);

/* troupe__run_signals: catch INT and TERM. The first can be read, as a byte,
 * from the descriptor that this returns; the second ends the process. */
int troupe__run_signals(void);

/* troupe__run_log: a troupe_log_fn to standard error; `data`: the options.
 * troupe__run_log_by: have a node log so, as much as they say. */
void troupe__run_log(void *data, troupe_level_t level, const char *text);
void troupe__run_log_by(const struct troupe__run_options *options,
                        troupe_options_t *ret_node);

/* troupe__run_say_start: that the part runs. */
void troupe__run_say_start(const struct troupe__run_options *options,
                           const struct troupe__part *part);

/* troupe__run_say: a line of the run's own. */
void troupe__run_say(const struct troupe__run_options *options,
                     troupe_level_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* troupe__run_say_error: what cannot be, why, and the cure where one is known. */
void troupe__run_say_error(const struct troupe__run_options *options,
                           const char *what, int rc);

#endif
