/* SPDX-License-Identifier: Apache-2.0 */
/* command_research.c: `troupe research`, a question answered with sources. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "troupe_node.h"
#include "troupe_research.h"

#include "tools/call.h"
#include "tools/commands.h"
#include "tools/faults.h"
#include "tools/progress.h"

#define LIMIT_MAX     100
#define DEADLINE_MAX  86400000u /* ms: a day */
#define INDEX_PERCENT 60 /* of the deadline, for bringing it up to date */
#define NS_PER_MS     1000000u

static const char help[] =
    "usage: troupe research [OPTION]... \"QUESTION\" --corpus PATH [--corpus "
    "PATH]...\n"
    "\n"
    "Answer QUESTION from the documents below PATH. Search engines and\n"
    "analysers run at once as supervised actors; the report quotes its "
    "sources\n"
    "with exact places and says how sure it is, and why.\n"
    "\n"
    "  --corpus PATH      a directory, or a file; may be given several times\n"
    "  --json             the report as JSON (actors/REPORT.md) instead of\n"
    "                     Markdown\n"
    "  --deadline TIME    report what there is by then: 500ms, 2s, 1m\n"
    "  --limit N          passages that are analysed, 1 to 100 (32)\n"
    "  --engine NAME      bm25, trigram, phrase, expand or anchor; may be\n"
    "                     given several times; without it all are asked\n"
    "  --fail NAME[:N]    make an actor fail on its first N messages, without\n"
    "                     N on each: an engine, summariser, fact_checker,\n"
    "                     sentiment or coordinator\n"
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

struct arguments {
    const char *question;
    const char *roots[TROUPE_ROOTS_MAX];
    size_t root_count;
    const char *cache;
    size_t limit;
    size_t deadline_ms;
    uint32_t engines;
    struct troupe__faults faults;
    bool json;
    bool quiet;
    bool verbose;
};

static int
take_root(const char *path, struct arguments *ret)
{
    if (ret->root_count == TROUPE_ROOTS_MAX)
        return troupe__usage_error("research", "more than %d times --corpus",
                                   TROUPE_ROOTS_MAX);
    ret->roots[ret->root_count++] = path;
    return troupe__check_path("research", "--corpus", path);
}

