/* SPDX-License-Identifier: Apache-2.0 */
/* test_command.c: programs run by an actor: results, bounds, ends of groups. */
#include <criterion/criterion.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scratch_dir.h"
#include "troupe_command.h"
#include "troupe_gather.h"
#include "troupe_thread.h"

#define WAIT_MS 30000

static troupe_t *node;
static troupe_ref_t commands;

/* What the tests look at in an answer. */
struct ran {
    troupe_message_t *reply;
    const char *state;
    int exit, signal, error;
    const char *text;
    const char *out, *err; /* not NUL-ended */
    size_t out_size, err_size;
    uint64_t wrote;
    double queue_ms, run_ms;
};

static void
begin(void)
{
    cr_assert_eq(troupe_new(NULL, &node), 0);
    cr_assert_eq(
        troupe_node_spawn(node, &troupe_command, NULL, &commands, NULL), 0);
}

static void
end(void)
{
    cr_assert_eq(troupe_destroy(&node), 0);
}

TestSuite(command, .init = begin, .fini = end, .timeout = 60);

static struct ran
read_ran(troupe_message_t *reply)
{
    struct ran it = {.reply = reply};
    const void *out = NULL, *err = NULL;
    cr_assert_eq(troupe_unpack(reply,
                               "{s:s, s:i, s:i, s:i, s:s, s:B, s:B, s:U, s:f, "
                               "s:f}",
                               "state", &it.state, "exit", &it.exit, "signal",
                               &it.signal, "error", &it.error, "text", &it.text,
                               "stdout", &out, &it.out_size, "stderr", &err,
                               &it.err_size, "stdout_size", &it.wrote,
                               "queue_ms", &it.queue_ms, "run_ms", &it.run_ms),
                 0);
    it.out = out;
    it.err = err;
    return it;
}

static struct ran
shell(const char *text, uint64_t timeout_ms)
{
    troupe_message_t *reply = NULL;
    int rc = troupe_node_ask(node, commands, "run", WAIT_MS, &reply,
                             "{s:s, s:U, s:i}", "shell", text, "timeout_ms",
                             timeout_ms, "grace_ms", 50);
    cr_assert_eq(rc, 0, "%s", troupe_node_ask_words());
    return read_ran(reply);
}

/* The number that it printed. */
static long
number(const struct ran *ran)
{
    char text[32];
    cr_assert_lt(ran->out_size, sizeof text);
    memcpy(text, ran->out, ran->out_size);
    text[ran->out_size] = '\0';
    return strtol(text, NULL, 10);
}

static bool
said(const struct ran *ran, const char *text)
{
    return ran->out_size == strlen(text)
           && memcmp(ran->out, text, ran->out_size) == 0;
}

Test(command, a_program_is_run_with_its_arguments_as_they_are)
{
    troupe_message_t *reply = NULL;
    cr_assert_eq(troupe_node_ask(node, commands, "run", WAIT_MS, &reply,
                                 "{s:[sss]}", "argv", "printf", "<%s>",
                                 "a  'b' $HOME"),
                 0);
    struct ran ran = read_ran(reply);
    cr_assert_str_eq(ran.state, "ok");
    cr_assert_eq(ran.exit, 0);
    cr_assert_str_empty(ran.text);
    cr_assert(said(&ran, "<a  'b' $HOME>"));
    cr_assert(ran.run_ms >= 0 && ran.queue_ms >= 0);
    troupe_message_destroy(&ran.reply);
}

Test(command, a_failure_is_a_result)
{
    struct ran ran = shell("echo out; echo err >&2; exit 3", 0);
    cr_assert_str_eq(ran.state, "failed");
    cr_assert_eq(ran.exit, 3);
    cr_assert_str_eq(ran.text, "exit code 3");
    cr_assert(said(&ran, "out\n"));
    cr_assert_eq(ran.err_size, 4);
    troupe_message_destroy(&ran.reply);

    ran = shell("kill -SEGV $$", 0);
    cr_assert_str_eq(ran.state, "failed");
    cr_assert_eq(ran.exit, -1);
    cr_assert_eq(ran.signal, SIGSEGV);
    troupe_message_destroy(&ran.reply);
}

Test(command, what_never_ran_says_why)
{
    troupe_message_t *reply = NULL;
    cr_assert_eq(troupe_node_ask(node, commands, "run", WAIT_MS, &reply,
                                 "{s:[s]}", "argv", "no-such-program-of-ours"),
                 0);
    struct ran ran = read_ran(reply);
    cr_assert_str_eq(ran.state, "failed");
    cr_assert_eq(ran.error, -ENOENT);
    troupe_message_destroy(&ran.reply);

    cr_assert_eq(troupe_node_ask(node, commands, "run", WAIT_MS, &reply,
                                 "{s:[s], s:s}", "argv", "true", "directory",
                                 "/no/such/directory"),
                 0);
    ran = read_ran(reply);
    cr_assert_eq(ran.error, -ENOENT);
    cr_assert_not_null(strstr(ran.text, "directory"));
    troupe_message_destroy(&ran.reply);
}

