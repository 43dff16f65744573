/* SPDX-License-Identifier: Apache-2.0 */
/* two.h: two processes of one run, for benchmarks of what lies between. */
#ifndef TROUPE_BENCH_TWO_H
#define TROUPE_BENCH_TWO_H

#include "bench/common.h"

/* The other process: its node runs one actor of a kind. */
struct bench_two {
    troupe_t *node;   /* here */
    troupe_ref_t far; /* the actor there */
    char directory[64];
};

/* bench_two_main: first thing in main(): in the other process it runs an actor
 * of that kind until it is no more needed, and ends. */
void bench_two_main(int argc, char **argv, const troupe_kind_t *kind);

/* bench_two_begin: start the other process; both have one worker. */
int bench_two_begin(struct bench_two *self);
void bench_two_end(struct bench_two *self);

#endif
