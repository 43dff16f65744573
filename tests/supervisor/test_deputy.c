/* SPDX-License-Identifier: Apache-2.0 */
/* test_deputy.c: who stands in for children whose processes take nothing. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/greedy.h"
#include "supervisor/herald.h"
#include "supervisor/isolation.h"
#include "supervisor/isolation_world.h"

/* 14 may be under way, FEW are put aside; four times FEW and no more wait. */
enum { LARGE = 19 << 16, FEW = 6, MANY = 22 };

/* A stopped process is to stay one for as long as the test takes. */
static void
begin(void)
{
    isolation_begin(NULL, (troupe_nodes_options_t){.hang_ms = 600000});
}

TestSuite(deputy, .init = begin, .fini = isolation_end, .timeout = 120);

/* A signal that stops takes a moment to come to all threads. */
static bool
is_stopped(pid_t pid)
{
    char path[64], line[512];
    bool all = true;
    snprintf(path, sizeof path, "/proc/%d/task", (int) pid);
    DIR *tasks = opendir(path);
    cr_assert(tasks);
    const struct dirent *task;
    while ((task = readdir(tasks))) {
        if (task->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.16s/stat", (int) pid,
                 task->d_name);
        FILE *file = fopen(path, "r");
        cr_assert(file && fgets(line, sizeof line, file));
        all &= strstr(line, ") T ") != NULL;
        fclose(file);
    }
    closedir(tasks);
    return all;
}

/* One whose process is stopped; returns its pid. */
static pid_t
stopped_mate(uint32_t worker)
{
    troupe_child_spec_t spec = mate_spec("one");
    spec.mailbox.messages_max = FEW;
    spec.place = TROUPE_WORKER;
    spec.worker = worker;
    spec.shutdown_ms = 60000;
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    pid_t pid = (pid_t) number_of("one", "pid");
    cr_assert_eq(kill(pid, SIGSTOP), 0);
    while (!is_stopped(pid))
        sched_yield();
    return pid;
}

struct filling {
    char *body;
    bool asks; /* behind them */
    int sent;
    int code; /* of the answer; -EAGAIN: not all of them are sent */
};

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct filling *self = state;
    (void) ctx;
    self->code = answer->outcome == TROUPE_REPLY ? 0 : answer->code;
    return TROUPE_STOP;
}

/* One that is overloaded itself does not rest for others. So the deputy gets all
 * of them at once: more than may be under way to a process, and put aside. */
static int
overload(troupe_context_t *ctx, void *state, void *data)
{
    struct filling *self = state;
    (void) data;
    troupe_ref_t one = named("one");
    int rc = self->sent == 0 ? troupe_suspend(ctx, one) : 0;
    while (rc == 0 && self->sent < MANY) {
        rc = troupe_send(ctx, one, "note", "s#", self->body, (size_t) LARGE);
        self->sent += rc == 0;
    }
    if (rc == 0 && self->asks)
        rc = troupe_ask(ctx, one, "heard", 60000, on_answer, NULL, NULL);
    if (rc == -EAGAIN)
        return TROUPE_STOP; /* its worker has not taken the others yet */
    self->code = 0;
    if (rc == 0)
        rc = troupe_resume(ctx, one);
    return rc < 0 || self->asks ? rc : TROUPE_STOP;
}

/* Until its deputy can put nothing more aside; returns what an ask behind all
 * ends with, if there is one. */
static int
fill_up(bool asks)
{
    struct filling filling = {
        .body = malloc(LARGE), .asks = asks, .code = -EAGAIN};
    cr_assert(filling.body);
    memset(filling.body, 'x', LARGE);
    while (filling.code == -EAGAIN)
        cr_assert_eq(troupe_node_run(root, overload, &filling, 60000), 0);
    free(filling.body);
    (void) wait_line("'note' dropped: its process takes nothing now");
    return filling.code;
}

