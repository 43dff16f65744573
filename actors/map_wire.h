/* SPDX-License-Identifier: Apache-2.0 */
/* map_wire.h: tasks and results as msgpack, read in place. */
#ifndef TROUPE_ACTORS_MAP_WIRE_H
#define TROUPE_ACTORS_MAP_WIRE_H

#include <stdbool.h>

#include "troupe_map.h"
#include "troupe_message.h"
#include "troupe_trace.h"

#include "actors/text.h"

/*
 * Bodies were checked by the runtime; what is read here is their shape. Each
 * call takes one value off the front, or returns false and takes nothing.
 */
struct map_cursor {
    const uint8_t *at, *end;
};

bool troupe__take_array(struct map_cursor *self, uint32_t *ret_count);
bool troupe__take_uint(struct map_cursor *self, uint64_t *ret_number);
bool troupe__take_real(struct map_cursor *self, double *ret_number);
/* A text, or nil: then it is NULL. Not NUL-ended. */
bool troupe__take_text(struct map_cursor *self, const char **ret_text,
                       size_t *ret_size);
/* Any value, whole. */
bool troupe__take_any(struct map_cursor *self, const void **ret_value,
                      size_t *ret_size);
/* Whether a value is whole and leaves room for what is put around it. */
bool troupe__value_fits(const void *value, size_t size);
/* How many values there are in one that is whole, with itself. */
uint64_t troupe__value_count(const void *value, size_t size);
/* Of a map only its head: the members follow. */
bool troupe__take_map(struct map_cursor *self, uint32_t *ret_count);

/* Of a binary only its head, and the end of the cursor is that of the binary. */
bool troupe__take_bin(struct map_cursor *self);

/* troupe__find_value: where the value of a key begins in a message that is a
 * map; false: there is none. What comes behind the value is behind it. */
bool troupe__find_value(const troupe_message_t *msg, const char *key,
                        struct map_cursor *ret_value);

/* Of troupe_map_run(), for tasks that need not run: of an earlier run, or
 * broken: ["done", nil, STATE, [text, value], attempts, nil, key]. */
enum { MAP_DONE = TROUPE_MAP_BROKEN };

/* A task, lent by where it lies. */
struct map_task {
    unsigned how; /* troupe_map_how_t, or MAP_DONE */
    const char *target, *type, *key;
    size_t target_size, type_size, key_size;
    const void *body;
    size_t body_size;
    uint64_t timeout_ms;
    uint64_t retries;
    bool has_retries;
    uint64_t priority;
    const char *resource; /* or NULL */
    size_t resource_size;
};

/* troupe__task_take: one task off the front; false: it is none. */
bool troupe__task_take(struct map_cursor *self, struct map_task *ret_task);

/* An outcome of an attempt, lent by where it lies. */
struct map_end {
    const char *state, *text;
    size_t state_size, text_size;
    const void *value;
    size_t value_size;
    double run_ms;
};

/* Writers, each of one value at the end of a text. */
void troupe__put_array(struct troupe__text *to, uint32_t count);
void troupe__put_uint(struct troupe__text *to, uint64_t number);
void troupe__put_real(struct troupe__text *to, double number);
void troupe__put_text(struct troupe__text *to, const char *text, size_t size);
void troupe__put_nil(struct troupe__text *to);
void troupe__put_bin(struct troupe__text *to, const void *bytes, size_t size);

#endif
