/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn.c: a new actor, made by its spawner, begun by its worker.
 *
 * The spawner makes the block and publishes it in a slot before the start
 * message leaves, so that whoever learns of the ref finds the actor, even on
 * a way that overtakes the start: what comes before the start is parked.
 */
#include <errno.h>
#include <stdlib.h>

#include "mailbox/pack.h"
#include "runtime/care.h"

static const troupe_spawn_options_t no_options;

/* actors_max counts actors, not slots, which workers hold ready in batches. */
static bool
place_enter(troupe_t *node)
{
    uint32_t max = node->options.actors_max;
    if (max == 0 || atomic_fetch_add(&node->places, 1) < max)
        return true;
    atomic_fetch_sub(&node->places, 1);
    return false;
}

/* An actor is gone: its place is free, and perhaps its own thread is. */
void
troupe__place_leave(troupe_t *node, uint32_t index)
{
    struct troupe__worker *worker = atomic_load(&node->workers[index]);
    if (node->options.actors_max)
        atomic_fetch_sub(&node->places, 1);
    if (!worker->is_own || --worker->tenants > 0)
        return;
    pthread_mutex_lock(&node->lock);
    worker->next_idle = node->idle_own;
    node->idle_own = worker;
    pthread_mutex_unlock(&node->lock);
}

static int
own_thread(troupe_t *node, uint32_t *ret_worker)
{
    struct troupe__worker *worker = NULL;
    pthread_mutex_lock(&node->lock);
    worker = node->idle_own;
    if (worker)
        node->idle_own = worker->next_idle;
    pthread_mutex_unlock(&node->lock);
    if (!worker) {
        int rc = troupe__worker_new(node, false, true, &worker);
        if (rc == 0)
            rc = troupe__worker_start(worker);
        if (rc < 0)
            return -EIO;
    }
    worker->tenants = 1;
    *ret_worker = worker->index;
    return 0;
}

static int
choose_worker(struct troupe__worker *self,
              const troupe_spawn_options_t *options, uint32_t *ret_worker)
{
    troupe_t *node = self->node;
    troupe_place_t place = options->place;
    if (place == TROUPE_PLACE_DEFAULT)
        place = self->is_port || self->is_own ? TROUPE_SPREAD : TROUPE_NEAR;
    switch (place) {
    case TROUPE_NEAR:
        if (!self->is_port) {
            self->tenants++;
            *ret_worker = self->index;
            return 0;
        }
        /* A thread has no worker of its own. */
        __attribute__((fallthrough));
    case TROUPE_SPREAD:
        *ret_worker = atomic_fetch_add_explicit(&node->next_spread, 1,
                                                memory_order_relaxed)
                      % node->regular;
        return 0;
    case TROUPE_WORKER:
        *ret_worker = options->worker;
        return options->worker < node->regular ? 0 : -EINVAL;
    case TROUPE_OWN_THREAD:
        return own_thread(node, ret_worker);
    case TROUPE_PLACE_DEFAULT:
        break;
    }
    return -EINVAL;
}

/* Where the actor will be; only a bad argument or a limit can be in the way. */
static int
place_take(struct troupe__worker *self, const troupe_spawn_options_t *options,
           uint32_t *ret_worker, uint32_t *ret_slot)
{
    troupe_t *node = self->node;
    if (!place_enter(node))
        return -ENOSPC;
    bool slot = troupe__slot_take(&node->slots, &self->slots, ret_slot);
    int rc = slot ? choose_worker(self, options, ret_worker) : -ENOSPC;
    if (rc == 0)
        return 0;
    if (slot)
        troupe__slot_give(&node->slots, &self->slots, *ret_slot);
    if (node->options.actors_max)
        atomic_fetch_sub(&node->places, 1);
    return rc;
}

static uint32_t
first_set(uint32_t one, uint32_t two, uint32_t three)
{
    return one ? one : two ? two : three;
}

static void
set_limits(struct troupe__actor *actor, const troupe_limits_t *given,
           const troupe_limits_t *kind, const troupe_limits_t *node)
{
    __atomic_store_n(
        &actor->messages_max,
        first_set(given->messages_max, kind->messages_max, node->messages_max),
        __ATOMIC_RELAXED);
    __atomic_store_n(
        &actor->bytes_max,
        first_set(given->bytes_max, kind->bytes_max, node->bytes_max),
        __ATOMIC_RELAXED);
    __atomic_store_n(
        &actor->overflow,
        (uint8_t) first_set(given->overflow, kind->overflow, node->overflow),
        __ATOMIC_RELAXED);
}

/* Fields that others may read are stored as atomics even here: the block may
 * have been another actor's a moment ago. */
