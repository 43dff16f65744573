/* SPDX-License-Identifier: Apache-2.0 */
/* spares.h: buffers that leave with frames and come back. */
#ifndef TROUPE_MAILBOX_SPARES_H
#define TROUPE_MAILBOX_SPARES_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum { TROUPE__SPARES_MAX = 128 };

/* Buffers that are not in use, for the outboxes of a node. Threads: any. */
struct troupe__spares {
    pthread_mutex_t lock;
    uint8_t *buffers[TROUPE__SPARES_MAX];
    size_t count, most;
    size_t size; /* bytes of each */
};

/* troupe__spares_init: none so far; `most` of them will be kept. */
void troupe__spares_init(struct troupe__spares *self, size_t size, size_t most);
void troupe__spares_free(struct troupe__spares *self);

/* troupe__spares_take: a buffer of `size` bytes; where one has to be made,
 * `allocations` is raised. */
uint8_t *troupe__spares_take(struct troupe__spares *self,
                             uint64_t *allocations);

/* troupe__spares_give: back, from whatever thread is through with it. */
void troupe__spares_give(struct troupe__spares *self, uint8_t *buffer);

#endif
