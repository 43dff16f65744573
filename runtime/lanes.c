/* SPDX-License-Identifier: Apache-2.0 */
/* lanes.c: opening, closing and choosing the inboxes of a worker. */
#include "runtime/lanes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/worker.h"

/* Of others of the node's workers: all but its own and the last lane. */
static uint32_t
neighbours(const struct troupe__worker *self)
{
    return self->lane_count > 2 ? self->lane_count - 2 : 0;
}

int
troupe__lanes_open(struct troupe__worker *self)
{
    char endpoint[48];
    uint32_t count = 1, regular = self->node->options.workers;
    if (!self->is_port && !self->is_own)
        count = regular + 1 < TROUPE__INBOXES_MAX ? regular + 1
                                                  : TROUPE__INBOXES_MAX;
    self->lanes = aligned_alloc(64, count * sizeof *self->lanes);
    CHECK(self->lanes);
    memset(self->lanes, 0, count * sizeof *self->lanes);
    self->lane_count = count;
    for (uint32_t i = 0; i < count; i++) {
        snprintf(endpoint, sizeof endpoint, "inproc://worker-%u-%u",
                 self->index, i);
        int rc = troupe__inbox_open(&self->lanes[i], self->node->transport,
                                    endpoint);
        if (rc < 0) {
            troupe__lanes_close(self);
            return rc;
        }
    }
    return 0;
}

void
troupe__lanes_close(struct troupe__worker *self)
{
    for (uint32_t i = 0; i < self->lane_count; i++)
        troupe__inbox_close(&self->lanes[i]);
}

struct troupe__inbox *
troupe__lane_of(struct troupe__worker *self, uint32_t from)
{
    uint32_t last = self->lane_count - 1, others = neighbours(self);
    if (from == self->index)
        return &self->lanes[0];
    if (from >= self->node->options.workers || others == 0)
        return &self->lanes[last];
    return &self->lanes[1 + (from < self->index ? from : from - 1) % others];
}

uint64_t
troupe__lanes_under_way(struct troupe__worker *self)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < self->lane_count; i++)
        sum += troupe__inbox_under_way(&self->lanes[i]);
    return sum;
}

uint64_t
troupe__lanes_rung(struct troupe__worker *self)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < self->lane_count; i++)
        sum += atomic_load(&self->lanes[i].rung);
    return sum;
}
