/* SPDX-License-Identifier: Apache-2.0 */
/* test_link.c: nodes are started, join, are known to all, and are lost. */
#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/hub.h"
#include "runtime/node.h"
#include "runtime/process_world.h"
#include "runtime/run_world.h"

TestSuite(link, .init = run_begin, .fini = run_end, .timeout = 60);

Test(link, a_node_joins_and_is_ready)
{
    uint32_t number = START("one", "join", "wait");
    const struct heard *heard = wait_up(number);
    cr_assert_str_eq(heard->name, "one");
    troupe_node_info_t infos[4];
    cr_assert_eq(troupe_node_list(root, infos, 4), 2);
    cr_assert_str_eq(infos[0].name, "root");
    cr_assert_eq(infos[0].number, 1);
    cr_assert_str_eq(infos[1].name, "one");
    cr_assert_eq(infos[1].number, number);
    cr_assert_eq(infos[1].state, TROUPE_NODE_READY);
    cr_assert_eq(infos[1].workers, 2);
    cr_assert_gt(infos[1].pid, 0);
}

Test(link, a_killed_node_is_down_once_with_its_signal)
{
    uint32_t number = START("one", "join", "say", "here", "wait");
    wait_up(number);
    kill(pid_of(number), SIGKILL);
    const struct heard *heard = wait_down(number);
    cr_assert(heard->was_ready);
    cr_assert_eq(heard->kind, TROUPE_EXIT_KILLED);
    cr_assert_eq(heard->code, SIGKILL);
    cr_assert(strstr(heard->text, "killed by SIGKILL"), "%s", heard->text);
    uint32_t next = START("two", "join", "wait");
    wait_up(next); /* told after all that was told of the first */
    cr_assert_eq(heard_count(number, false), 1);
    cr_assert_eq(heard_count(number, true), 1);
}

Test(link, a_node_may_be_ended_in_order)
{
    uint32_t number = START("one", "join", "wait");
    wait_up(number);
    cr_assert_eq(troupe_node_end(root, number, 60000), 0);
    const struct heard *heard = wait_down(number);
    cr_assert_eq(heard->kind, TROUPE_EXIT_SHUTDOWN, "%s", heard->text);
    cr_assert_eq(heard->code, 0);
    cr_assert_eq(troupe_node_end(root, number, 60000), -ESRCH);
}

Test(link, what_a_node_writes_is_logged_under_its_name)
{
    START("one", "join", "say", "good morning", "wait");
    wait_log("[one] good morning");
}

Test(link, the_words_of_a_crash_quote_the_last_line)
{
    uint32_t number =
        START("a", "say", "first", "say", "the last", "exit", "3");
    cr_assert_str_eq(wait_down(number)->text,
                     "ended with exit code 3; its last line: the last");
    /* Cut between characters, which are of two bytes here, at an odd place. */
    char line[202] = "x", wanted[256] = "";
    for (size_t i = 1; i < 201; i += 2)
        memcpy(line + i, "\xc3\xbc", 2);
    number = START("b", "say", line, "raise", "9");
    snprintf(wanted, sizeof wanted,
             "killed by SIGKILL (Killed); its last line: %.119s ...", line);
    cr_assert_str_eq(wait_down(number)->text, wanted);
}

Test(link, an_orderly_end_quotes_nothing)
{
    uint32_t number = START("a", "say", "all is well", "join", "wait");
    wait_up(number);
    cr_assert_eq(troupe_node_end(root, number, 10000), 0);
    cr_assert_null(strstr(wait_down(number)->text, "last line"));
}

Test(link, death_before_ready_is_a_failed_start)
{
    uint32_t number = START("one", "exit", "3");
    const struct heard *heard = wait_down(number);
    cr_assert_not(heard->was_ready);
    cr_assert_not(heard->is_permanent);
    cr_assert_eq(heard->kind, TROUPE_EXIT_ERROR);
    cr_assert_eq(heard->code, 3);
    cr_assert_eq(heard_count(number, true), 0);
}

Test(link, exit_code_125_says_do_not_start_me_again)
{
    uint32_t number = START("one", "join", "exit", "125");
    const struct heard *heard = wait_down(number);
    cr_assert(heard->is_permanent);
    cr_assert_eq(heard->code, 125);
}

/* Its path need not be text. */
Test(link, a_missing_program_is_a_failed_start)
{
    uint32_t number = 0;
    troupe_node_spec_t spec = {.name = "one",
                               .path = "/nonexistent/program\xff"};
    cr_assert_eq(troupe_node_start(root, &spec, &number), 0);
    const struct heard *heard = wait_down(number);
    cr_assert_not(heard->was_ready);
    cr_assert_eq(heard->code, -ENOENT);
    cr_assert(strstr(heard->text, "/nonexistent/program?"), "%s", heard->text);
}

