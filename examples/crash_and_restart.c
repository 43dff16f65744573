/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash_and_restart.c: a supervised actor fails on a message; its supervisor
 * starts it anew under the same ref, and whoever asked hears of it at once.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <troupe.h>

struct divider {
    int64_t handled; /* since this start: a restart begins with zeros */
};

static int
on_divide(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct divider *self = state;
    int64_t by = 0;
    int rc = troupe_unpack(msg, "{s:I}", "by", &by);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "divide wants an integer 'by'");
    /* A negative return is a failure: the actor ends, its state with it. */
    if (by == 0)
        return troupe_fail(ctx, -ERANGE, "division by zero");
    self->handled += 1;
    return troupe_reply(ctx, "{s:I, s:I, s:i}", "quotient", 5040 / by,
                        "handled", self->handled, "incarnation",
                        (int) troupe_incarnation(ctx));
}

TROUPE_KIND(divider, struct divider, TROUPE_ON("divide", on_divide));

/* Returns the incarnation that answered, or the error. */
static int
divide(troupe_t *node, troupe_ref_t ref, int64_t by)
{
    troupe_message_t *reply = NULL;
    int64_t quotient = 0;
    int64_t handled = 0;
    int incarnation = 0;
    int rc = troupe_node_ask(node, ref, "divide", 0, &reply, "{s:I}", "by", by);
    if (rc == 0)
        rc = troupe_unpack(reply, "{s:I, s:I, s:i}", "quotient", &quotient,
                           "handled", &handled, "incarnation", &incarnation);
    troupe_message_destroy(&reply);
    if (rc < 0) {
        printf("5040 / %" PRId64 ": %s\n", by, troupe_strerror(rc));
        return rc;
    }
    printf("5040 / %" PRId64 " = %" PRId64 ", incarnation %d, its answer "
           "number %" PRId64 "\n",
           by, quotient, incarnation, handled);
    return incarnation;
}

/* The message that broke the actor is not tried again: it is a dead letter. */
static bool
is_dead_letter(troupe_t *node)
{
    troupe_dead_letter_t letter;
    if (troupe_dead_letters(node, &letter, 1) != 1)
        return false;
    printf("dead letter: '%s' (%s)\n", letter.type,
           troupe_dead_name(letter.why));
    return letter.why == TROUPE_DEAD_FAILED;
}

static bool
show(troupe_t *node)
{
    const troupe_child_spec_t children[] = {
        {.id = "divider", .kind = &divider, .name = "divider"},
    };
    troupe_supervisor_error_t error;
    troupe_ref_t supervisor;
    troupe_ref_t ref;
    int rc = troupe_node_supervisor_start(node, NULL, children, 1, &supervisor,
                                          &error);
    if (rc < 0) {
        fprintf(stderr, "crash_and_restart: %s\n", error.text);
        return false;
    }
    if (troupe_lookup(node, "divider", &ref) < 0)
        return false;

    bool before = divide(node, ref, 7) == 1 && divide(node, ref, 8) == 1;
    bool failed = divide(node, ref, 0) == -EHOSTDOWN;
    bool after = divide(node, ref, 9) == 2; /* the same ref, a new life */
    return before && failed && after && is_dead_letter(node);
}

int
main(void)
{
    troupe_t *node = NULL;
    bool shown = troupe_new(NULL, &node) == 0 && show(node);
    return troupe_destroy(&node) == 0 && shown ? 0 : 1;
}
