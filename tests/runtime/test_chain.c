/* SPDX-License-Identifier: Apache-2.0 */
/* test_chain.c: a timeout names whom it waited for, and whom that one did. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "runtime/world.h"

TestSuite(chain, .init = world_begin, .fini = world_end, .timeout = 20);

struct desk {
    troupe_ref_t next;
    troupe_token_t promise;
};

static int
keep(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct desk *self = state;
    return troupe_defer(ctx, &self->promise);
}

static int
ignore(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) ctx, (void) state, (void) answer;
    return 0;
}

static int
pass(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct desk *self = state;
    int rc = troupe_lookup(troupe_context_node(ctx), "archive", &self->next);
    if (rc == 0)
        rc = troupe_ask(ctx, self->next, "find", 60000, ignore, NULL, NULL);
    return rc < 0 ? rc : keep(ctx, state, msg);
}

TROUPE_KIND(archive, struct desk, TROUPE_ON("find", keep));
TROUPE_KIND(clerk, struct desk, TROUPE_ON("find", pass));

static char words[512];

static int
note_words(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) ctx, (void) state;
    snprintf(words, sizeof words, "%s", answer->text);
    note("%s", troupe_outcome_name(answer->outcome));
    return 0;
}

static int
ask_clerk(troupe_context_t *ctx, void *arg)
{
    const troupe_ref_t *to = arg;
    return troupe_ask(ctx, *to, "find", 10, note_words, NULL, NULL);
}

/*
 * Both asks fall due at the same moment, on two workers: whichever is first,
 * the words must be whole. Each round is another race.
 */
Test(chain, is_whole_when_both_deadlines_pass_at_once)
{
    const troupe_spawn_options_t there = {.name = "archive",
                                          .place = TROUPE_WORKER};
    const troupe_spawn_options_t here = {.place = TROUPE_WORKER};
    spawn(&archive, &there);
    troupe_ref_t desk = spawn(&clerk, &here);
    troupe_ref_t asker = probe_on(1);
    for (int round = 0; round < 200; round++) {
        cr_assert_eq(inside(asker, ask_clerk, &desk), 0);
        settle();
        advance(11);
        advance(30);
        assert_notes("timeout");
        cr_assert(strstr(words, "waited for clerk"), "'%s'", words);
        cr_assert(strstr(words, "which waited for archive"), "'%s'", words);
        cr_assert(strstr(words, "had deferred its answer to 'find'"), "'%s'",
                  words);
    }
}
