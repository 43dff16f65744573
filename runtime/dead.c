/* SPDX-License-Identifier: Apache-2.0 */
/* dead.c: messages that nobody handled are counted and remembered. */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/worker.h"

const char *
troupe_dead_name(troupe_dead_t why)
{
    static const char *const names[] = {
        [TROUPE_DEAD_NO_ACTOR] = "no such actor",
        [TROUPE_DEAD_OVERFLOW] = "the mailbox was full",
        [TROUPE_DEAD_EXPIRED] = "expired before it was handled",
        [TROUPE_DEAD_FAILED] = "its handler failed",
        [TROUPE_DEAD_ENDED] = "the actor ended before it was handled",
        [TROUPE_DEAD_UNHANDLED] = "unhandled",
        [TROUPE_DEAD_QUARANTINED] = "quarantined",
        [TROUPE_DEAD_STOPPING] = "the node was stopping",
        [TROUPE_DEAD_CANCELLED] = "cancelled",
        [TROUPE_DEAD_ATTEMPTS] = "given up after its last attempt",
    };
    size_t count = sizeof names / sizeof *names;
    return why >= TROUPE_DEAD_NO_ACTOR && (size_t) why < count ? names[why]
                                                               : "unknown";
}

void
troupe__dead_ring_init(troupe_t *node)
{
    struct troupe__dead_ring *ring = &node->dead;
    CHECK(pthread_mutex_init(&ring->lock, NULL) == 0);
    ring->size = node->options.dead_letters_max;
    ring->letters = troupe__alloc(ring->size * sizeof *ring->letters);
}

void
troupe__dead_ring_free(troupe_t *node)
{
    free(node->dead.letters);
    pthread_mutex_destroy(&node->dead.lock);
}

void
troupe__dead(struct troupe__worker *self, const struct troupe_message *msg,
             troupe_dead_t why)
{
    struct troupe__dead_ring *ring = &self->node->dead;
    troupe_dead_letter_t letter = {.why = why,
                                   .to = msg->to,
                                   .from = msg->from,
                                   .at_ns = troupe__now(self),
                                   .size = (uint32_t) msg->size};
    snprintf(letter.type, sizeof letter.type, "%.*s", (int) msg->type_size,
             msg->type);
    BUMP(self->counters.dead);
    pthread_mutex_lock(&ring->lock);
    if (ring->size > 0)
        ring->letters[ring->count++ % ring->size] = letter;
    pthread_mutex_unlock(&ring->lock);
}

size_t
troupe_dead_letters(troupe_t *node, troupe_dead_letter_t *letters, size_t count)
{
    CHECK(node);
    CHECK(letters || count == 0);
    struct troupe__dead_ring *ring = &node->dead;
    pthread_mutex_lock(&ring->lock);
    size_t kept = ring->count < ring->size ? ring->count : ring->size;
    size_t wanted = count < kept ? count : kept;
    for (size_t i = 0; i < wanted; i++)
        letters[i] = ring->letters[(ring->count - 1 - i) % ring->size];
    pthread_mutex_unlock(&ring->lock);
    return wanted;
}
