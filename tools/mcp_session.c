/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcp_session.c: the actor that serves one client of `troupe mcp`.
 *
 * It reads lines, answers them, and never waits: not for calls, which run on
 * helper threads and answer by message, and not for the client, for whom
 * output waits here while it does not read. Then nothing more is read from it,
 * either, so that what waits is bounded.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/findings.h"
#include "tools/mcp_session.h"

#define LINE_MAX_BYTES (16u << 20)
#define READ_SIZE      65536
#define WRITE_SIZE     4096 /* a pipe that is ready takes so much: pipe(7) */
#define WRITES_MAX     64   /* in one turn */
#define OUT_MAX        (4u << 20) /* waits for the client: then nothing is read */
#define DIGITS         15         /* of numbers: what is written comes back */
#define END_MS         5000       /* for what runs, once the input is over */

/* A process serves one client; actors get no other way to it. */
static const struct troupe__mcp_options *standing;

void
troupe__mcp_serve(const struct troupe__mcp_options *options)
{
    standing = options;
}

/* --- out --------------------------------------------------------------------*/

static void
buffer_need(struct troupe__mcp_buffer *self, size_t size)
{
    if (self->start > 0 && self->start * 2 >= self->end) {
        memmove(self->bytes, self->bytes + self->start,
                self->end - self->start);
        self->end -= self->start;
        self->start = 0;
    }
    if (self->size - self->end >= size)
        return;
    size_t wanted = (self->end + size) * 2;
    char *bytes = troupe__grab(wanted);
    if (self->end > self->start)
        memcpy(bytes, self->bytes + self->start, self->end - self->start);
    self->end -= self->start;
    self->start = 0;
    self->size = wanted;
    free(self->bytes);
    self->bytes = bytes;
}

static size_t
waits(const struct troupe__mcp_buffer *self)
{
    return self->end - self->start;
}

/* Write what can be without waiting: 0, or -EPIPE when nobody reads. */
static int
drain(struct troupe__mcp_session *self)
{
    struct troupe__mcp_buffer *out = &self->out;
    struct pollfd ready = {.fd = self->out_fd, .events = POLLOUT};
    for (int i = 0; i < WRITES_MAX && waits(out) > 0; i++) {
        size_t size = waits(out) < WRITE_SIZE ? waits(out) : WRITE_SIZE;
        if (poll(&ready, 1, 0) <= 0)
            return 0;
        ssize_t done = write(self->out_fd, out->bytes + out->start, size);
        if (done < 0 && errno != EAGAIN && errno != EINTR)
            return -EPIPE;
        out->start += done > 0 ? (size_t) done : 0;
    }
    return 0;
}

static int on_input(troupe_context_t *ctx, void *state, int fd, short events);
static int finish_input(troupe_context_t *ctx,
                        struct troupe__mcp_session *self);

static int take_lines(troupe_context_t *ctx, struct troupe__mcp_session *self,
                      size_t looked);

static int on_output(troupe_context_t *ctx, void *state, int fd, short events);

/* Write, and look at the output again when there is more of it; when there is
 * too much nothing is read, until on_output() finds it gone. */
static int
flush(troupe_context_t *ctx, struct troupe__mcp_session *self)
{
    int rc = 0;
    if (!self->is_alone && drain(self) < 0) {
        self->is_alone = true;
        rc = finish_input(ctx, self);
    }
    if (self->is_alone)
        self->out.start = self->out.end;
    bool more = waits(&self->out) > 0 || self->rests;
    if (rc == 0 && more && !self->watches)
        rc = troupe_watch(ctx, self->out_fd, POLLOUT, on_output);
    if (!more && self->watches)
        (void) troupe_unwatch(ctx, self->out_fd);
    self->watches = more;
    if (waits(&self->out) > OUT_MAX && !self->rests && !self->is_over) {
        (void) troupe_unwatch(ctx, self->in_fd);
        self->rests = true;
    }
    return rc;
}

static int
on_output(troupe_context_t *ctx, void *state, int fd, short events)
{
    (void) fd, (void) events;
    struct troupe__mcp_session *self = state;
    int rc = flush(ctx, self);
    if (rc == 0 && self->rests && waits(&self->out) <= OUT_MAX / 2) {
        self->rests = false;
        if (!self->is_over)
            rc = troupe_watch(ctx, self->in_fd, POLLIN, on_input);
        if (rc == 0)
            rc = take_lines(ctx, self, 0);
        if (rc == 0)
            rc = flush(ctx, self);
    }
    return rc == 0 ? troupe__mcp_look(ctx, self) : rc;
}

