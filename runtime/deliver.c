/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deliver.c: messages that arrive: handled in place, or parked.
 *
 * A message is handled inside the frame that brought it when its actor has no
 * backlog (`direct`). Otherwise it waits in the actor's mailbox, so that
 * bounds, order and fairness hold per actor: an actor that has used up its
 * share of a turn loses `direct`, what comes for it is parked, and the
 * worker's queue gives it its next share after the others had theirs.
 */
#include <errno.h>

#include "runtime/handle.h"
#include "runtime/remote.h"

enum {
    QUANTUM_TICKS = 2500000, /* about a millisecond a turn */
    CHECK_EVERY = 16,        /* fast messages between two looks at the clock */
    SAMPLE = 16,             /* short runs, of which one is timed */
    SLOW_TICKS = 20000,      /* a slow message takes longer: some 8 us */
    MANUAL_TICKS = 2500      /* what a message counts for where the clock is
                                moved by hand, so that a run can repeat */
};

void
troupe__enqueue(struct troupe__worker *self, struct troupe__actor *actor)
{
    if (actor->queued)
        return;
    actor->queued = true;
    actor->direct = false;
    actor->queue_next = NULL;
    if (self->queue_last)
        self->queue_last->queue_next = actor;
    else
        self->queue_first = actor;
    self->queue_last = actor;
}

void
troupe__settle_direct(struct troupe__actor *actor)
{
    actor->direct = !actor->ending && !actor->suspended && !actor->queued
                    && !actor->resting && actor->muted_on == 0
                    && troupe__mailbox_count(&actor->mailbox) == 0;
}

static bool
may_run(const struct troupe__actor *actor)
{
    return !actor->ending && !actor->suspended && !actor->resting
           && actor->muted_on == 0;
}

/*
 * A muted supervisor still hears of its children: the one that it waits for
 * may be the one that it must restart.
 */
static bool
hears_children(const struct troupe__actor *actor)
{
    return actor->child_events > 0 && !actor->ending && !actor->suspended;
}

static struct troupe__parcel *
take_child_event(struct troupe__worker *self, struct troupe__actor *actor)
{
    struct troupe_message msg;
    struct troupe__parcel *at = actor->mailbox.first;
    for (; at; at = at->next) {
        troupe__parcel_open(at, &self->arena, &msg);
        if (msg.kind != WIRE_CHILD)
            continue;
        troupe__mailbox_remove(&actor->mailbox, at);
        return at;
    }
    actor->child_events = 0; /* those of an earlier incarnation */
    return NULL;
}

static struct troupe__parcel *
take_next(struct troupe__worker *self, struct troupe__actor *actor)
{
    if (may_run(actor))
        return troupe__mailbox_pop(&actor->mailbox);
    if (troupe__rests(actor))
        return troupe__take_event(self, actor);
    return hears_children(actor) ? take_child_event(self, actor) : NULL;
}

void
troupe__park(struct troupe__worker *self, struct troupe__actor *actor,
             const struct troupe_message *msg)
{
    struct troupe__parcel *parcel =
        troupe__parcel_new(&self->parcels, msg, self->now);
    troupe__mailbox_push(&actor->mailbox, parcel);
    if (msg->kind == WIRE_ASK)
        troupe__waiting_add(self, msg, parcel);
    actor->direct = false;
    actor->child_events += msg->kind == WIRE_CHILD;
    if (may_run(actor) || hears_children(actor)
        || (troupe__rests(actor) && msg->kind > WIRE_ASK))
        troupe__enqueue(self, actor);
    troupe__pressure_update(self, actor);
}

static bool
is_over(const struct troupe__actor *actor, const struct troupe_message *msg)
{
    uint32_t count = troupe__mailbox_count(&actor->mailbox);
    uint32_t size = troupe__mailbox_size(&actor->mailbox);
    return count >= actor->messages_max
           || (count > 0 && size + msg->size > actor->bytes_max);
}

/* The oldest message of another actor makes room; false: there is none. */
static bool
displace_oldest(struct troupe__worker *self, struct troupe__actor *actor)
{
    struct troupe__parcel *at = actor->mailbox.first;
    struct troupe_message msg;
    for (; at; at = at->next) {
        troupe__parcel_open(at, &self->arena, &msg);
        if (msg.kind <= WIRE_ASK && !troupe_ref_equal(msg.from, msg.to))
            break;
    }
    if (!at)
        return false;
    troupe__mailbox_remove(&actor->mailbox, at);
    troupe__waiting_remove(self, &msg, at);
    troupe__refuse(self, actor, &msg, TROUPE_DEAD_OVERFLOW);
    troupe__parcel_free(&self->parcels, at);
    return true;
}

