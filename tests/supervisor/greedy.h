/* SPDX-License-Identifier: Apache-2.0 */
/* greedy.h: a kind that orders actors of another node without end. */
#ifndef TROUPE_TESTS_SUPERVISOR_GREEDY_H
#define TROUPE_TESTS_SUPERVISOR_GREEDY_H

#include <errno.h>

#include <troupe.h>

/* A greedy one is asked "order" [host, how many], and answers with how many it
 * got and how many were refused for want of room. */
struct greedy {
    troupe_ref_t host;
    troupe_token_t asked;
    int left, open, got, refused;
};

static int greedy_answer(troupe_context_t *ctx, void *state,
                         const troupe_answer_t *answer);

static int
greedy_go_on(troupe_context_t *ctx, struct greedy *self)
{
    enum { AT_ONCE = 1000 };
    int rc = 0;
    for (; rc == 0 && self->left > 0 && self->open < AT_ONCE; self->open++) {
        self->left--;
        rc = troupe_ask(ctx, self->host, "spawn", 60000, greedy_answer, NULL,
                        "[s, I, i, i, I, I, i, s, n]", "mate", INT64_C(1), 0, 0,
                        INT64_C(0), INT64_C(0), 0, "bought");
    }
    if (rc == 0 && self->open == 0)
        rc = troupe_reply_to(ctx, &self->asked, "[i, i]", self->got,
                             self->refused);
    return rc;
}

static int
greedy_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct greedy *self = state;
    self->open--;
    self->got += answer->outcome == TROUPE_REPLY;
    self->refused += answer->code == -ENOSPC;
    return greedy_go_on(ctx, self);
}

static int
greedy_order(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct greedy *self = state;
    int rc = troupe_unpack(msg, "[R, i]", &self->host, &self->left);
    self->got = self->refused = 0;
    if (rc == 0)
        rc = troupe_defer(ctx, &self->asked);
    return rc < 0 ? rc : greedy_go_on(ctx, self);
}

static const troupe_clause_t greedy_clauses[] = {
    TROUPE_ON("order", greedy_order), {0, NULL, NULL, NULL}};

static const troupe_kind_t greedy = {.name = "greedy",
                                     .state_size = sizeof(struct greedy),
                                     .clauses = greedy_clauses};

#endif
