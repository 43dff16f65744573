/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h: what the actors of a run do, on standard error. */
#ifndef TROUPE_TOOLS_PROGRESS_H
#define TROUPE_TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "troupe_research.h"

#define TROUPE__PROGRESS_MAX 64 /* actors */

struct troupe__progress {
    bool quiet;
    bool terminal;     /* standard error is one: a line per actor, redrawn */
    size_t drawn;      /* lines on the terminal that will be redrawn */
    uint64_t start_ns; /* of the run, CLOCK_MONOTONIC */
    /* Last seen, by actor: what has not changed is not told again. */
    const char *states[TROUPE__PROGRESS_MAX];
    uint32_t restarts[TROUPE__PROGRESS_MAX];
};

/* troupe__monotonic_ns: the time on CLOCK_MONOTONIC. */
uint64_t troupe__monotonic_ns(void);

/* troupe__print_line: a json_t on a line of standard error; taken over. */
void troupe__print_line(void *line);

/* troupe__progress_show: the callback of a run; `context` is the struct. */
void troupe__progress_show(void *context, const troupe_research_actor_t *actors,
                           size_t count);

#endif
