/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_answer.c: results, errors and notifications of `troupe mcp`. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/mcp_session.h"

#define WORDS_MAX 4096

static const char *const levels[TROUPE__MCP_LEVEL_COUNT] = {
    "debug", "info",     "notice", "warning",
    "error", "critical", "alert",  "emergency"};

int
troupe__mcp_level(const char *name)
{
    for (int i = 0; i < TROUPE__MCP_LEVEL_COUNT; i++)
        if (strcmp(levels[i], name) == 0)
            return i;
    return -1;
}

/* Words may quote the client, cut within a letter. */
static json_t *
text_of(const char *format, va_list args)
{
    char words[WORDS_MAX];
    (void) vsnprintf(words, sizeof words, format, args);
    json_t *text = json_string(words);
    for (char *at = words; !text && *at; at++)
        if ((unsigned char) *at >= 0x80)
            *at = '?';
    return text ? text : json_string(words);
}

static json_t *
id_or_null(const json_t *id)
{
    return id ? json_incref((json_t *) (uintptr_t) id) : json_null();
}

int
troupe__mcp_batch_end(troupe_context_t *ctx, struct troupe__mcp_session *self,
                      struct troupe__mcp_batch *batch)
{
    int rc = 0;
    if (--batch->open > 0)
        return 0;
    if (json_array_size(batch->answers) > 0)
        rc = troupe__mcp_write(ctx, self, json_incref(batch->answers));
    json_decref(batch->answers);
    free(batch);
    return rc;
}

static int
respond(troupe_context_t *ctx, struct troupe__mcp_session *self,
        struct troupe__mcp_batch *batch, json_t *response)
{
    if (!batch)
        return troupe__mcp_write(ctx, self, response);
    json_array_append_new(batch->answers, response);
    return troupe__mcp_batch_end(ctx, self, batch);
}

int
troupe__mcp_answer(troupe_context_t *ctx, struct troupe__mcp_session *self,
                   const json_t *id, struct troupe__mcp_batch *batch,
                   json_t *result)
{
    return respond(ctx, self, batch,
                   json_pack("{s:s, s:o, s:o}", "jsonrpc", "2.0", "id",
                             id_or_null(id), "result", result));
}

int
troupe__mcp_refuse(troupe_context_t *ctx, struct troupe__mcp_session *self,
                   const json_t *id, struct troupe__mcp_batch *batch, int code,
                   const char *format, ...)
{
    va_list args;
    va_start(args, format);
    json_t *text = text_of(format, args);
    va_end(args);
    return respond(ctx, self, batch,
                   json_pack("{s:s, s:o, s:{s:i, s:o}}", "jsonrpc", "2.0", "id",
                             id_or_null(id), "error", "code", code, "message",
                             text));
}

int
troupe__mcp_notify(troupe_context_t *ctx, struct troupe__mcp_session *self,
                   const char *method, json_t *params)
{
    return troupe__mcp_write(ctx, self,
                             json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0",
                                       "method", method, "params", params));
}

int
troupe__mcp_log(troupe_context_t *ctx, struct troupe__mcp_session *self,
                enum troupe__mcp_level level, const char *logger,
                const char *format, ...)
{
    if (level < self->level || self->version == TROUPE__MCP_NONE)
        return 0;
    va_list args;
    va_start(args, format);
    json_t *text = text_of(format, args);
    va_end(args);
    return troupe__mcp_notify(ctx, self, "notifications/message",
                              json_pack("{s:s, s:s, s:o}", "level",
                                        levels[level], "logger", logger, "data",
                                        text));
}
