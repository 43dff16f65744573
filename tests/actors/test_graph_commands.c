/* SPDX-License-Identifier: Apache-2.0 */
/* test_graph_commands.c: tasks that are commands, and runs that go on. */
#include <criterion/criterion.h>

#include <errno.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "troupe_thread.h"

#include "actors/graph_value.h"
#include "graph_world.h"
#include "scratch_dir.h"

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

TestSuite(graph_commands, .init = begin, .fini = end, .timeout = 60);

/* A command task from JSON. */
static troupe_graph_task_t
command(const char *id, const char *need, const char *json)
{
    static const char *needs[16];
    static void *bodies[16];
    static size_t used;
    size_t at = used++ % 16, size = 0;
    free(bodies[at]);
    bodies[at] = NULL;
    cr_assert_eq(
        troupe__graph_json_value(json, strlen(json), &bodies[at], &size), 0,
        "%s", json);
    needs[at] = need;
    return (troupe_graph_task_t){.id = id,
                                 .work = TROUPE_GRAPH_COMMAND,
                                 .body = bodies[at],
                                 .body_size = size,
                                 .needs = &needs[at],
                                 .need_count = need ? 1 : 0};
}

static troupe_graph_report_t *
run(troupe_graph_t *graph)
{
    return graph_run_with(node, graph, NULL);
}

Test(graph_commands, their_output_is_their_result)
{
    troupe_graph_t *graph = troupe_graph_new();
    graph_add(graph, command("text", NULL,
                             "{\"cmd\": \"printf 'a\\\\nb\\\\n\\\\n'\"}"));
    graph_add(graph, command("lines", NULL,
                             "{\"cmd\": \"printf 'a\\\\nb\\\\n'\","
                             " \"output\": \"lines\"}"));
    graph_add(graph, command("json", NULL,
                             "{\"cmd\": \"echo '{\\\"n\\\": [1, 2.5]}'\","
                             " \"output\": \"json\"}"));
    graph_add(graph, command("none", NULL,
                             "{\"cmd\": \"echo x\", \"output\": \"none\"}"));
    graph_add(graph, command("bytes", NULL, "{\"cmd\": \"printf '\\\\377'\"}"));
    graph_value(graph, "use", "json", "${json.n.1}");
    troupe_graph_report_t *report = run(graph);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_COMPLETE);
    cr_expect_str_eq(graph_result(report, "text"), "\"a\\nb\"");
    cr_expect_str_eq(graph_result(report, "lines"), "[\"a\",\"b\"]");
    cr_expect_str_eq(graph_result(report, "use"), "2.5");
    cr_expect_str_eq(graph_result(report, "none"), "(none)");
    cr_expect_str_eq(graph_result(report, "bytes"), "\"ff\"");
    graph_finish(report, graph);
}

/* What others wrote is never a part of the program. */
Test(graph_commands, results_cannot_become_code)
{
    troupe_graph_t *graph = troupe_graph_new();
    graph_value(graph, "evil", NULL, "$(echo hacked); `id` \" ' \\ *");
    graph_add(graph, command("args", "evil",
                             "{\"cmd\": \"printf %s \\\"$1\\\"\","
                             " \"args\": [\"<${evil}>\"]}"));
    graph_add(graph, command("env", "evil",
                             "{\"cmd\": \"printf %s \\\"$X\\\"\","
                             " \"env\": {\"X\": \"${evil}\"}}"));
    graph_add(graph, command("stdin", "evil",
                             "{\"cmd\": \"cat\", \"stdin\": \"${evil}\"}"));
    /* In the command itself ${...} is the shell's. */
    graph_add(graph, command("shell", "evil",
                             "{\"cmd\": \"printf %s ${evil}\","
                             " \"env\": {\"evil\": \"a b\"}}"));
    troupe_graph_report_t *report = run(graph);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_COMPLETE);
    cr_expect_str_eq(graph_result(report, "args"),
                     "\"<$(echo hacked); `id` \\\" ' \\\\ *>\"");
    cr_expect_str_eq(graph_result(report, "env"),
                     "\"$(echo hacked); `id` \\\" ' \\\\ *\"");
    cr_expect_str_eq(graph_result(report, "stdin"),
                     "\"$(echo hacked); `id` \\\" ' \\\\ *\"");
    cr_expect_str_eq(graph_result(report, "shell"), "\"ab\"");
    graph_finish(report, graph);
}

