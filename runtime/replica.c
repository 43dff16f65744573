/* SPDX-License-Identifier: Apache-2.0 */
/* replica.c: names and groups of all nodes of a run, on each of them. */
#include "runtime/replica.h"

#include <czmq.h>

#include "runtime/link.h"
#include "runtime/names.h"
#include "runtime/peers.h"
#include "runtime/worker.h"

enum { LOG_EVERY_MS = 1000, NS_PER_MS = 1000000 };

/* How many names and memberships each other node has. */
struct troupe__holdings {
    uint32_t counts[TROUPE__PEER_MAX + 1];
    uint64_t logged_ns, refused;
};

static void
number_free(void **item_p)
{
    free(*item_p);
    *item_p = NULL;
}

void
troupe__replica_init(struct troupe__link *self)
{
    zhashx_t *pending = zhashx_new();
    CHECK(pending);
    zhashx_set_destructor(pending, number_free);
    self->pending = pending;
    self->holdings = troupe__alloc(sizeof *self->holdings);
}

void
troupe__replica_free(struct troupe__link *self)
{
    zhashx_t *pending = self->pending;
    zhashx_destroy(&pending);
    self->pending = NULL;
    free(self->holdings);
    self->holdings = NULL;
}

/* One more change that the root has not answered. */
static void
pending_add(struct troupe__link *self, const char *name)
{
    uint64_t *count = zhashx_lookup(self->pending, name);
    if (!count) {
        count = troupe__alloc(sizeof *count);
        CHECK(zhashx_insert(self->pending, name, count) == 0);
    }
    (*count)++;
}

/* True when that was the last one. */
static bool
pending_end(struct troupe__link *self, const char *name)
{
    uint64_t *count = zhashx_lookup(self->pending, name);
    if (!count || --*count > 0)
        return false;
    zhashx_delete(self->pending, name);
    return true;
}

static void
write_note(struct troupe__link *self, enum troupe__note_kind kind,
           uint32_t number, const char *name, troupe_ref_t ref)
{
    struct troupe__note *note = troupe__note_new(kind, name);
    note->number = number;
    note->ref = ref;
    troupe__link_note(self, note);
}

void
troupe__name_changed(troupe_t *node, bool is_claim, const char *name,
                     troupe_ref_t ref)
{
    if (!node->link)
        return;
    node->link->changes++;
    if (!node->link->hub)
        pending_add(node->link, name);
    write_note(node->link, is_claim ? NOTE_NAME : NOTE_UNNAME, node->id, name,
               ref);
}

void
troupe__group_changed(troupe_t *node, bool joins, const char *name,
                      troupe_ref_t ref)
{
    if (!node->link)
        return;
    node->link->changes++;
    write_note(node->link, joins ? NOTE_JOIN : NOTE_LEAVE, node->id, name, ref);
}

static void
change_count(struct troupe__link *self, uint32_t number, bool is_more)
{
    uint32_t *held = &self->holdings->counts[number];
    CHECK(is_more || *held > 0);
    *held = is_more ? *held + 1 : *held - 1;
}

/* Whether that node may have one more; one of many refusals is logged. */
static bool
may_hold(struct troupe__link *self, uint32_t number)
{
    struct troupe__holdings *holdings = self->holdings;
    if (holdings->counts[number] < TROUPE__HOLDINGS_MAX)
        return true;
    uint64_t now = troupe__real_ns();
    holdings->refused++;
    if (now - holdings->logged_ns >= (uint64_t) LOG_EVERY_MS * NS_PER_MS) {
        holdings->logged_ns = now;
        troupe__log(self->node, TROUPE_LOG_WARNING,
                    "node %u has %d names and places in groups, and may have "
                    "no more: refused (%llu so far)",
                    number, TROUPE__HOLDINGS_MAX,
                    (unsigned long long) holdings->refused);
    }
    return false;
}

void
troupe__replica_claim(struct troupe__link *self, uint32_t number, bool is_claim,
                      const char *name, troupe_ref_t ref)
{
    troupe_t *node = self->node;
    pthread_mutex_lock(&node->names_lock);
    const uint64_t *item = zhashx_lookup(node->names, name);
    troupe_ref_t owner = {item ? *item : 0};
    if (is_claim ? owner.id == 0 && may_hold(self, number)
                 : owner.id == ref.id) {
        owner = is_claim ? ref : TROUPE_NOBODY;
        change_count(self, number, is_claim);
        troupe__name_set(node, name, owner);
        write_note(self, is_claim ? NOTE_NAME : NOTE_UNNAME, number, name, ref);
    }
    write_note(self, NOTE_NAMED, number, name, owner);
    pthread_mutex_unlock(&node->names_lock);
}

