/* SPDX-License-Identifier: Apache-2.0 */
/* command_research.c: `troupe research`, a question answered with sources. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "troupe_node.h"
#include "troupe_research.h"

#include "tools/call.h"
#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/progress.h"
#include "tools/report_html.h"
#include "tools/research_arguments.h"
#include "tools/trace.h"

#define INDEX_PERCENT 60 /* of the deadline, for bringing it up to date */
#define NS_PER_MS     1000000u

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
    case TROUPE_RESEARCH_BUDGET:
        return TROUPE__EXIT_BUDGET;
    case TROUPE_RESEARCH_NOTHING:
        break;
    }
    fputs("troupe research: no engine answered: nothing was looked at\n",
          troupe__errors());
    return troupe_research_deadline_passed(research) ? TROUPE__EXIT_DEADLINE
                                                     : TROUPE__EXIT_FAILED;
}

static bool
draw(const char *path, const json_t *report)
{
    FILE *file = fopen(path, "we");
    bool good = file != NULL;
    if (file) {
        troupe__report_timeline(report, file);
        good = !ferror(file);
        good = fclose(file) == 0 && good;
    }
    if (!good)
        fprintf(troupe__errors(), "troupe research: %s: %s\n", path,
                strerror(errno));
    return good;
}

/* Print the report, and draw what is wanted; false when that failed. */
static bool
show(const struct troupe__research_arguments *arguments,
     const troupe_research_t *research, struct troupe__call *call)
{
    const char *json = troupe_research_json(research);
    const char *markdown = troupe_research_markdown(research);
    bool wants =
        arguments->timeline || arguments->format == TROUPE__REPORT_HTML;
    json_t *report = wants ? json_loads(json, 0, NULL) : NULL;
    if (arguments->format == TROUPE__REPORT_HTML)
        troupe__report_html(report, stdout);
    else
        troupe__call_result(call, arguments->format == TROUPE__REPORT_JSON,
                            markdown, json);
    bool drawn = !arguments->timeline || draw(arguments->timeline, report);
    json_decref(report);
    return drawn;
}

static int
run(const struct troupe__research_arguments *arguments,
    const troupe_research_options_t *options, struct troupe__call *call)
{
    troupe_research_t *research = NULL;
    struct troupe__trace trace = {.taker = TROUPE_NOBODY};
    int rc = troupe__call_node(call), code = -1;
    if (rc == 0 && !call->served)
        code = troupe__trace_begin(&trace, &arguments->trace, "research",
                                   call->node);
    if (rc == 0 && code < 0)
        rc = troupe_research_run(call->node, options, &research);
    if (rc < 0) {
        code = fail_run(rc);
    } else if (code < 0) {
        bool drawn = show(arguments, research, call);
        (void) troupe__flush_output();
        code = exit_code(research);
        code = drawn ? code : TROUPE__EXIT_FAILED;
    }
    code = troupe__trace_end(&trace, code, NULL);
    troupe_research_destroy(&research);
    return code;
}

/* The deadline counts from the start of the command. */
static uint32_t
time_left_ms(const struct troupe__research_arguments *arguments,
             uint64_t start_ns)
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

/* Bring the index up to date; an exit code after having said why not. */
static int
update(const struct troupe__research_arguments *arguments,
       struct troupe__indexing *indexing, troupe_corpus_stats_t *ret_stats)
{
    troupe_corpus_t *corpus = NULL;
    int code = troupe__open_corpus(indexing, arguments->cache, arguments->roots,
                                   arguments->root_count, &corpus, ret_stats);
    troupe_corpus_destroy(&corpus);
    return code;
}

/* Who is asked, and where that is kept. */
struct sources {
    const struct troupe__research_engines *engines;
    const struct troupe__research_models *models;
    const char *journal; /* NULL: nowhere */
};

