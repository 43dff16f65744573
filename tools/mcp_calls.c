/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcp_calls.c: calls of tools under way. Each runs on a helper thread, which
 * sends its progress and then its result; a byte in a pipe of its own tells it
 * to end. A call that was cancelled is answered with nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/mcp_session.h"

#define CALLS_OPEN_MAX 256     /* that run or wait for their turn */
#define BACKLOG_MAX    1048576 /* bytes of output over which no progress goes */
#define CALL_MS        UINT32_MAX
#define NS_PER_MS      1000000u

static void
call_free(struct troupe__mcp_call *call)
{
    json_decref(call->id);
    json_decref(call->token);
    close(call->interrupt[0]);
    close(call->interrupt[1]);
    free(call);
}

void
troupe__mcp_calls_free(struct troupe__mcp_session *self)
{
    while (self->calls) {
        struct troupe__mcp_call *call = self->calls;
        self->calls = call->next;
        json_decref(call->id);
        json_decref(call->token);
        free(call); /* its pipe stays: its thread may look at it */
    }
    self->call_count = 0;
}

static struct troupe__mcp_call *
call_of(struct troupe__mcp_session *self, uint64_t number)
{
    struct troupe__mcp_call *call = self->calls;
    while (call && call->number != number)
        call = call->next;
    return call;
}

static void
interrupt(struct troupe__mcp_call *call)
{
    if (call->cancelled)
        return;
    call->cancelled = true;
    if (write(call->interrupt[1], "!", 1) < 0)
        abort(); /* an empty pipe takes a byte */
}

void
troupe__mcp_cancel(struct troupe__mcp_session *self, const json_t *id)
{
    for (struct troupe__mcp_call *it = self->calls; it; it = it->next)
        if (json_equal(it->id, id))
            interrupt(it);
}

void
troupe__mcp_cancel_all(struct troupe__mcp_session *self)
{
    for (struct troupe__mcp_call *it = self->calls; it; it = it->next)
        interrupt(it);
}

int
troupe__mcp_progress(troupe_context_t *ctx, void *state,
                     const troupe_message_t *msg)
{
    struct troupe__mcp_session *self = state;
    uint64_t number = 0, percent = 0;
    const char *what = "";
    int rc = troupe_unpack(msg, "{s:U, s:U, s:s}", "number", &number, "percent",
                           &percent, "what", &what);
    struct troupe__mcp_call *call = rc < 0 ? NULL : call_of(self, number);
    if (!call || call->cancelled || !call->token
        || self->out.end - self->out.start > BACKLOG_MAX)
        return 0;
    json_t *params = json_pack("{s:O, s:I, s:i}", "progressToken", call->token,
                               "progress", (json_int_t) percent, "total", 100);
    if (self->version >= TROUPE__MCP_2025_03_26)
        json_object_set_new(params, "message", json_string(what));
    return troupe__mcp_notify(ctx, self, "notifications/progress", params);
}

/* --- the end of a call ------------------------------------------------------*/

struct outcome {
    int state, code;
    const char *words, *text, *json;
};

static void
add_text(json_t *content, const char *text)
{
    json_array_append_new(
        content, json_pack("{s:s, s:s}", "type", "text", "text", text));
}

/* The same for programs that do not know structuredContent, as the protocol
 * asks for (2025-06-18, "Structured Content"); whoever has to be brief may
 * leave it out. */
static void
add_json(json_t *content, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    json_array_append_new(content, json_pack("{s:s, s:s, s:{s:i}}", "type",
                                             "text", "text", text,
                                             "annotations", "priority", 0));
    free(text);
}

/* The report for people, what was noted beside it, and the same as JSON. */
static json_t *
result_of(const struct troupe__mcp_session *self, const struct outcome *it)
{
    json_t *content = json_array();
    bool done = it->state == TROUPE__MCP_DONE;
    bool good = it->code == TROUPE__EXIT_OK || it->code == TROUPE__EXIT_PARTIAL
                || it->code == TROUPE__EXIT_OPEN;
    if (done)
        add_text(content, it->text);
    if (*it->words)
        add_text(content, it->words);
    json_t *result = json_pack("{s:o, s:b}", "content", content, "isError",
                               (int) !(done && good));
    json_t *json = done ? json_loads(it->json, 0, NULL) : NULL;
    if (json)
        add_json(content, json);
    if (json && self->version >= TROUPE__MCP_2025_06_18)
        json_object_set(result, "structuredContent", json);
    json_decref(json);
    return result;
}

