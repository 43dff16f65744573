/* SPDX-License-Identifier: Apache-2.0 */
/* test_ask_chain.c: asks that are put on behalf of an ask. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/world.h"

TestSuite(hops, .init = world_begin, .fini = world_end, .timeout = 20);

/* Defers each "keep", answers it at "late", and "now" at once; test_ask.c. */
extern const troupe_kind_t silent;

static int
cancel_it(troupe_context_t *ctx, void *arg)
{
    return troupe_cancel(ctx, *(const troupe_ask_t *) arg);
}

/* A middle man asks on behalf of who asked him. */
struct middle {
    troupe_token_t token;
};

static int
middle_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct middle *self = state;
    note("middle %s", troupe_outcome_name(answer->outcome));
    if (answer->outcome == TROUPE_REPLY)
        return troupe_reply_to(ctx, &self->token, "i", 8);
    return 0;
}

static int
middle_ask(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct middle *self = state;
    troupe_ref_t to;
    const char *type = NULL;
    int rc = troupe_unpack(msg, "[R, s]", &to, &type);
    if (rc == 0)
        rc = troupe_defer(ctx, &self->token);
    if (rc == 0)
        rc = troupe_ask(ctx, to, type, 60000, middle_answer, NULL, NULL);
    return rc;
}

TROUPE_KIND(middle, struct middle, TROUPE_ON("go", middle_ask));

struct chain {
    troupe_ref_t first, last;
    const char *type;
    troupe_ask_t ask;
};

static char timeout_text[1024];

static int
note_text(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    snprintf(timeout_text, sizeof timeout_text, "%s", answer->text);
    return note_answer(ctx, state, answer);
}

static int
ask_chain(troupe_context_t *ctx, void *arg)
{
    struct chain *chain = arg;
    troupe_ask_options_t options = {.timeout_ms = 500, .answer = note_text};
    return troupe_ask_with(ctx, chain->first, "go", &options, &chain->ask,
                           "[R, s]", chain->last, chain->type);
}

Test(hops, the_answer_of_a_chain_comes_back)
{
    troupe_ref_t asker = probe_on(0);
    struct chain chain = {
        spawn(&middle, NULL), spawn(&silent, NULL), "now", {0}};
    cr_assert_eq(inside(asker, ask_chain, &chain), 0);
    assert_notes("0 -42, middle reply, reply:8");
}

/* The sooner deadline holds for what is asked on the way, too. */
Test(hops, a_timeout_names_the_chain_it_waited_for)
{
    troupe_ref_t asker = probe_on(0);
    struct chain chain = {
        spawn(&middle, NULL), spawn(&silent, NULL), "keep", {0}};
    char ref[TROUPE_REF_TEXT];
    cr_assert_eq(inside(asker, ask_chain, &chain), 0);
    advance(499);
    assert_notes("");
    advance(30);
    const char *got = notes();
    cr_assert(strstr(got, "timeout -110"), "%s", got);
    cr_assert(strstr(timeout_text, "waited for middle"), "%s", timeout_text);
    cr_assert(strstr(timeout_text, troupe_ref_text(chain.first, ref)), "%s",
              timeout_text);
    cr_assert(strstr(timeout_text, "waited for silent"), "%s", timeout_text);
    cr_assert(strstr(timeout_text, troupe_ref_text(chain.last, ref)), "%s",
              timeout_text);
    advance(100000);
    assert_notes("");
}

Test(hops, cancel_travels_two_hops)
{
    troupe_ref_t asker = probe_on(0);
    struct chain chain = {
        spawn(&middle, NULL), spawn(&silent, NULL), "keep", {0}};
    cr_assert_eq(inside(asker, ask_chain, &chain), 0);
    settle();
    cr_assert_eq(inside(asker, cancel_it, &chain.ask), 0);
    const char *got = notes();
    cr_assert(strstr(got, "middle cancelled") && strstr(got, "cancelled -125"),
              "%s", got);
    tell(chain.last, "late");
    assert_notes("open 0, 0, -42");
}
