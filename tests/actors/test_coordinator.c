/* SPDX-License-Identifier: Apache-2.0 */
/* test_coordinator.c: the actors of research one by one, and bad company. */
#include <criterion/criterion.h>

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "troupe_node.h"
#include "troupe_research.h"
#include "troupe_thread.h"

#define WAIT_MS 10000

static troupe_t *node;

static void
begin(void)
{
    cr_assert_eq(troupe_new(NULL, &node), 0);
}

static void
end(void)
{
    cr_assert_eq(troupe_destroy(&node), 0);
}

TestSuite(coordinator, .init = begin, .fini = end, .timeout = 60);

struct nothing {
    char unused;
};

/* An engine that knows one passage. */
static int
on_search(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    (void) msg;
    return troupe_reply(ctx, "{s:[{s:s,s:s,s:s,s:s,s:i,s:i,s:f,s:i,s:i,s:i}]}",
                        "passages", "path", "/a.txt", "title", "A", "heading",
                        "", "text", "A hive has one queen.", "start", 10, "end",
                        31, "score", 1.0, "rank", 1, "engines", 1, "duplicates",
                        0);
}

TROUPE_KIND(honest_engine, struct nothing, TROUPE_ON("search", on_search));

/* One whose passage ends elsewhere than it says. */
static int
on_lie(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    (void) msg;
    return troupe_reply(ctx, "{s:[{s:s,s:s,s:s,s:s,s:i,s:i,s:f,s:i,s:i,s:i}]}",
                        "passages", "path", "/a.txt", "title", "A", "heading",
                        "", "text", "short", "start", 10, "end", 1000, "score",
                        1.0, "rank", 1, "engines", 1, "duplicates", 0);
}

TROUPE_KIND(lying_engine, struct nothing, TROUPE_ON("search", on_lie));

/* One that never answers. */
struct silent {
    troupe_token_t token;
};

static int
on_silence(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return troupe_defer(ctx, &((struct silent *) state)->token);
}

TROUPE_KIND(silent_engine, struct silent, TROUPE_ON("search", on_silence));

/* A summariser that quotes what is in no passage. */
static int
on_invent(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    (void) msg;
    return troupe_reply(ctx, "{s:{s:[{s:[iii],s:f}],s:f,s:b,s:i,s:s,s:s}}",
                        "summary", "points", "at", 0, 5, 12, "score", 1.0,
                        "coverage", 1.0, "direct", 1, "orders", 0, "kind",
                        "what", "missing", "");
}

TROUPE_KIND(inventing_summariser, struct nothing,
            TROUPE_ON("analyse", on_invent));

static troupe_ref_t
spawn(const troupe_kind_t *kind)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    cr_assert_eq(troupe_node_spawn(node, kind, NULL, &ref, "{s:U}", "fail",
                                   (uint64_t) 0),
                 0);
    return ref;
}

/* Ask a coordinator, with one engine and one summariser at most. */
static json_t *
research_within(uint64_t deadline_ms, troupe_ref_t engine,
                troupe_ref_t summariser, uint64_t *ret_outcome)
{
    troupe_message_t *reply = NULL;
    int rc = troupe_node_ask(
        node, spawn(&troupe_coordinator), "research", WAIT_MS, &reply,
        "{s:s, s:[s], s:U, s:U, s:I, s:U, s:U, s:U, s:[ss], s:b, s:U, "
        "s:[[ssR][ssR]]}",
        "question", "How many queens has a hive?", "roots", "/", "limit",
        (uint64_t) 8, "deadline_ms", deadline_ms, "interrupt_fd", (int64_t) -1,
        "documents", (uint64_t) 1, "passages", (uint64_t) 1, "skipped",
        (uint64_t) 1, "skips", "/a.png", "not text", "incomplete", 0,
        "failures", (uint64_t) 0, "members", "engine", "bm25", engine,
        "analyser", "summariser", summariser);
    cr_assert_eq(rc, 0, "%s", troupe_strerror(rc));
    const char *json = NULL;
    cr_assert_eq(troupe_unpack(reply, "{s:U, s:s}", "outcome", ret_outcome,
                               "json", &json),
                 0);
    json_t *report = json_loads(json, 0, NULL);
    cr_assert_not_null(report);
    troupe_message_destroy(&reply);
    return report;
}

static json_t *
research(troupe_ref_t engine, troupe_ref_t summariser, uint64_t *ret_outcome)
{
    return research_within(0, engine, summariser, ret_outcome);
}

static const char *
reason_of(json_t *report, size_t index)
{
    json_t *actors = json_object_get(json_object_get(report, "run"), "actors");
    return json_string_value(
        json_object_get(json_array_get(actors, index), "reason"));
}

