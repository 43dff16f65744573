/* SPDX-License-Identifier: Apache-2.0 */
/* cache.h: what a cache keeps, found by type and body. */
#ifndef TROUPE_ACTORS_CACHE_H
#define TROUPE_ACTORS_CACHE_H

#include "troupe_ask.h"

struct waiter {
    struct waiter *next;
    troupe_token_t token;
};

struct item {
    struct item *next, **link;  /* in its bucket */
    struct item *newer, *older; /* by use; of those under way: by age */
    struct waiter *waiters;
    troupe_ask_t ask;
    bool under_way;
    uint64_t hash, until_ns;
    size_t body_size, value_size;
    uint8_t *body, *value;
    char type[TROUPE_TYPE_MAX + 1];
};

/* Two lists of items, the newest first. */
struct ages {
    struct item *newest, *oldest;
    uint64_t count;
};

struct cache {
    troupe_ref_t backend;
    uint64_t ttl_ms, bytes_max;
    uint32_t timeout_ms;
    struct item **buckets;
    size_t bucket_count;
    struct ages kept, under_way;
    uint64_t bytes; /* of what is kept */
    uint64_t hits, shared, misses, failed, evicted;
};

/* troupe__cache_hash: of type and body. */
uint64_t troupe__cache_hash(const troupe_message_t *msg);

/* troupe__cache_open, _close: a table without items; all items must be gone. */
void troupe__cache_open(struct cache *self);
void troupe__cache_close(struct cache *self);

/* troupe__cache_find: the item of that type and body, or NULL. */
struct item *troupe__cache_find(const struct cache *self, uint64_t hash,
                                const troupe_message_t *msg);

/* troupe__item_new: one that is under way. */
struct item *troupe__item_new(struct cache *self, uint64_t hash,
                              const troupe_message_t *msg);

/* troupe__item_keep: it was answered: keep the reply, or, where it is too
 * large, end the item. Nobody waits for it any more. */
void troupe__item_keep(struct cache *self, struct item *item, uint64_t now_ns,
                       const troupe_message_t *reply);

/* troupe__item_touch: it was used: it is the newest. */
void troupe__item_touch(struct cache *self, struct item *item);

void troupe__item_end(struct cache *self, struct item *item);

/* troupe__cache_shrink: the oldest go until so many bytes are left at most;
 * returns how many went. */
uint64_t troupe__cache_shrink(struct cache *self, uint64_t bytes);

#endif
