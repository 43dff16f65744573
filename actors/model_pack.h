/* SPDX-License-Identifier: Apache-2.0 */
/* model_pack.h: a model's description as the arguments of its actor. */
#ifndef TROUPE_ACTORS_MODEL_PACK_H
#define TROUPE_ACTORS_MODEL_PACK_H

#include "troupe_query.h"
#include "troupe_supervisor.h"

/* What its actor draws on; the last two may be nobody. */
struct model_means {
    troupe_ref_t backend, limiter, budget;
};

/* troupe__model_pack: with so many attempts for one answer; as
 * troupe_child_spec_pack(). */
int troupe__model_pack(const troupe_query_model_t *model,
                       const struct model_means *means, uint32_t attempts,
                       troupe_child_spec_t *ret_spec);

#endif
