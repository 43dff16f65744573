/* SPDX-License-Identifier: Apache-2.0 */
/* test_decide_faults.c: decisions whose actors fail: healed, degraded, late. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_thread.h"

#include "decide_world.h"

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

TestSuite(decide_faults, .init = begin, .fini = end, .timeout = 60);

/* Every strategy has data; b is better in all of it. */
static const char problem[] =
    "{'problem': 'p', 'discount_rate': 0.05, 'deadline': 10, "
    "'criteria': {'x': {'direction': 'max'}}, 'stakeholders': {'all': 1}, "
    "'options': {'a': {'values': {'x': 1}, 'cash_flow': [-10, 12], "
    "'scores': {'all': 5}, 'risks': {'r': {'probability': 0.5, 'impact': 4}}, "
    "'schedule': {'t': {'optimistic': 8, 'likely': 10, 'pessimistic': 14}}}, "
    "'b': {'values': {'x': 2}, 'cash_flow': [-10, 15], "
    "'scores': {'all': 7}, 'risks': {}, "
    "'schedule': {'t': {'optimistic': 4, 'likely': 6, 'pessimistic': 8}}}}}";

static troupe_decide_t *
run_with(const char *name, uint32_t times)
{
    troupe_research_fault_t fault = {.name = name, .times = times};
    troupe_decide_options_t options = troupe_decide_options_default();
    options.samples = 200;
    options.faults = &fault;
    options.fault_count = 1;
    return decide_run(node, problem, &options);
}

static const char *const strategies[] = {"cost_benefit", "risk_assessment",
                                         "stakeholder_impact",
                                         "timeline_analysis"};
static const char *const perspectives[] = {
    "short_term", "long_term", "risk_averse", "opportunity_focused"};

Test(decide_faults, a_cell_that_fails_is_restarted_asked_again_and_named)
{
    for (unsigned i = 0; i < 4; i++) {
        troupe_decide_t *decide = run_with(strategies[i], 2);
        cr_assert_eq(troupe_decide_outcome(decide), TROUPE_RESEARCH_COMPLETE);
        cr_assert_str_eq(troupe_decide_verdict(decide), "recommended");
        json_t *report = decide_json(decide);
        json_t *cell = cell_of(report, "a", strategies[i]);
        cr_assert_str_eq(text_at(cell, "state"), "done");
        cr_assert_eq(real_at(cell, "attempts"), 3);
        cr_assert(limits_say(report, "was restarted and asked again"));
        json_decref(report);
        troupe_decide_destroy(&decide);
    }
}

Test(decide_faults, a_strategy_that_is_down_degrades_the_first_line)
{
    for (unsigned i = 0; i < 4; i++) {
        troupe_decide_t *decide = run_with(strategies[i], UINT32_MAX);
        cr_assert_eq(troupe_decide_outcome(decide), TROUPE_RESEARCH_DEGRADED);
        const char *markdown = troupe_decide_markdown(decide);
        cr_assert_eq(strncmp(markdown, "**DEGRADED REPORT**", 19), 0);
        const char *named = strstr(markdown, strategies[i]);
        cr_assert(named && named < strchr(markdown, '\n'));
        json_t *report = decide_json(decide);
        cr_assert_str_eq(text_at(cell_of(report, "a", strategies[i]), "state"),
                         "failed");
        cr_assert(limits_say(report, "no evidence for or against"));
        const json_t *run = json_object_get(report, "run");
        cr_assert_eq(real_at(run, "asked"), 14);
        cr_assert_eq(real_at(run, "answered"), 12);
        cr_assert_eq(real_at(run, "failed"), 2);
        /* What is left still tells: b is better in all of it. */
        cr_assert_str_eq(
            text_at(json_object_get(report, "recommendation"), "option"), "b");
        json_decref(report);
        troupe_decide_destroy(&decide);
    }
}

