/* SPDX-License-Identifier: Apache-2.0 */
/* test_spans.c: what the taker of spans writes, byte by byte. */
#include <criterion/criterion.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe.h"
#include "troupe_spans.h"

#include "actors/scratch_dir.h"

#define MANY       1500 /* spans: more than a batch */
#define MANY_PARTS 200  /* events of one span: more than are kept */

static struct scratch_dir dir;
static troupe_t *node;
static troupe_ref_t taker;
static char *file;        /* what it has written */
static char warning[256]; /* the last one; read when the node has ended */

static void
take_line(void *data, troupe_level_t level, const char *text)
{
    (void) data, (void) level;
    snprintf(warning, sizeof warning, "%s", text);
}

static void
begin(void)
{
    troupe_options_t options = troupe_options_default();
    options.log = take_line;
    options.log_level = TROUPE_LOG_WARNING;
    scratch_dir_make(&dir);
    warning[0] = '\0';
    cr_assert_eq(troupe_new(&options, &node), 0);
    cr_assert_eq(troupe_node_spawn(node, &troupe_spans, NULL, &taker,
                                   "{s:s, s:s}", "service", "a \"test\"",
                                   "path", scratch_dir_path(&dir, "spans")),
                 0);
}

static void
end(void)
{
    free(file);
    file = NULL;
    cr_assert_eq(troupe_destroy(&node), 0);
    scratch_dir_remove(&dir);
}

TestSuite(spans, .init = begin, .fini = end, .timeout = 60);

static troupe_trace_t
place(uint8_t number)
{
    troupe_trace_t at = {{1, 2, 0xab}, {number}};
    return at;
}

static void
span(uint8_t number)
{
    troupe_trace_t at = place(number);
    cr_assert_eq(troupe_node_send(node, taker, "span",
                                  "[B, n, s, i, U, U, s?, {}]", &at, sizeof at,
                                  "work", 1, UINT64_C(5), UINT64_C(7), NULL),
                 0);
}

static void
note(uint8_t number, const char *key)
{
    troupe_trace_t at = place(number);
    cr_assert_eq(troupe_node_send(node, taker, "note", "[B, {s:b}]", &at,
                                  sizeof at, key, 1),
                 0);
}

static void
event(uint8_t number, const char *name)
{
    troupe_trace_t at = place(number);
    cr_assert_eq(troupe_node_send(node, taker, "event", "[B, s, U, {}]", &at,
                                  sizeof at, name, UINT64_C(6)),
                 0);
}

/* All that is written now; *ret_spans is how many spans it took. */
static const char *
flush(uint64_t *ret_spans)
{
    troupe_message_t *reply = NULL;
    uint64_t lost = 1;
    cr_assert_eq(troupe_node_ask(node, taker, "flush", 20000, &reply, NULL), 0);
    cr_assert_eq(
        troupe_unpack(reply, "{s:U, s:U}", "spans", ret_spans, "lost", &lost),
        0);
    troupe_message_destroy(&reply);
    cr_assert_eq(lost, 0u);
    FILE *from = fopen(scratch_dir_path(&dir, "spans"), "r");
    cr_assert_not_null(from);
    size_t size = 0;
    free(file);
    file = NULL;
    cr_assert_geq(getdelim(&file, &size, '\0', from), 0);
    fclose(from);
    return file;
}

/* The list of attributes of a span that is all that there is. */
#define assert_written(wanted)                                                 \
    do {                                                                       \
        uint64_t count = 0;                                                    \
        const char *text = flush(&count);                                      \
        cr_assert_not_null(strstr(text, wanted), "%s", text);                  \
        json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);         \
        cr_assert_not_null(root, "no JSON: %s", text);                         \
        json_decref(root);                                                     \
    } while (0)

#define TRUE_OF(key) "{\"key\":\"" key "\",\"value\":{\"boolValue\":true}}"

