/* SPDX-License-Identifier: Apache-2.0 */
/* kind.h: a kind's clauses made ready for look-up. */
#ifndef TROUPE_RUNTIME_KIND_H
#define TROUPE_RUNTIME_KIND_H

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "mailbox/message.h"
#include "troupe_actor.h"

enum { TROUPE__KINDS_MAX = 256, TROUPE__CLAUSES_MAX = 512 };

struct troupe__clause_entry {
    uint64_t prefix; /* the first eight bytes of the type */
    uint32_t size;   /* of the type; 0: an empty place */
    const char *type;
    troupe_handler_fn handle;
};

struct troupe__kind {
    const troupe_kind_t *user;
    uint32_t index;
    troupe_handler_fn start, fallback, down, exit, child, cancel;
    troupe_stop_fn stop;
    uint32_t mask; /* places in `table` less one */
    struct troupe__clause_entry table[];
};

struct troupe__kinds {
    pthread_mutex_t lock;
    _Atomic uint32_t count;
    _Atomic(struct troupe__kind *) by_index[TROUPE__KINDS_MAX];
};

void troupe__kinds_init(struct troupe__kinds *self);
void troupe__kinds_free(struct troupe__kinds *self);

/* troupe__kind_known: the kind made ready, or NULL. */
struct troupe__kind *troupe__kind_known(struct troupe__kinds *self,
                                        const troupe_kind_t *user);

/* troupe__kind_of: the kind made ready; 0, -EINVAL, or -ENOSPC. */
int troupe__kind_of(struct troupe__kinds *self, const troupe_kind_t *user,
                    const struct troupe__kind **ret_kind);

/*
 * The first eight bytes of a type as a number, padded with zeros. A short type
 * is read with what stands before it: there are always seven bytes of envelope
 * and the type's own head, while behind it the message may end. Copying just
 * its bytes would stall on a load over several stores.
 */
static inline uint64_t
troupe__type_prefix(const char *type, size_t size)
{
    uint64_t prefix;
    if (size >= 8) {
        memcpy(&prefix, type, sizeof prefix);
        return prefix;
    }
    memcpy(&prefix, type + size - 8, sizeof prefix);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return prefix >> (64 - 8 * size);
#else
    return prefix << (64 - 8 * size);
#endif
}

static inline uint32_t
troupe__type_home(uint64_t prefix, size_t size)
{
    return (uint32_t) ((prefix ^ size) * UINT64_C(0x9e3779b97f4a7c15) >> 40);
}

/* troupe__kind_entry: what handles the message, or NULL. */
static inline const struct troupe__clause_entry *
troupe__kind_entry(const struct troupe__kind *self,
                   const struct troupe_message *msg)
{
    uint64_t prefix = troupe__type_prefix(msg->type, msg->type_size);
    uint32_t at = troupe__type_home(prefix, msg->type_size) & self->mask;
    for (;; at = (at + 1) & self->mask) {
        const struct troupe__clause_entry *entry = &self->table[at];
        if (entry->size == 0)
            return NULL;
        if (entry->prefix == prefix && entry->size == msg->type_size
            && (entry->size <= 8
                || memcmp(entry->type, msg->type, entry->size) == 0))
            return entry;
    }
}

#endif
