/* SPDX-License-Identifier: Apache-2.0 */
/* transport.c: frames in and out of ZeroMQ sockets, and their lifetime. */
#include "mailbox/transport.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "mailbox/socket.h"

/*
 * ZeroMQ is not instrumented, so ThreadSanitizer cannot see that a receive
 * comes after its send; these two lines tell it.
 */
#if defined(__SANITIZE_THREAD__)
#define WITH_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WITH_TSAN 1
#endif
#endif
#ifdef WITH_TSAN
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#define BEFORE_SEND(address)   __tsan_release(address)
#define AFTER_RECEIVE(address) __tsan_acquire(address)
#else
#define BEFORE_SEND(address)   (void) 0
#define AFTER_RECEIVE(address) (void) 0
#endif

struct troupe__frame *
troupe__frame_new(void)
{
    struct troupe__frame *self = troupe__alloc(sizeof *self);
    zmq_msg_init(troupe__frame_message(self));
    atomic_init(&self->holders, 1);
    return self;
}

struct troupe__frame *
troupe__frame_hold(struct troupe__frame *self)
{
    atomic_fetch_add_explicit(&self->holders, 1, memory_order_relaxed);
    return self;
}

void
troupe__frame_release(struct troupe__frame *self)
{
    if (atomic_fetch_sub_explicit(&self->holders, 1, memory_order_acq_rel) > 1)
        return;
    zmq_msg_close(troupe__frame_message(self));
    free(self);
}

struct troupe__frame *
troupe__frame_clear(struct troupe__frame *self)
{
    if (atomic_load_explicit(&self->holders, memory_order_acquire) > 1) {
        troupe__frame_release(self);
        return troupe__frame_new();
    }
    /* A receive lets go of what was there; only what is large goes now. */
    if (self->size > TROUPE__FRAME_COPIED) {
        zmq_msg_close(troupe__frame_message(self));
        zmq_msg_init(troupe__frame_message(self));
    }
    return self;
}

void *
troupe__transport_new(int sockets_max)
{
    void *transport = zmq_ctx_new();
    CHECK(transport);
    zmq_ctx_set(transport, ZMQ_MAX_SOCKETS, sockets_max);
    zmq_ctx_set(transport, ZMQ_IO_THREADS, 1);
    zmq_ctx_set(transport, ZMQ_BLOCKY, 0);
    return transport;
}

void
troupe__transport_free(void *transport)
{
    while (zmq_ctx_term(transport) < 0 && zmq_errno() == EINTR)
        continue;
}

void *
troupe__socket_new(void *transport, int type)
{
    void *socket = zmq_socket(transport, type);
    int zero = 0;
    if (!socket)
        return NULL;
    zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(socket, ZMQ_SNDHWM, &zero, sizeof zero);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &zero, sizeof zero);
    return socket;
}

int
troupe__socket_error(void)
{
    return zmq_errno() == EMFILE || zmq_errno() == ENFILE ? -EMFILE : -EIO;
}

int
troupe__inbox_open(struct troupe__inbox *self, void *transport,
                   const char *endpoint)
{
    CHECK(!self->socket);
    void *socket = troupe__socket_new(transport, ZMQ_PULL);
    if (!socket)
        return troupe__socket_error();
    snprintf(self->endpoint, sizeof self->endpoint, "%s", endpoint);
    if (zmq_bind(socket, self->endpoint) < 0) {
        int rc = troupe__socket_error();
        zmq_close(socket);
        return rc;
    }
    self->socket = socket;
    self->fd = troupe__socket_descriptor(socket);
    self->armed = false;
    return 0;
}

void
troupe__inbox_close(struct troupe__inbox *self)
{
    if (self->socket)
        zmq_close(self->socket);
    self->socket = NULL;
}

bool
troupe__inbox_take(struct troupe__inbox *self, struct troupe__frame *frame)
{
    int size =
        zmq_msg_recv(troupe__frame_message(frame), self->socket, ZMQ_DONTWAIT);
    if (size < 0)
        return false;
    self->armed = false;
    frame->data = zmq_msg_data(troupe__frame_message(frame));
    frame->size = size < INT_MAX ? (size_t) size
                                 : zmq_msg_size(troupe__frame_message(frame));
    AFTER_RECEIVE((void *) frame->data);
    AFTER_RECEIVE(self); /* a small frame's bytes lie elsewhere now */
    self->taken += troupe__ring(frame->size);
    atomic_store_explicit(&self->seen, self->taken, memory_order_release);
    return true;
}

int
troupe__socket_descriptor(void *socket)
{
    int fd = -1;
    size_t size = sizeof fd;
    CHECK(zmq_getsockopt(socket, ZMQ_FD, &fd, &size) == 0);
    return fd;
}

int
troupe__outbox_open(struct troupe__outbox *self, void *transport,
                    struct troupe__inbox *to, const struct troupe__tap *tap,
                    struct troupe__spares *spares)
{
    CHECK(!self->socket);
    void *socket = troupe__socket_new(transport, ZMQ_PUSH);
    if (!socket)
        return troupe__socket_error();
    if (zmq_connect(socket, to->endpoint) < 0) {
        int rc = troupe__socket_error();
        zmq_close(socket);
        return rc;
    }
    self->socket = socket;
    self->to = to;
    self->full = TROUPE__FRAME_FULL;
    self->tap = tap;
    self->spares = spares;
    return 0;
}

