/* SPDX-License-Identifier: Apache-2.0 */
/* command_decide.c: `troupe decide`, a choice between options. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "troupe_decide.h"
#include "troupe_node.h"

#include "tools/call.h"
#include "tools/commands.h"
#include "tools/decide_file.h"
#include "tools/faults.h"
#include "tools/journal.h"
#include "tools/progress.h"
#include "tools/trace.h"

#define SAMPLES_MAX  1000000
#define SAMPLERS_MAX 64
#define DEADLINE_MAX 86400000u /* ms: a day */
#define NS_PER_MS    1000000u

static const char help[] =
    "usage: troupe decide [OPTION]... FILE\n"
    "\n"
    "Make the decision that FILE describes, in YAML or JSON\n"
    "(actors/DECISION.md): four strategies judge each option, four\n"
    "perspectives rank them, and samples of weights and values say how\n"
    "robust the ranking is; all of them are supervised actors.\n"
    "\n"
    "  --json           the report as JSON instead of Markdown\n"
    "  --svg FILE       write a heat map, too\n"
    "  --check          only look at FILE\n"
    "  --journal        keep what each actor has worked out on the disk,\n"
    "                   before it counts; troupe runs names the run. Without\n"
    "                   it nothing is kept: it is soon worked out anew\n"
    "  --resume RUN     go on with such a run, by its id or 'last'\n"
    "  --deadline TIME  report what there is by then: 500ms, 2s, 1m\n"
    "  --samples N      0 to 1000000 (10000)\n"
    "  --seed N         of the samples (1)\n"
    "  --samplers N     actors that draw them, 1 to 64 (2)\n"
    "  --fail NAME[:N]  make actors fail on their first N messages, without\n"
    "                   N on each: a strategy (cost_benefit, "
    "risk_assessment,\n"
    "                   stakeholder_impact, timeline_analysis), a "
    "perspective\n"
    "                   (short_term, long_term, risk_averse,\n"
    "                   opportunity_focused), sampler or "
    "decider\n" TROUPE__PICTURE_HELP TROUPE__TRACE_HELP
    "  --quiet          no progress, only errors\n"
    "  --help           this text\n"
    "\n"
    "What is wrong with FILE goes to standard error, a line each:\n"
    "    FILE:LINE:COLUMN: what is wrong; the cure\n"
    "Ctrl-C once: the report of what there is; twice: end.\n"
    "\n"
    "Exit codes: 0 a recommendation; 1 failed; 2 usage, or FILE is wrong; 3 "
    "the\n"
    "report is degraded, as its first line says; 6 it is whole, and says that\n"
    "there is no clear winner, or not enough data; 124 the deadline passed "
    "with\n"
    "nothing to report.\n";

struct arguments {
    const char *path;
    const char *svg;
    size_t deadline_ms;
    size_t samples;
    size_t seed;
    size_t samplers;
    struct troupe__faults faults;
    struct troupe__trace_options trace;
    bool json;
    bool check;
    bool quiet;
    bool journal;
    const char *resume; /* a run, or NULL */
    struct troupe__journal kept;
};

static int
take_number(const char *option, size_t min, size_t max, size_t *ret)
{
    if (troupe__read_number(optarg, min, max, ret))
        return -1;
    return troupe__usage_error("decide", "%s wants a number, %zu to %zu",
                               option, min, max);
}

static int
take_option(int c, char *const *argv, struct arguments *ret)
{
    switch (c) {
    case 's':
        ret->svg = optarg;
        return troupe__check_path("decide", "--svg", optarg);
    case 'd':
        if (!troupe__read_time(optarg, DEADLINE_MAX, &ret->deadline_ms))
            return troupe__usage_error(
                "decide", "--deadline wants a time such as 500ms, 2s or 1m");
        return -1;
    case 'n':
        return take_number("--samples", 0, SAMPLES_MAX, &ret->samples);
    case 'e':
        return take_number("--seed", 0, SIZE_MAX, &ret->seed);
    case 'w':
        return take_number("--samplers", 1, SAMPLERS_MAX, &ret->samplers);
    case 'f':
        return troupe__take_fault("decide", optarg, &ret->faults);
    case 'j':
        ret->json = true;
        return -1;
    case 'c':
        ret->check = true;
        return -1;
    case 'J':
        ret->journal = true;
        return -1;
    case 'R':
        ret->resume = optarg;
        return *optarg ? -1
                       : troupe__usage_error("decide", "--resume wants a run");
    case 'q':
        ret->quiet = true;
        return -1;
    default:
        return troupe__option_error("decide", c, argv);
    }
}

