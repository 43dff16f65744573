/* SPDX-License-Identifier: Apache-2.0 */
/* wheel.c: six bits of the due tick a level; far timers cascade down. */
#include "runtime/wheel.h"

#include <stddef.h>

#include "mailbox/check.h"

enum { LEVEL_BITS = 6 };

/* Farther than the wheel turns no time is told apart: 69 years. */
#define TICKS_MAX (UINT64_C(1) << 41)

static uint64_t
slot_of(uint64_t tick, unsigned level)
{
    return tick >> (level * LEVEL_BITS) & (TROUPE__WHEEL_SLOTS - 1);
}

/* The level is where the due tick and the present differ highest. */
static void
insert(struct troupe__wheel *self, struct troupe__alarm *alarm)
{
    uint64_t differ = alarm->tick ^ self->tick;
    unsigned level =
        differ ? (unsigned) (63 - __builtin_clzll(differ)) / LEVEL_BITS : 0;
    if (level >= TROUPE__WHEEL_LEVELS)
        level = TROUPE__WHEEL_LEVELS - 1;
    uint64_t slot = slot_of(alarm->tick, level);
    struct troupe__wheel_slot *in = &self->slots[level][slot];
    alarm->level = (uint8_t) level;
    alarm->slot = (uint8_t) slot;

    /* At the end, so that equal ticks fire in the order that they were set. */
    alarm->next = NULL;
    alarm->link = in->first ? in->end : &in->first;
    *alarm->link = alarm;
    in->end = &alarm->next;
    self->used[level] |= UINT64_C(1) << slot;
}

static void
take_out(struct troupe__wheel *self, struct troupe__alarm *alarm)
{
    struct troupe__wheel_slot *in = &self->slots[alarm->level][alarm->slot];
    *alarm->link = alarm->next;
    if (alarm->next)
        alarm->next->link = alarm->link;
    else
        in->end = alarm->link;
    if (!in->first)
        self->used[alarm->level] &= ~(UINT64_C(1) << alarm->slot);
    alarm->link = NULL;
    alarm->next = NULL;
}

void
troupe__wheel_set(struct troupe__wheel *self, struct troupe__alarm *alarm,
                  uint64_t at_ns)
{
    CHECK(!alarm->link);
    uint64_t tick = at_ns / TROUPE__TICK_NS + (at_ns % TROUPE__TICK_NS != 0);
    uint64_t last = self->tick + TICKS_MAX;
    tick = tick < last ? tick : last;
    alarm->tick = tick > self->tick ? tick : self->tick;
    insert(self, alarm);
    self->count++;
}

void
troupe__wheel_clear(struct troupe__wheel *self, struct troupe__alarm *alarm)
{
    if (!alarm->link)
        return;
    take_out(self, alarm);
    self->count--;
}

/* The tick at which the nearest slot of any level begins. */
static uint64_t
next_tick(const struct troupe__wheel *self, unsigned *ret_level)
{
    for (unsigned level = 0; level < TROUPE__WHEEL_LEVELS; level++) {
        if (!self->used[level])
            continue;
        unsigned shift = level * LEVEL_BITS;
        uint64_t here = slot_of(self->tick, level);
        uint64_t turned =
            here ? self->used[level] >> here | self->used[level] << (64 - here)
                 : self->used[level];
        uint64_t ahead = (uint64_t) __builtin_ctzll(turned);
        *ret_level = level;
        return ((self->tick >> shift) + ahead) << shift;
    }
    return UINT64_MAX;
}

static void
cascade(struct troupe__wheel *self, unsigned level)
{
    uint64_t slot = slot_of(self->tick, level);
    struct troupe__alarm *alarm = self->slots[level][slot].first;
    self->slots[level][slot].first = NULL;
    self->used[level] &= ~(UINT64_C(1) << slot);
    while (alarm) {
        struct troupe__alarm *next = alarm->next;
        insert(self, alarm);
        alarm = next;
    }
}

struct troupe__alarm *
troupe__wheel_due(struct troupe__wheel *self, uint64_t now_ns)
{
    uint64_t now = now_ns / TROUPE__TICK_NS;
    while (self->count > 0) {
        unsigned level = 0;
        uint64_t tick = next_tick(self, &level);
        if (tick > now)
            break;
        if (tick > self->tick)
            self->tick = tick;
        if (level > 0) {
            cascade(self, level);
            continue;
        }
        struct troupe__alarm *alarm = self->slots[0][slot_of(tick, 0)].first;
        take_out(self, alarm);
        self->count--;
        return alarm;
    }
    if (now > self->tick && self->count == 0)
        self->tick = now;
    return NULL;
}

uint64_t
troupe__wheel_next_ns(const struct troupe__wheel *self)
{
    unsigned level = 0;
    uint64_t tick = self->count ? next_tick(self, &level) : UINT64_MAX;
    return tick == UINT64_MAX ? UINT64_MAX : tick * TROUPE__TICK_NS;
}
