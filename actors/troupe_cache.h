/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_cache.h: the same ask twice is one ask: a cache by content. */
#ifndef TROUPE_CACHE_H
#define TROUPE_CACHE_H

#include "troupe_kind.h"

/*
 * troupe_cache: an actor that stands before another one, the backend, and is
 * asked in its place, with the same types and bodies. What one ask was
 * answered is the answer to each later one of the same type and with the same
 * bytes as body, until it is too old; and those that come while the first is
 * under way wait for that one, so that the backend is asked once ("single
 * flight"). It is for asks whose answer hangs on type and body alone: the
 * backend sees the cache as asker.
 *
 *   start        {backend: R, ttl_ms?: U, bytes_max?: U, timeout_ms?: U}
 *   any other    is looked up, or asked of the backend
 *   cache.clear  forget what is kept; what is under way is still told. A tell
 *                or an ask (-> nil)
 *   cache.state  -> {hits: U, shared: U, misses: U, failed: U, evicted: U,
 *                entries: U, bytes: U, under_way: U}
 *
 * backend: a ref, or the name of an actor. ttl_ms: how long an answer is good,
 * 60,000. bytes_max: of all that is kept, with what it takes to keep it, 16
 * MiB; the least recently used goes first, and a larger answer is not kept.
 * timeout_ms: of an ask to the backend, 60,000: it is nobody's own, so that
 * one asker's deadline ends that one's wait alone; when nobody waits any more
 * it is cancelled. An ask that fails is told to those who wait and is not
 * kept. Tells are forwarded. Bodies are compared as bytes: two maps with their
 * keys in another order differ.
 */
TROUPE_API const troupe_kind_t troupe_cache;

#endif