Test(command, it_reads_what_it_is_given)
{
    enum { SIZE = 300000 };
    char *input = malloc(SIZE);
    troupe_message_t *reply = NULL;
    memset(input, 'x', SIZE);
    cr_assert_eq(troupe_node_ask(node, commands, "run", WAIT_MS, &reply,
                                 "{s:[s], s:B}", "argv", "cat", "stdin", input,
                                 (size_t) SIZE),
                 0);
    struct ran ran = read_ran(reply);
    cr_assert_eq(ran.out_size, SIZE);
    cr_assert_eq(memcmp(ran.out, input, SIZE), 0);
    troupe_message_destroy(&ran.reply);
    free(input);
    ran = shell("cat", 0); /* nothing, and not our own */
    cr_assert_str_eq(ran.state, "ok");
    cr_assert_eq(ran.out_size, 0);
    troupe_message_destroy(&ran.reply);
}

Test(command, it_has_our_environment_and_what_is_added)
{
    troupe_message_t *reply = NULL;
    setenv("TROUPE_TEST_OURS", "ours", 1);
    setenv("TROUPE_TEST_BOTH", "ours", 1);
    cr_assert_eq(
        troupe_node_ask(node, commands, "run", WAIT_MS, &reply,
                        "{s:s, s:[sss], s:s}", "shell",
                        "echo $TROUPE_TEST_OURS $TROUPE_TEST_BOTH $PWD", "env",
                        "TROUPE_TEST_BOTH=first", "TROUPE_TEST_BOTH=theirs",
                        "PWD=", "directory", "/"),
        0);
    struct ran ran = read_ran(reply);
    cr_assert(said(&ran, "ours theirs /\n"), "%.*s", (int) ran.out_size,
              ran.out);
    troupe_message_destroy(&ran.reply);
}

Test(command, what_is_beyond_the_bound_is_counted_and_not_kept)
{
    troupe_message_t *reply = NULL;
    cr_assert_eq(troupe_node_ask(
                     node, commands, "run", WAIT_MS, &reply, "{s:s, s:i}",
                     "shell", "head -c 1000000 /dev/zero", "stdout_max", 1000),
                 0);
    struct ran ran = read_ran(reply);
    cr_assert_str_eq(ran.state, "ok");
    cr_assert_eq(ran.out_size, 1000);
    cr_assert_eq(ran.wrote, 1000000);
    troupe_message_destroy(&ran.reply);
}

/* True when no process has that number any more, or only a zombie. */
static bool
is_gone(pid_t pid)
{
    char path[64], line[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int) pid);
    FILE *file = fopen(path, "re");
    bool gone = !file || !fgets(line, sizeof line, file);
    if (file)
        fclose(file);
    const char *after = strrchr(line, ')');
    return gone || (after && after[2] == 'Z');
}

/* Sleeps until a process has ended; its number is not ours to wait for. */
static bool
ends(pid_t pid)
{
    int fd = (int) syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0)
        return true;
    struct pollfd ended = {.fd = fd, .events = POLLIN};
    int ready = poll(&ended, 1, 10000);
    close(fd);
    return ready > 0 || is_gone(pid);
}

/* A shell has set its traps by then, on a busy machine too. */
enum { TRAPPED_MS = 1000 };

Test(command, a_timeout_ends_the_whole_group)
{
    struct ran ran = shell("trap '' TERM; (trap '' TERM; sleep 1000) & "
                           "echo $!; wait; sleep 1000",
                           TRAPPED_MS);
    cr_assert_str_eq(ran.state, "timeout");
    cr_assert_eq(ran.signal, SIGKILL);
    pid_t child = (pid_t) number(&ran);
    cr_assert_gt(child, 0);
    cr_assert(ends(child));
    troupe_message_destroy(&ran.reply);
    ran = shell("trap 'echo bye; exit 0' TERM; sleep 1000 & wait", TRAPPED_MS);
    cr_assert_str_eq(ran.state, "timeout");
    cr_assert(said(&ran, "bye\n"));
    troupe_message_destroy(&ran.reply);
}

Test(command, what_it_leaves_behind_in_its_group_goes_with_it)
{
    struct ran ran = shell("sleep 1000 & echo $!", 0);
    cr_assert_str_eq(ran.state, "ok");
    cr_assert(ends((pid_t) number(&ran)));
    troupe_message_destroy(&ran.reply);
}

