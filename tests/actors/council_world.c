/* SPDX-License-Identifier: Apache-2.0 */
/* council_world.c: a node with a council of actors that say what they shall. */
#include "actors/council_world.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/council_wire.h"

#define DEADLINE_MS 20000

troupe_t *council_node;
troupe_ref_t council_speakers[COUNCIL_SPEAKERS_MAX];

static int interrupt[2]; /* a pipe */

void
council_begin(void)
{
    cr_assert_eq(troupe_new(NULL, &council_node), 0);
    cr_assert_eq(pipe(interrupt), 0);
}

void
council_end(void)
{
    cr_assert_eq(troupe_destroy(&council_node), 0);
    close(interrupt[0]);
    close(interrupt[1]);
}

struct speaker {
    char says[64];
    troupe_token_t token;
    bool cancelled;
};

static int
speaker_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct speaker *self = state;
    const char *says = NULL;
    (void) ctx;
    int rc = troupe_unpack(msg, "s", &says);
    if (rc == 0)
        snprintf(self->says, sizeof self->says, "%s", says);
    return rc;
}

static int
on_ask(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct speaker *self = state;
    (void) msg;
    switch (self->says[0]) {
    case '!':
        return troupe_reply_error(ctx, -EIO, "the line is dead");
    case '$':
        return troupe_reply_error(ctx, -ENOSPC, "the budget: nothing is left");
    case '~':
        return troupe_reply_error(ctx, -ETIMEDOUT, "it is too late");
    case '^':
        cr_assert_eq(write(interrupt[1], "", 1), 1);
        return troupe_defer(ctx, &self->token);
    case '?':
        return troupe_defer(ctx, &self->token);
    case '#':
        if (troupe_incarnation(ctx) == 1)
            return troupe_fail(ctx, -EIO, "crash");
        return troupe_reply(ctx, "{s:s}", "text", self->says + 1);
    case '%':
        return troupe_reply(ctx, "{s:i}", "text", 5);
    default:
        return troupe_reply(ctx, "{s:s, s:I, s:I, s:f, s:U}", "text",
                            self->says, "prompt_tokens", INT64_C(3),
                            "completion_tokens", INT64_C(1), "cost", 0.5,
                            "attempts", UINT64_C(1));
    }
}

static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) msg;
    ((struct speaker *) state)->cancelled = true;
    return 0;
}

static int
on_look(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return troupe_reply(ctx, "b", (int) ((struct speaker *) state)->cancelled);
}

TROUPE_KIND(speaker, struct speaker, TROUPE_ON_START(speaker_start),
            TROUPE_ON("ask", on_ask), TROUPE_ON("look", on_look),
            TROUPE_ON_CANCEL(on_cancel));

static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};

static size_t
start_speakers(const char *const *says)
{
    troupe_child_spec_t specs[COUNCIL_SPEAKERS_MAX] = {0};
    size_t count = 0;
    for (; says[count]; count++) {
        specs[count] =
            (troupe_child_spec_t){.id = names[count], .kind = &speaker};
        cr_assert_eq(troupe_child_spec_pack(&specs[count], "s", says[count]),
                     0);
    }
    troupe_supervisor_options_t strategy = {.intensity = 100};
    troupe_ref_t top;
    cr_assert_eq(troupe_node_supervisor_start(council_node, &strategy, specs,
                                              count, &top, NULL),
                 0);
    for (size_t i = 0; i < count; i++) {
        troupe_child_info_t info;
        cr_assert_eq(
            troupe_supervisor_which_child(council_node, top, names[i], &info),
            0);
        council_speakers[i] = info.ref;
        troupe_child_spec_clear(&specs[i]);
    }
    return count;
}

/* It rests; then its mailbox gets more than it may hold. */
static int
suspend(troupe_context_t *ctx, void *state, void *data)
{
    const troupe_ref_t *judge = state;
    (void) data;
    int rc = troupe_suspend(ctx, *judge);
    return rc < 0 ? rc : TROUPE_STOP;
}

