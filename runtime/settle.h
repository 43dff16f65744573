/* SPDX-License-Identifier: Apache-2.0 */
/* settle.h: to know that all of a run know the names of a node. */
#ifndef TROUPE_RUNTIME_SETTLE_H
#define TROUPE_RUNTIME_SETTLE_H

#include "troupe_ask.h"

struct troupe__hub;
struct troupe__hub_node;
struct troupe__letter;
struct troupe__link;
struct troupe__note;

/*
 * Names and groups go over the link, messages over the lanes: who hears by a
 * message that an actor has started may look its name up before the name is
 * there, and who hears of its end may start another before it is free. So whoever
 * starts actors for another node asks before it says either:
 *
 * troupe__settle: the actor hears, as the answer to an ask, when what its node
 * has said of names and groups so far is in the root's tables, and what these
 * hold by then is in those of its node.
 *
 *   if_changed  only when its node has said something since the last answer.
 *   returns     1; 0: there is nothing to wait for, and no answer, as always at
 *               the root, whose tables are the true ones; or as troupe_ask()
 */
int troupe__settle(troupe_context_t *ctx, bool if_changed,
                   const troupe_ask_options_t *options);

/* All below: the link's thread. troupe__settle_write: our question to the root,
 * into `out`. */
void troupe__settle_write(struct troupe__link *self,
                          const struct troupe__note *note);

/* troupe__settled_hear: its answer. 0 or -EBADMSG. */
int troupe__settled_hear(struct troupe__link *self,
                         const struct troupe__letter *letter);

/* At the root: a node's question, which is answered behind all that was said
 * of names before; and the answer. */
int troupe__settle_hear(struct troupe__hub *self, struct troupe__hub_node *node,
                        const struct troupe__letter *letter);
void troupe__settled_tell(struct troupe__hub *self,
                          const struct troupe__note *note);

#endif
