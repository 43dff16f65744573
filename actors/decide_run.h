/* SPDX-License-Identifier: Apache-2.0 */
/* decide_run.h: a run as the decider holds it. */
#ifndef TROUPE_ACTORS_DECIDE_RUN_H
#define TROUPE_ACTORS_DECIDE_RUN_H

#include "actors/decide.h"

#define DECIDE_NS_PER_MS 1000000u

struct run {
    struct decide_request request;
    troupe_message_t *msg; /* kept: the decision lies in it */
    struct decision_result result;
    troupe_token_t token;
    troupe_ref_t teams[TEAM_COUNT];
    unsigned open; /* starts, or gathers, that are under way */
    uint64_t start_ns;
    bool ready; /* all teams have started */
};

struct decider {
    uint64_t fail;
    struct run *run; /* NULL between runs */
};

/* troupe__decide_begin: start the teams of a run; all that follows comes of
 * their answers. 0, or an error with which the decider fails. */
int troupe__decide_begin(troupe_context_t *ctx, struct run *run);

/* troupe__decide_on_end: the handler of "end". */
int troupe__decide_on_end(troupe_context_t *ctx, void *state,
                          const troupe_message_t *msg);

/* troupe__decide_finish: judge, answer the asker, let the teams go. */
int troupe__decide_finish(troupe_context_t *ctx, struct decider *self);

#endif
