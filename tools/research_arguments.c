/* SPDX-License-Identifier: Apache-2.0 */
/* research_arguments.c: reads the command line of `troupe research`. */
#include "tools/research_arguments.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "tools/call.h"
#include "tools/commands.h"

#define LIMIT_MAX    100
#define DEADLINE_MAX 86400000u /* ms: a day */

static const char help[] =
    "usage: troupe research [OPTION]... \"QUESTION\" [--corpus PATH]... [--web "
    "FILE]\n"
    "\n"
    "Answer QUESTION from the documents below each PATH, and from the web.\n"
    "Search engines and analysers run at once as supervised actors; the "
    "report\n"
    "quotes its sources with exact places and says how sure it is, and why.\n"
    "\n"
    "  --corpus PATH      a directory, or a file; may be given several times\n"
    "  --format WORD      md, json (actors/REPORT.md) or html, one page\n"
    "                     without scripts; --json is --format json\n"
    "  --timeline FILE    draw when each actor ran, as SVG\n"
    "  --deadline TIME    report what there is by then: 500ms, 2s, 1m\n"
    "  --limit N          passages that are analysed, 1 to 100 (32)\n"
    "  --web FILE         ask the engines of the web that FILE names: "
    "SearXNG,\n"
    "                     Brave, Tavily, any that answers with JSON "
    "(actors/WEB.md)\n"
    "  --mcp FILE         ask the tools of MCP servers that FILE names\n"
    "                     (actors/MCP.md)\n"
    "  --fetch N          read the first N pages that they find, 1 to 20; "
    "without\n"
    "                     it only what the engines quote of them is read\n"
    "  --fetch-private    also pages at private and local addresses\n"
    "  --engine NAME      bm25, trigram, phrase, expand, anchor, or one of "
    "a\n"
    "                     FILE's; may be given several times; without it all "
    "are\n"
    "                     asked\n"
    "  --effort WORD      sides of the question that are searched for beside "
    "it:\n"
    "                     quick, none; thorough, six of them; auto, by the\n"
    "                     question\n"
    "  --fail NAME[:N]    make an actor fail on its first N messages, without\n"
    "                     N on each: an engine, page-1, summariser,\n"
    "                     fact_checker, sentiment or coordinator\n"
    "  --cache DIR        where the index is kept ($XDG_CACHE_HOME/troupe, or\n"
    "                     ~/.cache/troupe)\n"
    "  --verbose          name every file that was skipped\n"
    "  --quiet            no progress, only errors\n"
    "  --help             this text\n"
    "\n"
    "Progress goes to standard error: a line per actor on a terminal, else "
    "lines\n"
    "of JSON; errors are words. Ctrl-C once: report at once what there is; "
    "twice: end.\n"
    "\n"
    "Exit codes: 0 ok; 1 failed; 2 usage; 3 the report is partial or "
    "degraded,\n"
    "as its first line says; 124 the deadline passed with nothing to report.\n";

static int
take_root(const char *path, struct troupe__research_arguments *ret)
{
    if (ret->root_count == TROUPE_ROOTS_MAX)
        return troupe__usage_error("research", "more than %d times --corpus",
                                   TROUPE_ROOTS_MAX);
    ret->roots[ret->root_count++] = path;
    return troupe__check_path("research", "--corpus", path);
}

static int
take_effort(const char *word, struct troupe__research_arguments *ret)
{
    static const char *const words[] = {[TROUPE_RESEARCH_AUTO] = "auto",
                                        [TROUPE_RESEARCH_QUICK] = "quick",
                                        [TROUPE_RESEARCH_THOROUGH] =
                                            "thorough"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i]) == 0) {
            ret->effort = (troupe_research_effort_t) i;
            return -1;
        }
    }
    return troupe__usage_error("research",
                               "--effort wants quick, auto or thorough");
}