Test(deputy, one_that_can_put_nothing_more_aside_refuses)
{
    pid_t pid = stopped_mate(0);
    cr_assert_eq(fill_up(true), -ENOBUFS);
    cr_assert_eq(kill(pid, SIGCONT), 0);
    /* It lives, in the same process, and heard what was not refused. */
    int rc = -ENOBUFS;
    while (rc == -ENOBUFS || rc == -EAGAIN)
        rc = troupe_node_ask(root, named("one"), "pid", 60000, NULL, NULL);
    cr_assert_eq(rc, 0, "%d: %s", rc, troupe_node_ask_words());
    cr_assert_eq(number_of("one", "pid"), pid);
    cr_assert_eq(number_of("one", "incarnation"), 1);
    cr_assert_gt(number_of("one", "heard"), FEW);
}

static bool
is_stopping(const char *id)
{
    troupe_child_info_t info;
    cr_assert_eq(troupe_supervisor_which_child(root, top, id, &info), 0);
    return info.status == TROUPE_CHILD_STOPPING;
}

static void *
terminate(void *ret_rc)
{
    *(int *) ret_rc = troupe_supervisor_terminate_child(root, top, "one");
    return NULL;
}

/* The way to who is asked to stop it is that to one of the node's workers. */
static void
stop_with_a_full_way(uint32_t worker)
{
    pthread_t thread;
    int rc = -EINVAL;
    pid_t pid = stopped_mate(worker);
    (void) fill_up(false);
    cr_assert_eq(pthread_create(&thread, NULL, terminate, &rc), 0);
    while (!is_stopping("one"))
        sched_yield();
    cr_assert_eq(kill(pid, SIGCONT), 0);
    pthread_join(thread, NULL);
    cr_assert_eq(rc, 0, "%d", rc);
    cr_assert(!has_line("failed on"));
    cr_assert(!has_line("child 'one' ended"));
}

Test(deputy, one_that_is_full_stops_in_order)
{
    stop_with_a_full_way(0);
}

Test(deputy, one_that_is_full_stops_in_order_by_the_other_way)
{
    stop_with_a_full_way(1);
}

/* All are on one node, which is killed; their deputies, and so their supervisor,
 * hear of it in the order in which they came to it. */
Test(deputy, those_of_a_node_hear_of_its_end_in_order)
{
    static const char *const ids[] = {"a", "b", "c", "d", "e", "f"};
    enum { COUNT = sizeof ids / sizeof *ids };
    troupe_child_spec_t specs[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        specs[i] = mate_spec(ids[i]);
        specs[i].isolation = TROUPE_SAME_PROCESS;
        specs[i].node = "engines";
    }
    cr_assert_eq(supervise(&patient, specs, COUNT), 0);
    end_by(named("d"), "signal", SIGKILL);
    for (size_t i = 0, before = 0; i < COUNT; i++) {
        char words[32];
        snprintf(words, sizeof words, "child '%s' ended killed", ids[i]);
        size_t at = wait_line(words);
        cr_assert_geq(at, before, "%s before the one before it", ids[i]);
        before = at;
    }
}

/* Who orders actors of a node. */
static troupe_ref_t
host_of(const char *name)
{
    troupe_node_info_t infos[8];
    size_t count = troupe_node_list(root, infos, 8);
    for (size_t i = 0; i < count && i < 8; i++)
        if (strcmp(infos[i].name, name) == 0)
            return infos[i].agent;
    return TROUPE_NOBODY;
}

