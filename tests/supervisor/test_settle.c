/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_settle.c: a start is told when the names are known, or 5 s later; so is
 * an end, but for the word that it has come.
 *
 * The node has a link to a root that never answers, made by the test: what is
 * said to it is only kept. A warden and a host of the test's stand for the
 * others.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "runtime/link.h"
#include "runtime/node.h"
#include "supervisor/harness.h"
#include "supervisor/isolation.h"

enum { SETTLE_MS = 5000, PATIENCE_MS = 600000, THERE = 2 };

static struct troupe__link link_to_nobody;

/* Two workers look at it, and rest. */
static void
have_link(void)
{
    struct troupe__link *self = &link_to_nobody;
    *self = (struct troupe__link){.node = world_node(), .changes = 1};
    self->wake_fd = eventfd(0, EFD_CLOEXEC);
    cr_assert_geq(self->wake_fd, 0);
    cr_assert_eq(pthread_mutex_init(&self->lock, NULL), 0);
    world_settle();
    world_node()->link = self;
}

/* How many notes there were of a kind. */
static int
lose_link(enum troupe__note_kind kind)
{
    struct troupe__link *self = &link_to_nobody;
    int count = 0;
    world_settle();
    if (!world_node()->link)
        return 0;
    world_node()->link = NULL;
    while (self->first) {
        struct troupe__note *note = self->first;
        count += note->kind == kind;
        self->first = note->next;
        free(note);
    }
    pthread_mutex_destroy(&self->lock);
    close(self->wake_fd);
    return count;
}

static void
end(void)
{
    (void) lose_link(NOTE_SETTLE);
    world_end();
}

TestSuite(settle, .init = world_begin, .fini = end, .timeout = 60);

/* --- those who stand for others ---------------------------------------------*/

struct stand_in {
    troupe_token_t ended, end;
};

static int
stand_in_node(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_ref_t host = TROUPE_NOBODY;
    (void) state, (void) msg;
    int rc = troupe_lookup(world_node(), "the host", &host);
    return rc < 0 ? rc : troupe_reply(ctx, "[i, R, b, b]", THERE, host, 0, 0);
}

static int
stand_in_spawn(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, "R", troupe_self(ctx));
}

static bool is_full; /* for one order */

static int
stand_in_end(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct stand_in *self = state;
    int64_t incarnation = 0; /* where it is the host */
    if (!is_full || troupe_unpack(msg, "I", &incarnation) < 0)
        return troupe_defer(ctx, &self->end);
    is_full = false;
    return troupe_reply_error(ctx, -ENOBUFS, "full");
}

static int
tell_end(troupe_context_t *ctx, struct stand_in *self, troupe_exit_t exit)
{
    return troupe_reply_to(ctx, &self->end, "[i, i, s, b, s, U]", (int) exit, 0,
                           "", 0, "", UINT64_C(0));
}

static int
stand_in_stop(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return tell_end(ctx, state, TROUPE_EXIT_SHUTDOWN);
}

static int
stand_in_ended(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct stand_in *self = state;
    (void) msg;
    return troupe_defer(ctx, &self->ended);
}

/* The test says when: what it has ends ... */
static int
stand_in_break(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct stand_in *self = state;
    (void) msg;
    return troupe_reply_to(ctx, &self->ended, NULL);
}

/* ... and has let go of its names. */
static int
stand_in_free(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return tell_end(ctx, state, TROUPE_EXIT_ERROR);
}

static int
stand_in_note(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const char *text = "";
    (void) ctx, (void) state;
    int rc = troupe_unpack(msg, "s", &text);
    journal_add("heard %s", text);
    return rc;
}

TROUPE_KIND(stand_in, struct stand_in, TROUPE_ON("node", stand_in_node),
            TROUPE_ON("spawn", stand_in_spawn), TROUPE_ON("end", stand_in_end),
            TROUPE_ON("ended", stand_in_ended),
            TROUPE_ON("stop", stand_in_stop),
            TROUPE_ON("break", stand_in_break),
            TROUPE_ON("free", stand_in_free), TROUPE_ON("note", stand_in_note));

static troupe_ref_t goods; /* what was bought last */

