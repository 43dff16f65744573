/* SPDX-License-Identifier: Apache-2.0 */
/*
 * knot.c: an ask that is open for long looks whether it can ever be answered.
 *
 * Nobody blocks while he waits, so a circle of asks alone is no deadlock. It is
 * one where each actor on it holds an ask unanswered and has nothing left that
 * could run: no message, no timer, no descriptor, no function, no ask to
 * anybody outside who could answer. That is the deadlock of the or-model, a
 * knot: with Chandy, Misra and Haas (1983) it is found by queries that only
 * those answer who are stuck. The runtime of an asker that holds an ask asks
 * the holders of its own asks, and the holders of theirs, and so on. When all
 * have answered that they are stuck, it asks all once more a moment later; when
 * nothing of them has run between, no answer can be under way, since an ask is
 * held until it is answered. Then the youngest ask of the knot ends, the one
 * that has waited least; each ask looks only for a knot of which it is the
 * youngest, so that no two end for the same one. Where the asks go to other
 * nodes the queries do, too.
 *
 * An ask looks by the alarm that it has for its deadline: one that is answered
 * in time costs nothing.
 */
#include "runtime/knot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "mailbox/cursor.h"

enum { NS_PER_MS = 1000000, LOOK_MAX_MS = 60000, PAUSE_MAX_MS = 250 };

void
troupe__knot_free(struct troupe__ask *ask)
{
    if (!ask->knot)
        return;
    free(ask->knot->members);
    free(ask->knot->waits);
    free(ask->knot);
    ask->knot = NULL;
}

static bool
is_whole(const struct troupe__knot *self)
{
    return self->held_count == self->wait_count;
}

static struct troupe__looker
looker_of(const struct troupe__ask *ask)
{
    return (struct troupe__looker){ask->actor->ref, ask->id, ask->since,
                                   ask->deadline};
}

/* "stuck": the round, who waits, the id of its ask; since when the one that
 * looks waits, and until when. */
static void
ask_stuck(struct troupe__worker *self, const struct troupe__ask *ask,
          const struct troupe__wait *wait)
{
    const struct troupe__knot *knot = ask->knot;
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_CONTROL, wait->holder, ask->actor->ref, "stuck");
    envelope.id = ask->id;
    (void) troupe__emitf(self, &envelope, "[U, R, U, U, U]", knot->round,
                         knot->members[wait->from].ref, wait->id, ask->since,
                         ask->deadline);
}

/* False: the knot would be too large. */
static bool
member_add(struct troupe__worker *self, struct troupe__ask *ask,
           const struct troupe__member *member, const uint64_t *numbers,
           uint32_t count)
{
    struct troupe__knot *knot = ask->knot;
    uint32_t first = knot->wait_count, index = knot->member_count;
    if (first + count > TROUPE__KNOT_WAITS_MAX)
        return false;
    knot->members =
        troupe__realloc(knot->members, (index + 1) * sizeof *knot->members);
    knot->members[knot->member_count++] = *member;
    knot->waits =
        troupe__realloc(knot->waits, (first + count) * sizeof *knot->waits);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t *at = &numbers[(size_t) i * TROUPE__WAIT_NUMBERS];
        struct troupe__wait *wait = &knot->waits[knot->wait_count++];
        *wait = (struct troupe__wait){
            .from = index, .holder = {at[0]}, .id = at[1], .since = at[2]};
        ask_stuck(self, ask, wait);
    }
    return true;
}

/* --- two rounds -------------------------------------------------------------*/

