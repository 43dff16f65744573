/* SPDX-License-Identifier: Apache-2.0 */
/* care.h: actors whose messages are handled with more care than others'. */
#ifndef TROUPE_RUNTIME_CARE_H
#define TROUPE_RUNTIME_CARE_H

#include "runtime/worker.h"

/*
 * Who is asked at least once has each ask kept in its token, from when it is
 * handed over until the token closes; when the incarnation ends before, what
 * is kept goes back to the head of the mailbox.
 *
 * Who runs for a deputy is asked by that one, for others: the body is then
 * [asker, id of its ask, attempt, body].
 */
struct troupe__care {
    uint32_t attempts_max; /* 0: at most once */
    uint32_t open_max, open_bytes_max;
    uint32_t open, open_bytes; /* what is kept */
    troupe_ref_t deputy;       /* on another node, or nobody */
};

/* troupe__care_take: what the options of a spawn say about it. */
void troupe__care_take(struct troupe__actor *actor,
                       const troupe_spawn_options_t *options);

/* troupe__handle_carefully: a tell or an ask of an actor that has `care`. */
void troupe__handle_carefully(struct troupe__worker *self,
                              struct troupe__actor *actor,
                              const struct troupe_message *msg);

/* troupe__kept_drop: the ask of that token is over. */
void troupe__kept_drop(struct troupe__worker *self,
                       struct troupe__token *token);

/* troupe__kept_return: the incarnation ends with that ask open. */
void troupe__kept_return(struct troupe__worker *self,
                         struct troupe__token *token,
                         const troupe_reason_t *reason, bool restarts);

#endif
