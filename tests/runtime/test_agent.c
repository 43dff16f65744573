/* SPDX-License-Identifier: Apache-2.0 */
/* test_agent.c: the actor that answers for its node. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/nurse.h"
#include "runtime/world.h"
#include "troupe_msgpack.h"

TestSuite(agent, .init = world_begin, .fini = world_end, .timeout = 60);

enum { MANY = 1200 };

static troupe_ref_t
agent(void)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    int rc = troupe_agent(node, &ref);
    cr_assert_eq(rc, 0, "%d", rc);
    return ref;
}

/* An answer's message, which the next call frees. */
#define ask_agent(wanted, verb, ...)                                           \
    (answer_is((wanted), troupe_node_ask(node, agent(), (verb), UINT32_MAX,    \
                                         fresh(), __VA_ARGS__)),               \
     last)

static troupe_message_t *last;

static troupe_message_t **
fresh(void)
{
    troupe_message_destroy(&last);
    return &last;
}

static void
answer_is(int wanted, int rc)
{
    cr_assert_eq(rc, wanted, "%d, not %d: %s", rc, wanted,
                 troupe_node_ask_words());
}

static const char *
status_by_agent(troupe_ref_t ref)
{
    const char *status = "";
    cr_assert_eq(
        troupe_unpack(ask_agent(0, "agent.inspect", "{s:R}", "ref", ref),
                      "{s:s}", "status", &status),
        0);
    return status;
}

Test(agent, is_one_and_the_same_for_a_node)
{
    troupe_ref_t one = agent();
    cr_assert(troupe_ref_equal(one, agent()));
    cr_assert_str_eq(stats_of(one).kind, "troupe.agent");
    fresh();
}

/* One of each of the refs is in the pages; `pages` is how many there were. */
static size_t
count_in_pages(uint64_t max, size_t *ret_pages)
{
    size_t count = 0;
    uint64_t from = 0;
    for (*ret_pages = 1;; (*ret_pages)++) {
        msgpack_object page;
        cr_assert_eq(
            troupe_message_object(ask_agent(0, "agent.ps", "{s:U, s:U}", "from",
                                            from, "max", max),
                                  &page),
            0);
        bool more = false;
        for (uint32_t i = 0; i < page.via.map.size; i++) {
            const msgpack_object_kv *pair = &page.via.map.ptr[i];
            if (strncmp(pair->key.via.str.ptr, "actors", 6) == 0) {
                cr_assert_leq(pair->val.via.array.size, max);
                count += pair->val.via.array.size;
            }
            if (strncmp(pair->key.via.str.ptr, "next", 4) == 0
                && pair->val.type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
                more = true;
                from = pair->val.via.u64;
            }
        }
        if (!more)
            return count;
    }
}

Test(agent, ps_comes_in_pages)
{
    size_t pages = 0;
    for (int i = 0; i < MANY; i++)
        (void) probe_new();
    settle();
    cr_assert_eq(count_in_pages(500, &pages), MANY + 1);
    cr_assert_eq(pages, 3);
    cr_assert_eq(count_in_pages(1000000, &pages), MANY + 1);
    cr_assert_eq(pages, 3, "no page has more than 500");
    cr_assert_eq(count_in_pages(100, &pages), MANY + 1);
    (void) ask_agent(0, "agent.ps", NULL);
    (void) ask_agent(-EBADMSG, "agent.ps", "[i]", 1);
    fresh();
}

