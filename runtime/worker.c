/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.c: the life of a worker, turn by turn.
 *
 * A turn takes some frames and runs what they address, starts the newest
 * actors, gives each backlogged actor a share, and flushes every outbox once:
 * that is what makes the batch. With nothing to do a worker looks at its
 * doorbell for a moment, since waking a thread costs a hundred times more
 * than a message, and then sleeps until a frame, a descriptor or a timer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/remote.h"
#include "runtime/worker.h"

enum { REFRESH_TICKS = 60000, POLL_TICKS = 600000, NS_PER_MS = 1000000 };

_Thread_local struct troupe__worker *troupe__here;

uint64_t
troupe__now(struct troupe__worker *self)
{
    if (self->node->options.manual_clock)
        return self->now = troupe__clock_ns(self->node);
    uint64_t ticks = troupe__ticks();
    if (ticks - self->now_ticks > REFRESH_TICKS) {
        self->now_ticks = ticks;
        self->now = troupe__clock_ns(self->node);
    }
    return self->now;
}

/* Descriptors are looked at now and then while there is other work. */
static bool
look_at_descriptors(struct troupe__worker *self)
{
    struct troupe__looks looks;
    if (self->watch_count == 0)
        return false;
    uint64_t ticks = troupe__ticks();
    if (ticks - self->polled_ticks < POLL_TICKS)
        return false;
    self->polled_ticks = ticks;
    troupe__watches_list(self, &looks);
    if (poll(looks.fds, looks.count, 0) <= 0)
        return false;
    troupe__watches_ready(self, &looks);
    return true;
}

static uint32_t
take_frames(struct troupe__worker *self, struct troupe__inbox *inbox,
            uint32_t most)
{
    uint64_t likely = troupe__inbox_likely(inbox);
    uint32_t taken = 0;
    if (likely < most)
        most = (uint32_t) likely;
    while (taken < most && troupe__inbox_take(inbox, self->frame)) {
        taken++;
        troupe__deliver_frame(self, self->frame->data, self->frame->size,
                              self->frame);
        self->frame = troupe__frame_clear(self->frame);
    }
    return taken;
}

/* The newest first: a tree of actors is then walked in depth, not in breadth,
 * and few of them are alive at once. */
static bool
start_newest(struct troupe__worker *self)
{
    bool any = self->newest != NULL;
    for (int i = 0; i < TROUPE__TURN_STARTS && self->newest; i++) {
        struct troupe__actor *actor = self->newest;
        self->newest = actor->queue_next;
        troupe__actor_start(self, actor);
    }
    return any;
}

static bool
run_queue(struct troupe__worker *self)
{
    struct troupe__actor *last = self->queue_last;
    bool any = last != NULL;
    while (self->queue_first) {
        struct troupe__actor *actor = self->queue_first;
        self->queue_first = actor->queue_next;
        if (!self->queue_first)
            self->queue_last = NULL;
        bool was_last = actor == last;
        actor->queued = false;
        troupe__run_actor(self, actor);
        if (was_last)
            break;
    }
    return any;
}

/* True when there was something to do. */
bool
troupe__worker_turn(struct troupe__worker *self)
{
    uint32_t frames = 0;
    for (uint32_t i = 0; i < self->lane_count; i++)
        frames += take_frames(self, &self->lanes[i],
                              TROUPE__TURN_FRAMES / self->lane_count);
    if (frames > 0)
        self->from_afar = false;
    if (self->remotes) {
        uint32_t far = troupe__remotes_take(self, frames == 0);
        self->from_afar = self->from_afar || (far > 0 && frames == 0);
        frames += far;
    }
    bool any = frames > 0;
    self->turn++;
    BUMP(self->turns);
    /* Looking at the time each turn would cost more than short turns do. How
     * many turns there were is chance: by a manual clock it must not matter. */
    if (self->wheel.count > 0
        && (frames == 0 || frames > 8 || self->turn % 8 == 0
            || self->node->options.manual_clock)
        && troupe__wheel_next_ns(&self->wheel) <= troupe__now(self))
        troupe__timers_due(self);
    any |= start_newest(self);
    any |= run_queue(self);
    any |= troupe__asks_tell(self);
    any |= look_at_descriptors(self);
    if (self->mutes.count > 0)
        any |= troupe__mute_look(self);
    any |= self->dirty != NULL;
    troupe__flush(self);
    return any;
}

/* A time to come on a clock that is moved by hand comes with a wake-up. */
static long
milliseconds_until(uint64_t until, uint64_t now, bool is_manual)
{
    if (until <= now)
        return 0;
    if (until == UINT64_MAX || is_manual)
        return -1;
    uint64_t ms = (until - now + NS_PER_MS - 1) / NS_PER_MS;
    return ms > 3600000 ? 3600000 : (long) ms;
}

/* How long a worker may sleep: until its timers, and until `until_ns`, which
 * is real time even where the node's clock is not. */
static long
sleep_ms(struct troupe__worker *self, uint64_t due, uint64_t until_ns)
{
    uint64_t now = troupe__clock_ns(self->node);
    long ms = milliseconds_until(due, now, self->node->options.manual_clock);
    long most = milliseconds_until(until_ns, troupe__real_ns(), false);
    return ms < 0 || (most >= 0 && most < ms) ? most : ms;
}