Test(graph_commands, a_failure_says_what_the_command_said)
{
    troupe_graph_t *graph = troupe_graph_new();
    graph_add(graph, command("bad", NULL,
                             "{\"cmd\": \"echo one >&2; echo two >&2;"
                             " exit 3\"}"));
    graph_add(graph, command("slain", NULL, "{\"cmd\": \"kill -9 $$\"}"));
    graph_add(graph, command("odd", NULL,
                             "{\"cmd\": \"echo {\", \"output\": \"json\"}"));
    graph_add(graph, command("away", NULL,
                             "{\"cmd\": \"true\","
                             " \"directory\": \"/nowhere/at/all\"}"));
    graph_add(graph, command("huge", NULL,
                             "{\"cmd\": \"head -c 2000000 /dev/zero\"}"));
    troupe_graph_task_t slow = command("slow", NULL, "{\"cmd\": \"sleep 60\"}");
    slow.timeout_ms = 50;
    graph_add(graph, slow);
    troupe_graph_report_t *report = run(graph);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_BROKEN);
    cr_expect(strstr(graph_ended(report, "bad")->why, ": two"), "%s",
              graph_ended(report, "bad")->why);
    cr_expect_eq(graph_ended(report, "slain")->state, TROUPE_GRAPH_FAILED);
    graph_expect(report, "odd", TROUPE_GRAPH_FAILED,
                 "what it wrote is no JSON");
    cr_expect_eq(graph_ended(report, "away")->state, TROUPE_GRAPH_FAILED);
    cr_expect(strstr(graph_ended(report, "huge")->why, "2000000 bytes, over"),
              "%s", graph_ended(report, "huge")->why);
    cr_expect_eq(graph_ended(report, "slow")->state, TROUPE_GRAPH_TIMEOUT);
    graph_finish(report, graph);
}

Test(graph_commands, a_body_that_is_no_command_is_refused)
{
    static const char *const bad[] = {
        "{}",
        "[]",
        "{\"cmd\": 3}",
        "{\"cmd\": \"\"}",
        "{\"cmd\": \"x\", \"args\": [1]}",
        "{\"cmd\": \"x\", \"env\": {\"A=B\": \"c\"}}",
        "{\"cmd\": \"x\", \"output\": \"xml\"}",
        "{\"cmd\": \"x\", \"shell\": \"bash\"}",
    };
    troupe_graph_t *graph = troupe_graph_new();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        troupe_graph_task_t task = command("a", NULL, bad[i]);
        cr_expect_eq(troupe_graph_add(graph, &task), -EBADMSG, "%s", bad[i]);
    }
    troupe_graph_destroy(&graph);
}

/* --- a journal --------------------------------------------------------------*/

struct kept {
    struct scratch_dir dir;
    char journal[256], log[256];
    troupe_graph_options_t options;
};

static void
kept_begin(struct kept *self)
{
    scratch_dir_make(&self->dir);
    snprintf(self->journal, sizeof self->journal, "%s/j", self->dir.path);
    snprintf(self->log, sizeof self->log, "%s/log", self->dir.path);
    self->options = troupe_graph_options_default();
    self->options.journal = self->journal;
    cr_assert_eq(setenv("GRAPH_LOG", self->log, 1), 0);
}

/* How often each command ran. */
static void
logged(const struct kept *self, const char *wanted)
{
    char text[256] = "";
    FILE *file = fopen(self->log, "re");
    if (file) {
        cr_assert_lt(fread(text, 1, sizeof text - 1, file), sizeof text - 1);
        fclose(file);
    }
    cr_expect_str_eq(text, wanted);
}

/* a -> b -> c; b fails when GRAPH_FAIL is set. */
static troupe_graph_t *
three(const char *input)
{
    char json[256];
    troupe_graph_t *graph = troupe_graph_new();
    snprintf(json, sizeof json,
             "{\"cmd\": \"printf a >>$GRAPH_LOG; echo $1\","
             " \"args\": [\"%s\"]}",
             input);
    graph_add(graph, command("a", NULL, json));
    graph_add(graph, command("b", "a",
                             "{\"cmd\": \"printf b >>$GRAPH_LOG; cat;"
                             " exit ${GRAPH_FAIL:-0}\","
                             " \"stdin\": \"${a}\"}"));
    graph_add(graph, command("c", "b",
                             "{\"cmd\": \"printf c >>$GRAPH_LOG; cat\","
                             " \"stdin\": \"${b}\"}"));
    return graph;
}

