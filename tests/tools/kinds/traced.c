/* SPDX-License-Identifier: Apache-2.0 */
/* traced.c: a kind that makes a span of its own and says where it works. */
#include <unistd.h>

#include <troupe.h>

static int
traced_call(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_trace_t at;
    troupe_span_t span;
    char text[TROUPE_TRACE_TEXT] = "";
    (void) state, (void) msg;
    if (troupe_trace_get(ctx, &at))
        (void) troupe_trace_text(&at, text);
    (void) troupe_span_begin(ctx, &span);
    troupe_span_event(ctx, &span, "halfway", "{s:f}", "share", 0.5);
    troupe_span_end(ctx, &span, "afar", TROUPE_SPAN_INTERNAL, NULL,
                    "{s:i, s:b, s:[i, i], s:{s:n}, s:n}", "pid", getpid(),
                    "good", 1, "list", 1, -2, "map", "nothing", "nil");
    return troupe_reply(ctx, "{s:s, s:i}", "at", text, "pid", getpid());
}

TROUPE_KIND(traced, char, TROUPE_ON("call", traced_call));

TROUPE_KINDS(&traced);
