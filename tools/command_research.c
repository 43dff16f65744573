/* SPDX-License-Identifier: Apache-2.0 */
/* command_research.c: `troupe research`, a question answered with sources. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "troupe_node.h"
#include "troupe_research.h"

#include "tools/commands.h"
#include "tools/faults.h"
#include "tools/interrupt.h"
#include "tools/progress.h"
#include "tools/trace.h"

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
    "                     ~/.cache/troupe)\n" TROUPE__TRACE_HELP
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
    struct troupe__trace_options trace;
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
        TROUPE__TRACE_OPTIONS,    {NULL, 0, NULL, 0}};
    *ret = (struct arguments){.limit = 32};
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
    int interrupt_fd;
};

static bool
is_over(void *data)
{
    const struct patience *self = data;
    struct pollfd poll_fd = {.fd = self->interrupt_fd, .events = POLLIN};
    if (self->until_ns > 0 && troupe__monotonic_ns() >= self->until_ns)
        return true;
    return poll(&poll_fd, 1, 0) > 0;
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
              stderr);
        return TROUPE__EXIT_DEADLINE;
    }
    fprintf(stderr, "troupe research: the run failed: %s\n",
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
          stderr);
    return troupe_research_deadline_passed(research) ? TROUPE__EXIT_DEADLINE
                                                     : TROUPE__EXIT_FAILED;
}

static int
run(const struct arguments *arguments, const troupe_research_options_t *options)
{
    troupe_t *node = NULL;
    troupe_research_t *research = NULL;
    struct troupe__trace trace = {.taker = TROUPE_NOBODY};
    int rc = troupe_new(NULL, &node), code = -1;
    if (rc == 0)
        code = troupe__trace_begin(&trace, &arguments->trace, "research", node);
    if (rc == 0 && code < 0)
        rc = troupe_research_run(node, options, &research);
    if (rc < 0) {
        code = fail_run(rc);
    } else if (code < 0) {
        fputs(arguments->json ? troupe_research_json(research)
                              : troupe_research_markdown(research),
              stdout);
        if (arguments->json)
            putchar('\n');
        (void) troupe__flush_output();
        code = exit_code(research);
    }
    troupe__trace_end(&trace, code, NULL);
    troupe_research_destroy(&research);
    troupe_destroy(&node);
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

int
troupe__command_research(int argc, char **argv)
{
    struct arguments arguments;
    uint64_t start_ns = troupe__monotonic_ns();
    int code = parse(argc, argv, &arguments);
    if (code >= 0)
        return code;
    struct patience patience = {.interrupt_fd = -1};
    if (troupe__catch_interrupts(&patience.interrupt_fd) < 0) {
        perror("troupe research: pipe");
        return TROUPE__EXIT_FAILED;
    }
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
    troupe_research_skip_t skips[TROUPE_RESEARCH_SKIPS_MAX];
    troupe_corpus_t *corpus = NULL;
    troupe_corpus_stats_t stats;
    char *standard = arguments.cache ? NULL : troupe__cache_directory();
    code = troupe__open_corpus(&indexing, arguments.cache, arguments.roots,
                               arguments.root_count, &corpus, &stats);
    troupe_corpus_destroy(&corpus);
    if (code == TROUPE__EXIT_OK) {
        struct troupe__progress progress = {.quiet = arguments.quiet,
                                            .terminal = isatty(STDERR_FILENO),
                                            .start_ns = start_ns};
        troupe_research_options_t options = troupe_research_options_default();
        options.question = arguments.question;
        options.roots = arguments.roots;
        options.root_count = arguments.root_count;
        options.cache = arguments.cache ? arguments.cache : standard;
        options.engines = arguments.engines;
        options.limit = (uint32_t) arguments.limit;
        options.deadline_ms = time_left_ms(&arguments, start_ns);
        options.interrupt_fd = patience.interrupt_fd;
        options.documents = stats.documents;
        options.passages = stats.passages;
        options.skipped = stats.skipped;
        options.incomplete = indexing.stopped;
        options.skips = skips;
        options.skip_count = take_skips(indexing.json, skips);
        options.faults = arguments.faults.items;
        options.fault_count = arguments.faults.count;
        options.progress = troupe__progress_show;
        options.context = &progress;
        code = run(&arguments, &options);
    }
    json_decref(indexing.json);
    free(standard);
    return code;
}
