/* SPDX-License-Identifier: Apache-2.0 */
/* map_shuffle.c: the lines of `troupe map` in random order, and back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/findings.h"
#include "tools/map.h"

/* --- there ------------------------------------------------------------------*/

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

/* --- and back ---------------------------------------------------------------*/

static char *
keep(struct troupe__map_held *self, size_t *used, const void *bytes,
     size_t size)
{
    char *at = (char *) (self + 1) + *used;
    if (size > 0)
        memcpy(at, bytes, size);
    *used += size;
    return at;
}

/* A result with all that it points to, in one block. */
static struct troupe__map_held *
hold(const troupe_map_result_t *it)
{
    size_t key = strlen(it->key) + 1, state = strlen(it->state) + 1;
    size_t text = strlen(it->text) + 1, used = 0;
    struct troupe__map_held *self = troupe__grab(
        sizeof *self + key + state + text + it->value_size + it->votes_size);
    self->result = *it;
    self->result.key = keep(self, &used, it->key, key);
    self->result.state = keep(self, &used, it->state, state);
    self->result.text = keep(self, &used, it->text, text);
    self->result.value = keep(self, &used, it->value, it->value_size);
    if (it->votes)
        self->result.votes = keep(self, &used, it->votes, it->votes_size);
    return self;
}

/* As far as nothing is missing in between; or all there are. */
static int
release(struct troupe__map_output *self, bool all)
{
    size_t count = self->input->order.count;
    int rc = 0;
    while (self->held && self->next_rank < count && rc == 0) {
        struct troupe__map_held *held = self->held[self->next_rank];
        if (!held && !all)
            break;
        self->held[self->next_rank++] = NULL;
        if (held)
            rc = troupe__map_result(self, &held->result);
        free(held);
    }
    return rc;
}

int
troupe__map_result_in_order(struct troupe__map_output *self,
                            const troupe_map_result_t *result)
{
    const struct troupe__map_order *order = &self->input->order;
    size_t rank = order->ranks[result->number];
    if (!self->held)
        self->held = troupe__grab((order->count + 1) * sizeof(void *));
    self->held[rank] = hold(result);
    return release(self, false);
}

int
troupe__map_results_end(struct troupe__map_output *self)
{
    return release(self, true);
}

void
troupe__map_held_free(struct troupe__map_output *self)
{
    for (size_t i = 0; self->held && i < self->input->order.count; i++)
        free(self->held[i]);
    free(self->held);
    self->held = NULL;
}
