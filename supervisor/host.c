/* SPDX-License-Identifier: Apache-2.0 */
/* host.c: runs actors on its node for deputies on other nodes. */
#include <errno.h>
#include <stdlib.h>

#include "mailbox/check.h"
#include "mailbox/ref.h"
#include "runtime/peers.h"
#include "runtime/settle.h"
#include "supervisor/host.h"
#include "supervisor/isolation.h"
#include "troupe_events.h"

enum { SETTLE_MS = 5000, KILL_GRACE_MS = 1000 };

/* --- how many ---------------------------------------------------------------*/

static uint64_t
count_of(const struct troupe__host *self, uint32_t node)
{
    uint64_t count = 0;
    (void) troupe__idmap_get(&self->counts, node, &count);
    return count;
}

/* The 1st, 10th, 100th ... is logged: nobody can fill a disk with it. */
static bool
is_worth_a_line(uint64_t count)
{
    while (count % 10 == 0)
        count /= 10;
    return count == 1;
}

/* A node that orders actors without end must not make this one grow; the root
 * and who is here have other bounds. */
static bool
has_enough(troupe_context_t *ctx, struct troupe__host *self, troupe_ref_t owner)
{
    uint32_t node = troupe__ref_node(owner);
    if (node == TROUPE__ROOT || node == troupe__ref_node(troupe_self(ctx))
        || count_of(self, node) < TROUPE__STAYS_MAX)
        return false;
    if (is_worth_a_line(++self->refused)) {
        troupe_log(ctx, TROUPE_LOG_WARNING,
                   "node %u has %d actors here, and may have no more: refused "
                   "(%llu so far)",
                   node, TROUPE__STAYS_MAX, (unsigned long long) self->refused);
    }
    return true;
}

/* --- stays ------------------------------------------------------------------*/

static struct troupe__stay *
stay_of(const struct troupe__idmap *map, uint64_t id)
{
    uint64_t value = 0;
    (void) troupe__idmap_get(map, id, &value);
    return (void *) (uintptr_t) value;
}

static void
stay_add(struct troupe__host *self, troupe_context_t *ctx, troupe_ref_t owner,
         int64_t incarnation, troupe_ref_t actor)
{
    struct troupe__stay *stay = troupe__alloc(sizeof *stay);
    uint64_t value = (uint64_t) (uintptr_t) stay;
    stay->owner = owner;
    stay->incarnation = incarnation;
    stay->actor = actor;
    CHECK(troupe_monitor(ctx, owner, &stay->of_owner) == 0);
    CHECK(troupe_defer(ctx, &stay->started) == 0);
    troupe__idmap_set(&self->by_actor, actor.id, value);
    troupe__idmap_set(&self->by_monitor, stay->of_owner.id, value);
    uint32_t node = troupe__ref_node(owner);
    troupe__idmap_set(&self->counts, node, count_of(self, node) + 1);
}

static void
stay_remove(struct troupe__host *self, troupe_context_t *ctx,
            struct troupe__stay *stay)
{
    (void) troupe_demonitor(ctx, stay->of_owner);
    if (!stay->last)
        (void) troupe_child_release(ctx, stay->actor);
    troupe__idmap_remove(&self->by_actor, stay->actor.id, NULL);
    troupe__idmap_remove(&self->by_monitor, stay->of_owner.id, NULL);
    troupe__idmap_remove(&self->by_monitor, stay->of_actor.id, NULL);
    uint32_t node = troupe__ref_node(stay->owner);
    uint64_t count = count_of(self, node);
    if (count > 1)
        troupe__idmap_set(&self->counts, node, count - 1);
    else
        troupe__idmap_remove(&self->counts, node, NULL);
    troupe_message_destroy(&stay->last);
    free(stay);
}

static struct troupe__stay *
stay_ordered(const struct troupe__host *self, troupe_ref_t owner,
             int64_t incarnation)
{
    for (uint32_t i = 0; i < self->by_actor.capacity; i++) {
        if (!self->by_actor.entries[i].id)
            continue;
        struct troupe__stay *stay =
            (void *) (uintptr_t) self->by_actor.entries[i].value;
        if (stay->incarnation == incarnation
            && troupe_ref_equal(stay->owner, owner))
            return stay;
    }
    return NULL;
}

/* What it ran for that deputy before is still ending, as where that was killed:
 * the next one finds its names free. So the message is put off: 1; 0: it is not
 * early; or as troupe_stash(). */
