/* SPDX-License-Identifier: Apache-2.0 */
/* test_stop.c: the end of a node: its order, its words, and what is left. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/world.h"

TestSuite(stop, .timeout = 30);

static int gate[2];

struct named {
    int number;
};

static int
named_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct named *self = state;
    (void) ctx;
    return troupe_unpack(msg, "i", &self->number);
}

static void
named_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    const struct named *self = state;
    (void) ctx;
    note("%d %s", self->number, troupe_exit_name(reason->kind));
}

static int
hang(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    char byte;
    (void) ctx, (void) state, (void) msg;
    note("hangs");
    return read(gate[0], &byte, 1) == 1 ? 0 : -EIO;
}

static int
ignore_exit(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return 0;
}

TROUPE_KIND(named, struct named, TROUPE_ON_START(named_start),
            TROUPE_ON_STOP(named_stop), TROUPE_ON("hang", hang),
            TROUPE_ON("do", do_inside));
TROUPE_KIND(stubborn_one, struct named, TROUPE_ON_START(named_start),
            TROUPE_ON_STOP(named_stop), TROUPE_ON_EXIT(ignore_exit));

static troupe_ref_t
named_new(const troupe_kind_t *kind, int number)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    cr_assert_eq(troupe_node_spawn(node, kind, NULL, &ref, "i", number), 0);
    settle();
    return ref;
}

static int
spawn_two(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    const troupe_spawn_options_t options = {.supervised = true};
    int rc = troupe_spawn(ctx, &named, &options, NULL, "i", 21);
    return rc < 0 ? rc : troupe_spawn(ctx, &named, NULL, NULL, "i", 22);
}

Test(stop, goes_in_the_reverse_order_of_starts)
{
    world_begin();
    named_new(&named, 1);
    troupe_ref_t second = named_new(&named, 2);
    named_new(&named, 3);
    cr_assert_eq(inside(second, spawn_two, NULL), 0);
    settle();
    cr_assert_eq(troupe_stop(node, 5000), 0);
    cr_assert_str_eq(troupe_stragglers(node), "");
    assert_notes("3 shutdown, 2 shutdown, 21 shutdown, 1 shutdown, 22 "
                 "shutdown");
    cr_assert_eq(troupe_stop(node, 5000), 0);
    world_end();
}

/* It has a say in a shutdown, not in a kill. */
Test(stop, names_and_kills_who_does_not_stop)
{
    world_begin();
    named_new(&named, 1);
    named_new(&stubborn_one, 2);
    cr_assert_eq(troupe_stop(node, 50), -ETIMEDOUT);
    const char *names = troupe_stragglers(node);
    const char *guilty = strstr(names, "stubborn_one");
    const char *innocent = strstr(names, "named");
    cr_assert(guilty && strstr(guilty, "did not stop in time"), "%s", names);
    cr_assert(innocent && strstr(innocent, "no time was left"), "%s", names);
    cr_assert_eq(troupe_stop(node, 50), -ETIMEDOUT);
    cr_assert_eq(troupe_destroy(&node), 0);
    cr_assert_null(node);
}

Test(stop, names_whose_handler_does_not_return)
{
    world_begin();
    cr_assert_eq(pipe(gate), 0);
    const troupe_spawn_options_t own = {.place = TROUPE_OWN_THREAD,
                                        .name = "hanger"};
    troupe_ref_t ref = TROUPE_NOBODY;
    cr_assert_eq(troupe_node_spawn(node, &named, &own, &ref, "i", 1), 0);
    settle();
    tell(ref, "hang");
    troupe_actor_stats_t stats = {.received = 0};
    while (stats.received == 0) {
        cr_assert_eq(troupe_actor_stats_get(node, ref, &stats), 0);
        sched_yield();
    }
    cr_assert_eq(troupe_stop(node, 20), -ETIMEDOUT);
    cr_assert(strstr(troupe_stragglers(node), "'hang'"), "%s",
              troupe_stragglers(node));
    cr_assert(strstr(troupe_stragglers(node), "hanger"), "%s",
              troupe_stragglers(node));
    /* The memory of the node stays: keep a way to it, for leak checkers. */
    static troupe_t *left_behind;
    left_behind = node;
    cr_assert_eq(troupe_destroy(&node), -ETIMEDOUT);
    cr_assert_null(node);
    cr_assert_not_null(left_behind);
}

