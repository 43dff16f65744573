/* SPDX-License-Identifier: Apache-2.0 */
/* test_mcp.c: the engine that asks an MCP server, which fails in many ways. */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "actors/codec.h"
#include "scratch_dir.h"
#include "troupe_child_calls.h"
#include "troupe_mcp.h"
#include "troupe_stats.h"
#include "troupe_thread.h"

#define WAIT_MS 50000
#define PYTHON  "/usr/bin/python3" /* what comes before it in PATH may be slow */
#define SERVER  TROUPE_SOURCE_DIR "/tests/actors/mcp_server.py"

static struct scratch_dir dir;
static troupe_t *node;
static troupe_ref_t supervisor, engine;
static troupe_passages_t *found;

static void
begin(void)
{
    scratch_dir_make(&dir);
    cr_assert_eq(troupe_new(NULL, &node), 0);
}

static void
end(void)
{
    troupe_passages_destroy(&found);
    cr_assert_eq(troupe_destroy(&node), 0);
    scratch_dir_remove(&dir);
}

TestSuite(mcp, .init = begin, .fini = end, .timeout = 60);

/* A tool of the server of that manner; with a log, where there is a name. */
static troupe_mcp_tool_t
tool_of(const char *manner, const char *log)
{
    static const char *command[4];
    command[0] = access(PYTHON, X_OK) == 0 ? PYTHON : "python3";
    command[1] = SERVER;
    command[2] = manner;
    command[3] = log ? scratch_dir_path(&dir, log) : NULL;
    return (troupe_mcp_tool_t){.name = "test",
                               .command = command,
                               .command_count = log ? 4 : 3,
                               .tool = "find",
                               .limit = "count",
                               .results = "data.items",
                               .text = "body|meta.body|text"};
}

static void
start(const troupe_mcp_tool_t *tool)
{
    const troupe_supervisor_options_t options = {.strategy = TROUPE_ONE_FOR_ONE,
                                                 .intensity = 20};
    troupe_child_spec_t spec = {.backoff = {.min_ms = 1, .max_ms = 5},
                                .poison_max = TROUPE_INFINITE};
    cr_assert_eq(troupe_mcp_tool_pack(tool, &spec), 0);
    cr_assert_eq(troupe_node_supervisor_start(node, &options, &spec, 1,
                                              &supervisor, NULL),
                 0);
    troupe_child_info_t info;
    cr_assert_eq(troupe_supervisor_which_child(node, supervisor, "test", &info),
                 0);
    engine = info.ref;
    troupe_child_spec_clear(&spec);
}

/* What a question comes to; the passages are `found`. */
static int
search(uint64_t limit)
{
    troupe_message_t *reply = NULL;
    int rc =
        troupe_node_ask(node, engine, "search", WAIT_MS, &reply, "{s:s, s:U}",
                        "question", "a \"question\"\n", "limit", limit);
    troupe_passages_destroy(&found);
    if (rc == 0)
        cr_assert_eq(troupe__passages_read(reply, &found), 0);
    troupe_message_destroy(&reply);
    return rc;
}

static uint32_t
incarnation(void)
{
    troupe_actor_stats_t stats;
    cr_assert_eq(troupe_actor_stats_get(node, engine, &stats), 0);
    return stats.incarnation;
}

/* The numbers in a log, one a line. */
static size_t
read_log(const char *name, int *ret_pids, size_t most)
{
    FILE *file = fopen(scratch_dir_path(&dir, name), "r");
    size_t count = 0;
    while (file && count < most && fscanf(file, "%d", &ret_pids[count]) == 1)
        count++;
    if (file)
        fclose(file);
    return count;
}

static int
open_pidfd(int pid)
{
    return (int) syscall(SYS_pidfd_open, pid, 0);
}

static bool
ends(int pidfd)
{
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    bool over = poll(&ended, 1, WAIT_MS) > 0;
    close(pidfd);
    return over;
}

Test(mcp, results_of_a_tool_are_passages)
{
    troupe_mcp_tool_t tool = tool_of("good", NULL);
    start(&tool);
    for (uint64_t limit = 1; limit <= 3; limit++) {
        cr_assert_eq(search(limit), 0, "%s", troupe_node_ask_words());
        cr_assert_eq(troupe_passages_count(found), limit);
    }
    const troupe_passage_t *second = troupe_passages_at(found, 1);
    cr_assert_str_eq(second->path, "https://example.org/2");
    cr_assert_str_eq(second->title, "Result 2 of a \"question\" ");
    cr_assert_str_eq(second->text, "Text 2: a \"question\"\n \xc3\xa9.");
    cr_assert_eq(second->rank, 2);
    cr_assert_eq(incarnation(), 1);
}

