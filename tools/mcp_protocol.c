/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcp_protocol.c: what a client says, by JSON-RPC 2.0 and the Model Context
 * Protocol, versions 2024-11-05, 2025-03-26 and 2025-06-18.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/findings.h"
#include "tools/mcp_session.h"

#define BATCH_MAX 1000

static const char *const versions[TROUPE__MCP_VERSION_COUNT] = {
    [TROUPE__MCP_2024_11_05] = "2024-11-05",
    [TROUPE__MCP_2025_03_26] = "2025-03-26",
    [TROUPE__MCP_2025_06_18] = "2025-06-18",
};

typedef int (*method_fn)(troupe_context_t *ctx,
                         struct troupe__mcp_session *self,
                         const struct troupe__mcp_request *request);

static int
answer(troupe_context_t *ctx, struct troupe__mcp_session *self,
       const struct troupe__mcp_request *request, json_t *result)
{
    return troupe__mcp_answer(ctx, self, request->id, request->batch, result);
}

/* The version of the client where it is known here, else our latest. */
static int
do_initialize(troupe_context_t *ctx, struct troupe__mcp_session *self,
              const struct troupe__mcp_request *request)
{
    const char *wanted =
        json_string_value(json_object_get(request->params, "protocolVersion"));
    if (request->batch) {
        return troupe__mcp_refuse(ctx, self, request->id, request->batch,
                                  TROUPE__MCP_INVALID_REQUEST,
                                  "initialize stands in a batch; send it "
                                  "alone");
    }
    if (self->version != TROUPE__MCP_NONE) {
        return troupe__mcp_refuse(ctx, self, request->id, NULL,
                                  TROUPE__MCP_INVALID_REQUEST,
                                  "initialize was done; it comes once");
    }
    if (!wanted) {
        return troupe__mcp_refuse(ctx, self, request->id, NULL,
                                  TROUPE__MCP_INVALID_PARAMS,
                                  "/params/protocolVersion is no text; give "
                                  "the version that you speak, such as "
                                  "\"2025-06-18\"");
    }
    self->version = TROUPE__MCP_2025_06_18;
    for (int i = 1; i < TROUPE__MCP_VERSION_COUNT; i++)
        if (strcmp(versions[i], wanted) == 0)
            self->version = (enum troupe__mcp_version) i;
    char *names = troupe__mcp_names(self->options);
    char *words = troupe__format(
        "Troupe runs many actors at once. Tools here: %s. Calls may be made at "
        "the same time. Answers from documents quote them with their places.",
        names);
    json_t *result =
        json_pack("{s:s, s:{s:{s:b}, s:{}}, s:{s:s, s:s}, s:s}",
                  "protocolVersion", versions[self->version], "capabilities",
                  "tools", "listChanged", 0, "logging", "serverInfo", "name",
                  "troupe", "version", troupe_version(), "instructions", words);
    if (self->version >= TROUPE__MCP_2025_06_18)
        json_object_set_new(json_object_get(result, "serverInfo"), "title",
                            json_string("Troupe"));
    free(names);
    free(words);
    return answer(ctx, self, request, result);
}

static int
do_ping(troupe_context_t *ctx, struct troupe__mcp_session *self,
        const struct troupe__mcp_request *request)
{
    return answer(ctx, self, request, json_object());
}

/* All tools fit on one page, which has no cursor. */
static int
do_list(troupe_context_t *ctx, struct troupe__mcp_session *self,
        const struct troupe__mcp_request *request)
{
    if (json_object_get(request->params, "cursor")) {
        return troupe__mcp_refuse(ctx, self, request->id, request->batch,
                                  TROUPE__MCP_INVALID_PARAMS,
                                  "/params/cursor is none of ours; leave it "
                                  "out: the list is one page");
    }
    return answer(ctx, self, request,
                  troupe__mcp_list(self->options,
                                   self->version >= TROUPE__MCP_2025_06_18));
}

static int
do_level(troupe_context_t *ctx, struct troupe__mcp_session *self,
         const struct troupe__mcp_request *request)
{
    const char *name =
        json_string_value(json_object_get(request->params, "level"));
    int level = name ? troupe__mcp_level(name) : -1;
    if (level < 0) {
        return troupe__mcp_refuse(ctx, self, request->id, request->batch,
                                  TROUPE__MCP_INVALID_PARAMS,
                                  "/params/level is no level; give debug, "
                                  "info, notice, warning, error, critical, "
                                  "alert or emergency");
    }
    self->level = (enum troupe__mcp_level) level;
    return answer(ctx, self, request, json_object());
}

static const struct {
    const char *name;
    method_fn run;
    bool early; /* also before "initialize" */
} methods[] = {
    {"initialize", do_initialize, true},
    {"ping", do_ping, true},
    {"tools/list", do_list, false},
    {"tools/call", troupe__mcp_call, false},
    {"logging/setLevel", do_level, false},
};

#define METHOD_COUNT (sizeof methods / sizeof *methods)