void
troupe__outbox_close(struct troupe__outbox *self)
{
    if (self->socket)
        zmq_close(self->socket);
    self->socket = NULL;
    troupe__buffer_free(&self->buffer);
}

static void
free_bytes(void *data, void *hint)
{
    AFTER_RECEIVE(data);
    (void) data;
    free(hint);
}

/* Hand a frame to the socket: `message`, or a copy of the bytes if NULL. */
static void
send_frame(struct troupe__outbox *self, zmq_msg_t *message, const void *data,
           size_t size)
{
    if (self->tap && self->tap->see)
        self->tap->see(self->tap->data, data, size);
    BEFORE_SEND((void *) data);
    BEFORE_SEND(self->to ? (void *) self->to : (void *) data);
    while ((message ? zmq_msg_send(message, self->socket, ZMQ_DONTWAIT)
                    : zmq_send(self->socket, data, size, ZMQ_DONTWAIT))
           < 0) {
        if (zmq_errno() == EINTR)
            continue;
        /* With no mark set only a reader that is gone refuses. */
        CHECK(zmq_errno() == EAGAIN);
        if (message)
            zmq_msg_close(message);
        return;
    }
    self->frames++;
    self->bytes += size;
    if (self->to)
        atomic_fetch_add_explicit(&self->to->rung, troupe__ring(size),
                                  memory_order_release);
}

/*
 * An outbox keeps its buffer: messages are written where only this core has
 * the lines. A full one is copied at once into a buffer that leaves with the
 * frame and comes back from whoever read it; its lines are then still in the
 * reader's cache, and fetching them back is fast for a copy of many lines in a
 * row, and slow for messages written one by one.
 */
static void
buffer_returned(void *data, void *hint)
{
    AFTER_RECEIVE(data);
    troupe__spares_give(hint, data);
}

/* ThreadSanitizer must see where the bytes go: what the reader reads is then
 * what was written here, and not an earlier tenant of that memory. */
static void
send_copy(struct troupe__outbox *self, const void *data, size_t size)
{
#ifdef WITH_TSAN
    zmq_msg_t message;
    CHECK(zmq_msg_init_size(&message, size) == 0);
    void *copy = memcpy(zmq_msg_data(&message), data, size);
    send_frame(self, &message, copy, size);
#else
    send_frame(self, NULL, data, size);
#endif
}

/* The bytes that leave as a frame, with the buffer that they are in. */
static void *
take_bytes(struct troupe__outbox *self, void (**ret_free)(void *, void *),
           void **ret_hint)
{
    struct troupe__buffer *buffer = &self->buffer;
    struct troupe__spares *spares = self->spares;
    uint8_t *data = buffer->data;
    bool has_grown = buffer->capacity > spares->size;
    *ret_free = has_grown ? free_bytes : buffer_returned;
    *ret_hint = has_grown ? data : (void *) spares;
    /* What goes to another process is not read in this one: no core's lines
     * are worth a copy there. */
    if (has_grown || (!self->to && buffer->capacity == spares->size)) {
        buffer->data = troupe__spares_take(spares, &self->allocations);
        buffer->capacity = spares->size;
        return data;
    }
    return memcpy(troupe__spares_take(spares, &self->allocations), data,
                  buffer->size);
}

void
troupe__outbox_flush(struct troupe__outbox *self)
{
    struct troupe__buffer *buffer = &self->buffer;
    size_t size = buffer->size;
    if (size == 0)
        return;
    if (size <= TROUPE__FRAME_COPIED) {
        buffer->size = 0;
        send_copy(self, buffer->data, size);
        return;
    }
    zmq_msg_t message;
    void (*release)(void *, void *) = NULL;
    void *hint = NULL, *data = take_bytes(self, &release, &hint);
    CHECK(zmq_msg_init_data(&message, data, size, release, hint) == 0);
    buffer->size = 0;
    send_frame(self, &message, data, size);
}

void *
troupe__blob_new(size_t size)
{
    char *memory = malloc(TROUPE__BLOB_HEAD + (size ? size : 1));
    /* cppcheck-suppress memleak ; it is freed less the head */
    return memory ? memory + TROUPE__BLOB_HEAD : NULL;
}

void
troupe__blob_free(void *blob)
{
    if (blob)
        free((char *) blob - TROUPE__BLOB_HEAD);
}

void
troupe__outbox_send_blob(struct troupe__outbox *self, void *blob, size_t head,
                         size_t size)
{
    CHECK(head <= TROUPE__BLOB_HEAD);
    troupe__outbox_flush(self);
    zmq_msg_t message;
    CHECK(zmq_msg_init_data(&message, (char *) blob - head, head + size,
                            free_bytes, (char *) blob - TROUPE__BLOB_HEAD)
          == 0);
    self->allocations++;
    send_frame(self, &message, (char *) blob - head, head + size);
}