/* The same of an ordinary thread: it lives as an actor, and hangs in that. */
static int
hang_in_run(troupe_context_t *ctx, void *state, void *data)
{
    char byte;
    (void) ctx, (void) state, (void) data;
    note("hangs");
    return read(gate[0], &byte, 1) == 1 ? 0 : -EIO;
}

static void *
live_as_actor(void *arg)
{
    int *result = arg;
    pthread_setname_np(pthread_self(), "visitor");
    *result = troupe_node_run(node, hang_in_run, NULL, 0);
    return NULL;
}

static pthread_t
visitor_new(int *result)
{
    pthread_t visitor;
    world_begin();
    cr_assert_eq(pipe(gate), 0);
    cr_assert_eq(pthread_create(&visitor, NULL, live_as_actor, result), 0);
    while (strcmp(notes(), "hangs") != 0)
        sched_yield();
    named_new(&named, 1);
    return visitor;
}

Test(stop, keeps_its_deadline_when_a_thread_hangs_in_its_callback)
{
    int result = 0;
    pthread_t visitor = visitor_new(&result);
    cr_assert_eq(troupe_stop(node, 20), -ETIMEDOUT);
    const char *names = troupe_stragglers(node);
    cr_assert(strstr(names, "visitor: its callback (begin) does not return"),
              "%s", names);
    assert_notes("1 shutdown");
    static troupe_t *left_behind; /* a way to its memory, for leak checkers */
    left_behind = node;
    cr_assert_eq(troupe_destroy(&node), -ETIMEDOUT);
    cr_assert_not_null(left_behind);
    /* What it does when it comes back at last harms nobody. */
    cr_assert_eq(write(gate[1], "x", 1), 1);
    pthread_join(visitor, NULL);
    cr_assert_eq(result, -ECANCELED);
}

Test(stop, leaves_nothing_when_the_thread_is_back_before_the_end)
{
    int result = 0;
    pthread_t visitor = visitor_new(&result);
    cr_assert_eq(troupe_stop(node, 20), -ETIMEDOUT);
    cr_assert_eq(write(gate[1], "x", 1), 1);
    pthread_join(visitor, NULL);
    cr_assert_eq(result, -ECANCELED);
    cr_assert_eq(troupe_destroy(&node), 0);
}

static int
count_entries(const char *path)
{
    int count = 0;
    DIR *dir = opendir(path);
    cr_assert_not_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static int
block_shortly(void *arg, troupe_result_t *result)
{
    (void) arg;
    return troupe_result_set(result, "i", 1);
}

static int
use_everything(troupe_context_t *ctx, void *arg)
{
    const troupe_spawn_options_t own = {.place = TROUPE_OWN_THREAD,
                                        .name = "own"};
    troupe_ask_options_t options = {.answer = note_answer};
    troupe_ref_t ref;
    (void) arg;
    int rc = troupe_spawn(ctx, &named, &own, &ref, "i", 5);
    if (rc == 0)
        rc = troupe_blocking(ctx, block_shortly, NULL, 0, &options, NULL);
    if (rc == 0)
        rc = troupe_timer_set(ctx, "tick", 1000, 10);
    if (rc == 0)
        rc = troupe_join(ctx, "group");
    if (rc == 0)
        rc = troupe_ask(ctx, ref, "unanswered", 0, note_answer, NULL, NULL);
    return rc;
}

Test(stop, leaves_no_thread_and_no_descriptor_behind)
{
    int threads = 0, descriptors = 0;
    int before = count_entries("/proc/self/fd");
    for (int i = 0; i < 4; i++) {
        world_begin();
        cr_assert_eq(inside(named_new(&named, 1), use_everything, NULL), 0);
        settle();
        world_end();
        if (i == 0) { /* what the libraries keep for good is there now */
            threads = count_entries("/proc/self/task");
            descriptors = count_entries("/proc/self/fd");
        }
    }
    cr_assert_eq(count_entries("/proc/self/task"), threads);
    cr_assert_eq(count_entries("/proc/self/fd"), descriptors);
    cr_assert_leq(descriptors, before + 2); /* a library's, if any */
}

Test(stop, two_nodes_do_not_know_of_each_other)
{
    troupe_t *other = NULL;
    troupe_options_t options = world_options();
    world_begin();
    cr_assert_eq(troupe_new(&options, &other), 0);
    const troupe_spawn_options_t name = {.name = "same"};
    troupe_ref_t here, there, found;
    cr_assert_eq(troupe_node_spawn(node, &probe, &name, &here, NULL), 0);
    cr_assert_eq(troupe_node_spawn(other, &noisy, &name, &there, NULL), 0);
    cr_assert_eq(troupe_settle(other, 10000), 0);
    assert_notes("start 1");
    cr_assert_eq(troupe_node_send(node, here, "one", NULL), 0);
    cr_assert_eq(troupe_node_send(other, there, "two", NULL), 0);
    cr_assert_eq(troupe_settle(other, 10000), 0);
    const char *got = notes();
    cr_assert(strstr(got, "one") && strstr(got, "two"), "%s", got);
    cr_assert_eq(troupe_destroy(&other), 0);
    cr_assert_eq(troupe_lookup(node, "same", &found), 0);
    cr_assert_eq(found.id, here.id);
    cr_assert_eq(troupe_node_send(node, here, "three", NULL), 0);
    assert_notes("stop shutdown, three");
    world_end();
    cr_assert_eq(troupe_destroy(&node), 0); /* NULL is fine */
}

static int
request(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    troupe_stop_request(troupe_context_node(ctx));
    return 0;
}

Test(stop, an_actor_can_ask_for_it)
{
    world_begin();
    cr_assert_eq(troupe_wait(node, 1), -ETIMEDOUT);
    inside_later(named_new(&named, 1), request, NULL);
    cr_assert_eq(troupe_wait(node, 0), 0);
    cr_assert_eq(troupe_stop(node, 5000), 0);
    assert_notes("1 shutdown");
    world_end();
}

/* A number of a thread of ours from its status in /proc; 0: there is none. */
static long
status_number(const char *tid, const char *format)
{
    char path[64], line[256];
    long number = 0;
    snprintf(path, sizeof path, "/proc/self/task/%.16s/status", tid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, format, &number) == 1)
            break;
    if (file)
        fclose(file);
    return number;
}

