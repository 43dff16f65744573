/* SPDX-License-Identifier: Apache-2.0 */
/* map_tally.h: counts and quantiles of what a map has done. */
#ifndef TROUPE_ACTORS_MAP_TALLY_H
#define TROUPE_ACTORS_MAP_TALLY_H

#include <stdint.h>

/* Times by sixteenths above powers of two, from 1 us on: within 4 %. */
enum { TALLY_PER_OCTAVE = 16, TALLY_OCTAVES = 40 };
struct map_times {
    uint64_t counts[TALLY_PER_OCTAVE * TALLY_OCTAVES];
    uint64_t count;
};

enum map_state {
    MAP_OK,
    MAP_FAILED,
    MAP_TIMEOUT,
    MAP_LOST,
    MAP_CANCELLED,
    MAP_SKIPPED,
    MAP_STATES
};

struct map_tally {
    uint64_t states[MAP_STATES];
    uint64_t retried, stolen, resumed;
    struct map_times run, queue;
    double busy_ms;
    double cost_us; /* of a task, the last ones count most; 0: not known */
    double bytes;   /* of its value, likewise */
    uint64_t began_ns, ended_ns;
};

void troupe__times_add(struct map_times *self, double ms);

/* troupe__times_quantile: in ms; 0 when there is none. */
double troupe__times_quantile(const struct map_times *self, double share);

/* troupe__state_of: the state of that name. */
enum map_state troupe__state_of(const char *name, uint64_t size);

#endif