Test(graph_commands, what_is_in_the_journal_is_not_repeated)
{
    struct kept kept;
    kept_begin(&kept);
    troupe_graph_t *graph = three("x");
    cr_assert_eq(setenv("GRAPH_FAIL", "1", 1), 0);
    troupe_graph_report_t *report = graph_run_with(node, graph, &kept.options);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_BROKEN);
    troupe_graph_report_destroy(&report);
    logged(&kept, "ab");

    cr_assert_eq(setenv("GRAPH_FAIL", "0", 1), 0);
    kept.options.resume = true;
    report = graph_run_with(node, graph, &kept.options);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_COMPLETE);
    cr_expect(graph_ended(report, "a")->resumed);
    cr_expect_not(graph_ended(report, "b")->resumed);
    cr_expect_str_eq(graph_result(report, "c"), "\"x\"");
    logged(&kept, "abbc");
    graph_finish(report, graph);

    /* With another input all that comes after it is new. */
    graph = three("y");
    report = graph_run_with(node, graph, &kept.options);
    cr_expect_eq(report->outcome, TROUPE_GRAPH_COMPLETE);
    cr_expect_str_eq(graph_result(report, "c"), "\"y\"");
    logged(&kept, "abbcabc");
    graph_finish(report, graph);
    scratch_dir_remove(&kept.dir);
}

Test(graph_commands, a_result_that_is_damaged_in_the_journal_is_made_again)
{
    static const char *const damages[] = {"x'c1'", "x'a178a178'", "x'93'",
                                          "''"};
    struct kept kept;
    kept_begin(&kept);
    troupe_graph_t *graph = three("x");
    troupe_graph_report_destroy(
        &(troupe_graph_report_t *){graph_run_with(node, graph, &kept.options)});
    kept.options.resume = true;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        char sql[128];
        sqlite3 *database = NULL;
        snprintf(sql, sizeof sql, "UPDATE entry SET value = %s", damages[i]);
        cr_assert_eq(sqlite3_open(kept.journal, &database), SQLITE_OK);
        cr_assert_eq(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
        cr_assert_eq(sqlite3_close(database), SQLITE_OK);
        troupe_graph_report_t *report =
            graph_run_with(node, graph, &kept.options);
        cr_expect_eq(report->outcome, TROUPE_GRAPH_COMPLETE, "%s", damages[i]);
        cr_expect_str_eq(graph_result(report, "c"), "\"x\"");
        troupe_graph_report_destroy(&report);
    }
    logged(&kept, "abcabcabcabcabc");
    troupe_graph_destroy(&graph);
    scratch_dir_remove(&kept.dir);
}

/* What cannot be reported is a failure of its task, and not of the run. */
Test(graph_commands, a_result_that_nests_too_deep_fails_its_task)
{
    char deep[128] = "";
    for (int i = 0; i < 29; i++)
        deep[i] = '[', deep[57 - i] = ']';
    cr_assert_eq(strlen(deep), 58);
    char json[256];
    snprintf(json, sizeof json,
             "{\"cmd\": \"echo '%s'\", \"output\": \"json\"}", deep);
    troupe_graph_t *graph = troupe_graph_new();
    graph_add(graph, command("deep", NULL, json));
    graph_add(graph, command("well", NULL, "{\"cmd\": \"echo x\"}"));
    troupe_graph_report_t *report = graph_run_with(node, graph, NULL);
    cr_expect_eq(graph_ended(report, "deep")->state, TROUPE_GRAPH_FAILED);
    cr_expect_eq(graph_ended(report, "well")->state, TROUPE_GRAPH_OK);
    graph_finish(report, graph);
}

Test(graph_commands, a_journal_that_cannot_be_used_is_named)
{
    struct kept kept;
    kept_begin(&kept);
    troupe_graph_t *graph = three("x");
    troupe_graph_report_t *report = NULL;
    kept.options.resume = true; /* there is none */
    cr_expect_eq(troupe_graph_run(node, graph, &kept.options, &report), -EIO);
    cr_expect(strstr(troupe_graph_words(), kept.journal), "%s",
              troupe_graph_words());
    kept.options.resume = false;
    report = graph_run_with(node, graph, &kept.options);
    troupe_graph_report_destroy(&report);
    /* It is there already: it is not written over. */
    cr_expect_eq(troupe_graph_run(node, graph, &kept.options, &report), -EIO);
    cr_assert_str_not_empty(troupe_graph_words());
    cr_expect_null(report);
    logged(&kept, "abc");
    troupe_graph_destroy(&graph);
    scratch_dir_remove(&kept.dir);
}