Test(spans, a_span_is_what_the_protocol_has)
{
    span(0x0f);
    assert_written("{\"traceId\":\"0102ab00000000000000000000000000\","
                   "\"spanId\":\"0f00000000000000\",\"name\":\"work\","
                   "\"kind\":1,\"startTimeUnixNano\":\"");
    cr_assert_not_null(
        strstr(file, ",\"status\":{},\"attributes\":[]}]}]}]}\n"), "%s", file);
    cr_assert_not_null(strstr(file, "{\"stringValue\":\"a \\\"test\\\"\"}"),
                       "%s", file);
}

Test(spans, what_is_wrong_is_in_the_status)
{
    troupe_trace_t at = place(1);
    cr_assert_eq(
        troupe_node_send(node, taker, "span", "[B, B, s, i, U, U, s, {}]", &at,
                         sizeof at, at.span, sizeof at.span, "work", 3,
                         UINT64_C(5), UINT64_C(7), "it\tbroke \\ \x01"),
        0);
    assert_written(
        "\"status\":{\"message\":\"it\\u0009broke \\\\ \\u0001\",\"code\":2}");
    cr_assert_not_null(strstr(file, "\"parentSpanId\":\"0100000000000000\""),
                       "%s", file);
}

Test(spans, values_of_all_types_are_attributes)
{
    troupe_trace_t at = place(1);
    cr_assert_eq(
        troupe_node_send(
            node, taker, "span",
            "[B, n, s, i, U, U, n, {s:s, s:I, s:U, s:f, s:f, s:b, s:B, s:[i, "
            "n, []], s:{s:{}}, s:n}]",
            &at, sizeof at, "work", 1, UINT64_C(5), UINT64_C(7), "text",
            "\xc3\xbc\"", "low", INT64_MIN, "high", UINT64_C(1) << 53, "real",
            0.5, "none", (double) NAN, "no", 0, "bytes", "\xff\x00\x01\x02",
            (size_t) 4, "list", 1, "map", "in", "nil"),
        0);
    assert_written(
        "\"attributes\":["
        "{\"key\":\"text\",\"value\":{\"stringValue\":\"\xc3\xbc\\\"\"}},"
        "{\"key\":\"low\",\"value\":{\"intValue\":\"-9223372036854775808\"}},"
        "{\"key\":\"high\",\"value\":{\"intValue\":\"9007199254740992\"}},"
        "{\"key\":\"real\",\"value\":{\"doubleValue\":0.5}},"
        "{\"key\":\"none\",\"value\":{\"doubleValue\":\"NaN\"}},"
        "{\"key\":\"no\",\"value\":{\"boolValue\":false}},"
        "{\"key\":\"bytes\",\"value\":{\"bytesValue\":\"/wABAg==\"}},"
        "{\"key\":\"list\",\"value\":{\"arrayValue\":{\"values\":["
        "{\"intValue\":\"1\"},{},{\"arrayValue\":{\"values\":[]}}]}}},"
        "{\"key\":\"map\",\"value\":{\"kvlistValue\":{\"values\":["
        "{\"key\":\"in\",\"value\":{\"kvlistValue\":{\"values\":[]}}}]}}}]}");
}

Test(spans, notes_are_attributes_whether_they_come_before_or_after_the_end)
{
    note(1, "early");
    note(1, "soon");
    event(1, "half");
    span(1);
    span(2);
    note(1, "late");
    note(2, "last");
    note(2, "end");
    note(1, "very late");
    assert_written("\"attributes\":[" TRUE_OF("early") "," TRUE_OF(
        "soon") "," TRUE_OF("late") "," TRUE_OF("very late") "],\"events\":[{");
    cr_assert_not_null(strstr(file, "\"attributes\":[" TRUE_OF(
                                        "last") "," TRUE_OF("end") "]}"),
                       "%s", file);
}

