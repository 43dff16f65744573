/* SPDX-License-Identifier: Apache-2.0 */
/* far_clerk.h: an actor for tests of several nodes. */
#ifndef TROUPE_TESTS_RUNTIME_FAR_CLERK_H
#define TROUPE_TESTS_RUNTIME_FAR_CLERK_H

#include "runtime/pair.h"

/*
 * It takes "add" (a number, or a list that begins with one) and answers "sum"
 * with [sum, count], where the sum shows the order too (sum * 31 + number).
 * It answers "echo", fails on "fail", never answers "never", ends on "end".
 */
extern const troupe_kind_t far_clerk;

/* spawn_on: an actor on worker 1 of the node. */
troupe_ref_t spawn_on(troupe_t *at, const troupe_kind_t *kind);

#endif
