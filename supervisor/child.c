/* SPDX-License-Identifier: Apache-2.0 */
/* child.c: the states of a child, and how its restarts are counted. */
#include "supervisor/child.h"

#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

/* A cell is the next state plus one; an empty cell is a bug of ours. */
#define TO(name) (CHILD_##name + 1)

static const uint8_t table[CHILD_STATE_COUNT][ON_EVENT_COUNT] = {
    [CHILD_DOWN] = {[ON_START] = TO(STARTING)},
    [CHILD_STARTING] = {[ON_STARTED] = TO(UP),
                        [ON_STOP] = TO(STOPPING),
                        [ON_KILL] = TO(KILLING),
                        [ON_ENDED] = TO(WAITING),
                        [ON_GONE] = TO(DOWN)},
    [CHILD_UP] = {[ON_STARTED] = TO(UP),
                  [ON_STOP] = TO(STOPPING),
                  [ON_KILL] = TO(KILLING),
                  [ON_ENDED] = TO(WAITING)},
    [CHILD_STOPPING] = {[ON_STARTED] = TO(STOPPING),
                        [ON_KILL] = TO(KILLING),
                        [ON_ENDED] = TO(WAITING)},
    [CHILD_KILLING] = {[ON_STARTED] = TO(KILLING),
                       [ON_ENDED] = TO(WAITING),
                       [ON_GONE] = TO(DOWN)},
    [CHILD_WAITING] = {[ON_START] = TO(STARTING), [ON_GONE] = TO(DOWN)},
};
_Static_assert(CHILD_STATE_COUNT < UINT8_MAX, "a cell must hold every state");

enum troupe__child_state
troupe__child_next(enum troupe__child_state from, enum troupe__child_event what)
{
    uint8_t cell = table[from][what];
    CHECK(cell != 0);
    return (enum troupe__child_state)(cell - 1);
}

static struct troupe__moment *
moment(const struct troupe__window *self, uint32_t index)
{
    return &self->moments[(self->first + index) % self->capacity];
}

static void
window_grow(struct troupe__window *self)
{
    uint32_t capacity = self->capacity ? self->capacity * 2 : 4;
    struct troupe__moment *moments = troupe__alloc(capacity * sizeof *moments);
    for (uint32_t i = 0; i < self->count; i++)
        moments[i] = *moment(self, i);
    free(self->moments);
    self->moments = moments;
    self->first = 0;
    self->capacity = capacity;
}

static bool
window_has(const struct troupe__window *self, uint64_t cause)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (moment(self, i)->cause == cause)
            return true;
    return false;
}

bool
troupe__window_add(struct troupe__window *self, uint64_t now_ns, uint64_t cause,
                   uint64_t period_ns, uint32_t allowed)
{
    CHECK(self->count <= self->capacity);
    if (allowed == TROUPE_INFINITE)
        return false;
    /* Exactly one period old still counts. */
    while (self->count > 0 && now_ns - moment(self, 0)->at_ns > period_ns) {
        self->first = (self->first + 1) % self->capacity;
        self->count -= 1;
    }
    if (cause == 0 || !window_has(self, cause)) {
        if (self->count == self->capacity)
            window_grow(self);
        *moment(self, self->count) = (struct troupe__moment){now_ns, cause};
        self->count += 1;
    }
    return self->count > allowed;
}

void
troupe__window_clear(struct troupe__window *self)
{
    free(self->moments);
    *self = (struct troupe__window){0};
}
