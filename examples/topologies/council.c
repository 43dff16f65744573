/* SPDX-License-Identifier: Apache-2.0 */
/*
 * council.c: the kinds of council.yaml: a parrot that stands in for a model,
 * and a chair that puts one question. The council is the library's own.
 */
#include <errno.h>
#include <stdio.h>

#include <troupe.h>

/* --- parrot: says what it was told to ------------------------------------- */

struct parrot {
    char says[256];
};

static int
parrot_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct parrot *self = state;
    const char *says = NULL;
    if (troupe_unpack(msg, "{s:s}", "says", &says) < 0)
        return troupe_fail(ctx, -EINVAL, "a parrot wants {says}");
    snprintf(self->says, sizeof self->says, "%s", says);
    return 0;
}

static int
on_ask(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct parrot *self = state;
    (void) msg;
    return troupe_reply(ctx, "{s:s}", "text", self->says);
}

TROUPE_KIND(parrot, struct parrot, TROUPE_ON_START(parrot_start),
            TROUPE_ON("ask", on_ask));

/* --- chair: asks the council once, prints the result, and ends ------------ */

static int
on_result(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    const char *text = NULL;
    (void) state;
    if (answer->outcome != TROUPE_REPLY)
        return troupe_fail(ctx, answer->code, "no result: %s", answer->text);
    int rc = troupe_unpack(answer->msg, "{s:s}", "text", &text);
    if (rc < 0)
        return rc;
    fputs(text, stdout);
    return TROUPE_STOP;
}

/* Its arguments are the query, as troupe_query.h has it. */
static int
chair_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_ref_t council;
    (void) state;
    int rc = troupe_lookup(troupe_context_node(ctx), "council", &council);
    return rc < 0 ? troupe_fail(ctx, rc, "there is no council")
                  : troupe_ask(ctx, council, "query", 60000, on_result, NULL,
                               "m", msg);
}

TROUPE_KIND(chair, char, TROUPE_ON_START(chair_start));

TROUPE_KINDS(&parrot, &chair);
