/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_search.c: several tools asked at once, from an ordinary thread. */
#include "actors/mcp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "troupe_child_calls.h"
#include "troupe_gather.h"

#include "actors/codec.h"
#include "actors/passage.h"
#include "mailbox/check.h"

#define INTENSITY      100 /* restarts of all engines within the period */
#define CHILD_RESTARTS 3   /* of one engine; then it stays down */
#define BACKOFF_MIN_MS 5
#define BACKOFF_MAX_MS 200
#define ATTEMPTS_MAX   3
#define TIMEOUT_MS     60000
#define STOP_MS        3000
#define LIMIT_MAX      1000

static int
start(troupe_t *node, const troupe_mcp_tool_t *tools, size_t count,
      troupe_ref_t *ret_supervisor)
{
    troupe_child_spec_t specs[TROUPE_MCP_TOOLS_MAX] = {{.id = NULL}};
    const troupe_supervisor_options_t options = {.strategy = TROUPE_ONE_FOR_ONE,
                                                 .intensity = INTENSITY,
                                                 .place = TROUPE_SPREAD};
    int rc = 0;
    size_t made = 0;
    for (; made < count && rc == 0; made++) {
        specs[made] = (troupe_child_spec_t){
            .backoff = {.min_ms = BACKOFF_MIN_MS, .max_ms = BACKOFF_MAX_MS},
            .budget = {.restarts = CHILD_RESTARTS, .then = TROUPE_GIVE_UP},
            .poison_max = TROUPE_INFINITE}; /* the gather counts attempts */
        rc = troupe_mcp_tool_pack(&tools[made], &specs[made]);
    }
    if (rc == 0)
        rc = troupe_node_supervisor_start(node, &options, specs, count,
                                          ret_supervisor, NULL);
    for (size_t i = 0; i < made; i++)
        troupe_child_spec_clear(&specs[i]);
    return rc;
}

static void
take_part(const troupe_gather_part_t *part, size_t index,
          troupe_mcp_found_t *ret_found)
{
    *ret_found = (troupe_mcp_found_t){.code = part->code};
    (void) snprintf(ret_found->words, sizeof ret_found->words, "%.255s",
                    part->text ? part->text : "");
    if (part->outcome != TROUPE_REPLY)
        return;
    if (troupe__passages_read(part->reply, &ret_found->passages) < 0) {
        ret_found->code = -EBADMSG;
        (void) snprintf(ret_found->words, sizeof ret_found->words,
                        "its answer cannot be read");
        return;
    }
    for (size_t i = 0; i < troupe_passages_count(ret_found->passages); i++)
        troupe__passages_edit(ret_found->passages, i)->engines =
            1U << (TROUPE_ENGINE_COUNT + index);
}

int
troupe_mcp_search(troupe_t *node, const troupe_mcp_tool_t *tools, size_t count,
                  const char *question, uint32_t limit, uint32_t timeout_ms,
                  troupe_mcp_found_t *ret_found)
{
    CHECK(ret_found);
    const char *ids[TROUPE_MCP_TOOLS_MAX];
    if (!node || !tools || !question || count == 0
        || count > TROUPE_MCP_TOOLS_MAX || limit == 0 || limit > LIMIT_MAX
        || !troupe__utf8_is_valid(question, strlen(question)))
        return -EINVAL;
    troupe_ref_t supervisor = TROUPE_NOBODY;
    int rc = start(node, tools, count, &supervisor);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < count; i++)
        ids[i] = tools[i].name;
    const troupe_gather_options_t options = {
        .policy = TROUPE_GATHER_DEADLINE,
        .timeout_ms = timeout_ms ? timeout_ms : TIMEOUT_MS,
        .attempts_max = ATTEMPTS_MAX};
    troupe_gather_t *result = NULL;
    rc = troupe_node_gather_children(
        node, supervisor, ids, count, "search", &options, &result, "{s:s, s:U}",
        "question", question, "limit", (uint64_t) limit);
    if (rc == 0) {
        CHECK(result->count == count);
        for (size_t i = 0; i < count; i++)
            take_part(&result->parts[i], i, &ret_found[i]);
    }
    troupe_gather_destroy(&result);
    troupe_node_exit(node, supervisor, TROUPE_EXIT_SHUTDOWN, STOP_MS);
    return rc;
}
