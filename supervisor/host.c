/* SPDX-License-Identifier: Apache-2.0 */
/* host.c: runs actors on its node for deputies on other nodes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"
#include "mailbox/ref.h"
#include "runtime/peers.h"
#include "runtime/settle.h"
#include "supervisor/host.h"
#include "supervisor/isolation.h"
#include "troupe_events.h"

enum { SETTLE_MS = 5000, KILL_GRACE_MS = 1000 };

/* --- how many ---------------------------------------------------------------*/

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
        || troupe__stay_count(self, node) < TROUPE__STAYS_MAX)
        return false;
    if (is_worth_a_line(++self->refused)) {
        troupe_log(ctx, TROUPE_LOG_WARNING,
                   "node %u has %d actors here, and may have no more: refused "
                   "(%llu so far)",
                   node, TROUPE__STAYS_MAX, (unsigned long long) self->refused);
    }
    return true;
}

/* --- what they are told ----------------------------------------------------*/

/* Once. */
static void
tell_started(troupe_context_t *ctx, struct troupe__stay *stay)
{
    if (troupe_token_is_open(ctx, stay->started)
        && troupe_reply_to(ctx, &stay->started, "R", stay->actor) < 0)
        troupe_token_drop(ctx, &stay->started);
}

/* At once: what comes from now on is the next one's. */
static void
tell_ended(troupe_context_t *ctx, struct troupe__stay *stay)
{
    if (stay->ended.id && troupe_reply_to(ctx, &stay->ended, NULL) < 0)
        troupe_token_drop(ctx, &stay->ended);
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

/* --- what deputies say ------------------------------------------------------*/

/* All below answer the token, or take it over: then it is 0. */

static void
spawn(troupe_context_t *ctx, struct troupe__host *self,
      const troupe_message_t *msg, troupe_token_t *token)
{
    struct troupe__order order;
    troupe_ref_t owner = troupe_message_sender(msg), ref = TROUPE_NOBODY;
    if (!token->id)
        return;
    int rc = troupe__order_read(msg, &order);
    if (rc < 0) {
        troupe__turn_down(ctx, token, rc, "not an order for an actor");
        return;
    }
    if (has_enough(ctx, self, owner)) {
        troupe__turn_down(ctx, token, -ENOSPC,
                          "its node has too many actors here");
        return;
    }
    rc = troupe__order_spawn(ctx, &order, owner, &ref);
    if (rc == 0) {
        troupe__stay_add(ctx, self, owner, order.incarnation, ref, *token);
        token->id = 0;
        return;
    }
    if (rc != -ENOENT)
        troupe__turn_down(ctx, token, rc, troupe_strerror(rc));
    else if (troupe_reply_error_to(
                 ctx, token, rc,
                 "the program of its node has no kind '%s': give it to "
                 "troupe_isolation_serve()",
                 order.kind)
             < 0)
        troupe_token_drop(ctx, token);
}

/* Who orders an actor asks right after that, to hear of its end. */
static void
watch(troupe_context_t *ctx, struct troupe__stay *stay, bool in_full,
      troupe_token_t *token)
{
    troupe_token_t *kept = NULL;
    if (stay)
        kept = in_full ? &stay->end : &stay->ended;
    if (!kept || kept->id) {
        troupe__turn_down(ctx, token, -ESRCH, "it was not started");
        return;
    }
    *kept = *token;
    token->id = 0;
    if (!in_full && stay->last)
        tell_ended(ctx, stay);
}

/* A supervisor there obeys nobody but us. */
static void
stop(troupe_context_t *ctx, const struct troupe__stay *stay,
     const troupe_message_t *msg)
{
    int64_t incarnation = 0;
    int kind = 0;
    if (stay && troupe_unpack(msg, "[I, i]", &incarnation, &kind) == 0)
        (void) troupe_exit_send(ctx, stay->actor, (troupe_exit_t) kind, 0, "");
}

static int64_t
incarnation_of(const troupe_message_t *msg)
{
    int64_t incarnation = 0;
    const char *kind = NULL;
    if (troupe_unpack(msg, "I", &incarnation) < 0
        && troupe_unpack(msg, "[I]", &incarnation) < 0
        && troupe_unpack(msg, "[s, I]", &kind, &incarnation) < 0)
        return 0;
    return incarnation;
}

static void
heed(troupe_context_t *ctx, struct troupe__host *self,
     const troupe_message_t *msg, troupe_token_t *token)
{
    const char *type = troupe_message_type(msg);
    if (strcmp(type, "spawn") == 0) {
        spawn(ctx, self, msg, token);
        return;
    }
    struct troupe__stay *stay = troupe__stay_ordered(
        self, troupe_message_sender(msg), incarnation_of(msg));
    if (strcmp(type, "stop") == 0)
        stop(ctx, stay, msg);
    else if (token->id)
        watch(ctx, stay, strcmp(type, "end") == 0, token);
}

static int
on_order(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct troupe__host *self = state;
    troupe_token_t token = {0};
    int rc = troupe_message_is_ask(msg) ? troupe_defer(ctx, &token) : 0;
    CHECK(rc == 0);
    if (!troupe__early_is(self, troupe_message_sender(msg),
                          incarnation_of(msg)))
        heed(ctx, self, msg, &token);
    else if (troupe__early_put_off(ctx, self, msg, token) < 0)
        troupe__turn_down(ctx, &token, -ENOBUFS,
                          "too many orders wait for ends of actors");
    return 0;
}

/* One of that owner's is not waited for any more. */
static void
go_on(troupe_context_t *ctx, struct troupe__host *self, troupe_ref_t owner)
{
    struct troupe__early *next, *early = troupe__early_take(self, owner);
    for (; early; early = next) {
        next = early->next;
        bool is_asked =
            !early->token.id || troupe_token_is_open(ctx, early->token);
        if (is_asked
            && troupe__early_is(self, owner, incarnation_of(early->msg))) {
            troupe__early_again(self, early);
            continue;
        }
        if (is_asked)
            heed(ctx, self, early->msg, &early->token);
        troupe__early_free(ctx, early);
    }
}

/* --- ends ------------------------------------------------------------------*/

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
    troupe_ref_t owner = stay->owner;
    tell_end(ctx, stay, &child);
    troupe__stay_remove(ctx, self, stay);
    go_on(ctx, self, owner);
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
    struct troupe__stay *stay =
        troupe__stay_of(&self->by_actor, settling->actor.id);
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
        rc == 0 ? troupe__stay_of(&self->by_actor, child.ref.id) : NULL;
    if (!stay || stay->last)
        return rc;
    if (child.event == TROUPE_CHILD_STARTED) {
        stay->has_started = true;
        return settle(ctx, self, stay);
    }
    rc = troupe_message_keep(msg, &stay->last);
    CHECK(rc == 0);
    tell_ended(ctx, stay);
    CHECK(troupe_monitor(ctx, stay->actor, &stay->of_actor) == 0);
    troupe__idmap_set(&self->by_monitor, stay->of_actor.id,
                      (uint64_t) (uintptr_t) stay);
    return troupe_child_release(ctx, stay->actor);
}