static _Atomic uint32_t called_ready, called_ended;

static void
note_ready(void *data, uint32_t number)
{
    cr_assert_eq(data, &called_ready);
    called_ready = number;
}

static void
note_ended(void *data, const troupe_node_event_t *event)
{
    cr_assert_eq(data, &called_ready);
    cr_assert(event->was_ready);
    called_ended = event->number;
}

Test(link, code_of_the_library_is_called_where_it_asks_for_that)
{
    static const char *const args[] = {"player", "join", "wait", NULL};
    struct troupe__node_calls calls = {note_ready, note_ended};
    troupe_node_spec_t spec = {
        .name = "one", .path = player_path(), .argv = args};
    uint32_t number = 0;
    cr_assert_eq(
        troupe__hub_start(root, &spec, &calls, (void *) &called_ready, &number),
        0);
    wait_up(number);
    cr_assert_eq(called_ready, number);
    cr_assert_eq(called_ended, 0);
    kill(pid_of(number), SIGKILL);
    wait_down(number);
    cr_assert_eq(called_ended, number);
}

static void
begin_in_haste(void)
{
    run_begin_with((troupe_nodes_options_t){
        .hang_ms = 60000, .start_ms = 200, .term_ms = 60000});
}

Test(link, who_never_joins_is_ended, .init = begin_in_haste)
{
    uint32_t number = START("one", "wait");
    const struct heard *heard = wait_down(number);
    cr_assert_not(heard->was_ready);
    cr_assert_eq(heard->kind, TROUPE_EXIT_KILLED);
    cr_assert(strstr(heard->text, "it was not ready in time"), "%s",
              heard->text);
}

Test(link, nodes_know_each_other_before_they_are_ready)
{
    uint32_t numbers[4];
    char name[16];
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "node%d", i);
        numbers[i] = START(name, "join", "wait");
    }
    for (int i = 0; i < 4; i++)
        wait_up(numbers[i]);
    cr_assert_eq(troupe_node_list(root, NULL, 0), 5);
}

Test(link, twenty_lives_of_one_node_have_twenty_numbers)
{
    uint32_t last = 1;
    for (int i = 0; i < 20; i++) {
        uint32_t number = START("one", "join", "name", "star", "wait");
        cr_assert_gt(number, last);
        last = number;
        wait_up(number);
        kill(pid_of(number), SIGKILL);
        const struct heard *heard = wait_down(number);
        cr_assert_eq(heard->code, SIGKILL, "%s", heard->text);
    }
    for (uint32_t i = 2; i <= last; i++)
        cr_assert_eq(heard_count(i, false), 1);
}

Test(link, one_name_is_one_living_nodes)
{
    uint32_t number = START("one", "join", "wait");
    troupe_node_spec_t spec = {.name = "one", .path = player_path()};
    cr_assert_eq(troupe_node_start(root, &spec, NULL), -EEXIST);
    spec.name = "root";
    cr_assert_eq(troupe_node_start(root, &spec, NULL), -EEXIST);
    spec.name = "";
    cr_assert_eq(troupe_node_start(root, &spec, NULL), -EINVAL);
    wait_up(number);
    cr_assert_eq(troupe_node_end(root, number, 60000), 0);
    wait_down(number);
    wait_up(START("one", "join", "wait"));
}

/* run_end() finds what is left: a child, a descriptor, a socket's file. */
Test(link, a_root_takes_all_its_nodes_with_it)
{
    int pidfds[3];
    const char *const names[] = {"one", "two", "three"};
    for (int i = 0; i < 3; i++) {
        uint32_t number = START(names[i], "join", "wait");
        wait_up(number);
        pidfds[i] = watch_pid(pid_of(number));
    }
    START("four", "wait"); /* that one never joins */
    cr_assert_eq(troupe_stop(root, 60000), 0);
    for (int i = 0; i < 3; i++)
        wait_gone(pidfds[i]);
    troupe_node_spec_t spec = {.name = "late", .path = player_path()};
    cr_assert_eq(troupe_node_start(root, &spec, NULL), -ESHUTDOWN);
}

Test(link, nodes_are_stopped_in_reverse)
{
    wait_up(START("one", "join", "wait"));
    wait_up(START("two", "join", "wait"));
    cr_assert_eq(troupe_stop(root, 60000), 0);
    cr_assert_lt(log_index("two has ended"), log_index("one has ended"));
}

