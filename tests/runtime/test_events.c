/* SPDX-License-Identifier: Apache-2.0 */
/* test_events.c: names, groups, descriptors and blocking functions. */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/world.h"

TestSuite(events, .init = world_begin, .fini = world_end, .timeout = 20);

static int
take_name(troupe_context_t *ctx, void *arg)
{
    return troupe_register(ctx, arg);
}

static int
give_name(troupe_context_t *ctx, void *arg)
{
    return troupe_unregister(ctx, arg);
}

Test(events, names_are_unique_and_free_when_their_actor_is_gone)
{
    char name[] = "K\xc3\xa4the", other[] = "other";
    troupe_ref_t one = probe_on(0), two = probe_on(1), found = {77};
    cr_assert_eq(inside(one, take_name, name), 0);
    cr_assert_eq(inside(one, take_name, other), 0);
    cr_assert_eq(inside(two, take_name, name), -EEXIST);
    cr_assert_eq(troupe_lookup(node, name, &found), 0);
    cr_assert_eq(found.id, one.id);
    cr_assert_eq(inside(two, give_name, name), -ENOENT);
    cr_assert_eq(inside(one, give_name, name), 0);
    cr_assert_eq(inside(one, give_name, name), -ENOENT);
    cr_assert_eq(troupe_lookup(node, name, &found), -ENOENT);
    cr_assert_eq(inside(two, take_name, name), 0);
    end_actor(one, TROUPE_EXIT_KILLED); /* whoever hears of it finds it free */
    cr_assert_eq(inside(two, take_name, other), 0);
    const char *const wrong[] = {"", "a\tb", "\x7f", "\xc3"};
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(inside(two, take_name, (void *) (uintptr_t) wrong[i]),
                     -EINVAL);
        cr_assert_eq(troupe_lookup(node, wrong[i], &found), -ENOENT);
    }
    cr_assert_eq(troupe_lookup(node, NULL, &found), -ENOENT);
}

static int
join(troupe_context_t *ctx, void *arg)
{
    return troupe_join(ctx, arg);
}

static int
leave(troupe_context_t *ctx, void *arg)
{
    return troupe_leave(ctx, arg);
}

static int
publish(troupe_context_t *ctx, void *arg)
{
    return troupe_publish(ctx, arg, "news", "i", 1);
}

Test(events, a_publication_reaches_every_member_but_its_sender)
{
    char group[] = "readers", none[] = "nobody-is-here";
    troupe_ref_t refs[4];
    for (uint32_t i = 0; i < 4; i++) {
        refs[i] = probe_on(i % 2);
        cr_assert_eq(inside(refs[i], join, group), 0);
    }
    cr_assert_eq(inside(refs[0], join, group), -EALREADY);
    cr_assert_eq(inside(refs[0], publish, group), 3);
    assert_notes("news:1, news:1, news:1");
    cr_assert_eq(inside(refs[1], leave, group), 0);
    cr_assert_eq(inside(refs[1], leave, group), -ENOENT);
    end_actor(refs[2], TROUPE_EXIT_KILLED);
    cr_assert_eq(inside(refs[0], publish, group), 1);
    assert_notes("news:1");
    cr_assert_eq(inside(refs[1], publish, group), 2);
    assert_notes("news:1, news:1");
    cr_assert_eq(inside(refs[0], publish, none), 0);
    cr_assert_eq(inside(refs[0], join, none + 14), -EINVAL);
    cr_assert_eq(inside(refs[0], publish, none + 14), -EINVAL);
}

static int
publish_wrongly(troupe_context_t *ctx, void *arg)
{
    return troupe_publish(ctx, arg, "news", "q");
}

Test(events, a_publication_with_a_wrong_format_is_refused_also_by_nobody)
{
    char group[] = "readers", none[] = "nobody-is-here";
    troupe_ref_t one = probe_on(0), two = probe_on(1);
    cr_assert_eq(inside(two, join, group), 0);
    cr_assert_eq(inside(one, publish_wrongly, group), -EINVAL);
    cr_assert_eq(inside(one, publish_wrongly, none), -EINVAL);
    assert_notes("");
}

static int
exit_wrongly(troupe_context_t *ctx, void *arg)
{
    return troupe_exit(ctx, *(const troupe_exit_t *) arg, 0, NULL);
}