struct troupe__actor *
troupe__actor_new(struct troupe__worker *self, const struct troupe__kind *kind)
{
    size_t state_size = kind->user->state_size;
    size_t size = sizeof(struct troupe__actor) + state_size;
    bool inside = size <= TROUPE__POOL_LARGEST;
    if (!inside)
        size = sizeof(struct troupe__actor);
    struct troupe__actor *actor = troupe__pool_get(&self->actors, size);
    actor->kind = actor->born = kind;
    actor->state = inside ? (void *) (actor + 1) : troupe__alloc(state_size);
    actor->extra = NULL;
    actor->queue_next = NULL;
    __atomic_store_n(&actor->parent.id, 0, __ATOMIC_RELAXED);
    actor->mailbox.first = actor->mailbox.last = NULL;
    actor->muted_on = 0;
    actor->turn = 0;
    actor->turn_ticks = 0;
    actor->block_size = (uint16_t) size;
    actor->direct = actor->queued = actor->full = actor->fast = false;
    actor->suspended = true;
    actor->resting = false;
    actor->ending = actor->in_start = actor->root = false;
    actor->orphaned = actor->begun = false;
    actor->pushed = 0;
    actor->child_events = 0;
    atomic_store_explicit(&actor->mailbox.count, 0, memory_order_relaxed);
    atomic_store_explicit(&actor->mailbox.size, 0, memory_order_relaxed);
    atomic_store_explicit(&actor->mailbox.since, 0, memory_order_relaxed);
    atomic_store_explicit(&actor->status, TROUPE_STATUS_STARTING,
                          memory_order_relaxed);
    atomic_store_explicit(&actor->incarnation, 1, memory_order_relaxed);
    atomic_store_explicit(&actor->kind_seen, kind, memory_order_relaxed);
    atomic_store_explicit(&actor->received, 0, memory_order_relaxed);
    atomic_store_explicit(&actor->handled, 0, memory_order_relaxed);
    atomic_store_explicit(&actor->ticks, 0, memory_order_relaxed);
    atomic_store_explicit(&actor->failed, 0, memory_order_relaxed);
    atomic_store_explicit(&actor->dropped, 0, memory_order_relaxed);
    return actor;
}

void
troupe__actor_free(struct troupe__worker *self, struct troupe__actor *actor)
{
    if (actor->state != (void *) (actor + 1))
        free(actor->state);
    if (actor->extra) {
        free(actor->extra->names);
        free(actor->extra->care);
    }
    free(actor->extra);
    troupe__pool_put(&self->actors, actor, actor->block_size);
}

/* The actor knows its name before anyone can find it by it. */
static int
keep_name(struct troupe__actor *actor, const char *name)
{
    if (!name)
        return 0;
    if (!troupe__name_is_valid(name))
        return -EINVAL;
    struct troupe__extra *extra = troupe__extra(actor);
    extra->names = troupe__alloc(sizeof *extra->names);
    extra->names[0] = troupe__strdup(name);
    extra->name_count = 1;
    return 0;
}

/* A thread's actors are the roots; a stop begins with the last of them. */
static void
add_root(troupe_t *node, struct troupe__actor *actor)
{
    actor->root = true;
    pthread_mutex_lock(&node->lock);
    troupe__idmap_set(&node->roots, actor->ref.id, ++node->root_serial);
    pthread_mutex_unlock(&node->lock);
}

void
troupe__root_remove(troupe_t *node, troupe_ref_t ref)
{
    pthread_mutex_lock(&node->lock);
    troupe__idmap_remove(&node->roots, ref.id, NULL);
    pthread_mutex_unlock(&node->lock);
}

static void
tie(struct troupe__actor *parent, struct troupe__actor *actor,
    const troupe_spawn_options_t *options)
{
    if (options->supervised) {
        __atomic_store_n(&actor->parent.id, parent->ref.id, __ATOMIC_RELAXED);
        troupe__idmap_set(&troupe__extra(parent)->children, actor->ref.id, 1);
    }
    if (options->linked) {
        troupe__idmap_set(&troupe__extra(parent)->links, actor->ref.id, 1);
        troupe__idmap_set(&troupe__extra(actor)->links, parent->ref.id, 1);
    }
}

static void
untie(struct troupe__actor *parent, struct troupe__actor *actor)
{
    if (parent->extra) {
        troupe__idmap_remove(&parent->extra->children, actor->ref.id, NULL);
        troupe__idmap_remove(&parent->extra->links, actor->ref.id, NULL);
    }
    if (actor->extra)
        troupe__idmap_free(&actor->extra->links);
}

static int
send_start(struct troupe__worker *self, struct troupe__actor *parent,
           struct troupe__actor *actor, const char *format, va_list *args)
{
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_START, actor->ref, parent->ref, "start");
    envelope.trace = self->ctx.trace;
    return troupe__emit(self, &envelope, format, args);
}

