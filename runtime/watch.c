/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c: descriptors that a worker looks at for its actors. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "runtime/handle.h"
#include "runtime/trace.h"

static struct troupe__watch *
find(const struct troupe__actor *actor, int fd)
{
    struct troupe__watch *at = actor->extra ? actor->extra->watches : NULL;
    while (at && at->fd != fd)
        at = at->next;
    return at;
}

int
troupe_watch(troupe_context_t *ctx, int fd, short events, troupe_ready_fn ready)
{
    CHECK(ctx);
    struct troupe__worker *self = ctx->worker;
    if (!ready || events == 0 || (events & ~(POLLIN | POLLOUT)) != 0
        || fcntl(fd, F_GETFD) < 0)
        return -EINVAL;
    struct troupe__watch *watch = find(ctx->actor, fd);
    if (!watch) {
        if (self->watch_count == TROUPE__WATCHES_MAX)
            return -ENOSPC;
        watch = troupe__alloc(sizeof *watch);
        watch->id = ++self->serial;
        watch->next = troupe__extra(ctx->actor)->watches;
        ctx->actor->extra->watches = watch;
        self->watches[self->watch_count++] = watch;
    }
    watch->actor = ctx->actor;
    watch->fd = fd;
    watch->events = events;
    watch->ready = ready;
    if (watch->is_called)
        return 0; /* nobody waits anew */
    (void) troupe_trace_get(ctx, &watch->trace);
    watch->of_start = ctx->actor->in_start;
    watch->has_come = false;
    return 0;
}

static void
watch_free(struct troupe__worker *self, struct troupe__actor *actor,
           struct troupe__watch *watch)
{
    struct troupe__watch **at = &actor->extra->watches;
    while (*at != watch)
        at = &(*at)->next;
    *at = watch->next;
    for (uint32_t i = 0; i < self->watch_count; i++)
        if (self->watches[i] == watch)
            self->watches[i] = self->watches[--self->watch_count];
    free(watch);
}

int
troupe_unwatch(troupe_context_t *ctx, int fd)
{
    CHECK(ctx);
    struct troupe__watch *watch = find(ctx->actor, fd);
    if (!watch)
        return -ENOENT;
    watch_free(ctx->worker, ctx->actor, watch);
    return 0;
}

/* Descriptors of actors that rest stay unheard until they go on. */
void
troupe__watches_list(const struct troupe__worker *self,
                     struct troupe__looks *ret_looks)
{
    ret_looks->count = 0;
    for (uint32_t i = 0; i < self->watch_count; i++) {
        const struct troupe__watch *watch = self->watches[i];
        if (watch->actor->muted_on > 0 || troupe__rests(watch->actor))
            continue;
        uint32_t at = ret_looks->count++;
        ret_looks->fds[at] = (struct pollfd){watch->fd, watch->events, 0};
        ret_looks->ids[at] = watch->id;
    }
}

static struct troupe__watch *
watch_of(const struct troupe__worker *self, uint64_t id)
{
    for (uint32_t i = 0; i < self->watch_count; i++)
        if (self->watches[i]->id == id)
            return self->watches[i];
    return NULL;
}

/* It would be ready, with nothing to read, for ever. */
static void
drop_closed(struct troupe__worker *self, struct troupe__watch *watch)
{
    char ref[TROUPE_REF_TEXT];
    struct troupe__actor *actor = watch->actor;
    troupe__log(self->node, TROUPE_LOG_WARNING,
                "%s %s: descriptor %d was closed while it was watched: "
                "the watch is dropped; call troupe_unwatch() before close()",
                actor->born->user->name, troupe_ref_text(actor->ref, ref),
                watch->fd);
    watch_free(self, actor, watch);
}

/* Whether something waits for it: not where it comes again and again, nor where
 * it was set by a start that is over. */
static bool
is_awaited(const struct troupe__watch *watch)
{
    return !watch->has_come && (!watch->of_start || watch->actor->in_start);
}

/* It may end its own watch. */
static void
call_ready(struct troupe__worker *self, struct troupe__watch *watch, int fd,
           short events)
{
    struct troupe__actor *actor = watch->actor;
    uint64_t id = watch->id;
    troupe_span_t span;
    troupe__context_begin(self, actor);
    troupe__run_mark(self, actor, "(ready)");
    if (is_awaited(watch))
        troupe__trace_call_begin(self, &watch->trace, &span);
    else
        troupe__trace_event_begin(self, &watch->trace, &span);
    watch->has_come = watch->is_called = true;
    int rc = watch->ready(&self->ctx, actor->state, fd, events);
    watch = watch_of(self, id);
    if (watch)
        watch->is_called = false;
    troupe__trace_call_end(self, &span, "ready", rc);
    troupe__context_end(self, actor, rc);
}

/* A callback may end other watches, and mute their actors. */
void
troupe__watches_ready(struct troupe__worker *self,
                      const struct troupe__looks *looks)
{
    for (uint32_t i = 0; i < looks->count; i++) {
        short events = looks->fds[i].revents;
        struct troupe__watch *watch =
            events ? watch_of(self, looks->ids[i]) : NULL;
        if (!watch || watch->actor->muted_on > 0 || troupe__rests(watch->actor))
            continue;
        if (events & POLLNVAL) {
            drop_closed(self, watch);
            continue;
        }
        call_ready(self, watch, looks->fds[i].fd, events);
    }
}

void
troupe__watches_drop(struct troupe__worker *self, struct troupe__actor *actor)
{
    while (actor->extra && actor->extra->watches)
        watch_free(self, actor, actor->extra->watches);
}