Test(agent, an_actor_is_told_with_what_it_did)
{
    const troupe_spawn_options_t options = {
        .name = "me",
        .mailbox = {.messages_max = 7, .overflow = TROUPE_OVERFLOW_REJECT}};
    troupe_ref_t ref = spawn(&probe, &options), told = TROUPE_NOBODY;
    tell(ref, "one");
    settle();
    const char *name = "", *kind = "", *status = "", *overflow = "", *n = "";
    uint64_t received = 0, handled = 0, bound = 0, parent = 1, bytes = 0;
    int rc = troupe_unpack(
        ask_agent(0, "agent.inspect", "{s:s}", "name", "me"),
        "{s:R, s:s, s:s, s:s, s:U, s:U, s:U, s:U, s:s, s:U, s:[s!]}", "ref",
        &told, "name", &name, "kind", &kind, "status", &status, "received",
        &received, "handled", &handled, "messages_max", &bound, "parent",
        &parent, "overflow", &overflow, "bytes_max", &bytes, "names", &n);
    cr_assert_eq(rc, 0, "%d", rc);
    cr_assert(troupe_ref_equal(ref, told));
    cr_assert_str_eq(name, "me");
    cr_assert_str_eq(n, "me");
    cr_assert_str_eq(kind, "probe");
    cr_assert_str_eq(status, "running");
    cr_assert_str_eq(overflow, "reject");
    cr_assert_eq(received, 1);
    cr_assert_geq(handled, 1);
    cr_assert_eq(bound, 7);
    cr_assert_gt(bytes, 0);
    cr_assert_eq(parent, 0);
    (void) ask_agent(-ENOENT, "agent.inspect", "{s:s}", "name", "other");
    (void) ask_agent(-EBADMSG, "agent.inspect", NULL);
    end_actor(ref, TROUPE_EXIT_KILLED);
    (void) ask_agent(-ESRCH, "agent.inspect", "{s:R}", "ref", ref);
    (void) ask_agent(-EOPNOTSUPP, "agent.odd", NULL);
    fresh();
}

static int
join_two(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    int rc = troupe_join(ctx, "g");
    return rc < 0 ? rc : troupe_register(ctx, "other");
}

Test(agent, names_groups_and_parents_are_told)
{
    troupe_ref_t parent = nurse_new(&probe, true), told = TROUPE_NOBODY;
    cr_assert_eq(inside(plan.child, join_two, NULL), 0);
    const char *group = "", *one = "", *two = "";
    cr_assert_eq(
        troupe_unpack(ask_agent(0, "agent.inspect", "{s:R}", "ref", plan.child),
                      "{s:[s!], s:[s,s!], s:R}", "groups", &group, "names",
                      &one, &two, "parent", &told),
        0);
    cr_assert_str_eq(group, "g");
    bool both = (!strcmp(one, "child") && !strcmp(two, "other"))
                || (!strcmp(one, "other") && !strcmp(two, "child"));
    cr_assert(both, "%s %s", one, two);
    cr_assert(troupe_ref_equal(parent, told));
    fresh();
}

Test(agent, suspends_and_resumes_and_says_when_it_is_so)
{
    /* Its patience is by the node's clock, which must move by itself. */
    troupe_options_t options = world_options();
    options.manual_clock = false;
    world_reopen(&options);
    troupe_ref_t ref = probe_new();
    const char *status = "";
    cr_assert_eq(
        troupe_unpack(ask_agent(0, "agent.suspend", "{s:R}", "ref", ref),
                      "{s:s}", "status", &status),
        0);
    cr_assert_str_eq(status, "suspended");
    tell(ref, "later");
    assert_notes("");
    cr_assert_str_eq(status_by_agent(ref), "suspended");
    cr_assert_eq(
        troupe_unpack(ask_agent(0, "agent.resume", "{s:R}", "ref", ref),
                      "{s:s}", "status", &status),
        0);
    cr_assert_str_eq(status, "running");
    assert_notes("later");
    (void) ask_agent(-EPERM, "agent.suspend", "{s:R}", "ref", agent());
    (void) ask_agent(-EBADMSG, "agent.suspend", NULL);
    (void) ask_agent(-ESRCH, "agent.resume", "{s:R}", "ref",
                     (troupe_ref_t){12345});
    fresh();
}

Test(agent, ends_actors)
{
    troupe_ref_t ref = probe_new();
    (void) ask_agent(-EINVAL, "agent.exit", "{s:R, s:s}", "ref", ref, "kind",
                     "normal");
    (void) ask_agent(-EINVAL, "agent.exit", "{s:R, s:s}", "ref", ref, "kind",
                     "odd");
    cr_assert(alive(ref));
    (void) ask_agent(0, "agent.exit", "{s:R}", "ref", ref);
    cr_assert_not(alive(ref));
    ref = probe_new();
    (void) ask_agent(0, "agent.exit", "{s:R, s:s, s:i, s:s}", "ref", ref,
                     "kind", "error", "code", -EIO, "text", "on purpose");
    cr_assert_not(alive(ref));
    (void) ask_agent(-ESRCH, "agent.exit", "{s:R}", "ref", ref);
    (void) ask_agent(-EPERM, "agent.exit", "{s:R}", "ref", agent());
    fresh();
}

