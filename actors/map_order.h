/* SPDX-License-Identifier: Apache-2.0 */
/* map_order.h: which task of a map is next, and what is told of it. */
#ifndef TROUPE_ACTORS_MAP_ORDER_H
#define TROUPE_ACTORS_MAP_ORDER_H

#include "actors/map.h"

/* --- map_order.c -----------------------------------------------------------*/

/* troupe__map_queue: put it where its priority says. */
void troupe__map_queue(struct map *self, struct map_record *record);

/* troupe__map_next: the next one that may be begun, with its token, or NULL. */
struct map_record *troupe__map_next(struct map *self);

/* troupe__map_untake: it could not be sent. troupe__map_took: its pool has told
 * its end, or is gone. */
void troupe__map_untake(struct map *self, struct map_record *record);
void troupe__map_took(struct map *self, struct map_record *record);

/* troupe__map_unwait: who waits for a token is in the queue: all shall end. */
void troupe__map_unwait(struct map *self);

/* troupe__map_resource_of: what a task that needs one needs: its index + 1; false:
 * there are too many. troupe__map_resources_read: those of a start; 0 or -EINVAL. */
bool troupe__map_resource_of(struct map *self, const struct map_task *task,
                             uint32_t *ret_resource);
int troupe__map_resources_read(struct map *self, const troupe_message_t *msg);

/* troupe__map_room: how many may be begun, by the load of the machine: one at a
 * time where it has enough to do. */
uint64_t troupe__map_room(const struct map *self);

/* --- map_trace.c -----------------------------------------------------------*/

/* troupe__map_trace_begin: a task was put, _attempt: an attempt has ended,
 * _end: it is done; these two of a record that has a span. */
void troupe__map_trace_begin(troupe_context_t *ctx, struct map_record *record);
void troupe__map_trace_attempt(troupe_context_t *ctx,
                               const struct map_record *record);
void troupe__map_trace_end(troupe_context_t *ctx, struct map_record *record);

#endif