static int
take_format(const char *word, struct troupe__research_arguments *ret)
{
    static const char *const words[] = {[TROUPE__REPORT_MARKDOWN] = "md",
                                        [TROUPE__REPORT_JSON] = "json",
                                        [TROUPE__REPORT_HTML] = "html"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i]) == 0) {
            ret->format = (enum troupe__report_format) i;
            return -1;
        }
    }
    return troupe__usage_error("research", "--format wants md, json or html");
}

static int
take_option(int c, char *const *argv, struct troupe__research_arguments *ret)
{
    switch (c) {
    case 'c':
        return take_root(optarg, ret);
    case 'e':
        if (ret->engine_count == TROUPE__ENGINE_NAMES_MAX) {
            return troupe__usage_error("research",
                                       "more than %d times "
                                       "--engine",
                                       TROUPE__ENGINE_NAMES_MAX);
        }
        ret->engines[ret->engine_count++] = optarg;
        return -1;
    case 'w':
        ret->web = optarg;
        return troupe__check_path("research", "--web", optarg);
    case 'm':
        ret->mcp = optarg;
        return troupe__check_path("research", "--mcp", optarg);
    case 'F':
        if (!troupe__read_number(optarg, 1, TROUPE_RESEARCH_PAGES_MAX,
                                 &ret->pages)) {
            return troupe__usage_error("research",
                                       "--fetch wants a number, 1 to %d",
                                       TROUPE_RESEARCH_PAGES_MAX);
        }
        return -1;
    case 'P':
        ret->private_pages = true;
        return -1;
    case 'E':
        return take_effort(optarg, ret);
    case 'o':
        return take_format(optarg, ret);
    case 't':
        ret->timeline = optarg;
        return troupe__check_path("research", "--timeline", optarg);
    case 'l':
        if (!troupe__read_number(optarg, 1, LIMIT_MAX, &ret->limit))
            return troupe__usage_error(
                "research", "--limit wants a number, 1 to %d", LIMIT_MAX);
        return -1;
    case 'd':
        if (!troupe__read_time(optarg, DEADLINE_MAX, &ret->deadline_ms))
            return troupe__usage_error(
                "research", "--deadline wants a time such as 500ms, 2s or 1m");
        return -1;
    case 'f':
        return troupe__take_fault("research", optarg, &ret->faults);
    case 'C':
        ret->cache = optarg;
        return troupe__check_path("research", "--cache", optarg);
    case 'j':
        ret->format = TROUPE__REPORT_JSON;
        return -1;
    case 'q':
        ret->quiet = true;
        return -1;
    case 'v':
        ret->verbose = true;
        return -1;
    default:
        return troupe__option_error("research", c, argv);
    }
}

/* Returns an exit code when that is all, or -1 to go on. */
int
troupe__research_arguments(int argc, char **argv,
                           struct troupe__research_arguments *ret)
{
    static const struct option options[] = {
        {"corpus", 1, NULL, 'c'},   {"limit", 1, NULL, 'l'},
        {"engine", 1, NULL, 'e'},   {"cache", 1, NULL, 'C'},
        {"json", 0, NULL, 'j'},     {"deadline", 1, NULL, 'd'},
        {"quiet", 0, NULL, 'q'},    {"verbose", 0, NULL, 'v'},
        {"fail", 1, NULL, 'f'},     {"help", 0, NULL, 'h'},
        {"web", 1, NULL, 'w'},      {"mcp", 1, NULL, 'm'},
        {"fetch", 1, NULL, 'F'},    {"fetch-private", 0, NULL, 'P'},
        {"effort", 1, NULL, 'E'},   {"format", 1, NULL, 'o'},
        {"timeline", 1, NULL, 't'}, {NULL, 0, NULL, 0}};
    *ret = (struct troupe__research_arguments){.limit = 32};
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
        return troupe__usage_error("research", "give one question, in quotes");
    if (ret->root_count == 0 && !ret->web && !ret->mcp) {
        return troupe__usage_error("research",
                                   "give a --corpus to read, such as "
                                   "--corpus /usr/share/man, or a --web or "
                                   "--mcp file");
    }
    if ((ret->pages > 0 || ret->private_pages) && !ret->web)
        return troupe__usage_error("research",
                                   "--fetch reads what a --web file finds");
    ret->question = argv[optind];
    return troupe__check_query("research", "question", ret->question);
}