/* How often the threads of the node and of libzmq were on a processor; those
 * of the test, of a sanitizer, and of the watchdog, which looks at times, are
 * left out. */
static long
times_run(void)
{
    long times = 0;
    int threads = 0;
    DIR *tasks = opendir("/proc/self/task");
    cr_assert_not_null(tasks);
    for (struct dirent *entry; (entry = readdir(tasks));) {
        if (entry->d_name[0] == '.' || atoi(entry->d_name) == getpid())
            continue;
        char path[64], name[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%.16s/comm",
                 entry->d_name);
        FILE *file = fopen(path, "r");
        if (file && !fgets(name, sizeof name, file))
            name[0] = '\0';
        if (file)
            fclose(file);
        bool ours =
            strncmp(name, "troupe-", 7) == 0 || strncmp(name, "ZMQbg", 5) == 0;
        if (!ours || strncmp(name, "troupe-watch", 12) == 0)
            continue;
        threads++;
        times += status_number(entry->d_name, "voluntary_ctxt_switches: %ld");
        times +=
            status_number(entry->d_name, "nonvoluntary_ctxt_switches: %ld");
    }
    closedir(tasks);
    cr_assert_geq(threads, 3); /* a worker and libzmq's two */
    return times;
}

/* Nobody wakes up to look whether there is something to do, and nobody goes
 * on looking. A thread may be on its way to sleep when it is counted first. */
Test(stop, an_idle_node_uses_no_processor_time)
{
    troupe_options_t options = world_options();
    options.manual_clock = false;
    options.watchdog_ms = 1000;
    cr_assert_eq(troupe_new(&options, &node), 0);
    troupe_ref_t ref = probe_new();
    tell(ref, "hello");
    settle();
    struct timespec from, to;
    cr_assert_eq(troupe_wait(node, 100), -ETIMEDOUT);
    cr_assert_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from), 0);
    long before = times_run();
    cr_assert_eq(troupe_wait(node, 500), -ETIMEDOUT);
    long times = times_run() - before;
    cr_assert_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to), 0);
    double used = (double) (to.tv_sec - from.tv_sec)
                  + (double) (to.tv_nsec - from.tv_nsec) / 1e9;
    cr_assert_leq(times, 2, "%ld", times);
    cr_assert_lt(used, 0.05, "%f", used); /* of processor time: a spin's */
    world_end();
}
