/* SPDX-License-Identifier: Apache-2.0 */
/* search_arguments.c: the command line of `troupe search`. */
#include <getopt.h>
#include <string.h>

#include "tools/search.h"

#define DEADLINE_MAX 86400000u /* ms: a day */

static const char help[] =
    "usage: troupe search [OPTION]... \"QUERY\" --corpus PATH [--corpus "
    "PATH]...\n"
    "\n"
    "Print the passages of the documents below PATH that answer QUERY, best\n"
    "first. The documents are indexed once, and again when they change.\n"
    "\n"
    "  --corpus PATH   a directory, or a file; may be given several times\n"
    "  --mcp FILE      tools of MCP servers to ask as well, or instead\n"
    "                  (actors/MCP.md)\n"
    "  --deadline TIME what tools have not found by then is not waited for:\n"
    "                  500ms, 2s, 1m (60s)\n"
    "  --limit N       passages to print, 1 to 1000 (10)\n"
    "  --engine NAME   bm25, trigram, phrase, expand, anchor, or one of FILE;\n"
    "                  may be given several times; without it all are asked,\n"
    "                  and their lists merged\n"
    "  --full          print whole passages, not only their beginning\n"
    "  --json          one object: query, engines, corpus, skipped, results\n"
    "  --cache DIR     where the index is kept ($XDG_CACHE_HOME/troupe, or\n"
    "                  ~/.cache/troupe)\n"
    "  --verbose       name every file that was skipped\n"
    "  --quiet         say nothing on standard error but errors\n"
    "  --help          this text\n"
    "\n"
    "Exit codes: 0 ok, also when nothing was found; 1 failed; 2 usage;\n"
    "3 an engine failed, the others answered.\n";

static int
take_option(int c, char *const *argv, struct troupe__search_arguments *ret)
{
    switch (c) {
    case 'c':
        if (ret->root_count == TROUPE_ROOTS_MAX)
            return troupe__usage_error("search", "more than %d times --corpus",
                                       TROUPE_ROOTS_MAX);
        ret->roots[ret->root_count++] = optarg;
        return troupe__check_path("search", "--corpus", optarg);
    case 'm':
        ret->mcp = optarg;
        return troupe__check_path("search", "--mcp", optarg);
    case 'e':
        if (ret->name_count == TROUPE__SEARCH_MAX)
            return troupe__usage_error("search", "more than %d times --engine",
                                       TROUPE__SEARCH_MAX);
        ret->names[ret->name_count++] = optarg;
        return -1;
    case 'l':
        if (!troupe__read_number(optarg, 1, 1000, &ret->limit))
            return troupe__usage_error("search",
                                       "--limit wants a number, 1 to 1000");
        return -1;
    case 'd':
        if (!troupe__read_time(optarg, DEADLINE_MAX, &ret->deadline_ms))
            return troupe__usage_error(
                "search", "--deadline wants a time such as 500ms, 2s or 1m");
        return -1;
    case 'C':
        ret->cache = optarg;
        return troupe__check_path("search", "--cache", optarg);
    case 'j':
        ret->json = true;
        return -1;
    case 'f':
        ret->full = true;
        return -1;
    case 'q':
        ret->quiet = true;
        return -1;
    case 'v':
        ret->verbose = true;
        return -1;
    default:
        return troupe__option_error("search", c, argv);
    }
}

/* Returns an exit code when that is all, or -1 to go on. */
static int
parse(int argc, char **argv, struct troupe__search_arguments *ret)
{
    static const struct option options[] = {
        {"corpus", 1, NULL, 'c'},   {"limit", 1, NULL, 'l'},
        {"engine", 1, NULL, 'e'},   {"cache", 1, NULL, 'C'},
        {"json", 0, NULL, 'j'},     {"full", 0, NULL, 'f'},
        {"quiet", 0, NULL, 'q'},    {"verbose", 0, NULL, 'v'},
        {"mcp", 1, NULL, 'm'},      {"help", 0, NULL, 'h'},
        {"deadline", 1, NULL, 'd'}, {NULL, 0, NULL, 0}};
    *ret = (struct troupe__search_arguments){
        .limit = 10, .start_ns = troupe__monotonic_ns()};
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(help, stdout);
            return TROUPE__EXIT_OK;
        }
        int code = take_option(c, argv, ret);
        if (code >= 0)
            return code;
    }
    if (argc - optind != 1)
        return troupe__usage_error("search", "give one query, in quotes");
    if (ret->root_count == 0 && !ret->mcp)
        return troupe__usage_error("search", "give a --corpus to search, or a "
                                             "--mcp file of tools");
    ret->query = argv[optind];
    return troupe__check_query("search", "query", ret->query);
}

static int
read_file(struct troupe__search *self)
{
    struct troupe__findings findings = {.path = self->arguments.mcp};
    int rc = troupe__mcp_file_read(&findings, &self->file);
    troupe__findings_print(&findings, troupe__errors());
    troupe__findings_free(&findings);
    return rc < 0 ? TROUPE__EXIT_USAGE : -1;
}

/* The names that are left are of no engine. */
static int
choose(struct troupe__search *self)
{
    struct troupe__search_arguments *arguments = &self->arguments;
    for (size_t i = 0; i < arguments->name_count; i++) {
        troupe_engine_t engine = TROUPE_ENGINE_COUNT;
        if (troupe_engine_find(arguments->names[i], &engine) < 0)
            continue;
        if (arguments->root_count == 0) {
            return troupe__usage_error("search",
                                       "--engine %s searches a --corpus: give "
                                       "one",
                                       arguments->names[i]);
        }
        self->engines[engine].name = troupe_engine_name(engine);
        arguments->names[i] = NULL;
    }
    troupe__mcp_file_choose(&self->file, arguments->names,
                            arguments->name_count);
    for (size_t i = 0; i < arguments->name_count; i++) {
        if (arguments->names[i])
            return troupe__usage_error("search", "there is no engine '%s'",
                                       arguments->names[i]);
    }
    return -1;
}

int
troupe__search_arguments(int argc, char **argv,
                         struct troupe__search *ret_search)
{
    struct troupe__search_arguments *arguments = &ret_search->arguments;
    int code = parse(argc, argv, arguments);
    if (code < 0 && arguments->mcp)
        code = read_file(ret_search);
    if (code < 0 && arguments->name_count > 0)
        code = choose(ret_search);
    if (code >= 0)
        return code;
    for (int i = 0; i < TROUPE_ENGINE_COUNT; i++) {
        if (arguments->name_count == 0 && arguments->root_count > 0)
            ret_search->engines[i].name =
                troupe_engine_name((troupe_engine_t) i);
    }
    for (size_t i = 0; i < ret_search->file.count; i++)
        ret_search->engines[TROUPE_ENGINE_COUNT + i].name =
            ret_search->file.tools[i].name;
    return -1;
}
