/* SPDX-License-Identifier: Apache-2.0 */
/* guest_world.c: a root with guests, and actors that ask and are asked. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "supervisor/guest_world.h"

void
guest_begin(void)
{
    isolation_begin(
        NULL, (troupe_nodes_options_t){.heartbeat_ms = 100, .hang_ms = 100000});
}

void
guest_begin_impatient(void)
{
    isolation_begin(
        NULL, (troupe_nodes_options_t){.heartbeat_ms = 100, .hang_ms = 1000});
}

troupe_child_spec_t
guest_spec(const troupe_program_t *program)
{
    return (troupe_child_spec_t){.id = "one",
                                 .name = "one",
                                 .isolation = TROUPE_OWN_PROCESS,
                                 .program = program};
}

int
echo_of(const char *name)
{
    troupe_message_t *reply = NULL;
    int number = 0;
    cr_assert_eq(
        troupe_node_ask(root, named(name), "echo", 60000, &reply, "i", 7), 0,
        "%s", troupe_node_ask_words());
    cr_assert_eq(troupe_unpack(reply, "i", &number), 0);
    troupe_message_destroy(&reply);
    return number;
}

/* --- the ear ----------------------------------------------------------------*/

struct ear {
    troupe_ref_t from;
};

static troupe_ref_t ear_ref;

static int
ear_note(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct ear *self = state;
    (void) ctx;
    self->from = troupe_message_sender(msg);
    return 0;
}

static int
ear_from(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct ear *self = state;
    (void) msg;
    return troupe_reply(ctx, "R", self->from);
}

static int
ear_echo(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    return troupe_reply(ctx, "m", msg);
}

static int
reply_bytes(troupe_context_t *ctx, size_t size)
{
    void *bytes = calloc(1, size);
    int rc = troupe_reply(ctx, "B", bytes, size);
    free(bytes);
    return rc;
}

static int
ear_big(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return reply_bytes(ctx, 1 << 20);
}

static int
ear_large(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return reply_bytes(ctx, 1 << 19);
}

static int
ear_never(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_token_t token;
    (void) state, (void) msg;
    troupe_log(ctx, TROUPE_LOG_INFO, "is asked for what never comes");
    return troupe_defer(ctx, &token);
}

static int
ear_until(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    return troupe_reply(ctx, "U", troupe_message_deadline_ns(msg));
}

TROUPE_KIND(guest_ear, struct ear, TROUPE_ON("note", ear_note),
            TROUPE_ON("from", ear_from), TROUPE_ON("echo", ear_echo),
            TROUPE_ON("big", ear_big), TROUPE_ON("large", ear_large),
            TROUPE_ON("never", ear_never), TROUPE_ON("until", ear_until));

void
ear_begin(void)
{
    const troupe_spawn_options_t options = {.name = "ear"};
    cr_assert_eq(troupe_node_spawn(root, &guest_ear, &options, &ear_ref, NULL),
                 0);
}

troupe_ref_t
ear_heard(void)
{
    troupe_message_t *reply = NULL;
    troupe_ref_t from = TROUPE_NOBODY;
    cr_assert_eq(troupe_node_ask(root, ear_ref, "from", 60000, &reply, NULL),
                 0);
    cr_assert_eq(troupe_unpack(reply, "R", &from), 0);
    troupe_message_destroy(&reply);
    return from;
}

/* --- the asker --------------------------------------------------------------*/

struct asker {
    struct outcomes outcomes;
    int open;
    troupe_ask_t last;
    troupe_token_t waits; /* who wants to know */
};

static troupe_ref_t asker_ref;

static void
report(troupe_context_t *ctx, struct asker *self)
{
    const int *of = self->outcomes.of;
    cr_assert_eq(troupe_reply_to(ctx, &self->waits, "[i, i, i, i, i, i, s]",
                                 of[TROUPE_REPLY], of[TROUPE_ERROR],
                                 of[TROUPE_TIMEOUT], of[TROUPE_DOWN],
                                 of[TROUPE_OVERLOAD], of[TROUPE_CANCELLED],
                                 self->outcomes.text),
                 0);
}

static int
asker_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct asker *self = state;
    self->outcomes.of[answer->outcome]++;
    if (answer->outcome != TROUPE_REPLY)
        snprintf(self->outcomes.text, sizeof self->outcomes.text, "%s",
                 answer->text);
    if (--self->open == 0 && self->waits.id)
        report(ctx, self);
    return 0;
}

static int
asker_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct asker *self = state;
    const char *name = NULL, *type = NULL;
    int count = 0, timeout_ms = 0;
    troupe_ref_t target;
    int rc =
        troupe_unpack(msg, "[s, s, i, i]", &name, &type, &count, &timeout_ms);
    if (rc == 0)
        rc = troupe_lookup(troupe_context_node(ctx), name, &target);
    for (int i = 0; rc == 0 && i < count; i++) {
        const troupe_ask_options_t options = {
            .timeout_ms = (uint32_t) timeout_ms, .answer = asker_answer};
        rc = troupe_ask_with(ctx, target, type, &options, &self->last, "i", i);
        self->open += rc == 0;
    }
    return rc;
}

static int
asker_give_up(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct asker *self = state;
    (void) msg;
    return troupe_cancel(ctx, self->last);
}

static int
asker_report(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct asker *self = state;
    (void) msg;
    int rc = troupe_defer(ctx, &self->waits);
    if (rc == 0 && self->open == 0)
        report(ctx, self);
    return rc;
}

TROUPE_KIND(guest_asker, struct asker, TROUPE_ON("go", asker_go),
            TROUPE_ON("give-up", asker_give_up),
            TROUPE_ON("report", asker_report));

void
asker_begin(void)
{
    cr_assert_eq(troupe_node_spawn(root, &guest_asker, NULL, &asker_ref, NULL),
                 0);
}

void
asker_ask(const char *name, const char *type, int count, int timeout_ms)
{
    cr_assert_eq(troupe_node_send(root, asker_ref, "go", "[s, s, i, i]", name,
                                  type, count, timeout_ms),
                 0);
}

void
asker_cancel(void)
{
    cr_assert_eq(troupe_node_send(root, asker_ref, "give-up", NULL), 0);
}

struct outcomes
asker_outcomes(void)
{
    troupe_message_t *reply = NULL;
    struct outcomes all = {.text = ""};
    const char *text = NULL;
    int *of = all.of;
    cr_assert_eq(
        troupe_node_ask(root, asker_ref, "report", 90000, &reply, NULL), 0,
        "%s", troupe_node_ask_words());
    cr_assert_eq(
        troupe_unpack(reply, "[i, i, i, i, i, i, s]", &of[TROUPE_REPLY],
                      &of[TROUPE_ERROR], &of[TROUPE_TIMEOUT], &of[TROUPE_DOWN],
                      &of[TROUPE_OVERLOAD], &of[TROUPE_CANCELLED], &text),
        0);
    snprintf(all.text, sizeof all.text, "%s", text);
    troupe_message_destroy(&reply);
    return all;
}
