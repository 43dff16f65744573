/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deputy_pass.c: how messages for a child elsewhere get there.
 *
 * They are forwarded. But asks to a child that is asked at least once are not:
 * the deputy asks it in its turn, for their askers, so that they stay in its
 * hands (runtime/care.h) until the child has answered.
 */
#include <errno.h>

#include "runtime/context.h"
#include "runtime/peers.h"
#include "runtime/worker.h"
#include "supervisor/deputy.h"
#include "troupe_events.h"

bool
troupe__deputy_is_lost(const troupe_context_t *ctx,
                       const struct troupe__deputy *self,
                       const troupe_answer_t *answer)
{
    return answer->outcome == TROUPE_DOWN
           && troupe__peer_is_lost(troupe_context_node(ctx), self->node);
}

static int retry_later(troupe_context_t *ctx);

/* Where the process has taken nothing since, they need not be tried. */
static int
on_retry(troupe_context_t *ctx, void *state, void *data)
{
    struct troupe__deputy *self = state;
    (void) data;
    const struct troupe__outbox *way =
        troupe__outbox_known(ctx->worker, self->real);
    if (way && troupe__outbox_under_way(way) > TROUPE__LANE_HARD)
        return retry_later(ctx);
    self->blocked = false;
    return troupe_unstash(ctx);
}

static int
retry_later(troupe_context_t *ctx)
{
    return troupe_call_after(ctx, TROUPE__RETRY_MS, on_retry, NULL, NULL, NULL);
}

/* Put aside; where no more can be, it is as with a full mailbox. */
static int
put_aside(troupe_context_t *ctx, const troupe_message_t *msg)
{
    int rc = troupe_stash(ctx);
    if (rc != -ENOSPC)
        return rc;
    if (!troupe_message_is_ask(msg)) {
        troupe_log(ctx, TROUPE_LOG_WARNING,
                   "'%s' dropped: its process takes nothing now",
                   troupe_message_type(msg));
        return 0;
    }
    troupe_token_t token;
    rc = troupe_defer(ctx, &token);
    if (rc == 0)
        troupe__token_settle(ctx, &token, TROUPE_OVERLOAD, -ENOBUFS,
                             troupe_strerror(-ENOBUFS));
    return rc;
}

/* The child itself is not there any more, so its end is to be heard of: then
 * the ask goes to the next incarnation. */
static bool
is_end_of_child(const troupe_context_t *ctx, const struct troupe__deputy *self,
                const troupe_answer_t *answer)
{
    /* Of a foreign node's word only its process's end is one. */
    bool is_foreign =
        self->is_program && troupe__ref_node(self->real) != TROUPE__ROOT;
    return answer->outcome == TROUPE_DOWN
           && (troupe__deputy_is_lost(ctx, self, answer)
               || (!is_foreign
                   && troupe_ref_equal(troupe__answerer(ctx), self->real)));
}

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    const struct troupe__deputy *self = state;
    troupe_token_t token = {(uint64_t) (uintptr_t) answer->data};
    int rc = 0;
    if (answer->outcome == TROUPE_REPLY)
        rc = troupe_reply_to(ctx, &token, "m", answer->msg);
    else if (!is_end_of_child(ctx, self, answer))
        troupe__token_settle(ctx, &token, answer->outcome, answer->code,
                             answer->text);
    if (rc < 0 && rc != -ENOMSG
        && troupe_reply_error_to(ctx, &token, rc, "%s", troupe_strerror(rc))
               < 0)
        troupe_token_drop(ctx, &token);
    return 0;
}

/* A node in another language is asked plainly, but where it knows attempts. */
static int
relay(troupe_context_t *ctx, const struct troupe__deputy *self,
      const troupe_message_t *msg, troupe_token_t kept)
{
    const troupe_ask_options_t options = {.deadline_ns = UINT64_MAX,
                                          .answer = on_answer,
                                          .data = (void *) (uintptr_t) kept.id};
    const char *type = troupe_message_type(msg);
    int rc =
        self->is_program && !self->is_shown
            ? troupe_ask_with(ctx, self->real, type, &options, NULL, "m", msg)
            : troupe_ask_with(ctx, self->real, type, &options, NULL,
                              "[R, U, I, m]", troupe_message_sender(msg),
                              troupe_message_ask_id(msg),
                              (int64_t) troupe_message_attempt(msg), msg);
    if (rc == 0)
        return troupe_defer(ctx, &kept);
    return rc == -EAGAIN
               ? rc
               : troupe_reply_error(ctx, rc, "%s", troupe_strerror(rc));
}

static int
hand_over(troupe_context_t *ctx, const struct troupe__deputy *self,
          const troupe_message_t *msg)
{
    troupe_token_t kept = troupe__context_kept(ctx);
    return kept.id ? relay(ctx, self, msg, kept)
                   : troupe_forward(ctx, self->real, msg);
}

int
troupe__deputy_pass_on(troupe_context_t *ctx, void *state,
                       const troupe_message_t *msg)
{
    struct troupe__deputy *self = state;
    if (self->has_ended
        || troupe__peer_is_lost(troupe_context_node(ctx), self->node))
        return put_aside(ctx, msg); /* for the next incarnation */
    int rc = self->blocked ? -EAGAIN : hand_over(ctx, self, msg);
    if (rc != -EAGAIN)
        return rc;
    /* Nothing may overtake it. */
    rc = self->blocked ? 0 : retry_later(ctx);
    self->blocked = true;
    return rc < 0 ? rc : put_aside(ctx, msg);
}
