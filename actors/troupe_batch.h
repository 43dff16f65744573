/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_batch.h: many small asks as one: collected, asked, and told apart. */
#ifndef TROUPE_BATCH_H
#define TROUPE_BATCH_H

#include "troupe_kind.h"

/*
 * troupe_batcher: an actor that stands before another one, the backend, and is
 * asked in its place. It collects the asks of a type until there are `count`
 * of them, or their bodies have `bytes_max` bytes, or the first has waited
 * `wait_ms`; then the backend is asked once, with the same type and the list
 * of the bodies, in the order of asking:
 *
 *   backend, of type T: [body, body, ...] -> [[code, value], [code, value]...]
 *
 * code is 0, and the value is the reply to that one; or it is a negative errno
 * value, and the value is a string that says why. A list of another length, or
 * any other failure of that one ask, is a failure of each.
 *
 *   start        {backend: R, count?: U, wait_ms?: U, bytes_max?: U,
 *                timeout_ms?: U}
 *   any other    is collected; tells are forwarded
 *   batch.state  -> {asks: U, batches: U, waiting: U, under_way: U}: how many
 *                asks and batches there were, and asks that are there now
 *
 * backend: a ref, or the name of an actor. count: 32, at most 4,096; wait_ms:
 * 5; bytes_max: 1 MiB; timeout_ms: of an ask to the backend, 60,000. An asker's
 * deadline ends its own wait alone: one that gives up before its batch goes is
 * left out. A batch that nobody waits for any more is cancelled.
 */
TROUPE_API const troupe_kind_t troupe_batcher;

#endif