void
troupe__replica_group(struct troupe__link *self, uint32_t number, bool joins,
                      const char *name, troupe_ref_t ref)
{
    troupe_t *node = self->node;
    pthread_mutex_lock(&node->names_lock);
    bool may = !self->hub || !joins || may_hold(self, number);
    if (may && troupe__group_set(node, name, ref, joins) && self->hub) {
        change_count(self, number, joins);
        write_note(self, joins ? NOTE_JOIN : NOTE_LEAVE, number, name, ref);
    }
    pthread_mutex_unlock(&node->names_lock);
}

void
troupe__replica_name(struct troupe__link *self, bool is_claim, const char *name,
                     troupe_ref_t ref)
{
    troupe_t *node = self->node;
    pthread_mutex_lock(&node->names_lock);
    const uint64_t *item = zhashx_lookup(node->names, name);
    if (!zhashx_lookup(self->pending, name)) {
        if (is_claim)
            troupe__name_set(node, name, ref);
        else if (item && *item == ref.id)
            troupe__name_set(node, name, TROUPE_NOBODY);
    }
    pthread_mutex_unlock(&node->names_lock);
}

void
troupe__replica_named(struct troupe__link *self, const char *name,
                      troupe_ref_t owner)
{
    troupe_t *node = self->node;
    troupe_ref_t before = owner;
    char loser[TROUPE_REF_TEXT];
    char winner[TROUPE_REF_TEXT];
    pthread_mutex_lock(&node->names_lock);
    if (pending_end(self, name))
        before = troupe__name_set(node, name, owner);
    pthread_mutex_unlock(&node->names_lock);
    if (before.id == owner.id || troupe_ref_is_nobody(before))
        return;
    troupe__log(node, TROUPE_LOG_WARNING,
                "the name %s is taken from %s: %s of another node had "
                "claimed it first",
                name, troupe_ref_text(before, loser),
                troupe_ref_text(owner, winner));
}

static void
purge_names(troupe_t *node, uint32_t number)
{
    zlistx_t *names = zhashx_keys(node->names);
    CHECK(names);
    for (const char *name = zlistx_first(names); name;
         name = zlistx_next(names)) {
        const uint64_t *item = zhashx_lookup(node->names, name);
        if (troupe__ref_node((troupe_ref_t){*item}) == number)
            troupe__name_set(node, name, TROUPE_NOBODY);
    }
    zlistx_destroy(&names);
}

static void
purge_groups(troupe_t *node, uint32_t number)
{
    zlistx_t *names = zhashx_keys(node->groups);
    CHECK(names);
    for (const char *name = zlistx_first(names); name;
         name = zlistx_next(names)) {
        const struct troupe__members *group = zhashx_lookup(node->groups, name);
        /* From the end: who leaves is replaced by the last. */
        for (size_t i = group->count; i > 0; i--) {
            troupe_ref_t ref = {group->members[i - 1]};
            bool is_last = group->count == 1;
            if (troupe__ref_node(ref) == number
                && troupe__group_set(node, name, ref, false) && is_last)
                break; /* the group is gone */
        }
    }
    zlistx_destroy(&names);
}

void
troupe__replica_purge(struct troupe__link *self, uint32_t number,
                      struct troupe__note *note_p)
{
    pthread_mutex_lock(&self->node->names_lock);
    purge_names(self->node, number);
    purge_groups(self->node, number);
    self->holdings->counts[number] = 0;
    if (note_p)
        troupe__link_note(self, note_p);
    pthread_mutex_unlock(&self->node->names_lock);
}

void
troupe__replica_each(struct troupe__link *self,
                     void (*tell)(void *data, const char *verb,
                                  const char *name, troupe_ref_t ref),
                     void *data)
{
    troupe_t *node = self->node;
    pthread_mutex_lock(&node->names_lock);
    for (const uint64_t *item = zhashx_first(node->names); item;
         item = zhashx_next(node->names))
        tell(data, "name", zhashx_cursor(node->names), (troupe_ref_t){*item});
    for (const struct troupe__members *group = zhashx_first(node->groups);
         group; group = zhashx_next(node->groups)) {
        for (size_t i = 0; i < group->count; i++)
            tell(data, "join", zhashx_cursor(node->groups),
                 (troupe_ref_t){group->members[i]});
    }
    pthread_mutex_unlock(&node->names_lock);
}
