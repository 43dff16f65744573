/* SPDX-License-Identifier: Apache-2.0 */
/* test_graph_schedule.c: random graphs against a small sequential model. */
#include <criterion/criterion.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/graph.h"
#include "actors/graph_schedule.h"
#include "graph_world.h"

#define TASKS_MAX 24
#define ROUNDS    1000

/* xorshift64: the same graphs for the same seed. */
static uint64_t seed;

static uint32_t
draw(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t) (seed >> 20) % below;
}

/* A task needs some of those before it; the last third may stand by. */
static troupe_graph_t *
random_graph(void)
{
    uint32_t count = 2 + draw(TASKS_MAX - 1);
    uint32_t standby = count - count / 4; /* the first that may stand by */
    bool taken[TASKS_MAX + 1] = {false};
    troupe_graph_t *graph = troupe_graph_new();
    char ids[TASKS_MAX + 1][16];
    for (uint32_t i = 0; i < count; i++)
        snprintf(ids[i], sizeof ids[i], "t%u", i);
    for (uint32_t i = 0; i < count; i++) {
        const char *needs[TASKS_MAX];
        troupe_graph_task_t task = {.id = ids[i], .needs = needs};
        for (uint32_t j = 0; j < i && i < standby; j++)
            if (draw(i) < 2)
                needs[task.need_count++] = ids[j];
        task.rule = (troupe_graph_rule_t) draw(5);
        if (task.need_count == 0)
            task.rule = TROUPE_GRAPH_ALL_SUCCESS;
        if (task.rule == TROUPE_GRAPH_QUORUM)
            task.quorum = 1 + draw((uint32_t) task.need_count);
        task.optional = draw(6) == 0;
        uint32_t other = standby + draw(count - standby + 1);
        if (i < standby && other < count && draw(4) == 0)
            task.on_error = ids[other];
        if (i < standby && !task.on_error && other < count && !taken[other]) {
            taken[other] = true;
            task.fallback = ids[other];
        }
        cr_assert_eq(troupe_graph_add(graph, &task), 0);
    }
    return graph;
}

/* What a task comes to when it runs; decided before the run. */
static troupe_graph_state_t
fate_of(uint64_t round, uint32_t task)
{
    uint64_t mix =
        (round + 1) * 0x9e3779b97f4a7c15u + task * 0xbf58476d1ce4e5b9u;
    mix ^= mix >> 29;
    uint32_t die = (uint32_t) (mix >> 7) % 8;
    return die == 0   ? TROUPE_GRAPH_FAILED
           : die == 1 ? TROUPE_GRAPH_TIMEOUT
           : die == 2 ? TROUPE_GRAPH_LOST
                      : TROUPE_GRAPH_OK;
}

/* --- the model: in order, each task when all before it have ended -----------*/

struct model {
    troupe_graph_state_t state[TASKS_MAX + 1];
    bool recovered[TASKS_MAX + 1];
};

static bool
failed(troupe_graph_state_t state)
{
    return state == TROUPE_GRAPH_FAILED || state == TROUPE_GRAPH_TIMEOUT
           || state == TROUPE_GRAPH_LOST;
}

static troupe_graph_state_t
model_state(const struct troupe_graph *graph, const struct model *model,
            uint64_t round, uint32_t task)
{
    const struct graph_task *it = &graph->tasks[task];
    uint32_t good = 0, bad = 0, passed = 0;
    bool fired = it->watched == 0;
    for (uint32_t i = 0; i < graph->count; i++)
        if ((graph->tasks[i].fallback == task
             || graph->tasks[i].on_error == task)
            && failed(model->state[i]))
            fired = true;
    if (!fired)
        return TROUPE_GRAPH_NOT_NEEDED;
    for (size_t i = 0; i < it->spec.need_count; i++) {
        uint32_t need = it->needs[i];
        if (model->state[need] == TROUPE_GRAPH_OK || model->recovered[need])
            good++;
        else if (graph->tasks[need].spec.optional)
            continue;
        else if (model->state[need] == TROUPE_GRAPH_NOT_NEEDED)
            passed++;
        else
            bad++;
    }
    uint32_t enough =
        it->spec.rule == TROUPE_GRAPH_QUORUM ? it->spec.quorum : 1;
    switch (it->spec.rule) {
    case TROUPE_GRAPH_ALL_SUCCESS:
        if (bad > 0 || passed > 0)
            return bad > 0 ? TROUPE_GRAPH_SKIPPED : TROUPE_GRAPH_NOT_NEEDED;
        break;
    case TROUPE_GRAPH_NONE_FAILED:
        if (bad > 0)
            return TROUPE_GRAPH_SKIPPED;
        break;
    case TROUPE_GRAPH_ALL_DONE:
        break;
    case TROUPE_GRAPH_ONE_SUCCESS:
    case TROUPE_GRAPH_QUORUM:
        if (good < enough)
            return passed == it->spec.need_count ? TROUPE_GRAPH_NOT_NEEDED
                                                 : TROUPE_GRAPH_SKIPPED;
        break;
    }
    return fate_of(round, task);
}

