/* SPDX-License-Identifier: Apache-2.0 */
/* nurse.h: a supervisor in small: it restarts a child at once, or lets it go. */
#ifndef TROUPE_TESTS_RUNTIME_NURSE_H
#define TROUPE_TESTS_RUNTIME_NURSE_H

#include "troupe.h"

/* What a nurse shall do, and its child; one nurse a test. */
extern struct plan {
    const troupe_kind_t *kind; /* of the child */
    troupe_ref_t child;
    bool restart, quarantine;
} plan;

/* nurse_new: a nurse whose child, named "child", has begun; it notes what it
 * hears of it. */
troupe_ref_t nurse_new(const troupe_kind_t *kind, bool restart);

#endif
