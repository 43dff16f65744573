/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcp_talk.c: what an engine and its MCP server say to each other, by JSON-RPC
 * 2.0. A server may ask, too: it gets an answer to "ping", and to nothing else.
 */
#include "actors/mcp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/codec.h"
#include "mailbox/check.h"

#define HELLO_ID         1
#define NOISE_MAX        100 /* lines that are no messages, as of a logger */
#define METHOD_NOT_FOUND (-32601)

static const char *const versions[] = {"2025-06-18", "2025-03-26",
                                       "2024-11-05"};

static int
request(troupe_context_t *ctx, struct mcp_engine *self, uint64_t id,
        const char *method, json_t *params)
{
    return troupe__mcp_server_write(
        ctx, self,
        json_pack("{s:s, s:I, s:s, s:o}", "jsonrpc", "2.0", "id",
                  (json_int_t) id, "method", method, "params", params));
}

static int
notify(troupe_context_t *ctx, struct mcp_engine *self, const char *method,
       json_t *params)
{
    return troupe__mcp_server_write(ctx, self,
                                    json_pack("{s:s, s:s, s:o}", "jsonrpc",
                                              "2.0", "method", method, "params",
                                              params));
}

/* --- jobs -------------------------------------------------------------------*/

void
troupe__mcp_job_free(troupe_context_t *ctx, struct mcp_engine *self,
                     struct mcp_job *job)
{
    struct mcp_job **at = &self->jobs;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    (void) troupe_call_clear(ctx, job->timer);
    free(job->question);
    free(job);
}

static struct mcp_job *
job_of(struct mcp_engine *self, uint64_t id)
{
    struct mcp_job *job = self->jobs;
    while (job && job->id != id)
        job = job->next;
    return job;
}

/* Who does not answer in time may never do: it is started anew. */
static int
on_late(troupe_context_t *ctx, void *state, void *data)
{
    const struct mcp_engine *self = state;
    (void) data;
    return troupe_fail(ctx, -ETIMEDOUT,
                       "its server did not answer within %llu ms",
                       (unsigned long long) self->timeout_ms);
}

int
troupe__mcp_ask(troupe_context_t *ctx, struct mcp_engine *self,
                struct mcp_job *job)
{
    json_t *arguments =
        self->arguments ? json_deep_copy(self->arguments) : json_object();
    json_object_set_new(arguments, self->query, json_string(job->question));
    if (self->limit)
        json_object_set_new(arguments, self->limit,
                            json_integer((json_int_t) job->limit));
    job->id = ++self->ids;
    self->unasked = 0;
    int rc = troupe_call_after(ctx, (uint32_t) self->timeout_ms, on_late, NULL,
                               NULL, &job->timer);
    return rc < 0 ? rc
                  : request(ctx, self, job->id, "tools/call",
                            json_pack("{s:s, s:o}", "name", self->mapping.tool,
                                      "arguments", arguments));
}

int
troupe__mcp_give_up(troupe_context_t *ctx, struct mcp_engine *self,
                    struct mcp_job *job)
{
    uint64_t id = job->id;
    troupe__mcp_job_free(ctx, self, job);
    return id == 0
               ? 0
               : notify(ctx, self, "notifications/cancelled",
                        json_pack("{s:I, s:s}", "requestId", (json_int_t) id,
                                  "reason", "nobody waits for it"));
}

static int
refuse(troupe_context_t *ctx, struct mcp_engine *self, struct mcp_job *job,
       int code, const char *words)
{
    int rc = troupe_reply_error_to(ctx, &job->token, code, "%s", words);
    troupe__mcp_job_free(ctx, self, job);
    return rc == -ENOMSG ? 0 : rc;
}

/* --- the hand-shake ---------------------------------------------------------*/

/* A server that does not even begin will hardly do so the next time: who asked
 * is told, and waits no longer; the next question is a new try. */
static int
on_no_hello(troupe_context_t *ctx, void *state, void *data)
{
    struct mcp_engine *self = state;
    char words[MCP_WORDS_SIZE];
    int rc = 0;
    (void) data;
    (void) snprintf(words, sizeof words,
                    "its server '%.80s' did not begin to speak within %llu ms; "
                    "run it by hand to see why, or give it more by 'start'",
                    self->run.argv[0], (unsigned long long) self->start_ms);
    self->is_off = true;
    self->hello.id = 0;
    troupe__mcp_server_halt(ctx, self);
    while (self->jobs && rc == 0)
        rc = refuse(ctx, self, self->jobs, -ETIMEDOUT, words);
    return rc;
}