Test(spans, a_span_has_its_links_and_so_many_events)
{
    troupe_trace_t at = place(1), other = place(9);
    for (int i = 0; i < MANY_PARTS; i++)
        event(1, "again");
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(troupe_node_send(node, taker, "link", "[B, B]", &at,
                                      sizeof at, &other, sizeof other),
                     0);
    }
    span(1);
    assert_written(
        "\"links\":[{\"traceId\":\"0102ab00000000000000000000000000\""
        ",\"spanId\":\"0900000000000000\"},{\"traceId\":");
    cr_assert_not_null(strstr(file, "\"droppedEventsCount\":72}"), "%s", file);
}

Test(spans, many_come_in_batches_and_none_is_missing)
{
    uint64_t count = 0;
    size_t lines = 0, spans = 0;
    for (int i = 0; i < MANY; i++)
        span((uint8_t) (1 + i % 255));
    const char *text = flush(&count);
    cr_assert_eq(count, (uint64_t) MANY);
    for (const char *at = text; *at; at = strchr(at, '\n') + 1) {
        json_t *line = json_loads(at, JSON_DISABLE_EOF_CHECK, NULL);
        cr_assert_not_null(line);
        json_decref(line);
        lines++;
    }
    for (const char *at = text; (at = strstr(at, "\"spanId\"")); at++)
        spans++;
    cr_assert_eq(spans, (size_t) MANY);
    cr_assert_eq(lines, (size_t) 2, "%zu", lines);
}

Test(spans, large_ones_do_not_wait)
{
    uint64_t count = 0;
    size_t size = 512 << 10;
    char *big = malloc(size + 1);
    memset(big, 'x', size);
    big[size] = '\0';
    for (int i = 0; i < 20; i++) {
        troupe_trace_t at = place((uint8_t) (1 + i));
        cr_assert_eq(troupe_node_send(node, taker, "span",
                                      "[B, n, s, i, U, U, n, {s:s}]", &at,
                                      sizeof at, "work", 1, UINT64_C(5),
                                      UINT64_C(7), "text", big),
                     0);
    }
    free(big);
    const char *text = flush(&count);
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    cr_assert_eq(count, 20u);
    cr_assert_geq(lines, (size_t) 3);
}

Test(spans, what_is_no_span_is_passed_over)
{
    uint64_t count = 0;
    troupe_trace_t at = place(1), none = {{0}, {0}};
    span(1);
    cr_assert_eq(troupe_node_send(node, taker, "span", "[B]", &at, sizeof at),
                 0);
    cr_assert_eq(troupe_node_send(node, taker, "span", NULL), 0);
    cr_assert_eq(troupe_node_send(node, taker, "link", "[B, B]", &at, sizeof at,
                                  &none, sizeof none),
                 0);
    cr_assert_eq(troupe_node_send(node, taker, "event", "[B, i, U, {}]", &at,
                                  sizeof at, 1, UINT64_C(1)),
                 0);
    flush(&count);
    cr_assert_eq(count, 1u);
}

/* silent: never answers, and hears of each post. */
struct silent {
    troupe_token_t token;
};

static int
silent_fetch(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct silent *self = state;
    (void) msg;
    return troupe_defer(ctx, &self->token);
}

TROUPE_KIND(silent, struct silent, TROUPE_ON("fetch", silent_fetch));

Test(spans, what_a_collector_has_not_taken_at_the_end_is_said)
{
    troupe_ref_t http;
    cr_assert_eq(troupe_node_exit(node, taker, TROUPE_EXIT_SHUTDOWN, 20000), 0);
    cr_assert_eq(troupe_node_spawn(node, &silent, NULL, &http, NULL), 0);
    cr_assert_eq(troupe_node_spawn(node, &troupe_spans, NULL, &taker,
                                   "{s:s, s:R, s:s}", "service", "test", "http",
                                   http, "url", "http://nowhere/"),
                 0);
    for (int i = 0; i < MANY; i++) /* a batch is sent, and some wait for it */
        span((uint8_t) (1 + i % 255));
    cr_assert_eq(troupe_settle(node, 20000), 0);
    cr_assert_eq(troupe_stop(node, 20000), 0);
    cr_assert_not_null(strstr(warning, "1500 spans were not sent"), "%s",
                       warning);
}
