/* SPDX-License-Identifier: Apache-2.0 */
/* oracles.h: actors to gather from, and ways to do it. */
#ifndef TROUPE_TESTS_SUPERVISOR_ORACLES_H
#define TROUPE_TESTS_SUPERVISOR_ORACLES_H

#include <troupe.h>

/*
 * Started with what it says to "ask": "!" answers with -ENODATA, "?" not
 * until it is told "late", "#" fails, in its first incarnation; everything
 * else is said.
 */
extern const troupe_kind_t oracle;

void oracles(const char *const says[], size_t count, troupe_ref_t *targets);

/* troupe_node_gather() that must succeed. */
troupe_gather_t *gather(const troupe_ref_t *targets, size_t count,
                        const troupe_gather_options_t *options);

/*
 * The same from an actor, without waiting; it journals "met, <why>: " or "not
 * met, ...", and each outcome. "gather end" ends it early, "gather crash"
 * fails the actor.
 */
troupe_ref_t gather_later(const troupe_ref_t *targets, size_t count,
                          const troupe_gather_options_t *options);

#define EXPECT_SAID(part, text)                                                \
    do {                                                                       \
        const char *said_ = NULL;                                              \
        cr_assert_not_null((part)->reply);                                     \
        cr_assert_eq(troupe_unpack((part)->reply, "s", &said_), 0);            \
        cr_assert_str_eq(said_, (text));                                       \
    } while (0)

#endif
