/* SPDX-License-Identifier: Apache-2.0 */
/* spans.h: what the files of the taker of spans share. */
#ifndef TROUPE_ACTORS_SPANS_H
#define TROUPE_ACTORS_SPANS_H

#include <stdio.h>

#include "troupe_ask.h"
#include "troupe_events.h"
#include "troupe_lifecycle.h"
#include "troupe_nodes.h"
#include "troupe_retry.h"
#include "troupe_spans.h"

#include "actors/otlp.h"

enum {
    SPANS_BUCKETS = 1024,
    SPANS_ENDED = 1024,          /* that wait a little, two batches */
    SPANS_BATCH = 512,           /* as OpenTelemetry has it */
    SPANS_BYTES = 4 << 20,       /* of those that have ended; then all go */
    SPANS_WAITING_MAX = 32 << 20 /* bytes for a collector that is slow */
};

/* Events, links and notes of a span that has not ended, or that were late. */
struct spans_parts {
    struct spans_parts *next;          /* in its bucket */
    struct spans_parts *older, *newer; /* of all */
    uint64_t at;
    struct troupe__text texts[OTLP_SPAN]; /* of each kind, with ',' between */
    uint32_t counts[OTLP_SPAN];
    uint32_t dropped; /* events */
};

/* A span that has ended; a note of another actor may still be on its way, and
 * is then put in where the attributes end. Places are in the text of all. */
struct spans_ended {
    uint64_t at;
    size_t attributes_end, end;
};

/* Spans on their way to the collector. */
struct spans_batch {
    struct spans_batch *next;
    uint64_t count;
    uint32_t attempts;
    struct troupe__text text;
};

struct spans {
    struct otlp_clock clock;
    char *resource, *path, *url, *headers_env;
    FILE *file;
    troupe_ref_t http;
    uint32_t timeout_ms;
    troupe_retry_t retry;
    struct spans_parts *parts[SPANS_BUCKETS], *oldest, *newest;
    size_t part_count, part_bytes; /* that wait for the ends of their spans */
    struct spans_ended ended[SPANS_ENDED];
    size_t ended_count;
    size_t ended_old;                 /* of them, those of the last tick */
    struct troupe__text text;         /* of the ended, each with a ',' before */
    struct troupe__text line;         /* that is being written */
    struct spans_batch *first, *last; /* the first is being posted, or rests */
    size_t waiting;                   /* bytes of them */
    bool posting, is_down, is_ticking;
    uint64_t count, lost;
    char words[512];            /* why the last ones were lost */
    troupe_token_t hear, flush; /* at most one of them is open */
    troupe_monitor_t *hearing;  /* what has not come yet of what it waits for */
    size_t hearing_count;
};

#define SPANS_HEARD "(heard)" /* the timer of who waits to hear */

/* troupe__spans_hear, _flush, _down, _heard: handlers: "hear" is answered when
 * the spans of all other processes have come, or after a second. */
int troupe__spans_hear(troupe_context_t *ctx, void *state,
                       const troupe_message_t *msg);
int troupe__spans_flush(troupe_context_t *ctx, void *state,
                        const troupe_message_t *msg);
int troupe__spans_down(troupe_context_t *ctx, void *state,
                       const troupe_message_t *msg);
int troupe__spans_heard(troupe_context_t *ctx, void *state,
                        const troupe_message_t *msg);

/* troupe__spans_add: a part of a span. */
void troupe__spans_add(struct spans *self, const struct otlp_item *part);

/* troupe__spans_end: a span has ended. There is room. */
void troupe__spans_end(struct spans *self, const struct otlp_item *span);

/* troupe__spans_size: of the text of the first so many of the ended, without
 * its first ','. */
size_t troupe__spans_size(const struct spans *self, size_t count);

/* troupe__spans_cut: the first so many of the ended are gone. */
void troupe__spans_cut(struct spans *self, size_t count);

/* troupe__spans_forget: all that waits. */
void troupe__spans_forget(struct spans *self);

/* troupe__spans_send: hand the first so many of the ended on; 0, or as a
 * handler returns. */
int troupe__spans_send(troupe_context_t *ctx, struct spans *self, size_t count);

/* troupe__spans_open: the file of its path; 0 or a negative errno value. */
int troupe__spans_open(struct spans *self, bool append);

/* troupe__spans_lose: so many were not handed on; `format` has two %s. */
void troupe__spans_lose(struct spans *self, uint64_t count, const char *format,
                        const char *what, const char *why);

/* troupe__spans_answer: whoever waits for the last to be handed on. */
int troupe__spans_answer(troupe_context_t *ctx, struct spans *self);

#endif
