/* SPDX-License-Identifier: Apache-2.0 */
/* map_packed.h: tasks and what became of them, between the actors of a map. */
#ifndef TROUPE_ACTORS_MAP_PACKED_H
#define TROUPE_ACTORS_MAP_PACKED_H

#include "actors/map_wire.h"

/*
 * What troupe_map_run(), a map and its pools tell each other, within a process:
 * binaries in which records lie one behind the other. A record is a head of
 * fixed size, as C has it, and what belongs to it; texts have a NUL behind.
 * Nobody has to look through such a message: the values in it were checked
 * where they came in, and they are checked again where they go out. Reading
 * stays within the bytes, whoever wrote them.
 *
 * Takers take one record off the front, or return false and take nothing.
 */

#define MAP_WHY_SIZE 160 /* of words why a map was halted */

/* Bytes of messages that several records point into; freed with the last. */
struct map_chunk {
    uint32_t users;
    troupe_message_t *msg;     /* or NULL */
    struct troupe__text bytes; /* if they are not those of a message */
};
struct map_chunk *troupe__chunk_new(const troupe_message_t *msg);
/* The bytes are the chunk's from now on; the text is empty. */
struct map_chunk *troupe__chunk_of(struct troupe__text *bytes);
void troupe__chunk_drop(struct map_chunk *self);

struct packed_task {
    uint64_t id;                 /* at the pools */
    const troupe_trace_t *trace; /* or NULL */
    struct map_task task;
    const uint8_t *bytes; /* where it lies, with the size of what pools need */
    size_t work_size;
};

/* troupe__packed_task_put: a task for a map. Its names are there where it needs
 * them, and not longer than they may be. */
void troupe__packed_task_put(struct troupe__text *to,
                             const struct map_task *task);

/* troupe__packed_work_put: one for a pool, of the bytes of one for a map.
 * trace: NULL for none. */
void troupe__packed_work_put(struct troupe__text *to, const uint8_t *bytes,
                             size_t work_size, uint64_t id, uint32_t timeout_ms,
                             const troupe_trace_t *trace);

/* troupe__packed_task_take: either of them. */
bool troupe__packed_task_take(struct map_cursor *self, struct packed_task *ret);

/* troupe__packed_work_take: one for a pool, as far as a pool wants to know: how,
 * target, type, body, timeout, trace. */
bool troupe__packed_work_take(struct map_cursor *self, struct packed_task *ret);

/* troupe__packed_task_pass: over one, which is as large as it says; its id. */
bool troupe__packed_task_pass(struct map_cursor *self, uint64_t *ret_id);

/* The end of an attempt: state, text, value. */
void troupe__packed_end_put(struct troupe__text *to, uint64_t id,
                            const struct map_end *end);
bool troupe__packed_end_take(struct map_cursor *self, uint64_t *ret_id,
                             struct map_end *ret_end);

/* troupe__packed_end_next: the id of the next one; 0: there is none. */
uint64_t troupe__packed_end_next(const struct map_cursor *self);

/* A result on its way to troupe_map_run(). */
struct packed_result {
    uint64_t number;
    double queue_ms;
    uint32_t attempts, pool;
    bool has_pool;
    const char *key; /* or NULL */
    size_t key_size;
    struct map_end end;
    const void *votes; /* NULL: none */
    size_t votes_size;
};
void troupe__packed_result_put(struct troupe__text *to,
                               const struct packed_result *result);
bool troupe__packed_result_take(struct map_cursor *self,
                                struct packed_result *ret);

/* troupe__packed_bytes: those of a message that is a binary, or -EBADMSG. */
int troupe__packed_bytes(const troupe_message_t *msg,
                         struct map_cursor *ret_records);

#endif