static troupe_research_options_t
options_of(const struct troupe__research_arguments *arguments,
           const struct sources *sources)
{
    const struct troupe__research_engines *engines = sources->engines;
    const struct troupe__research_models *models = sources->models;
    troupe_research_options_t options = troupe_research_options_default();
    options.question = arguments->question;
    options.roots = arguments->roots;
    options.root_count = engines->local ? arguments->root_count : 0;
    options.engines = engines->local;
    options.web = engines->web;
    options.web_count = engines->web_count;
    options.more = engines->tools.specs;
    options.more_count = engines->tools.count;
    options.pages = (uint32_t) arguments->pages;
    options.effort = arguments->effort;
    options.writer = models->count > 0 ? &models->items[0] : NULL;
    options.checker = models->count > 1 ? &models->items[1] : NULL;
    options.budget = arguments->budget;
    options.journal = sources->journal;
    options.private_pages = arguments->private_pages;
    options.limit = (uint32_t) arguments->limit;
    options.faults = arguments->faults.items;
    options.fault_count = arguments->faults.count;
    return options;
}

static int
answer(const struct troupe__research_arguments *arguments,
       const struct sources *sources, uint64_t start_ns,
       struct troupe__call *call)
{
    struct patience patience = {.call = call};
    if (arguments->deadline_ms > 0) {
        patience.until_ns = start_ns
                            + (uint64_t) arguments->deadline_ms * NS_PER_MS
                                  * INDEX_PERCENT / 100;
    }
    struct troupe__indexing indexing = {.command = "research",
                                        .quiet = arguments->quiet,
                                        .verbose = arguments->verbose,
                                        .json_lines = !isatty(STDERR_FILENO),
                                        .json = json_array(),
                                        .is_over = is_over,
                                        .is_over_data = &patience};
    troupe__call_index(call, &indexing);
    struct troupe__progress progress = {.quiet = arguments->quiet,
                                        .terminal = isatty(STDERR_FILENO),
                                        .start_ns = start_ns};
    troupe_research_skip_t skips[TROUPE_RESEARCH_SKIPS_MAX];
    troupe_research_options_t options = options_of(arguments, sources);
    troupe_corpus_stats_t stats = {0};
    char *standard = arguments->cache ? NULL : troupe__cache_directory();
    int code = TROUPE__EXIT_OK;
    if (options.root_count > 0)
        code = update(arguments, &indexing, &stats);
    if (code == TROUPE__EXIT_OK) {
        troupe__call_indexed(call);
        options.cache = arguments->cache ? arguments->cache : standard;
        options.deadline_ms = time_left_ms(arguments, start_ns);
        options.interrupt_fd = call->interrupt_fd;
        options.documents = stats.documents;
        options.passages = stats.passages;
        options.skipped = stats.skipped;
        options.incomplete = indexing.stopped;
        options.skips = skips;
        options.skip_count = take_skips(indexing.json, skips);
        options.progress =
            call->served ? troupe__call_actors : troupe__progress_show;
        options.context = call->served ? (void *) call : &progress;
        code = run(arguments, &options, call);
    }
    json_decref(indexing.json);
    free(standard);
    return code;
}

int
troupe__call_research(struct troupe__call *call, int argc, char **argv)
{
    struct troupe__research_arguments arguments;
    struct troupe__research_engines engines;
    struct troupe__research_models models = {.count = 0};
    uint64_t start_ns = troupe__monotonic_ns();
    struct troupe__journal journal = {.path = NULL};
    troupe__call_parse_begin();
    int code = troupe__research_arguments(argc, argv, &arguments);
    troupe__call_parse_end();
    if (code < 0)
        code = troupe__call_listen(call);
    if (code >= 0)
        return code;
    code = troupe__research_engines(&arguments, &engines);
    if (code < 0)
        code = troupe__research_models(&arguments, &models);
    if (code < 0)
        code = troupe__research_journal(&arguments, argc, argv, &journal);
    if (code < 0) {
        const struct sources sources = {&engines, &models, journal.path};
        code = answer(&arguments, &sources, start_ns, call);
        troupe__journal_end(&journal, code, troupe__call_interrupted(call));
    }
    troupe__research_models_free(&models);
    troupe__research_engines_free(&engines);
    return code;
}

int
troupe__command_research(int argc, char **argv)
{
    return troupe__call_run("research", troupe__call_research, argc, argv);
}