/* An actor of a node goes past its supervisor, to the host of another. */
Test(deputy, a_node_that_orders_actors_without_end_meets_a_bound)
{
    enum { MORE = 50 };
    int got = 0, refused = 0;
    troupe_message_t *reply = NULL;
    troupe_child_spec_t specs[] = {mate_spec("one"), mate_spec("two")};
    specs[1].kind = &greedy;
    cr_assert_eq(supervise(&patient, specs, 2), 0);
    troupe_ref_t host = host_of("one");
    cr_assert_not(troupe_ref_is_nobody(host));
    int rc = troupe_node_ask(root, named("two"), "order", 100000, &reply,
                             "[R, i]", host, TROUPE__STAYS_MAX + MORE);
    cr_assert_eq(rc, 0, "%s", troupe_node_ask_words());
    cr_assert_eq(troupe_unpack(reply, "[i, i]", &got, &refused), 0);
    troupe_message_destroy(&reply);
    cr_assert_eq(got, TROUPE__STAYS_MAX);
    cr_assert_eq(refused, MORE);
    wait_line("may have no more: refused");
    (void) number_of("one", "pid"); /* which is served as ever */
}

/* The supervisor is on a node that is not the root, and each herald on another:
 * its names are there when the child behind it starts. */
Test(deputy, who_starts_behind_a_child_elsewhere_finds_its_names)
{
    enum { PAIRS = 3 };
    static const char *const ids[] = {"a", "b", "c", "sa", "sb", "sc"};
    troupe_supervisor_options_t below = {.intensity = 100};
    troupe_child_spec_t children[2 * PAIRS];
    for (int i = 0; i < PAIRS; i++) {
        troupe_child_spec_t *pair = &children[2 * i];
        pair[0] = (troupe_child_spec_t){
            .id = ids[i], .kind = &herald, .node = "tower"};
        pair[1] = (troupe_child_spec_t){
            .id = ids[PAIRS + i], .name = ids[PAIRS + i], .kind = &seeker};
        cr_assert_eq(troupe_child_spec_pack(&pair[0], "s", ids[i]), 0);
        cr_assert_eq(troupe_child_spec_pack(&pair[1], "s", ids[i]), 0);
    }
    troupe_child_spec_t branch = {.id = "branch",
                                  .supervisor = &below,
                                  .children = children,
                                  .child_count = 2 * PAIRS,
                                  .node = "yard"};
    cr_assert_eq(supervise(&patient, &branch, 1), 0);
    for (int i = 0; i < PAIRS; i++)
        cr_assert_eq(number_of(ids[PAIRS + i], "found"), HERALD_NAMES, "%s",
                     ids[i]);
    for (int i = 0; i < 2 * PAIRS; i++)
        troupe_child_spec_clear(&children[i]);
}

/* Its node stays: who comes after it is not told that its names are taken. */
Test(deputy, what_a_child_called_itself_is_free_when_it_is_started_again)
{
    enum { ROUNDS = 10 };
    troupe_child_spec_t spec = {
        .id = "one", .name = "one", .kind = &herald, .node = "tower"};
    cr_assert_eq(troupe_child_spec_pack(&spec, "s", "of one "), 0);
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    for (int i = 1; i <= ROUNDS; i++) {
        cr_assert_eq(number_of("one", "incarnation"), i, "%d", i);
        end_by(named("one"), "fail", i); /* one message may break few */
    }
    cr_assert_eq(number_of("one", "incarnation"), ROUNDS + 1);
    troupe_child_spec_clear(&spec);
}

/* Whose deputy is killed is killed in its turn; the next one waits for that. */
Test(deputy, so_it_is_when_it_is_not_asked_to_stop)
{
    enum { ROUNDS = 5 };
    troupe_child_spec_t spec = {.id = "one",
                                .name = "one",
                                .kind = &herald,
                                .node = "tower",
                                .shutdown_ms = TROUPE_SHUTDOWN_BRUTAL};
    cr_assert_eq(troupe_child_spec_pack(&spec, "s", "of one "), 0);
    cr_assert_eq(supervise(&patient, &spec, 1), 0);
    for (int i = 1; i <= ROUNDS; i++) {
        cr_assert_eq(number_of("one", "incarnation"), i, "%d", i);
        cr_assert_eq(troupe_supervisor_renew_child(root, top, "one", NULL), 0);
    }
    cr_assert_eq(number_of("one", "incarnation"), ROUNDS + 1);
    troupe_child_spec_clear(&spec);
}
