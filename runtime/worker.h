/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h: a thread that runs actors, and what its parts share. */
#ifndef TROUPE_RUNTIME_WORKER_H
#define TROUPE_RUNTIME_WORKER_H

#include <stdarg.h>

#include "runtime/context.h"
#include "runtime/lanes.h"

/*
 * A port is a worker without a thread: an ordinary thread drives it for the
 * length of a call; see thread.c.
 */
struct troupe__remotes;

struct troupe__worker {
    troupe_t *node;
    uint32_t index;
    bool is_port, is_own;
    bool quit;
    uint32_t tenants; /* actors on an own thread; it is idle without */
    pthread_t thread;
    struct troupe__worker *next_idle; /* of own-thread workers, of ports */
    struct troupe__actor *guest;      /* of a port: the thread's actor */
    bool closed;                      /* a port: under port_lock */
    struct troupe__worker *outer;     /* whose callback called into the port */
    void *guest_state;                /* its own, while it has a caller's */
    int guest_rc;                     /* how it ended */
    const uint8_t *base_trace;        /* of callbacks without; a port's own */
    uint8_t thread_trace[WIRE_TRACE_SIZE];
    pthread_mutex_t port_lock; /* held while the port is driven */
    _Atomic int tid;           /* a port: of the thread that has it */

    struct troupe__outbox *dirty;
    struct troupe__frame *frame;
    struct troupe__actor *queue_first, *queue_last; /* with a backlog */
    struct troupe__actor *newest;                   /* to start; a stack */
    struct troupe__ask *done_first, *done_last;     /* outcomes to tell */
    struct troupe__pool actors, parcels;
    struct troupe__slot_cache slots;
    struct troupe__arena arena;
    struct troupe__wheel wheel;
    struct troupe__ids asks, tokens, timers;
    struct troupe__idmap token_of; /* asker and ask -> token */
    struct troupe__idmap waiting;  /* asker and ask -> parcel; waiting.c */
    struct troupe__idmap mutes;    /* receiver -> struct mute *; mute.c */
    struct troupe__watch *watches[TROUPE__WATCHES_MAX];
    uint32_t watch_count;
    uint64_t now, now_ticks; /* ns, and when it was read */
    uint32_t sample;         /* short runs, for timing some */
    uint32_t far_sample;     /* far deadlines, likewise */
    uint64_t polled_ticks;   /* when descriptors were last looked at */
    uint64_t random_state;
    uint64_t serial; /* of monitors and timers */
    uint32_t turn;
    _Atomic uint64_t turns; /* done; for the watchdog */
    bool from_afar; /* what it last had to do came from another process */
    uint64_t gone;  /* actors released so far: pointers may be stale */
    struct troupe_context ctx;
    struct troupe__counters counters;
    struct troupe__kind_counters kinds[TROUPE__KINDS_MAX];

    /* For others to look at. */
    _Alignas(64) _Atomic bool idle;
    _Atomic bool in_use; /* a port: it is being driven */
    _Atomic bool finished;
    _Atomic uint64_t next_due; /* of its timers, when idle */
    _Atomic uint64_t run_ref;
    _Atomic(const char *) run_type; /* a constant */
    _Atomic uint64_t callbacks; /* begun so far: unchanged, one still runs */

    struct troupe__outbox *outboxes[TROUPE__WORKER_MAX + 1];
    struct troupe__inbox *lanes; /* where frames come in */
    uint32_t lane_count;
    struct troupe__remotes *remotes; /* other nodes; NULL: the node is alone */
};

/* True when a frame is announced; the worker's. */
static inline bool
troupe__lanes_ready(struct troupe__worker *self)
{
    for (uint32_t i = 0; i < self->lane_count; i++)
        if (troupe__inbox_ready(&self->lanes[i]) > 0)
            return true;
    return false;
}

/* The worker whose code runs on this thread, or NULL. */
extern _Thread_local struct troupe__worker *troupe__here;

/* A cheap clock for measuring runs; see troupe__ticks_to_ns(). */
uint64_t troupe__ticks_slow(void);

static inline uint64_t
troupe__ticks(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return troupe__ticks_slow();
#endif
}

/* worker.c */
int troupe__worker_new(troupe_t *node, bool is_port, bool is_own,
                       struct troupe__worker **ret_worker);
int troupe__worker_start(struct troupe__worker *self);
void troupe__worker_free(struct troupe__worker *self);
bool troupe__worker_turn(struct troupe__worker *self);
void troupe__worker_sleep(struct troupe__worker *self, uint64_t until_ns);
void troupe__worker_clear(struct troupe__worker *self);
uint64_t troupe__now(struct troupe__worker *self);

/* send.c */
struct troupe__outbox *troupe__outbox_to(struct troupe__worker *self,
                                         troupe_ref_t to);
struct troupe__outbox *troupe__outbox_known(struct troupe__worker *self,
                                            troupe_ref_t to);
int troupe__emit(struct troupe__worker *self,
                 const struct troupe__envelope *envelope, const char *format,
                 va_list *args);
int troupe__emitf(struct troupe__worker *self,
                  const struct troupe__envelope *envelope, const char *format,
                  ...);
uint64_t troupe__bytes_to(struct troupe__worker *self, troupe_ref_t to);
int troupe__guard(struct troupe_context *ctx, troupe_ref_t to);
void troupe__pass_on(struct troupe__worker *self, struct troupe__outbox *outbox,
                     const struct troupe_message *msg);
void troupe__flush(struct troupe__worker *self);

/* troupe__envelope: of a type that is known here costs no strlen. */
static inline struct troupe__envelope
troupe__envelope(enum troupe__wire_kind kind, troupe_ref_t to,
                 troupe_ref_t from, const char *type)
{
    return (struct troupe__envelope){.kind = kind,
                                     .to = to,
                                     .from = from,
                                     .type = type,
                                     .type_size = strlen(type)};
}

#include "runtime/ask.h"
#include "runtime/deliver.h"
#include "runtime/events.h"
#include "runtime/life.h"

#endif
