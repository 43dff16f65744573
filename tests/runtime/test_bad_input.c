/* SPDX-License-Identifier: Apache-2.0 */
/* test_bad_input.c: what is wrong is refused, and nothing else changes. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "mailbox/put.h"
#include "runtime/worker.h"
#include "runtime/world.h"

TestSuite(wrong, .init = world_begin, .fini = world_end, .timeout = 20);

/* Bytes into a worker's inbox, past everything that makes messages. */
static void
inject(uint32_t worker, const void *bytes, size_t size)
{
    struct troupe__outbox outbox = {0};
    cr_assert_eq(troupe__outbox_open(&outbox, node->transport,
                                     node->workers[worker]->lanes, NULL,
                                     &node->spares),
                 0);
    troupe__buffer_put(&outbox.buffer, bytes, size);
    troupe__outbox_flush(&outbox);
    settle();
    troupe__outbox_close(&outbox);
}

/* A tell of our own making, to be spoiled. */
static size_t
good_tell(troupe_ref_t to, uint8_t bytes[128])
{
    struct troupe__buffer buffer = {0};
    struct troupe__envelope envelope = {
        .kind = WIRE_TELL, .to = to, .type = "hello", .type_size = 5};
    troupe__wire_begin(&buffer, &envelope);
    const uint8_t nil = 0xc0;
    troupe__buffer_put(&buffer, &nil, 1);
    troupe__wire_end(&buffer, 0);
    size_t size = buffer.size;
    cr_assert_leq(size, 128);
    memcpy(bytes, buffer.data, size);
    troupe__buffer_free(&buffer);
    return size;
}

Test(wrong, frames_that_cannot_be_read_are_refused_and_counted)
{
    uint8_t bytes[128];
    troupe_ref_t ref = probe_on(0);
    size_t size = good_tell(ref, bytes);
    inject(0, bytes, size);
    assert_notes("hello"); /* the way in works */
    inject(0, "\xc1", 1);
    inject(0, "no msgpack at all", 17);
    inject(0, bytes, size - 1);
    bytes[1] = 0x21; /* version 2 */
    inject(0, bytes, size);
    good_tell(ref, bytes);
    bytes[1] = 0x1c; /* no such kind */
    inject(0, bytes, size);
    cr_assert_eq(node_stats().frames_refused, 5);
    cr_assert_eq(logged("refused"), 5);
    assert_notes("");
    tell(ref, "next");
    assert_notes("next");
}

Test(wrong, what_stands_before_the_wrong_bytes_is_handled)
{
    uint8_t bytes[256];
    size_t size = good_tell(probe_on(0), bytes);
    memcpy(bytes + size, bytes, size);
    bytes[2 * size] = 0xc1;
    inject(0, bytes, 2 * size + 1);
    assert_notes("hello, hello");
    cr_assert_eq(node_stats().frames_refused, 1);
}

/* Cut and changed at every byte: refused or harmless, never a crash. */
Test(wrong, a_message_changed_anywhere_harms_nobody)
{
    uint8_t bytes[128], changed[128];
    troupe_ref_t ref = probe_on(0);
    size_t size = good_tell(ref, bytes);
    for (size_t at = 0; at < size; at++) {
        const uint8_t flips[] = {0x01, 0x80, 0xff};
        for (size_t i = 0; i < 3; i++) {
            memcpy(changed, bytes, size);
            changed[at] ^= flips[i];
            inject(0, changed, size);
        }
        inject(0, bytes, at);
    }
    notes();
    if (!alive(ref)) /* the change made a kill of it */
        ref = probe_on(0);
    tell(ref, "next");
    const char *got = notes();
    cr_assert(strstr(got, "next"), "%s", got);
}

static int
send_wrongly(troupe_context_t *ctx, void *arg)
{
    troupe_ref_t self = troupe_self(ctx);
    (void) arg;
    note("%d", troupe_send(ctx, TROUPE_NOBODY, "a", NULL));
    note("%d", troupe_send(ctx, self, NULL, NULL));
    note("%d", troupe_send(ctx, self, "", NULL));
    note("%d",
         troupe_send(ctx, self, "a type of thirty-two bytes, yes.", NULL));
    note("%d", troupe_send(ctx, self, "a", "{"));
    note("%d", troupe_send(ctx, self, "a", "s", NULL));
    note("%d", troupe_send(ctx, self, "a", "s", "\xff"));
    note("%d", troupe_send(ctx, self, "a", "r", "\xc1", (size_t) 1));
    note("%d", troupe_publish(ctx, NULL, "a", NULL));
    note("%d", troupe_publish(ctx, "group", "", NULL));
    return 0;
}

Test(wrong, sends_are_refused_and_leave_nothing)
{
    troupe_ref_t ref = probe_new();
    cr_assert_eq(inside(ref, send_wrongly, NULL), 0);
    assert_notes("-22, -22, -22, -22, -22, -22, -22, -74, -22, -22");
    cr_assert_eq(node_stats().dead_letters, 0);
}

