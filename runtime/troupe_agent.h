/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_agent.h: the actor that answers for its node. */
#ifndef TROUPE_AGENT_H
#define TROUPE_AGENT_H

#include "troupe_thread.h"

/*
 * A node's agent tells what troupe_stats.h tells, as messages, so that it can
 * be asked from anywhere. It has a thread of its own, reads counters, and waits
 * for nobody: a handler that never returns does not keep it from answering.
 * Bodies and answers are maps; more keys may come, others are ignored. A ref is
 * an integer.
 *
 *   agent.ps        {from: 0, max: 200} -> {node, now_ns, actors: [...], next}
 *                   in the order of their slots, at most 500 at once; `next` is
 *                   the `from` of the next page, nil after the last.
 *   agent.inspect   {ref} or {name} -> an actor as in ps, and what only it has
 *   agent.dead      {max: 256} -> {now_ns, total, letters: [{why, to, from,
 *                   at_ns, size, type}...]}, the newest first
 *   agent.counters  nil -> the fields of troupe_node_stats_t
 *   agent.spawn     {kind, name, arguments, place, worker, messages_max,
 *                   bytes_max, overflow} -> {ref}; only kind must be there, a
 *                   name that the node knows; place and overflow are words as
 *                   in a topology file; near is spread
 *   agent.exit      {ref, kind: "shutdown", code: 0, text: ""} -> nil;
 *                   kind may be error or killed too
 *   agent.suspend   {ref} -> {status}: troupe_suspend(); answered when it rests,
 *                   or after a second with the status by then
 *   agent.resume    {ref} -> {status}: the same for troupe_resume()
 *
 * An actor is {ref, name, kind, status, incarnation, depth, bytes, age_ns,
 * received, handled, failed, dropped, handler_ns, parent, handling}: `name` is
 * "" for none, `parent` 0, `handling` nil or the type of the message that it
 * has been at for a moment. Inspect adds {names, groups, messages_max,
 * bytes_max, overflow, worker, node}. Errors: -ESRCH and -ENOENT (no such
 * actor, name or kind), -EBADMSG and -EINVAL (the body), -EPERM (for itself),
 * and those of troupe_spawn().
 */

/*
 * troupe_agent: the agent of a node; the first call starts it.
 *
 *   ret_ref  out: its address.
 *   returns  0, or as troupe_node_spawn(); on a worker, where it is not
 *            started, -EDEADLK
 *   threads  any
 */
TROUPE_MUST int troupe_agent(troupe_t *node, troupe_ref_t *ret_ref);

#endif
