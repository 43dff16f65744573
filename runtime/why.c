/* SPDX-License-Identifier: Apache-2.0 */
/*
 * why.c: what an ask hangs on when its deadline passes.
 *
 * The asker's runtime asks the one who holds the question ("why"), whose
 * runtime asks on where that one waits for another, and so along the chain;
 * each tells the asker how far it has come, the last one that it is the last
 * ("because"). Runtimes answer, so that no actor has to; but a worker may be
 * busy. So the asker waits for a moment only, and then tells as much of the
 * chain as it has heard.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/knot.h"

/* How long a timeout waits to hear where its question hangs. */
enum { PROBE_NS = 25 * 1000000 };

/* "clerk <1.1.125.1>"; only the ref when nobody is there. */
static int
print_who(troupe_t *node, troupe_ref_t ref, char *text, size_t size)
{
    char written[TROUPE_REF_TEXT];
    troupe_actor_stats_t stats = {.kind = ""};
    bool there = troupe_actor_stats_get(node, ref, &stats) == 0;
    return snprintf(text, size, "%s%s%s", there ? stats.kind : "",
                    there ? " " : "", troupe_ref_text(ref, written));
}

/* Who holds the ask, as far as is known, and the words that lead to him. */
static troupe_ref_t
print_way(struct troupe__worker *self, const struct troupe__ask *ask,
          char *text, size_t size)
{
    troupe_ref_t holder = troupe__ask_holder(ask);
    int used = snprintf(text, size, "waited for ");
    if (troupe_ref_equal(holder, ask->target))
        return holder;
    used +=
        print_who(self->node, ask->target, text + used, size - (size_t) used);
    if ((size_t) used < size)
        snprintf(text + used, size - (size_t) used, ", which forwarded it to ");
    return holder;
}

/* "why": words so far, who waits for the receiver, the id of its ask. */
static void
ask_why(struct troupe__worker *self, troupe_ref_t to, troupe_ref_t head,
        uint64_t head_id, const char *so_far, troupe_ref_t waiter, uint64_t id)
{
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_CONTROL, to, head, "why");
    envelope.id = head_id;
    (void) troupe__emitf(self, &envelope, "[s, R, U]", so_far, waiter, id);
}

static void
probe_over(struct troupe__worker *self, struct troupe__ask *ask)
{
    char text[TROUPE__WORDS_MAX], way[256];
    if (!ask->text) {
        troupe_ref_t holder = print_way(self, ask, way, sizeof way);
        size_t used = strlen(way);
        print_who(self->node, holder, way + used, sizeof way - used);
    }
    snprintf(text, sizeof text, "%s, which is busy or does not answer",
             ask->text ? ask->text : way);
    troupe__ask_finish(self, ask, TROUPE_TIMEOUT, -ETIMEDOUT, text);
}

/* A look on the way; or the deadline passed: ask where the question hangs, for
 * a little while. */
void
troupe__ask_due(struct troupe__worker *self, struct troupe__ask *ask)
{
    char way[256];
    if (self->now < ask->deadline && !ask->probing) {
        troupe__ask_look(self, ask);
        return;
    }
    if (ask->local) {
        troupe__ask_finish(self, ask, TROUPE_TIMEOUT, -ETIMEDOUT,
                           "waited for a function");
        return;
    }
    if (ask->probing) {
        probe_over(self, ask);
        return;
    }
    ask->probing = true;
    troupe__wheel_set(&self->wheel, &ask->alarm, self->now + PROBE_NS);
    ask->alarm.what = TROUPE__ALARM_ASK;
    troupe_ref_t holder = print_way(self, ask, way, sizeof way);
    ask_why(self, holder, ask->actor->ref, ask->id, way, ask->actor->ref,
            ask->id);
    troupe__ask_send_cancel(self, ask);
}

/* How far the question has come; the longest words have come the furthest. */
void
troupe__because(struct troupe__worker *self, const struct troupe_message *msg)
{
    struct troupe__ask *ask = troupe__ids_find(&self->asks, msg->id);
    const char *text = "";
    bool is_last = false;
    if (!ask || !ask->probing || ask->outcome != 0
        || ask->actor->ref.id != msg->to.id
        || troupe_unpack(msg, "[s, b]", &text, &is_last) < 0)
        return;
    if (is_last) {
        troupe__ask_finish(self, ask, TROUPE_TIMEOUT, -ETIMEDOUT, text);
    } else if (!ask->text || strlen(text) > strlen(ask->text)) {
        free(ask->text);
        ask->text = troupe__strdup(text);
    }
}

static void
answer_why(struct troupe__worker *self, const struct troupe_message *why,
           const char *text, bool is_last)
{
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_CONTROL, why->from, why->to, "because");
    envelope.id = why->id;
    (void) troupe__emitf(self, &envelope, "[s, b]", text, (int) is_last);
}

/* Why the actor has not answered, where it does not wait for another. */
static void
print_cause(struct troupe__worker *self, const struct troupe__token *token,
            troupe_ref_t waiter, uint64_t ask_id, char *text, size_t size)
{
    uint32_t place = troupe__waiting_place(self, waiter, ask_id);
    /* An ask of its own, with the same deadline, may be over before. */
    if (token && token->hung) {
        snprintf(text, size, ", which %s", token->hung);
    } else if (place == TROUPE__PLACE_MAX) {
        snprintf(text, size, ", where it was number %u or later in the mailbox",
                 place);
    } else if (place) {
        snprintf(text, size, ", where it was number %u in the mailbox", place);
    } else if (token) {
        snprintf(text, size, ", which had deferred its answer to '%s'",
                 token->type);
    }
}

/*
 * Somebody's ask timed out here, or further on. The body is the words so far,
 * who waits for this actor, and the id of its ask; the asker at the head of
 * the chain is the sender.
 */
void
troupe__why(struct troupe__worker *self, struct troupe__actor *actor,
            const struct troupe_message *msg)
{
    const char *so_far = "";
    troupe_ref_t waiter = TROUPE_NOBODY;
    uint64_t ask_id = 0;
    char text[TROUPE__WORDS_MAX], ref[TROUPE_REF_TEXT], way[256];
    if (troupe_unpack(msg, "[s, R, U]", &so_far, &waiter, &ask_id) < 0)
        return;
    int printed = snprintf(text, sizeof text, "%s%s %s", so_far,
                           actor ? actor->born->user->name : "nobody at",
                           troupe_ref_text(msg->to, ref));
    size_t used = printed > 0 && (size_t) printed < sizeof text
                      ? (size_t) printed
                      : sizeof text - 1;
    struct troupe__token *token =
        actor ? troupe__token_find(self, waiter, ask_id) : NULL;
    const struct troupe__ask *next = token ? token->asks : NULL;
    if (!next || next->local || used >= sizeof text / 2) {
        print_cause(self, token, waiter, ask_id, text + used,
                    sizeof text - used);
        answer_why(self, msg, text, true);
        return;
    }
    troupe_ref_t holder = print_way(self, next, way, sizeof way);
    used +=
        (size_t) snprintf(text + used, sizeof text - used, ", which %s", way);
    ask_why(self, holder, msg->from, msg->id, text, msg->to, next->id);
    print_who(self->node, holder, text + used, sizeof text - used);
    answer_why(self, msg, text, false); /* should that one not answer */
}
