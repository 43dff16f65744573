/* SPDX-License-Identifier: Apache-2.0 */
/* test_map_values.c: results, inputs and journals that a map cannot pass on. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "map_tasks.h"
#include "scratch_dir.h"
#include "troupe_thread.h"

#define WAIT_MS 60000
#define MANY    (1u << 20)

/* 0: nests deep; 1: holds a great many; else: itself. */
static int
on_call(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    uint64_t number = 0;
    (void) state;
    int rc = troupe_unpack(msg, "U", &number);
    if (rc < 0)
        return rc;
    if (number > 1)
        return troupe_reply(ctx, "U", number);
    size_t size = number == 0 ? 31 : MANY - 8;
    uint8_t *bytes = malloc(size);
    memset(bytes, number == 0 ? 0x91 : 0, size);
    bytes[size - 1] = 0;
    if (number == 1)
        memcpy(bytes, "\xdd\x00\x0f\xff\xf3", 5);
    rc = troupe_reply(ctx, "r", bytes, size);
    free(bytes);
    return rc;
}

TROUPE_KIND(odd_values, char, TROUPE_ON("call", on_call));

static void
begin(void)
{
    map_begin();
    cr_assert_eq(troupe_kind_register(node, &odd_values), 0);
}

TestSuite(map_values, .init = begin, .fini = map_end, .timeout = 30);

Test(map_values, a_result_that_cannot_be_passed_on_fails_alone)
{
    troupe_ref_t map;
    troupe_message_t *reply = NULL;
    const char *states[3] = {"", "", ""};
    cr_assert_eq(troupe_node_spawn(node, &troupe_map, NULL, &map, NULL), 0);
    cr_assert_eq(troupe_node_ask(node, map, "map", WAIT_MS, &reply,
                                 "{s:[[ssni], [ssni], [ssni]]}", "tasks", "fn",
                                 "odd_values", 0, "fn", "odd_values", 1, "fn",
                                 "odd_values", 2),
                 0, "%s", troupe_node_ask_words());
    cr_assert_eq(troupe_unpack(reply, "{s:[[ins], [ins], [ins]]}", "results",
                               &(int){0}, &states[0], &(int){0}, &states[1],
                               &(int){0}, &states[2]),
                 0);
    cr_assert_str_eq(states[0], "failed");
    cr_assert_str_eq(states[1], "failed");
    cr_assert_str_eq(states[2], "ok");
    troupe_message_destroy(&reply);
}

static int
give_deep(void *data, troupe_map_task_t *ret_task)
{
    struct tasks *self = data;
    if (self->given == self->count)
        return 0;
    self->given++;
    memset(self->body, 0x91, 31);
    self->body[30] = 0;
    ret_task->how = TROUPE_MAP_FN;
    ret_task->target = "doubler";
    ret_task->body = self->body;
    ret_task->body_size = 31;
    return 1;
}

Test(map_values, an_input_that_cannot_be_passed_on_fails_alone)
{
    struct tasks tasks = tasks_of("doubler", 2);
    troupe_map_options_t options = {0};
    troupe_map_calls_t it = {
        .next = give_deep, .result = map_take, .input_fd = -1, .data = &tasks};
    troupe_map_summary_t summary;
    cr_assert_eq(troupe_map_run(node, &options, &it, &summary), 0);
    cr_assert_eq(summary.failed, 2);
    cr_assert_not_null(strstr(tasks.words, "nests too deep"));
    tasks_free(&tasks);
}

Test(map_values, what_a_journal_holds_damaged_is_done_again)
{
    struct scratch_dir dir;
    scratch_dir_make(&dir);
    const char *path = scratch_dir_path(&dir, "journal.db");
    troupe_journal_t *journal = NULL;
    cr_assert_eq(
        troupe_journal_open(path, TROUPE_JOURNAL_CREATE, &journal, NULL), 0);
    troupe_journal_entry_t entry = {.what = TROUPE_JOURNAL_DONE,
                                    .key = "k1",
                                    .state = "ok",
                                    .attempt = 1,
                                    .value = "\x92\xa0\x95\x01",
                                    .value_size = 4};
    cr_assert_eq(troupe_journal_append(journal, &entry, 1), 0);
    troupe_journal_destroy(&journal);
    struct tasks tasks = tasks_of("doubler", 3);
    tasks.has_keys = true;
    troupe_map_options_t options = {.journal = path, .resume = true};
    troupe_map_summary_t summary = map_run(&tasks, &options);
    cr_assert_eq(summary.ok, 3);
    cr_assert_eq(summary.resumed, 0);
    cr_assert_eq(atomic_load(&calls), 3);
    tasks_free(&tasks);
    scratch_dir_remove(&dir);
}

/* Cheap results are told together, but none waits for one that does not come. */
Test(map_values, a_result_is_told_though_another_never_comes)
{
    troupe_ref_t map;
    troupe_message_t *reply = NULL;
    const char *state = "";
    int number = 0;
    cr_assert_eq(troupe_node_spawn(node, &troupe_map, NULL, &map, "{s:U}",
                                   "jobs", UINT64_C(2)),
                 0);
    cr_assert_eq(troupe_node_send(node, map, "put", "{s:[[ssni], [ssni]]}",
                                  "tasks", "fn", "moody", 6, "fn", "moody", 2),
                 0);
    cr_assert_eq(troupe_node_ask(node, map, "take", WAIT_MS, &reply, NULL), 0,
                 "%s", troupe_node_ask_words());
    cr_assert_eq(
        troupe_unpack(reply, "{s:[[ins]]}", "results", &number, &state), 0);
    cr_assert_eq(number, 1);
    cr_assert_str_eq(state, "ok");
    troupe_message_destroy(&reply);
}
