/* SPDX-License-Identifier: Apache-2.0 */
/* knot_words.c: the circles in a knot, and the words for one of them. */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/knot.h"

#define NOWHERE UINT32_MAX

enum { NS_PER_MS = 1000000 };

/*
 * For each member the next ask on a shortest way to the first one: a search
 * in breadth, backwards. NOWHERE: no way leads there. For free().
 */
static uint32_t *
ways_back(const struct troupe__knot *self)
{
    size_t count = self->member_count;
    uint32_t *ways = troupe__alloc(count * sizeof *ways);
    uint32_t *queue = troupe__alloc(count * sizeof *queue);
    size_t done = 0, seen = 1;
    for (size_t i = 0; i < count; i++)
        ways[i] = NOWHERE;
    for (queue[0] = 0; done < seen; done++) {
        for (uint32_t i = 0; i < self->wait_count; i++) {
            const struct troupe__wait *wait = &self->waits[i];
            if (wait->to != queue[done] || wait->from == 0
                || ways[wait->from] != NOWHERE)
                continue;
            ways[wait->from] = i;
            queue[seen++] = wait->from;
        }
    }
    free(queue);
    return ways;
}

bool
troupe__knot_is_tight(const struct troupe__knot *self)
{
    uint32_t *ways = ways_back(self);
    uint32_t at = 1;
    while (at < self->member_count && ways[at] != NOWHERE)
        at++;
    free(ways);
    return at >= self->member_count;
}

static const struct troupe__wait *
first_wait(const struct troupe__knot *self, uint64_t ask_id)
{
    const struct troupe__wait *at = self->waits;
    while (at->from != 0 || at->id != ask_id)
        at++;
    return at;
}

void
troupe__knot_print(const struct troupe__knot *self, uint64_t ask_id,
                   uint64_t now, char *text, size_t size)
{
    uint32_t *ways = ways_back(self);
    const struct troupe__wait *wait = first_wait(self, ask_id);
    size_t used =
        (size_t) snprintf(text, size, "deadlock: %s", self->members[0].who);
    for (const char *joint = ""; wait && used < size; joint = ", which") {
        uint64_t ms = now > wait->since ? (now - wait->since) / NS_PER_MS : 0;
        used += (size_t) snprintf(
            text + used, size - used, "%s waits for %s ('%s', %llu ms)", joint,
            self->members[wait->to].who, wait->type, (unsigned long long) ms);
        wait = wait->to == 0 ? NULL : &self->waits[ways[wait->to]];
    }
    free(ways);
}
