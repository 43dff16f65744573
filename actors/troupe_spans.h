/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_spans.h: who takes the spans of a run and hands them on as OTLP. */
#ifndef TROUPE_SPANS_H
#define TROUPE_SPANS_H

#include "troupe_trace.h"

/*
 * troupe_spans: takes what troupe_trace.h says, under the name TROUPE_SPANS,
 * and hands it on as OTLP in JSON: into a file, a line for each batch, or to a
 * collector over HTTP. What cannot be handed on is tried again, and then
 * dropped and counted: nobody waits for it but who asks "flush".
 *
 *   start  {service: s, resource?: {...}, path?: s, append?: b, http?: R,
 *          url?: s, headers_env?: s, timeout_ms?: U, handlers?: b}
 *   hear   -> nothing, when all has come that the workers of the run's other
 *          processes had sent, or after a second; ask it before they are stopped.
 *          Who has a thread of its own there is not waited for.
 *   flush  -> {spans: U, lost: U, words: s}: hear, and hand on all there is; how
 *          many spans there were in all, how many of them were dropped, and why
 *          the last of those
 *
 * resource: further attributes of the resource; path: a file that is begun
 * anew or, with append, goes on behind its last whole line; http: a
 * troupe_http, which posts to url, whole, with the headers that the environment
 * variable headers_env has; timeout_ms: of each post; 10,000; handlers: it is
 * TROUPE_SPANS_OF_HANDLERS, too.
 * A start that cannot write its file fails with the words of the system.
 *
 *   source  OTLP 1.3: "JSON Protobuf Encoding", "OTLP/HTTP", "File exporter"
 */
TROUPE_API const troupe_kind_t troupe_spans;

#endif