/* Returns an exit code when that is all, or -1 to go on. */
static int
parse(int argc, char **argv, struct arguments *ret)
{
    static const struct option options[] = {
        {"json", 0, NULL, 'j'},     {"svg", 1, NULL, 's'},
        {"check", 0, NULL, 'c'},    {"deadline", 1, NULL, 'd'},
        {"samples", 1, NULL, 'n'},  {"seed", 1, NULL, 'e'},
        {"samplers", 1, NULL, 'w'}, {"fail", 1, NULL, 'f'},
        {"quiet", 0, NULL, 'q'},    {"help", 0, NULL, 'h'},
        {"journal", 0, NULL, 'J'},  {"resume", 1, NULL, 'R'},
        TROUPE__TRACE_OPTIONS,      TROUPE__PICTURE_OPTIONS,
        {NULL, 0, NULL, 0}};
    troupe_decide_options_t standard = troupe_decide_options_default();
    ret->samples = standard.samples;
    ret->samplers = standard.samplers;
    ret->seed = (size_t) standard.seed;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(help, stdout);
            return TROUPE__EXIT_OK;
        }
        int code = troupe__trace_takes(c)
                       ? troupe__trace_take("decide", c, &ret->trace)
                       : take_option(c, argv, ret);
        if (code >= 0)
            return code;
    }
    if (argc - optind != 1)
        return troupe__usage_error("decide", "give one file with a decision");
    ret->path = argv[optind];
    return troupe__check_path("decide", "FILE", ret->path);
}

static int
fail_run(int rc, const struct troupe__journal *journal)
{
    if (rc == -EIO && journal->path) {
        troupe__journal_complain(
            journal, journal->resume ? "" : "; without --journal it runs");
        return TROUPE__EXIT_FAILED;
    }
    if (rc == -ENOENT) {
        return troupe__usage_error(
            "decide", "--fail names no actor of this run: there are the "
                      "strategies, the perspectives, sampler and decider");
    }
    if (rc == -ETIMEDOUT) {
        fputs("troupe decide: the deadline passed with nothing to report\n",
              troupe__errors());
        return TROUPE__EXIT_DEADLINE;
    }
    fprintf(troupe__errors(), "troupe decide: the run failed: %s\n",
            troupe_strerror(rc));
    return TROUPE__EXIT_FAILED;
}

/* A picture that cannot be written is a failure, not a detail. */
static int
write_svg(const char *path, const char *svg)
{
    FILE *file = fopen(path, "we");
    bool good = file && fputs(svg, file) >= 0;
    if (file)
        good = fclose(file) == 0 && good;
    if (good)
        return TROUPE__EXIT_OK;
    fprintf(troupe__errors(), "troupe decide: %s: %s\n", path, strerror(errno));
    return TROUPE__EXIT_FAILED;
}

/* It is a report, but whoever wanted a choice has none. */
static bool
is_open(const troupe_decide_t *decide)
{
    return strcmp(troupe_decide_verdict(decide), "recommended") != 0;
}

static int
exit_code(const troupe_decide_t *decide)
{
    switch (troupe_decide_outcome(decide)) {
    case TROUPE_RESEARCH_COMPLETE:
        return is_open(decide) ? TROUPE__EXIT_OPEN : TROUPE__EXIT_OK;
    case TROUPE_RESEARCH_DEGRADED:
        return TROUPE__EXIT_PARTIAL;
    case TROUPE_RESEARCH_BUDGET: /* it asks no models */
    case TROUPE_RESEARCH_NOTHING:
        break;
    }
    fputs("troupe decide: no perspective answered: there is no ranking\n",
          troupe__errors());
    return troupe_decide_deadline_passed(decide) ? TROUPE__EXIT_DEADLINE
                                                 : TROUPE__EXIT_FAILED;
}

/* Print the report, and draw what is wanted; the exit code. */
static int
show(const struct arguments *arguments, const troupe_decide_t *decide,
     struct troupe__call *call)
{
    troupe__call_result(call, arguments->json, troupe_decide_markdown(decide),
                        troupe_decide_json(decide));
    int code = exit_code(decide);
    if (arguments->svg
        && write_svg(arguments->svg, troupe_decide_svg(decide)) != 0)
        code = TROUPE__EXIT_FAILED;
    return code;
}

