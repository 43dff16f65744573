/* SPDX-License-Identifier: Apache-2.0 */
/* admin_clients.c: lines from and to the clients of the admin socket. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "troupe_events.h"

#include "tools/admin.h"
#include "tools/findings.h"

#define READ_SIZE (64 << 10)

struct troupe__client *
troupe__client_find(struct troupe__admin *self, uint64_t serial)
{
    for (size_t i = 0; i < TROUPE__CLIENTS_MAX; i++)
        if (self->clients[i].fd >= 0 && self->clients[i].serial == serial)
            return &self->clients[i];
    return NULL;
}

void
troupe__client_drop(troupe_context_t *ctx, struct troupe__client *client)
{
    if (ctx && client->events)
        (void) troupe_unwatch(ctx, client->fd);
    close(client->fd);
    free(client->in);
    free(client->out);
    json_decref(client->stop_id);
    if (client->page)
        troupe__pending_free(client->page);
    *client = (struct troupe__client){.fd = -1};
}

/* --- lines out --------------------------------------------------------------*/

void
troupe__client_say(struct troupe__client *client, json_t *line)
{
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    size_t size = text ? strlen(text) : 0;
    json_decref(line);
    if (!text)
        return;
    if (client->out_sent == client->out_size)
        client->out_sent = client->out_size = 0;
    char *out = realloc(client->out, client->out_size + size + 1);
    if (!out)
        abort();
    memcpy(out + client->out_size, text, size + 1);
    out[client->out_size + size] = '\n'; /* in place of the NUL */
    client->out = out;
    client->out_size += size + 1;
    free(text);
}

static json_t *
copy_id(const json_t *id)
{
    return id ? json_incref((json_t *) (uintptr_t) id) : json_null();
}

void
troupe__client_ok(struct troupe__client *client, const json_t *id, json_t *ok)
{
    troupe__client_say(client, json_pack("{s:o, s:o}", "id", copy_id(id), "ok",
                                         ok ? ok : json_object()));
}

void
troupe__client_error(struct troupe__client *client, const json_t *id, int code,
                     const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_t *words = json_string(text);
    if (!words)
        words = json_string(troupe_strerror(code));
    troupe__client_say(client,
                       json_pack("{s:o, s:{s:i, s:o}}", "id", copy_id(id),
                                 "error", "code", code, "text", words));
}

/* False: nobody is there any more. */
static bool
write_some(struct troupe__client *client)
{
    while (client->out_sent < client->out_size) {
        ssize_t size = send(client->fd, client->out + client->out_sent,
                            client->out_size - client->out_sent,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size < 0)
            return errno == EAGAIN || errno == EINTR;
        client->out_sent += (size_t) size;
    }
    return true;
}

/* --- lines in ---------------------------------------------------------------*/

static bool
is_full(const struct troupe__client *client)
{
    return client->asks >= TROUPE__ASKS_MAX || client->page
           || client->out_size - client->out_sent >= TROUPE__OUTPUT_FULL;
}

static void
refuse_line(struct troupe__client *client)
{
    troupe__client_error(client, NULL, -EMSGSIZE,
                         "a line is longer than %d bytes: send the request on "
                         "one line, and end it",
                         TROUPE__LINE_MAX);
    client->ends = true;
    client->in_size = 0;
}

/* Each whole line, as long as there is room for answers. */
static void
handle_lines(troupe_context_t *ctx, struct troupe__admin *self,
             struct troupe__client *client)
{
    size_t at = 0;
    uint64_t serial = client->serial;
    while (!is_full(client)) {
        char *line = client->in ? client->in + at : NULL;
        char *end = line ? memchr(line, '\n', client->in_size - at) : NULL;
        if (!end)
            break;
        at = (size_t) (end + 1 - client->in);
        if (end > line)
            troupe__request(ctx, self, client, line, (size_t) (end - line));
        if (client->fd < 0 || client->serial != serial)
            return;
    }
    client->in_size -= at;
    if (at > 0 && client->in)
        memmove(client->in, client->in + at, client->in_size);
    if (client->in_size >= TROUPE__LINE_MAX && !is_full(client))
        refuse_line(client);
}

static void
read_some(struct troupe__client *client)
{
    char *in = realloc(client->in, client->in_size + READ_SIZE);
    if (!in)
        abort();
    client->in = in;
    ssize_t size =
        recv(client->fd, in + client->in_size, READ_SIZE, MSG_DONTWAIT);
    if (size > 0)
        client->in_size += (size_t) size;
    else if (size == 0 || (errno != EAGAIN && errno != EINTR))
        client->ends = true;
}

static int
on_ready(troupe_context_t *ctx, void *state, int fd, short events)
{
    struct troupe__admin *self = *(struct troupe__admin **) state;
    struct troupe__client *client = NULL;
    for (size_t i = 0; i < TROUPE__CLIENTS_MAX; i++)
        if (self->clients[i].fd == fd)
            client = &self->clients[i];
    if (!client) {
        (void) troupe_unwatch(ctx, fd);
        return 0;
    }
    if (events & (POLLERR | POLLNVAL)) {
        troupe__client_drop(ctx, client);
        return 0;
    }
    if (events & POLLIN) {
        client->heard_ns = troupe_time_ns(ctx);
        read_some(client);
    } else if ((events & POLLHUP) && !(client->events & POLLOUT)) {
        troupe__client_drop(ctx, client);
        return 0;
    }
    troupe__client_turn(ctx, self, client);
    return 0;
}

/* Hears of what it can do something about. */
static void
watch(troupe_context_t *ctx, struct troupe__client *client)
{
    bool reads = !client->ends && !is_full(client);
    bool writes = client->out_sent < client->out_size;
    short events = (short) ((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
    if (events == client->events)
        return;
    if (events == 0)
        (void) troupe_unwatch(ctx, client->fd);
    else if (troupe_watch(ctx, client->fd, events, on_ready) < 0)
        events = 0;
    client->events = events;
}

void
troupe__client_turn(troupe_context_t *ctx, struct troupe__admin *self,
                    struct troupe__client *client)
{
    uint64_t serial = client->serial;
    handle_lines(ctx, self, client);
    if (client->fd < 0 || client->serial != serial)
        return;
    if (!write_some(client)) {
        troupe__client_drop(ctx, client);
        return;
    }
    bool has_room = client->out_size - client->out_sent < TROUPE__OUTPUT_FULL;
    if (client->page && has_room)
        troupe__request_more(ctx, self, client);
    bool is_written = client->out_sent == client->out_size;
    if (client->ends && is_written && client->asks == 0 && !client->page
        && !client->waits) {
        troupe__client_drop(ctx, client);
        return;
    }
    watch(ctx, client);
}