/* Waits until the file has a number in it. */
static pid_t
number_in(const char *path)
{
    long number = 0;
    while (number <= 0) {
        FILE *file = fopen(path, "re");
        char line[32] = "";
        if (file && fgets(line, sizeof line, file) && strchr(line, '\n'))
            number = strtol(line, NULL, 10);
        if (file)
            fclose(file);
        if (number <= 0)
            poll(NULL, 0, 5);
    }
    return (pid_t) number;
}

/* Asks with a deadline of its own and does not wait as long as the command. */
Test(command, a_cancelled_one_is_killed)
{
    struct scratch_dir dir;
    scratch_dir_make(&dir);
    char text[512];
    snprintf(text, sizeof text, "echo $$ > %s/pid; exec sleep 1000", dir.path);
    cr_assert_eq(troupe_node_ask(node, commands, "run", 500, NULL, "{s:s}",
                                 "shell", text),
                 -ETIMEDOUT);
    cr_assert(ends(number_in(scratch_dir_path(&dir, "pid"))));
    scratch_dir_remove(&dir);
}

Test(command, the_end_of_the_actor_ends_what_runs)
{
    struct scratch_dir dir;
    scratch_dir_make(&dir);
    char text[512];
    snprintf(text, sizeof text, "echo $$ > %s/pid; exec sleep 1000", dir.path);
    cr_assert_eq(
        troupe_node_send(node, commands, "run", "{s:s}", "shell", text), 0);
    pid_t pid = number_in(scratch_dir_path(&dir, "pid"));
    cr_assert_eq(
        troupe_node_exit(node, commands, TROUPE_EXIT_SHUTDOWN, WAIT_MS), 0);
    cr_assert(is_gone(pid));
    scratch_dir_remove(&dir);
}

/* How many run at once, by the files that they hold. */
#define COUNTING "cd %s; : > in.$$; ls in.* | wc -l; sleep 0.05; rm in.$$"

Test(command, no_more_than_the_limit_run_at_once)
{
    enum { COUNT = 12, LIMIT = 3 };
    struct scratch_dir dir;
    troupe_ref_t targets[COUNT], few;
    char text[512];
    scratch_dir_make(&dir);
    snprintf(text, sizeof text, COUNTING, dir.path);
    cr_assert_eq(troupe_node_spawn(node, &troupe_command, NULL, &few, "{s:i}",
                                   "limit", LIMIT),
                 0);
    for (int i = 0; i < COUNT; i++)
        targets[i] = few;
    troupe_gather_t *all = NULL;
    troupe_gather_options_t options = {.timeout_ms = WAIT_MS};
    cr_assert_eq(troupe_node_gather(node, targets, COUNT, "run", &options, &all,
                                    "{s:s}", "shell", text),
                 0);
    cr_assert(all->met);
    double waited = 0;
    for (int i = 0; i < COUNT; i++) {
        struct ran ran = read_ran(all->parts[i].reply);
        cr_assert_str_eq(ran.state, "ok");
        cr_assert_leq(number(&ran), LIMIT);
        waited = ran.queue_ms > waited ? ran.queue_ms : waited;
    }
    cr_assert_gt(waited, 10);
    troupe_gather_destroy(&all);
    scratch_dir_remove(&dir);
}

Test(command, another_body_is_refused)
{
    static const char *const none = "{}";
    cr_assert_eq(troupe_node_ask(node, commands, "run", WAIT_MS, NULL, none),
                 -EBADMSG);
    cr_assert_not_null(strstr(troupe_node_ask_words(), "argv or shell"));
    cr_assert_eq(
        troupe_node_ask(node, commands, "run", WAIT_MS, NULL, "{s:[]}", "argv"),
        -EBADMSG);
    cr_assert_eq(troupe_node_ask(node, commands, "run", WAIT_MS, NULL,
                                 "{s:s, s:s}", "shell", "true", "colour",
                                 "red"),
                 -EBADMSG);
    cr_assert_eq(troupe_node_ask(node, commands, "run", WAIT_MS, NULL,
                                 "{s:s, s:[s]}", "shell", "true", "env", "=x"),
                 -EBADMSG);
    cr_assert_eq(troupe_node_ask(node, commands, "run", WAIT_MS, NULL,
                                 "{s:s, s:i}", "shell", "true", "timeout_ms",
                                 -1),
                 -EBADMSG);
    cr_assert_eq(troupe_node_ask(node, commands, "run", WAIT_MS, NULL, NULL),
                 -EBADMSG);
}
