/* SPDX-License-Identifier: Apache-2.0 */
/* test_graph_coordinator.c: the coordinator by messages. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "troupe_thread.h"

#include "actors/graph_wire.h"
#include "graph_world.h"

#define WAIT_MS 20000

static troupe_t *node;

static void
begin(void)
{
    cr_assert_eq(troupe_new(NULL, &node), 0);
    graph_helper(node, "helper");
}

static void
end(void)
{
    cr_assert_eq(troupe_destroy(&node), 0);
}

TestSuite(graph_asked, .init = begin, .fini = end, .timeout = 60);

static troupe_ref_t
spawn_coordinator(void)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    cr_assert_eq(
        troupe_node_spawn(node, &troupe_graph_coordinator, NULL, &ref, NULL),
        0);
    return ref;
}

Test(graph_asked, a_coordinator_runs_what_it_is_asked)
{
    troupe_ref_t ref = spawn_coordinator();
    troupe_message_t *reply = NULL;
    cr_assert_eq(troupe_node_ask(node, ref, "run", WAIT_MS, &reply,
                                 "{s:[{s:s,s:s,s:i}{s:s,s:[s],s:s,s:s}]}",
                                 "tasks", "id", "a", "work", "value", "body", 7,
                                 "id", "b", "needs", "a", "work", "value",
                                 "body", "a is ${a}"),
                 0, "%s", troupe_node_ask_words());
    const char *outcome = NULL, *id = NULL, *state = NULL, *result = NULL;
    cr_assert_eq(troupe_unpack(reply, "{s:s, s:[{}{s:s,s:s,s:s}]}", "outcome",
                               &outcome, "tasks", "id", &id, "state", &state,
                               "result", &result),
                 0);
    cr_expect_str_eq(outcome, "complete");
    cr_expect_str_eq(id, "b");
    cr_expect_str_eq(state, "ok");
    cr_expect_str_eq(result, "a is 7");
    troupe_message_destroy(&reply);
}

static void
refused_by(troupe_ref_t ref, int code, const char *words, const char *format,
           const char *one, const char *two, const char *three)
{
    cr_expect_eq(troupe_node_ask(node, ref, "run", WAIT_MS, NULL, format, one,
                                 two, three),
                 code, "wanted: %s", words);
    cr_expect(strstr(troupe_node_ask_words(), words), "%s",
              troupe_node_ask_words());
}

Test(graph_asked, a_coordinator_refuses_bad_orders_and_goes_on)
{
    troupe_ref_t ref = spawn_coordinator();
    refused_by(ref, -EBADMSG, "wants {tasks: [...]}", "s", "x", NULL, NULL);
    refused_by(ref, -EBADMSG, "'need' wants to be taken out", "{s:[{s:s}]}",
               "tasks", "need", "x");
    refused_by(ref, -EBADMSG, "'rule' wants one of the words", "{s:[{s:s}]}",
               "tasks", "rule", "x");
    refused_by(ref, -EINVAL, "its id or another member", "{s:[{s:s}]}", "tasks",
               "id", "not an id");
    cr_expect_eq(troupe_node_ask(node, ref, "run", WAIT_MS, NULL,
                                 "{s:[{s:s,s:[s]}]}", "tasks", "id", "a",
                                 "needs", "a"),
                 -EINVAL);
    cr_expect(strstr(troupe_node_ask_words(), "waits for itself"));
    refused_by(ref, -EINVAL, "there are no tasks", "{s:[]}", "tasks", NULL,
               NULL);
    cr_expect_eq(troupe_node_ask(node, ref, "run", WAIT_MS, NULL, "{s:[{s:s}]}",
                                 "tasks", "id", "a"),
                 0);
}

/* Who asks with a deadline gets what there is before it passes. */
Test(graph_asked, an_askers_deadline_is_the_runs)
{
    troupe_ref_t ref = spawn_coordinator();
    troupe_message_t *reply = NULL;
    cr_assert_eq(troupe_node_ask(node, ref, "run", 400, &reply,
                                 "{s:[{s:s,s:s,s:s,s:s,s:{s:b}}]}", "tasks",
                                 "id", "a", "work", "ask", "actor", "helper",
                                 "type", "do", "body", "hold", 1),
                 0, "%s", troupe_node_ask_words());
    const char *outcome = NULL;
    cr_assert_eq(troupe_unpack(reply, "{s:s}", "outcome", &outcome), 0);
    cr_expect_str_eq(outcome, "overdue");
    troupe_message_destroy(&reply);
}

/* Who asked gives up while a task hangs. */
struct quitter {
    troupe_ref_t coordinator;
    troupe_ask_t ask;
    troupe_outcome_t outcome;
};

static int
quitter_answer(troupe_context_t *ctx, void *state,
               const troupe_answer_t *answer)
{
    (void) ctx;
    ((struct quitter *) state)->outcome = answer->outcome;
    return TROUPE_STOP;
}

