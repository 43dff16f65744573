/* SPDX-License-Identifier: Apache-2.0 */
/* children.c: the children of a supervisor, in order and by id and ref. */
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"
#include "supervisor/child.h"

static uint32_t
hash_id(const char *id)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *id; id++)
        hash = (hash ^ (unsigned char) *id) * 16777619u;
    return hash ^ (hash >> 15);
}

static uint32_t
hash_ref(troupe_ref_t ref)
{
    uint64_t mixed = ref.id * 0x9e3779b97f4a7c15u;
    return (uint32_t) (mixed >> 32);
}

static void
chain_id(struct troupe__children *self, struct troupe__child *child)
{
    uint32_t at = hash_id(child->spec->id) & (self->buckets - 1);
    child->id_next = self->by_id[at];
    self->by_id[at] = child;
}

static void
chain_ref(struct troupe__children *self, struct troupe__child *child)
{
    uint32_t at = hash_ref(child->ref) & (self->buckets - 1);
    child->ref_next = self->by_ref[at];
    self->by_ref[at] = child;
}

static void
unchain_id(struct troupe__children *self, struct troupe__child *child)
{
    uint32_t at = hash_id(child->spec->id) & (self->buckets - 1);
    struct troupe__child **link = &self->by_id[at];
    while (*link != child)
        link = &(*link)->id_next;
    *link = child->id_next;
}

static void
unchain_ref(struct troupe__children *self, struct troupe__child *child)
{
    uint32_t at = hash_ref(child->ref) & (self->buckets - 1);
    struct troupe__child **link = &self->by_ref[at];
    while (*link != child)
        link = &(*link)->ref_next;
    *link = child->ref_next;
}

/* Children of one simple one-for-one template share an id: they are found by
 * ref only, or their chain would be one long list. */
static bool
has_own_id(const struct troupe__child *child)
{
    return !child->shares_spec;
}

static void
grow(struct troupe__children *self)
{
    free(self->by_id);
    free(self->by_ref);
    self->buckets = self->buckets ? self->buckets * 2 : 16;
    self->by_id = troupe__alloc(self->buckets * sizeof(struct troupe__child *));
    self->by_ref =
        troupe__alloc(self->buckets * sizeof(struct troupe__child *));
    for (struct troupe__child *c = self->first; c; c = c->next) {
        if (has_own_id(c))
            chain_id(self, c);
        if (!troupe_ref_is_nobody(c->ref))
            chain_ref(self, c);
    }
}

struct troupe__child *
troupe__children_add(struct troupe__children *self,
                     const troupe_child_spec_t *spec, bool shares_spec)
{
    CHECK(spec && spec->id);
    if (self->count == self->buckets)
        grow(self);
    struct troupe__child *child = troupe__alloc(sizeof *child);
    child->spec = spec;
    child->shares_spec = shares_spec;
    child->prev = self->last;
    if (self->last)
        self->last->next = child;
    else
        self->first = child;
    self->last = child;
    self->count += 1;
    if (has_own_id(child))
        chain_id(self, child);
    return child;
}

static void
child_free(struct troupe__child *child)
{
    CHECK(!child->starters && !child->enders);
    if (!child->shares_spec) {
        troupe_child_spec_t *spec = (void *) (uintptr_t) child->spec;
        troupe__spec_free(spec);
        free(spec);
    }
    troupe__window_clear(&child->window);
    free(child->poisons);
    free(child->arguments);
    free(child);
}

void
troupe__children_remove(struct troupe__children *self,
                        struct troupe__child *child)
{
    CHECK(self->count > 0);
    CHECK(!child->pending);
    if (has_own_id(child))
        unchain_id(self, child);
    if (!troupe_ref_is_nobody(child->ref))
        unchain_ref(self, child);
    if (child->prev)
        child->prev->next = child->next;
    else
        self->first = child->next;
    if (child->next)
        child->next->prev = child->prev;
    else
        self->last = child->prev;
    self->count -= 1;
    child_free(child);
}

struct troupe__child *
troupe__children_find(const struct troupe__children *self, const char *id)
{
    if (self->buckets == 0)
        return NULL;
    struct troupe__child *child =
        self->by_id[hash_id(id) & (self->buckets - 1)];
    while (child && strcmp(child->spec->id, id) != 0)
        child = child->id_next;
    return child;
}

struct troupe__child *
troupe__children_find_ref(const struct troupe__children *self, troupe_ref_t ref)
{
    if (self->buckets == 0 || troupe_ref_is_nobody(ref))
        return NULL;
    struct troupe__child *child =
        self->by_ref[hash_ref(ref) & (self->buckets - 1)];
    while (child && !troupe_ref_equal(child->ref, ref))
        child = child->ref_next;
    return child;
}

void
troupe__children_set_ref(struct troupe__children *self,
                         struct troupe__child *child, troupe_ref_t ref)
{
    if (!troupe_ref_is_nobody(child->ref))
        unchain_ref(self, child);
    child->ref = ref;
    if (!troupe_ref_is_nobody(ref))
        chain_ref(self, child);
}

void
troupe__children_free(struct troupe__children *self)
{
    struct troupe__child *next = NULL;
    for (struct troupe__child *c = self->first; c; c = next) {
        next = c->next;
        child_free(c);
    }
    free(self->by_id);
    free(self->by_ref);
    *self = (struct troupe__children){0};
}
