/* SPDX-License-Identifier: Apache-2.0 */
/* test_remote_storm.c: a node is lost amid random traffic; the books balance. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "runtime/far_clerk.h"
#include "runtime/world.h"
#include "troupe_lifecycle.h"

TestSuite(remote_storm, .timeout = 240);

#ifdef TROUPE_SLOW_BUILD
enum { SEEDS = 12 };
#else
enum { SEEDS = 100 };
#endif

enum {
    TRADERS = 8, /* a half on each node */
    KICKS = 60,
    ASKS_MAX = 1 << 14,
    TIMEOUT_MS = 100
};

static troupe_ref_t traders[TRADERS];

/* Of each ask whether its asker is at home, and how often it was told. */
static struct {
    atomic_int asked, downs_wanted, downs;
    atomic_uchar told[ASKS_MAX];
    bool at_home[ASKS_MAX];
} books;

static bool
is_home(troupe_context_t *ctx)
{
    return troupe_context_node(ctx) == home;
}

static int
deal_done(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) ctx, (void) state;
    atomic_fetch_add(&books.told[(uintptr_t) answer->data], 1);
    return 0;
}

static int
ask_somebody(troupe_context_t *ctx, const char *type)
{
    int index = atomic_fetch_add(&books.asked, 1);
    uint8_t body[3000] = {0};
    if (index >= ASKS_MAX)
        return -ENOSPC;
    books.at_home[index] = is_home(ctx);
    troupe_ask_options_t options = {.timeout_ms = TIMEOUT_MS,
                                    .answer = deal_done,
                                    .data = (void *) (uintptr_t) index};
    int rc = troupe_ask_with(ctx, traders[troupe_random(ctx) % TRADERS], type,
                             &options, NULL, "B", body,
                             (size_t) (troupe_random(ctx) % sizeof body));
    if (rc == -EAGAIN) { /* it was not asked */
        atomic_fetch_add(&books.told[index], 1);
        return 0;
    }
    return rc;
}

struct trader {
    troupe_token_t tokens[4];
    uint32_t next;
};

static int
on_kick(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    for (int i = 0; i < 3; i++) {
        int rc = ask_somebody(ctx, "deal");
        if (rc == 0)
            rc = troupe_send(ctx, traders[troupe_random(ctx) % TRADERS],
                             "gossip", "i", i);
        if (rc < 0 && rc != -EAGAIN)
            return rc;
    }
    return 0;
}

static int
on_deal(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct trader *self = state;
    uint32_t at = self->next++ % 4;
    switch (troupe_random(ctx) % 6) {
    case 0:
        return troupe_reply_error(ctx, -EIO, "no deal");
    case 1: /* the one before is answered, or its promise broken */
        if (troupe_random(ctx) % 2 == 0
            || troupe_reply_to(ctx, &self->tokens[at], NULL) < 0)
            troupe_token_drop(ctx, &self->tokens[at]);
        return troupe_defer(ctx, &self->tokens[at]);
    case 2:
        return troupe_forward(ctx, traders[troupe_random(ctx) % TRADERS], msg)
                       == -EAGAIN
                   ? troupe_reply(ctx, NULL)
                   : 0;
    case 3: {
        int rc = ask_somebody(ctx, "last");
        return rc < 0 ? rc : troupe_reply(ctx, NULL);
    }
    default:
        return troupe_reply(ctx, "m", msg);
    }
}

static int
on_last(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    return troupe_reply(ctx, "m", msg);
}

static int
on_gossip(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return 0;
}

static int
on_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    if (is_home(ctx))
        atomic_fetch_add(&books.downs, 1);
    return 0;
}

/* Each at home watches each that is away, now and then. */
static int
on_watch(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    atomic_fetch_add(&books.downs_wanted, 1);
    return troupe_monitor(
        ctx, traders[1 + 2 * (troupe_random(ctx) % (TRADERS / 2))], NULL);
}

TROUPE_KIND(far_trader, struct trader, TROUPE_ON("kick", on_kick),
            TROUPE_ON("deal", on_deal), TROUPE_ON("last", on_last),
            TROUPE_ON("gossip", on_gossip), TROUPE_ON("watch", on_watch),
            TROUPE_ON_DOWN(on_down));

static void
spawn_traders(void)
{
    for (uint32_t i = 0; i < TRADERS; i++) {
        const troupe_spawn_options_t options = {
            .place = i < 6 ? TROUPE_WORKER : TROUPE_OWN_THREAD,
            .worker = i / 2 % 2,
            .mailbox = {.messages_max = i % 3 ? 0 : 4}};
        cr_assert_eq(troupe_node_spawn(i % 2 ? away : home, &far_trader,
                                       &options, &traders[i], NULL),
                     0);
    }
}

/* How many asks of those that matter have not been told exactly once. */
static int
open_asks(bool both)
{
    int open = 0, asked = atomic_load(&books.asked);
    cr_assert_lt(asked, ASKS_MAX);
    for (int i = 0; i < asked; i++) {
        int told = atomic_load(&books.told[i]);
        cr_assert_leq(told, 1, "ask %d was told %d times", i, told);
        open += told == 0 && (both || books.at_home[i]);
    }
    return open;
}

static void
run_storm(uint64_t seed)
{
    memset(&books, 0, sizeof books);
    pair_options.seed = seed;
    pair_options.dead_letters_max = 16;
    pair_begin();
    spawn_traders();
    bool both = seed % 2;
    for (uint64_t i = 0; i < KICKS; i++) {
        troupe_ref_t ref = traders[(i * seed) % TRADERS];
        troupe_t *at = (i * seed) % 2 ? away : home;
        cr_assert_eq(troupe_node_send(at, ref, "kick", NULL), 0);
        if (i % 4 == 0)
            cr_assert_eq(troupe_node_send(home, traders[i / 4 * 2 % TRADERS],
                                          "watch", NULL),
                         0);
        if (i == seed % KICKS) {
            pair_lose(home, "killed by signal 9");
            if (both)
                pair_lose(away, "killed by signal 9");
        }
    }
    do { /* a kick that comes late makes asks of its own */
        cr_assert_eq(troupe_settle(home, 30000), 0);
        cr_assert_eq(troupe_settle(away, 30000), 0);
    } while (open_asks(both) > 0);
    cr_assert_eq(atomic_load(&books.downs), atomic_load(&books.downs_wanted));
    pair_end();
}

Test(remote_storm, whenever_a_node_is_lost_every_ask_and_monitor_ends_once)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run_storm(seed);
}
