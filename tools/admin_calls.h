/* SPDX-License-Identifier: Apache-2.0 */
/* admin_calls.h: what the requests of the admin socket share. */
#ifndef TROUPE_TOOLS_ADMIN_CALLS_H
#define TROUPE_TOOLS_ADMIN_CALLS_H

#include "tools/admin.h"

#define TROUPE__AGENT_MS 5000 /* the agent answers at once */

/* A request while it is being read. */
struct troupe__call {
    troupe_context_t *ctx;
    struct troupe__admin *admin;
    struct troupe__client *client;
    const json_t *request, *id;
};

/* True when the pending request goes on, and is not over with this answer. */
typedef bool (*troupe__part_fn)(troupe_context_t *ctx,
                                struct troupe__client *client,
                                struct troupe__pending *pending, json_t *body);

/* troupe__pending_new: a request whose answer will be given by `part`, which
 * is called with the reply as JSON; NULL: the reply is the answer. */
struct troupe__pending *troupe__pending_new(const struct troupe__call *call,
                                            troupe__part_fn part);

/* troupe__pending_asked: after the ask for it: it is under way, or its client
 * hears why not. */
void troupe__pending_asked(const struct troupe__call *call,
                           struct troupe__pending *pending, int rc);

/* troupe__pending_client: whose it is, or NULL; an ask for it is over. */
struct troupe__client *
troupe__pending_client(const struct troupe__pending *pending);

/* troupe__pending_answer: the callback of all asks; data: the pending one. */
int troupe__pending_answer(troupe_context_t *ctx, void *state,
                           const troupe_answer_t *answer);

/* troupe__call_refuse: the answer is an error. */
void troupe__call_refuse(const struct troupe__call *call, int code,
                         const char *what);

/* troupe__courier: somebody who carries the next message there. Where a mailbox
 * is full it rests, and not the actor that serves everybody; the message is
 * from that one all the same. */
int troupe__courier(troupe_context_t *ctx, troupe_ref_t to,
                    troupe_ref_t *ret_courier);

/* troupe__target: the actor that "to" names, by name or by its ref as text;
 * false: the client was told. With `own`, only one that has a supervisor, or
 * that is on another node: its kind is "" then. */
bool troupe__target(const struct troupe__call *call, bool own,
                    troupe_actor_stats_t *ret_stats);

/* troupe__ref_of: a ref that the agent told as a number. */
troupe_ref_t troupe__ref_of(const json_t *number);

/* troupe__answer_json: the body of a reply; to be freed. */
json_t *troupe__answer_json(const troupe_answer_t *answer);

/* --- admin_nodes.c: the other nodes ----------------------------------------*/

#define TROUPE__FAR_MS 1000 /* then a node is silent */

/* troupe__nodes_ask: ask all other nodes for their agents, at once; then
 * pending->told is called, with an answer from each that gave one. */
void troupe__nodes_ask(const struct troupe__call *call,
                       struct troupe__pending *pending);

/* troupe__nodes_next: the next node that can be asked is pending->at; false:
 * that was the last one. troupe__nodes_agent: who tells of it. */
bool troupe__nodes_next(struct troupe__pending *pending);
troupe_ref_t troupe__nodes_agent(const struct troupe__pending *pending);

/* troupe__nodes_skip: the one that is asked has become silent. */
void troupe__nodes_skip(struct troupe__pending *pending);

/* troupe__nodes_label: say on which node an actor is, and who its deputy is. */
void troupe__nodes_label(const struct troupe__pending *pending, json_t *actor);

/* troupe__nodes_silent: the names of those that do not answer; new. */
json_t *troupe__nodes_silent(const struct troupe__pending *pending);

/* troupe__reach: have an actor, on any node, told to pending->part, as by
 * agent.inspect. pending->ref, agent and deputy are those of the actor that
 * does the work. */
void troupe__reach(const struct troupe__call *call,
                   struct troupe__pending *pending,
                   const troupe_actor_stats_t *stats);

/* troupe__ref_is_near: an actor of this node. */
bool troupe__ref_is_near(const struct troupe__admin *admin, troupe_ref_t ref);

/* troupe__is_far: on another node, or only a deputy of one that is. */
bool troupe__is_far(const troupe_actor_stats_t *stats);

/* troupe__ref_as_text: the ref under `key` becomes text, or null for nobody;
 * `name`: the key for the name of that actor, or NULL. */
void troupe__ref_as_text(troupe_t *node, json_t *object, const char *key,
                         const char *name);

/* admin_look.c, admin_do.c: the requests. */
#define TROUPE__REQUESTS(X)                                                    \
    X(ps)                                                                      \
    X(inspect)                                                                 \
    X(dead)                                                                    \
    X(counters)                                                                \
    X(run)                                                                     \
    X(ask)                                                                     \
    X(send)                                                                    \
    X(restart)                                                                 \
    X(suspend)                                                                 \
    X(resume)                                                                  \
    X(stop)
#define TROUPE__DECLARE_REQUEST(name)                                          \
    void troupe__do_##name(const struct troupe__call *call);
TROUPE__REQUESTS(TROUPE__DECLARE_REQUEST)

#endif
