/* SPDX-License-Identifier: Apache-2.0 */
/* test_trace.c: which trace messages belong to, and the spans of asks. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/trace_world.h"

TestSuite(tracing, .init = world_begin, .fini = world_end, .timeout = 20);

/* worker: notes where it works; "ask" is answered, "late" never. */
struct worker {
    troupe_token_t token;
};

static int
worker_tell(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    note_place("tell", ctx);
    return 0;
}

static int
worker_ask(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    note_place("asked", ctx);
    troupe_trace_note(ctx, "{s:s}", "about", "it");
    return troupe_reply(ctx, NULL);
}

static int
worker_late(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct worker *self = state;
    (void) msg;
    return troupe_defer(ctx, &self->token);
}

TROUPE_KIND(tracee, struct worker, TROUPE_ON_START(start_noted),
            TROUPE_ON("tell", worker_tell), TROUPE_ON("ask", worker_ask),
            TROUPE_ON("late", worker_late));

/* taker: notes spans by name, outcome and where they hang. */
static int
taker_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_register(ctx, TROUPE_SPANS);
}

static int
taker_span(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const void *at = NULL, *parent = NULL;
    size_t at_size = 0, parent_size = 0;
    const char *name = NULL, *error = NULL;
    uint64_t from = 0, to = 0;
    int kind = 0;
    troupe_trace_t known = outer();
    (void) ctx, (void) state;
    cr_assert_eq(troupe_unpack(msg, "[B, B, s, i, U, U, s?, {}]", &at, &at_size,
                               &parent, &parent_size, &name, &kind, &from, &to,
                               &error),
                 0);
    cr_assert_eq(at_size, sizeof known);
    cr_assert_eq(parent_size, sizeof known.span);
    cr_assert(from <= to);
    bool below = memcmp(at, known.id, sizeof known.id) == 0
                 && memcmp(parent, known.span, parent_size) == 0;
    note("span %s%s%s%s", name, below ? "" : " astray", error ? ": " : "",
         error ? error : "");
    return 0;
}

static int
taker_part(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state;
    note("%s", troupe_message_type(msg));
    return 0;
}

TROUPE_KIND(span_taker, char, TROUPE_ON_START(taker_start),
            TROUPE_ON("span", taker_span), TROUPE_ON("event", taker_part),
            TROUPE_ON("link", taker_part), TROUPE_ON("note", taker_part));

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) state;
    note_place(troupe_outcome_name(answer->outcome), ctx);
    return 0;
}

struct errand {
    troupe_ref_t to;
    const char *type;
    bool is_ask, untraced;
};

static int
run_errand(troupe_context_t *ctx, void *arg)
{
    const struct errand *self = arg;
    troupe_trace_t trace = outer();
    if (!self->untraced)
        troupe_trace_set(ctx, &trace);
    return self->is_ask ? troupe_ask(ctx, self->to, self->type, 100, on_answer,
                                     NULL, NULL)
                        : troupe_send(ctx, self->to, self->type, NULL);
}

static void
send_out(troupe_ref_t to, const char *type, bool is_ask, bool untraced)
{
    struct errand errand = {to, type, is_ask, untraced};
    cr_assert_eq(inside(probe_on(0), run_errand, &errand), 0);
}

Test(tracing, a_header_is_read_as_it_is_written_and_nothing_else_is)
{
    char text[TROUPE_TRACE_TEXT];
    bool sampled = false;
    troupe_trace_t trace = outer(), other;
    cr_assert_str_eq(troupe_trace_text(&trace, text), OUTER_TEXT);
    cr_assert_eq(
        troupe_trace_read(
            "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-what",
            &other, &sampled),
        0);
    cr_assert_not(sampled);
    cr_assert_arr_eq(&trace, &other, sizeof trace);
    static const char *const wrong[] = {
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01what"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_eq(troupe_trace_read(wrong[i], &other, NULL), -EBADMSG, "%zu",
                     i);
    cr_assert_eq(troupe_trace_read(NULL, &other, NULL), -EBADMSG);
    troupe_trace_t one = troupe_trace_new(), two = troupe_trace_new();
    cr_assert(troupe_trace_is(&one));
    cr_assert_neq(memcmp(one.id, two.id, sizeof one.id), 0);
}

Test(tracing, what_is_sent_while_a_message_is_handled_belongs_to_its_trace)
{
    troupe_ref_t to = spawn(&tracee, NULL);
    assert_notes("start none");
    send_out(to, "tell", false, true);
    assert_notes("tell none");
    send_out(to, "tell", false, false);
    assert_notes("tell outer");
    send_out(to, "tell", false, true); /* and nothing stays behind */
    assert_notes("tell none");
}