static int
put_off(troupe_context_t *ctx, const struct troupe__host *self,
        troupe_ref_t owner, int64_t incarnation)
{
    for (uint32_t i = 0; i < self->by_actor.capacity; i++) {
        const struct troupe__stay *stay =
            self->by_actor.entries[i].id
                ? (void *) (uintptr_t) self->by_actor.entries[i].value
                : NULL;
        if (stay && !stay->is_left && stay->incarnation < incarnation
            && troupe_ref_equal(stay->owner, owner)) {
            int rc = troupe_stash(ctx);
            return rc < 0 ? rc : 1;
        }
    }
    return 0;
}

static int
refuse_more(troupe_context_t *ctx)
{
    return troupe_reply_error(ctx, -ENOBUFS,
                              "too many orders wait for ends of actors");
}

static int
on_spawn(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct troupe__order order;
    troupe_ref_t ref = TROUPE_NOBODY;
    if (!troupe_message_is_ask(msg))
        return 0;
    int rc = troupe__order_read(msg, &order);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "not an order for an actor");
    rc = put_off(ctx, state, troupe_message_sender(msg), order.incarnation);
    if (rc != 0)
        return rc > 0 ? 0 : refuse_more(ctx);
    if (has_enough(ctx, state, troupe_message_sender(msg)))
        return troupe_reply_error(ctx, -ENOSPC,
                                  "its node has too many actors here");
    rc = troupe__order_spawn(ctx, &order, troupe_message_sender(msg), &ref);
    if (rc == -ENOENT) {
        return troupe_reply_error(ctx, rc,
                                  "the program of its node has no kind '%s': "
                                  "give it to troupe_isolation_serve()",
                                  order.kind);
    }
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "%s", troupe_strerror(rc));
    stay_add(state, ctx, troupe_message_sender(msg), order.incarnation, ref);
    return 0;
}

/* Once. */
static void
tell_started(troupe_context_t *ctx, struct troupe__stay *stay)
{
    if (troupe_token_is_open(ctx, stay->started)
        && troupe_reply_to(ctx, &stay->started, "R", stay->actor) < 0)
        troupe_token_drop(ctx, &stay->started);
}

/* Its end, in full: [exit, code, words, had message, type, fingerprint]. */
static void
tell_end(troupe_context_t *ctx, struct troupe__stay *stay,
         const troupe_child_t *child)
{
    if (stay->has_started) { /* and so soon that its start was not told yet */
        tell_started(ctx, stay);
    } else {
        int code = child->reason.code < 0 ? child->reason.code : -ECANCELED;
        troupe__turn_down(ctx, &stay->started, code, child->reason.text);
    }
    if (stay->end.id
        && troupe_reply_to(ctx, &stay->end, "[i, i, s, b, s, U]",
                           (int) child->reason.kind, child->reason.code,
                           child->reason.text, (int) child->had_message,
                           child->type, child->fingerprint)
               < 0)
        troupe_token_drop(ctx, &stay->end);
}

static void
tell(troupe_context_t *ctx, struct troupe__host *self,
     struct troupe__stay *stay)
{
    troupe_child_t child;
    if (!stay->last) {
        tell_started(ctx, stay);
        return;
    }
    CHECK(troupe_child_read(stay->last, &child) == 0);
    tell_end(ctx, stay, &child);
    stay_remove(self, ctx, stay);
    (void) troupe_unstash(ctx);
}

struct settling {
    troupe_ref_t actor;
    bool has_ended;
};

/* Its names are where whoever hears of its start may look them up, or are free
 * where whoever hears of its end may take them; or that took so long that it
 * comes later. */
static int
on_settled(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct settling *settling = answer->data;
    struct troupe__host *self = state;
    struct troupe__stay *stay = stay_of(&self->by_actor, settling->actor.id);
    if (stay && settling->has_ended == (stay->last != NULL))
        tell(ctx, self, stay);
    free(settling);
    return 0;
}

static int
settle(troupe_context_t *ctx, struct troupe__host *self,
       struct troupe__stay *stay)
{
    struct settling *settling = troupe__alloc(sizeof *settling);
    const troupe_ask_options_t options = {.timeout_ms = SETTLE_MS,
                                          .answer = on_settled,
                                          .data = settling,
                                          .drop = free};
    *settling = (struct settling){stay->actor, stay->last != NULL};
    int rc = troupe__settle(ctx, true, &options);
    if (rc > 0)
        return 0;
    free(settling);
    tell(ctx, self, stay);
    return 0;
}

