/* SPDX-License-Identifier: Apache-2.0 */
/* wheel.h: timers in a hierarchical wheel (Varghese and Lauck 1987). */
#ifndef TROUPE_RUNTIME_WHEEL_H
#define TROUPE_RUNTIME_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

enum {
    TROUPE__WHEEL_LEVELS = 7, /* 64^7 ticks: 139 years of ms */
    TROUPE__WHEEL_SLOTS = 64,
    TROUPE__TICK_NS = 1000000 /* one tick is a millisecond */
};

/* A timer lies in the struct that it is for; zeroed is unset. */
struct troupe__alarm {
    struct troupe__alarm *next, **link; /* link NULL: unset */
    uint64_t tick;                      /* when it is due */
    uint8_t level, slot;                /* where it waits */
    uint8_t what;                       /* for who sets it */
};

struct troupe__wheel {
    uint64_t tick; /* all timers up to this tick have fired */
    uint32_t count;
    uint64_t used[TROUPE__WHEEL_LEVELS]; /* a bit per slot with timers */
    struct troupe__wheel_slot {
        struct troupe__alarm *first;
        struct troupe__alarm *
            *end; /* where the next one is hung; NULL: first */
    } slots[TROUPE__WHEEL_LEVELS][TROUPE__WHEEL_SLOTS];
};

/* troupe__wheel_set: due at `at_ns`, rounded up to a tick, never early. */
void troupe__wheel_set(struct troupe__wheel *self, struct troupe__alarm *alarm,
                       uint64_t at_ns);

/* troupe__wheel_clear: unset it; fine when it is unset. */
void troupe__wheel_clear(struct troupe__wheel *self,
                         struct troupe__alarm *alarm);

/* troupe__wheel_due: one timer that is due by `now_ns`, unset, or NULL;
 * those of an earlier tick come first. */
struct troupe__alarm *troupe__wheel_due(struct troupe__wheel *self,
                                        uint64_t now_ns);

/* troupe__wheel_next_ns: nothing is due before this; UINT64_MAX: empty. */
uint64_t troupe__wheel_next_ns(const struct troupe__wheel *self);

#endif
