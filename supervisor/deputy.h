/* SPDX-License-Identifier: Apache-2.0 */
/* deputy.h: what the parts of a deputy share. */
#ifndef TROUPE_SUPERVISOR_DEPUTY_H
#define TROUPE_SUPERVISOR_DEPUTY_H

#include "supervisor/isolation.h"
#include "troupe_ask.h"

enum {
    TROUPE__RETRY_MS = 5, /* where the way to the child is full */
    TROUPE__SETTLE_MS = 5000
};

struct troupe__deputy {
    troupe_ref_t warden, host, real; /* nobody: not yet */
    uint32_t node;
    bool is_program; /* `real` is what a foreign program says it is ... */
    bool is_shown;   /* ... and it, or the proxy of a guest, knows attempts */
    bool blocked;   /* the child's node takes no more: messages are put aside */
    bool has_ended; /* the child; what comes is for the next incarnation */
    bool stops;     /* the child was asked to end ... */
    troupe_exit_t exit_kind; /* ... like this */
};

/* deputy_pass.c: any message for the child */
int troupe__deputy_pass_on(troupe_context_t *ctx, void *state,
                           const troupe_message_t *msg);

/* deputy_end.c: hear of the end of what the host was asked for just now; 0, or as
 * troupe_ask_with() */
int troupe__deputy_watch(troupe_context_t *ctx, troupe_ref_t host);

/* troupe__deputy_drop: a message of the deputy's own. */
void troupe__deputy_drop(void *data);

/* troupe__deputy_is_lost: the child's node is, and the warden will say how. */
bool troupe__deputy_is_lost(const troupe_context_t *ctx,
                            const struct troupe__deputy *self,
                            const troupe_answer_t *answer);

#endif