int
troupe__mcp_write(troupe_context_t *ctx, struct troupe__mcp_session *self,
                  json_t *message)
{
    char *text =
        json_dumps(message, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
    size_t size = text ? strlen(text) : 0;
    json_decref(message);
    if (text && !self->is_alone) {
        buffer_need(&self->out, size + 1);
        memcpy(self->out.bytes + self->out.end, text, size);
        self->out.bytes[self->out.end + size] = '\n';
        self->out.end += size + 1;
    }
    free(text);
    return flush(ctx, self);
}

/* --- in ---------------------------------------------------------------------*/

static int
refuse_long(troupe_context_t *ctx, struct troupe__mcp_session *self)
{
    self->skips = true;
    self->in.start = self->in.end = 0;
    return troupe__mcp_refuse(ctx, self, NULL, NULL, TROUPE__MCP_PARSE_ERROR,
                              "a line of more than %u bytes; send less at once",
                              LINE_MAX_BYTES);
}

/* The lines that are there; `looked` bytes are known to have no end of one. */
static int
take_lines(troupe_context_t *ctx, struct troupe__mcp_session *self,
           size_t looked)
{
    struct troupe__mcp_buffer *in = &self->in;
    int rc = 0;
    while (rc == 0 && waits(in) > looked && !self->rests && !self->is_over) {
        char *line = in->bytes + in->start;
        char *end = memchr(line + looked, '\n', waits(in) - looked);
        if (!end)
            break;
        in->start += (size_t) (end - line) + 1;
        if (!self->skips)
            rc = troupe__mcp_line(ctx, self, line, (size_t) (end - line));
        self->skips = false;
        looked = 0;
    }
    if (self->skips)
        in->start = in->end = 0;
    if (rc == 0 && waits(in) > LINE_MAX_BYTES && !self->rests)
        rc = refuse_long(ctx, self);
    return rc;
}

static int
on_time(troupe_context_t *ctx, void *state, void *data)
{
    struct troupe__mcp_session *self = state;
    (void) data;
    self->is_alone = true; /* the client had its time */
    self->out.start = self->out.end;
    troupe__mcp_calls_free(self);
    return troupe__mcp_look(ctx, self);
}

/* No more comes: what runs is cancelled, and what is written goes out. */
static int
finish_input(troupe_context_t *ctx, struct troupe__mcp_session *self)
{
    if (self->is_over)
        return 0;
    self->is_over = true;
    if (!self->rests)
        (void) troupe_unwatch(ctx, self->in_fd);
    (void) troupe_unwatch(ctx, self->interrupt_fd);
    troupe__mcp_cancel_all(self);
    return troupe_call_after(ctx, END_MS, on_time, NULL, NULL, NULL);
}

static int
end_input(troupe_context_t *ctx, struct troupe__mcp_session *self)
{
    struct troupe__mcp_buffer *in = &self->in;
    int rc = 0;
    if (waits(in) > 0 && !self->skips)
        rc = troupe__mcp_line(ctx, self, in->bytes + in->start, waits(in));
    in->start = in->end = 0;
    if (rc == 0)
        rc = finish_input(ctx, self);
    return rc == 0 ? troupe__mcp_look(ctx, self) : rc;
}

static int
on_input(troupe_context_t *ctx, void *state, int fd, short events)
{
    (void) events;
    struct troupe__mcp_session *self = state;
    size_t looked = waits(&self->in);
    buffer_need(&self->in, READ_SIZE);
    ssize_t size = read(fd, self->in.bytes + self->in.end, READ_SIZE);
    if (size < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (size <= 0)
        return end_input(ctx, self);
    self->in.end += (size_t) size;
    int rc = take_lines(ctx, self, looked);
    return rc == 0 ? troupe__mcp_look(ctx, self) : rc;
}

static int
on_interrupt(troupe_context_t *ctx, void *state, int fd, short events)
{
    (void) fd, (void) events;
    int rc = finish_input(ctx, state);
    return rc == 0 ? troupe__mcp_look(ctx, state) : rc;
}

/* --- the actor --------------------------------------------------------------*/

int
troupe__mcp_look(troupe_context_t *ctx, struct troupe__mcp_session *self)
{
    if (!self->is_over || self->calls || waits(&self->out) > 0)
        return 0;
    int rc = troupe_reply_to(ctx, &self->served, NULL);
    return rc < 0 && rc != -ENOMSG ? rc : TROUPE_STOP;
}

static int
on_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct troupe__mcp_session *self = state;
    self->options = standing;
    self->level = TROUPE__MCP_WARNING;
    return troupe_unpack(msg, "{s:i, s:i, s:i}", "in", &self->in_fd, "out",
                         &self->out_fd, "interrupt", &self->interrupt_fd)
                   < 0
               ? troupe_fail(ctx, -EINVAL, "a session wants in, out, interrupt")
               : 0;
}

static int
on_serve(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct troupe__mcp_session *self = state;
    (void) msg;
    int rc = troupe_defer(ctx, &self->served);
    if (rc == 0)
        rc = troupe_watch(ctx, self->in_fd, POLLIN, on_input);
    if (rc == 0)
        rc = troupe_watch(ctx, self->interrupt_fd, POLLIN, on_interrupt);
    return rc;
}

static void
on_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct troupe__mcp_session *self = state;
    (void) ctx, (void) reason;
    troupe__mcp_calls_free(self);
    free(self->in.bytes);
    free(self->out.bytes);
}

TROUPE_KIND(troupe__mcp_session, struct troupe__mcp_session,
            TROUPE_ON_START(on_start), TROUPE_ON("serve", on_serve),
            TROUPE_ON("progress", troupe__mcp_progress),
            TROUPE_ON_STOP(on_stop));
