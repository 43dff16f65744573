/* SPDX-License-Identifier: Apache-2.0 */
/* graph_reporter.c: what a run of a graph does, on standard error. */
#include <errno.h>
#include <string.h>

#include "troupe_actor.h"

#include "tools/graph_out.h"
#include "tools/progress.h"

/* On a terminal: one line, redrawn, and a line for each failure; else a line of
 * JSON for each event. */
struct reporter {
    bool terminal;
    bool drawn;
    uint64_t failed;
    uint64_t ended; /* tasks; items do not count */
    bool is_over;   /* all have */
    bool is_awaited;
    troupe_token_t token; /* of who waits for that */
};

/* One event; its texts are lent with the message. */
struct event {
    const char *event, *id, *state, *why;
    uint64_t task, attempts, ms, busy, ended, count;
};

static int
reporter_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    return troupe_unpack(msg, "{s:b}", "terminal",
                         &((struct reporter *) state)->terminal);
}

static void
clear(struct reporter *self)
{
    if (self->drawn)
        fputs("\r\033[K", stderr);
    self->drawn = false;
}

static bool
is_bad(const char *state)
{
    return strcmp(state, "failed") == 0 || strcmp(state, "timeout") == 0
           || strcmp(state, "lost") == 0;
}

static void
draw(struct reporter *self, const struct event *it)
{
    clear(self);
    if (is_bad(it->state)) {
        self->failed++;
        fprintf(stderr, "%s: %s: %s\n", it->id, it->state, it->why);
    }
    fprintf(stderr, "[%llu/%llu] %llu running", (unsigned long long) it->ended,
            (unsigned long long) it->count, (unsigned long long) it->busy);
    if (self->failed > 0)
        fprintf(stderr, ", %llu failed", (unsigned long long) self->failed);
    fprintf(stderr, "; %.60s %s", it->id, *it->state ? it->state : it->event);
    self->drawn = true;
    fflush(stderr);
}

static void
write_event(const struct event *it)
{
    json_t *line = json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "event", it->event, "task",
        it->id, "ms", (json_int_t) it->ms, "attempts",
        (json_int_t) it->attempts, "running", (json_int_t) it->busy, "ended",
        (json_int_t) it->ended, "tasks", (json_int_t) it->count);
    if (*it->state)
        json_object_set_new(line, "state", json_string(it->state));
    if (*it->why)
        json_object_set_new(line, "why", json_string(it->why));
    troupe__print_line(line);
}

/* The last of the tasks: nothing more comes. */
static int
look_at_end(troupe_context_t *ctx, struct reporter *self,
            const struct event *it)
{
    if (strcmp(it->event, "ended") != 0 || strchr(it->id, '['))
        return 0;
    self->is_over = ++self->ended >= it->count;
    if (!self->is_over || !self->is_awaited)
        return 0;
    clear(self);
    self->is_awaited = false;
    int rc = troupe_reply_to(ctx, &self->token, NULL);
    return rc == -ENOMSG ? 0 : rc; /* the asker has given up: fine */
}

/* "over" is answered when all has been told. */
static int
on_over(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct reporter *self = state;
    if (self->is_over) {
        clear(self);
        return troupe_reply(ctx, NULL);
    }
    self->is_awaited = true;
    return troupe_defer(ctx, &self->token);
}

static int
on_event(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct reporter *self = state;
    struct event it;
    int rc = troupe_unpack(
        msg, "{s:s, s:s, s:U, s:s, s:s, s:U, s:U, s:U, s:U, s:U}", "event",
        &it.event, "id", &it.id, "task", &it.task, "state", &it.state, "why",
        &it.why, "attempts", &it.attempts, "ms", &it.ms, "busy", &it.busy,
        "ended", &it.ended, "count", &it.count);
    if (rc < 0)
        return rc;
    if (self->terminal)
        draw(self, &it);
    else
        write_event(&it);
    return look_at_end(ctx, self, &it);
}

static void
reporter_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx, (void) reason;
    clear(state);
}

TROUPE_KIND(troupe__graph_reporter, struct reporter,
            TROUPE_ON_START(reporter_start), TROUPE_ON("graph.event", on_event),
            TROUPE_ON("over", on_over), TROUPE_ON_STOP(reporter_stop));