/* What it called itself is free when it has been released, and monitors hear of
 * that after. */
static int
on_child(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct troupe__host *self = state;
    troupe_child_t child;
    int rc = troupe_child_read(msg, &child);
    struct troupe__stay *stay =
        rc == 0 ? stay_of(&self->by_actor, child.ref.id) : NULL;
    if (!stay || stay->last)
        return rc;
    if (child.event == TROUPE_CHILD_STARTED) {
        stay->has_started = true;
        return settle(ctx, self, stay);
    }
    rc = troupe_message_keep(msg, &stay->last);
    CHECK(rc == 0);
    CHECK(troupe_monitor(ctx, stay->actor, &stay->of_actor) == 0);
    troupe__idmap_set(&self->by_monitor, stay->of_actor.id,
                      (uint64_t) (uintptr_t) stay);
    return troupe_child_release(ctx, stay->actor);
}

/* Who orders an actor asks right after that, to hear of its end. */
static int
on_end(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int64_t incarnation = 0;
    if (!troupe_message_is_ask(msg)
        || troupe_unpack(msg, "I", &incarnation) < 0)
        return 0;
    int rc = put_off(ctx, state, troupe_message_sender(msg), incarnation);
    if (rc != 0)
        return rc > 0 ? 0 : refuse_more(ctx);
    struct troupe__stay *stay =
        stay_ordered(state, troupe_message_sender(msg), incarnation);
    if (!stay || stay->end.id)
        return troupe_reply_error(ctx, -ESRCH, "it was not started");
    return troupe_defer(ctx, &stay->end);
}

/* A supervisor there obeys nobody but us. */
static int
on_stop(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int64_t incarnation = 0;
    int kind = 0;
    int rc = troupe_unpack(msg, "[I, i]", &incarnation, &kind);
    if (rc == 0
        && put_off(ctx, state, troupe_message_sender(msg), incarnation) > 0)
        return 0;
    const struct troupe__stay *stay =
        rc == 0 ? stay_ordered(state, troupe_message_sender(msg), incarnation)
                : NULL;
    if (stay)
        (void) troupe_exit_send(ctx, stay->actor, (troupe_exit_t) kind, 0, "");
    return 0;
}

/* Its handler never returns: it will go by itself, should it ever end. */
static int
on_left(troupe_context_t *ctx, void *state, void *data)
{
    const struct troupe__host *self = state;
    struct troupe__stay *stay =
        stay_of(&self->by_actor, (uint64_t) (uintptr_t) data);
    char text[TROUPE_REF_TEXT];
    if (!stay || stay->last)
        return 0;
    stay->is_left = true;
    troupe_log(ctx, TROUPE_LOG_ERROR, "%s does not end: left behind",
               troupe_ref_text(stay->actor, text));
    return troupe_unstash(ctx);
}

/* Whom an actor ran for: then it ends too. Or that actor, of which nothing is
 * left now. */
static int
on_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct troupe__host *self = state;
    troupe_down_t down;
    int rc = troupe_down_read(msg, &down);
    struct troupe__stay *stay =
        rc == 0 ? stay_of(&self->by_monitor, down.monitor.id) : NULL;
    if (!stay)
        return rc;
    if (down.monitor.id == stay->of_actor.id)
        return settle(ctx, self, stay);
    (void) troupe_exit_send(ctx, stay->actor, TROUPE_EXIT_KILLED, 0,
                            "whom it ran for has ended");
    (void) !troupe_call_after(ctx, KILL_GRACE_MS, on_left,
                              (void *) (uintptr_t) stay->actor.id, NULL, NULL);
    return 0;
}

/* --- all of it -------------------------------------------------------------*/

static void
host_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct troupe__host *self = state;
    const struct troupe__idmap_entry *any;
    (void) reason;
    while ((any = troupe__idmap_any(&self->by_actor)))
        stay_remove(self, ctx, (void *) (uintptr_t) any->value);
}

static const troupe_clause_t clauses[] = {
    TROUPE_ON("spawn", on_spawn), TROUPE_ON("end", on_end),
    TROUPE_ON("stop", on_stop),   TROUPE_ON("look", troupe__host_look),
    TROUPE_ON_CHILD(on_child),    TROUPE_ON_DOWN(on_down),
    TROUPE_ON_STOP(host_stop),    {0, NULL, NULL, NULL}};

const troupe_kind_t troupe__host_kind = {
    .name = "troupe.host",
    .state_size = sizeof(struct troupe__host),
    .clauses = clauses,
};
