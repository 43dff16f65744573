/* SPDX-License-Identifier: Apache-2.0 */
/* far_clerk.h: an actor for tests of several nodes. */
#ifndef TROUPE_TESTS_RUNTIME_FAR_CLERK_H
#define TROUPE_TESTS_RUNTIME_FAR_CLERK_H

#include "runtime/pair.h"

/*
 * It takes "add" (a number, or a list that begins with one) and answers "sum"
 * with [sum, count], where the sum shows the order too (sum * 31 + number, mod 10^9 + 7).
 * It answers "echo", fails on "fail", never answers "never", ends on "end",
 * breaks its promise on "forget". A "job" is forwarded or, where there is no
 * next, held until "done" (and answered with 3); a job that is told is noted
 * with its sender. "middle" asks the ref in its body to do a "job", on behalf
 * of who asked. Noted are "holds", "let go" (cancelled) and "middle <outcome>".
 */
extern const troupe_kind_t far_clerk;

/* hand_on: jobs for `from` go on to `to` from now on. */
void hand_on(troupe_ref_t from, troupe_ref_t to);

/* spawn_on: an actor on worker 1 of the node. */
troupe_ref_t spawn_on(troupe_t *at, const troupe_kind_t *kind);

#endif
