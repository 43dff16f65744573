/* SPDX-License-Identifier: Apache-2.0 */
/* knot.h: circles of asks that nobody on them can leave. */
#ifndef TROUPE_RUNTIME_KNOT_H
#define TROUPE_RUNTIME_KNOT_H

#include "runtime/worker.h"

/*
 * A knot is a set of actors of which each is stuck: it has asked, and nothing
 * but an answer from another of the set can make it go on. A larger knot, or
 * an actor with more asks, is not looked at.
 */
enum {
    TROUPE__KNOT_WAITS_MAX = 256,
    TROUPE__WAIT_NUMBERS = 3, /* of an ask, as they travel: holder, id, since */
    TROUPE__WHO_MAX = 192
};

/* An ask that a member of the knot waits for. */
struct troupe__wait {
    uint32_t from, to; /* members; `to` is set once it is held */
    uint64_t id, since;
    troupe_ref_t holder;
    bool held; /* its holder said so in this round */
    char type[TROUPE_TYPE_MAX + 1];
};

struct troupe__member {
    troupe_ref_t ref;
    uint64_t serial; /* the same as long as nothing of it has run */
    char who[TROUPE__WHO_MAX];
};

/* What one ask has found so far; the first member is its asker. */
struct troupe__knot {
    uint64_t round;
    bool again; /* it was whole once; this round is to be sure */
    uint32_t member_count, wait_count, held_count;
    struct troupe__member *members;
    struct troupe__wait *waits;
};

/* The ask that looks: of a knot only the youngest one ends. */
struct troupe__looker {
    troupe_ref_t ref;
    uint64_t id, since, deadline;
};

/* knot.c: troupe__ask_look: it has been open for a while, and is not due. */
void troupe__ask_look(struct troupe__worker *self, struct troupe__ask *ask);

/* troupe__ask_look_at: when an ask that begins now is first looked at: at its
 * deadline, or before. */
uint64_t troupe__ask_look_at(const struct troupe__worker *self,
                             const struct troupe__ask *ask);

/* troupe__held: a runtime says who holds an ask, and what that one waits for. */
void troupe__held(struct troupe__worker *self,
                  const struct troupe_message *msg);

void troupe__knot_free(struct troupe__ask *ask);

/* knot_words.c: troupe__knot_is_tight: every member leads back to the first.
 */
bool troupe__knot_is_tight(const struct troupe__knot *self);

/* troupe__knot_print: the shortest circle with that ask of the first member's.
 */
void troupe__knot_print(const struct troupe__knot *self, uint64_t ask_id,
                        uint64_t now, char *text, size_t size);

/* stuck.c: troupe__is_stuck: nothing of it can run before an answer comes,
 * and none of its asks is younger than the looker. */
bool troupe__is_stuck(const struct troupe__worker *self,
                      const struct troupe__actor *actor,
                      const struct troupe__looker *looker);

/* troupe__holds_any: it has an ask in hand that it has not answered. */
bool troupe__holds_any(const struct troupe__actor *actor);

uint64_t troupe__stuck_serial(const struct troupe__actor *actor);

/* troupe__stuck_who: "clerk anna <1.1.125.1>"; `text` has TROUPE__WHO_MAX. */
void troupe__stuck_who(const struct troupe__worker *self,
                       const struct troupe__actor *actor, char *text);

/* troupe__stuck_waits: TROUPE__WAIT_NUMBERS for each open ask of an actor that
 * is stuck, into room for TROUPE__KNOT_WAITS_MAX; returns how many asks. */
uint32_t troupe__stuck_waits(const struct troupe__actor *actor,
                             uint64_t *ret_numbers);

/* troupe__stuck: somebody asks whether this actor holds an ask and is stuck. */
void troupe__stuck(struct troupe__worker *self, struct troupe__actor *actor,
                   const struct troupe_message *msg);

#endif
