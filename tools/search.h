/* SPDX-License-Identifier: Apache-2.0 */
/* search.h: what the files of `troupe search` share. */
#ifndef TROUPE_TOOLS_SEARCH_H
#define TROUPE_TOOLS_SEARCH_H

#include <jansson.h>

#include "troupe_mcp.h"

#include "tools/call.h"
#include "tools/commands.h"
#include "tools/mcp_file.h"
#include "tools/progress.h"

/* Those of documents by troupe_engine_t, then tools of MCP servers: its index
 * is the bit of an engine in a passage. */
#define TROUPE__SEARCH_MAX (TROUPE_ENGINE_COUNT + TROUPE_MCP_TOOLS_MAX)

struct troupe__search_arguments {
    const char *query;
    const char *roots[TROUPE_ROOTS_MAX];
    size_t root_count;
    const char *cache;
    const char *mcp;                       /* a file, or NULL */
    const char *names[TROUPE__SEARCH_MAX]; /* of engines; none: all */
    size_t name_count;
    size_t limit, deadline_ms; /* the latter: 0: none */
    uint64_t start_ns;         /* when the command began */
    bool json, full, quiet, verbose;
};

/* An engine that is asked, and what it gave. */
struct troupe__search_engine {
    const char *name; /* NULL: it is not asked */
    troupe_passages_t *list;
    char *error; /* why there is none, or NULL */
};

struct troupe__search {
    struct troupe__search_arguments arguments;
    struct troupe__search_engine engines[TROUPE__SEARCH_MAX];
    struct troupe__mcp_file file;
    troupe_corpus_stats_t stats;
    troupe_passages_t *merged;
};

/* troupe__search_arguments: -1 to go on, or an exit code after having said why;
 * reads the file of tools, too, and chooses the engines. */
int troupe__search_arguments(int argc, char **argv,
                             struct troupe__search *ret_search);

/* troupe__search_print, troupe__search_json: the result for people, and for
 * programs (to be freed). */
void troupe__search_print(FILE *out, const struct troupe__search *self);
char *troupe__search_json(const struct troupe__search *self, json_t *skipped);

#endif