static int
quitter_quit(troupe_context_t *ctx, void *state, void *data)
{
    (void) data;
    return troupe_cancel(ctx, ((struct quitter *) state)->ask);
}

static int
quitter_begin(troupe_context_t *ctx, void *state, void *data)
{
    (void) data;
    struct quitter *self = state;
    troupe_ask_options_t options = {.timeout_ms = WAIT_MS,
                                    .answer = quitter_answer};
    int rc = troupe_ask_with(ctx, self->coordinator, "run", &options,
                             &self->ask, "{s:[{s:s,s:s,s:s,s:s,s:{s:b}}]}",
                             "tasks", "id", "a", "work", "ask", "actor",
                             "helper", "type", "do", "body", "hold", 1);
    return rc < 0 ? rc
                  : troupe_call_after(ctx, 20, quitter_quit, NULL, NULL, NULL);
}

Test(graph_asked, a_run_that_nobody_wants_any_more_is_over)
{
    struct quitter quitter = {.coordinator = spawn_coordinator()};
    cr_assert_eq(troupe_node_run(node, quitter_begin, &quitter, WAIT_MS), 0);
    cr_expect_eq(quitter.outcome, TROUPE_CANCELLED);
    /* It takes the next one at once, though "a" never answered. */
    cr_expect_eq(troupe_node_ask(node, quitter.coordinator, "run", WAIT_MS,
                                 NULL, "{s:[{s:s}]}", "tasks", "id", "b"),
                 0, "%s", troupe_node_ask_words());
}

/* Two who ask one coordinator both get their report. */
struct pair {
    troupe_ref_t coordinator;
    int answers;
};

static int
pair_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) ctx;
    struct pair *self = state;
    if (answer->outcome != TROUPE_REPLY)
        return -EPROTO;
    return ++self->answers == 2 ? TROUPE_STOP : 0;
}

static int
pair_begin(troupe_context_t *ctx, void *state, void *data)
{
    (void) data;
    struct pair *self = state;
    int rc = 0;
    for (int i = 0; i < 2 && rc == 0; i++)
        rc = troupe_ask(ctx, self->coordinator, "run", WAIT_MS, pair_answer,
                        NULL, "{s:[{s:s}{s:s,s:[s]}]}", "tasks", "id", "a",
                        "id", "b", "needs", "a");
    return rc;
}

Test(graph_asked, runs_wait_their_turn)
{
    struct pair pair = {.coordinator = spawn_coordinator()};
    cr_assert_eq(troupe_node_run(node, pair_begin, &pair, WAIT_MS), 0);
    cr_expect_eq(pair.answers, 2);
}

/* The times of each task of a "run", as the coordinator reads them. */
static int
on_read(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    char why[WIRE_WHY], times[256] = "";
    struct graph_orders orders;
    int rc = troupe__graph_orders_read(msg, &orders, why);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "%s", why);
    for (size_t i = 0; i < troupe_graph_count(orders.graph); i++) {
        const troupe_graph_task_t *task = troupe_graph_task(orders.graph, i);
        size_t used = strlen(times);
        snprintf(times + used, sizeof times - used, "%s %u-%u %u, ", task->id,
                 task->backoff_min_ms, task->backoff_max_ms, task->timeout_ms);
    }
    troupe__graph_orders_clear(&orders);
    return troupe_reply(ctx, "s", times);
}

TROUPE_KIND(graph_reader, char, TROUPE_ON("run", on_read));

/* What a task has by itself is not sent, and is the same on the other side. */
Test(graph_asked, times_that_are_usual_are_there_on_the_other_side)
{
    static const troupe_graph_task_t tasks[] = {
        {.id = "usual"},
        {.id = "said",
         .backoff_min_ms = 100,
         .backoff_max_ms = 10000,
         .timeout_ms = 3600000},
        {.id = "low", .backoff_max_ms = 7},
        {.id = "high", .backoff_min_ms = 20000, .timeout_ms = 5}};
    troupe_graph_t *graph = troupe_graph_new();
    struct troupe_graph_request request = {.graph = graph};
    troupe_message_t *reply = NULL;
    const char *times = NULL;
    troupe_ref_t ref;
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
        cr_assert_eq(troupe_graph_add(graph, &tasks[i]), 0);
    }
    cr_assert_eq(troupe_node_spawn(node, &graph_reader, NULL, &ref, NULL), 0);
    cr_assert_eq(troupe_node_ask(node, ref, "run", WAIT_MS, &reply, "*",
                                 troupe_graph_write, &request),
                 0, "%s", troupe_node_ask_words());
    cr_assert_eq(troupe_unpack(reply, "s", &times), 0);
    cr_expect_str_eq(times, "usual 100-10000 3600000, said 100-10000 3600000, "
                            "low 100-100 3600000, high 20000-20000 5, ");
    troupe_message_destroy(&reply);
    troupe_graph_destroy(&graph);
}
