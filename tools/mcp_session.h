/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_session.h: the actor that serves one client, as its files share it. */
#ifndef TROUPE_TOOLS_MCP_SESSION_H
#define TROUPE_TOOLS_MCP_SESSION_H

#include "tools/mcp.h"

/* Versions of the protocol, by their order in time. */
enum troupe__mcp_version {
    TROUPE__MCP_NONE, /* before "initialize" */
    TROUPE__MCP_2024_11_05,
    TROUPE__MCP_2025_03_26, /* batches, and words with progress */
    TROUPE__MCP_2025_06_18, /* results as JSON, titles; no batches */
    TROUPE__MCP_VERSION_COUNT
};

/* JSON-RPC 2.0, section 5.1. */
enum {
    TROUPE__MCP_PARSE_ERROR = -32700,
    TROUPE__MCP_INVALID_REQUEST = -32600,
    TROUPE__MCP_UNKNOWN_METHOD = -32601,
    TROUPE__MCP_INVALID_PARAMS = -32602,
    TROUPE__MCP_INTERNAL_ERROR = -32603,
    TROUPE__MCP_BUSY = -32000
};

/* Levels of RFC 5424, least first. */
enum troupe__mcp_level {
    TROUPE__MCP_DEBUG,
    TROUPE__MCP_INFO,
    TROUPE__MCP_NOTICE,
    TROUPE__MCP_WARNING,
    TROUPE__MCP_ERROR,
    TROUPE__MCP_LEVEL_COUNT = 8
};

/* Requests that came as one list, and are answered so. */
struct troupe__mcp_batch {
    json_t *answers;
    size_t open; /* without an answer */
};

/* A request, lent while it is handled. */
struct troupe__mcp_request {
    const json_t *id, *params; /* params may be NULL */
    const char *method;
    struct troupe__mcp_batch *batch; /* or NULL */
};

/* A call of a tool under way. */
struct troupe__mcp_call {
    struct troupe__mcp_call *next;
    uint64_t number;
    json_t *id, *token; /* token: of its progress, or NULL */
    const struct troupe__mcp_tool *tool;
    int interrupt[2]; /* a pipe */
    bool cancelled;
    uint64_t began_ns;
    struct troupe__mcp_batch *batch; /* or NULL */
};

/* Bytes that wait, from `start` to `end`. */
struct troupe__mcp_buffer {
    char *bytes;
    size_t start, end, size;
};

struct troupe__mcp_session {
    const struct troupe__mcp_options *options;
    int in_fd, out_fd, interrupt_fd;
    troupe_token_t served; /* of who waits for the end */
    struct troupe__mcp_buffer in, out;
    bool skips;    /* what is read belongs to a line that is too long */
    bool rests;    /* nothing is read: the client does not read, either */
    bool watches;  /* out_fd, until it takes more */
    bool is_over;  /* nothing more is read; what runs is cancelled */
    bool is_alone; /* nobody reads what we write */
    enum troupe__mcp_version version;
    enum troupe__mcp_level level;
    struct troupe__mcp_call *calls;
    size_t call_count;
    uint64_t numbers; /* of calls so far */
};

extern const troupe_kind_t troupe__mcp_session;

/* --- mcp_session.c: in and out ---------------------------------------------*/

/* troupe__mcp_serve: the options of this process, before a session begins. */
void troupe__mcp_serve(const struct troupe__mcp_options *options);

/* troupe__mcp_write: one message on a line, in its turn; taken over. Returns
 * as a handler does, as do those below. */
int troupe__mcp_write(troupe_context_t *ctx, struct troupe__mcp_session *self,
                      json_t *message);

/* --- mcp_protocol.c: what comes in -----------------------------------------*/

int troupe__mcp_line(troupe_context_t *ctx, struct troupe__mcp_session *self,
                     const char *line, size_t size);

/* --- mcp_answer.c: what goes out -------------------------------------------*/

/* troupe__mcp_answer: the result of a request; taken over. */
int troupe__mcp_answer(troupe_context_t *ctx, struct troupe__mcp_session *self,
                       const json_t *id, struct troupe__mcp_batch *batch,
                       json_t *result);

/* troupe__mcp_refuse: an error instead; id NULL: null. */
int troupe__mcp_refuse(troupe_context_t *ctx, struct troupe__mcp_session *self,
                       const json_t *id, struct troupe__mcp_batch *batch,
                       int code, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* troupe__mcp_batch_end: one of a batch needs no answer any more, or the batch
 * is read; after the last one it is sent and freed. */
int troupe__mcp_batch_end(troupe_context_t *ctx,
                          struct troupe__mcp_session *self,
                          struct troupe__mcp_batch *batch);

/* troupe__mcp_notify: a notification; params are taken over. */
int troupe__mcp_notify(troupe_context_t *ctx, struct troupe__mcp_session *self,
                       const char *method, json_t *params);

/* troupe__mcp_log: a line for the client, where its level is wanted. */
int troupe__mcp_log(troupe_context_t *ctx, struct troupe__mcp_session *self,
                    enum troupe__mcp_level level, const char *logger,
                    const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* troupe__mcp_level: its number, or -1. */
int troupe__mcp_level(const char *name);

/* --- mcp_calls.c: calls under way ------------------------------------------*/

int troupe__mcp_call(troupe_context_t *ctx, struct troupe__mcp_session *self,
                     const struct troupe__mcp_request *request);
void troupe__mcp_cancel(struct troupe__mcp_session *self, const json_t *id);
void troupe__mcp_cancel_all(struct troupe__mcp_session *self);
int troupe__mcp_progress(troupe_context_t *ctx, void *state,
                         const troupe_message_t *msg);

/* troupe__mcp_calls_free: forget them, when the session ends. */
void troupe__mcp_calls_free(struct troupe__mcp_session *self);

/* troupe__mcp_look: end the session when it is over and nothing is left to do:
 * as a handler does. */
int troupe__mcp_look(troupe_context_t *ctx, struct troupe__mcp_session *self);

#endif