static enum troupe__mcp_level
level_of(int code)
{
    bool whole = code == TROUPE__EXIT_OK || code == TROUPE__EXIT_OPEN;
    return whole                          ? TROUPE__MCP_INFO
           : code == TROUPE__EXIT_PARTIAL ? TROUPE__MCP_NOTICE
                                          : TROUPE__MCP_WARNING;
}

static int
tell_outcome(troupe_context_t *ctx, struct troupe__mcp_session *self,
             const struct troupe__mcp_call *call, const struct outcome *it)
{
    unsigned long long ms = (troupe_time_ns(ctx) - call->began_ns) / NS_PER_MS;
    if (it->state == TROUPE__MCP_BAD_PARAMS)
        return troupe__mcp_refuse(ctx, self, call->id, call->batch,
                                  TROUPE__MCP_INVALID_PARAMS, "%s", it->words);
    int rc = troupe__mcp_log(ctx, self, level_of(it->code), call->tool->name,
                             "ended after %llu ms, code %d%s%s", ms, it->code,
                             *it->words ? ": " : "", it->words);
    if (rc < 0)
        return rc;
    return troupe__mcp_answer(ctx, self, call->id, call->batch,
                              result_of(self, it));
}

static int
answer_call(troupe_context_t *ctx, struct troupe__mcp_session *self,
            const struct troupe__mcp_call *call, const troupe_answer_t *answer)
{
    struct outcome it = {.state = TROUPE__MCP_FAILED,
                         .code = TROUPE__EXIT_FAILED,
                         .words = answer->text ? answer->text : "it failed",
                         .text = "",
                         .json = ""};
    if (call->cancelled)
        return call->batch ? troupe__mcp_batch_end(ctx, self, call->batch) : 0;
    if (answer->outcome == TROUPE_REPLY
        && troupe_unpack(answer->msg, "{s:i, s:i, s:s, s:s, s:s}", "state",
                         &it.state, "code", &it.code, "words", &it.words,
                         "text", &it.text, "json", &it.json)
               < 0)
        return troupe_fail(ctx, -EBADMSG, "a result is none");
    return tell_outcome(ctx, self, call, &it);
}

static int
on_result(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct troupe__mcp_session *self = state;
    struct troupe__mcp_call *call = answer->data;
    struct troupe__mcp_call **at = &self->calls;
    while (*at && *at != call)
        at = &(*at)->next;
    if (!*at) /* the session gave up waiting for it */
        return 0;
    *at = call->next;
    self->call_count--;
    int rc = answer_call(ctx, self, call, answer);
    call_free(call);
    return rc == 0 ? troupe__mcp_look(ctx, self) : rc;
}

/* --- its beginning ----------------------------------------------------------*/

static int
start_call(troupe_context_t *ctx, struct troupe__mcp_session *self,
           struct troupe__mcp_call *call, const json_t *arguments)
{
    char *text = arguments ? json_dumps(arguments, JSON_ENCODE_ANY) : NULL;
    const char *given = text ? text : "{}";
    size_t size = strlen(given) + 1;
    struct troupe__mcp_order *order = troupe__grab(sizeof *order + size);
    *order = (struct troupe__mcp_order){.node = troupe_context_node(ctx),
                                        .options = self->options,
                                        .tool = call->tool,
                                        .session = troupe_self(ctx),
                                        .number = call->number,
                                        .interrupt_fd = call->interrupt[0],
                                        .wants_progress = call->token != NULL};
    memcpy(order->arguments, given, size);
    troupe_ask_options_t options = {.timeout_ms = CALL_MS,
                                    .answer = on_result,
                                    .data = call,
                                    .detached = true};
    int rc = troupe_blocking(ctx, troupe__mcp_run, order, sizeof *order + size,
                             &options, NULL);
    free(order);
    free(text);
    return rc;
}

