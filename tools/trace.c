/* SPDX-License-Identifier: Apache-2.0 */
/* trace.c: the trace of a run of a command, into a file or to a collector. */
#include "tools/trace.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "troupe_http.h"
#include "troupe_msgpack.h"
#include "troupe_spans.h"
#include "troupe_stats.h"
#include "troupe_thread.h"

#include "tools/call.h"
#include "tools/commands.h"
#include "tools/findings.h"

#define PATH_OF_TRACES "/v1/traces"
#define TIMEOUT_MS     10000
#define SETTLE_MS      1000
#define START_MS       5000
#define MAILBOX        65536
#define SPAN           8

bool
troupe__trace_takes(int c)
{
    return c == TROUPE__OPTION_TRACE || c == TROUPE__OPTION_OTLP
           || troupe__picture_takes(c);
}

static bool
is_url(const char *text)
{
    return strncmp(text, "http://", 7) == 0
           || strncmp(text, "https://", 8) == 0;
}

int
troupe__trace_take(const char *command, int c,
                   struct troupe__trace_options *ret)
{
    if (troupe__picture_takes(c))
        return troupe__picture_take(command, c, &ret->pictures);
    if (c == TROUPE__OPTION_TRACE) {
        ret->file = optarg;
        return troupe__check_path(command, "--trace", optarg);
    }
    ret->otlp = optarg;
    if (is_url(optarg) && troupe__is_text(optarg))
        return -1;
    return troupe__usage_error(
        command, "--otlp wants a URL such as http://localhost:4318");
}

/* --- the environment --------------------------------------------------------*/

/* A variable that is set, and not to nothing. */
static const char *
variable(const char *name)
{
    const char *text = getenv(name);
    return text && *text ? text : NULL;
}

/* Of a base, as the convention has it; to be freed. */
static char *
url_below(const char *base)
{
    size_t size = strlen(base), end = strlen(PATH_OF_TRACES);
    while (size > 0 && base[size - 1] == '/')
        size--;
    bool whole =
        size >= end && strncmp(base + size - end, PATH_OF_TRACES, end) == 0;
    return troupe__format("%.*s%s", (int) size, base,
                          whole ? "" : PATH_OF_TRACES);
}

static bool
is_off(void)
{
    const char *off = variable("OTEL_SDK_DISABLED");
    const char *exporter = variable("OTEL_TRACES_EXPORTER");
    return (off && strcasecmp(off, "true") == 0)
           || (exporter && !strstr(exporter, "otlp"));
}

/* NULL: nobody wants it. To be freed. */
static char *
find_url(const char *command, const char *otlp)
{
    const char *whole = variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    const char *base = variable("OTEL_EXPORTER_OTLP_ENDPOINT");
    if (otlp)
        return url_below(otlp);
    if (is_off() || (!whole && !base))
        return NULL;
    if (is_url(whole ? whole : base))
        return whole ? troupe__copy(whole, strlen(whole)) : url_below(base);
    fprintf(troupe__errors(),
            "troupe %s: no trace is sent: %s is no URL such as "
            "http://localhost:4318\n",
            command,
            whole ? "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
                  : "OTEL_EXPORTER_OTLP_ENDPOINT");
    return NULL;
}

static const char *
headers_name(void)
{
    static const char *const names[] = {"OTEL_EXPORTER_OTLP_TRACES_HEADERS",
                                        "OTEL_EXPORTER_OTLP_HEADERS"};
    return variable(names[0]) ? names[0] : variable(names[1]) ? names[1] : NULL;
}

static uint32_t
timeout_ms(void)
{
    const char *text = variable("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT");
    size_t ms = TIMEOUT_MS;
    if (!text)
        text = variable("OTEL_EXPORTER_OTLP_TIMEOUT");
    if (text && !troupe__read_number(text, 1, 600000, &ms))
        ms = TIMEOUT_MS;
    return (uint32_t) ms;
}

/* --- the resource -----------------------------------------------------------*/

struct pair {
    const char *key;
    size_t key_size;
    char *value; /* decoded; owned */
    size_t value_size;
};

static char *
decode(const char *text, size_t size, size_t *ret_size)
{
    char *value = troupe__grab(size + 1), *to = value;
    for (size_t i = 0; i < size; i++) {
        unsigned byte = 0;
        bool coded = text[i] == '%' && i + 2 < size + 0
                     && isxdigit((unsigned char) text[i + 1])
                     && isxdigit((unsigned char) text[i + 2])
                     && sscanf(text + i + 1, "%2x", &byte) == 1;
        *to++ = coded ? (char) byte : text[i];
        i += coded ? 2 : 0;
    }
    *to = '\0';
    *ret_size = (size_t) (to - value);
    return value;
}