Test(mcp, results_may_stand_in_a_text_or_be_one)
{
    troupe_mcp_tool_t tool = tool_of("text", NULL);
    start(&tool);
    cr_assert_eq(search(2), 0, "%s", troupe_node_ask_words());
    cr_assert_eq(troupe_passages_count(found), 2);
    tool = tool_of("plain", NULL);
    tool.results = NULL;
    start(&tool);
    cr_assert_eq(search(5), 0, "%s", troupe_node_ask_words());
    cr_assert_eq(troupe_passages_count(found), 2);
    cr_assert_str_eq(troupe_passages_at(found, 0)->text, "One text.");
    cr_assert_str_eq(troupe_passages_at(found, 0)->path, "mcp:test/1");
    cr_assert_str_eq(troupe_passages_at(found, 1)->path, "file:///x");
}

Test(mcp, arguments_environment_and_directory_are_as_told)
{
    static const char *const env[] = {"MCP_TEST=from here"};
    troupe_mcp_tool_t tool = tool_of("echo", NULL);
    tool.query = "query";
    tool.arguments = "{\"kind\": [1], \"count\": 99}";
    tool.env = env;
    tool.env_count = 1;
    tool.directory = "/";
    start(&tool);
    cr_assert_eq(search(4), 0, "%s", troupe_node_ask_words());
    const troupe_passage_t *it = troupe_passages_at(found, 0);
    cr_assert_str_eq(it->title, "from here");
    cr_assert_str_eq(it->path, "/");
    cr_assert_str_eq(it->text, "{\"count\": 4, \"kind\": [1], \"query\": "
                               "\"a \\\"question\\\"\\n\"}");
}

/* The words of an error, and whether the server is started anew. */
static const struct {
    const char *manner;
    int code;
    const char *words;
    bool restarts;
} manners[] = {
    {"crash", -EHOSTDOWN, "its server ended: exit code 7: the last words",
     true},
    {"abort", -EHOSTDOWN, "its server ended: signal 6", true},
    {"closed", -EHOSTDOWN, "its server closed its output", true},
    {"bad-json", -EHOSTDOWN, "its server wrote no JSON", true},
    {"words", -EHOSTDOWN, "its server writes what is no message", true},
    {"flood", -EHOSTDOWN, "a message of more than 65536 bytes", true},
    {"chatter", -EHOSTDOWN, "bytes without an answer", true},
    {"long", -EHOSTDOWN, "a message of more than 65536 bytes", true},
    {"old", -EHOSTDOWN, "its server speaks version '1999-01-01'", true},
    {"error", -EPROTO, "its server refuses: not so", false},
    {"is-error", -EPROTO, "its server says: the index is gone ??", false},
    {"no-list", -EBADMSG, "its answer has no list at data.items", false},
    {"no-text", -EBADMSG, "none of its results has a text", false},
};

Test(mcp, a_server_that_fails_is_named_and_started_anew)
{
    for (size_t i = 0; i < sizeof manners / sizeof *manners; i++) {
        troupe_mcp_tool_t tool = tool_of(manners[i].manner, NULL);
        tool.size_max = 65536;
        start(&tool);
        int rc = search(3);
        cr_assert_eq(rc, manners[i].code, "%s: %d", manners[i].manner, rc);
        cr_assert_not_null(strstr(troupe_node_ask_words(), manners[i].words),
                           "%s: %s", manners[i].manner,
                           troupe_node_ask_words());
        if (!manners[i].restarts)
            cr_assert_eq(incarnation(), 1);
        cr_assert_eq(
            troupe_node_exit(node, supervisor, TROUPE_EXIT_SHUTDOWN, WAIT_MS),
            0);
    }
}

Test(mcp, a_server_that_does_not_answer_in_time_is_started_anew)
{
    troupe_mcp_tool_t tool = tool_of("hang", NULL);
    tool.timeout_ms = 100;
    start(&tool);
    cr_assert_eq(search(3), -EHOSTDOWN);
    cr_assert_not_null(
        strstr(troupe_node_ask_words(), "did not answer within 100 ms"), "%s",
        troupe_node_ask_words());
}

Test(mcp, a_server_that_does_not_begin_is_given_up_until_it_is_asked_again)
{
    troupe_mcp_tool_t tool = tool_of("hang-hello", NULL);
    tool.start_ms = 100;
    start(&tool);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(search(3), -ETIMEDOUT);
        cr_assert_not_null(strstr(troupe_node_ask_words(),
                                  "did not begin to speak within 100 ms; run "
                                  "it by hand to see why"),
                           "%s", troupe_node_ask_words());
        cr_assert_eq(incarnation(), 1, "it did not fail for that");
    }
}