static bool
look_begin(struct troupe__worker *self, struct troupe__ask *ask)
{
    const struct troupe__looker looker = looker_of(ask);
    const struct troupe__actor *actor = ask->actor;
    uint64_t numbers[TROUPE__KNOT_WAITS_MAX * TROUPE__WAIT_NUMBERS];
    if (!troupe__is_stuck(self, actor, &looker) || !troupe__holds_any(actor))
        return false;
    struct troupe__member member = {actor->ref, troupe__stuck_serial(actor),
                                    ""};
    troupe__stuck_who(self, actor, member.who);
    ask->knot = troupe__alloc(sizeof *ask->knot);
    ask->knot->round = ++self->serial;
    uint32_t count = troupe__stuck_waits(actor, numbers);
    CHECK(member_add(self, ask, &member, numbers, count));
    return true;
}

static void
look_again(struct troupe__worker *self, struct troupe__ask *ask)
{
    struct troupe__knot *knot = ask->knot;
    knot->again = true;
    knot->round = ++self->serial;
    knot->held_count = 0;
    for (uint32_t i = 0; i < knot->wait_count; i++) {
        knot->waits[i].held = false;
        ask_stuck(self, ask, &knot->waits[i]);
    }
}

static uint64_t
pause_ns(const struct troupe__worker *self)
{
    uint64_t ms = self->node->options.deadlock_ms / 4;
    return (ms < 1 ? 1 : ms > PAUSE_MAX_MS ? PAUSE_MAX_MS : ms) * NS_PER_MS;
}

/* Each time it waits as long again: what it hangs on may come about later. */
static uint64_t
later_ns(const struct troupe__worker *self, const struct troupe__ask *ask)
{
    uint64_t age = self->now > ask->since ? self->now - ask->since : 0;
    uint64_t least = self->node->options.deadlock_ms * UINT64_C(1000000);
    uint64_t most = LOOK_MAX_MS * UINT64_C(1000000);
    most = most > least ? most : least;
    return age < least ? least : age > most ? most : age;
}