/* It ignores both ways to ask it: the end of the time is the end of it. */
Test(link, who_does_not_stop_in_time_is_killed)
{
    uint32_t number = START("one", "join", "ignore", "15", "say", "deaf",
                            "seek", "nobody at all");
    wait_up(number);
    wait_log("[one] deaf");
    int pidfd = watch_pid(pid_of(number));
    cr_assert_eq(troupe_stop(root, 100), 0);
    wait_gone(pidfd);
}

Test(link, a_node_alone_has_no_run)
{
    troupe_t *alone = NULL;
    troupe_node_spec_t spec = {.name = "one", .path = player_path()};
    cr_assert_eq(troupe_node_join(NULL, &alone), -ENODATA);
    cr_assert_eq(troupe_new(NULL, &alone), 0);
    cr_assert_eq(troupe_node_start(alone, &spec, NULL), -EPERM);
    cr_assert_eq(troupe_node_end(alone, 2, 0), -EPERM);
    cr_assert_eq(troupe_node_list(alone, NULL, 0), 0);
    cr_assert_eq(troupe_destroy(&alone), 0);
}

Test(link, a_root_wants_a_directory_of_its_own)
{
    troupe_t *other = NULL;
    troupe_nodes_options_t nodes = {.directory = run_directory()};
    troupe_options_t options = troupe_options_default();
    options.nodes = &nodes;
    cr_assert_eq(troupe_new(&options, &other), -EEXIST);
    nodes.directory = "/tmp";
    cr_assert_eq(troupe_new(&options, &other), -EACCES);
    nodes.directory = "/nonexistent";
    cr_assert_eq(troupe_new(&options, &other), -ENOENT);
    nodes.directory = "relative";
    cr_assert_eq(troupe_new(&options, &other), -EINVAL);
    wait_up(START("one", "join", "wait")); /* the first is unharmed */
}

static sem_t reads, goes_on;

/* While a line is read nobody notes that a process was started. */
static void
read_slowly(void *data, const char *name, int stream, const char *text)
{
    (void) data, (void) name, (void) stream;
    if (strcmp(text, "slow") != 0)
        return;
    sem_post(&reads);
    sem_wait(&goes_on);
}

static void
begin_with_a_slow_reader(void)
{
    sem_init(&reads, 0, 0);
    sem_init(&goes_on, 0, 0);
    run_begin_with((troupe_nodes_options_t){.line = read_slowly});
}

/* "Not yet" would cost it two seconds; it did so for one in forty of those that
 * were started beside others. */
Test(link, one_that_comes_before_its_start_is_noted_waits_at_the_door,
     .init = begin_with_a_slow_reader)
{
    wait_up(START("slow", "join", "say", "slow", "wait"));
    sem_wait(&reads);
    uint32_t number = START("one", "join", "wait");
    while (atomic_load(&root->link->held_count) == 0)
        sched_yield();
    sem_post(&goes_on);
    wait_up(number);
    cr_assert_eq(atomic_load(&root->link->held_count), 0);
}

static struct troupe__link of_start = {.lock = PTHREAD_MUTEX_INITIALIZER};
static struct troupe__hub at_door = {.link = &of_start};
static _Atomic pid_t judging;

static void *
judge_one(void *ret_verdict)
{
    atomic_store(&judging, (pid_t) syscall(SYS_gettid));
    *(enum troupe__verdict *) ret_verdict = troupe__hub_judge(&at_door, 7, 42);
    atomic_store(&judging, -1);
    return NULL;
}

/* It has judged, or waits for that. */
static bool
is_at_rest(pid_t thread)
{
    char path[64], state = '?';
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int) thread);
    FILE *file = thread > 0 ? fopen(path, "r") : NULL;
    if (file && fscanf(file, "%*d %*[^)]) %c", &state) != 1)
        state = '?';
    if (file)
        fclose(file);
    return thread < 0 || state == 'S';
}

/* Who starts it lists it behind that, but lets go of the lock only then. */
Test(door, who_comes_before_it_is_listed_is_judged_when_it_is)
{
    struct troupe__hub_node node = {.state = HUB_STARTING};
    enum troupe__verdict verdict = TROUPE__LET_IN;
    pthread_t thread;
    node.facts.number = 7;
    pthread_mutex_lock(&of_start.lock);
    cr_assert_eq(pthread_create(&thread, NULL, judge_one, &verdict), 0);
    while (!is_at_rest(atomic_load(&judging)))
        sched_yield();
    at_door.nodes[0] = &node;
    atomic_store(&at_door.count, 1);
    pthread_mutex_unlock(&of_start.lock);
    pthread_join(thread, NULL);
    cr_assert_eq(verdict, TROUPE__NOT_YET);
}
