/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_mcp.h: tools of the Model Context Protocol as search engines. */
#ifndef TROUPE_MCP_H
#define TROUPE_MCP_H

#include "troupe_kind.h"
#include "troupe_passage.h"

struct troupe_child_spec;

/*
 * A tool of a server that is a program: how it is started, how it is asked,
 * and where in its answers the results are. Everything is borrowed; {0} with
 * name, command and tool is a good beginning.
 */
typedef struct troupe_mcp_tool {
    const char *name;           /* of the engine: unique; 1 .. 31 bytes */
    const char *const *command; /* program and arguments */
    size_t command_count;       /* 1 .. 256 */
    const char *const *env;     /* "NAME=VALUE", added to ours */
    size_t env_count;
    const char *directory; /* where it runs; NULL: where we are */
    const char *tool;      /* its name at the server */
    const char *query; /* the argument that is the question; NULL: "query" */
    const char *limit; /* the argument that is the number of results; NULL:
                              none is given */
    const char *arguments; /* further ones: an object in JSON; NULL: none */
    /* Paths in the answer: names with "." between; of alternatives with "|"
     * between, the first that is there counts. */
    const char *results; /* a list; "": the answer itself is one; NULL: each
                            text of the answer is a result */
    const char *title, *link, *text; /* in each of its items; NULL: "title",
                                        "url|uri|link|path", and
                                        "text|content|snippet|description" */
    uint32_t start_ms;               /* of the hand-shake; 0: 10,000 */
    uint32_t timeout_ms;             /* of a call; 0: 30,000 */
    uint32_t size_max; /* bytes of one message of the server; 0: 4 MiB; at
                            most 16 MiB */
} troupe_mcp_tool_t;

/*
 * troupe_mcp_tool_check: can it be asked?
 *
 *   returns  NULL, or what is wrong, as "its arguments are no object in JSON"
 *   threads  any
 */
TROUPE_API const char *troupe_mcp_tool_check(const troupe_mcp_tool_t *tool);

/*
 * troupe_mcp_tool_pack: make it the arguments of a child.
 *
 *   ret_spec  gets arguments as by troupe_child_spec_pack(), id (the tool's
 *             name, borrowed), kind and place; the rest is left.
 *   returns   0 or -EINVAL
 */
TROUPE_MUST int troupe_mcp_tool_pack(const troupe_mcp_tool_t *tool,
                                     struct troupe_child_spec *ret_spec);

/*
 * troupe_mcp_engine: the actor of one tool. It runs the server as a child with
 * a process group of its own and speaks with it over standard input and output,
 * by versions 2025-06-18, 2025-03-26 and 2024-11-05. It waits for nobody; many
 * questions may be open at once. Give it a thread of its own, as its stop waits
 * up to half a second for the server's end.
 *
 *   start   {name: s, tool: s, run: {argv: [s], env: [s], directory: s} as in
 *            troupe_command.h, query: s, limit: s?, arguments: s?, results: s?,
 *            title: s, link: s, text: s, start_ms?: U, timeout_ms: U,
 *            size_max: U}
 *   search  {question: s, limit: U} -> {passages: [...]} as REPORT.md has them,
 *            or an error in words: -EPROTO where the server refuses, -EBADMSG
 *            where its answer has no such results
 *
 * It fails, and with it what was asked, when the server ends, closes its
 * output, does not answer in time, or writes what is no message, more than
 * size_max at once, or without end. Its supervisor then starts both anew. A
 * server that does not begin to speak in time is ended, and what was asked is
 * answered with -ETIMEDOUT; the next question runs it again. With
 * the actor the server's group ends: its input is closed, TERM follows after
 * 200 ms, KILL after 300 ms more; at a failure KILL at once. When our process
 * ends, however it does, so does the server.
 *
 *   source  Model Context Protocol 2025-06-18, "Transports", "Lifecycle"
 */
TROUPE_API const troupe_kind_t troupe_mcp_engine;

#define TROUPE_MCP_TOOLS_MAX 16

/* What one tool gave. */
typedef struct troupe_mcp_found {
    troupe_passages_t *passages; /* owned by the caller; NULL: it failed */
    int code;                    /* 0, or a negative errno value */
    char words[256];             /* that in words, else "" */
} troupe_mcp_found_t;

/*
 * troupe_mcp_search: ask several tools at once, each by an engine of its own
 * below one supervisor, and wait. Who fails is asked again, up to three times.
 *
 *   node        runs the actors; they are gone again at the end.
 *   tools       1 .. TROUPE_MCP_TOOLS_MAX, with names of their own.
 *   timeout_ms  for everything; 0: 60,000.
 *   ret_found   out: by tool; the `engines` of the passages of tools[i] is bit
 *               1 << (TROUPE_ENGINE_COUNT + i). Untouched on error.
 *   returns     0, whatever became of each, or
 *               -EINVAL     a tool, their number, the question or the limit is
 *                           wrong
 *               -ECANCELED  the node stops
 *               -ENOSPC     the node has no room for the actors
 *   threads     any but the node's own
 */
TROUPE_MUST int troupe_mcp_search(troupe_t *node,
                                  const troupe_mcp_tool_t *tools, size_t count,
                                  const char *question, uint32_t limit,
                                  uint32_t timeout_ms,
                                  troupe_mcp_found_t *ret_found);

#endif
