/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_http.h: an actor that fetches by HTTP, with bounds on what may come.
 */
#ifndef TROUPE_HTTP_H
#define TROUPE_HTTP_H

#include "troupe_kind.h"

/*
 * troupe_http: makes the calls; one for all who call, without a thread of its
 * own. Connections are kept and used again, HTTP/2 where it is offered. A call
 * ends with the deadline of its ask, and when that is cancelled.
 *
 *   start  {connections?: U, public_only?: b}: at most so many at once; 64
 *   fetch  {url: s, method?: s, headers?: [s], headers_env?: s?, body?: s?,
 *          key_env?: s?, key_header?: s?, size_max?: U, redirects?: U, types?: s?}
 *          -> {fault: U, status: U, words: s, retry_after_ms: U, type: s,
 *          url: s, body: B}
 *   state  -> {calls: U, open: U, connected: U}
 *
 * Only http and https. key_env names the environment variable with a key, which
 * goes behind key_header ("Authorization: Bearer "), headers_env one with more
 * headers, "name=value,name=value", percent-encoded: what is in them is in no
 * message and no log line, and where there is one give no redirects. size_max:
 * bytes of an answer once it is unpacked; 0: 4 MiB, which is the most.
 * redirects: that are followed; 0. public_only: no connection to an address
 * of this machine or a private network, whatever name or redirect leads there;
 * then no proxy is used. types: media types, with a space between; an answer of
 * another one is refused before it is read.
 *
 * In the reply fault is a troupe_fault_t, `words` says what it was; url is
 * where the body came from in the end.
 */
TROUPE_API const troupe_kind_t troupe_http;

#endif