static void
model_run(const struct troupe_graph *graph, uint64_t round, struct model *model)
{
    memset(model, 0, sizeof *model);
    for (uint32_t i = 0; i < graph->count; i++) {
        uint32_t task = graph->order[i];
        uint32_t whose = graph->tasks[task].fallback_of;
        model->state[task] = model_state(graph, model, round, task);
        if (whose != GRAPH_NONE && failed(model->state[whose])
            && model->state[task] == TROUPE_GRAPH_OK)
            model->recovered[whose] = true;
    }
}

/* --- the same by the schedule, with a bound and ends in random order --------*/

struct witness {
    const struct schedule *schedule;
    uint32_t ended[TASKS_MAX + 1]; /* how often each did */
};

static void
on_changed(void *data, uint32_t task)
{
    struct witness *witness = data;
    if (witness->schedule->tasks[task].phase == SCHEDULE_ENDED)
        witness->ended[task]++;
}

/* A rule that waits for all does so. */
static void
check_start(const struct schedule *schedule, uint32_t task)
{
    const struct graph_task *it = &schedule->graph->tasks[task];
    if (it->spec.rule == TROUPE_GRAPH_QUORUM
        || it->spec.rule == TROUPE_GRAPH_ONE_SUCCESS)
        return;
    for (size_t i = 0; i < it->spec.need_count; i++)
        cr_assert_eq(schedule->tasks[it->needs[i]].phase, SCHEDULE_ENDED,
                     "'%s' began before '%s' had ended", it->spec.id,
                     it->spec.needs[i]);
}

static void
play(struct schedule *schedule, uint64_t round, uint32_t bound)
{
    uint32_t busy[TASKS_MAX + 1], count = 0, task = 0;
    for (;;) {
        while (count < bound && troupe__schedule_pop(schedule, &task)) {
            check_start(schedule, task);
            busy[count++] = task;
        }
        if (count == 0)
            break;
        cr_assert_leq(count, bound);
        uint32_t at = draw(count);
        task = busy[at];
        busy[at] = busy[--count];
        troupe__schedule_end(schedule, task, fate_of(round, task));
    }
}

Test(graph_schedule, ends_as_a_sequential_model_does, .timeout = 60)
{
    uint64_t first = 20261130;
    uint32_t played = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        seed = first + round * 7919;
        troupe_graph_t *graph = random_graph();
        if (troupe_graph_check(graph, NULL, NULL) < 0) {
            troupe_graph_destroy(&graph); /* it could never run */
            continue;
        }
        played++;
        struct model model;
        model_run(graph, round, &model);
        struct schedule schedule = {.graph = graph, .changed = on_changed};
        struct witness witness = {.schedule = &schedule};
        schedule.data = &witness;
        troupe__schedule_begin(&schedule);
        play(&schedule, round, 1 + draw(5));
        cr_assert_eq(schedule.ended, graph->count, "round %" PRIu64, round);
        for (uint32_t i = 0; i < graph->count; i++) {
            cr_assert_eq(witness.ended[i], 1, "round %" PRIu64 ", task %u",
                         round, i);
            cr_assert_eq((int) schedule.tasks[i].state, (int) model.state[i],
                         "round %" PRIu64 ", task %u: %d, model %d", round, i,
                         (int) schedule.tasks[i].state, (int) model.state[i]);
            cr_assert_eq(schedule.tasks[i].recovered, model.recovered[i],
                         "round %" PRIu64 ", task %u", round, i);
        }
        troupe__schedule_clear(&schedule);
        troupe_graph_destroy(&graph);
    }
    cr_assert_gt(played, ROUNDS / 2);
}

