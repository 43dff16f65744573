/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stuck.c: whether an actor can do nothing before an answer comes.
 *
 * It is asked by the runtime of another one that waits for it ("stuck"), and
 * answers only when it is so ("held"): who can go on says nothing.
 */
#include <stdio.h>

#include "runtime/guest.h"
#include "runtime/knot.h"
#include "troupe_msgpack.h"

/* Whether the looker is younger; at the same time one of the two is. */
static bool
is_older(const struct troupe__ask *ask, const struct troupe__looker *looker)
{
    if (ask->since != looker->since)
        return ask->since < looker->since;
    uint64_t ref = ask->actor->ref.id;
    return ref != looker->ref.id ? ref < looker->ref.id : ask->id <= looker->id;
}

static bool
asks_are_stuck(const struct troupe__ask *ask,
               const struct troupe__looker *looker)
{
    uint32_t count = 0;
    for (; ask; ask = ask->next) {
        if (ask->outcome != 0 || ask->probing || ask->local || ask->patient
            || !is_older(ask, looker) || ++count > TROUPE__KNOT_WAITS_MAX)
            return false;
    }
    return count > 0;
}

/* One that is due after the looker's deadline is none that helps it. */
static bool
has_timer(const struct troupe__timer *timer,
          const struct troupe__looker *looker)
{
    for (; timer; timer = timer->next)
        if (timer->due < looker->deadline)
            return true;
    return false;
}

/* A start that is not done takes nothing out of the mailbox. */
static bool
has_messages(const struct troupe__actor *actor)
{
    return !actor->in_start && troupe__mailbox_count(&actor->mailbox) > 0;
}

/* What stands for somebody outside of the node moves when that one does. */
static bool
is_moved_from_outside(const struct troupe__worker *self,
                      const struct troupe__actor *actor)
{
    return actor == self->guest || actor->born->user == &troupe__guest_kind
           || actor->extra->watches;
}

bool
troupe__is_stuck(const struct troupe__worker *self,
                 const struct troupe__actor *actor,
                 const struct troupe__looker *looker)
{
    const struct troupe__extra *extra = actor->extra;
    bool moves = actor->ending || actor->queued || actor->resting
                 || actor->muted_on > 0
                 || (actor->suspended && !actor->in_start);
    return extra && !moves && !has_messages(actor)
           && !is_moved_from_outside(self, actor)
           && !has_timer(extra->timers, looker)
           && asks_are_stuck(extra->asks, looker);
}

bool
troupe__holds_any(const struct troupe__actor *actor)
{
    const struct troupe__token *token = actor->extra->tokens;
    while (token && (!token->deferred || token->cancelled))
        token = token->next;
    return token || troupe__mailbox_count(&actor->extra->stash) > 0
           || (actor->in_start && troupe__mailbox_count(&actor->mailbox) > 0);
}

/* Each of them only grows. */
uint64_t
troupe__stuck_serial(const struct troupe__actor *actor)
{
    return SEEN(actor->handled) + SEEN(actor->failed)
           + SEEN(actor->incarnation);
}

void
troupe__stuck_who(const struct troupe__worker *self,
                  const struct troupe__actor *actor, char *text)
{
    char ref[TROUPE_REF_TEXT], shown[TROUPE_NAME_MAX + 1];
    const char *name = troupe__name_of(self->node, actor->ref, shown);
    snprintf(text, TROUPE__WHO_MAX, "%.80s%s%s %s", actor->born->user->name,
             name ? " " : "", name ? name : "",
             troupe_ref_text(actor->ref, ref));
}

uint32_t
troupe__stuck_waits(const struct troupe__actor *actor, uint64_t *ret_numbers)
{
    uint32_t count = 0;
    for (const struct troupe__ask *ask = actor->extra->asks; ask;
         ask = ask->next) {
        uint64_t *at = &ret_numbers[(size_t) count++ * TROUPE__WAIT_NUMBERS];
        at[0] = troupe__ask_holder(ask).id;
        at[1] = ask->id;
        at[2] = ask->since;
    }
    return count;
}

/* The type of an ask that it has in hand and has not answered, or false. */
static bool
holds(struct troupe__worker *self, const struct troupe__actor *actor,
      troupe_ref_t asker, uint64_t ask_id, char *ret_type)
{
    const struct troupe__token *token = troupe__token_find(self, asker, ask_id);
    if (token) {
        snprintf(ret_type, TROUPE_TYPE_MAX + 1, "%s", token->type);
        return token->actor == actor && token->deferred && !token->cancelled;
    }
    struct troupe_message msg;
    const struct troupe__parcel *parcel =
        troupe__waiting_find(self, asker, ask_id, &msg);
    if (!parcel)
        return false;
    snprintf(ret_type, TROUPE_TYPE_MAX + 1, "%.*s", (int) msg.type_size,
             msg.type);
    return msg.to.id == actor->ref.id && (parcel->stashed || actor->in_start);
}

struct waits {
    uint64_t numbers[TROUPE__KNOT_WAITS_MAX * TROUPE__WAIT_NUMBERS];
    uint32_t count;
};

static int
put_waits(msgpack_packer *packer, void *arg)
{
    const struct waits *self = arg;
    size_t count = (size_t) self->count * TROUPE__WAIT_NUMBERS;
    msgpack_pack_array(packer, count);
    for (size_t i = 0; i < count; i++)
        msgpack_pack_uint64(packer, self->numbers[i]);
    return 0;
}

void
troupe__stuck(struct troupe__worker *self, struct troupe__actor *actor,
              const struct troupe_message *msg)
{
    struct troupe__looker looker = {.ref = msg->from, .id = msg->id};
    troupe_ref_t waiter = TROUPE_NOBODY;
    uint64_t round = 0, ask_id = 0;
    char type[TROUPE_TYPE_MAX + 1], who[TROUPE__WHO_MAX];
    struct waits waits;
    if (troupe_unpack(msg, "[U, R, U, U, U]", &round, &waiter, &ask_id,
                      &looker.since, &looker.deadline)
            < 0
        || !troupe__is_stuck(self, actor, &looker)
        || !holds(self, actor, waiter, ask_id, type))
        return;
    waits.count = troupe__stuck_waits(actor, waits.numbers);
    troupe__stuck_who(self, actor, who);
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_CONTROL, msg->from, actor->ref, "held");
    envelope.id = msg->id;
    (void) troupe__emitf(self, &envelope, "[U, R, U, U, s, s, *]", round,
                         waiter, ask_id, troupe__stuck_serial(actor), who, type,
                         put_waits, &waits);
}
