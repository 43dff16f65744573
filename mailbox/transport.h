/* SPDX-License-Identifier: Apache-2.0 */
/* transport.h: inboxes and outboxes: the one place where frames cross. */
#ifndef TROUPE_MAILBOX_TRANSPORT_H
#define TROUPE_MAILBOX_TRANSPORT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "mailbox/buffer.h"
#include "mailbox/frame.h"
#include "mailbox/source.h"
#include "mailbox/spares.h"

/*
 * An inbox is a PULL socket with a doorbell. A failed receive would put the
 * pipe's reader to sleep and make the next sender pay for waking it, so the
 * reader receives only what the doorbell announces: senders raise `rung`
 * after each send; the reader counts what it has `taken`. A reader about to
 * sleep asks the socket itself, so that no ring can be missed. What wakes it is
 * the send, and a sender may lose its processor before it rings: so a reader
 * that was `woken` takes a frame without having heard of it, and is then ahead
 * of the rings until the sender runs again.
 */
struct troupe__inbox {
    void *socket;                       /* the reader's */
    int fd;                             /* its descriptor */
    bool armed;                         /* the reader's; see source.h */
    bool woken;                         /* the reader's: it slept since */
    char endpoint[48];                  /* inproc://... */
    uint64_t taken;                     /* the reader's */
    _Alignas(64) _Atomic uint64_t seen; /* `taken`, for others to read */
    _Alignas(64) _Atomic uint64_t rung;
};

/*
 * `rung` and `taken` count frames and bytes in one number: each frame adds
 * its size << TROUPE__RING_BITS, plus 1. Both sides add the same, so that
 * their difference is exact as long as fewer than 2^23 frames are under way.
 */
enum { TROUPE__RING_BITS = 24 };

static inline uint64_t
troupe__ring(size_t size)
{
    return (uint64_t) size << TROUPE__RING_BITS | 1;
}

/* What a tap or a recorder sees of each frame; NULL: nothing. */
struct troupe__tap {
    void (*see)(void *data, const void *frame, size_t size);
    void *data;
};

enum {
    TROUPE__INBOXES_MAX = TROUPE__SOURCES_MAX - 1, /* of one reader */
    TROUPE__BLOB_HEAD = 128,         /* bytes of room before a blob */
    TROUPE__FRAME_FULL = 15 * 1024,  /* an outbox is flushed early then */
    TROUPE__FRAME_COPIED = 2 * 1024, /* up to here ZeroMQ allocates */
    TROUPE__FRAME_BUFFER = 16 * 1024,
    /* To another process frames are larger: each costs system calls. */
    TROUPE__REMOTE_FULL = 120 * 1024,
    TROUPE__REMOTE_BUFFER = 128 * 1024
};

struct troupe__outbox {
    void *socket;             /* PUSH; the sender's */
    struct troupe__inbox *to; /* NULL: in another process, see remote.h */
    uint64_t credited;        /* of its bytes, those that are taken there */
    uint64_t cut; /* bytes under way to another process: no more are sent */
    struct troupe__buffer buffer; /* messages of this turn */
    struct troupe__outbox *next_dirty;
    uint32_t full;          /* bytes; then it is flushed */
    bool dirty;             /* in its worker's list of unflushed ones */
    uint32_t index;         /* of the worker that it leads to */
    uint64_t frames, bytes; /* sent */
    uint64_t allocations;   /* buffers that had to be made */
    uint64_t looked;        /* `bytes` when under_way was last read */
    const struct troupe__tap *tap;
    struct troupe__spares *spares;
};

/* troupe__transport_new: a ZeroMQ context for up to `sockets_max` sockets. */
void *troupe__transport_new(int sockets_max);
void troupe__transport_free(void *transport);

/* troupe__inbox_source: what its reader waits for. */
static inline struct troupe__source
troupe__inbox_source(struct troupe__inbox *self)
{
    return (struct troupe__source){self->socket, self->fd, &self->armed};
}

/* troupe__inbox_open: bind; 0, -EMFILE, or -EIO. */
int troupe__inbox_open(struct troupe__inbox *self, void *transport,
                       const char *endpoint);
void troupe__inbox_close(struct troupe__inbox *self);

/* troupe__inbox_ready: frames announced and not yet taken; the reader's. */
static inline uint64_t
troupe__inbox_ready(struct troupe__inbox *self)
{
    uint64_t open =
        atomic_load_explicit(&self->rung, memory_order_acquire) - self->taken;
    open &= (1 << TROUPE__RING_BITS) - 1;
    /* The upper half are numbers below zero: the reader is ahead. */
    return open >> (TROUPE__RING_BITS - 1) ? 0 : open;
}

/* troupe__inbox_slept: its reader waited for it, and waits no more. */
static inline void
troupe__inbox_slept(struct troupe__inbox *self)
{
    self->woken = !self->armed;
}

/* troupe__inbox_likely: as ready, and one more try after a sleep. */
static inline uint64_t
troupe__inbox_likely(struct troupe__inbox *self)
{
    uint64_t ready = troupe__inbox_ready(self);
    if (!self->woken)
        return ready;
    self->woken = false;
    return ready > 0 ? ready : 1;
}

/* troupe__inbox_under_way: bytes sent and not yet taken; any thread. */
static inline uint64_t
troupe__inbox_under_way(struct troupe__inbox *self)
{
    uint64_t seen = atomic_load_explicit(&self->seen, memory_order_acquire);
    uint64_t rung = atomic_load_explicit(&self->rung, memory_order_acquire);
    /* Another sender's frame may have been taken before it was rung for. */
    int64_t open = (int64_t) (rung - seen);
    return open < 0 ? 0 : (uint64_t) open >> TROUPE__RING_BITS;
}

/* troupe__inbox_take: receive one frame into an empty one; false: none. */
bool troupe__inbox_take(struct troupe__inbox *self,
                        struct troupe__frame *frame);

/* troupe__outbox_open: connect; 0, -EMFILE, or -EIO. */
int troupe__outbox_open(struct troupe__outbox *self, void *transport,
                        struct troupe__inbox *to, const struct troupe__tap *tap,
                        struct troupe__spares *spares);
void troupe__outbox_close(struct troupe__outbox *self);

/* troupe__outbox_under_way: bytes sent and not yet taken, as far as known. */
static inline uint64_t
troupe__outbox_under_way(const struct troupe__outbox *self)
{
    return self->to ? troupe__inbox_under_way(self->to)
                    : self->bytes - self->credited;
}

/* troupe__outbox_flush: send the buffer as one frame and ring the bell. */
void troupe__outbox_flush(struct troupe__outbox *self);

/*
 * troupe__outbox_send_blob: send a frame whose bytes are `head` bytes before
 * `blob` and `size` after; the memory goes with the frame.
 */
void troupe__outbox_send_blob(struct troupe__outbox *self, void *blob,
                              size_t head, size_t size);

/* troupe__blob_new: room for `size` bytes, with room for a head before. */
void *troupe__blob_new(size_t size);
void troupe__blob_free(void *blob);

#endif
