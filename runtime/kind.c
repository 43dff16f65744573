/* SPDX-License-Identifier: Apache-2.0 */
/* kind.c: checking the clauses of a kind and hashing its verbs. */
#include "runtime/kind.h"

#include <errno.h>
#include <stdlib.h>

#include "mailbox/check.h"
#include "runtime/node.h"

enum { STATE_MAX = 1 << 20 };

void
troupe__kinds_init(struct troupe__kinds *self)
{
    memset(self, 0, sizeof *self);
    CHECK(pthread_mutex_init(&self->lock, NULL) == 0);
}

void
troupe__kinds_free(struct troupe__kinds *self)
{
    for (uint32_t i = 0; i < self->count; i++)
        free(self->by_index[i]);
    pthread_mutex_destroy(&self->lock);
}

static bool
clause_is_valid(const troupe_clause_t *clause)
{
    if (clause->on == TROUPE__ON_STOP)
        return clause->stop;
    if (!clause->handle)
        return false;
    if (clause->on != TROUPE__ON_MESSAGE)
        return clause->on > 0 && clause->on <= TROUPE__ON_CANCEL;
    return troupe__type_size(clause->type) > 0;
}

static bool
kind_is_valid(const troupe_kind_t *user, uint32_t *ret_count)
{
    if (!user || !user->name || !*user->name || !user->clauses
        || user->state_size > STATE_MAX)
        return false;
    if (strnlen(user->name, TROUPE_NAME_MAX + 1) > TROUPE_NAME_MAX)
        return false;
    if (user->mailbox.overflow > TROUPE_OVERFLOW_DROP_OLDEST)
        return false;
    uint32_t count = 0;
    for (const troupe_clause_t *at = user->clauses; at->on; at++)
        if (++count > TROUPE__CLAUSES_MAX || !clause_is_valid(at))
            return false;
    *ret_count = count;
    return true;
}

/* False when the verb is there already. */
static bool
add_verb(struct troupe__kind *self, const troupe_clause_t *clause)
{
    size_t size = strlen(clause->type);
    uint64_t prefix = 0;
    memcpy(&prefix, clause->type, size < 8 ? size : 8);
    uint32_t at = troupe__type_home(prefix, size) & self->mask;
    for (; self->table[at].size; at = (at + 1) & self->mask)
        if (strcmp(self->table[at].type, clause->type) == 0)
            return false;
    self->table[at] = (struct troupe__clause_entry){
        prefix, (uint32_t) size, clause->type, clause->handle};
    return true;
}

static troupe_handler_fn *
place_of(struct troupe__kind *self, int on)
{
    switch (on) {
    case TROUPE__ON_START:
        return &self->start;
    case TROUPE__ON_FALLBACK:
        return &self->fallback;
    case TROUPE__ON_DOWN:
        return &self->down;
    case TROUPE__ON_EXIT:
        return &self->exit;
    case TROUPE__ON_CHILD:
        return &self->child;
    default:
        CHECK(on == TROUPE__ON_CANCEL);
        return &self->cancel;
    }
}

/* False when the kind has such a clause already. */
static bool
add_clause(struct troupe__kind *self, const troupe_clause_t *clause)
{
    if (clause->on == TROUPE__ON_MESSAGE)
        return add_verb(self, clause);
    if (clause->on == TROUPE__ON_STOP) {
        bool first = !self->stop;
        self->stop = clause->stop;
        return first;
    }
    troupe_handler_fn *place = place_of(self, clause->on);
    bool first = !*place;
    *place = clause->handle;
    return first;
}

static int
kind_new(const troupe_kind_t *user, struct troupe__kind **ret_kind)
{
    uint32_t count = 0;
    if (!kind_is_valid(user, &count))
        return -EINVAL;
    uint32_t places = 4;
    while (places < 2 * (count + 1))
        places *= 2;
    struct troupe__kind *self =
        troupe__alloc(sizeof *self + places * sizeof self->table[0]);
    self->user = user;
    self->mask = places - 1;
    for (const troupe_clause_t *at = user->clauses; at->on; at++) {
        if (!add_clause(self, at)) {
            free(self);
            return -EINVAL;
        }
    }
    *ret_kind = self;
    return 0;
}

struct troupe__kind *
troupe__kind_known(struct troupe__kinds *self, const troupe_kind_t *user)
{
    uint32_t count = atomic_load_explicit(&self->count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++) {
        struct troupe__kind *kind =
            atomic_load_explicit(&self->by_index[i], memory_order_relaxed);
        if (kind->user == user)
            return kind;
    }
    return NULL;
}

int
troupe__kind_of(struct troupe__kinds *self, const troupe_kind_t *user,
                const struct troupe__kind **ret_kind)
{
    struct troupe__kind *kind = troupe__kind_known(self, user);
    int rc = 0;
    if (!kind) {
        pthread_mutex_lock(&self->lock);
        kind = troupe__kind_known(self, user);
        if (!kind && self->count == TROUPE__KINDS_MAX - 1)
            rc = -ENOSPC;
        else if (!kind)
            rc = kind_new(user, &kind);
        if (rc == 0 && !troupe__kind_known(self, user)) {
            kind->index = self->count;
            atomic_store(&self->by_index[self->count], kind);
            atomic_fetch_add_explicit(&self->count, 1, memory_order_release);
        }
        pthread_mutex_unlock(&self->lock);
    }
    if (rc == 0)
        *ret_kind = kind;
    return rc;
}

int
troupe_kind_find(troupe_t *node, const char *name,
                 const troupe_kind_t **ret_kind)
{
    if (!node || !name || !ret_kind)
        return -ENOENT;
    uint32_t count = atomic_load(&node->kinds.count);
    for (uint32_t i = 0; i < count; i++) {
        const struct troupe__kind *kind = atomic_load(&node->kinds.by_index[i]);
        if (strcmp(kind->user->name, name) == 0) {
            *ret_kind = kind->user;
            return 0;
        }
    }
    return -ENOENT;
}

int
troupe_kind_register(troupe_t *node, const troupe_kind_t *kind)
{
    const troupe_kind_t *other = NULL;
    const struct troupe__kind *ready = NULL;
    if (!node || !kind || !kind->name)
        return -EINVAL;
    if (troupe_kind_find(node, kind->name, &other) == 0 && other != kind)
        return -EEXIST;
    return troupe__kind_of(&node->kinds, kind, &ready);
}
