/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.c: what a topology adds to actors without their knowing.
 *
 * A kind that needs it is registered as a copy, under its own name, whose
 * start first joins the groups, whose stop looks for the end of the run, and
 * whose handlers first look at the sender, where `allow` limits it. Kinds that
 * need none of this are used as they are. The guards find what they are to do
 * by the name of the actor, in tables that do not change while a node runs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_actor.h"
#include "troupe_ask.h"
#include "troupe_events.h"
#include "troupe_nodes.h"
#include "troupe_stats.h"

#include "tools/admin.h"
#include "tools/part.h"

/* A process runs one part; handlers get no other way to it. */
static _Atomic(struct troupe__part *) on_duty;

void
troupe__guards_set(struct troupe__part *part)
{
    atomic_store(&on_duty, part);
}

static int
by_name(const void *name, const void *post)
{
    return strcmp(name, ((const struct troupe__post *) post)->name);
}

/* The member that an actor is of, or NULL. */
static const struct troupe__member *
member_of(const struct troupe__part *part, const char *name)
{
    const struct troupe__post *post =
        *name ? bsearch(name, part->posts, part->post_count,
                        sizeof *part->posts, by_name)
              : NULL;
    return post ? &part->topology->members[post->member] : NULL;
}

/* Who is handling something now: its own kind, and its member or NULL. */
static const troupe_kind_t *
who_is(const troupe_context_t *ctx, const struct troupe__part *part,
       const struct troupe__member **ret_member)
{
    troupe_actor_stats_t stats = {.kind = ""};
    *ret_member = NULL;
    if (troupe_actor_stats_get(troupe_context_node(ctx), troupe_self(ctx),
                               &stats)
        < 0)
        return NULL;
    *ret_member = member_of(part, stats.name);
    for (size_t i = 0; i < part->guard_count; i++)
        if (strcmp(part->guards[i].kind->name, stats.kind) == 0)
            return part->guards[i].kind;
    return NULL;
}

static const troupe_clause_t *
clause_of(const troupe_kind_t *kind, int on, const char *type)
{
    for (const troupe_clause_t *at = kind->clauses; at->on; at++)
        if (at->on == on && (!type || strcmp(at->type, type) == 0))
            return at;
    return NULL;
}

/* Is there an actor of that member on the node? */
static bool
lives_on(const struct troupe__topology *topology,
         const struct troupe__member *member, const char *node)
{
    char name[TROUPE_NAME_MAX + 1];
    const struct troupe__member *at = member;
    while (at->spec.isolation != TROUPE_OWN_PROCESS && !at->node_name.text
           && at != &topology->members[0])
        at = &topology->members[at->parent]; /* it is where that one is */
    if (at->is_program)                      /* the root speaks for it */
        return strcmp(topology->places[0].name.text, node) == 0;
    if (at->spec.isolation != TROUPE_OWN_PROCESS)
        return strcmp(topology->places[at->node].name.text, node) == 0;
    for (size_t i = 0; i < at->count; i++)
        if (strcmp(troupe__member_name(at, i, name), node) == 0)
            return true;
    return false;
}

/* Of an actor of another process the kernel proves which process it is. */
static bool
is_allowed_from(troupe_context_t *ctx, const struct troupe__part *part,
                const struct troupe__member *member, troupe_ref_t sender,
                char node[TROUPE_NAME_MAX + 1])
{
    const struct troupe__topology *topology = part->topology;
    if (troupe_node_of(troupe_context_node(ctx), sender, node) < 0)
        return false;
    for (size_t i = 0; i < member->allow.count; i++) {
        size_t from =
            troupe__member_find(topology, member->allow.items[i].text);
        if (lives_on(topology, &topology->members[from], node))
            return true;
    }
    return false;
}

static bool
is_allowed(troupe_context_t *ctx, const struct troupe__part *part,
           const struct troupe__member *member, const troupe_message_t *msg,
           char name[TROUPE_NAME_MAX + 1])
{
    troupe_ref_t sender = troupe_message_sender(msg);
    troupe_actor_stats_t stats = {.kind = ""};
    if (troupe_ref_equal(sender, troupe_self(ctx)))
        return true; /* its timers, and what it tells itself */
    if (troupe_actor_stats_get(troupe_context_node(ctx), sender, &stats) < 0)
        return is_allowed_from(ctx, part, member, sender, name);
    if (troupe__is_operator(&stats))
        return true;
    memcpy(name, stats.name, sizeof stats.name);
    const struct troupe__member *from = member_of(part, stats.name);
    for (size_t i = 0; from && i < member->allow.count; i++)
        if (strcmp(member->allow.items[i].text, from->key.text) == 0)
            return true;
    return false;
}

/* The 1st, 10th, 100th ... is logged: nobody can fill a disk with it. */
static bool
is_worth_a_line(size_t count)
{
    while (count % 10 == 0)
        count /= 10;
    return count == 1;
}

static int
refuse(troupe_context_t *ctx, struct troupe__part *part,
       const struct troupe__member *member, const troupe_message_t *msg,
       const char *name)
{
    size_t index = (size_t) (member - part->topology->members);
    size_t count = atomic_fetch_add(&part->refusals[index], 1) + 1;
    char text[TROUPE_REF_TEXT];
    troupe_ref_t sender = troupe_message_sender(msg);
    if (is_worth_a_line(count)) {
        troupe_log(ctx, TROUPE_LOG_WARNING,
                   "'%s' from %s %s refused: not in its 'allow' (%zu so far)",
                   troupe_message_type(msg), *name ? name : "somebody",
                   troupe_ref_text(sender, text), count);
    }
    if (!troupe_message_is_ask(msg))
        return 0;
    return troupe_reply_error(ctx, -EPERM, "'%s' does not take messages of %s",
                              member->key.text, *name ? name : "yours");
}

