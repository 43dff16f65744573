/* SPDX-License-Identifier: Apache-2.0 */
/* test_pool.c: as many actors as there is work for, and no ask is lost. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "troupe_pool.h"

#include "actors/policy_world.h"

enum { MIN = 1, MAX = 3, CALLS = 8, IDLE_MS = 1000 };

static troupe_ref_t pool;

/* It holds each "job" for 100 ms, then answers with its worker's count. */
struct digger {
    troupe_token_t token;
    int64_t done;
};

static int
on_done(troupe_context_t *ctx, void *state, void *data)
{
    struct digger *self = state;
    (void) data;
    self->done += 1;
    int rc = troupe_reply_to(ctx, &self->token, "[I, s]", self->done, "dug");
    return rc == -ENOMSG ? 0 : rc;
}

static int
on_job(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct digger *self = state;
    (void) msg;
    if (self->token.id)
        return troupe_fail(ctx, -EBUSY, "two at once");
    int rc = troupe_defer(ctx, &self->token);
    return rc < 0 ? rc : troupe_call_after(ctx, 100, on_done, NULL, NULL, NULL);
}

static int
on_given_up(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct digger *self = state;
    (void) msg;
    troupe_token_drop(ctx, &self->token);
    return 0;
}

static int
on_break(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_fail(ctx, -EIO, "the spade broke");
}

static const troupe_clause_t clauses[] = {TROUPE_ON("job", on_job),
                                          TROUPE_ON("break", on_break),
                                          TROUPE_ON_CANCEL(on_given_up),
                                          {0, NULL, NULL, NULL}};

static const troupe_kind_t digger_kind = {
    .name = "digger", .state_size = sizeof(struct digger), .clauses = clauses};

static void
begin(void)
{
    troupe_ref_t one;
    policy_begin();
    policy_spawn(&digger_kind, &one, NULL); /* the node knows the kind now */
    policy_spawn(&troupe_pool, &pool, "{s:s, s:U, s:U, s:U, s:U}", "kind",
                 "digger", "min", (uint64_t) MIN, "max", (uint64_t) MAX,
                 "queue", UINT64_C(4), "idle_ms", (uint64_t) IDLE_MS);
    policy_settle();
}

TestSuite(pool, .init = begin, .fini = policy_end, .timeout = 30);

static uint64_t
count(const char *key)
{
    return policy_number(pool, "pool.state", key);
}

static void
put(struct policy_call *call, const char *type)
{
    *call = (struct policy_call){.to = pool, .type = type};
    policy_put(call);
}

Test(pool, grows_with_its_work_and_shrinks_without)
{
    struct policy_call calls[CALLS];
    cr_assert_eq(count("actors"), (uint64_t) MIN);
    for (int i = 0; i < CALLS; i++)
        put(&calls[i], "job");
    cr_assert_eq(count("actors"), (uint64_t) MAX);
    cr_assert_eq(count("under_way"), (uint64_t) MAX);
    cr_assert_eq(count("waiting"), 4u);
    cr_assert_eq(calls[7].code, -EBUSY);
    cr_assert_str_eq(calls[7].text, "all 3 actors are busy, and 4 asks wait");
    policy_advance(300);
    for (int i = 0; i < CALLS - 1; i++)
        cr_assert_eq(calls[i].outcome, TROUPE_REPLY, "%d %s", i, calls[i].text);
    policy_advance(3 * IDLE_MS);
    cr_assert_eq(count("actors"), (uint64_t) MIN);
    cr_assert_eq(count("stopped"), (uint64_t) (MAX - MIN));
    put(&calls[0], "job");
    policy_advance(100);
    cr_assert_eq(calls[0].outcome, TROUPE_REPLY);
}

Test(pool, one_that_fails_is_restarted_and_its_asker_told)
{
    struct policy_call bad, good;
    for (int i = 0; i < 2; i++) { /* a third one would be poison */
        put(&bad, "break");
        policy_advance(10);
        cr_assert_eq(bad.outcome, TROUPE_ERROR);
        cr_assert_eq(bad.code, -EHOSTDOWN, "%d %s", bad.code, bad.text);
        cr_assert(strstr(bad.text, "the spade broke"), "%s", bad.text);
    }
    policy_advance(5000);
    put(&good, "job");
    policy_advance(100);
    cr_assert_eq(good.outcome, TROUPE_REPLY, "%s", good.text);
    cr_assert_eq(count("actors"), (uint64_t) MIN);
}

Test(pool, who_gives_up_is_left_out)
{
    struct policy_call calls[MAX + 2];
    for (int i = 0; i < MAX + 2; i++)
        put(&calls[i], "job");
    policy_give_up(&calls[MAX]);
    cr_assert_eq(count("waiting"), 1u);
    policy_give_up(&calls[0]);
    cr_assert_eq(calls[0].outcome, TROUPE_CANCELLED);
    policy_advance(200);
    cr_assert_eq(calls[MAX + 1].outcome, TROUPE_REPLY);
    cr_assert_eq(count("under_way"), 0u);
}

Test(pool, a_kind_that_nobody_knows_is_refused)
{
    troupe_ref_t ref;
    troupe_actor_stats_t stats;
    policy_spawn(&troupe_pool, &ref, "{s:s}", "kind", "nothing");
    policy_settle();
    cr_assert_eq(troupe_actor_stats_get(policy_node, ref, &stats), -ESRCH);
}