static int
on_bought(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) ctx, (void) state;
    journal_add("bought: %s", troupe_outcome_name(answer->outcome));
    return answer->msg ? troupe_unpack(answer->msg, "R", &goods) : 0;
}

/* Orders an actor, as a deputy does. */
static int
buyer_buy(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_ref_t host;
    const char *kind = "";
    (void) state;
    int rc = troupe_unpack(msg, "[R, s]", &host, &kind);
    return rc < 0
               ? rc
               : troupe_ask(ctx, host, "spawn", PATIENCE_MS, on_bought, NULL,
                            "[s, I, i, i, I, I, i, s, s]", kind, INT64_C(1), 0,
                            0, INT64_C(0), INT64_C(0), 0, "goods", "goods");
}

static int
on_spoilt(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    int exit = -1;
    (void) ctx, (void) state;
    int rc = answer->msg ? troupe_unpack(answer->msg, "[i]", &exit) : 0;
    journal_add("spoilt: %s %d", troupe_outcome_name(answer->outcome), exit);
    return rc;
}

static int
on_gone(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) ctx, (void) state;
    journal_add("gone: %s", troupe_outcome_name(answer->outcome));
    return 0;
}

/* Wants to hear of its end, and before that it has come. */
static int
buyer_watch(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_ref_t host;
    (void) state;
    int rc = troupe_unpack(msg, "R", &host);
    if (rc == 0)
        rc = troupe_ask(ctx, host, "ended", PATIENCE_MS, on_gone, NULL, "I",
                        INT64_C(1));
    return rc < 0 ? rc
                  : troupe_ask(ctx, host, "end", PATIENCE_MS, on_spoilt, NULL,
                               "I", INT64_C(1));
}

TROUPE_KIND(buyer, char, TROUPE_ON("buy", buyer_buy),
            TROUPE_ON("watch", buyer_watch));

static troupe_ref_t
spawn_named(const troupe_kind_t *kind, const char *name)
{
    troupe_ref_t ref;
    const troupe_spawn_options_t options = {.name = name};
    cr_assert_eq(troupe_node_spawn(world_node(), kind, &options, &ref, NULL),
                 0);
    return ref;
}

static troupe_ref_t stand_in_host;

static troupe_ref_t
start_far(void)
{
    troupe_child_spec_t spec = child_of("far");
    spec.isolation = TROUPE_OWN_PROCESS;
    (void) spawn_named(&stand_in, TROUPE__WARDEN);
    stand_in_host = spawn_named(&stand_in, "the host");
    return start_supervisor(NULL, &spec, 1);
}

/* A child elsewhere that has ended, and is to be started again. */
static troupe_ref_t
start_and_end_far(void)
{
    troupe_ref_t top = start_far();
    cr_assert_eq(troupe_supervisor_terminate_child(world_node(), top, "far"),
                 0);
    return top;
}

/* --- deputies ---------------------------------------------------------------*/

/* At the root, whose tables are the true ones, there is nothing to wait for. */
Test(settle, a_deputy_with_no_root_to_ask_starts_at_once)
{
    troupe_ref_t top = start_and_end_far();
    call_later(top, TROUPE_RESTART_CHILD, "far");
    EXPECT_JOURNAL("far: 0");
}

Test(settle, a_deputy_whose_root_is_silent_starts_after_five_seconds)
{
    troupe_ref_t top = start_and_end_far();
    have_link();
    call_later(top, TROUPE_RESTART_CHILD, "far");
    world_advance(SETTLE_MS - 1);
    EXPECT_JOURNAL("");
    cr_assert_eq(status_of(top, "far"), TROUPE_CHILD_STARTING);
    world_advance(1);
    EXPECT_JOURNAL("far: 0");
    cr_assert_eq(status_of(top, "far"), TROUPE_CHILD_UP);
    cr_assert_eq(lose_link(NOTE_SETTLE), 1);
}

