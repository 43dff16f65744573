/* SPDX-License-Identifier: Apache-2.0 */
/* isolation.h: the three actors behind children in other processes. */
#ifndef TROUPE_SUPERVISOR_ISOLATION_H
#define TROUPE_SUPERVISOR_ISOLATION_H

#include "supervisor/child.h"
#include "supervisor/spec.h"
#include "troupe_ask.h"
#include "troupe_isolation.h"
#include "troupe_lifecycle.h"

/*
 * The deputy (deputy.c) is on the supervisor's node, the child of its
 * supervisor. It asks the warden (warden.c), one per run, on the root, for a
 * node; and then the host (host.c), one per node, for the actor there. The
 * warden and the hosts monitor the deputies that they work for: whatever ends
 * a deputy ends what it stood in for.
 *
 *   deputy -> warden  ask "node" [name, alone, program or nil]
 *                     -> [number, host, is the child itself, is shown the
 *                     parts of its asks]
 *   deputy -> warden  tell "stop" nil, of a program: ask its node to end
 *   deputy -> warden  ask "end" name, when that node ends -> [exit, code, words,
 *                     which life of all it was, [[actor, type,
 *                     fingerprint]...]]: what was in hand there
 *   deputy -> host    ask "spawn" [kind, incarnation, place, worker,
 *                     messages, bytes, overflow, label, arguments] -> ref
 *   deputy -> actor   any ask, where it is asked at least once: [asker, id of its
 *                     ask, attempt, body]; of a node of another language that
 *                     does not take attempts: the body
 *   deputy -> host    tell "stop" [incarnation, exit, code, words]
 *   anybody -> host   ask "look" -> [the node's agent, [[deputy, actor]...]]
 *   deputy -> host    ask "ended" incarnation, when that actor ends -> nil
 *   deputy -> host    ask "end" incarnation, when what it called itself is free
 *                     -> [exit, code, words, had message, type, fingerprint]
 */
enum { TROUPE__STAYS_MAX = 16384 }; /* of one node on another, not the root's */

extern const troupe_kind_t troupe__deputy_kind;
extern const troupe_kind_t troupe__warden_kind;
extern const troupe_kind_t troupe__host_kind;

/* Of children that are programs without kinds: the deputy becomes it. */
extern const troupe_kind_t troupe__program_kind;
#define TROUPE__PROGRAM_KIND "troupe.program"
enum { TROUPE__ARGUMENTS_MAX = 62 };

/* program.c: the bytes are one value; nil is no program, NULL. */
void troupe__program_pack(const troupe_program_t *program,
                          msgpack_sbuffer *out);
int troupe__program_read(const void *bytes, size_t size,
                         const troupe_program_t **ret_program);
void troupe__program_free(const troupe_program_t **program_p);

/* suspects.c: what actors of a lost node had in hand, written with "*", `arg`
 * being that; and read again: the fingerprint for an actor, or 0. */
struct troupe__scene {
    troupe_t *root;
    uint32_t node;
};
int troupe__suspects_write(msgpack_packer *packer, void *arg);
uint64_t troupe__suspects_find(const troupe_message_t *msg, troupe_ref_t actor,
                               char type[TROUPE_TYPE_MAX + 1]);

/* troupe__turn_down: answer a deferred ask, if there is one, with an error. */
void troupe__turn_down(troupe_context_t *ctx, troupe_token_t *token, int code,
                       const char *text);

/* The name of the warden, in the whole run. */
#define TROUPE__WARDEN "troupe.warden"

/*
 * troupe__deputy_pack: the arguments of a deputy for that child.
 *
 *   format     of the child's own arguments, which follow; NULL: nil.
 *   ret_bytes  out: for free().
 *   returns    0, or as troupe_send() for the format
 */
int troupe__deputy_pack(const struct troupe__child *child, void **ret_bytes,
                        size_t *ret_size);

static inline bool
troupe__spec_is_isolated(const troupe_child_spec_t *spec)
{
    return spec->node || spec->isolation == TROUPE_OWN_PROCESS;
}

/* The child is what the program says in its hello, not an actor of a kind. */
static inline bool
troupe__spec_is_program(const troupe_child_spec_t *spec)
{
    return spec->program && !spec->supervisor
           && (!spec->kind || spec->kind == &troupe__program_kind);
}

/* troupe__spec_arguments: what start is given: what the template holds, what
 * the child's own call gave, or an array of both; in malloc'ed memory, or NULL
 * for nil. */
void *troupe__child_arguments(const struct troupe__child *child,
                              size_t *ret_size);

#endif