Test(tracing, an_ask_without_a_taker_passes_the_trace_on_and_gets_it_back)
{
    troupe_ref_t to = spawn(&tracee, NULL);
    notes();
    send_out(to, "ask", true, false);
    assert_notes("asked outer, reply outer");
    send_out(to, "ask", true, true);
    assert_notes("asked none, reply none");
}

Test(tracing, an_ask_is_a_span_below_which_the_asked_one_works)
{
    spawn(&span_taker, NULL);
    troupe_ref_t to = spawn(&tracee, NULL);
    notes();
    send_out(to, "ask", true, false);
    const char *all = notes();
    cr_assert(strstr(all, "asked below"), "%s", all);
    cr_assert(strstr(all, "reply outer"), "%s", all);
    cr_assert(strstr(all, "span ask tracee"), "%s", all);
    cr_assert(strstr(all, "note"), "%s", all);
    cr_assert_null(strstr(all, "astray"), "%s", all);
    send_out(to, "ask", true, true);
    assert_notes("asked none, reply none");
}

Test(tracing, an_ask_that_fails_is_a_span_with_the_words)
{
    spawn(&span_taker, NULL);
    troupe_ref_t to = spawn(&tracee, NULL);
    notes();
    send_out(to, "what", true, false);
    const char *all = notes();
    cr_assert(strstr(all, "span what tracee: "), "%s", all);
    cr_assert(strstr(all, "error outer"), "%s", all);
    send_out(to, "late", true, false);
    notes();
    advance(200);
    all = notes();
    cr_assert(strstr(all, "span late tracee: "), "%s", all);
    cr_assert(strstr(all, "timeout outer"), "%s", all);
}

static int
ask_and_end(troupe_context_t *ctx, void *arg)
{
    int rc = run_errand(ctx, arg);
    return rc < 0 ? rc : TROUPE_STOP;
}

Test(tracing, an_ask_whose_asker_ends_is_a_span_all_the_same)
{
    spawn(&span_taker, NULL);
    troupe_ref_t to = spawn(&tracee, NULL), asker = probe_on(1);
    struct errand errand = {to, "late", true, false};
    notes();
    inside_later(asker, ask_and_end, &errand);
    const char *all = notes();
    cr_assert(strstr(all, "span late tracee: who asked has ended"), "%s", all);
}

static int
do_spans(troupe_context_t *ctx, void *arg)
{
    troupe_span_t span, none;
    troupe_trace_t trace = outer();
    (void) arg;
    if (troupe_span_begin(ctx, &none)) /* no trace yet */
        return -EINVAL;
    troupe_span_event(ctx, &none, "never", NULL);
    troupe_span_end(ctx, &none, "never", TROUPE_SPAN_CLIENT, NULL, NULL);
    troupe_trace_set(ctx, &trace);
    if (!troupe_span_begin(ctx, &span))
        return -ENOENT;
    troupe_span_event(ctx, &span, "first", "{s:i}", "n", 1);
    troupe_span_link(ctx, &span, &trace);
    troupe_span_end(ctx, &span, "mine", TROUPE_SPAN_INTERNAL, "it broke",
                    "{s:s", "wrong"); /* no format: no attributes */
    troupe_span_end(ctx, &span, "twice", TROUPE_SPAN_INTERNAL, NULL, NULL);
    troupe_trace_set(ctx, NULL);
    note_place("after", ctx);
    return 0;
}

Test(tracing, an_actor_makes_spans_of_its_own)
{
    spawn(&span_taker, NULL);
    notes();
    cr_assert_eq(inside(probe_on(0), do_spans, NULL), 0);
    assert_notes("after none, event, link, span mine: it broke");
}

Test(tracing, a_thread_sends_asks_and_spawns_in_the_trace_it_has_set)
{
    troupe_trace_t trace = outer();
    cr_assert_eq(troupe_node_trace_set(node, &trace), 0);
    troupe_ref_t to = spawn(&tracee, NULL);
    assert_notes("start outer");
    tell(to, "tell");
    assert_notes("tell outer");
    cr_assert_eq(troupe_node_ask(node, to, "ask", 1000, NULL, NULL), 0);
    assert_notes("asked outer");
    cr_assert_eq(troupe_node_trace_set(node, NULL), 0);
    tell(to, "tell");
    assert_notes("tell none");
}
