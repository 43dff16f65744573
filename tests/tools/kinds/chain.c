/* SPDX-License-Identifier: Apache-2.0 */
/* chain.c: kinds that work for each other over processes, for their traces. */
#include <unistd.h>

#include <troupe.h>

/* head: asks 'tail' by way of 'middle', in its start, later, and by a timer
 * that comes again; ends when each of them has been answered. */
struct head {
    unsigned seen; /* bits of `way` */
};

enum way { BY_START = 1, BY_CALL = 2, BY_TIMER = 4, BY_BEAT = 8 };

static int ask_middle(troupe_context_t *ctx, enum way way);

static int
head_later(troupe_context_t *ctx, void *state, void *data)
{
    (void) state, (void) data;
    return ask_middle(ctx, BY_CALL);
}

static int
head_answered(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct head *self = state;
    enum way way = (enum way)(uintptr_t) answer->data;
    bool is_new = !(self->seen & way);
    if (answer->outcome != TROUPE_REPLY)
        return troupe_fail(ctx, answer->code, "%s", answer->text);
    self->seen |= way;
    if (way == BY_START && is_new)
        return troupe_call_after(ctx, 1, head_later, NULL, NULL, NULL);
    if (way == BY_CALL)
        return troupe_timer_set(ctx, "once", 1, 0);
    return self->seen == (BY_START | BY_CALL | BY_TIMER | BY_BEAT) ? TROUPE_STOP
                                                                   : 0;
}

static int
ask_middle(troupe_context_t *ctx, enum way way)
{
    troupe_ref_t middle;
    int rc = troupe_lookup(troupe_context_node(ctx), "middle", &middle);
    return rc < 0 ? rc
                  : troupe_ask(ctx, middle, "pass", 20000, head_answered,
                               (void *) (uintptr_t) way, "i", (int) way);
}

static int
head_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    int rc = troupe_timer_set(ctx, "beat", 5, 5);
    return rc < 0 ? rc : ask_middle(ctx, BY_START);
}

static int
head_once(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return ask_middle(ctx, BY_TIMER);
}

static int
head_beat(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct head *self = state;
    (void) msg;
    return self->seen & BY_BEAT ? 0 : ask_middle(ctx, BY_BEAT);
}

TROUPE_KIND(head, struct head, TROUPE_ON_START(head_start),
            TROUPE_ON("once", head_once), TROUPE_ON("beat", head_beat));

/* middle: asks 'tail', and answers when it has heard from it. */
static int
middle_told(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    troupe_token_t token = {(uint64_t) (uintptr_t) answer->data};
    (void) state;
    return answer->outcome == TROUPE_REPLY
               ? troupe_reply_to(ctx, &token, NULL)
               : troupe_reply_error_to(ctx, &token, answer->code, "%s",
                                       answer->text);
}

static int
middle_pass(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_ref_t tail = TROUPE_NOBODY;
    troupe_token_t token = {0};
    int way = 0;
    (void) state;
    int rc = troupe_unpack(msg, "i", &way);
    if (rc == 0)
        rc = troupe_lookup(troupe_context_node(ctx), "tail", &tail);
    if (rc == 0)
        rc = troupe_defer(ctx, &token);
    if (rc == 0)
        rc = troupe_send(ctx, tail, "note", "i", way);
    return rc < 0 ? rc
                  : troupe_ask(ctx, tail, "take", 20000, middle_told,
                               (void *) (uintptr_t) token.id, "i", way);
}

TROUPE_KIND(middle, char, TROUPE_ON("pass", middle_pass));

/* tail: takes what comes, and says in which process. */
static int
tail_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return 0;
}

static int
tail_take(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, "i", (int) getpid());
}

static int
tail_note(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return 0;
}

TROUPE_KIND(tail, char, TROUPE_ON_START(tail_start),
            TROUPE_ON("take", tail_take), TROUPE_ON("note", tail_note));

TROUPE_KINDS(&head, &middle, &tail);
