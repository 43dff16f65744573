/* SPDX-License-Identifier: Apache-2.0 */
/* research_arguments.c: reads the command line of `troupe research`. */
#include "tools/research_arguments.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/call.h"
#include "tools/commands.h"

#define LIMIT_MAX    100
#define COUNT_MAX    1000000000000u
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
    "  --models FILE      let a model plan, and write an answer from the "
    "quotes\n"
    "                     (actors/QUERY.md has the file); --model NAME is "
    "which,\n"
    "                     --check-model NAME who checks it\n"
    "  --budget-tokens N, --budget-calls N, --budget-money X\n"
    "                     the most that models may cost; a fifth is kept for "
    "the\n"
    "                     answer\n"
    "  --resume RUN       go on with a run that was interrupted: with the "
    "same\n"
    "                     question and options nothing that an engine of the "
    "web,\n"
    "                     a page or a model has answered is asked for again; "
    "its\n"
    "                     id, as in 'troupe runs list', or 'last'; budgets "
    "are of\n"
    "                     the whole run; documents are searched again\n"
    "  --no-journal       leave nothing to be resumed\n"
    "  --fail NAME[:N]    make an actor fail on its first N messages, without\n"
    "                     N on each: an engine, page-1, summariser,\n"
    "                     fact_checker, sentiment or coordinator\n"
    "  --cache DIR        where the index is kept ($XDG_CACHE_HOME/troupe, or\n"
    "                     ~/.cache/troupe)\n" TROUPE__PICTURE_HELP_GRAPH
        TROUPE__PICTURE_HELP_CHROME TROUPE__TRACE_HELP
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
    "as its first line says; 4 so because of the budget; 124 the deadline "
    "passed with\n"
    "nothing to report.\n";

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
take_money(const char *text, struct troupe__research_arguments *ret)
{
    char *end = NULL;
    double money = strtod(text, &end);
    if (end == text || *end || !isfinite(money) || money <= 0)
        return troupe__usage_error("research",
                                   "--budget-money wants an amount, as in 0.5");
    ret->budget.money = money;
    return -1;
}

static int
take_count(const char *option, const char *text, uint64_t *ret)
{
    size_t count = 0;
    if (!troupe__read_number(text, 1, COUNT_MAX, &count))
        return troupe__usage_error("research", "%s wants a number from 1 on",
                                   option);
    *ret = count;
    return -1;
}

static int
take_model_option(int c, char *const *argv,
                  struct troupe__research_arguments *ret)
{
    switch (c) {
    case 'M':
        ret->models = optarg;
        return troupe__check_path("research", "--models", optarg);
    case 'm':
        ret->writer = optarg;
        return -1;
    case 'x':
        ret->mcp = optarg;
        return troupe__check_path("research", "--mcp", optarg);
    case 'k':
        ret->checker = optarg;
        return -1;
    case 'r':
        ret->resume = optarg;
        return -1;
    case 'N':
        ret->no_journal = true;
        return -1;
    case 'T':
        return take_count("--budget-tokens", optarg, &ret->budget.tokens);
    case 'L':
        return take_count("--budget-calls", optarg, &ret->budget.calls);
    case 'B':
        return take_money(optarg, ret);
    default:
        return troupe__option_error("research", c, argv);
    }
}

/* Who waits for a report learns before it that a picture cannot be had. */
static int
take_timeline(const char *path)
{
    int code = troupe__check_path("research", "--timeline", path);
    return code < 0 ? troupe__check_output("research", path) : code;
}