/* However a run is broken off, each task ends once. */
Test(graph_schedule, a_cancel_at_any_time_ends_each_task_once, .timeout = 60)
{
    for (uint64_t round = 0; round < ROUNDS; round++) {
        seed = 77 + round * 104729;
        troupe_graph_t *graph = random_graph();
        if (troupe_graph_check(graph, NULL, NULL) < 0) {
            troupe_graph_destroy(&graph);
            continue;
        }
        struct schedule schedule = {.graph = graph, .changed = on_changed};
        struct witness witness = {.schedule = &schedule};
        schedule.data = &witness;
        troupe__schedule_begin(&schedule);
        uint32_t busy[TASKS_MAX + 1], count = 0, task = 0;
        for (uint32_t steps = draw(graph->count); steps > 0; steps--) {
            if (draw(2) == 0 && troupe__schedule_pop(&schedule, &task))
                busy[count++] = task;
            else if (count > 0) {
                count--;
                troupe__schedule_end(&schedule, busy[count],
                                     fate_of(round, busy[count]));
            }
        }
        troupe__schedule_cancel(&schedule, draw(2) == 0);
        for (;;) {
            while (troupe__schedule_pop(&schedule, &task))
                busy[count++] = task;
            if (count == 0)
                break;
            count--;
            troupe__schedule_end(&schedule, busy[count],
                                 fate_of(round, busy[count]));
        }
        cr_assert_eq(schedule.ended, graph->count, "round %" PRIu64, round);
        for (uint32_t i = 0; i < graph->count; i++)
            cr_assert_eq(witness.ended[i], 1, "round %" PRIu64 ", task %u",
                         round, i);
        troupe__schedule_clear(&schedule);
        troupe_graph_destroy(&graph);
    }
}

Test(graph_schedule, the_longest_way_comes_first)
{
    troupe_graph_t *graph = graph_of("short; head; mid head; tail mid");
    cr_assert_eq(troupe_graph_check(graph, NULL, NULL), 0);
    struct schedule schedule = {.graph = graph};
    troupe__schedule_begin(&schedule);
    uint32_t task = 0;
    cr_assert(troupe__schedule_pop(&schedule, &task));
    cr_assert_str_eq(graph->tasks[task].spec.id, "head");
    cr_assert(troupe__schedule_pop(&schedule, &task));
    cr_assert_str_eq(graph->tasks[task].spec.id, "short");
    cr_assert_not(troupe__schedule_pop(&schedule, &task));
    cr_assert_not(troupe__schedule_is_stalled(&schedule));
    troupe__schedule_clear(&schedule);
    troupe_graph_destroy(&graph);
}

/* Only a bug can do it: then who waits for whom is told. */
Test(graph_schedule, a_stall_is_seen_and_explained)
{
    troupe_graph_t *graph = graph_of("a; b a; c b");
    cr_assert_eq(troupe_graph_check(graph, NULL, NULL), 0);
    struct schedule schedule = {.graph = graph};
    uint32_t task = 0;
    troupe__schedule_begin(&schedule);
    schedule.tasks[1].open++; /* a need that nobody has */
    cr_assert(troupe__schedule_pop(&schedule, &task));
    troupe__schedule_end(&schedule, task, TROUPE_GRAPH_OK);
    cr_assert(troupe__schedule_is_stalled(&schedule));
    char *text = troupe__schedule_waits(&schedule);
    cr_assert_str_eq(text, "'b' waits for; 'c' waits for 'b'");
    free(text);
    troupe__schedule_cancel(&schedule, false);
    cr_assert_eq(schedule.ended, 3);
    cr_assert_not(troupe__schedule_is_stalled(&schedule));
    troupe__schedule_clear(&schedule);
    troupe_graph_destroy(&graph);
}

Test(graph_schedule, a_skipped_task_names_the_chain)
{
    troupe_graph_t *graph = graph_of("a; b a; c b; d c");
    cr_assert_eq(troupe_graph_check(graph, NULL, NULL), 0);
    struct schedule schedule = {.graph = graph};
    uint32_t task = 0;
    char words[] = "exit code 1";
    char *whys[] = {words, NULL, NULL, NULL};
    troupe__schedule_begin(&schedule);
    cr_assert(troupe__schedule_pop(&schedule, &task));
    troupe__schedule_end(&schedule, task, TROUPE_GRAPH_FAILED);
    cr_assert_eq(schedule.ended, 4);
    char *text = troupe__schedule_chain(&schedule, 3, whys);
    cr_assert_str_eq(text, "'c' was skipped, as 'b' was skipped, as 'a' "
                           "failed: exit code 1");
    free(text);
    troupe__schedule_clear(&schedule);
    troupe_graph_destroy(&graph);
}
