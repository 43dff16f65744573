/* SPDX-License-Identifier: Apache-2.0 */
/* research_tools.h: tools of MCP servers as engines of `troupe research`. */
#ifndef TROUPE_TOOLS_RESEARCH_TOOLS_H
#define TROUPE_TOOLS_RESEARCH_TOOLS_H

#include "troupe_supervisor.h"

#include "tools/mcp_file.h"

struct troupe__research_tools {
    struct troupe__mcp_file file;
    bool chosen[TROUPE_MCP_TOOLS_MAX];
    troupe_child_spec_t specs[TROUPE_MCP_TOOLS_MAX]; /* of those chosen */
    size_t count;
};

/* troupe__research_tools_read: the tools of a file; NULL: none. -1, or an exit
 * code after having said why; to be freed either way. */
int troupe__research_tools_read(const char *path,
                                struct troupe__research_tools *ret_tools);
void troupe__research_tools_free(struct troupe__research_tools *self);

/* troupe__research_tools_choose: the tool of a name, or all for NULL; false:
 * there is none. */
bool troupe__research_tools_choose(struct troupe__research_tools *self,
                                   const char *name);

/* troupe__research_tools_pack: make specs of those that are chosen. -1, or an
 * exit code when they are more than `most`. */
int troupe__research_tools_pack(struct troupe__research_tools *self,
                                size_t most);

#endif
