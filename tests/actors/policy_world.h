/* SPDX-License-Identifier: Apache-2.0 */
/* policy_world.h: a node under a manual clock, somebody who asks, a shop. */
#ifndef TROUPE_TESTS_ACTORS_POLICY_WORLD_H
#define TROUPE_TESTS_ACTORS_POLICY_WORLD_H

#include <troupe.h>

extern troupe_t *policy_node;

void policy_begin(void);
void policy_end(void);
void policy_settle(void);
void policy_advance(uint32_t by_ms);

/*
 * The shop answers "get" (any body) with [how many it has answered, body] and
 * "fail" with -EIO; it holds each "hold" until "release", and notes whom a
 * cancel spared it in "state" -> {asked, held, cancelled}. Of the list of a
 * "many" it answers each item with [0, item], but "bad" with [-EIO, "no"], and
 * "few" with a list that is too short.
 */
extern const troupe_kind_t shop_kind;

/* policy_spawn: an actor, with the arguments that follow; needs criterion.h. */
#define policy_spawn(kind, ret_ref, ...)                                       \
    cr_assert_eq(                                                              \
        troupe_node_spawn(policy_node, (kind), NULL, (ret_ref), __VA_ARGS__),  \
        0)

/* One ask of the test's, and what it came to: 0 while it is open. */
struct policy_call {
    troupe_ref_t to;
    const char *type;
    const char *body;
    uint32_t timeout_ms; /* 0: a minute */
    troupe_ask_t ask;
    troupe_outcome_t outcome;
    int code;
    int64_t number; /* of a reply [number, ...] */
    char text[256]; /* of the outcome, or the body's text in a reply */
};

/* policy_put: an actor asks; it must outlive the ask; then settles. */
void policy_put(struct policy_call *call);

/* policy_give_up: that actor cancels it; then settles. */
void policy_give_up(struct policy_call *call);

/* policy_tell: a message without a body; then settles. */
void policy_tell(troupe_ref_t to, const char *type);

/* policy_number: a number in what an actor answers to a question of state. */
uint64_t policy_number(troupe_ref_t of, const char *type, const char *key);

#endif