Test(events, an_exit_of_an_unknown_kind_is_refused)
{
    troupe_ref_t ref = probe_on(0);
    troupe_exit_t wrong[] = {(troupe_exit_t) 7, (troupe_exit_t) 99,
                             (troupe_exit_t) -1};
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(inside(ref, exit_wrongly, &wrong[i]), -EINVAL);
    tell(ref, "still-there");
    assert_notes("still-there");
    troupe_message_destroy(NULL);
    cr_assert_eq(troupe_destroy(NULL), 0);
}

struct descriptor {
    int fd;
    short events;
};
static struct descriptor pipe_end;

static int
read_it(troupe_context_t *ctx, void *state, int fd, short events)
{
    char bytes[16];
    (void) state;
    ssize_t size = read(fd, bytes, sizeof bytes);
    note("%s%zd", events & POLLIN ? "in " : "", size);
    if (size == 0)
        note("unwatch %d", troupe_unwatch(ctx, fd));
    return 0;
}

static int
watch_it(troupe_context_t *ctx, void *arg)
{
    const struct descriptor *self = arg;
    return troupe_watch(ctx, self->fd, self->events, read_it);
}

static int
unwatch_it(troupe_context_t *ctx, void *arg)
{
    const struct descriptor *self = arg;
    return troupe_unwatch(ctx, self->fd);
}

/* A descriptor is no message: settling does not wait for it, so ask. */
static const char *
notes_when(const char *wanted)
{
    static char all[256];
    all[0] = '\0';
    for (;;) {
        const char *got = notes();
        if (*got)
            snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s",
                     *all ? ", " : "", got);
        if (strlen(all) >= strlen(wanted))
            return all;
        sched_yield();
    }
}

Test(events, a_watched_pipe_calls_back_while_it_is_ready)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    troupe_ref_t ref = probe_new();
    pipe_end = (struct descriptor){ends[0], POLLIN};
    cr_assert_eq(inside(ref, watch_it, &pipe_end), 0);
    cr_assert_eq(write(ends[1], "0123456789abcdefxyz", 19), 19);
    const char *wanted = "in 16, in 3";
    cr_assert_str_eq(notes_when(wanted), wanted);
    tell(ref, "between");
    assert_notes("between");
    cr_assert_eq(write(ends[1], "a", 1), 1);
    cr_assert_str_eq(notes_when("in 1"), "in 1");
    close(ends[1]);
    wanted = "0, unwatch 0";
    cr_assert_str_eq(notes_when(wanted), wanted);
    cr_assert_eq(inside(ref, unwatch_it, &pipe_end), -ENOENT);
    close(ends[0]);
}

static short heard;

static int
hear(troupe_context_t *ctx, void *state, int fd, short events)
{
    (void) state;
    heard = events;
    note("ready");
    return troupe_unwatch(ctx, fd);
}

static int
watch_hear(troupe_context_t *ctx, void *arg)
{
    return troupe_watch(ctx, *(int *) arg, POLLIN, hear);
}

Test(events, a_hung_up_pipe_is_heard_as_such)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(inside(probe_new(), watch_hear, &ends[0]), 0);
    settle();
    close(ends[1]);
    cr_assert_str_eq(notes_when("ready"), "ready");
    cr_assert(heard & POLLHUP, "%x", (unsigned) heard);
    close(ends[0]);
}

Test(events, a_watch_ends_with_its_actor_and_refuses_nonsense)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    troupe_ref_t ref = probe_on(0);
    struct descriptor wrong[] = {{-1, POLLIN}, {ends[0], 0}};
    cr_assert_eq(inside(ref, watch_it, &wrong[0]), -EINVAL);
    cr_assert_eq(inside(ref, watch_it, &wrong[1]), -EINVAL);
    pipe_end = (struct descriptor){ends[0], POLLIN};
    cr_assert_eq(inside(ref, watch_it, &pipe_end), 0);
    end_actor(ref, TROUPE_EXIT_KILLED);
    cr_assert_eq(write(ends[1], "a", 1), 1);
    tell(probe_on(0), "other");
    assert_notes("other");
    cr_assert_eq(fcntl(ends[0], F_GETFD), 0); /* still the caller's */
    close(ends[0]);
    close(ends[1]);
}

static int gate[2];