static int
refuse_unknown(troupe_context_t *ctx, struct troupe__mcp_session *self,
               const struct troupe__mcp_request *request)
{
    const char *names[METHOD_COUNT];
    for (size_t i = 0; i < METHOD_COUNT; i++)
        names[i] = methods[i].name;
    const char *near = troupe__nearest(request->method, names, METHOD_COUNT);
    return troupe__mcp_refuse(
        ctx, self, request->id, request->batch, TROUPE__MCP_UNKNOWN_METHOD,
        "there is no method '%.60s'%s%s%s", request->method,
        near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int
on_request(troupe_context_t *ctx, struct troupe__mcp_session *self,
           const struct troupe__mcp_request *request)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (strcmp(methods[i].name, request->method) != 0)
            continue;
        if (!methods[i].early && self->version == TROUPE__MCP_NONE) {
            return troupe__mcp_refuse(ctx, self, request->id, request->batch,
                                      TROUPE__MCP_INVALID_REQUEST,
                                      "'%s' came before 'initialize'; send "
                                      "that first",
                                      request->method);
        }
        return methods[i].run(ctx, self, request);
    }
    return refuse_unknown(ctx, self, request);
}

/* Others are none of our business: "initialized", and what later versions
 * have. */
static void
on_notification(struct troupe__mcp_session *self, const char *method,
                const json_t *params)
{
    const json_t *id = json_object_get(params, "requestId");
    if (strcmp(method, "notifications/cancelled") == 0 && id)
        troupe__mcp_cancel(self, id);
}

/* Why it is no message, or NULL. */
static const char *
wrong_with(const json_t *message)
{
    const json_t *id = json_object_get(message, "id");
    const json_t *params = json_object_get(message, "params");
    const char *version =
        json_string_value(json_object_get(message, "jsonrpc"));
    if (!json_is_object(message))
        return "a message is an object";
    if (!version || strcmp(version, "2.0") != 0)
        return "/jsonrpc is not \"2.0\"";
    if (!json_is_string(json_object_get(message, "method")))
        return "/method is no text";
    if (id && !json_is_string(id) && !json_is_number(id))
        return "/id is neither text nor number";
    if (params && !json_is_object(params) && !json_is_array(params))
        return "/params is no object";
    return NULL;
}

/* We ask nothing of clients: an answer is to nothing, and passed over. */
static bool
is_answer(const json_t *message)
{
    return json_is_object(message) && !json_object_get(message, "method")
           && json_object_get(message, "id")
           && (json_object_get(message, "result")
               || json_object_get(message, "error"));
}

static int
on_message(troupe_context_t *ctx, struct troupe__mcp_session *self,
           const json_t *message, struct troupe__mcp_batch *batch)
{
    const json_t *id = json_object_get(message, "id");
    if (is_answer(message))
        return 0;
    const char *wrong = wrong_with(message);
    struct troupe__mcp_request request = {
        .id = id,
        .params = json_object_get(message, "params"),
        .method = json_string_value(json_object_get(message, "method")),
        .batch = batch};
    if (batch && (id || wrong))
        batch->open++;
    if (wrong) {
        bool named = json_is_string(id) || json_is_number(id);
        return troupe__mcp_refuse(ctx, self, named ? id : NULL, batch,
                                  TROUPE__MCP_INVALID_REQUEST,
                                  "no request of JSON-RPC 2.0: %s", wrong);
    }
    if (!id) {
        on_notification(self, request.method, request.params);
        return 0;
    }
    if (json_is_array(request.params)) {
        return troupe__mcp_refuse(ctx, self, id, batch,
                                  TROUPE__MCP_INVALID_PARAMS,
                                  "/params is a list; give an object");
    }
    return on_request(ctx, self, &request);
}

/* Open until it is read, whatever is answered at once. */
static int
on_batch(troupe_context_t *ctx, struct troupe__mcp_session *self,
         const json_t *list)
{
    int rc = 0;
    struct troupe__mcp_batch *batch = troupe__grab(sizeof *batch);
    *batch = (struct troupe__mcp_batch){.answers = json_array(), .open = 1};
    for (size_t i = 0; i < json_array_size(list) && rc == 0; i++)
        rc = on_message(ctx, self, json_array_get(list, i), batch);
    int ended = troupe__mcp_batch_end(ctx, self, batch);
    return rc < 0 ? rc : ended;
}

static int
on_list(troupe_context_t *ctx, struct troupe__mcp_session *self,
        const json_t *list)
{
    size_t count = json_array_size(list);
    if (self->version == TROUPE__MCP_2025_03_26 && count > 0
        && count <= BATCH_MAX)
        return on_batch(ctx, self, list);
    if (self->version == TROUPE__MCP_2025_03_26) {
        return troupe__mcp_refuse(
            ctx, self, NULL, NULL, TROUPE__MCP_INVALID_REQUEST,
            "a batch of %zu messages; send 1 to %d", count, BATCH_MAX);
    }
    return troupe__mcp_refuse(ctx, self, NULL, NULL,
                              TROUPE__MCP_INVALID_REQUEST,
                              "a batch, which version 2025-03-26 alone has; "
                              "send its messages one by one");
}

int
troupe__mcp_line(troupe_context_t *ctx, struct troupe__mcp_session *self,
                 const char *line, size_t size)
{
    json_error_t error;
    size_t blank = 0;
    while (blank < size && strchr(" \t\r", line[blank]))
        blank++;
    if (blank == size)
        return 0;
    json_t *message = json_loadb(
        line, size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (!message) {
        return troupe__mcp_refuse(
            ctx, self, NULL, NULL, TROUPE__MCP_PARSE_ERROR,
            "no JSON: %s, at byte %d of the line", error.text, error.position);
    }
    int rc = json_is_array(message) ? on_list(ctx, self, message)
                                    : on_message(ctx, self, message, NULL);
    json_decref(message);
    return rc;
}
