/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spans.c: the actor that takes spans and hands them on. Events, links and
 * notes wait for the end of their span; ended spans wait for notes that come by
 * another way, until the second tick or until there are many; then they go, a
 * batch at a time, into the file and to the collector, one post at a time. What
 * waits is bounded: beyond that spans are dropped, and counted.
 */
#include "actors/spans.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mailbox/check.h"

#define TIMEOUT_MS 10000
#define TICK       "(tick)"
#define TICK_MS    500
#define NS_PER_S   INT64_C(1000000000)

/* What cannot be read is a stranger's, and none. */
static int
on_span(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct spans *self = state;
    struct otlp_item span;
    if (!troupe__otlp_read(msg, OTLP_SPAN, &span))
        return 0;
    troupe__spans_end(self, &span);
    if (self->text.size > SPANS_BYTES)
        return troupe__spans_send(ctx, self, self->ended_count);
    if (self->ended_count >= SPANS_ENDED)
        return troupe__spans_send(ctx, self, SPANS_BATCH);
    if (self->is_ticking)
        return 0;
    self->is_ticking = true;
    return troupe_timer_set(ctx, TICK, TICK_MS, 0);
}

static int
take_part(struct spans *self, const troupe_message_t *msg, enum otlp_what what)
{
    struct otlp_item part;
    if (troupe__otlp_read(msg, what, &part))
        troupe__spans_add(self, &part);
    return 0;
}

static int
on_event(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    return take_part(state, msg, OTLP_EVENT);
}

static int
on_link(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    return take_part(state, msg, OTLP_LINK);
}

static int
on_note(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    return take_part(state, msg, OTLP_NOTE);
}

static int
on_lost(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct spans *self = state;
    uint64_t count = 0;
    (void) ctx;
    if (troupe_unpack(msg, "[U]", &count) == 0) {
        self->count += count;
        troupe__spans_lose(self, count, "%s%s", "there were too many at once",
                           "");
    }
    return 0;
}

static int
on_tick(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct spans *self = state;
    (void) msg;
    int rc = troupe__spans_send(ctx, self, self->ended_old);
    self->ended_old = self->ended_count;
    self->is_ticking = self->ended_count > 0;
    return rc == 0 && self->is_ticking ? troupe_timer_set(ctx, TICK, TICK_MS, 0)
                                       : rc;
}

/* --- its start and end ------------------------------------------------------*/

static int64_t
ns_of(clockid_t clock)
{
    struct timespec at;
    clock_gettime(clock, &at);
    return at.tv_sec * NS_PER_S + at.tv_nsec;
}

static char *
copy(const char *text)
{
    return text ? troupe__strdup(text) : NULL;
}

static int
read_resource(const troupe_message_t *msg, const char *service,
              struct spans *self)
{
    msgpack_object body;
    const msgpack_object *more = NULL;
    if (troupe_message_object(msg, &body) < 0)
        return -EBADMSG;
    for (uint32_t i = 0; i < body.via.map.size; i++) {
        const msgpack_object_kv *it = &body.via.map.ptr[i];
        if (it->key.via.str.size == 8
            && memcmp(it->key.via.str.ptr, "resource", 8) == 0)
            more = &it->val;
    }
    self->resource = troupe__otlp_resource(service, more);
    return 0;
}

/* What fails to start is not stopped. */
static void
clear(struct spans *self)
{
    if (self->file)
        fclose(self->file);
    free(self->resource);
    free(self->path);
    free(self->url);
    free(self->headers_env);
    free(self->hearing);
}

static int
spans_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct spans *self = state;
    const char *service = NULL, *path = NULL, *url = NULL, *env = NULL;
    uint64_t timeout_ms = TIMEOUT_MS;
    int handlers = 0, append = 0;
    int rc = troupe_unpack(
        msg, "{s:s, s?s?, s?b, s?R, s?s?, s?s?, s?U, s?b}", "service", &service,
        "path", &path, "append", &append, "http", &self->http, "url", &url,
        "headers_env", &env, "timeout_ms", &timeout_ms, "handlers", &handlers);
    if (rc < 0 || timeout_ms < 1 || timeout_ms > UINT32_MAX / 2
        || (url && troupe_ref_is_nobody(self->http))
        || read_resource(msg, service, self) < 0)
        return troupe_fail(ctx, -EINVAL,
                           "spans want what troupe_spans.h lists");
    uint64_t now_ns = troupe_now_ns(troupe_context_node(ctx));
    self->clock.ahead_ns = ns_of(CLOCK_REALTIME) - (int64_t) now_ns;
    self->timeout_ms = (uint32_t) timeout_ms;
    self->path = copy(path);
    self->url = copy(url);
    self->headers_env = copy(env);
    troupe_retry_init(&self->retry, NULL);
    rc = path ? troupe__spans_open(self, append) : 0;
    if (rc < 0) {
        clear(self);
        return troupe_fail(ctx, rc, "%s: %s", path, troupe_strerror(rc));
    }
    rc = troupe_register(ctx, TROUPE_SPANS);
    if (rc == 0 && handlers)
        rc = troupe_register(ctx, TROUPE_SPANS_OF_HANDLERS);
    if (rc < 0)
        clear(self);
    return rc;
}

/* Whoever wants all of them has asked "flush" before. */
static void
spans_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct spans *self = state;
    uint64_t left = self->url ? self->ended_count : 0;
    (void) reason;
    free(self->url);
    self->url = NULL; /* the file gets all of it */
    (void) troupe__spans_send(ctx, self, self->ended_count);
    troupe__spans_forget(self);
    while (self->first) {
        struct spans_batch *batch = self->first;
        self->first = batch->next;
        left += batch->count;
        troupe__text_free(&batch->text);
        free(batch);
    }
    if (left > 0) {
        troupe_log(ctx, TROUPE_LOG_WARNING,
                   "%llu spans were not sent: nobody waits for the collector",
                   (unsigned long long) left);
    }
    clear(self);
}

TROUPE_KIND(troupe_spans, struct spans, TROUPE_ON_START(spans_start),
            TROUPE_ON("span", on_span), TROUPE_ON("event", on_event),
            TROUPE_ON("link", on_link), TROUPE_ON("note", on_note),
            TROUPE_ON("lost", on_lost), TROUPE_ON(TICK, on_tick),
            TROUPE_ON("hear", troupe__spans_hear),
            TROUPE_ON("flush", troupe__spans_flush),
            TROUPE_ON(SPANS_HEARD, troupe__spans_heard),
            TROUPE_ON_DOWN(troupe__spans_down), TROUPE_ON_STOP(spans_stop));
