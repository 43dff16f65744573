/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward.c: asks that are handed on, and the cancels that follow them.
 *
 * Who forwards an ask tells its asker's runtime from whom to whom it went: a
 * hop. A cancel then goes, beside the one to the first who was asked, over
 * each hop: to the worker of who forwarded, which sends it on to who got the
 * ask, on the same way as the ask and therefore after it. Word of a hop that
 * comes when the ask is over sends a cancel after it at once. So no worker has
 * to remember what it forwarded, whoever holds the ask is reached, and those
 * who do not hold it any more find nothing to cancel.
 */
#include <errno.h>

#include "runtime/remote.h"
#include "runtime/worker.h"

struct troupe__hop {
    struct troupe__hop *next; /* an earlier one */
    troupe_ref_t from, to;
};

int
troupe_forward(troupe_context_t *ctx, troupe_ref_t to,
               const troupe_message_t *msg)
{
    CHECK(ctx);
    if (troupe_ref_is_nobody(to) || !msg)
        return -EINVAL;
    bool is_ask = msg->kind == WIRE_ASK;
    if (msg->kind > WIRE_ASK
        || (is_ask && (msg != ctx->msg || ctx->ask != ASK_OPEN)))
        return -ENOMSG;
    int rc = troupe__guard(ctx, to);
    if (rc < 0)
        return rc;
    struct troupe__envelope envelope = {.kind = msg->kind,
                                        .to = to,
                                        .from = msg->from,
                                        .id = is_ask ? msg->id : 0,
                                        .deadline = msg->deadline,
                                        .type = msg->type,
                                        .type_size = msg->type_size,
                                        .trace = msg->trace};
    rc = troupe__emitf(ctx->worker, &envelope, "m", msg);
    if (rc < 0 || !is_ask)
        return rc;
    ctx->ask = ASK_ANSWERED;
    envelope =
        troupe__envelope(WIRE_CONTROL, msg->from, ctx->actor->ref, "forwarded");
    envelope.id = msg->id;
    CHECK(troupe__emitf(ctx->worker, &envelope, "R", to) == 0);
    return 0;
}

/* By way of who forwarded the ask, after the ask itself. */
static void
cancel_over(struct troupe__worker *self, troupe_ref_t asker, uint64_t id,
            troupe_ref_t from, troupe_ref_t to)
{
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_CANCEL, from, asker, "cancel");
    envelope.id = id;
    CHECK(troupe__emitf(self, &envelope, "R", to) == 0);
}

/* The same hop again, in a circle, is the last one now. */
static void
hop_add(struct troupe__worker *self, struct troupe__ask *ask, troupe_ref_t from,
        troupe_ref_t to)
{
    struct troupe__hop **at = &ask->hops, *hop;
    while (*at && ((*at)->from.id != from.id || (*at)->to.id != to.id))
        at = &(*at)->next;
    hop = *at;
    if (hop)
        *at = hop->next;
    else
        hop = troupe__pool_get(&self->parcels, sizeof *hop);
    *hop = (struct troupe__hop){ask->hops, from, to};
    ask->hops = hop;
}

/* Who has it now, as far as the asker has heard. */
troupe_ref_t
troupe__ask_holder(const struct troupe__ask *ask)
{
    return ask->hops ? ask->hops->to : ask->target;
}

void
troupe__hops_free(struct troupe__worker *self, struct troupe__ask *ask)
{
    while (ask->hops) {
        struct troupe__hop *hop = ask->hops;
        ask->hops = hop->next;
        troupe__pool_put(&self->parcels, hop, sizeof *hop);
    }
}

void
troupe__hops_cancel(struct troupe__worker *self, const struct troupe__ask *ask)
{
    for (const struct troupe__hop *hop = ask->hops; hop; hop = hop->next)
        cancel_over(self, ask->actor->ref, ask->id, hop->from, hop->to);
}

/* Word of a hop, for the asker; it may have ended. */
void
troupe__ask_forwarded(struct troupe__worker *self,
                      const struct troupe_message *msg)
{
    struct troupe__ask *ask = troupe__ids_find(&self->asks, msg->id);
    troupe_ref_t to;
    if (troupe_unpack(msg, "R", &to) < 0)
        return;
    if (ask && ask->actor->ref.id != msg->to.id)
        ask = NULL;
    bool open = ask && ask->outcome == 0;
    if (open)
        hop_add(self, ask, msg->from, to);
    if (open && !ask->probing && troupe__remotes_is_lost(self, to)) {
        troupe__ask_lost(self, ask);
        return;
    }
    if (!open || ask->probing)
        cancel_over(self, msg->to, msg->id, msg->from, to);
}

/* A cancel at who forwarded the ask: on to who got it. */
void
troupe__cancel_onwards(struct troupe__worker *self,
                       const struct troupe_message *msg)
{
    troupe_ref_t to;
    if (msg->body_size == 0 || troupe_unpack(msg, "R", &to) < 0)
        return;
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_CANCEL, to, msg->from, "cancel");
    envelope.id = msg->id;
    CHECK(troupe__emitf(self, &envelope, NULL) == 0);
}