static int
note_arguments(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const char *text = "nothing";
    (void) ctx, (void) state;
    (void) !troupe_unpack(msg, "{s?s}", "text", &text);
    note("begins with %s", text);
    return 0;
}

TROUPE_KIND(newcomer, char, TROUPE_ON_START(note_arguments));

Test(agent, spawns_what_the_node_knows_by_name)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    (void) ask_agent(-ENOENT, "agent.spawn", "{s:s}", "kind", "newcomer");
    cr_assert_eq(troupe_kind_register(node, &newcomer), 0);
    cr_assert_eq(
        troupe_unpack(ask_agent(0, "agent.spawn",
                                "{s:s, s:s, s:{s:s}, s:i, s:s, s:s}", "kind",
                                "newcomer", "name", "new", "arguments", "text",
                                "this", "messages_max", 9, "overflow",
                                "drop_oldest", "place", "near"),
                      "{s:R!}", "ref", &ref),
        0);
    assert_notes("begins with this");
    troupe_actor_stats_t stats = stats_of(ref);
    cr_assert_str_eq(stats.name, "new");
    cr_assert_eq(stats.limits.messages_max, 9);
    cr_assert_eq(stats.limits.overflow, TROUPE_OVERFLOW_DROP_OLDEST);
    (void) ask_agent(-EEXIST, "agent.spawn", "{s:s, s:s}", "kind", "newcomer",
                     "name", "new");
    (void) ask_agent(-EINVAL, "agent.spawn", "{s:s, s:s}", "kind", "newcomer",
                     "place", "moon");
    (void) ask_agent(-EBADMSG, "agent.spawn", NULL);
    (void) ask_agent(0, "agent.spawn", "{s:s}", "kind", "newcomer");
    assert_notes("begins with nothing");
    fresh();
}

Test(agent, dead_letters_and_counters)
{
    troupe_ref_t ref = probe_new(), to = TROUPE_NOBODY;
    end_actor(ref, TROUPE_EXIT_KILLED);
    tell(ref, "into-the-void");
    settle();
    const char *why = "", *type = "";
    uint64_t total = 0, actors = 0;
    cr_assert_eq(troupe_unpack(ask_agent(0, "agent.dead", "{s:i}", "max", 1),
                               "{s:U, s:[{s:s, s:s, s:R}!]}", "total", &total,
                               "letters", "why", &why, "type", &type, "to",
                               &to),
                 0);
    cr_assert_eq(total, 1);
    cr_assert_str_eq(why, "no such actor");
    cr_assert_str_eq(type, "into-the-void");
    cr_assert(troupe_ref_equal(to, ref));
    cr_assert_eq(troupe_unpack(ask_agent(0, "agent.counters", NULL), "{s:U}",
                               "actors", &actors),
                 0);
    cr_assert_eq(actors, 1, "the agent itself");
    fresh();
}

static _Atomic bool may_go;
static _Atomic bool is_in;

static int
hold_worker(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    is_in = true;
    while (!may_go)
        ;
    return 0;
}

TROUPE_KIND(detainer, char, TROUPE_ON("hold", hold_worker));

Test(agent, answers_while_every_worker_is_busy)
{
    may_go = false;
    troupe_ref_t refs[2];
    for (uint32_t i = 0; i < 2; i++) {
        const troupe_spawn_options_t options = {.place = TROUPE_WORKER,
                                                .worker = i};
        is_in = false;
        refs[i] = spawn(&detainer, &options);
        tell(refs[i], "hold");
        while (!is_in)
            ;
    }
    const char *handling = NULL;
    cr_assert_eq(
        troupe_unpack(ask_agent(0, "agent.inspect", "{s:R}", "ref", refs[0]),
                      "{s:s?}", "handling", &handling),
        0);
    cr_assert_str_eq(handling, "hold");
    may_go = true;
    settle();
    cr_assert_eq(
        troupe_unpack(ask_agent(0, "agent.inspect", "{s:R}", "ref", refs[0]),
                      "{s:s?}", "handling", &handling),
        0);
    cr_assert_null(handling);
    fresh();
}
