/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_engine.c: the actor that asks a tool of an MCP server. */
#include "actors/mcp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_msgpack.h"

#include "mailbox/check.h"

#define SIZE_LIMIT (16u << 20)
#define TIME_LIMIT 86400000u /* ms: a day */
#define START_MS   10000

static char *
copy(const char *text)
{
    return text ? troupe__strdup(text) : NULL;
}

static int
read_mapping(struct mcp_engine *self, const troupe_message_t *msg)
{
    const char *name = NULL, *tool = NULL, *query = NULL, *limit = NULL,
               *arguments = NULL, *results = NULL, *title = NULL, *link = NULL,
               *text = NULL;
    self->start_ms = START_MS;
    int rc = troupe_unpack(
        msg, "{s:s, s:s, s:s, s?s?, s?s?, s?s?, s:s, s:s, s:s, s?U, s:U, s:U}",
        "name", &name, "tool", &tool, "query", &query, "limit", &limit,
        "arguments", &arguments, "results", &results, "title", &title, "link",
        &link, "text", &text, "start_ms", &self->start_ms, "timeout_ms",
        &self->timeout_ms, "size_max", &self->size_max);
    if (rc < 0)
        return rc;
    self->mapping = (struct mcp_mapping){.name = copy(name),
                                         .tool = copy(tool),
                                         .results = copy(results),
                                         .title = copy(title),
                                         .link = copy(link),
                                         .text = copy(text)};
    self->query = copy(query);
    self->limit = copy(limit);
    self->arguments = arguments ? json_loads(arguments, 0, NULL) : NULL;
    bool wrong = (arguments && !json_is_object(self->arguments))
                 || self->start_ms == 0 || self->start_ms > TIME_LIMIT
                 || self->timeout_ms == 0 || self->timeout_ms > TIME_LIMIT
                 || self->size_max == 0 || self->size_max > SIZE_LIMIT;
    return wrong ? -EINVAL : 0;
}

/* What is run stands in a map of its own, as "run" of a command has it. */
static int
read_run(struct mcp_engine *self, const troupe_message_t *msg,
         const char **ret_what)
{
    msgpack_object body;
    if (troupe_message_object(msg, &body) < 0
        || body.type != MSGPACK_OBJECT_MAP)
        return -EBADMSG;
    for (uint32_t i = 0; i < body.via.map.size; i++) {
        const msgpack_object_kv *it = &body.via.map.ptr[i];
        if (it->key.type == MSGPACK_OBJECT_STR && it->key.via.str.size == 3
            && memcmp(it->key.via.str.ptr, "run", 3) == 0)
            return troupe__command_read_object(&it->val, &self->run, ret_what);
    }
    return -EBADMSG;
}

static void
clear(struct mcp_engine *self)
{
    struct mcp_mapping *mapping = &self->mapping;
    char *texts[] = {mapping->name,  mapping->tool, mapping->results,
                     mapping->title, mapping->link, mapping->text,
                     self->query,    self->limit};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    json_decref(self->arguments);
    troupe__command_clear(&self->run);
}

static int
on_begin(troupe_context_t *ctx, void *state, void *data)
{
    (void) data;
    int rc = troupe__mcp_server_start(ctx, state);
    return rc == 0 ? troupe__mcp_hello(ctx, state) : rc;
}

/* The server is run later: one that cannot be is a failure of the engine, with
 * its questions, and not of whoever starts it. */
static int
engine_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct mcp_engine *self = state;
    const char *what = "an engine wants what troupe_mcp.h says";
    self->server =
        (struct mcp_server){.pidfd = -1, .in = -1, .out = -1, .err = -1};
    int rc = read_mapping(self, msg);
    if (rc == 0)
        rc = read_run(self, msg, &what);
    if (rc == 0)
        return troupe_call_after(ctx, 0, on_begin, NULL, NULL, NULL);
    clear(self);
    return troupe_fail(ctx, rc, "%s", what);
}

static int
engine_search(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct mcp_engine *self = state;
    const char *question = NULL;
    uint64_t limit = 0;
    int rc = troupe_unpack(msg, "{s:s, s:U}", "question", &question, "limit",
                           &limit);
    if (rc < 0 || limit == 0)
        return troupe_reply_error(ctx, -EINVAL,
                                  "search wants question and limit");
    struct mcp_job *job = troupe__alloc(sizeof *job);
    if (troupe_defer(ctx, &job->token) < 0) {
        free(job); /* a tell: nobody waits for it */
        return 0;
    }
    job->question = troupe__strdup(question);
    job->limit = limit;
    job->next = self->jobs;
    self->jobs = job;
    if (self->is_off) {
        self->is_off = false;
        return on_begin(ctx, self, NULL);
    }
    return self->is_ready ? troupe__mcp_ask(ctx, self, job) : 0;
}

static int
engine_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct mcp_engine *self = state;
    troupe_token_t token = troupe_token_read(msg);
    for (struct mcp_job *job = self->jobs; job; job = job->next)
        if (job->token.id == token.id)
            return troupe__mcp_give_up(ctx, self, job);
    return 0;
}

static void
engine_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct mcp_engine *self = state;
    troupe__mcp_server_end(&self->server, reason->kind != TROUPE_EXIT_ERROR);
    while (self->jobs)
        troupe__mcp_job_free(ctx, self, self->jobs);
    clear(self);
}

TROUPE_KIND(troupe_mcp_engine, struct mcp_engine, TROUPE_ON_START(engine_start),
            TROUPE_ON("search", engine_search), TROUPE_ON_CANCEL(engine_cancel),
            TROUPE_ON_STOP(engine_stop));
