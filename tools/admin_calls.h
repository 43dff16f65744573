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
 * false: the client was told. With `own`, only one that has a supervisor. */
bool troupe__target(const struct troupe__call *call, bool own,
                    troupe_actor_stats_t *ret_stats);

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
