/* SPDX-License-Identifier: Apache-2.0 */
/* clerk.h: who is asked again after a restart, in tests. */
#ifndef TROUPE_TESTS_SUPERVISOR_CLERK_H
#define TROUPE_TESTS_SUPERVISOR_CLERK_H

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <troupe.h>

/*
 * A clerk is asked with [n, k]. At the first k attempts it does as the verb
 * says: "work" fails, "hold" defers, "die" crashes its process, "leave" ends
 * it with code 3; later it answers [n, attempt, who asked, id of the ask]. It
 * tells the actor named "scribe", if any, what it has in hand: "seen" [n,
 * attempt]. Verbs of a tell: "crash" fails, "note" is counted, "pass" (a ref)
 * lets it forward all asks from then on. "pid" and "noted" answer a number.
 */
struct clerk {
    troupe_ref_t other;
    troupe_token_t token;
    int64_t noted;
};

static int
clerk_answer(troupe_context_t *ctx, const troupe_message_t *msg, int n)
{
    return troupe_reply(ctx, "[i, I, R, U]", n,
                        (int64_t) troupe_message_attempt(msg),
                        troupe_message_sender(msg), troupe_message_ask_id(msg));
}

static int
clerk_ask(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct clerk *self = state;
    troupe_ref_t scribe;
    int n = 0, k = 0;
    if (troupe_unpack(msg, "[i, i]", &n, &k) < 0)
        return troupe_reply_error(ctx, -EBADMSG, "not [n, k]");
    if (!troupe_ref_is_nobody(self->other))
        return troupe_forward(ctx, self->other, msg);
    if (troupe_lookup(troupe_context_node(ctx), "scribe", &scribe) == 0
        && troupe_send(ctx, scribe, "seen", "[i, I]", n,
                       (int64_t) troupe_message_attempt(msg))
               < 0)
        return -EIO;
    if (troupe_message_attempt(msg) > (uint32_t) k)
        return clerk_answer(ctx, msg, n);
    if (troupe_message_is(msg, "hold"))
        return troupe_defer(ctx, &self->token);
    if (troupe_message_is(msg, "die"))
        raise(SIGSEGV);
    if (troupe_message_is(msg, "leave"))
        _exit(3);
    return troupe_fail(ctx, -EIO, "the pen broke");
}

static int
clerk_crash(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_fail(ctx, -EIO, "crash");
}

static int
clerk_pass(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct clerk *self = state;
    (void) ctx;
    return troupe_unpack(msg, "R", &self->other);
}

static int
clerk_note(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct clerk *self = state;
    (void) ctx, (void) msg;
    self->noted++;
    return 0;
}

static int
clerk_noted(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct clerk *self = state;
    (void) msg;
    return troupe_reply(ctx, "I", self->noted);
}

static int
clerk_pid(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, "i", (int) getpid());
}

static const troupe_clause_t clerk_clauses[] = {
    TROUPE_ON("work", clerk_ask),    TROUPE_ON("hold", clerk_ask),
    TROUPE_ON("die", clerk_ask),     TROUPE_ON("leave", clerk_ask),
    TROUPE_ON("crash", clerk_crash), TROUPE_ON("pass", clerk_pass),
    TROUPE_ON("note", clerk_note),   TROUPE_ON("noted", clerk_noted),
    TROUPE_ON("pid", clerk_pid),     {0, NULL, NULL, NULL}};

static const troupe_kind_t clerk = {.name = "clerk",
                                    .state_size = sizeof(struct clerk),
                                    .clauses = clerk_clauses};

#endif
