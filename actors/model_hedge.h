/* SPDX-License-Identifier: Apache-2.0 */
/* model_hedge.h: a second request where the first one is late. */
#ifndef TROUPE_ACTORS_MODEL_HEDGE_H
#define TROUPE_ACTORS_MODEL_HEDGE_H

#include "actors/model.h"

/*
 * Hedges: a start reads what they want, as troupe_hedge_init(). When a request
 * is made it is watched, and is late by its timer unless it is unwatched. A
 * call that has answered outruns its twin; one that ends parts from it.
 */
int troupe__model_hedge_start(struct model *self, const troupe_message_t *msg);
int troupe__call_watch(troupe_context_t *ctx, struct call *call);
void troupe__call_unwatch(troupe_context_t *ctx, struct call *call);
int troupe__call_outrun(troupe_context_t *ctx, struct call *call);
void troupe__call_part(struct call *call);

#endif