static int
add_up(void *arg, troupe_result_t *result)
{
    const int *numbers = arg;
    int rc = troupe_result_set(result, "i", numbers[0] + numbers[1]);
    return rc < 0 || troupe_result_set(result, "i", 0) == -EALREADY ? rc : -EIO;
}

static int
fail_it(void *arg, troupe_result_t *result)
{
    (void) arg, (void) result;
    return -ENOENT;
}

static int
say_nothing(void *arg, troupe_result_t *result)
{
    (void) arg, (void) result;
    return 0;
}

static int
wait_at_gate(void *arg, troupe_result_t *result)
{
    char byte;
    (void) arg;
    if (read(gate[0], &byte, 1) != 1)
        return -EIO;
    return troupe_result_set(result, "i", 99);
}

struct job {
    troupe_blocking_fn run;
    bool no_answer;
};

static int
block(troupe_context_t *ctx, void *arg)
{
    const struct job *job = arg;
    int numbers[2] = {20, 22};
    troupe_ask_options_t options = {
        .timeout_ms = 1000, .answer = job->no_answer ? NULL : note_answer};
    return troupe_blocking(ctx, job->run, numbers, sizeof numbers, &options,
                           NULL);
}

Test(events, a_blocking_function_answers_as_an_actor_would)
{
    troupe_ref_t ref = probe_new();
    struct job jobs[] = {
        {add_up, false}, {fail_it, false}, {say_nothing, false}};
    const char *const wanted[] = {"reply:42", "error -2", "reply"};
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(inside(ref, block, &jobs[i]), 0);
        assert_notes(wanted[i]);
    }
    struct job wrong[] = {{NULL, false}, {add_up, true}};
    cr_assert_eq(inside(ref, block, &wrong[0]), -EINVAL);
    cr_assert_eq(inside(ref, block, &wrong[1]), -EINVAL);
    cr_assert_eq(node_stats().late_replies, 0);
}

static int
block_with(troupe_context_t *ctx, void *arg)
{
    troupe_ask_options_t options = {.timeout_ms = 1000, .answer = note_answer};
    int numbers[2] = {20, 22};
    return troupe_blocking(ctx, add_up, numbers, *(const size_t *) arg,
                           &options, NULL);
}

/* Sizes near the end of their type would wrap around the job's own size. */
Test(events, a_blocking_function_takes_no_more_than_a_message_does)
{
    troupe_options_t options = world_options();
    options.message_size_max = 4096;
    world_reopen(&options);
    troupe_ref_t ref = probe_new();
    size_t over[] = {4097, SIZE_MAX / 2, SIZE_MAX - 63, SIZE_MAX};
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(inside(ref, block_with, &over[i]), -EMSGSIZE);
    assert_notes("");
    size_t right = 2 * sizeof(int);
    cr_assert_eq(inside(ref, block_with, &right), 0);
    assert_notes("reply:42");
}

/* The deadline passes while it runs: its result comes too late. */
Test(events, a_blocking_function_has_a_deadline)
{
    troupe_options_t options = world_options();
    options.manual_clock = false;
    options.helpers_max = 1;
    world_reopen(&options);
    cr_assert_eq(pipe(gate), 0);
    troupe_ref_t ref = probe_new();
    struct job job = {wait_at_gate, false};
    cr_assert_eq(inside(ref, block, &job), 0);
    /* Three callbacks: start, the one that began it, and its answer. */
    troupe_actor_stats_t stats = {.handled = 0};
    while (stats.handled < 3) {
        cr_assert_eq(troupe_actor_stats_get(node, ref, &stats), 0);
        sched_yield();
    }
    cr_assert_eq(write(gate[1], "x", 1), 1);
    settle();
    cr_assert_eq(node_stats().late_replies, 1);
    assert_notes("timeout -110");
    close(gate[0]);
    close(gate[1]);
}

Test(events, many_blocking_functions_share_few_helpers)
{
    troupe_options_t options = world_options();
    options.helpers_max = 2;
    world_reopen(&options);
    troupe_ref_t ref = probe_new();
    struct job job = {add_up, false};
    for (int i = 0; i < 50; i++)
        cr_assert_eq(inside(ref, block, &job), 0);
    settle();
    const char *at = notes();
    int count = 0;
    for (; (at = strstr(at, "reply:42")); at++)
        count++;
    cr_assert_eq(count, 50);
}