static int
run(const struct arguments *arguments, const troupe_decide_options_t *options,
    struct troupe__call *call)
{
    troupe_decide_t *decide = NULL;
    const struct troupe__journal *journal = &arguments->kept;
    struct troupe__trace trace = {.taker = TROUPE_NOBODY};
    int rc = troupe__call_node(call), code = -1;
    if (rc == 0 && !call->served)
        code = troupe__trace_begin(&trace, &arguments->trace, "decide",
                                   call->node);
    if (rc == 0 && code < 0)
        rc = troupe_decide_run(call->node, options, &decide);
    if (rc < 0)
        code = fail_run(rc, journal);
    else if (code < 0)
        code = show(arguments, decide, call);
    code = troupe__trace_end(&trace, code, journal->path ? journal->id : NULL);
    troupe_decide_destroy(&decide);
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

/* What is wrong with a decision that came as JSON. */
static void
on_problem(void *context, const char *pointer, bool at_key, const char *text)
{
    const struct arguments *arguments = context;
    (void) at_key;
    fprintf(troupe__errors(), "%s%s: %s\n", arguments->path, pointer, text);
}

static int
find_journal(struct arguments *arguments, int argc, char **argv)
{
    if (!arguments->journal && !arguments->resume)
        return TROUPE__EXIT_OK;
    struct troupe__journal *kept = &arguments->kept;
    int code = troupe__journal_find(arguments->resume, argc, argv, kept);
    if (code == TROUPE__EXIT_OK && !arguments->quiet && kept->path)
        fprintf(troupe__errors(), "troupe decide: run %s\n", kept->id);
    return code;
}

static int
check_svg(const struct arguments *arguments)
{
    int code =
        arguments->svg ? troupe__check_output("decide", arguments->svg) : -1;
    return code < 0 ? TROUPE__EXIT_OK : code;
}

static int
decide(struct arguments *arguments, const void *bytes, size_t size,
       uint64_t start_ns, struct troupe__call *call)
{
    struct troupe__progress progress = {.quiet = arguments->quiet,
                                        .terminal = isatty(STDERR_FILENO),
                                        .start_ns = start_ns};
    troupe_decide_options_t options = troupe_decide_options_default();
    options.json = call->input;
    options.decision = bytes;
    options.decision_size = size;
    options.samples = (uint32_t) arguments->samples;
    options.samplers = (uint32_t) arguments->samplers;
    options.seed = arguments->seed;
    options.deadline_ms = time_left_ms(arguments, start_ns);
    options.interrupt_fd = call->interrupt_fd;
    options.faults = arguments->faults.items;
    options.fault_count = arguments->faults.count;
    options.journal = arguments->kept.path;
    options.resume = arguments->kept.resume;
    options.problem = on_problem;
    options.context = arguments;
    if (call->input && troupe_decide_check(&options) < 0)
        return TROUPE__EXIT_USAGE;
    options.problem = NULL; /* a file's are told with their lines */
    options.progress = call->served       ? troupe__call_actors
                       : arguments->quiet ? NULL
                                          : troupe__progress_show;
    options.context = call->served ? (void *) call : &progress;
    return run(arguments, &options, call);
}

static int
listen_to(struct troupe__call *call)
{
    int code = troupe__call_listen(call);
    return code < 0 ? TROUPE__EXIT_OK : code;
}

static bool
is_cut(const struct troupe__call *call)
{
    return troupe__call_interrupted(call);
}

int
troupe__call_decide(struct troupe__call *call, int argc, char **argv)
{
    struct arguments arguments = {.path = NULL};
    uint64_t start_ns = troupe__monotonic_ns();
    troupe__call_parse_begin();
    int code = parse(argc, argv, &arguments);
    troupe__call_parse_end();
    if (code >= 0)
        return code;
    struct troupe__findings findings = {.path = arguments.path};
    void *bytes = NULL;
    size_t size = 0;
    code = TROUPE__EXIT_OK;
    if (!call->input && troupe__decide_read(&findings, &bytes, &size) < 0) {
        troupe__findings_print(&findings, troupe__errors());
        code = TROUPE__EXIT_USAGE;
    } else if (!arguments.check) {
        code = check_svg(&arguments);
        if (code == TROUPE__EXIT_OK)
            code = listen_to(call);
        if (code == TROUPE__EXIT_OK)
            code = find_journal(&arguments, argc, argv);
        if (code == TROUPE__EXIT_OK)
            code = decide(&arguments, bytes, size, start_ns, call);
        troupe__journal_end(&arguments.kept, code, is_cut(call));
    }
    troupe__findings_free(&findings);
    free(bytes);
    return code;
}

int
troupe__command_decide(int argc, char **argv)
{
    return troupe__call_run("decide", troupe__call_decide, argc, argv);
}