static struct troupe__mcp_call *
call_new(troupe_context_t *ctx, struct troupe__mcp_session *self,
         const struct troupe__mcp_request *request,
         const struct troupe__mcp_tool *tool)
{
    const json_t *meta = json_object_get(request->params, "_meta");
    struct troupe__mcp_call *call = troupe__grab(sizeof *call);
    if (pipe2(call->interrupt, O_CLOEXEC | O_NONBLOCK) < 0) {
        free(call);
        return NULL;
    }
    call->number = ++self->numbers;
    call->id = json_incref((json_t *) (uintptr_t) request->id);
    call->token = json_incref(json_object_get(meta, "progressToken"));
    call->tool = tool;
    call->batch = request->batch;
    call->began_ns = troupe_time_ns(ctx);
    return call;
}

/* What is wrong with a request, with its code in *ret_code; or NULL; to be
 * freed. */
static char *
check_call(const struct troupe__mcp_session *self,
           const struct troupe__mcp_request *request, int *ret_code)
{
    const json_t *token = json_object_get(
        json_object_get(request->params, "_meta"), "progressToken");
    *ret_code = TROUPE__MCP_INVALID_PARAMS;
    if (!json_is_string(json_object_get(request->params, "name")))
        return troupe__format("/params/name is no text; give the name of a "
                              "tool");
    if (token && !json_is_string(token) && !json_is_integer(token))
        return troupe__format("/params/_meta/progressToken is neither a text "
                              "nor a whole number");
    *ret_code = TROUPE__MCP_INVALID_REQUEST;
    for (const struct troupe__mcp_call *it = self->calls; it; it = it->next) {
        if (json_equal(it->id, request->id))
            return troupe__format("/id is that of a call under way; give each "
                                  "request one of its own");
    }
    *ret_code = TROUPE__MCP_BUSY;
    if (self->call_count >= CALLS_OPEN_MAX) {
        return troupe__format("%d calls are under way or wait; wait for one of "
                              "them",
                              CALLS_OPEN_MAX);
    }
    return NULL;
}

static int
refuse_tool(troupe_context_t *ctx, struct troupe__mcp_session *self,
            const struct troupe__mcp_request *request, const char *name)
{
    char *names = troupe__mcp_names(self->options);
    const char *hint = strcmp(name, "map") == 0
                           ? "; 'troupe mcp --allow map' would offer it"
                       : strcmp(name, "query") == 0
                           ? "; 'troupe mcp --models FILE' would offer it"
                           : "";
    int rc = troupe__mcp_refuse(ctx, self, request->id, request->batch,
                                TROUPE__MCP_INVALID_PARAMS,
                                "/params/name: there is no tool '%.60s'; there "
                                "are %s%s",
                                name, names, hint);
    free(names);
    return rc;
}

int
troupe__mcp_call(troupe_context_t *ctx, struct troupe__mcp_session *self,
                 const struct troupe__mcp_request *request)
{
    int code = 0;
    char *wrong = check_call(self, request, &code);
    if (wrong) {
        int rc = troupe__mcp_refuse(ctx, self, request->id, request->batch,
                                    code, "%s", wrong);
        free(wrong);
        return rc;
    }
    const char *name =
        json_string_value(json_object_get(request->params, "name"));
    const struct troupe__mcp_tool *tool = troupe__mcp_tool(self->options, name);
    if (!tool)
        return refuse_tool(ctx, self, request, name);
    struct troupe__mcp_call *call = call_new(ctx, self, request, tool);
    int rc = call ? start_call(ctx, self, call,
                               json_object_get(request->params, "arguments"))
                  : -EMFILE;
    if (rc == 0) {
        call->next = self->calls;
        self->calls = call;
        self->call_count++;
        return 0;
    }
    if (call)
        call_free(call);
    return troupe__mcp_refuse(
        ctx, self, request->id, request->batch, TROUPE__MCP_INTERNAL_ERROR,
        "the call cannot be begun: %s", troupe_strerror(rc));
}
