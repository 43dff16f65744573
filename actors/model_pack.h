/* SPDX-License-Identifier: Apache-2.0 */
/* model_pack.h: a model's description as the arguments of its actor. */
#ifndef TROUPE_ACTORS_MODEL_PACK_H
#define TROUPE_ACTORS_MODEL_PACK_H

#include "troupe_query.h"
#include "troupe_supervisor.h"

/* What its actor draws on; all but the backend may be nobody. */
struct model_means {
    troupe_ref_t backend, limiter, budget, journal;
    uint64_t hedgers; /* other actors of the same model, which may hedge too:
                         the bound is of them all */
};

/* troupe__model_pack: with so many attempts for one answer; as
 * troupe_child_spec_pack(). */
int troupe__model_pack(const troupe_query_model_t *model,
                       const struct model_means *means, uint32_t attempts,
                       troupe_child_spec_t *ret_spec);

/* troupe__budget_pack: arguments of a troupe_budget_keeper: its limits, and what
 * was used of them before; as troupe_child_spec_pack(). */
int troupe__budget_pack(const troupe_cost_t *limit, const troupe_cost_t *used,
                        bool known, troupe_child_spec_t *ret_spec);

/*
 * troupe__model_spent: what the models of a run have cost so far, by its
 * journal. What was begun and has no end there may have cost the most.
 *
 *   ret_known  out: all of it is known.
 *   returns    0, or as troupe_journal_open(), or troupe_journal_fold()
 */
int troupe__model_spent(const char *path, troupe_cost_t *ret_cost,
                        bool *ret_known);

#endif
