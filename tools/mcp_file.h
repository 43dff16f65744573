/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_file.h: the file that says which tools of MCP servers are engines; see
 * MCP.md. */
#ifndef TROUPE_TOOLS_MCP_FILE_H
#define TROUPE_TOOLS_MCP_FILE_H

#include "troupe_mcp.h"

#include "tools/topology.h"

/* What a tool of the file owns. */
struct troupe__mcp_entry {
    struct troupe__words command, env;
    struct troupe__word directory, tool, query, limit, results, title, link,
        text;
    uint32_t start_ms, timeout_ms, size_max;
    const char **command_texts, **env_texts;
    char *arguments;
};

struct troupe__mcp_file {
    struct troupe__value *root;
    struct troupe__mcp_entry *entries;
    troupe_mcp_tool_t tools[TROUPE_MCP_TOOLS_MAX]; /* they point into it */
    size_t count;                                  /* of tools that are asked */
    size_t entry_count;                            /* of all in the file */
};

/*
 * troupe__mcp_file_read: read and check it.
 *
 *   findings  begins with its path; what is wrong is added.
 *   returns   0 or -EINVAL; ret_file is to be freed either way
 */
int troupe__mcp_file_read(struct troupe__findings *findings,
                          struct troupe__mcp_file *ret_file);
void troupe__mcp_file_free(struct troupe__mcp_file *self);

/*
 * troupe__mcp_file_choose: keep the tools of some names, in their order.
 *
 *   names    of any engines; NULLs are passed over, and one that is found here
 *            becomes NULL.
 */
void troupe__mcp_file_choose(struct troupe__mcp_file *self, const char **names,
                             size_t count);

#endif
