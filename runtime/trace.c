/* SPDX-License-Identifier: Apache-2.0 */
/* trace.c: which trace what is sent belongs to, and its W3C header. */
#include "runtime/trace.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

_Static_assert(sizeof(troupe_trace_t) == WIRE_TRACE_SIZE,
               "a trace is as it travels");

enum { SPAN = 8, ID = 16 };

bool
troupe_trace_is(const troupe_trace_t *trace)
{
    static const troupe_trace_t none;
    return trace && memcmp(trace->id, none.id, ID) != 0
           && memcmp(trace->span, none.span, SPAN) != 0;
}

static bool
read_raw(const uint8_t *bytes, troupe_trace_t *ret_trace)
{
    CHECK(ret_trace);
    *ret_trace = (troupe_trace_t){{0}, {0}};
    if (bytes)
        memcpy(ret_trace, bytes, sizeof *ret_trace);
    return bytes && troupe_trace_is(ret_trace);
}

bool
troupe_trace_get(const troupe_context_t *ctx, troupe_trace_t *ret_trace)
{
    CHECK(ctx);
    return read_raw(ctx->trace, ret_trace);
}

bool
troupe_message_trace(const troupe_message_t *msg, troupe_trace_t *ret_trace)
{
    CHECK(msg);
    return read_raw(msg->trace, ret_trace);
}

void
troupe_trace_set(troupe_context_t *ctx, const troupe_trace_t *trace)
{
    CHECK(ctx);
    bool is_one = troupe_trace_is(trace);
    if (is_one)
        memcpy(ctx->own_trace, trace, sizeof ctx->own_trace);
    ctx->trace = is_one ? ctx->own_trace : NULL;
}

int
troupe_node_trace_set(troupe_t *node, const troupe_trace_t *trace)
{
    struct troupe__worker *port = NULL;
    int rc = troupe__port_enter(node, false, &port);
    if (rc < 0)
        return rc;
    bool is_one = troupe_trace_is(trace);
    if (is_one)
        memcpy(port->thread_trace, trace, sizeof port->thread_trace);
    port->base_trace = is_one ? port->thread_trace : NULL;
    troupe__port_leave(port);
    return 0;
}

/* --- as text ----------------------------------------------------------------*/

troupe_trace_t
troupe_trace_new(void)
{
    troupe_trace_t trace = {{0}, {0}};
    while (!troupe_trace_is(&trace)) {
        if (getrandom(&trace, sizeof trace, 0) == sizeof trace)
            continue;
        uint64_t now = troupe__real_ns();
        for (size_t i = 0; i < sizeof trace / sizeof now; i++) {
            now = troupe__mix(now + i + 1);
            memcpy((uint8_t *) &trace + i * sizeof now, &now, sizeof now);
        }
    }
    return trace;
}

static void
write_hex(char *to, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        snprintf(to + 2 * i, 3, "%02x", bytes[i]);
}

const char *
troupe_trace_text(const troupe_trace_t *trace, char text[TROUPE_TRACE_TEXT])
{
    CHECK(trace);
    snprintf(text, 4, "00-");
    write_hex(text + 3, trace->id, ID);
    text[35] = '-';
    write_hex(text + 36, trace->span, SPAN);
    snprintf(text + 52, 4, "-01");
    return text;
}

/* Lower-case digits only, as the standard has it. */
static bool
read_hex(const char *text, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < 2 * size; i++) {
        char c = text[i];
        bool is_letter = c >= 'a' && c <= 'f';
        if (!is_letter && (c < '0' || c > '9'))
            return false;
        uint8_t digit = (uint8_t) (is_letter ? c - 'a' + 10 : c - '0');
        bytes[i / 2] = (uint8_t) (i % 2 ? bytes[i / 2] | digit : digit << 4);
    }
    return true;
}

int
troupe_trace_read(const char *text, troupe_trace_t *ret_trace,
                  bool *ret_sampled)
{
    uint8_t version = 0, flags = 0;
    troupe_trace_t trace = {{0}, {0}};
    CHECK(ret_trace);
    size_t size = text ? strnlen(text, TROUPE_TRACE_TEXT) : 0;
    if (size < TROUPE_TRACE_TEXT - 1 || text[2] != '-' || text[35] != '-'
        || text[52] != '-' || !read_hex(text, &version, 1)
        || !read_hex(text + 3, trace.id, ID)
        || !read_hex(text + 36, trace.span, SPAN)
        || !read_hex(text + 53, &flags, 1) || version == 0xff
        || !troupe_trace_is(&trace))
        return -EBADMSG;
    char behind = text[TROUPE_TRACE_TEXT - 1];
    if (behind && (version == 0 || behind != '-'))
        return -EBADMSG;
    *ret_trace = trace;
    if (ret_sampled)
        *ret_sampled = flags & 1;
    return 0;
}