/*
 * From the moment that its name is known the actor is its worker's: nothing
 * may fail any more then, so its arguments are written down first.
 */
static int
send_named_start(struct troupe__worker *self, struct troupe__actor *parent,
                 struct troupe__actor *actor,
                 const troupe_spawn_options_t *options, const char *format,
                 va_list *args)
{
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_START, actor->ref, parent->ref, "start");
    envelope.trace = self->ctx.trace;
    struct troupe__buffer body = {0};
    int rc = troupe__pack(&body, format, args);
    if (rc == 0
        && body.size + WIRE_HEADER_MAX > self->node->options.message_size_max)
        rc = -EMSGSIZE;
    if (rc == 0 && options->unlisted)
        troupe__name_show(self->node, options->name, actor->ref);
    else if (rc == 0)
        rc = troupe__name_claim(self->node, options->name, actor->ref);
    if (rc == 0)
        CHECK(troupe__emitf(self, &envelope, "r", body.data, body.size) == 0);
    troupe__buffer_free(&body);
    return rc;
}

static void
undo(struct troupe__worker *self, struct troupe__actor *parent,
     struct troupe__actor *actor)
{
    untie(parent, actor);
    if (actor->root)
        troupe__root_remove(self->node, actor->ref);
    if (actor->extra && actor->extra->name_count > 0)
        free(actor->extra->names[0]);
    troupe__place_leave(self->node, troupe__ref_worker(actor->ref));
    troupe__slot_give(&self->node->slots, &self->slots,
                      troupe__ref_slot(actor->ref));
    troupe__actor_free(self, actor);
}

void
troupe__actor_publish(struct troupe__worker *self, struct troupe__actor *actor,
                      uint32_t worker, uint32_t slot)
{
    struct troupe__slot *at = troupe__slot_at(&self->node->slots, slot);
    uint32_t generation =
        atomic_load_explicit(&at->generation, memory_order_relaxed);
    actor->ref = troupe__ref_make(self->node->id, worker, generation, slot);
    atomic_store_explicit(&at->worker, (uint16_t) worker, memory_order_relaxed);
    atomic_store_explicit(&at->is_guest,
                          actor->born->user == &troupe__thread_kind,
                          memory_order_relaxed);
    atomic_store_explicit(&at->actor, actor, memory_order_release);
}

int
troupe__spawn(struct troupe__worker *self, struct troupe__actor *parent,
              const troupe_kind_t *user, const troupe_spawn_options_t *options,
              troupe_ref_t *ret_ref, const char *format, va_list *args)
{
    troupe_t *node = self->node;
    const struct troupe__kind *kind = NULL;
    uint32_t worker = 0, slot = 0;
    options = options ? options : &no_options;
    if (atomic_load_explicit(&node->stopping, memory_order_relaxed))
        return -ESHUTDOWN;
    int rc = troupe__kind_of(&node->kinds, user, &kind);
    if (rc == 0
        && (options->mailbox.overflow > TROUPE_OVERFLOW_DROP_OLDEST
            || options->delivery.mode > TROUPE_AT_LEAST_ONCE))
        rc = -EINVAL;
    if (rc < 0)
        return rc;
    rc = place_take(self, options, &worker, &slot);
    if (rc < 0)
        return rc;
    struct troupe__actor *actor = troupe__actor_new(self, kind);
    if (options->incarnation > 0)
        atomic_store_explicit(&actor->incarnation, options->incarnation,
                              memory_order_relaxed);
    set_limits(actor, &options->mailbox, &user->mailbox,
               &node->options.mailbox);
    troupe__care_take(actor, options);
    troupe__actor_publish(self, actor, worker, slot);
    troupe_ref_t ref = actor->ref; /* it may be gone when it has begun */
    tie(parent, actor, options);
    rc = keep_name(actor, options->name);
    /* A stop on another thread may reach it from here on. */
    if (self->is_port)
        add_root(node, actor);
    if (rc == 0 && options->name)
        rc = send_named_start(self, parent, actor, options, format, args);
    else if (rc == 0)
        rc = send_start(self, parent, actor, format, args);
    if (rc < 0) {
        undo(self, parent, actor);
        return rc;
    }
    BUMP(self->counters.spawned);
    BUMP(self->kinds[kind->index].spawned);
    if (ret_ref)
        *ret_ref = ref;
    return 0;
}

int
troupe_spawn(troupe_context_t *ctx, const troupe_kind_t *kind,
             const troupe_spawn_options_t *options, troupe_ref_t *ret_ref,
             const char *format, ...)
{
    CHECK(ctx);
    va_list args;
    va_start(args, format);
    int rc = troupe__spawn(ctx->worker, ctx->actor, kind, options, ret_ref,
                           format, &args);
    va_end(args);
    return rc;
}