static void
fill(troupe_ref_t judge)
{
    cr_assert_eq(troupe_node_run(council_node, suspend, &judge, 0), 0);
    cr_assert_eq(troupe_settle(council_node, DEADLINE_MS), 0);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(troupe_node_send(council_node, judge, "look", NULL), 0);
    cr_assert_eq(troupe_settle(council_node, DEADLINE_MS), 0);
}

static troupe_ref_t
start_judge(const char *says)
{
    troupe_spawn_options_t options = {
        .mailbox = {.messages_max = 1, .overflow = TROUPE_OVERFLOW_REJECT}};
    bool is_full = *says == '/';
    troupe_ref_t judge;
    cr_assert_eq(troupe_node_spawn(council_node, &speaker,
                                   is_full ? &options : NULL, &judge, "s",
                                   says),
                 0);
    if (is_full)
        fill(judge);
    return judge;
}

static json_t *
ask(const char *const *says, const char *judge, uint32_t deadline_ms,
    uint64_t *ret_outcome)
{
    static const char *const choices[] = {"x", "y"};
    troupe_query_model_t models[COUNCIL_SPEAKERS_MAX] = {0};
    troupe_query_options_t options = troupe_query_options_default();
    options.prompt = "x or y?";
    options.type = TROUPE_QUERY_CHOICE;
    options.models = models;
    options.model_count = start_speakers(says);
    options.interrupt_fd = interrupt[0];
    for (size_t i = 0; i < options.model_count; i++)
        models[i] = troupe_query_model_default(names[i], "http://x", "x");
    struct council_request request = {
        .options = &options,
        .models = council_speakers,
        .deadline_ms = deadline_ms,
        .choices = {.items = (char **) (uintptr_t) choices, .count = 2}};
    troupe_ref_t council;
    if (judge)
        request.judge = start_judge(judge);
    cr_assert_eq(
        troupe_node_spawn(council_node, &troupe_council, NULL, &council, NULL),
        0);
    troupe_message_t *reply = NULL;
    const char *json = NULL, *text = NULL;
    cr_assert_eq(troupe_node_ask(council_node, council, "query", 30000, &reply,
                                 COUNCIL_REQUEST,
                                 COUNCIL_REQUEST_ARGUMENTS(&request)),
                 0);
    cr_assert_eq(troupe_unpack(reply, "{s:U, s:s, s:s}", "outcome", ret_outcome,
                               "text", &text, "json", &json),
                 0);
    json_t *root = json_loads(json, 0, NULL);
    cr_assert_not_null(root);
    troupe_message_destroy(&reply);
    return root;
}

json_t *
council_ask(const char *const *says, uint32_t deadline_ms,
            uint64_t *ret_outcome)
{
    return ask(says, NULL, deadline_ms, ret_outcome);
}

json_t *
council_ask_judged(const char *const *says, const char *judge,
                   uint64_t *ret_outcome)
{
    return ask(says, judge, DEADLINE_MS, ret_outcome);
}

struct council *
council_of(troupe_query_type_t type, const char *const *choices,
           const char *const *answers)
{
    uint32_t count = 0;
    while (answers[count])
        count++;
    struct council *council = troupe__council_new(count);
    council->type = type;
    council->quorum = count / 2 + 1;
    council->tolerance = 0.01;
    council->prompt = strdup("How long is the river?");
    council->field = strdup("a.b");
    council->choices = calloc(COUNCIL_CHOICES_MAX, sizeof *council->choices);
    for (; choices && choices[council->choice_count]; council->choice_count++)
        council->choices[council->choice_count] =
            strdup(choices[council->choice_count]);
    for (uint32_t i = 0; i < count; i++) {
        struct vote *vote = &council->votes[i];
        char name[2] = {(char) ('a' + i), '\0'};
        vote->name = strdup(name);
        vote->family = strdup(name);
        vote->text = strdup(answers[i]);
        troupe__vote_read(council, vote);
    }
    return council;
}
