/* SPDX-License-Identifier: Apache-2.0 */
/* gather_policy.c: when a gather is over, and what its result rests on. */
#include <stdio.h>
#include <string.h>

#include "mailbox/check.h"
#include "supervisor/gather.h"

static bool
same_bytes(const troupe_message_t *one, const troupe_message_t *other)
{
    size_t size = 0, other_size = 0;
    const void *body = troupe_message_body(one, &size);
    const void *other_body = troupe_message_body(other, &other_size);
    return size == other_size && memcmp(body, other_body, size) == 0;
}

static bool
is_same(const struct troupe_gathering *self, const troupe_gather_part_t *one,
        const troupe_gather_part_t *other)
{
    if (self->options.same)
        return self->options.same(one->reply, other->reply, self->options.data);
    return same_bytes(one->reply, other->reply);
}

void
troupe__gather_classify(struct troupe_gathering *self,
                        struct troupe__slot *slot)
{
    const troupe_gather_part_t *part = troupe__slot_part(slot);
    size_t index = (size_t) (slot - self->slots);
    CHECK(part->usable);
    for (size_t i = 0; i < self->result->shown.count; i++) {
        struct troupe__slot *other = &self->slots[i];
        if (other->shares == 0
            || !is_same(self, troupe__slot_part(other), part))
            continue;
        other->shares += 1;
        slot->same_as = i;
        return;
    }
    slot->same_as = index;
    slot->shares = 1;
}

/* The reply that most share: its index, or SIZE_MAX. */
static size_t
most_shared(const struct troupe_gathering *self, size_t *ret_count)
{
    size_t best = SIZE_MAX;
    *ret_count = 0;
    for (size_t i = 0; i < self->result->shown.count; i++) {
        if (self->slots[i].shares > *ret_count) {
            *ret_count = self->slots[i].shares;
            best = i;
        }
    }
    return best;
}

static size_t
needed(const struct troupe_gathering *self)
{
    size_t count = self->result->shown.count;
    switch (self->options.policy) {
    case TROUPE_GATHER_ALL:
        return count;
    case TROUPE_GATHER_FIRST:
    case TROUPE_GATHER_BEST:
        return 1;
    case TROUPE_GATHER_FIRST_K:
        return self->options.k;
    case TROUPE_GATHER_QUORUM:
        return self->options.k > 0 ? self->options.k : count / 2 + 1;
    case TROUPE_GATHER_MAJORITY:
        return count / 2 + 1;
    case TROUPE_GATHER_DEADLINE:
        return 0;
    }
    return count;
}

/* What counts towards `needed`. */
static size_t
reached(const struct troupe_gathering *self)
{
    size_t count = self->result->shown.usable;
    if (self->options.policy == TROUPE_GATHER_MAJORITY && count > 0)
        (void) most_shared(self, &count);
    return count;
}

static bool
ends_early(troupe_gather_policy_t policy)
{
    return policy == TROUPE_GATHER_FIRST || policy == TROUPE_GATHER_FIRST_K
           || policy == TROUPE_GATHER_QUORUM
           || policy == TROUPE_GATHER_MAJORITY;
}

bool
troupe__gather_judge(struct troupe_gathering *self)
{
    CHECK(!self->finished);
    if (self->open == 0)
        return true;
    if (self->options.enough
        && self->options.enough(&self->result->shown, self->options.data))
        return true;
    size_t need = needed(self);
    size_t have = reached(self);
    if (ends_early(self->options.policy) && have >= need)
        return true;
    return self->options.fail_fast && have + self->open < need;
}

static void
choose(struct troupe_gathering *self)
{
    struct troupe__gathered *result = self->result;
    troupe_gather_t *shown = &result->shown;
    shown->best = SIZE_MAX;
    size_t ignored = 0;
    bool majority = self->options.policy == TROUPE_GATHER_MAJORITY;
    bool best = self->options.policy == TROUPE_GATHER_BEST;
    size_t shared = majority ? most_shared(self, &ignored) : SIZE_MAX;
    for (size_t i = 0; i < shown->count; i++) {
        troupe_gather_part_t *part = &result->parts[i];
        if (!part->usable)
            continue;
        part->chosen = !majority || self->slots[i].same_as == shared;
        bool better =
            shown->best == SIZE_MAX
            || (best && part->score > result->parts[shown->best].score);
        if (part->chosen && better)
            shown->best = i;
    }
    for (size_t i = 0; best && i < shown->count; i++)
        result->parts[i].chosen = i == shown->best;
}

void
troupe__gather_conclude(struct troupe_gathering *self)
{
    struct troupe__gathered *result = self->result;
    troupe_gather_t *shown = &result->shown;
    size_t need = needed(self);
    size_t have = reached(self);
    shown->failed = shown->asked - shown->answered;
    shown->met = have >= need && shown->count > 0;
    choose(self);
    if (!shown->met)
        shown->best = SIZE_MAX;
    for (size_t i = 0; !shown->met && i < shown->count; i++)
        result->parts[i].chosen = false;
    if (result->why[0] != '\0')
        return;
    bool agree = self->options.policy == TROUPE_GATHER_MAJORITY;
    if (need == 0) {
        (void) snprintf(result->why, sizeof result->why,
                        "%zu of %zu gave a usable reply", have, shown->count);
    } else {
        (void) snprintf(result->why, sizeof result->why,
                        "%zu of %zu %s, %zu needed", have, shown->count,
                        agree ? "agree" : "gave a usable reply", need);
    }
}
