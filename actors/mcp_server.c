/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_server.c: an MCP server as a child, and what it writes. */
#include "actors/mcp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mailbox/check.h"

#define READ_SIZE   65536
#define WAITS_MAX   (1u << 20) /* bytes that it does not read */
#define WORDS_MAX   512        /* of its errors, the last ones */
#define FLOOD_TIMES 8          /* size_max, written without any answer */
#define GENTLE_MS   200        /* to end when its input is closed */
#define TERM_MS     300        /* and after TERM */
#define CLOSED_MS   300        /* from the end of its output to its own */

static void
shut(troupe_context_t *ctx, int *fd)
{
    if (*fd < 0)
        return;
    (void) troupe_unwatch(ctx, *fd);
    close(*fd);
    *fd = -1;
}

/* --- what it writes ---------------------------------------------------------*/

static int
take_lines(troupe_context_t *ctx, struct mcp_engine *self, size_t looked)
{
    struct troupe__text *line = &self->server.line;
    size_t start = 0;
    int rc = 0;
    while (rc == 0 && looked < line->size) {
        char *end = memchr(line->data + looked, '\n', line->size - looked);
        if (!end)
            break;
        size_t size = (size_t) (end - line->data) - start;
        rc = troupe__mcp_heard(ctx, self, line->data + start, size);
        start += size + 1;
        looked = start;
    }
    if (start > 0) {
        memmove(line->data, line->data + start, line->size - start);
        line->size -= start;
        line->data[line->size] = '\0';
    }
    if (rc == 0 && line->size > self->size_max) {
        rc = troupe_fail(ctx, -EMSGSIZE,
                         "its server wrote a message of more than %llu bytes",
                         (unsigned long long) self->size_max);
    }
    if (rc == 0 && self->unasked > self->size_max * FLOOD_TIMES) {
        rc = troupe_fail(ctx, -EMSGSIZE,
                         "its server wrote %llu bytes without an answer",
                         (unsigned long long) self->unasked);
    }
    return rc;
}

static int
on_closed(troupe_context_t *ctx, void *state, void *data)
{
    (void) state, (void) data;
    return troupe_fail(ctx, -EPIPE, "its server closed its output");
}

/* Its end is told by its pidfd, soon; else it has only closed its output. */
static int
end_output(troupe_context_t *ctx, struct mcp_engine *self)
{
    shut(ctx, &self->server.out);
    return troupe_call_after(ctx, CLOSED_MS, on_closed, NULL, NULL, NULL);
}

/* One piece; 1 when there was one, 0 when not, or as a handler returns. */
static int
read_piece(troupe_context_t *ctx, struct mcp_engine *self)
{
    struct troupe__text *line = &self->server.line;
    size_t looked = line->size;
    char *room = troupe__text_room(line, READ_SIZE);
    ssize_t size = read(self->server.out, room, READ_SIZE);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (size <= 0)
        return end_output(ctx, self);
    line->size += (size_t) size;
    line->data[line->size] = '\0';
    self->unasked += (uint64_t) size;
    int rc = take_lines(ctx, self, looked);
    return rc == 0 ? 1 : rc;
}

static int
on_output(troupe_context_t *ctx, void *state, int fd, short events)
{
    (void) fd, (void) events;
    int rc = read_piece(ctx, state);
    return rc < 0 ? rc : 0;
}

static void
read_errors(struct mcp_server *self, ssize_t *ret_size)
{
    char buffer[4096];
    *ret_size = read(self->err, buffer, sizeof buffer);
    if (*ret_size <= 0)
        return;
    struct troupe__text *words = &self->words;
    troupe__text_put(words, buffer, (size_t) *ret_size);
    if (words->size > WORDS_MAX) {
        memmove(words->data, words->data + words->size - WORDS_MAX, WORDS_MAX);
        words->size = WORDS_MAX;
        words->data[WORDS_MAX] = '\0';
    }
}

static int
on_errors(troupe_context_t *ctx, void *state, int fd, short events)
{
    (void) fd, (void) events;
    struct mcp_engine *self = state;
    ssize_t size = 0;
    read_errors(&self->server, &size);
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
        shut(ctx, &self->server.err);
    return 0;
}

/* The last line that it wrote to its errors, cleaned; "" for none. */
static const char *
last_words(struct mcp_server *self)
{
    ssize_t size = 1;
    while (self->err >= 0 && size > 0)
        read_errors(self, &size);
    struct troupe__text *words = &self->words;
    while (words->size > 0
           && (unsigned char) words->data[words->size - 1] <= ' ')
        words->data[--words->size] = '\0';
    char *line = words->size > 0 ? strrchr(words->data, '\n') : NULL;
    line = line ? line + 1 : words->data;
    for (char *at = line; at && *at; at++)
        if ((unsigned char) *at < ' ' || (unsigned char) *at >= 0x7f)
            *at = '?';
    return line ? line : "";
}

/* What is left of the group goes while the zombie keeps its number. */
static void
reap(struct mcp_server *self, siginfo_t *ret_info)
{
    kill(-self->pid, SIGKILL);
    *ret_info = (siginfo_t){0};
    while (waitid(P_PIDFD, (id_t) self->pidfd, ret_info, WEXITED) < 0
           && errno == EINTR)
        continue;
    self->pid = 0;
}