/* Its handler never returns: it will go by itself, should it ever end. */
static int
on_left(troupe_context_t *ctx, void *state, void *data)
{
    struct troupe__host *self = state;
    struct troupe__stay *stay =
        troupe__stay_of(&self->by_actor, (uint64_t) (uintptr_t) data);
    char text[TROUPE_REF_TEXT];
    if (!stay || stay->last)
        return 0;
    stay->is_left = true;
    troupe_log(ctx, TROUPE_LOG_ERROR, "%s does not end: left behind",
               troupe_ref_text(stay->actor, text));
    go_on(ctx, self, stay->owner);
    return 0;
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
        rc == 0 ? troupe__stay_of(&self->by_monitor, down.monitor.id) : NULL;
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
        troupe__stay_remove(ctx, self, (void *) (uintptr_t) any->value);
}

static const troupe_clause_t clauses[] = {TROUPE_ON("spawn", on_order),
                                          TROUPE_ON("ended", on_order),
                                          TROUPE_ON("end", on_order),
                                          TROUPE_ON("stop", on_order),
                                          TROUPE_ON("look", troupe__host_look),
                                          TROUPE_ON_CHILD(on_child),
                                          TROUPE_ON_DOWN(on_down),
                                          TROUPE_ON_STOP(host_stop),
                                          {0, NULL, NULL, NULL}};

const troupe_kind_t troupe__host_kind = {
    .name = "troupe.host",
    .state_size = sizeof(struct troupe__host),
    .clauses = clauses,
};
