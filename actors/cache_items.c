/* SPDX-License-Identifier: Apache-2.0 */
/* cache_items.c: what a cache keeps, in a table and in the order of use. */
#include "actors/cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

#define NS_PER_MS UINT64_C(1000000)

enum { BUCKETS_MIN = 64 };

void
troupe__cache_open(struct cache *self)
{
    self->bucket_count = BUCKETS_MIN;
    self->buckets = troupe__alloc(BUCKETS_MIN * sizeof(void *));
}

void
troupe__cache_close(struct cache *self)
{
    CHECK(self->kept.count + self->under_way.count == 0);
    free(self->buckets);
    self->buckets = NULL;
}

static void
ages_add(struct ages *self, struct item *item)
{
    item->newer = NULL;
    item->older = self->newest;
    if (self->newest)
        self->newest->newer = item;
    else
        self->oldest = item;
    self->newest = item;
    self->count += 1;
}

static void
ages_remove(struct ages *self, struct item *item)
{
    if (item->newer)
        item->newer->older = item->older;
    else
        self->newest = item->older;
    if (item->older)
        item->older->newer = item->newer;
    else
        self->oldest = item->newer;
    self->count -= 1;
}

/* FNV-1a: what is compared in the end are the bytes. */
uint64_t
troupe__cache_hash(const troupe_message_t *msg)
{
    size_t size = 0;
    const uint8_t *body = troupe_message_body(msg, &size);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *at = troupe_message_type(msg); *at; at++)
        hash = (hash ^ (uint8_t) *at) * UINT64_C(0x100000001b3);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ body[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static struct item **
bucket_of(const struct cache *self, uint64_t hash)
{
    return &self->buckets[hash & (self->bucket_count - 1)]; /* a power of 2 */
}

struct item *
troupe__cache_find(const struct cache *self, uint64_t hash,
                   const troupe_message_t *msg)
{
    size_t size = 0;
    const void *body = troupe_message_body(msg, &size);
    struct item *at = *bucket_of(self, hash);
    while (at
           && (at->hash != hash || at->body_size != size
               || !troupe_message_is(msg, at->type)
               || memcmp(at->body, body, size) != 0))
        at = at->next;
    return at;
}

static void
bucket_add(const struct cache *self, struct item *item)
{
    item->link = bucket_of(self, item->hash);
    item->next = *item->link;
    if (item->next)
        item->next->link = &item->next;
    *item->link = item;
}

static void
grow(struct cache *self)
{
    struct item **old = self->buckets;
    size_t count = self->bucket_count;
    if (self->kept.count + self->under_way.count < count)
        return;
    self->bucket_count = count * 2;
    self->buckets = troupe__alloc(self->bucket_count * sizeof(void *));
    for (size_t i = 0; i < count; i++) {
        while (old[i]) {
            struct item *at = old[i];
            old[i] = at->next;
            bucket_add(self, at);
        }
    }
    free(old);
}

struct item *
troupe__item_new(struct cache *self, uint64_t hash, const troupe_message_t *msg)
{
    struct item *item = troupe__alloc(sizeof *item);
    const void *body = troupe_message_body(msg, &item->body_size);
    grow(self);
    item->under_way = true;
    snprintf(item->type, sizeof item->type, "%s", troupe_message_type(msg));
    item->body = troupe__alloc(item->body_size + 1);
    memcpy(item->body, body, item->body_size);
    item->hash = hash;
    bucket_add(self, item);
    ages_add(&self->under_way, item);
    return item;
}

static uint64_t
weight_of(const struct item *item)
{
    return sizeof *item + item->body_size + item->value_size;
}

void
troupe__item_end(struct cache *self, struct item *item)
{
    *item->link = item->next;
    if (item->next)
        item->next->link = item->link;
    ages_remove(item->under_way ? &self->under_way : &self->kept, item);
    if (!item->under_way)
        self->bytes -= weight_of(item);
    CHECK(!item->waiters);
    free(item->body);
    free(item->value);
    free(item);
}

uint64_t
troupe__cache_shrink(struct cache *self, uint64_t bytes)
{
    uint64_t count = 0;
    struct item *at = self->kept.oldest;
    while (at && self->bytes > bytes) {
        struct item *newer = at->newer;
        troupe__item_end(self, at);
        at = newer;
        count += 1;
    }
    return count;
}

void
troupe__item_keep(struct cache *self, struct item *item, uint64_t now_ns,
                  const troupe_message_t *reply)
{
    const void *value = troupe_message_body(reply, &item->value_size);
    if (weight_of(item) > self->bytes_max) {
        troupe__item_end(self, item);
        return;
    }
    self->evicted +=
        troupe__cache_shrink(self, self->bytes_max - weight_of(item));
    item->value = troupe__alloc(item->value_size + 1);
    memcpy(item->value, value, item->value_size);
    item->until_ns = now_ns + self->ttl_ms * NS_PER_MS;
    ages_remove(&self->under_way, item);
    item->under_way = false;
    ages_add(&self->kept, item);
    self->bytes += weight_of(item);
}

void
troupe__item_touch(struct cache *self, struct item *item)
{
    ages_remove(&self->kept, item);
    ages_add(&self->kept, item);
}
