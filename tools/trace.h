/* SPDX-License-Identifier: Apache-2.0 */
/* trace.h: the trace of a run of a command, into a file or to a collector. */
#ifndef TROUPE_TOOLS_TRACE_H
#define TROUPE_TOOLS_TRACE_H

#include "troupe_trace.h"

#include "tools/picture.h"

/*
 * By options, or by OpenTelemetry's environment: OTEL_EXPORTER_OTLP_ENDPOINT,
 * _TRACES_ENDPOINT, _HEADERS, _TIMEOUT, OTEL_SERVICE_NAME,
 * OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_EXPORTER, OTEL_SDK_DISABLED. A trace
 * that TRACEPARENT names goes on, unless its sender does not record it and no
 * option asks for it.
 */
struct troupe__trace_options {
    const char *file; /* NULL: none */
    const char *otlp; /* URL of a collector; NULL: by the environment */
    bool append;      /* behind what the file has */
    bool handlers;    /* they are spans, too */
    struct troupe__picture_options pictures; /* that are drawn from it */
};

/* What getopt_long() returns for them; no character. */
enum { TROUPE__OPTION_TRACE = 0x1000, TROUPE__OPTION_OTLP };

#define TROUPE__TRACE_OPTIONS                                                  \
    {"trace", 1, NULL, TROUPE__OPTION_TRACE},                                  \
    {                                                                          \
        "otlp", 1, NULL, TROUPE__OPTION_OTLP                                   \
    }

#define TROUPE__TRACE_HELP                                                     \
    "  --trace FILE       write what each part did, and when, there, as\n"     \
    "                     OpenTelemetry's JSON\n"                              \
    "  --otlp URL         the same to a collector (or by\n"                    \
    "                     OTEL_EXPORTER_OTLP_ENDPOINT)\n"

/* troupe__trace_takes: true when that is one of them, or of picture.h. */
bool troupe__trace_takes(int c);

/* troupe__trace_take: take it, with optarg; -1, or an exit code. */
int troupe__trace_take(const char *command, int c,
                       struct troupe__trace_options *ret);

/* A run's; {0} is none, with which all calls do nothing. */
struct troupe__trace {
    troupe_t *node;
    troupe_ref_t taker;
    const char *command;
    const struct troupe__trace_options *options;
    char path[32]; /* of a file that pictures need, and nobody else */
    int fd;        /* of that file; or -1 */
    troupe_span_t span;
    uint32_t timeout_ms;
};

/*
 * troupe__trace_begin: take spans, and let what this thread does on the node
 * belong to the run's.
 *
 *   options  borrowed until the end.
 *   command  "map", for names and for messages; borrowed.
 *   returns  -1 to go on, or an exit code after having said why: only for a
 *            file that cannot be written
 */
int troupe__trace_begin(struct troupe__trace *self,
                        const struct troupe__trace_options *options,
                        const char *command, troupe_t *node);

/* troupe__trace_end: the run's span ends, with its exit code, and all goes out;
 * what cannot is a warning on standard error. `run`: its id, or NULL. Returns
 * the exit code, which is another when all was well but for a picture. */
int troupe__trace_end(struct troupe__trace *self, int code, const char *run);

#endif
