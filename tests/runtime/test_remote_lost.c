/* SPDX-License-Identifier: Apache-2.0 */
/* test_remote_lost.c: a node has ended: what it owed is settled, once. */
#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/far_clerk.h"
#include "runtime/world.h"
#include "troupe_lifecycle.h"

TestSuite(remote_lost, .init = pair_begin, .fini = pair_end, .timeout = 60);

enum { LONG_MS = 60000 };

static char words[1024];

static int
note_words(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    snprintf(words, sizeof words, "%s", answer->text);
    return note_answer(ctx, state, answer);
}

static int
ask_job(troupe_context_t *ctx, void *arg)
{
    return troupe_ask(ctx, *(const troupe_ref_t *) arg, "job", LONG_MS,
                      note_words, NULL, NULL);
}

static int
watch_it(troupe_context_t *ctx, void *arg)
{
    int rc = troupe_monitor(ctx, *(const troupe_ref_t *) arg, NULL);
    return rc;
}

static int
link_it(troupe_context_t *ctx, void *arg)
{
    return troupe_link(ctx, *(const troupe_ref_t *) arg);
}

/* That node is at rest and has noted nothing more. */
static void
nothing_more(troupe_t *at)
{
    cr_assert_eq(troupe_settle(at, 30000), 0);
    const char *got = notes_after(0);
    cr_assert_str_eq(got, "", "%s", got);
}

static void
is_down_once(troupe_ref_t asker, troupe_ref_t target, troupe_t *of)
{
    cr_assert_eq(inside(asker, ask_job, &target), 0);
    cr_assert_str_eq(notes_after(1), "holds");
    pair_settle();
    pair_lose(of, "killed by signal 9");
    pair_lose(of, "killed twice");
    cr_assert_str_eq(notes_after(1), "down -3");
    cr_assert(strstr(words, "was lost: killed by signal 9"), "%s", words);
    /* Its answer comes too late. */
    cr_assert_eq(troupe_node_send(away, target, "done", NULL), 0);
    cr_assert_eq(troupe_settle(away, 30000), 0);
    nothing_more(of);
}

Test(remote_lost, an_ask_that_is_held_there_ends_down_once)
{
    is_down_once(spawn_on(home, &probe), spawn_on(away, &far_clerk), home);
}

Test(remote_lost, an_ask_of_an_own_thread_ends_down_once)
{
    const troupe_spawn_options_t own = {.place = TROUPE_OWN_THREAD};
    is_down_once(spawn(&probe, &own), spawn_on(away, &far_clerk), home);
}

Test(remote_lost, an_ask_that_was_forwarded_there_ends_down_once)
{
    troupe_ref_t asker = spawn_on(home, &probe);
    troupe_ref_t first = spawn_on(home, &far_clerk);
    troupe_ref_t far = spawn_on(away, &far_clerk);
    hand_on(first, far);
    cr_assert_eq(inside(asker, ask_job, &first), 0);
    cr_assert_str_eq(notes_after(1), "holds");
    pair_settle();
    pair_lose(home, "killed by signal 9");
    cr_assert_str_eq(notes_after(1), "down -3");
    nothing_more(home);
}

/* The word of it comes after the loss: it is forwarded to nobody by then. */
Test(remote_lost, an_ask_that_is_forwarded_there_afterwards_ends_down_once)
{
    troupe_ref_t asker = spawn_on(home, &probe);
    troupe_ref_t first = spawn_on(home, &far_clerk);
    troupe_ref_t far = spawn_on(away, &far_clerk);
    hand_on(first, far);
    pair_lose(home, "killed by signal 9");
    cr_assert_eq(inside(asker, ask_job, &first), 0);
    cr_assert_str_eq(notes_after(1), "down -3");
    cr_assert_eq(inside(asker, ask_job, &far), 0);
    cr_assert_str_eq(notes_after(1), "down -3");
    nothing_more(home);
}

struct waiter {
    troupe_ref_t to;
    int rc;
};

static void *
wait_for_answer(void *data)
{
    struct waiter *self = data;
    self->rc = troupe_node_ask(home, self->to, "job", LONG_MS, NULL, NULL);
    note("thread %d", self->rc);
    return NULL;
}

Test(remote_lost, a_thread_that_waits_for_an_answer_goes_on)
{
    struct waiter waiter = {.to = spawn_on(away, &far_clerk)};
    pthread_t thread;
    pthread_create(&thread, NULL, wait_for_answer, &waiter);
    cr_assert_str_eq(notes_after(1), "holds");
    pair_lose(home, "killed by signal 9");
    cr_assert_str_eq(notes_after(1), "thread -3");
    pthread_join(thread, NULL);
    nothing_more(home);
}