Test(mcp, a_crash_costs_one_question)
{
    troupe_mcp_tool_t tool = tool_of("crash-once", "log");
    int pids[4];
    start(&tool);
    cr_assert_eq(search(3), -EHOSTDOWN);
    cr_assert_eq(search(3), 0, "%s", troupe_node_ask_words());
    cr_assert_eq(troupe_passages_count(found), 3);
    cr_assert_eq(incarnation(), 2);
    cr_assert_eq(read_log("log", pids, 4), 2);
    cr_assert_neq(pids[0], pids[1]);
}

Test(mcp, what_a_server_asks_and_prints_besides_does_no_harm)
{
    troupe_mcp_tool_t tool = tool_of("odd", NULL);
    start(&tool);
    cr_assert_eq(search(3), 0, "%s", troupe_node_ask_words());
    cr_assert_eq(search(2), 0, "%s", troupe_node_ask_words());
    cr_assert_eq(troupe_passages_count(found), 2);
    cr_assert_eq(incarnation(), 1);
}

Test(mcp, a_program_that_is_not_there_is_named)
{
    static const char *const command[] = {"/no/such/program"};
    troupe_mcp_tool_t tool = {
        .name = "test", .command = command, .command_count = 1, .tool = "x"};
    troupe_message_t *reply = NULL;
    const troupe_spawn_options_t place = {.place = TROUPE_OWN_THREAD};
    troupe_child_spec_t spec = {.id = NULL};
    cr_assert_eq(troupe_mcp_tool_pack(&tool, &spec), 0);
    cr_assert_eq(troupe_node_spawn(node, &troupe_mcp_engine, &place, &engine,
                                   "r", spec.arguments, spec.arguments_size),
                 0);
    int rc =
        troupe_node_ask(node, engine, "search", WAIT_MS, &reply, "{s:s, s:U}",
                        "question", "x", "limit", UINT64_C(1));
    cr_assert(rc == -EHOSTDOWN || rc == -ESRCH, "%d", rc);
    cr_assert_null(reply);
    troupe_child_spec_clear(&spec);
}

Test(mcp, all_that_a_server_started_ends_with_the_engine)
{
    troupe_mcp_tool_t tool = tool_of("family", "log");
    int pids[2];
    start(&tool);
    cr_assert_eq(search(3), 0, "%s", troupe_node_ask_words());
    cr_assert_eq(read_log("log", pids, 2), 2);
    int server = open_pidfd(pids[0]), child = open_pidfd(pids[1]);
    cr_assert(server >= 0 && child >= 0);
    cr_assert_eq(
        troupe_node_exit(node, supervisor, TROUPE_EXIT_SHUTDOWN, WAIT_MS), 0);
    cr_assert(ends(server));
    cr_assert(ends(child));
}

Test(mcp, a_server_hears_that_nobody_waits_any_more)
{
    troupe_mcp_tool_t tool = tool_of("hang", "log");
    char text[256] = "";
    cr_assert_eq(mkfifo(scratch_dir_path(&dir, "log"), 0600), 0);
    int log = open(scratch_dir_path(&dir, "log"), O_RDWR | O_CLOEXEC);
    cr_assert(log >= 0);
    start(&tool);
    cr_assert(read(log, text, sizeof text) > 0); /* it runs */
    cr_assert_eq(troupe_node_ask(node, engine, "search", 500, NULL,
                                 "{s:s, s:U}", "question", "x", "limit",
                                 UINT64_C(1)),
                 -ETIMEDOUT);
    memset(text, 0, sizeof text);
    cr_assert(read(log, text, sizeof text - 1) > 0);
    cr_assert_str_eq(text, "cancelled 2\n");
    cr_assert_eq(incarnation(), 1);
    close(log);
}

Test(mcp, a_wrong_tool_is_refused_with_words)
{
    static const char *const command[] = {"true"};
    static const char *const env[] = {"NAME"};
    const troupe_mcp_tool_t good = {
        .name = "x", .command = command, .command_count = 1, .tool = "y"};
    troupe_mcp_tool_t wrong[9];
    for (size_t i = 0; i < 9; i++)
        wrong[i] = good;
    wrong[0].name = "";
    wrong[1].name = "a name that is longer than all names";
    wrong[2].command_count = 0;
    wrong[3].tool = NULL;
    wrong[4].env = env;
    wrong[4].env_count = 1;
    wrong[5].arguments = "[]";
    wrong[6].text = "\xff";
    wrong[7].size_max = UINT32_MAX;
    wrong[8].timeout_ms = UINT32_MAX;
    cr_assert_null(troupe_mcp_tool_check(&good));
    for (size_t i = 0; i < 9; i++) {
        troupe_child_spec_t spec = {.id = NULL};
        cr_assert_not_null(troupe_mcp_tool_check(&wrong[i]), "%zu", i);
        cr_assert_eq(troupe_mcp_tool_pack(&wrong[i], &spec), -EINVAL);
    }
}
