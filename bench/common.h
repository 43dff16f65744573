/* SPDX-License-Identifier: Apache-2.0 */
/* common.h: what the benchmarks share: options, time, and the line of JSON. */
#ifndef TROUPE_BENCH_COMMON_H
#define TROUPE_BENCH_COMMON_H

#include <stdbool.h>
#include <troupe.h>

/* A benchmark's run: 0, or a negative errno value. */
typedef int (*bench_fn)(bool quick);

struct bench_variant {
    const char *name; /* NULL ends the table */
    bench_fn run;
};

/* bench_main: the whole of main(): --list, --variant NAME, --quick. */
int bench_main(int argc, char **argv, const char *name,
               const struct bench_variant *variants);

/* bench_result: print one value of the present variant (NULL), or of a named
 * part of it. */
void bench_result(const char *part, double value, const char *unit,
                  int64_t count);

/* bench_note: goes with the values printed from now on. */
void bench_note(const char *note);

/* bench_now: monotonic seconds. */
double bench_now(void);

/* bench_node: a node with default settings; `workers` 0: one per core. */
int bench_node(uint32_t workers, troupe_t **ret_node);

/* bench_go: spawn a `kind` from this thread, ask it "go" and wait for its one
 * answer; ret_seconds: the time between. */
int bench_go(troupe_t *node, const troupe_kind_t *kind, int64_t count,
             double *ret_seconds, int64_t *ret_answer);

#endif