static int
on_end(troupe_context_t *ctx, void *state, int fd, short events)
{
    (void) fd, (void) events;
    struct mcp_engine *self = state;
    struct mcp_server *server = &self->server;
    siginfo_t info;
    int rc = 1;
    while (rc == 1 && server->out >= 0) /* its last answers */
        rc = read_piece(ctx, self);
    if (rc < 0)
        return rc;
    reap(server, &info);
    shut(ctx, &server->pidfd);
    const char *words = last_words(server);
    const char *how = info.si_code == CLD_EXITED ? "exit code" : "signal";
    return troupe_fail(ctx, -EPIPE, "its server ended: %s %d%s%.300s", how,
                       info.si_status, *words ? ": " : "", words);
}

/* --- what it reads ----------------------------------------------------------*/

static int on_input(troupe_context_t *ctx, void *state, int fd, short events);

static int
drain(troupe_context_t *ctx, struct mcp_engine *self)
{
    struct mcp_server *server = &self->server;
    struct troupe__text *waits = &server->waits;
    ssize_t done = waits->size > 0 && server->in >= 0
                       ? write(server->in, waits->data, waits->size)
                       : 0;
    if (done < 0 && errno != EAGAIN && errno != EINTR)
        shut(ctx, &server->in); /* its end is told otherwise */
    if (done > 0) {
        memmove(waits->data, waits->data + done, waits->size - (size_t) done);
        waits->size -= (size_t) done;
    }
    if (waits->size > WAITS_MAX)
        return troupe_fail(ctx, -ENOBUFS, "its server does not read");
    bool more = waits->size > 0 && server->in >= 0;
    int rc = 0;
    if (more && !server->is_watched)
        rc = troupe_watch(ctx, server->in, POLLOUT, on_input);
    else if (!more && server->is_watched && server->in >= 0)
        (void) troupe_unwatch(ctx, server->in);
    server->is_watched = more;
    return rc;
}

static int
on_input(troupe_context_t *ctx, void *state, int fd, short events)
{
    (void) fd, (void) events;
    return drain(ctx, state);
}

int
troupe__mcp_server_write(troupe_context_t *ctx, struct mcp_engine *self,
                         json_t *message)
{
    char *text = json_dumps(message, JSON_COMPACT);
    CHECK(text);
    json_decref(message);
    troupe__text_puts(&self->server.waits, text);
    troupe__text_putc(&self->server.waits, '\n');
    free(text);
    return drain(ctx, self);
}

/* --- its beginning and its end ----------------------------------------------*/

static int
watch_all(troupe_context_t *ctx, struct mcp_server *self)
{
    int rc = troupe_watch(ctx, self->out, POLLIN, on_output);
    if (rc == 0)
        rc = troupe_watch(ctx, self->err, POLLIN, on_errors);
    if (rc == 0)
        rc = troupe_watch(ctx, self->pidfd, POLLIN, on_end);
    return rc;
}

int
troupe__mcp_server_start(troupe_context_t *ctx, struct mcp_engine *self)
{
    struct mcp_server *server = &self->server;
    struct command_process process;
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) < 0)
        return troupe_fail(ctx, -errno, "no pipe for its server");
    void *stack = troupe__alloc(COMMAND_STACK);
    self->run.input_fd = ends[0];
    int rc = troupe__command_spawn(&self->run, NULL, stack, &process);
    free(stack);
    close(ends[0]);
    if (rc < 0) {
        close(ends[1]);
        return troupe_fail(ctx, rc, "its server '%.200s' cannot be run: %s: %s",
                           self->run.argv[0], process.step, strerror(-rc));
    }
    server->pid = process.pid;
    server->pidfd = process.pidfd;
    server->in = ends[1];
    server->out = process.out[0];
    server->err = process.out[1];
    if (fcntl(server->in, F_SETFL, O_NONBLOCK) < 0)
        rc = -errno;
    if (rc == 0)
        rc = watch_all(ctx, server);
    return rc < 0 ? troupe_fail(ctx, rc, "its server cannot be listened to: %s",
                                troupe_strerror(rc))
                  : 0;
}

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void
troupe__mcp_server_end(struct mcp_server *self, bool gently)
{
    struct pollfd ended = {.fd = self->pidfd, .events = POLLIN};
    siginfo_t info;
    close_fd(&self->in);
    if (self->pid > 0) {
        bool over = gently && poll(&ended, 1, GENTLE_MS) > 0;
        if (gently && !over) {
            kill(-self->pid, SIGTERM);
            (void) poll(&ended, 1, TERM_MS);
        }
        reap(self, &info);
    }
    close_fd(&self->pidfd);
    close_fd(&self->out);
    close_fd(&self->err);
    troupe__text_free(&self->waits);
    troupe__text_free(&self->line);
    troupe__text_free(&self->words);
}

void
troupe__mcp_server_halt(troupe_context_t *ctx, struct mcp_engine *self)
{
    struct mcp_server *server = &self->server;
    shut(ctx, &server->in);
    shut(ctx, &server->out);
    shut(ctx, &server->err);
    if (server->pidfd >= 0)
        (void) troupe_unwatch(ctx, server->pidfd);
    troupe__mcp_server_end(server, false);
    *server = (struct mcp_server){.pidfd = -1, .in = -1, .out = -1, .err = -1};
}
