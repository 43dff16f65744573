/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_pool.h: as many actors of a kind as there is work for. */
#ifndef TROUPE_POOL_H
#define TROUPE_POOL_H

#include "troupe_kind.h"

/*
 * troupe_pool: an actor that stands for several of one kind, and is asked in
 * their place, with the same types and bodies. Each ask goes to the one that
 * has the fewest under way. When each has as many as it may have, one more is
 * started, up to `max`, and asks wait in order until one is free; one that had
 * nothing to do for `idle_ms` is stopped, down to `min`.
 *
 *   start       {kind: s, arguments?: any, min?: U, max?: U, each?: U, queue?:
 *               U, idle_ms?: U, place?: s}
 *   any other   is asked of one, or ends with -EBUSY
 *   pool.state  -> {actors: U, starting: U, under_way: U, waiting: U, started:
 *               U, stopped: U, refused: U}
 *
 * kind: its name, which the node must know: it is used already, registered, or
 * offered by a library. arguments: of each one's start. min: 1; max: 4. each: asks that
 * one has at once; 1. queue: asks that wait; 1,000. idle_ms: 10,000. place:
 * "near", "spread" (as it is without) or "own_thread".
 *
 * They are children of a supervisor of the pool's own: one that fails is
 * restarted, with back-off, and who asked it gets the error. A tell is not
 * taken: it would be work that nobody counts. Who gives up while it waits is
 * left out; else what was asked is cancelled.
 */
TROUPE_API const troupe_kind_t troupe_pool;

#endif