Test(decide_faults, a_perspective_that_is_down_has_no_vote)
{
    for (unsigned i = 0; i < 4; i++) {
        troupe_decide_t *decide = run_with(perspectives[i], UINT32_MAX);
        cr_assert_eq(troupe_decide_outcome(decide), TROUPE_RESEARCH_DEGRADED);
        json_t *report = decide_json(decide);
        json_t *it = perspective_of(report, perspectives[i]);
        cr_assert_str_eq(text_at(it, "state"), "failed");
        cr_assert(json_is_null(json_object_get(it, "first")));
        cr_assert(json_is_null(json_object_get(it, "scores")));
        cr_assert(limits_say(report, "it has no vote"));
        json_decref(report);
        troupe_decide_destroy(&decide);
    }
}

Test(decide_faults, no_perspectives_at_all_are_no_vote)
{
    troupe_research_fault_t faults[4];
    troupe_decide_options_t options = troupe_decide_options_default();
    for (unsigned i = 0; i < 4; i++)
        faults[i] = (troupe_research_fault_t){perspectives[i], UINT32_MAX};
    options.faults = faults;
    options.fault_count = 4;
    options.samples = 200;
    troupe_decide_t *decide = decide_run(node, problem, &options);
    cr_assert_eq(troupe_decide_outcome(decide), TROUPE_RESEARCH_NOTHING);
    cr_assert_str_eq(troupe_decide_verdict(decide), "insufficient_data");
    json_t *report = decide_json(decide);
    cr_assert(json_is_null(json_object_get(report, "recommendation")));
    cr_assert(json_is_null(json_object_get(json_object_get(report, "consensus"),
                                           "condorcet_winner")));
    cr_assert_str_eq(text_at(report, "why"), "no perspective gave a ranking");
    json_decref(report);
    troupe_decide_destroy(&decide);
}

Test(decide_faults, without_samplers_nothing_is_said_of_robustness)
{
    troupe_decide_t *decide = run_with("sampler", UINT32_MAX);
    cr_assert_eq(troupe_decide_outcome(decide), TROUPE_RESEARCH_DEGRADED);
    json_t *report = decide_json(decide);
    const json_t *it = json_object_get(report, "recommendation");
    cr_assert(json_is_null(json_object_get(it, "first_share")));
    cr_assert_eq(real_at(json_object_get(report, "robustness"), "samples"), 0);
    cr_assert_not_null(strstr(text_at(report, "why"), "could not be sampled"));
    json_decref(report);
    troupe_decide_destroy(&decide);
}

Test(decide_faults, samplers_that_heal_draw_the_same_samples)
{
    troupe_decide_options_t options = troupe_decide_options_default();
    options.samples = 200;
    troupe_decide_t *sound = decide_run(node, problem, &options);
    troupe_decide_t *healed = run_with("sampler", 2);
    json_t *one = decide_json(sound);
    json_t *other = decide_json(healed);
    cr_assert(json_equal(json_object_get(option_of(one, "a"), "ranking"),
                         json_object_get(option_of(other, "a"), "ranking")));
    cr_assert(limits_say(other, "Sampler 1 failed 2 times"));
    json_decref(one);
    json_decref(other);
    troupe_decide_destroy(&sound);
    troupe_decide_destroy(&healed);
}

Test(decide_faults, a_decider_that_fails_is_asked_again)
{
    troupe_decide_t *decide = run_with("decider", 2);
    cr_assert_eq(troupe_decide_outcome(decide), TROUPE_RESEARCH_COMPLETE);
    json_t *report = decide_json(decide);
    cr_assert_eq(real_at(json_object_get(report, "run"), "decider_failures"),
                 2);
    json_decref(report);
    troupe_decide_destroy(&decide);
}

