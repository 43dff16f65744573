/* SPDX-License-Identifier: Apache-2.0 */
/* graph_world.c: see graph_world.h. */
#include "graph_world.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_thread.h"

#include "actors/graph_value.h"

#define NEEDS_MAX 16

troupe_graph_t *
graph_of(const char *words)
{
    troupe_graph_t *graph = troupe_graph_new();
    char *copy = strdup(words);
    char *rest = NULL;
    for (char *task = strtok_r(copy, ";", &rest); task;
         task = strtok_r(NULL, ";", &rest)) {
        const char *needs[NEEDS_MAX];
        char *more = NULL;
        troupe_graph_task_t it = {.id = strtok_r(task, " ", &more),
                                  .needs = needs};
        for (char *need = strtok_r(NULL, " ", &more); need;
             need = strtok_r(NULL, " ", &more)) {
            cr_assert_lt(it.need_count, NEEDS_MAX);
            needs[it.need_count++] = need;
        }
        cr_assert_eq(troupe_graph_add(graph, &it), 0, "%s", words);
    }
    free(copy);
    return graph;
}

void
graph_again(troupe_graph_t **graph_p, const char *id,
            const troupe_graph_task_t *task)
{
    troupe_graph_t *graph = troupe_graph_new();
    for (size_t i = 0; i < troupe_graph_count(*graph_p); i++) {
        troupe_graph_task_t it = *troupe_graph_task(*graph_p, i);
        if (strcmp(it.id, id) == 0) {
            const char *const *needs = it.needs;
            size_t count = it.need_count;
            it = *task;
            if (it.need_count == 0) {
                it.needs = needs;
                it.need_count = count;
            }
        }
        cr_assert_eq(troupe_graph_add(graph, &it), 0);
    }
    troupe_graph_destroy(graph_p);
    *graph_p = graph;
}

void
graph_value(troupe_graph_t *graph, const char *id, const char *need,
            const char *text)
{
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_pack_str_with_body(&packer, text, strlen(text));
    troupe_graph_task_t task = {.id = id,
                                .work = TROUPE_GRAPH_VALUE,
                                .body = buffer.data,
                                .body_size = buffer.size,
                                .needs = &need,
                                .need_count = need ? 1 : 0};
    cr_assert_eq(troupe_graph_add(graph, &task), 0);
    msgpack_sbuffer_destroy(&buffer);
}

const troupe_graph_ended_t *
graph_ended(const troupe_graph_report_t *report, const char *id)
{
    for (size_t i = 0; i < report->count; i++)
        if (strcmp(report->tasks[i].id, id) == 0)
            return &report->tasks[i];
    cr_assert(false, "no task '%s'", id);
    return NULL;
}

const char *
graph_result(const troupe_graph_report_t *report, const char *id)
{
    static char text[4096];
    const troupe_graph_ended_t *task = graph_ended(report, id);
    msgpack_unpacked unpacked;
    size_t used = 0;
    if (!task->result)
        return "(none)";
    msgpack_unpacked_init(&unpacked);
    cr_assert_eq(
        msgpack_unpack_next(&unpacked, task->result, task->result_size, &used),
        MSGPACK_UNPACK_SUCCESS);
    memset(text, 0, sizeof text);
    FILE *out = fmemopen(text, sizeof text - 1, "w");
    cr_assert_not_null(out);
    troupe__graph_value_json(&unpacked.data, out);
    fclose(out);
    msgpack_unpacked_destroy(&unpacked);
    return text;
}

/* --- an actor that does as the task says ------------------------------------*/

/*
 * "do" {fail: I, hold: b, result: r}: fails so many times, then answers; with
 * `hold` it answers when somebody else is told to go on: "free".
 */
#define HELD_MAX 64

struct helper {
    troupe_token_t held[HELD_MAX];
    size_t held_count;
    int64_t failures;
};

static int
on_do(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct helper *self = state;
    int64_t fail = 0;
    bool hold = false;
    const void *result = "\xc0";
    size_t size = 1;
    int rc = troupe_unpack(msg, "{s?I, s?b, s?r}", "fail", &fail, "hold", &hold,
                           "result", &result, &size);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "do wants a map");
    if (self->failures < fail) {
        self->failures++;
        return troupe_reply_error(ctx, -EIO, "failure %d",
                                  (int) self->failures);
    }
    if (!hold)
        return troupe_reply(ctx, "r", result, size);
    cr_assert_lt(self->held_count, HELD_MAX);
    rc = troupe_defer(ctx, &self->held[self->held_count++]);
    return rc;
}

static int
on_free(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct helper *self = state;
    for (size_t i = 0; i < self->held_count; i++) {
        int rc = troupe_reply_to(ctx, &self->held[i], "s", "freed");
        if (rc < 0 && rc != -ENOMSG)
            return rc;
    }
    self->held_count = 0;
    return troupe_message_is_ask(msg) ? troupe_reply(ctx, "I", INT64_C(0)) : 0;
}

static int
on_die(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_fail(ctx, -EFAULT, "it fell over");
}

TROUPE_KIND(graph_test_helper, struct helper, TROUPE_ON("do", on_do),
            TROUPE_ON("free", on_free), TROUPE_ON("die", on_die));

void
graph_helper(troupe_t *node, const char *name)
{
    troupe_spawn_options_t options = {.name = name};
    cr_assert_eq(
        troupe_node_spawn(node, &graph_test_helper, &options, NULL, NULL), 0);
}

/* "do" of the helper, with a body of {fail, hold}. */
troupe_graph_task_t
graph_doing(const char *id, const char *need, bool hold, char fail)
{
    static const char *needs[64];
    static char bodies[64][32];
    static size_t used;
    size_t at = used++ % 64;
    memcpy(bodies[at],
           "\x82\xa4hold\xc2\xa4"
           "fail\x00",
           13);
    if (hold)
        bodies[at][6] = '\xc3';
    bodies[at][12] = fail;
    needs[at] = need;
    return (troupe_graph_task_t){.id = id,
                                 .work = TROUPE_GRAPH_ASK,
                                 .actor = "helper",
                                 .type = "do",
                                 .body = bodies[at],
                                 .body_size = 13,
                                 .needs = &needs[at],
                                 .need_count = need ? 1 : 0,
                                 .backoff_min_ms = 1,
                                 .backoff_max_ms = 2};
}

void
graph_add(troupe_graph_t *graph, troupe_graph_task_t task)
{
    cr_assert_eq(troupe_graph_add(graph, &task), 0, "%s", task.id);
}

troupe_graph_report_t *
graph_run_with(troupe_t *node, troupe_graph_t *graph,
               const troupe_graph_options_t *options)
{
    troupe_graph_report_t *report = NULL;
    int rc = troupe_graph_run(node, graph, options, &report);
    cr_assert_eq(rc, 0, "%s", troupe_strerror(rc));
    size_t total = 0;
    for (size_t i = 0; i <= TROUPE_GRAPH_NOT_NEEDED; i++)
        total += report->states[i];
    cr_assert_eq(total, report->count, "each task has one end");
    return report;
}

void
graph_expect(const troupe_graph_report_t *report, const char *id,
             troupe_graph_state_t state, const char *why)
{
    const troupe_graph_ended_t *task = graph_ended(report, id);
    cr_expect_eq(task->state, state, "%s is %s: %s", id,
                 troupe_graph_state_name(task->state), task->why);
    cr_expect_str_eq(task->why, why, "%s", id);
}

void
graph_finish(troupe_graph_report_t *report, troupe_graph_t *graph)
{
    troupe_graph_report_destroy(&report);
    troupe_graph_destroy(&graph);
}
