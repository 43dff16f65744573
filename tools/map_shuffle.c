/* SPDX-License-Identifier: Apache-2.0 */
/* map_shuffle.c: the lines of `troupe map` in random order. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/findings.h"
#include "tools/map.h"

uint64_t
troupe__map_seed(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t mixed = (uint64_t) now.tv_nsec * UINT64_C(0x9e3779b97f4a7c15)
                     ^ (uint64_t) now.tv_sec << 20 ^ (uint64_t) getpid();
    return mixed % UINT64_C(1000000000);
}

/* source: SplitMix64, Steele, Lea and Flood 2014 */
static uint64_t
draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* One of `count`, each as likely: what is over a multiple is drawn again. */
static size_t
draw_below(uint64_t *state, size_t count)
{
    uint64_t over = UINT64_MAX - UINT64_MAX % count;
    uint64_t drawn = draw(state);
    while (drawn >= over)
        drawn = draw(state);
    return (size_t) (drawn % count);
}

void
troupe__map_shuffle(struct troupe__map_order *self, uint64_t seed)
{
    self->ranks = troupe__grab((self->count + 1) * sizeof *self->ranks);
    for (size_t i = 0; i < self->count; i++)
        self->ranks[i] = i;
    /* source: Durstenfeld 1964 */
    for (size_t i = self->count; i > 1; i--) {
        size_t other = draw_below(&seed, i);
        size_t rank = self->ranks[i - 1];
        self->ranks[i - 1] = self->ranks[other];
        self->ranks[other] = rank;
    }
}

void
troupe__map_order_add(struct troupe__map_order *self,
                      struct troupe__map_line line)
{
    self->lines = troupe__grow(self->lines, self->count, sizeof *self->lines);
    self->lines[self->count++] = line;
}

void
troupe__map_order_free(struct troupe__map_order *self)
{
    free(self->lines);
    free(self->ranks);
    *self = (struct troupe__map_order){0};
}
