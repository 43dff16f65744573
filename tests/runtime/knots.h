/* SPDX-License-Identifier: Apache-2.0 */
/* knots.h: actors that ask each other, hold what they are asked, and tell. */
#ifndef TROUPE_TESTS_RUNTIME_KNOTS_H
#define TROUPE_TESTS_RUNTIME_KNOTS_H

#include "troupe.h"

/*
 * A knotted actor holds each "hold" (deferred), and puts each "stash" aside
 * while it has an ask open. With the first answer that it gets, whatever that
 * is, it answers all that it holds alike; one that is `strict` only when none
 * of its asks is open any more. "release" answers them, too; "now" is answered
 * at once. `fragile` fails on an answer that is none.
 */
extern const troupe_kind_t knotted, strict, fragile;

/* An ask of the test's, and what it came to: 0 while it is open. */
struct knot_ask {
    troupe_ref_t from, to;
    const char *type; /* NULL: "hold" */
    uint32_t timeout_ms;
    bool patient;
    troupe_outcome_t outcome;
    int code;
    char text[1024];
};

/* knot_put: let it ask; the record must outlive the ask. */
void knot_put(struct knot_ask *ask);

/* knot_send: the same without waiting until it has. */
void knot_send(struct knot_ask *ask);

/* knot_later: let that actor answer what it holds so much later. */
void knot_later(troupe_ref_t ref, uint32_t after_ms);

#endif
