/* SPDX-License-Identifier: Apache-2.0 */
/* mcp.h: what the files of the engine that asks an MCP server share. */
#ifndef TROUPE_ACTORS_MCP_H
#define TROUPE_ACTORS_MCP_H

#include <jansson.h>

#include "troupe_events.h"
#include "troupe_mcp.h"
#include "troupe_passage.h"

#include "actors/command.h"
#include "actors/text.h"

/* The server as a process; descriptors are -1 when they are closed. */
struct mcp_server {
    pid_t pid; /* 0: none */
    int pidfd, in, out, err;
    struct troupe__text waits; /* for its input */
    bool is_watched;           /* its input, until it takes more */
    struct troupe__text line;  /* of its output, so far */
    struct troupe__text words; /* the last of its errors */
};

/* Where results stand in an answer, and what a passage is called. */
struct mcp_mapping {
    char *name, *tool, *results, *title, *link, *text; /* results may be NULL */
};

/* A question on its way. */
struct mcp_job {
    struct mcp_job *next;
    uint64_t id; /* of its request */
    troupe_token_t token;
    char *question;
    uint64_t limit;
    troupe_timer_t timer;
};

struct mcp_engine {
    struct mcp_mapping mapping;
    char *query, *limit; /* names of arguments; limit may be NULL */
    json_t *arguments;   /* or NULL */
    uint64_t start_ms, timeout_ms, size_max;
    struct command_request run;
    struct mcp_server server;
    bool is_ready; /* the hand-shake is over */
    bool is_off;   /* there was none in time: the server is run again when
                      somebody asks */
    troupe_timer_t hello;
    uint64_t ids;         /* of requests so far; 1 is the hand-shake */
    struct mcp_job *jobs; /* with no id yet before the hand-shake */
    uint64_t unasked;     /* bytes that it wrote since its last answer */
    unsigned noise;       /* lines that are no messages */
};

/* --- mcp_server.c: the process; all return as a handler does ----------------*/

/* troupe__mcp_server_start: run it, and hear of what it writes and of its end.
 * A line is given to troupe__mcp_heard(). */
int troupe__mcp_server_start(troupe_context_t *ctx, struct mcp_engine *self);

/* troupe__mcp_server_write: a message to it, in its turn; taken over. */
int troupe__mcp_server_write(troupe_context_t *ctx, struct mcp_engine *self,
                             json_t *message);

/* troupe__mcp_server_halt: end its group at once, and hear nothing more of it;
 * it may be started again. */
void troupe__mcp_server_halt(troupe_context_t *ctx, struct mcp_engine *self);

/* troupe__mcp_server_end: end its group; gently: it has time to end itself. */
void troupe__mcp_server_end(struct mcp_server *self, bool gently);

/* --- mcp_talk.c: the protocol -----------------------------------------------*/

int troupe__mcp_hello(troupe_context_t *ctx, struct mcp_engine *self);
int troupe__mcp_ask(troupe_context_t *ctx, struct mcp_engine *self,
                    struct mcp_job *job);
int troupe__mcp_heard(troupe_context_t *ctx, struct mcp_engine *self,
                      const char *line, size_t size);

/* troupe__mcp_give_up: nobody waits for a job: tell the server, forget it. */
int troupe__mcp_give_up(troupe_context_t *ctx, struct mcp_engine *self,
                        struct mcp_job *job);

/* troupe__mcp_job_free: out of the list, and freed. */
void troupe__mcp_job_free(troupe_context_t *ctx, struct mcp_engine *self,
                          struct mcp_job *job);

/* --- mcp_passages.c ---------------------------------------------------------*/

/*
 * troupe__mcp_passages: the passages of the result of a call.
 *
 *   words     out: on error what is wrong, 256 bytes.
 *   returns   0, -EPROTO where the server says that it failed, or -EBADMSG
 */
enum { MCP_WORDS_SIZE = 256 };
int troupe__mcp_passages(const struct mcp_mapping *mapping,
                         const json_t *result, uint64_t limit,
                         char words[MCP_WORDS_SIZE],
                         troupe_passages_t **ret_list);

#endif