Test(decide_faults, a_decider_that_is_down_is_an_error)
{
    troupe_research_fault_t fault = {.name = "decider", .times = UINT32_MAX};
    troupe_decide_options_t options = troupe_decide_options_default();
    troupe_decide_t *decide = NULL;
    options.json = "{\"problem\": \"p\", \"criteria\": {\"x\": {\"direction\": "
                   "\"max\"}}, \"options\": {\"a\": {\"values\": {\"x\": 1}}, "
                   "\"b\": {\"values\": {\"x\": 2}}}}";
    options.faults = &fault;
    options.fault_count = 1;
    cr_assert_eq(troupe_decide_run(node, &options, &decide), -EHOSTDOWN);
    cr_assert_null(decide);
}

/* Forty options by ten criteria: a million samples take many seconds; what
 * there is by the deadline is reported. */
static char *
write_large(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    cr_assert_not_null(out);
    fputs("{'problem': 'p', 'criteria': {", out);
    for (unsigned j = 0; j < 10; j++)
        fprintf(out, "%s'c%u': {'direction': 'max'}", j ? ", " : "", j);
    fputs("}, 'options': {", out);
    for (unsigned i = 0; i < 40; i++) {
        fprintf(out, "%s'o%u': {'values': {", i ? ", " : "", i);
        for (unsigned j = 0; j < 10; j++)
            fprintf(out, "%s'c%u': {'low': %u, 'mode': %u, 'high': 99}",
                    j ? ", " : "", j, i, i + 7 * j % 40);
        fputs("}}", out);
    }
    fputs("}}", out);
    cr_assert_eq(fclose(out), 0);
    return text;
}

/* How many samples there were by a deadline; none where it came before them. */
static double
samples_by(troupe_decide_options_t *options, const char *text)
{
    troupe_decide_t *decide = decide_run(node, text, options);
    cr_assert(troupe_decide_deadline_passed(decide));
    json_t *report = decide_json(decide);
    double samples = json_number_value(
        json_object_get(json_object_get(report, "robustness"), "samples"));
    if (samples > 0) {
        cr_assert_eq(troupe_decide_outcome(decide), TROUPE_RESEARCH_DEGRADED);
        cr_assert_not_null(
            strstr(troupe_decide_markdown(decide), "the deadline passed"));
    }
    json_decref(report);
    troupe_decide_destroy(&decide);
    return samples;
}

/* On a slow machine the cells alone take the first deadlines' time. */
Test(decide_faults, a_deadline_ends_the_samples_and_is_told)
{
    troupe_decide_options_t options = troupe_decide_options_default();
    char *text = write_large();
    options.samples = 1000000;
    options.samplers = 1;
    options.deadline_ms = 400;
    double samples = 0;
    do {
        options.deadline_ms *= 2;
        samples = samples_by(&options, text);
    } while (samples <= 0);
    cr_assert_lt(samples, 1000000);
    free(text);
}

static unsigned shown;
static char last_state[16];

static void
on_progress(void *context, const troupe_research_actor_t *actors, size_t count)
{
    (void) context;
    shown += 1;
    cr_assert_eq(count, 10);
    snprintf(last_state, sizeof last_state, "%s", actors[9].state);
}

Test(decide_faults, progress_is_shown_at_first_and_at_the_end)
{
    troupe_decide_options_t options = troupe_decide_options_default();
    options.samples = 200;
    options.progress = on_progress;
    troupe_decide_t *decide = decide_run(node, problem, &options);
    cr_assert_geq(shown, 2);
    cr_assert_str_eq(last_state, "done");
    troupe_decide_destroy(&decide);
}