static int
bonds_wrongly(troupe_context_t *ctx, void *arg)
{
    troupe_ref_t self = troupe_self(ctx);
    troupe_monitor_t monitor = {77};
    (void) arg;
    note("%d", troupe_monitor(ctx, TROUPE_NOBODY, &monitor));
    note("%d", troupe_demonitor(ctx, (troupe_monitor_t){0}));
    note("%d", troupe_link(ctx, TROUPE_NOBODY));
    note("%d", troupe_link(ctx, self));
    note("%d", troupe_unlink(ctx, TROUPE_NOBODY));
    note("%d", troupe_unlink(ctx, self));
    note("%d", troupe_exit_send(ctx, TROUPE_NOBODY, TROUPE_EXIT_KILLED, 0, ""));
    note("%d", troupe_exit_send(ctx, self, TROUPE_EXIT_IGNORE, 0, ""));
    note("%d", troupe_exit_send(ctx, self, TROUPE_EXIT_ERROR, 5, ""));
    note("%d", troupe_child_restart(ctx, self, NULL));
    note("%d", troupe_child_release(ctx, self));
    note("%d", troupe_child_quarantine(ctx, self, 1));
    note("%d", troupe_started(ctx));
    note("%d", troupe_parent(ctx).id == 0);
    return monitor.id == 77 ? 0 : -1;
}

Test(wrong, bonds_are_refused_and_tie_nobody)
{
    troupe_ref_t ref = probe_new();
    cr_assert_eq(inside(ref, bonds_wrongly, NULL), 0);
    assert_notes("-22, -2, -22, 0, -2, -2, -22, -22, -22, -22, -22, -22, -114, "
                 "1");
    cr_assert(alive(ref));
}

static int
read_wrongly(troupe_context_t *ctx, void *arg)
{
    troupe_down_t down;
    troupe_child_t child;
    (void) arg;
    note("%d", troupe_down_read(ctx->msg, &down));
    note("%d", troupe_child_read(ctx->msg, &child));
    note("%d", troupe_down_read(NULL, &down));
    return 0;
}

Test(wrong, an_ordinary_message_is_no_event)
{
    cr_assert_eq(inside(probe_new(), read_wrongly, NULL), 0);
    assert_notes("-74, -74, -74");
}

Test(wrong, options_out_of_range_start_no_node)
{
    troupe_options_t right = world_options(), wrong[8];
    troupe_t *other = NULL;
    for (size_t i = 0; i < 8; i++)
        wrong[i] = right;
    wrong[0].workers = 257;
    wrong[1].mailbox.overflow = (troupe_overflow_t) 9;
    wrong[2].message_size_max = 4095;
    wrong[3].message_size_max = UINT32_MAX;
    wrong[4].actors_max = UINT32_MAX;
    wrong[5].dead_letters_max = UINT32_MAX;
    wrong[6].helpers_max = 1025;
    wrong[7].log_level = (troupe_level_t) 9;
    for (size_t i = 0; i < 8; i++) {
        cr_assert_eq(troupe_new(&wrong[i], &other), -EINVAL, "%zu", i);
        cr_assert_null(other);
    }
    cr_assert_eq(troupe_new(&right, NULL), -EINVAL);
}

static int
send_size(troupe_context_t *ctx, void *arg)
{
    static char bytes[8192];
    return troupe_send(ctx, troupe_self(ctx), "a", "B", bytes, *(size_t *) arg);
}

Test(wrong, a_message_over_the_limit_is_refused)
{
    troupe_options_t options = world_options();
    options.message_size_max = 4096;
    world_reopen(&options);
    troupe_ref_t ref = probe_new();
    size_t fits = 4000, too_large = 4097;
    cr_assert_eq(inside(ref, send_size, &too_large), -EMSGSIZE);
    cr_assert_eq(inside(ref, send_size, &fits), 0);
    assert_notes("a");
}

/* Words that are not UTF-8 must lose neither the end nor the answer. */
static int
fail_in_latin(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    return troupe_fail(ctx, -EIO, "\xe9t\xe9");
}

static int
monitor_it(troupe_context_t *ctx, void *arg)
{
    return troupe_monitor(ctx, *(troupe_ref_t *) arg, NULL);
}

static int
refuse_in_latin(troupe_context_t *ctx, void *arg)
{
    (void) arg;
    return troupe_reply_error(ctx, -EIO, "\xe9t\xe9");
}

Test(wrong, words_that_are_not_utf8_are_left_out)
{
    troupe_ref_t watcher = spawn(&noisy, NULL), ref = probe_new();
    cr_assert_eq(inside(watcher, monitor_it, &ref), 0);
    settle();
    notes();
    int rc =
        troupe_node_ask(node, ref, "do", 0, NULL, "[U, U]",
                        (uint64_t) (uintptr_t) refuse_in_latin, (uint64_t) 0);
    cr_assert_eq(rc, -EIO);
    inside_later(ref, fail_in_latin, NULL);
    assert_notes("down error -5 ");
}