static int
choose(const struct troupe__research_arguments *arguments, const char *name,
       struct troupe__research_engines *ret)
{
    troupe_engine_t engine = TROUPE_ENGINE_COUNT;
    if (troupe_engine_find(name, &engine) == 0) {
        ret->local |= 1u << engine;
        if (arguments->root_count > 0)
            return -1;
        return troupe__usage_error(
            "research", "--engine %s searches a --corpus: give one", name);
    }
    const troupe_web_engine_t *found =
        troupe__engine_file_find(&ret->file, name);
    if (!found && troupe__research_tools_choose(&ret->tools, name))
        return -1;
    if (!found)
        return troupe__usage_error("research", "there is no engine '%s'", name);
    for (size_t i = 0; i < ret->web_count; i++)
        if (strcmp(ret->web[i].name, name) == 0)
            return -1;
    ret->web[ret->web_count++] = *found;
    return -1;
}

static int
read_file(const char *path, struct troupe__engine_file *ret_file)
{
    struct troupe__findings findings = {.path = path};
    int rc = troupe__engine_file_read(&findings, ret_file);
    troupe__findings_print(&findings, troupe__errors());
    troupe__findings_free(&findings);
    return rc < 0 ? TROUPE__EXIT_FAILED : -1;
}

/* Every other actor of a run has a name already. */
static int
check_names(const struct troupe__engine_file *file,
            const struct troupe__mcp_file *tools)
{
    static const char *const taken[] = {"summariser", "fact_checker",
                                        "sentiment", "coordinator"};
    for (size_t i = 0; i < file->count; i++) {
        const char *name = file->entries[i].key.text;
        troupe_engine_t engine = TROUPE_ENGINE_COUNT;
        bool bad = troupe_engine_find(name, &engine) == 0
                   || strncmp(name, "http", 4) == 0
                   || strncmp(name, "page-", 5) == 0
                   || strncmp(name, "rate-", 5) == 0;
        for (size_t j = 0; j < sizeof taken / sizeof *taken; j++)
            bad |= strcmp(name, taken[j]) == 0;
        for (size_t j = 0; j < tools->count; j++)
            bad |= strcmp(name, tools->tools[j].name) == 0;
        if (bad) {
            return troupe__usage_error(
                "research",
                "an engine of --web cannot be called '%s': an "
                "actor of the run is; rename it",
                name);
        }
    }
    return -1;
}

static void
choose_all(struct troupe__research_engines *ret)
{
    ret->local = (1u << TROUPE_ENGINE_COUNT) - 1;
    for (size_t i = 0; i < ret->file.count; i++)
        ret->web[ret->web_count++] = ret->file.entries[i].engine;
    (void) troupe__research_tools_choose(&ret->tools, NULL);
}

int
troupe__research_engines(const struct troupe__research_arguments *arguments,
                         struct troupe__research_engines *ret_engines)
{
    *ret_engines = (struct troupe__research_engines){.web_count = 0};
    int code =
        arguments->web ? read_file(arguments->web, &ret_engines->file) : -1;
    int tools =
        troupe__research_tools_read(arguments->mcp, &ret_engines->tools);
    if (code < 0)
        code = tools;
    if (code < 0)
        code = check_names(&ret_engines->file, &ret_engines->tools.file);
    for (size_t i = 0; i < arguments->engine_count && code < 0; i++)
        code = choose(arguments, arguments->engines[i], ret_engines);
    if (code < 0 && arguments->engine_count == 0)
        choose_all(ret_engines);
    return code < 0 ? troupe__research_tools_pack(&ret_engines->tools,
                                                  TROUPE_RESEARCH_WEB_MAX
                                                      - ret_engines->web_count)
                    : code;
}

void
troupe__research_engines_free(struct troupe__research_engines *self)
{
    troupe__engine_file_free(&self->file);
    troupe__research_tools_free(&self->tools);
}
