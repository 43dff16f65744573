/* SPDX-License-Identifier: Apache-2.0 */
/* test_host.c: orders that come before the last one's actor has ended. */
#include <criterion/criterion.h>

#include <stdio.h>

#include "supervisor/harness.h"
#include "supervisor/host.h"
#include "supervisor/isolation.h"

enum { PATIENCE_MS = 1000 };

TestSuite(host, .init = world_begin, .fini = world_end, .timeout = 60);

struct orderer {
    troupe_ref_t host, goods[TROUPE__EARLY_MAX + 4]; /* by incarnation */
};

static _Atomic int carried_out;

static int
on_bought(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct orderer *self = state;
    int number = (int) (uintptr_t) answer->data;
    (void) ctx;
    carried_out += answer->outcome == TROUPE_REPLY;
    journal_add("%d: %s %d", number, troupe_outcome_name(answer->outcome),
                answer->code);
    return answer->msg ? troupe_unpack(answer->msg, "R", &self->goods[number])
                       : 0;
}

/* Orders an actor, as a deputy of that incarnation does. */
static int
orderer_buy(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct orderer *self = state;
    int number = 0;
    char name[32];
    int rc = troupe_unpack(msg, "i", &number);
    snprintf(name, sizeof name, "goods %d", number);
    return rc < 0 ? rc
                  : troupe_ask(ctx, self->host, "spawn", PATIENCE_MS, on_bought,
                               (void *) (uintptr_t) number,
                               "[s, I, i, i, I, I, i, s, s]", "plain",
                               (int64_t) number, 0, 0, INT64_C(0), INT64_C(0),
                               0, name, name);
}

/* Has the host stop it, as a deputy does. */
static int
orderer_stop(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct orderer *self = state;
    int number = 0;
    int rc = troupe_unpack(msg, "i", &number);
    return rc < 0 ? rc
                  : troupe_send(ctx, self->host, "stop", "[I, i]",
                                (int64_t) number, (int) TROUPE_EXIT_SHUTDOWN);
}

static int
orderer_crash(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct orderer *self = state;
    int number = 0;
    int rc = troupe_unpack(msg, "i", &number);
    return rc < 0 ? rc : troupe_send(ctx, self->goods[number], "crash", NULL);
}

static int
orderer_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct orderer *self = state;
    (void) ctx;
    return troupe_unpack(msg, "R", &self->host);
}

TROUPE_KIND(orderer, struct orderer, TROUPE_ON_START(orderer_start),
            TROUPE_ON("buy", orderer_buy), TROUPE_ON("stop", orderer_stop),
            TROUPE_ON("crash", orderer_crash));

static troupe_ref_t
spawn(const troupe_kind_t *kind, troupe_ref_t host)
{
    troupe_ref_t ref;
    cr_assert_eq(troupe_node_spawn(world_node(), kind, NULL, &ref, "R", host),
                 0);
    return ref;
}

static troupe_ref_t
start_host(void)
{
    cr_assert_eq(troupe_kind_register(world_node(), &plain), 0);
    return spawn(&troupe__host_kind, TROUPE_NOBODY);
}

static void
say(troupe_ref_t to, const char *verb, int number)
{
    cr_assert_eq(troupe_node_send(world_node(), to, verb, "i", number), 0);
    world_settle();
}

/* Else it might find its names taken. */
Test(host, an_order_waits_for_the_end_of_the_one_before)
{
    troupe_ref_t from = spawn(&orderer, start_host());
    say(from, "buy", 1);
    EXPECT_JOURNAL("start goods 1, 1: reply 0");
    say(from, "buy", 2);
    say(from, "buy", 3);
    say(from, "stop", 3);
    EXPECT_JOURNAL("");
    say(from, "stop", 1);
    EXPECT_JOURNAL("stop goods 1, start goods 2, 2: reply 0");
    say(from, "crash", 2);
    /* It may have started, or not; it was told to stop. */
    cr_assert_eq(journal_count("3: error -125") + journal_count("stop goods 3"),
                 1);
}

/* Whoever does not wait for it any more is not served. */
Test(host, an_order_that_is_given_up_meanwhile_is_not_carried_out)
{
    troupe_ref_t from = spawn(&orderer, start_host());
    say(from, "buy", 1);
    say(from, "buy", 2);
    EXPECT_JOURNAL("start goods 1, 1: reply 0");
    world_advance(PATIENCE_MS);
    EXPECT_JOURNAL("2: timeout -110");
    say(from, "buy", 3);
    say(from, "crash", 1);
    EXPECT_JOURNAL("stop goods 1 error, start goods 3, 3: reply 0");
}

Test(host, more_orders_than_may_wait_are_refused_until_some_are_given_up)
{
    troupe_ref_t from = spawn(&orderer, start_host());
    for (int i = 1; i <= TROUPE__EARLY_MAX + 1; i++)
        say(from, "buy", i);
    EXPECT_JOURNAL("start goods 1, 1: reply 0");
    say(from, "buy", TROUPE__EARLY_MAX + 2);
    EXPECT_JOURNAL("66: error -105");
    world_advance(PATIENCE_MS);
    journal_sort();
    char text[4096];
    journal_take(text, sizeof text);
    say(from, "buy", TROUPE__EARLY_MAX + 3);
    EXPECT_JOURNAL("");
    say(from, "crash", 1);
    EXPECT_JOURNAL("stop goods 1 error, start goods 67, 67: reply 0");
}

/* Each is found by its owner, however many there are. */
Test(host, orders_of_thousands_wait)
{
    enum { OWNERS = 2000 };
    static troupe_ref_t from[OWNERS];
    troupe_t *node = world_node();
    troupe_ref_t host = start_host();
    for (int i = 0; i < OWNERS; i++)
        from[i] = spawn(&orderer, host);
    for (int number = 1; number <= 2; number++)
        for (int i = 0; i < OWNERS; i++)
            cr_assert_eq(troupe_node_send(node, from[i], "buy", "i", number),
                         0);
    world_settle();
    cr_assert_eq(carried_out, OWNERS);
    for (int i = 0; i < OWNERS; i++)
        cr_assert_eq(troupe_node_send(node, from[i], "crash", "i", 1), 0);
    world_settle();
    cr_assert_eq(carried_out, 2 * OWNERS);
}