Test(remote_lost, monitors_and_links_are_told_once_with_the_cause)
{
    const troupe_spawn_options_t own = {.place = TROUPE_OWN_THREAD};
    troupe_ref_t far = spawn_on(away, &probe);
    troupe_ref_t one = spawn_on(home, &noisy), other = spawn(&noisy, &own);
    troupe_ref_t trapper = spawn_on(home, &trapping);
    troupe_ref_t linked = spawn_on(home, &probe);
    cr_assert_str_eq(notes_after(2), "start 1, start 1");
    cr_assert_eq(inside(one, watch_it, &far), 0);
    cr_assert_eq(inside(other, watch_it, &far), 0);
    cr_assert_eq(inside(trapper, link_it, &far), 0);
    cr_assert_eq(inside(linked, link_it, &far), 0);
    cr_assert_eq(inside(one, watch_it, &linked), 0);
    pair_settle();
    pair_lose(home, "killed by signal 9");
    const char *got = notes_after(4);
    int downs = 0, exits = 0;
    for (const char *at = got; (at = strstr(at, "killed by signal 9")); at++)
        downs++;
    for (const char *at = got; (at = strstr(at, "exit noconnection")); at++)
        exits++;
    cr_assert_eq(downs, 4, "%s", got);
    cr_assert_eq(exits, 1, "%s", got);
    /* Its end is not told again by what still comes from there. */
    inside_later(far, watch_it, &far);
    cr_assert_eq(troupe_node_exit(away, far, TROUPE_EXIT_KILLED, LONG_MS), 0);
    cr_assert_eq(troupe_node_exit(home, trapper, TROUPE_EXIT_KILLED, LONG_MS),
                 0);
    nothing_more(home);
}

Test(remote_lost, asks_of_who_was_there_are_cancelled)
{
    const troupe_spawn_options_t place = {.place = TROUPE_WORKER, .worker = 1};
    troupe_ref_t far = TROUPE_NOBODY, near = spawn_on(home, &far_clerk);
    cr_assert_eq(troupe_node_spawn(away, &probe, &place, &far, NULL), 0);
    cr_assert_eq(inside(far, ask_job, &near), 0);
    cr_assert_str_eq(notes_after(1), "holds");
    pair_lose(home, "killed by signal 9");
    cr_assert_str_eq(notes_after(1), "let go");
    nothing_more(home);
}

/* So much that came from the lost node was dropped. */
static void
await_late(troupe_t *at, uint64_t count)
{
    troupe_node_stats_t stats;
    do {
        sched_yield();
        troupe_node_stats_get(at, &stats);
    } while (stats.late_replies < count);
}

/* Its start is done when the one that it asks has answered. */
struct late {
    troupe_token_t token;
};

static int
late_go(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) state, (void) answer;
    return troupe_started(ctx);
}

static int
late_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_ref_t gate;
    (void) state;
    int rc = troupe_unpack(msg, "R", &gate);
    if (rc == 0)
        rc = troupe_ask(ctx, gate, "job", LONG_MS, late_go, NULL, NULL);
    return rc < 0 ? rc : TROUPE_STARTING;
}

static int
late_job(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct late *self = state;
    (void) msg;
    note("deferred");
    return troupe_defer(ctx, &self->token);
}

static int
late_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    note("let go");
    return 0;
}

TROUPE_KIND(late_starter, struct late, TROUPE_ON_START(late_start),
            TROUPE_ON("job", late_job), TROUPE_ON_CANCEL(late_cancel));

/* It is taken out of the mailbox, and deferred, after the loss. */
Test(remote_lost, an_ask_that_waited_meanwhile_is_cancelled_too)
{
    troupe_ref_t far = spawn_on(away, &probe),
                 gate = spawn_on(home, &far_clerk);
    troupe_ref_t near;
    cr_assert_eq(troupe_node_spawn(home, &late_starter, NULL, &near, "R", gate),
                 0);
    cr_assert_str_eq(notes_after(1), "holds");
    cr_assert_eq(inside(far, ask_job, &near), 0);
    pair_settle();
    pair_lose(home, "killed by signal 9");
    cr_assert_eq(troupe_settle(home, 30000), 0);
    cr_assert_eq(troupe_node_send(home, gate, "done", NULL), 0);
    cr_assert_str_eq(notes_after(2), "deferred, let go");
    nothing_more(home);
}

Test(remote_lost, what_is_sent_there_afterwards_is_a_dead_letter)
{
    troupe_ref_t far = spawn_on(away, &far_clerk);
    troupe_dead_letter_t letter;
    pair_lose(home, "killed by signal 9");
    cr_assert_eq(troupe_node_send(home, far, "add", "i", 5), 0);
    cr_assert_eq(troupe_dead_letters(home, &letter, 1), 1);
    cr_assert_str_eq(letter.type, "add");
    cr_assert_eq(troupe_node_ask(home, far, "sum", LONG_MS, NULL, NULL),
                 -ESRCH);
}

Test(remote_lost, a_lost_number_does_not_come_back)
{
    struct troupe__peer_facts facts = {.number = 2, .workers = 1, .name = "x"};
    pair_lose(home, "killed by signal 9");
    cr_assert_eq(troupe__peer_admit(home, &facts), -EEXIST);
    cr_assert_eq(troupe__peer_route(home, 2), -ENOENT);
    cr_assert_not(troupe__peer_grants(home, 2, getpid()));
}

/* What it still says is not heard. */
Test(remote_lost, frames_of_a_lost_node_are_dropped)
{
    troupe_ref_t near = spawn_on(home, &far_clerk),
                 far = spawn_on(away, &probe);
    troupe_message_t *reply = NULL;
    int64_t sum = 0, count = 0;
    cr_assert_eq(troupe_node_send(away, near, "add", "i", 5), 0);
    pair_settle();
    pair_lose(home, "killed by signal 9");
    cr_assert_eq(troupe_node_send(away, near, "add", "i", 6), 0);
    (void) far;
    await_late(home, 1);
    cr_assert_eq(troupe_node_ask(home, near, "sum", LONG_MS, &reply, NULL), 0);
    cr_assert_eq(troupe_unpack(reply, "[I, I]", &sum, &count), 0);
    cr_assert_eq(sum, 5);
    cr_assert_eq(count, 1);
    troupe_message_destroy(&reply);
}