static uint64_t
sooner(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

uint64_t
troupe__ask_look_at(const struct troupe__worker *self,
                    const struct troupe__ask *ask)
{
    uint64_t ms = self->node->options.deadlock_ms;
    return ms == 0 || ask->patient
               ? ask->deadline
               : sooner(ask->deadline, ask->since + ms * NS_PER_MS);
}

void
troupe__ask_look(struct troupe__worker *self, struct troupe__ask *ask)
{
    uint64_t next = later_ns(self, ask);
    if (ask->local) {
        next = ask->deadline;
    } else if (ask->knot && is_whole(ask->knot) && !ask->knot->again) {
        look_again(self, ask);
        next = pause_ns(self);
    } else if (ask->knot) {
        troupe__knot_free(ask); /* somebody can go on, or is busy */
    } else if (look_begin(self, ask)) {
        next = pause_ns(self);
    }
    troupe__wheel_set(&self->wheel, &ask->alarm,
                      sooner(self->now + next, ask->deadline));
    ask->alarm.what = TROUPE__ALARM_ASK;
}

/* --- what the holders say ---------------------------------------------------*/

static void
untie(struct troupe__worker *self, struct troupe__ask *ask)
{
    const struct troupe__looker looker = looker_of(ask);
    char text[TROUPE__WORDS_MAX];
    if (!troupe__is_stuck(self, ask->actor, &looker)
        || troupe__stuck_serial(ask->actor) != ask->knot->members[0].serial
        || !troupe__knot_is_tight(ask->knot))
        return;
    troupe__knot_print(ask->knot, ask->id, self->now, text, sizeof text);
    troupe__knot_free(ask);
    troupe__log(self->node, TROUPE_LOG_WARNING, "%s: the first ask was ended",
                text);
    BUMP(self->counters.deadlocks);
    BUMP(ask->actor->deadlocks);
    troupe__ask_send_cancel(self, ask);
    troupe__ask_finish(self, ask, TROUPE_ERROR, -EDEADLK, text);
}

static uint32_t
wait_find(const struct troupe__knot *knot, troupe_ref_t waiter, uint64_t id,
          troupe_ref_t holder)
{
    for (uint32_t i = 0; i < knot->wait_count; i++) {
        const struct troupe__wait *at = &knot->waits[i];
        if (at->id == id && at->holder.id == holder.id && !at->held
            && knot->members[at->from].ref.id == waiter.id)
            return i;
    }
    return knot->wait_count;
}

/* How many asks the numbers are of; UINT32_MAX: they are none. */
static uint32_t
read_waits(const void *data, size_t size, uint64_t *ret_numbers)
{
    struct troupe__cursor cursor = {data, (const uint8_t *) data + size};
    struct troupe__item item;
    if (!troupe__cursor_next(&cursor, &item) || item.form != FORM_ARRAY
        || item.number % TROUPE__WAIT_NUMBERS != 0
        || item.number / TROUPE__WAIT_NUMBERS > TROUPE__KNOT_WAITS_MAX)
        return UINT32_MAX;
    uint32_t count = (uint32_t) item.number;
    for (uint32_t i = 0; i < count; i++) {
        if (!troupe__cursor_next(&cursor, &item) || item.form != FORM_UINT)
            return UINT32_MAX;
        ret_numbers[i] = item.number;
    }
    return count / TROUPE__WAIT_NUMBERS;
}

static uint32_t
member_find(const struct troupe__knot *knot, troupe_ref_t ref)
{
    uint32_t index = 0;
    while (index < knot->member_count && knot->members[index].ref.id != ref.id)
        index++;
    return index;
}

static void
mark_held(struct troupe__worker *self, struct troupe__ask *ask,
          struct troupe__wait *wait, const char *type, uint32_t member)
{
    wait->held = true;
    wait->to = member;
    snprintf(wait->type, sizeof wait->type, "%s", type);
    ask->knot->held_count++;
    if (ask->knot->again && is_whole(ask->knot))
        untie(self, ask);
}

/* What a holder says; `waits` is the raw value with the numbers of its asks. */
struct held {
    struct troupe__member member;
    troupe_ref_t waiter;
    uint64_t round, id;
    const char *type;
    const void *waits;
    size_t waits_size;
};

static bool
read_held(const struct troupe_message *msg, struct held *ret)
{
    const char *who = "";
    *ret = (struct held){.member = {.ref = msg->from}};
    if (troupe_unpack(msg, "[U, R, U, U, s, s, r]", &ret->round, &ret->waiter,
                      &ret->id, &ret->member.serial, &who, &ret->type,
                      &ret->waits, &ret->waits_size)
        < 0)
        return false;
    snprintf(ret->member.who, sizeof ret->member.who, "%s", who);
    return true;
}

/* A holder that was not known; false: the knot is none that we look at. */
static bool
member_read(struct troupe__worker *self, struct troupe__ask *ask,
            const struct held *held)
{
    uint64_t numbers[TROUPE__KNOT_WAITS_MAX * TROUPE__WAIT_NUMBERS];
    uint32_t count = read_waits(held->waits, held->waits_size, numbers);
    return !ask->knot->again && count > 0 && count != UINT32_MAX
           && member_add(self, ask, &held->member, numbers, count);
}

void
troupe__held(struct troupe__worker *self, const struct troupe_message *msg)
{
    struct troupe__ask *ask = troupe__ids_find(&self->asks, msg->id);
    struct held held;
    if (!ask || ask->actor->ref.id != msg->to.id || !ask->knot
        || ask->outcome != 0 || !read_held(msg, &held)
        || held.round != ask->knot->round)
        return;
    struct troupe__knot *knot = ask->knot;
    uint32_t wait = wait_find(knot, held.waiter, held.id, msg->from);
    uint32_t member = member_find(knot, msg->from);
    if (wait == knot->wait_count)
        return;
    if (member == knot->member_count && !member_read(self, ask, &held))
        troupe__knot_free(ask);
    else if (knot->members[member].serial == held.member.serial)
        mark_held(self, ask, &knot->waits[wait], held.type, member);
}
