/* SPDX-License-Identifier: Apache-2.0 */
/* research_tools.c: tools of MCP servers as children of a research. */
#include "tools/research_tools.h"

#include <string.h>

#include "tools/call.h"
#include "tools/commands.h"

#define BACKOFF_MIN_MS 5
#define BACKOFF_MAX_MS 200
#define RESTARTS       8

int
troupe__research_tools_read(const char *path,
                            struct troupe__research_tools *ret_tools)
{
    struct troupe__findings findings = {.path = path};
    *ret_tools = (struct troupe__research_tools){.count = 0};
    if (!path)
        return -1;
    int rc = troupe__mcp_file_read(&findings, &ret_tools->file);
    troupe__findings_print(&findings, troupe__errors());
    troupe__findings_free(&findings);
    return rc < 0 ? TROUPE__EXIT_USAGE : -1;
}

void
troupe__research_tools_free(struct troupe__research_tools *self)
{
    for (size_t i = 0; i < self->count; i++)
        troupe_child_spec_clear(&self->specs[i]);
    troupe__mcp_file_free(&self->file);
}

bool
troupe__research_tools_choose(struct troupe__research_tools *self,
                              const char *name)
{
    bool found = false;
    for (size_t i = 0; i < self->file.count; i++) {
        if (name && strcmp(name, self->file.tools[i].name) != 0)
            continue;
        self->chosen[i] = true;
        found = true;
    }
    return found;
}

int
troupe__research_tools_pack(struct troupe__research_tools *self, size_t most)
{
    for (size_t i = 0; i < self->file.count; i++) {
        if (!self->chosen[i])
            continue;
        if (self->count == most) {
            return troupe__usage_error("research",
                                       "more than %d engines beside those of "
                                       "documents; choose by --engine",
                                       TROUPE_MCP_TOOLS_MAX);
        }
        troupe_child_spec_t *spec = &self->specs[self->count];
        *spec = (troupe_child_spec_t){
            .backoff = {.min_ms = BACKOFF_MIN_MS, .max_ms = BACKOFF_MAX_MS},
            .budget = {.restarts = RESTARTS, .then = TROUPE_GIVE_UP},
            .poison_max = TROUPE_INFINITE}; /* the gather counts attempts */
        if (troupe_mcp_tool_pack(&self->file.tools[i], spec) < 0)
            return TROUPE__EXIT_FAILED; /* it was checked: this cannot be */
        self->count++;
    }
    return -1;
}