static bool
next_pair(const char **at, struct pair *ret)
{
    while (*at && **at) {
        size_t size = strcspn(*at, ",");
        const char *from = *at, *equals = memchr(from, '=', size);
        *at += size + (from[size] == ',');
        if (!equals || equals == from)
            continue;
        ret->key = from;
        ret->key_size = (size_t) (equals - from);
        ret->value =
            decode(equals + 1, size - ret->key_size - 1, &ret->value_size);
        if (troupe__is_text(ret->value))
            return true;
        free(ret->value);
    }
    return false;
}

static void
pack_text(msgpack_packer *packer, const char *text, size_t size)
{
    msgpack_pack_str(packer, size);
    msgpack_pack_str_body(packer, text, size);
}

/* OTEL_RESOURCE_ATTRIBUTES, "a=b,c=d". */
static int
write_resource(msgpack_packer *packer, void *data)
{
    const char *text = data, *at = text;
    struct pair pair;
    size_t count = 1;
    while (next_pair(&at, &pair)) {
        free(pair.value);
        count++;
    }
    msgpack_pack_map(packer, count);
    pack_text(packer, "service.version", 15);
    pack_text(packer, TROUPE_VERSION, strlen(TROUPE_VERSION));
    for (at = text; next_pair(&at, &pair);) {
        pack_text(packer, pair.key, pair.key_size);
        pack_text(packer, pair.value, pair.value_size);
        free(pair.value);
    }
    return 0;
}

/* --- begin and end ----------------------------------------------------------*/

static int
start_taker(struct troupe__trace *self,
            const struct troupe__trace_options *options, const char *url)
{
    const char *file = self->fd >= 0 ? self->path : options->file;
    const char *service = variable("OTEL_SERVICE_NAME");
    const char *resource = variable("OTEL_RESOURCE_ATTRIBUTES");
    troupe_ref_t http = TROUPE_NOBODY;
    troupe_spawn_options_t alone = {.place = TROUPE_OWN_THREAD,
                                    .mailbox = {.messages_max = MAILBOX}};
    int rc =
        url ? troupe_node_spawn(self->node, &troupe_http, &alone, &http, NULL)
            : 0;
    /* It has begun, and is no part of the trace. */
    if (rc == 0 && url)
        rc = troupe_node_ask(self->node, http, "state", START_MS, NULL, NULL);
    if (rc < 0)
        return rc;
    rc = troupe_node_spawn(
        self->node, &troupe_spans, &alone, &self->taker,
        "{s:s, s:*, s:s?, s:b, s:R, s:s?, s:s?, s:U, s:b}", "service",
        service ? service : "troupe", "resource", write_resource,
        (void *) (uintptr_t) resource, "path", file, "append",
        (int) options->append, "http", http, "url", url, "headers_env",
        headers_name(), "timeout_ms", (uint64_t) self->timeout_ms, "handlers",
        (int) options->handlers);
    /* It answers when it has begun, or has failed to. */
    return rc < 0 ? rc
                  : troupe_node_ask(self->node, self->taker, "flush", START_MS,
                                    NULL, NULL);
}

/* The run's span: below what TRACEPARENT names, or the first of its trace. */
static bool
place_span(struct troupe__trace *self, bool wanted)
{
    troupe_trace_t outer;
    bool sampled = true;
    troupe_trace_t fresh = troupe_trace_new();
    self->span = (troupe_span_t){.at = fresh};
    if (troupe_trace_read(variable("TRACEPARENT"), &outer, &sampled) < 0)
        return true;
    memcpy(self->span.at.id, outer.id, sizeof outer.id);
    memcpy(self->span.parent, outer.span, SPAN);
    return sampled || wanted;
}