static int
on_message(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct troupe__part *part = atomic_load(&on_duty);
    const struct troupe__member *member = NULL;
    const troupe_kind_t *kind = who_is(ctx, part, &member);
    char name[TROUPE_NAME_MAX + 1] = "";
    if (!kind)
        return -ESRCH;
    if (member && member->is_limited
        && !is_allowed(ctx, part, member, msg, name))
        return refuse(ctx, part, member, msg, name);
    const troupe_clause_t *clause =
        clause_of(kind, TROUPE__ON_MESSAGE, troupe_message_type(msg));
    if (!clause)
        clause = clause_of(kind, TROUPE__ON_FALLBACK, NULL);
    return clause ? clause->handle(ctx, state, msg) : -EOPNOTSUPP;
}

static int
on_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct troupe__member *member = NULL;
    const troupe_kind_t *kind = who_is(ctx, atomic_load(&on_duty), &member);
    if (!kind)
        return -ESRCH;
    for (size_t i = 0; member && i < member->groups.count; i++) {
        int rc = troupe_join(ctx, member->groups.items[i].text);
        if (rc < 0 && rc != -EALREADY) /* it keeps them over a restart */
            return rc;
    }
    const troupe_clause_t *clause = clause_of(kind, TROUPE__ON_START, NULL);
    return clause ? clause->handle(ctx, state, msg) : 0;
}

static void
on_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct troupe__part *part = atomic_load(&on_duty);
    const struct troupe__member *member = NULL;
    const troupe_kind_t *kind = who_is(ctx, part, &member);
    const troupe_clause_t *clause =
        kind ? clause_of(kind, TROUPE__ON_STOP, NULL) : NULL;
    if (clause)
        clause->stop(ctx, state, reason);
    const struct troupe__topology *topology = part->topology;
    if (!member || reason->kind != TROUPE_EXIT_NORMAL
        || member != &topology->members[topology->until_member])
        return;
    if (part->is_root) {
        atomic_store(&part->ended_well, true);
        troupe_stop_request(troupe_context_node(ctx));
        return;
    }
    troupe_ref_t director;
    if (troupe_lookup(troupe_context_node(ctx), TROUPE__DIRECTOR, &director) < 0
        || troupe_send(ctx, director, "until", NULL) < 0)
        troupe_log(ctx, TROUPE_LOG_ERROR, "nobody is told of the end");
}

/* The user's table, with ours where it is needed. */
static void
make_clauses(struct troupe__guard *self, bool start, bool stop, bool messages)
{
    size_t count = 0;
    while (self->kind->clauses[count].on)
        count++;
    self->clauses = troupe__grab((count + 3) * sizeof *self->clauses);
    bool has_start = false, has_stop = false;
    for (size_t i = 0; i < count; i++) {
        troupe_clause_t *clause = &self->clauses[i];
        *clause = self->kind->clauses[i];
        has_start |= clause->on == TROUPE__ON_START;
        has_stop |= clause->on == TROUPE__ON_STOP;
        if (clause->on == TROUPE__ON_START && start)
            clause->handle = on_start;
        else if (clause->on == TROUPE__ON_STOP && stop)
            clause->stop = on_stop;
        else if ((clause->on == TROUPE__ON_MESSAGE
                  || clause->on == TROUPE__ON_FALLBACK)
                 && messages)
            clause->handle = on_message;
    }
    if (start && !has_start)
        self->clauses[count++] = (troupe_clause_t) TROUPE_ON_START(on_start);
    if (stop && !has_stop)
        self->clauses[count++] = (troupe_clause_t) TROUPE_ON_STOP(on_stop);
}

static void
guard_kind(struct troupe__part *self, const troupe_kind_t *kind)
{
    const struct troupe__topology *topology = self->topology;
    bool start = false, stop = false, messages = false;
    for (size_t i = 0; i < self->guard_count; i++)
        if (self->guards[i].kind == kind)
            return;
    for (size_t i = 1; i < topology->member_count; i++) {
        const struct troupe__member *member = &topology->members[i];
        if (member->kind != kind)
            continue;
        start |= member->groups.count > 0;
        stop |= i == topology->until_member;
        messages |= member->is_limited;
    }
    if (!start && !stop && !messages)
        return;
    struct troupe__guard *guard = &self->guards[self->guard_count++];
    guard->kind = kind;
    make_clauses(guard, start, stop, messages);
    guard->guarded = *kind;
    guard->guarded.clauses = guard->clauses;
}

void
troupe__guards_make(struct troupe__part *self)
{
    const struct troupe__topology *topology = self->topology;
    self->guards = troupe__grab(topology->member_count * sizeof *self->guards);
    for (size_t i = 1; i < topology->member_count; i++)
        if (topology->members[i].kind)
            guard_kind(self, topology->members[i].kind);
}

const troupe_kind_t *
troupe__guards_kind(const struct troupe__part *self,
                    const struct troupe__member *member)
{
    for (size_t i = 0; i < self->guard_count; i++)
        if (self->guards[i].kind == member->kind)
            return &self->guards[i].guarded;
    return member->kind;
}