/* What comes between an end and when its names are free is the next one's. */
Test(settle, a_deputy_keeps_what_comes_from_when_its_child_has_ended)
{
    troupe_ref_t top = start_far(), far = ref_of(top, "far");
    tell_text(far, "note", "one");
    EXPECT_JOURNAL("heard one");
    tell(stand_in_host, "break");
    world_settle();
    tell_text(far, "note", "two");
    tell_text(far, "note", "three");
    EXPECT_JOURNAL("");
    tell(stand_in_host, "free");
    EXPECT_JOURNAL("heard two, heard three");
}

/* Else it would wait for an end that nobody tells. */
Test(settle, a_deputy_ends_whose_host_cannot_keep_its_order)
{
    troupe_ref_t top = start_and_end_far();
    is_full = true;
    call_later(top, TROUPE_RESTART_CHILD, "far");
    EXPECT_JOURNAL("far: 0");
    cr_assert_eq(log_count("child 'far' ended error (full)"), 1);
}

/* --- hosts ------------------------------------------------------------------*/

static troupe_ref_t
start_host(troupe_ref_t *ret_buyer)
{
    troupe_t *node = world_node();
    cr_assert_eq(troupe_kind_register(node, &plain), 0);
    *ret_buyer = spawn_named(&buyer, NULL);
    return spawn_named(&troupe__host_kind, NULL);
}

static void
order(troupe_ref_t from, troupe_ref_t host, const char *kind)
{
    cr_assert_eq(
        troupe_node_send(world_node(), from, "buy", "[R, s]", host, kind), 0);
    world_settle();
}

static void
buy(troupe_ref_t from, troupe_ref_t host)
{
    order(from, host, "plain");
}

/* Fails on its first message, which it has from itself. */
static int
hasty_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_send(ctx, troupe_self(ctx), "burst", NULL);
}

static int
hasty_burst(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_fail(ctx, -EIO, "too fast");
}

TROUPE_KIND(hasty, char, TROUPE_ON_START(hasty_start),
            TROUPE_ON("burst", hasty_burst));

Test(settle, a_host_whose_root_is_silent_tells_a_start_after_five_seconds)
{
    troupe_ref_t from, host = start_host(&from);
    have_link();
    buy(from, host);
    EXPECT_JOURNAL("start goods");
    world_advance(SETTLE_MS - 1);
    EXPECT_JOURNAL("");
    world_advance(1);
    EXPECT_JOURNAL("bought: reply");
    cr_assert_eq(lose_link(NOTE_SETTLE), 1);
}

/* Who hears of an end may give its names to somebody else. */
Test(settle, a_host_whose_root_is_silent_tells_an_end_after_five_seconds)
{
    troupe_ref_t from, host = start_host(&from);
    buy(from, host);
    EXPECT_JOURNAL("start goods, bought: reply");
    cr_assert_eq(troupe_node_send(world_node(), from, "watch", "R", host), 0);
    have_link();
    tell(goods, "crash");
    EXPECT_JOURNAL("stop goods error, gone: reply");
    world_advance(SETTLE_MS - 1);
    EXPECT_JOURNAL("");
    world_advance(1);
    EXPECT_JOURNAL("spoilt: reply 3");
    cr_assert_eq(lose_link(NOTE_SETTLE), 1);
}

/* So soon that its start is not told yet; it has started all the same. */
Test(settle, a_host_tells_of_a_start_before_the_end_that_comes_first)
{
    troupe_ref_t from, host = start_host(&from);
    cr_assert_eq(troupe_kind_register(world_node(), &hasty), 0);
    have_link();
    order(from, host, "hasty");
    cr_assert_eq(troupe_node_send(world_node(), from, "watch", "R", host), 0);
    world_settle();
    EXPECT_JOURNAL("gone: reply");
    world_advance(SETTLE_MS);
    EXPECT_JOURNAL("bought: reply, spoilt: reply 3");
    cr_assert_eq(lose_link(NOTE_SETTLE), 2);
}

/* Nothing was said of names since the root's last answer. */
Test(settle, a_host_with_nothing_to_say_tells_a_start_at_once)
{
    troupe_ref_t from, host = start_host(&from);
    have_link();
    link_to_nobody.settled = link_to_nobody.changes;
    buy(from, host);
    EXPECT_JOURNAL("start goods, bought: reply");
    cr_assert_eq(lose_link(NOTE_SETTLE), 0);
}