int
troupe__trace_begin(struct troupe__trace *self,
                    const struct troupe__trace_options *options,
                    const char *command, troupe_t *node)
{
    *self = (struct troupe__trace){.taker = TROUPE_NOBODY, .fd = -1};
    bool draws = troupe__picture_is_wanted(&options->pictures);
    bool wanted = options->file || options->otlp || draws;
    const char *mode = options->append ? "ae" : "we";
    FILE *file = options->file ? fopen(options->file, mode) : NULL;
    if (options->file && !file) {
        fprintf(troupe__errors(), "troupe %s: %s: %s\n", command, options->file,
                strerror(errno));
        return TROUPE__EXIT_FAILED;
    }
    if (file)
        fclose(file);
    char *url = find_url(command, options->otlp);
    if ((!url && !options->file && !draws) || !place_span(self, wanted)) {
        free(url);
        return -1;
    }
    if (draws && !options->file
        && !troupe__picture_keep(command, self->path, &self->fd)) {
        free(url);
        return TROUPE__EXIT_FAILED;
    }
    self->options = options;
    self->node = node;
    self->command = command;
    self->timeout_ms = timeout_ms();
    int rc = start_taker(self, options, url);
    free(url);
    if (rc == 0) {
        self->span.from_ns = troupe_now_ns(node);
        rc = troupe_node_trace_set(node, &self->span.at);
    }
    if (rc == 0)
        return -1;
    const char *words = troupe_node_ask_words();
    fprintf(troupe__errors(), "troupe %s: no trace: %s\n", command,
            *words ? words : troupe_strerror(rc));
    if (self->fd >= 0)
        close(self->fd);
    *self = (struct troupe__trace){.taker = TROUPE_NOBODY, .fd = -1};
    return options->file || draws ? TROUPE__EXIT_FAILED : -1;
}

static const char *
words_of(int code)
{
    switch (code) {
    case TROUPE__EXIT_OK:
    case TROUPE__EXIT_PARTIAL:
        return NULL;
    case TROUPE__EXIT_BUDGET:
        return "the budget is used up";
    case TROUPE__EXIT_QUORUM:
        return "no quorum";
    case TROUPE__EXIT_DEADLINE:
        return "the deadline passed";
    default:
        return "it failed";
    }
}

static int
send_span(const struct troupe__trace *self, int code, const char *run)
{
    static const uint8_t none[SPAN];
    const troupe_span_t *span = &self->span;
    char name[32];
    snprintf(name, sizeof name, "troupe %s", self->command);
    bool is_first = memcmp(span->parent, none, SPAN) == 0;
    /* A parent that is empty is none. */
    return troupe_node_send(
        self->node, self->taker, "span",
        "[B, B, s, i, U, U, s?, {s:s, s:i, s:s?}]", &span->at, sizeof span->at,
        span->parent, is_first ? (size_t) 0 : SPAN, name, TROUPE_SPAN_INTERNAL,
        span->from_ns, troupe_now_ns(self->node), words_of(code),
        "troupe.command", self->command, "process.exit.code", code,
        "troupe.run", run);
}

/* Spans that did not reach the taker, and of which it has not been told. */
static uint64_t
count_unheard(const struct troupe__trace *self)
{
    troupe_node_stats_t all;
    troupe_node_stats_get(self->node, &all);
    return all.spans_lost;
}

int
troupe__trace_end(struct troupe__trace *self, int code, const char *run)
{
    troupe_message_t *reply = NULL;
    uint64_t spans = 0, lost = 0;
    const char *words = "";
    if (troupe_ref_is_nobody(self->taker))
        return code;
    (void) troupe_node_trace_set(self->node, NULL);
    (void) troupe_settle(self->node, SETTLE_MS); /* what is on its way */
    int rc = send_span(self, code, run);
    if (rc == 0)
        rc = troupe_node_ask(self->node, self->taker, "flush",
                             self->timeout_ms + 2 * SETTLE_MS, &reply, NULL);
    if (rc == 0)
        rc = troupe_unpack(reply, "{s:U, s:U, s:s}", "spans", &spans, "lost",
                           &lost, "words", &words);
    uint64_t unheard = count_unheard(self);
    lost += unheard;
    spans += unheard;
    if (rc < 0) {
        fprintf(troupe__errors(),
                "troupe %s: warning: the trace is not complete: nobody took "
                "the last of it in time\n",
                self->command);
    } else if (lost > 0) {
        fprintf(troupe__errors(),
                "troupe %s: warning: the trace is not complete: %llu of %llu "
                "spans were not delivered: %s\n",
                self->command, (unsigned long long) lost,
                (unsigned long long) spans,
                *words ? words : "there were too many at once");
    }
    troupe_message_destroy(&reply);
    self->taker = TROUPE_NOBODY;
    const struct troupe__trace_options *options = self->options;
    bool draws = troupe__picture_is_wanted(&options->pictures);
    bool good =
        !draws
        || troupe__picture_draw(self->command, &options->pictures,
                                self->fd >= 0 ? self->path : options->file)
               == 0;
    if (self->fd >= 0)
        close(self->fd);
    return good || code != TROUPE__EXIT_OK ? code : TROUPE__EXIT_FAILED;
}