static int
take_option(int c, char *const *argv, struct arguments *ret)
{
    troupe_engine_t engine = TROUPE_ENGINE_COUNT;
    switch (c) {
    case 'c':
        return take_root(optarg, ret);
    case 'e':
        if (troupe_engine_find(optarg, &engine) < 0)
            return troupe__usage_error("research", "there is no engine '%s'",
                                       optarg);
        ret->engines |= 1u << engine;
        return -1;
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
        ret->json = true;
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
static int
parse(int argc, char **argv, struct arguments *ret)
{
    static const struct option options[] = {
        {"corpus", 1, NULL, 'c'}, {"limit", 1, NULL, 'l'},
        {"engine", 1, NULL, 'e'}, {"cache", 1, NULL, 'C'},
        {"json", 0, NULL, 'j'},   {"deadline", 1, NULL, 'd'},
        {"quiet", 0, NULL, 'q'},  {"verbose", 0, NULL, 'v'},
        {"fail", 1, NULL, 'f'},   {"help", 0, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    *ret = (struct arguments){.limit = 32};
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
    if (ret->root_count == 0) {
        return troupe__usage_error("research",
                                   "give a --corpus to read, such as "
                                   "--corpus /usr/share/man");
    }
    ret->question = argv[optind];
    return troupe__check_query("research", "question", ret->question);
}

/* What may end the update of the index before it is done. */
struct patience {
    uint64_t until_ns; /* 0: no deadline */
    const struct troupe__call *call;
};

static bool
is_over(void *data)
{
    const struct patience *self = data;
    if (self->until_ns > 0 && troupe__monotonic_ns() >= self->until_ns)
        return true;
    return troupe__call_interrupted(self->call);
}

static int
fail_run(int rc)
{
    if (rc == -ENOENT) {
        return troupe__usage_error(
            "research", "--fail names no actor of this run: there are the "
                        "engines that are asked, summariser, fact_checker, "
                        "sentiment and coordinator");
    }
    if (rc == -ETIMEDOUT) {
        fputs("troupe research: the deadline passed with nothing to report\n",
              troupe__errors());
        return TROUPE__EXIT_DEADLINE;
    }
    fprintf(troupe__errors(), "troupe research: the run failed: %s\n",
            troupe_strerror(rc));
    return TROUPE__EXIT_FAILED;
}

static int
exit_code(const troupe_research_t *research)
{
    switch (troupe_research_outcome(research)) {
    case TROUPE_RESEARCH_COMPLETE:
        return TROUPE__EXIT_OK;
    case TROUPE_RESEARCH_DEGRADED:
        return TROUPE__EXIT_PARTIAL;
    case TROUPE_RESEARCH_NOTHING:
        break;
    }
    fputs("troupe research: no engine answered: there is nothing to report\n",
          troupe__errors());
    return troupe_research_deadline_passed(research) ? TROUPE__EXIT_DEADLINE
                                                     : TROUPE__EXIT_FAILED;
}

static int
run(const struct arguments *arguments, const troupe_research_options_t *options,
    struct troupe__call *call)
{
    troupe_research_t *research = NULL;
    int rc = troupe__call_node(call);
    if (rc == 0)
        rc = troupe_research_run(call->node, options, &research);
    if (rc < 0)
        return fail_run(rc);
    troupe__call_result(call, arguments->json,
                        troupe_research_markdown(research),
                        troupe_research_json(research));
    int code = exit_code(research);
    troupe_research_destroy(&research);
    return code;
}

/* The deadline counts from the start of the command. */
static uint32_t
time_left_ms(const struct arguments *arguments, uint64_t start_ns)
{
    if (arguments->deadline_ms == 0)
        return 0;
    uint64_t spent = (troupe__monotonic_ns() - start_ns) / NS_PER_MS;
    return spent < arguments->deadline_ms
               ? (uint32_t) (arguments->deadline_ms - spent)
               : 1;
}

/* The first of the skipped files, as an update listed them; lent. */
static size_t
take_skips(const json_t *list, troupe_research_skip_t *ret_skips)
{
    size_t count = json_array_size(list);
    if (count > TROUPE_RESEARCH_SKIPS_MAX)
        count = TROUPE_RESEARCH_SKIPS_MAX;
    for (size_t i = 0; i < count; i++) {
        json_t *skip = json_array_get(list, i);
        ret_skips[i] = (troupe_research_skip_t){
            .path = json_string_value(json_object_get(skip, "path")),
            .reason = json_string_value(json_object_get(skip, "reason"))};
    }
    return count;
}

/* What the run is asked, over an index that is up to date. */
static int
answer(const struct arguments *arguments,
       const struct troupe__indexing *indexing,
       const troupe_corpus_stats_t *stats, uint64_t start_ns,
       struct troupe__call *call)
{
    troupe_research_skip_t skips[TROUPE_RESEARCH_SKIPS_MAX];
    troupe__call_indexed(call);
    char *standard = arguments->cache ? NULL : troupe__cache_directory();
    struct troupe__progress progress = {.quiet = arguments->quiet,
                                        .terminal = isatty(STDERR_FILENO),
                                        .start_ns = start_ns};
    troupe_research_options_t options = troupe_research_options_default();
    options.question = arguments->question;
    options.roots = arguments->roots;
    options.root_count = arguments->root_count;
    options.cache = arguments->cache ? arguments->cache : standard;
    options.engines = arguments->engines;
    options.limit = (uint32_t) arguments->limit;
    options.deadline_ms = time_left_ms(arguments, start_ns);
    options.interrupt_fd = call->interrupt_fd;
    options.documents = stats->documents;
    options.passages = stats->passages;
    options.skipped = stats->skipped;
    options.incomplete = indexing->stopped;
    options.skips = skips;
    options.skip_count = take_skips(indexing->json, skips);
    options.faults = arguments->faults.items;
    options.fault_count = arguments->faults.count;
    options.progress =
        call->served ? troupe__call_actors : troupe__progress_show;
    options.context = call->served ? (void *) call : &progress;
    int code = run(arguments, &options, call);
    free(standard);
    return code;
}

int
troupe__call_research(struct troupe__call *call, int argc, char **argv)
{
    struct arguments arguments;
    uint64_t start_ns = troupe__monotonic_ns();
    troupe__call_parse_begin();
    int code = parse(argc, argv, &arguments);
    troupe__call_parse_end();
    if (code < 0)
        code = troupe__call_listen(call);
    if (code >= 0)
        return code;
    struct patience patience = {.call = call};
    if (arguments.deadline_ms > 0) {
        patience.until_ns = start_ns
                            + (uint64_t) arguments.deadline_ms * NS_PER_MS
                                  * INDEX_PERCENT / 100;
    }
    struct troupe__indexing indexing = {.command = "research",
                                        .quiet = arguments.quiet,
                                        .verbose = arguments.verbose,
                                        .json_lines = !isatty(STDERR_FILENO),
                                        .json = json_array(),
                                        .is_over = is_over,
                                        .is_over_data = &patience};
    troupe__call_index(call, &indexing);
    troupe_corpus_t *corpus = NULL;
    troupe_corpus_stats_t stats;
    code = troupe__open_corpus(&indexing, arguments.cache, arguments.roots,
                               arguments.root_count, &corpus, &stats);
    troupe_corpus_destroy(&corpus);
    if (code == TROUPE__EXIT_OK)
        code = answer(&arguments, &indexing, &stats, start_ns, call);
    json_decref(indexing.json);
    return code;
}

int
troupe__command_research(int argc, char **argv)
{
    return troupe__call_run("research", troupe__call_research, argc, argv);
}