/* As a topology, or another actor, uses it: by messages alone. */
Test(decide_faults, a_decider_can_be_asked_by_anyone)
{
    troupe_ref_t ref;
    troupe_message_t *reply = NULL;
    const char *verdict = NULL;
    cr_assert_eq(troupe_node_spawn(node, &troupe_decider, NULL, &ref, NULL), 0);
    for (unsigned i = 0; i < 2; i++) {
        cr_assert_eq(
            troupe_node_ask(
                node, ref, "decide", 20000, &reply,
                "{s:{s:s, s:{s:{s:s}}, s:{s:{s:{s:i}}, s:{s:{s:i}}}}, s:i}",
                "decision", "problem", "p", "criteria", "x", "direction", "max",
                "options", "a", "values", "x", 1, "b", "values", "x", 2,
                "samples", 100),
            0);
        cr_assert_eq(troupe_unpack(reply, "{s:s}", "verdict", &verdict), 0);
        cr_assert_str_eq(verdict, "recommended");
        troupe_message_destroy(&reply);
    }
    cr_assert_eq(troupe_node_ask(node, ref, "decide", 20000, NULL, "{s:{s:s}}",
                                 "decision", "problem", "p"),
                 -EINVAL);
    cr_assert_not_null(strstr(troupe_node_ask_words(), "no 'options'"));
    cr_assert_eq(troupe_node_ask(node, ref, "decide", 20000, NULL, "{}"),
                 -EBADMSG);
    cr_assert_eq(troupe_node_exit(node, ref, TROUPE_EXIT_SHUTDOWN, 5000), 0);
}

/* The actors on their own, as a topology of another's might have them. */
Test(decide_faults, the_actors_refuse_what_they_cannot_read)
{
    troupe_ref_t cell;
    troupe_ref_t view;
    troupe_ref_t sampler;
    cr_assert_eq(troupe_node_spawn(node, &troupe_decision_cell, NULL, &cell,
                                   "{s:s}", "strategy", "risk_assessment"),
                 0);
    cr_assert_eq(troupe_node_spawn(node, &troupe_decision_perspective, NULL,
                                   &view, "{s:s}", "perspective", "long_term"),
                 0);
    cr_assert_eq(troupe_node_spawn(node, &troupe_decision_sampler, NULL,
                                   &sampler, "{s:i, s:i}", "first", 0, "step",
                                   1),
                 0);
    cr_assert_eq(troupe_node_ask(node, cell, "evaluate", 20000, NULL, "{}"),
                 -EBADMSG);
    cr_assert_eq(troupe_node_ask(node, cell, "evaluate", 20000, NULL,
                                 "{s:{s:s, s:{}}}", "decision", "problem", "p",
                                 "options"),
                 -EINVAL);
    cr_assert_eq(troupe_node_ask(node, view, "rank", 20000, NULL,
                                 "{s:{s:[], s:[], s:[], s:[]}}", "table",
                                 "options", "columns", "cells", "views"),
                 -EBADMSG);
    cr_assert_eq(troupe_node_ask(node, sampler, "sample", 20000, NULL,
                                 "{s:i, s:i, s:s}", "seed", 1, "samples", 1,
                                 "table", "none"),
                 -EBADMSG);
    cr_assert_eq(troupe_node_ask(node, sampler, "sample", 20000, NULL,
                                 "{s:i, s:I}", "seed", 1, "samples",
                                 INT64_C(2000000)),
                 -ERANGE);
}

/* Their start fails later, on their workers: then they are down. */
Test(decide_faults, actors_that_are_started_wrongly_are_down)
{
    troupe_ref_t refs[3];
    cr_assert_eq(troupe_node_spawn(node, &troupe_decision_cell, NULL, &refs[0],
                                   "{s:s}", "strategy", "luck"),
                 0);
    cr_assert_eq(troupe_node_spawn(node, &troupe_decision_perspective, NULL,
                                   &refs[1], "{s:s}", "perspective",
                                   "sideways"),
                 0);
    cr_assert_eq(troupe_node_spawn(node, &troupe_decision_sampler, NULL,
                                   &refs[2], "{s:i, s:i}", "first", 3, "step",
                                   2),
                 0);
    for (unsigned i = 0; i < 3; i++) {
        int rc = troupe_node_ask(node, refs[i], "sample", 20000, NULL, "{}");
        cr_assert(rc == -EHOSTDOWN || rc == -ESRCH, "%d", rc);
    }
}