/* A message of another actor for one that cannot take it in place. */
static void
admit(struct troupe__worker *self, struct troupe__actor *actor,
      struct troupe_message *msg)
{
    bool own = troupe_ref_equal(msg->from, msg->to);
    if (own && actor->in_start && !actor->ending)
        troupe__handle(self, actor, msg); /* its timers, while it starts */
    else if (own
             || (actor->overflow == TROUPE_OVERFLOW_MUTE
                 && !troupe__remotes_is_flood(self, actor, msg))
             || !is_over(actor, msg)) {
        troupe__park(self, actor, msg);
        if (actor->full && troupe__ref_node(msg->from) != self->node->id)
            troupe__remotes_tell_full(self, actor, msg);
    } else if (actor->overflow == TROUPE_OVERFLOW_DROP_OLDEST) {
        while (is_over(actor, msg) && displace_oldest(self, actor))
            continue;
        troupe__park(self, actor, msg);
    } else {
        troupe__refuse(self, actor, msg, TROUPE_DEAD_OVERFLOW);
    }
}

static void
deliver(struct troupe__worker *self, struct troupe__actor *actor,
        struct troupe_message *msg)
{
    if (__builtin_expect(!actor, 0)) {
        troupe__system_nobody(self, msg);
    } else if (__builtin_expect(msg->kind <= WIRE_ASK, 1)) {
        BUMP(actor->received);
        if (__builtin_expect(actor->direct, 1))
            troupe__handle_user(self, actor, msg);
        else
            admit(self, actor, msg);
    } else if (msg->kind <= WIRE_ERROR) {
        troupe__answer_arrived(self, actor, msg);
    } else {
        troupe__system(self, actor, msg);
    }
}

/* The time since `started`, `weight` times, was the actor's. */
static void
charge(struct troupe__worker *self, struct troupe__actor *actor,
       uint64_t started, uint32_t messages, uint32_t weight)
{
    bool is_manual = self->node->options.manual_clock;
    uint64_t used = troupe__ticks() - started;
    actor->fast = !is_manual && used / messages < SLOW_TICKS;
    ADD(actor->ticks, used * weight);
    ADD(self->kinds[actor->born->index].ticks, used * weight);
    if (actor->turn != self->turn) {
        actor->turn = self->turn;
        actor->turn_ticks = 0;
    }
    actor->turn_ticks += is_manual ? (uint64_t) messages * MANUAL_TICKS : used;
    if (actor->turn_ticks > QUANTUM_TICKS && actor->direct)
        troupe__enqueue(self, actor);
}

/*
 * A look at the clock costs as much as a short handler. So of the short runs
 * to actors known to be fast one in SAMPLE is timed and counts for all; a run
 * that goes on for CHECK_EVERY messages is timed from there; and an actor
 * that is slow, or not known, is timed at each message.
 */
struct run {
    struct troupe__actor *actor; /* NULL: gone, or none */
    uint64_t started;            /* ticks; 0: this run is not timed */
    uint32_t messages, weight;
    bool actor_fast; /* as it was when the run began; it may be gone since */
};

static void
run_begin(struct troupe__worker *self, struct run *run,
          struct troupe__actor *actor)
{
    run->actor = actor;
    run->messages = 0;
    run->started = 0;
    if (!actor)
        return;
    run->actor_fast = actor->fast;
    if (!actor->fast) {
        run->weight = 1;
        run->started = troupe__ticks();
    } else if (++self->sample % SAMPLE == 0) {
        run->weight = SAMPLE;
        run->started = troupe__ticks();
    }
}

/* After a message: the actor may be gone. */
static void
run_go_on(struct troupe__worker *self, struct run *run, troupe_ref_t ref)
{
    if (troupe__slot_actor(&self->node->slots, ref) != run->actor)
        run->actor = NULL;
    if (!run->actor)
        return;
    if (run->started)
        charge(self, run->actor, run->started, run->messages, 1);
    run->actor_fast = run->actor->fast;
    run->messages = 0;
    run->weight = 1;
    run->started = troupe__ticks();
}

