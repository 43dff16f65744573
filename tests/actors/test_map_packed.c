/* SPDX-License-Identifier: Apache-2.0 */
/* test_map_packed.c: packed tasks, ends and results, whole and cut, and what
 * troupe_map_run() does not let in. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "map_tasks.h"
#include "troupe_thread.h"

#include "actors/map_packed.h"

#define WAIT_MS 60000

TestSuite(map_packed, .init = map_begin, .fini = map_end, .timeout = 60);

static const struct map_task full = {.how = TROUPE_MAP_ASK,
                                     .target = "someone",
                                     .target_size = 7,
                                     .type = "do",
                                     .type_size = 2,
                                     .key = "k",
                                     .key_size = 1,
                                     .resource = "",
                                     .body = "\xa3xyz",
                                     .body_size = 4,
                                     .timeout_ms = 5,
                                     .retries = 6,
                                     .has_retries = true,
                                     .priority = 7};

/* All that is shorter than `bytes` must be refused. */
static bool
is_cut_off(const struct troupe__text *bytes,
           bool (*take)(struct map_cursor *self))
{
    const uint8_t *at = (const uint8_t *) bytes->data;
    struct map_cursor whole = {at, at + bytes->size};
    for (size_t size = 0; size < bytes->size; size++) {
        struct map_cursor cut = {at, at + size};
        if (take(&cut))
            return false;
    }
    return take(&whole) && whole.at == whole.end;
}

static bool
take_task(struct map_cursor *self)
{
    struct packed_task it;
    return troupe__packed_task_take(self, &it);
}

static bool
take_work(struct map_cursor *self)
{
    struct packed_task it;
    return troupe__packed_work_take(self, &it);
}

static bool
pass_task(struct map_cursor *self)
{
    uint64_t id = 0;
    return troupe__packed_task_pass(self, &id);
}

static bool
take_end(struct map_cursor *self)
{
    struct map_end end;
    uint64_t id = 0;
    return troupe__packed_end_take(self, &id, &end);
}

static bool
take_result(struct map_cursor *self)
{
    struct packed_result it;
    return troupe__packed_result_take(self, &it);
}

Test(map_packed, a_task_is_read_as_it_was_written_or_not_at_all)
{
    struct troupe__text to = {0};
    struct packed_task it;
    troupe__packed_task_put(&to, &full);
    cr_assert(is_cut_off(&to, take_task));
    struct map_cursor at = {(const uint8_t *) to.data,
                            (const uint8_t *) to.data + to.size};
    cr_assert(troupe__packed_task_take(&at, &it));
    cr_assert_str_eq(it.task.target, "someone");
    cr_assert_str_eq(it.task.type, "do");
    cr_assert_str_eq(it.task.key, "k");
    cr_assert_str_eq(it.task.resource, "");
    cr_assert_eq(memcmp(it.task.body, full.body, full.body_size), 0);
    cr_assert_eq(it.task.retries, 6);
    cr_assert_eq(it.task.priority, 7);
    cr_assert_null(it.trace);
    troupe__text_free(&to);
}