/* Sleep until a frame, a descriptor, a timer, or `until_ns`. */
void
troupe__worker_sleep(struct troupe__worker *self, uint64_t until_ns)
{
    struct troupe__looks looks;
    troupe__watches_list(self, &looks);
    uint64_t due = troupe__wheel_next_ns(&self->wheel);
    atomic_store(&self->next_due, due);
    long ms = sleep_ms(self, due, until_ns);
    if (ms != 0) {
        atomic_store(&self->idle, true);
        troupe__state_changed(self->node);
    }
    struct troupe__source sources[TROUPE__SOURCES_MAX];
    size_t count = 0;
    while (count < self->lane_count) {
        sources[count] = troupe__inbox_source(&self->lanes[count]);
        count++;
    }
    count += troupe__remotes_source(self, &sources[count]);
    troupe__sources_wait(sources, count, looks.fds, looks.count, ms);
    for (uint32_t i = 0; i < self->lane_count; i++)
        troupe__inbox_slept(&self->lanes[i]);
    atomic_store(&self->idle, false);
    self->now_ticks = 0;
    self->polled_ticks = troupe__ticks();
    troupe__watches_ready(self, &looks);
}

static bool
spin(struct troupe__worker *self)
{
    uint64_t started = troupe__clock_ns(self->node);
    uint64_t until = self->node->options.spin_us * UINT64_C(1000);
    /* The next of it comes by way of two threads of ZeroMQ's: to sleep gives
     * them the core that they need. */
    if (self->node->options.manual_clock || until == 0 || self->from_afar)
        return false;
    do {
        for (int i = 0; i < 64; i++) {
            if (troupe__lanes_ready(self)
                || (self->mutes.count > 0 && troupe__mute_look(self)))
                return true;
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        }
        if (self->remotes && troupe__remotes_take(self, true))
            return true;
    } while (troupe__clock_ns(self->node) - started < until);
    return false;
}

static void *
worker_main(void *data)
{
    struct troupe__worker *self = data;
    char name[16];
    snprintf(name, sizeof name, "troupe-%u", self->index);
    pthread_setname_np(pthread_self(), name);
    troupe__here = self;
    while (!self->quit) {
        if (troupe__worker_turn(self) || spin(self))
            continue;
        troupe__worker_sleep(self, UINT64_MAX);
    }
    /* What came too late for everybody is counted, not lost in silence. */
    while (troupe__lanes_ready(self))
        (void) troupe__worker_turn(self);
    troupe__worker_turn(self);
    troupe__worker_clear(self);
    atomic_store(&self->idle, true);
    atomic_store(&self->finished, true);
    troupe__state_changed(self->node);
    return NULL;
}

/* Everything that only its own thread may touch: sockets first of all. */
void
troupe__worker_clear(struct troupe__worker *self)
{
    for (uint32_t i = 0; i <= TROUPE__WORKER_MAX; i++) {
        if (!self->outboxes[i])
            continue;
        troupe__outbox_close(self->outboxes[i]);
        free(self->outboxes[i]);
        self->outboxes[i] = NULL;
    }
    self->dirty = NULL;
    troupe__remotes_close(self);
    troupe__lanes_close(self);
    if (self->frame)
        troupe__frame_release(self->frame);
    self->frame = NULL;
    troupe__mutes_free(self);
    troupe__arena_free(&self->arena);
    troupe__slot_cache_close(&self->node->slots, &self->slots);
    troupe__pool_close(&self->actors);
    troupe__pool_close(&self->parcels);
}

static int
place_worker(troupe_t *node, struct troupe__worker *self)
{
    pthread_mutex_lock(&node->lock);
    uint32_t index = atomic_load(&node->worker_count);
    if (index <= TROUPE__WORKER_MAX)
        atomic_store(&node->worker_count, index + 1);
    pthread_mutex_unlock(&node->lock);
    if (index > TROUPE__WORKER_MAX)
        return -ENOSPC;
    self->index = index;
    return 0;
}

int
troupe__worker_new(troupe_t *node, bool is_port, bool is_own,
                   struct troupe__worker **ret_worker)
{
    struct troupe__worker *self = aligned_alloc(64, sizeof *self);
    CHECK(self);
    memset(self, 0, sizeof *self);
    self->node = node;
    self->is_port = is_port;
    self->is_own = is_own;
    self->actors.depot = &node->actor_depot;
    self->parcels.depot = &node->parcel_depot;
    self->ctx.worker = self;
    CHECK(pthread_mutex_init(&self->port_lock, NULL) == 0);
    int rc = place_worker(node, self);
    if (rc == 0)
        rc = troupe__lanes_open(self);
    if (rc == 0 && node->peers)
        rc = troupe__remotes_open(self);
    if (rc < 0) {
        troupe__lanes_close(self);
        free(self->lanes);
        free(self);
        return rc == -ENOSPC ? -EMFILE : rc;
    }
    self->random_state =
        troupe__mix(node->options.seed + self->index * UINT64_C(0x51));
    self->frame = troupe__frame_new();
    self->now = troupe__clock_ns(node);
    self->wheel.tick = self->now / TROUPE__TICK_NS;
    atomic_store(&self->idle, true);
    atomic_store(&self->next_due, UINT64_MAX);
    atomic_store_explicit(&node->workers[self->index], self,
                          memory_order_release);
    *ret_worker = self;
    return 0;
}

int
troupe__worker_start(struct troupe__worker *self)
{
    atomic_store(&self->idle, false);
    int rc = troupe__thread_start(&self->thread, worker_main, self);
    if (rc == 0)
        return 0;
    self->thread = 0;
    atomic_store(&self->idle, true);
    atomic_store(&self->finished, true);
    troupe__worker_clear(self);
    return rc;
}

void
troupe__worker_free(struct troupe__worker *self)
{
    pthread_mutex_destroy(&self->port_lock);
    free(self->lanes);
    free(self->asks.entries);
    free(self->tokens.entries);
    free(self->timers.entries);
    troupe__idmap_free(&self->token_of);
    troupe__idmap_free(&self->waiting);
    troupe__idmap_free(&self->mutes);
    free(self);
}