Test(coordinator, works_with_any_actors_that_answer)
{
    uint64_t outcome = 0;
    json_t *report =
        research(spawn(&honest_engine), spawn(&troupe_summariser), &outcome);
    cr_assert_eq(outcome, TROUPE_RESEARCH_COMPLETE);
    json_t *sentences =
        json_object_get(json_object_get(report, "answer"), "sentences");
    cr_assert_eq(json_array_size(sentences), 1);
    json_t *citation =
        json_object_get(json_array_get(sentences, 0), "citation");
    cr_assert_str_eq(json_string_value(json_object_get(citation, "quote")),
                     "A hive has one queen.");
    cr_assert_eq(json_integer_value(json_object_get(citation, "start")), 10);
    cr_assert_eq(json_integer_value(json_object_get(citation, "end")), 31);
    json_decref(report);
}

Test(coordinator, does_not_believe_an_engine_whose_places_are_wrong)
{
    uint64_t outcome = 0;
    json_t *report =
        research(spawn(&lying_engine), spawn(&troupe_summariser), &outcome);
    cr_assert_eq(outcome, TROUPE_RESEARCH_NOTHING);
    cr_assert_str_eq(reason_of(report, 0), "its answer cannot be read");
    json_decref(report);
}

Test(coordinator, says_how_long_an_engine_was_silent)
{
    uint64_t outcome = 0;
    json_t *report = research_within(20, spawn(&silent_engine),
                                     spawn(&troupe_summariser), &outcome);
    unsigned ms = 0;
    cr_assert_eq(outcome, TROUPE_RESEARCH_NOTHING);
    cr_assert_eq(sscanf(reason_of(report, 0), "no answer in %u ms", &ms), 1,
                 "%s", reason_of(report, 0));
    json_decref(report);
}

Test(coordinator, quotes_nothing_that_is_in_no_passage)
{
    uint64_t outcome = 0;
    json_t *report =
        research(spawn(&honest_engine), spawn(&inventing_summariser), &outcome);
    cr_assert_eq(outcome, TROUPE_RESEARCH_DEGRADED);
    cr_assert_str_eq(reason_of(report, 1), "its answer cannot be read");
    cr_assert(json_is_null(json_object_get(report, "answer")));
    json_decref(report);
}

Test(coordinator, names_an_actor_that_is_not_there)
{
    troupe_ref_t gone = spawn(&honest_engine);
    cr_assert_eq(troupe_node_exit(node, gone, TROUPE_EXIT_SHUTDOWN, WAIT_MS),
                 0);
    uint64_t outcome = 0;
    json_t *report = research(gone, spawn(&troupe_summariser), &outcome);
    cr_assert_eq(outcome, TROUPE_RESEARCH_NOTHING);
    json_decref(report);
}

Test(coordinator, refuses_a_request_of_another_shape)
{
    troupe_ref_t ref = spawn(&troupe_coordinator);
    cr_assert_eq(troupe_node_ask(node, ref, "research", WAIT_MS, NULL, "{s:s}",
                                 "question", "What?"),
                 -EBADMSG);
    cr_assert_eq(troupe_node_ask(node, ref, "research", WAIT_MS, NULL, NULL),
                 -EBADMSG);
}

Test(coordinator, analysers_refuse_bodies_of_another_shape)
{
    static const troupe_kind_t *const kinds[] = {
        &troupe_summariser, &troupe_fact_checker, &troupe_sentiment};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        troupe_ref_t ref = spawn(kinds[i]);
        cr_assert_eq(
            troupe_node_ask(node, ref, "analyse", WAIT_MS, NULL, "[i]", 1),
            -EBADMSG);
        cr_assert_eq(troupe_node_ask(node, ref, "analyse", WAIT_MS, NULL,
                                     "{s:s, s:U, s:U, s:[{}]}", "question",
                                     "What is a hive?", "sentences",
                                     (uint64_t) 5, "claims", (uint64_t) 5,
                                     "passages"),
                     -EBADMSG);
        cr_assert_eq(troupe_node_ask(node, ref, "analyse", WAIT_MS, NULL,
                                     "{s:s, s:U, s:U, s:[]}", "question",
                                     "What is a hive?", "sentences",
                                     (uint64_t) 1000000, "claims", (uint64_t) 5,
                                     "passages"),
                     -ERANGE);
        cr_assert_eq(troupe_node_ask(node, ref, "analyse", WAIT_MS, NULL,
                                     "{s:s, s:U, s:U, s:[]}", "question",
                                     "What is a hive?", "sentences",
                                     (uint64_t) 5, "claims", (uint64_t) 5,
                                     "passages"),
                     0);
    }
}