static int
take_report_option(int c, char *const *argv,
                   struct troupe__research_arguments *ret)
{
    switch (c) {
    case 'E':
        return take_effort(optarg, ret);
    case 'o':
        return take_format(optarg, ret);
    case 't':
        ret->timeline = optarg;
        return take_timeline(optarg);
    case 'j':
        ret->format = TROUPE__REPORT_JSON;
        return -1;
    case 'q':
        ret->quiet = true;
        return -1;
    case 'v':
        ret->verbose = true;
        return -1;
    case 'P':
        ret->private_pages = true;
        return -1;
    case 'd':
        if (!troupe__read_time(optarg, DEADLINE_MAX, &ret->deadline_ms))
            return troupe__usage_error(
                "research", "--deadline wants a time such as 500ms, 2s or 1m");
        return -1;
    case 'l':
        if (!troupe__read_number(optarg, 1, LIMIT_MAX, &ret->limit))
            return troupe__usage_error(
                "research", "--limit wants a number, 1 to %d", LIMIT_MAX);
        return -1;
    default:
        return take_model_option(c, argv, ret);
    }
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
    case 'F':
        if (!troupe__read_number(optarg, 1, TROUPE_RESEARCH_PAGES_MAX,
                                 &ret->pages)) {
            return troupe__usage_error("research",
                                       "--fetch wants a number, 1 to %d",
                                       TROUPE_RESEARCH_PAGES_MAX);
        }
        return -1;
    case 'f':
        return troupe__take_fault("research", optarg, &ret->faults);
    case 'C':
        ret->cache = optarg;
        return troupe__check_path("research", "--cache", optarg);
    default:
        return take_report_option(c, argv, ret);
    }
}

static const struct option options[] = {{"corpus", 1, NULL, 'c'},
                                        {"limit", 1, NULL, 'l'},
                                        {"engine", 1, NULL, 'e'},
                                        {"cache", 1, NULL, 'C'},
                                        {"json", 0, NULL, 'j'},
                                        {"deadline", 1, NULL, 'd'},
                                        {"quiet", 0, NULL, 'q'},
                                        {"verbose", 0, NULL, 'v'},
                                        {"fail", 1, NULL, 'f'},
                                        {"help", 0, NULL, 'h'},
                                        {"web", 1, NULL, 'w'},
                                        {"mcp", 1, NULL, 'x'},
                                        {"fetch", 1, NULL, 'F'},
                                        {"fetch-private", 0, NULL, 'P'},
                                        {"effort", 1, NULL, 'E'},
                                        {"resume", 1, NULL, 'r'},
                                        {"no-journal", 0, NULL, 'N'},
                                        {"models", 1, NULL, 'M'},
                                        {"model", 1, NULL, 'm'},
                                        {"check-model", 1, NULL, 'k'},
                                        {"budget-tokens", 1, NULL, 'T'},
                                        {"budget-calls", 1, NULL, 'L'},
                                        {"budget-money", 1, NULL, 'B'},
                                        {"format", 1, NULL, 'o'},
                                        {"timeline", 1, NULL, 't'},
                                        TROUPE__RUN_GRAPH_OPTION,
                                        TROUPE__CHROME_OPTION,
                                        TROUPE__TRACE_OPTIONS,
                                        {NULL, 0, NULL, 0}};

/* Returns an exit code when that is all, or -1 to go on. */
int
troupe__research_arguments(int argc, char **argv,
                           struct troupe__research_arguments *ret)
{
    *ret = (struct troupe__research_arguments){.limit = 32};
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(help, stdout);
            return TROUPE__EXIT_OK;
        }
        int code = troupe__trace_takes(c)
                       ? troupe__trace_take("research", c, &ret->trace)
                       : take_option(c, argv, ret);
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
    bool bound = ret->budget.tokens > 0 || ret->budget.calls > 0
                 || ret->budget.money > 0;
    if ((ret->writer || ret->checker || bound) && !ret->models)
        return troupe__usage_error(
            "research", "models and their budget want --models FILE");
    if (ret->resume && (ret->no_journal || (!ret->web && !ret->models))) {
        return troupe__usage_error("research",
                                   "--resume needs the journal of a run with "
                                   "--web or --models");
    }
    ret->question = argv[optind];
    return troupe__check_query("research", "question", ret->question);
}
