/* SPDX-License-Identifier: Apache-2.0 */
/* command_search.c: `troupe search`, the ranked passages for a query. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/findings.h"
#include "tools/search.h"

#define DEPTH_MAX 1000

static void
note_failure(struct troupe__search_engine *engine, const char *words)
{
    engine->error = troupe__copy(words, strlen(words));
    fprintf(troupe__errors(), "troupe search: engine %s failed: %s\n",
            engine->name, words);
}

/* What each engine is asked for: more than is printed, as lists are merged. */
static size_t
depth_of(const struct troupe__search *self)
{
    size_t limit = self->arguments.limit;
    size_t depth = limit < 25 ? 50 : limit * 2;
    return depth < DEPTH_MAX ? depth : DEPTH_MAX;
}

static void
ask_documents(struct troupe__search *self, troupe_corpus_t *corpus)
{
    for (int i = 0; i < TROUPE_ENGINE_COUNT; i++) {
        struct troupe__search_engine *engine = &self->engines[i];
        if (!engine->name)
            continue;
        int rc = troupe_corpus_search(corpus, (troupe_engine_t) i,
                                      self->arguments.query, depth_of(self),
                                      &engine->list);
        if (rc < 0)
            note_failure(engine, troupe_strerror(rc));
    }
}

/* Of the deadline; it began with the command. */
static uint32_t
time_left_ms(const struct troupe__search_arguments *arguments)
{
    uint64_t spent =
        (troupe__monotonic_ns() - arguments->start_ns) / UINT64_C(1000000);
    if (arguments->deadline_ms == 0)
        return 0;
    return spent < arguments->deadline_ms
               ? (uint32_t) (arguments->deadline_ms - spent)
               : 1;
}

static int
ask_tools(struct troupe__search *self, struct troupe__call *call)
{
    troupe_mcp_found_t found[TROUPE_MCP_TOOLS_MAX];
    size_t count = self->file.count;
    if (count == 0)
        return 0;
    int rc = troupe__call_node(call);
    if (rc == 0) {
        rc = troupe_mcp_search(call->node, self->file.tools, count,
                               self->arguments.query, (uint32_t) depth_of(self),
                               time_left_ms(&self->arguments), found);
    }
    for (size_t i = 0; i < count && rc == 0; i++) {
        struct troupe__search_engine *engine =
            &self->engines[TROUPE_ENGINE_COUNT + i];
        engine->list = found[i].passages;
        if (found[i].code < 0)
            note_failure(engine, found[i].words);
    }
    if (rc < 0) {
        fprintf(troupe__errors(),
                "troupe search: the tools cannot be asked: "
                "%s\n",
                troupe_strerror(rc));
    }
    return rc;
}

static int
merge(struct troupe__search *self)
{
    const troupe_passages_t *lists[TROUPE__SEARCH_MAX];
    size_t asked = 0, failed = 0;
    for (int i = 0; i < TROUPE__SEARCH_MAX; i++) {
        lists[i] = self->engines[i].list;
        asked += self->engines[i].name != NULL;
        failed += self->engines[i].error != NULL;
    }
    troupe_fuse_options_t options = troupe_fuse_options_default();
    options.limit = self->arguments.limit;
    /* Without documents their engines are no lists, and count for nothing. */
    size_t first = self->arguments.root_count > 0 ? 0 : TROUPE_ENGINE_COUNT;
    size_t count = TROUPE_ENGINE_COUNT + self->file.count - first;
    int rc =
        troupe_passages_fuse(lists + first, count, &options, &self->merged);
    if (rc < 0 || failed == asked)
        return TROUPE__EXIT_FAILED;
    return failed > 0 ? TROUPE__EXIT_PARTIAL : TROUPE__EXIT_OK;
}

static void
tell_result(const struct troupe__search *self, json_t *skipped,
            struct troupe__call *call)
{
    char *plain = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&plain, &size);
    char *json = troupe__search_json(self, skipped);
    if (out)
        troupe__search_print(out, self);
    if (out && fclose(out) == 0 && json)
        troupe__call_result(call, self->arguments.json, plain, json);
    free(plain);
    free(json);
}

static int
search(struct troupe__search *self, struct troupe__call *call)
{
    const struct troupe__search_arguments *arguments = &self->arguments;
    struct troupe__indexing indexing = {.command = "search",
                                        .quiet = arguments->quiet,
                                        .verbose = arguments->verbose,
                                        .json = json_array()};
    troupe__call_index(call, &indexing);
    troupe_corpus_t *corpus = NULL;
    int code = TROUPE__EXIT_OK;
    if (arguments->root_count > 0) {
        code =
            troupe__open_corpus(&indexing, arguments->cache, arguments->roots,
                                arguments->root_count, &corpus, &self->stats);
    }
    if (code == TROUPE__EXIT_OK) {
        troupe__call_indexed(call);
        if (corpus)
            ask_documents(self, corpus);
        code = ask_tools(self, call) < 0 ? TROUPE__EXIT_FAILED : merge(self);
        if (code != TROUPE__EXIT_FAILED)
            tell_result(self, indexing.json, call);
    }
    troupe_corpus_destroy(&corpus);
    json_decref(indexing.json);
    return code;
}

int
troupe__call_search(struct troupe__call *call, int argc, char **argv)
{
    struct troupe__search self = {.merged = NULL};
    troupe__call_parse_begin();
    int code = troupe__search_arguments(argc, argv, &self);
    troupe__call_parse_end();
    if (code < 0)
        code = search(&self, call);
    for (int i = 0; i < TROUPE__SEARCH_MAX; i++) {
        troupe_passages_destroy(&self.engines[i].list);
        free(self.engines[i].error);
    }
    troupe_passages_destroy(&self.merged);
    troupe__mcp_file_free(&self.file);
    return code;
}

int
troupe__command_search(int argc, char **argv)
{
    return troupe__call_run("search", troupe__call_search, argc, argv);
}
