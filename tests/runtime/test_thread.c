/* SPDX-License-Identifier: Apache-2.0 */
/* test_thread.c: ordinary threads send, ask and live for a while. */
#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "runtime/world.h"

TestSuite(thread, .init = world_begin, .fini = world_end, .timeout = 30);

enum { THREADS = 8, MESSAGES = 300 };

struct tally {
    int next[THREADS];
};

static _Atomic int wrong_order, arrived;

static int
count_up(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct tally *self = state;
    int thread = 0, number = 0;
    if (troupe_unpack(msg, "[i, i]", &thread, &number) < 0)
        return -EBADMSG;
    arrived++;
    wrong_order += self->next[thread]++ != number;
    return troupe_message_is_ask(msg) ? troupe_reply(ctx, "i", number + 1) : 0;
}

TROUPE_KIND(tally, struct tally, TROUPE_ON("n", count_up));

struct job {
    pthread_t thread;
    int index, failures;
    troupe_ref_t to;
};

static int
run_answered(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    int number = 0, wanted = *(int *) state;
    (void) ctx;
    if (answer->outcome != TROUPE_REPLY
        || troupe_unpack(answer->msg, "i", &number) < 0)
        return -EIO;
    return number == wanted + 1 ? TROUPE_STOP : -ERANGE;
}

static struct job jobs[THREADS];

static int
run_begin(troupe_context_t *ctx, void *state, void *data)
{
    (void) data;
    int *numbers = state;
    return troupe_ask(ctx, jobs[0].to, "n", 60000, run_answered, NULL, "[i, i]",
                      numbers[1], numbers[0]);
}

static void *
work(void *arg)
{
    struct job *job = arg;
    for (int i = 0; i < MESSAGES; i++) {
        int numbers[2] = {i, job->index}, rc = 0;
        if (i % 10 == 3)
            rc = troupe_node_ask(node, job->to, "n", 60000, NULL, "[i, i]",
                                 job->index, i);
        else if (i % 10 == 7)
            rc = troupe_node_run(node, run_begin, numbers, 60000);
        else
            rc = troupe_node_send(node, job->to, "n", "[i, i]", job->index, i);
        job->failures += rc < 0;
    }
    return NULL;
}