int
troupe__mcp_hello(troupe_context_t *ctx, struct mcp_engine *self)
{
    self->ids = HELLO_ID;
    int rc = troupe_call_after(ctx, (uint32_t) self->start_ms, on_no_hello,
                               NULL, NULL, &self->hello);
    return rc < 0 ? rc
                  : request(ctx, self, HELLO_ID, "initialize",
                            json_pack("{s:s, s:{}, s:{s:s, s:s}}",
                                      "protocolVersion", versions[0],
                                      "capabilities", "clientInfo", "name",
                                      "troupe", "version", troupe_version()));
}

static int
on_hello(troupe_context_t *ctx, struct mcp_engine *self, const json_t *result)
{
    const char *version =
        json_string_value(json_object_get(result, "protocolVersion"));
    bool known = false;
    for (size_t i = 0; version && i < sizeof versions / sizeof *versions; i++)
        known |= strcmp(versions[i], version) == 0;
    if (!known) {
        return troupe_fail(ctx, -EPROTO,
                           "its server speaks version '%.40s' of the protocol, "
                           "which is not known here",
                           version ? version : "");
    }
    (void) troupe_call_clear(ctx, self->hello);
    self->is_ready = true;
    self->unasked = 0;
    int rc = notify(ctx, self, "notifications/initialized", json_object());
    for (struct mcp_job *job = self->jobs; job && rc == 0; job = job->next)
        rc = troupe__mcp_ask(ctx, self, job);
    return rc;
}

/* --- answers ----------------------------------------------------------------*/

static int
on_result(troupe_context_t *ctx, struct mcp_engine *self, struct mcp_job *job,
          const json_t *result)
{
    char words[MCP_WORDS_SIZE] = "";
    troupe_passages_t *list = NULL;
    int rc =
        troupe__mcp_passages(&self->mapping, result, job->limit, words, &list);
    if (rc < 0)
        return refuse(ctx, self, job, rc, words);
    rc = troupe_reply_to(ctx, &job->token, "{s:*}", "passages",
                         troupe__passages_write, list);
    troupe_passages_destroy(&list);
    if (rc < 0 && rc != -ENOMSG)
        return refuse(ctx, self, job, rc, "its results cannot be handed on");
    troupe__mcp_job_free(ctx, self, job);
    return 0;
}

static int
on_answer(troupe_context_t *ctx, struct mcp_engine *self, const json_t *message)
{
    uint64_t id = (uint64_t) json_integer_value(json_object_get(message, "id"));
    const json_t *result = json_object_get(message, "result");
    const json_t *error = json_object_get(message, "error");
    const char *text = json_string_value(json_object_get(error, "message"));
    struct mcp_job *job = job_of(self, id);
    self->unasked = 0;
    if (!self->is_ready && id == HELLO_ID && result)
        return on_hello(ctx, self, result);
    if (!self->is_ready && id == HELLO_ID)
        return troupe_fail(ctx, -EPROTO, "its server refuses: %.200s",
                           text ? text : "");
    if (id == 0 || !job) /* cancelled, or it counts wrong */
        return 0;
    if (result)
        return on_result(ctx, self, job, result);
    char words[MCP_WORDS_SIZE];
    (void) snprintf(words, sizeof words, "its server refuses: %.200s",
                    text ? text : "");
    return refuse(ctx, self, job, -EPROTO, words);
}

static int
on_question(troupe_context_t *ctx, struct mcp_engine *self,
            const json_t *message)
{
    const json_t *id = json_object_get(message, "id");
    const char *method = json_string_value(json_object_get(message, "method"));
    if (!id || !method)
        return 0; /* a notification */
    if (strcmp(method, "ping") == 0) {
        return troupe__mcp_server_write(ctx, self,
                                        json_pack("{s:s, s:O, s:{}}", "jsonrpc",
                                                  "2.0", "id", id, "result"));
    }
    return troupe__mcp_server_write(
        ctx, self,
        json_pack("{s:s, s:O, s:{s:i, s:s}}", "jsonrpc", "2.0", "id", id,
                  "error", "code", METHOD_NOT_FOUND, "message",
                  "this client offers nothing"));
}

int
troupe__mcp_heard(troupe_context_t *ctx, struct mcp_engine *self,
                  const char *line, size_t size)
{
    json_error_t error;
    while (size > 0 && strchr(" \t\r", *line)) {
        line++;
        size--;
    }
    if (size == 0)
        return 0;
    if (*line != '{') { /* some print words among their messages */
        self->noise++;
        return self->noise <= NOISE_MAX
                   ? 0
                   : troupe_fail(ctx, -EPROTO,
                                 "its server writes what is no message");
    }
    json_t *message = json_loadb(line, size, 0, &error);
    if (!message)
        return troupe_fail(ctx, -EPROTO, "its server wrote no JSON: %.160s",
                           error.text);
    int rc = json_object_get(message, "method")
                 ? on_question(ctx, self, message)
                 : on_answer(ctx, self, message);
    json_decref(message);
    return rc;
}
