/* SPDX-License-Identifier: Apache-2.0 */
/* trace_world.c: a trace of the test's, and who takes spans. */
#include "runtime/trace_world.h"

#include <criterion/criterion.h>

#include <string.h>

troupe_trace_t
outer(void)
{
    troupe_trace_t trace = {{0}, {0}};
    cr_assert_eq(troupe_trace_read(OUTER_TEXT, &trace, NULL), 0);
    return trace;
}

void
in_trace(bool is_in)
{
    troupe_trace_t trace = outer();
    cr_assert_eq(troupe_node_trace_set(node, is_in ? &trace : NULL), 0);
}

const char *
place_of(const troupe_trace_t *at)
{
    troupe_trace_t known = outer();
    if (!troupe_trace_is(at))
        return "none";
    if (memcmp(at->id, known.id, sizeof known.id) != 0)
        return "other";
    return memcmp(at->span, known.span, sizeof known.span) == 0 ? "outer"
                                                                : "below";
}

void
note_place(const char *who, troupe_context_t *ctx)
{
    troupe_trace_t at;
    (void) troupe_trace_get(ctx, &at);
    note("%s %s", who, place_of(&at));
}

int
start_noted(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    note_place("start", ctx);
    return 0;
}

int
take_all_spans(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    int rc = troupe_register(ctx, TROUPE_SPANS);
    return rc < 0 ? rc : troupe_register(ctx, TROUPE_SPANS_OF_HANDLERS);
}