Test(thread, many_at_once_keep_their_order)
{
    troupe_ref_t to = spawn(&tally, NULL);
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (struct job){.index = i, .to = to};
        cr_assert_eq(pthread_create(&jobs[i].thread, NULL, work, &jobs[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(jobs[i].thread, NULL);
        cr_assert_eq(jobs[i].failures, 0);
    }
    settle();
    cr_assert_eq(arrived, THREADS * MESSAGES);
    cr_assert_eq(wrong_order, 0);
    cr_assert_eq(node_stats().actors, 1);
    cr_assert_eq(node_stats().spawned, 1);
}

/* Without its context, in order with what has it. */
static int
run_sends(troupe_context_t *ctx, void *state, void *data)
{
    troupe_ref_t to = *(troupe_ref_t *) state;
    (void) data;
    for (int i = 0; i < MESSAGES; i++) {
        int rc = i % 2 ? troupe_send(ctx, to, "n", "[i, i]", 0, i)
                       : troupe_node_send(node, to, "n", "[i, i]", 0, i);
        if (rc < 0)
            return rc;
    }
    int nested = troupe_node_ask(node, to, "n", 0, NULL, "[i, i]", 0, 0);
    return nested == -EDEADLK ? TROUPE_STOP : -EIO;
}

Test(thread, what_a_run_calls_sends_without_its_context)
{
    troupe_ref_t to = spawn(&tally, NULL);
    cr_assert_eq(troupe_node_run(node, run_sends, &to, 0), 0);
    settle();
    cr_assert_eq(arrived, MESSAGES);
    cr_assert_eq(wrong_order, 0);
}

/* A thousand threads, one after the other, use few ports. */
static void *
send_one(void *arg)
{
    struct job *job = arg;
    job->failures += troupe_node_send(node, job->to, "hello", NULL) < 0;
    return NULL;
}

Test(thread, ports_of_threads_that_ended_are_used_again)
{
    struct job job = {.to = spawn(&probe, NULL)};
    for (int i = 0; i < 1500; i++) {
        cr_assert_eq(pthread_create(&job.thread, NULL, send_one, &job), 0);
        pthread_join(job.thread, NULL);
    }
    cr_assert_eq(job.failures, 0);
    cr_assert_eq(stats_of(job.to).received, 1500);
}

static int
call_all(troupe_context_t *ctx, void *arg)
{
    troupe_t *here = troupe_context_node(ctx);
    troupe_ref_t self = troupe_self(ctx), ref = {77};
    troupe_message_t *reply = NULL;
    (void) arg;
    note("%d", troupe_node_send(here, self, "a", NULL));
    note("%d", troupe_node_ask(here, self, "a", 0, &reply, NULL));
    note("%d", troupe_node_spawn(here, &probe, NULL, &ref, NULL));
    note("%d", troupe_node_exit(here, self, TROUPE_EXIT_KILLED, 0));
    note("%d", troupe_settle(here, 1));
    note("%d", troupe_stop(here, 1));
    note("%d", troupe_wait(here, 1));
    note("%d", troupe_destroy(&here));
    return here && ref.id == 77 && !reply ? 0 : -1;
}

Test(thread, calls_for_threads_are_refused_on_workers)
{
    troupe_ref_t ref = probe_new();
    cr_assert_eq(inside(ref, call_all, NULL), 0);
    assert_notes("-35, -35, -35, -35, -35, -35, -35, -35");
    cr_assert(alive(ref));
}

Test(thread, wrong_arguments_are_refused)
{
    const troupe_spawn_options_t linked = {.linked = true};
    const troupe_spawn_options_t supervised = {.supervised = true};
    troupe_ref_t ref = probe_new(), out = {77};
    troupe_message_t *reply = NULL;
    cr_assert_eq(troupe_node_send(node, TROUPE_NOBODY, "a", NULL), -EINVAL);
    cr_assert_eq(troupe_node_send(node, ref, NULL, NULL), -EINVAL);
    cr_assert_eq(troupe_node_send(node, ref, "", NULL), -EINVAL);
    cr_assert_eq(troupe_node_send(node, ref, "a", "{"), -EINVAL);
    cr_assert_eq(troupe_node_send(NULL, ref, "a", NULL), -EINVAL);
    cr_assert_eq(troupe_node_ask(node, TROUPE_NOBODY, "a", 0, &reply, NULL),
                 -EINVAL);
    cr_assert_eq(troupe_node_ask(node, ref, "a", 0, &reply, "["), -EINVAL);
    cr_assert_eq(troupe_node_spawn(node, &probe, &linked, &out, NULL), -EINVAL);
    cr_assert_eq(troupe_node_spawn(node, &probe, &supervised, &out, NULL),
                 -EINVAL);
    cr_assert_eq(troupe_node_run(node, NULL, NULL, 0), -EINVAL);
    cr_assert_eq(troupe_node_exit(node, TROUPE_NOBODY, TROUPE_EXIT_KILLED, 0),
                 -EINVAL);
    cr_assert_eq(troupe_node_exit(node, ref, TROUPE_EXIT_ERROR, 0), -EINVAL);
    cr_assert_eq(out.id, 77);
    cr_assert_null(reply);
    cr_assert_eq(stats_of(ref).received, 0);
}

static int
run_nothing(troupe_context_t *ctx, void *state, void *data)
{
    (void) ctx, (void) state, (void) data;
    return 0;
}

static int
run_error(troupe_context_t *ctx, void *state, void *data)
{
    (void) ctx, (void) state, (void) data;
    return -ERANGE;
}

Test(thread, a_run_ends_with_its_error_or_at_its_time)
{
    cr_assert_eq(troupe_node_run(node, run_error, NULL, 0), -ERANGE);
    cr_assert_eq(troupe_node_run(node, run_nothing, NULL, 1), -ETIMEDOUT);
    for (int i = 0; i < 10; i++)
        cr_assert_eq(troupe_node_run(node, run_error, NULL, 0), -ERANGE);
    cr_assert_eq(node_stats().actors, 0);
}

static int
run_spawn(troupe_context_t *ctx, void *state, void *data)
{
    const troupe_spawn_options_t options = {.supervised = true};
    (void) data;
    int rc = troupe_spawn(ctx, &noisy, &options, state, NULL);
    return rc < 0 ? rc : TROUPE_STOP;
}

Test(thread, what_a_run_supervised_ends_with_it)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    cr_assert_eq(troupe_node_run(node, run_spawn, &ref, 0), 0);
    cr_assert_not(alive(ref));
    cr_assert_eq(node_stats().actors, 0);
}

static int
kill_asker(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_ref_t asker = troupe_message_sender(msg);
    (void) state;
    int rc = troupe_exit_send(ctx, asker, TROUPE_EXIT_KILLED, 0, NULL);
    if (rc == 0)
        rc = troupe_send(ctx, asker, "what", NULL);
    return rc < 0 ? rc : troupe_reply(ctx, "i", 1);
}

struct nothing {
    char unused;
};

TROUPE_KIND(killer, struct nothing, TROUPE_ON("ask", kill_asker));

/* What is sent to a thread's stand-in neither ends it nor piles up. */
Test(thread, no_signal_ends_a_thread_that_asks)
{
    enum { ASKS = 200 };
    troupe_ref_t to = spawn(&killer, NULL);
    for (int i = 0; i < ASKS; i++)
        cr_assert_eq(troupe_node_ask(node, to, "ask", 0, NULL, NULL), 0);
    cr_assert_eq(troupe_node_send(node, to, "unknown", NULL), 0);
    cr_assert_geq(node_stats().dead_letters, ASKS);
}

/* It answers nobody; the stop must not wait for its askers' deadlines. */
struct mute_state {
    troupe_token_t token[THREADS];
    int count;
};
static _Atomic int waiting;

static int
never_answer(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct mute_state *self = state;
    (void) msg;
    waiting++;
    return troupe_defer(ctx, &self->token[self->count++]);
}

TROUPE_KIND(silence, struct mute_state, TROUPE_ON("ask", never_answer));

static void *
ask_silence(void *arg)
{
    struct job *job = arg;
    job->failures =
        troupe_node_ask(node, job->to, "ask", UINT32_MAX, NULL, NULL);
    return NULL;
}

Test(thread, a_stop_ends_asks_that_wait)
{
    troupe_ref_t to = spawn(&silence, NULL);
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (struct job){.to = to};
        cr_assert_eq(
            pthread_create(&jobs[i].thread, NULL, ask_silence, &jobs[i]), 0);
    }
    while (waiting < THREADS)
        settle();
    cr_assert_eq(troupe_stop(node, 10000), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(jobs[i].thread, NULL);
        cr_assert(jobs[i].failures == -ECANCELED || jobs[i].failures == -ESRCH,
                  "%d", jobs[i].failures);
    }
    cr_assert_eq(troupe_node_send(node, to, "a", NULL), -ESHUTDOWN);
    cr_assert_eq(troupe_node_ask(node, to, "a", 0, NULL, NULL), -ESHUTDOWN);
    cr_assert_eq(troupe_node_spawn(node, &probe, NULL, NULL, NULL), -ESHUTDOWN);
    cr_assert_eq(troupe_node_run(node, run_nothing, NULL, 0), -ESHUTDOWN);
}
