/* SPDX-License-Identifier: Apache-2.0 */
/* map_tally.c: see map_tally.h. */
#include "actors/map_tally.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Where IEEE 754 has the exponent of a number, and its next four bits: that many
 * sixteenths above a power of two it is. */
enum { PLACE_SHIFT = 48, PLACE_OF_ONE = 0x3ff << 4 };

void
troupe__times_add(struct map_times *self, double ms)
{
    const size_t last = TALLY_PER_OCTAVE * TALLY_OCTAVES - 1;
    double us = ms > 0.001 ? ms * 1000 : 1;
    uint64_t bits = 0;
    memcpy(&bits, &us, sizeof bits);
    size_t at = (size_t) (bits >> PLACE_SHIFT) - PLACE_OF_ONE;
    self->counts[at < last ? at : last]++;
    self->count++;
}

double
troupe__times_quantile(const struct map_times *self, double share)
{
    uint64_t before = 0;
    uint64_t wanted = (uint64_t) ceil(share * (double) self->count);
    if (self->count == 0)
        return 0;
    size_t at = 0;
    while (at < TALLY_PER_OCTAVE * TALLY_OCTAVES - 1
           && (before += self->counts[at]) < wanted)
        at++;
    double part = ((double) (at % TALLY_PER_OCTAVE) + 0.5) / TALLY_PER_OCTAVE;
    return ldexp(1 + part, (int) (at / TALLY_PER_OCTAVE)) / 1000;
}

enum map_state
troupe__state_of(const char *name, uint64_t size)
{
    static const char *const names[MAP_STATES] = {[MAP_OK] = "ok",
                                                  [MAP_FAILED] = "failed",
                                                  [MAP_TIMEOUT] = "timeout",
                                                  [MAP_LOST] = "lost",
                                                  [MAP_CANCELLED] = "cancelled",
                                                  [MAP_SKIPPED] = "skipped"};
    for (unsigned i = 0; i < MAP_STATES; i++)
        if (size == strlen(names[i]) && memcmp(name, names[i], size) == 0)
            return (enum map_state) i;
    return MAP_FAILED;
}