Test(map_packed, work_has_its_id_its_time_and_its_trace)
{
    struct troupe__text to = {0};
    struct packed_task it;
    troupe_trace_t trace = {.id = "0123456789abcde", .span = "fedcba9"};
    struct troupe__text whole = {0};
    troupe__packed_task_put(&whole, &full);
    struct map_cursor at = {(const uint8_t *) whole.data,
                            (const uint8_t *) whole.data + whole.size};
    cr_assert(troupe__packed_task_take(&at, &it));
    troupe__packed_work_put(&to, it.bytes, it.work_size, 77, 8, &trace);
    cr_assert(is_cut_off(&to, take_task));
    cr_assert(is_cut_off(&to, pass_task));
    cr_assert(is_cut_off(&to, take_work));
    at = (struct map_cursor){(const uint8_t *) to.data,
                             (const uint8_t *) to.data + to.size};
    cr_assert(troupe__packed_task_take(&at, &it));
    cr_assert_eq(it.id, 77);
    cr_assert_eq(it.task.timeout_ms, 8);
    cr_assert_null(it.task.key);
    cr_assert_null(it.task.resource);
    cr_assert_eq(memcmp(it.trace, &trace, sizeof trace), 0);
    cr_assert_eq(memcmp(it.task.body, full.body, full.body_size), 0);
    at.at = (const uint8_t *) to.data;
    it = (struct packed_task){0};
    cr_assert(troupe__packed_work_take(&at, &it));
    cr_assert_eq(it.task.how, TROUPE_MAP_ASK);
    cr_assert_eq(it.task.timeout_ms, 8);
    cr_assert_str_eq(it.task.target, "someone");
    cr_assert_str_eq(it.task.type, "do");
    cr_assert_eq(memcmp(it.trace, &trace, sizeof trace), 0);
    cr_assert_eq(it.task.body_size, full.body_size);
    cr_assert_eq(memcmp(it.task.body, full.body, full.body_size), 0);
    troupe__text_free(&whole);
    troupe__text_free(&to);
}

Test(map_packed, ends_and_results_that_are_cut_are_none)
{
    struct troupe__text to = {0};
    struct map_end end = {.state = "failed",
                          .state_size = 6,
                          .text = "why",
                          .text_size = 3,
                          .value = "\xa1x",
                          .value_size = 2,
                          .run_ms = 1.5};
    struct packed_result result = {.number = 3,
                                   .key = "key",
                                   .key_size = 3,
                                   .end = end,
                                   .votes = "\x90",
                                   .votes_size = 1};
    troupe__packed_end_put(&to, 9, &end);
    cr_assert(is_cut_off(&to, take_end));
    troupe__text_clear(&to);
    troupe__packed_result_put(&to, &result);
    cr_assert(is_cut_off(&to, take_result));
    troupe__text_free(&to);
}

Test(map_packed, what_is_no_packed_task_is_refused)
{
    troupe_ref_t map;
    struct troupe__text to = {0};
    cr_assert_eq(troupe_node_spawn(node, &troupe_map, NULL, &map, NULL), 0);
    troupe__packed_task_put(&to, &full);
    troupe__packed_task_put(&to, &full);
    cr_assert_eq(troupe_node_ask(node, map, "put", WAIT_MS, NULL, "{s:B}",
                                 "tasks", to.data, to.size - 1),
                 -EBADMSG);
    cr_assert_eq(troupe_node_ask(node, map, "put", WAIT_MS, NULL, "{s:B, s:b}",
                                 "tasks", to.data, (size_t) 0, "last", 1),
                 0);
    troupe__text_free(&to);
}

/* Four that cannot be done as they are, and one that can. */
static int
give_odd(void *data, troupe_map_task_t *ret_task)
{
    static const char long_name[] = "a name of many letters, more than anyone "
                                    "may have, and then some more of them";
    struct tasks *self = data;
    if (self->given == self->count)
        return 0;
    *ret_task = (troupe_map_task_t){.how = TROUPE_MAP_FN,
                                    .target = "doubler",
                                    .body = "\x04",
                                    .body_size = 1,
                                    .retries = -1};
    switch (self->given++) {
    case 0:
        ret_task->target = long_name;
        break;
    case 1:
        ret_task->resource = long_name;
        break;
    case 2:
        ret_task->key = "\xff\xfe";
        break;
    case 3:
        ret_task->body = "\xa2\xff\xfe";
        ret_task->body_size = 3;
        break;
    default:
        break;
    }
    return 1;
}

Test(map_packed, a_task_that_cannot_be_told_fails_alone)
{
    struct tasks tasks = tasks_of("doubler", 5);
    troupe_map_options_t options = {0};
    troupe_map_calls_t it = {
        .next = give_odd, .result = map_take, .input_fd = -1, .data = &tasks};
    troupe_map_summary_t summary;
    cr_assert_eq(troupe_map_run(node, &options, &it, &summary), 0);
    cr_assert_eq(summary.failed, 4);
    cr_assert_eq(summary.ok, 1);
    tasks_free(&tasks);
}