static void
run_end(struct troupe__worker *self, struct run *run, troupe_ref_t ref)
{
    if (run->actor && run->started && run->messages > 0
        && troupe__slot_actor(&self->node->slots, ref) == run->actor)
        charge(self, run->actor, run->started, run->messages, run->weight);
    run->started = 0;
}

static void
refuse_frame(struct troupe__worker *self, uint32_t number, size_t size,
             size_t at)
{
    if (number) {
        troupe__remotes_refused(self, number, "a frame that is no message");
        return;
    }
    BUMP(self->counters.refused);
    troupe__log(self->node, TROUPE_LOG_WARNING,
                "a frame of %zu bytes was refused: not a message at byte %zu",
                size, at);
}

/* `number` is the node that the frame came from; 0: this one. */
static inline __attribute__((always_inline)) void
deliver_frame(struct troupe__worker *self, const uint8_t *data, size_t size,
              struct troupe__frame *frame, uint32_t number)
{
    const uint8_t *at = data, *end = data + size;
    struct troupe_message msg;
    struct run run = {0};
    troupe_ref_t last = TROUPE_NOBODY;
    struct troupe__actor *actor = NULL;
    uint64_t gone = self->gone, received = 0;
    msg.arena = &self->arena;
    msg.frame = frame;
    msg.attempt = 0;
    msg.excused = 0;
    msg.asker = TROUPE_NOBODY;
    while (at < end) {
        ptrdiff_t used =
            number ? 0 : (ptrdiff_t) troupe__message_read(&msg, at, end);
        if (__builtin_expect(used == 0, 0))
            used = troupe__message_parse(&msg, at, end);
        if (__builtin_expect(used < 0, 0)) {
            refuse_frame(self, number, size, (size_t) (at - data));
            break;
        }
        if (number && !troupe__remotes_admits(self, number, &msg)) {
            at += used;
            continue;
        }
        if (msg.to.id != last.id || self->gone != gone) {
            run_end(self, &run, last);
            actor = troupe__slot_actor(&self->node->slots, msg.to);
            gone = self->gone;
            run_begin(self, &run, actor);
            last = msg.to;
        }
        received++;
        deliver(self, actor, &msg);
        if (++run.messages >= CHECK_EVERY || (run.actor && !run.actor_fast))
            run_go_on(self, &run, last);
        at += used;
    }
    ADD(self->counters.received, received);
    run_end(self, &run, last);
}

void
troupe__deliver_frame(struct troupe__worker *self, const uint8_t *data,
                      size_t size, struct troupe__frame *frame)
{
    deliver_frame(self, data, size, frame, 0);
}

void
troupe__deliver_remote(struct troupe__worker *self, uint32_t number,
                       struct troupe__frame *frame)
{
    deliver_frame(self, frame->data, frame->size, frame, number);
}

static bool
is_share_used(const struct troupe__worker *self, uint64_t started,
              uint32_t messages)
{
    uint64_t used = self->node->options.manual_clock
                        ? (uint64_t) messages * MANUAL_TICKS
                        : troupe__ticks() - started;
    return used > QUANTUM_TICKS;
}

/* One share of the actor at the head of the queue. */
void
troupe__run_actor(struct troupe__worker *self, struct troupe__actor *actor)
{
    troupe_ref_t ref = actor->ref;
    uint64_t started = troupe__ticks();
    uint32_t messages = 0;
    struct troupe_message msg;
    struct troupe__parcel *parcel;
    while ((parcel = take_next(self, actor))) {
        troupe__pressure_update(self, actor);
        troupe__parcel_open(parcel, &self->arena, &msg);
        if (msg.kind == WIRE_CHILD && actor->child_events > 0)
            actor->child_events--;
        troupe__waiting_remove(self, &msg, parcel);
        troupe__handle(self, actor, &msg);
        troupe__parcel_free(&self->parcels, parcel);
        if (troupe__slot_actor(&self->node->slots, ref) != actor)
            return;
        if ((++messages % CHECK_EVERY == 0 || !actor->fast)
            && is_share_used(self, started, messages))
            break;
    }
    if (messages > 0)
        charge(self, actor, started, messages, 1);
    bool has_more = may_run(actor) || (parcel && troupe__rests(actor));
    if (has_more && troupe__mailbox_count(&actor->mailbox) > 0)
        troupe__enqueue(self, actor);
    else
        troupe__settle_direct(actor);
}
