/* SPDX-License-Identifier: Apache-2.0 */
/* command_graph.c: `troupe graph`, tasks that need each other. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/graph_command.h"
#include "tools/graph_out.h"

#define PARALLEL_MAX 10000
#define DEADLINE_MAX 604800000u /* ms: a week */

static const char help[] =
    "usage: troupe graph check|show|plan|run [OPTION]... FILE\n"
    "       troupe graph resume [OPTION]... RUN FILE\n"
    "\n"
    "Tasks that need each other, from a YAML file (tools/GRAPH.md has its "
    "keys):\n"
    "    tasks:\n"
    "      fetch: {cmd: curl -sf $URL, env: {URL: ...}, retries: 3}\n"
    "      count: {cmd: wc -w, stdin: \"${fetch}\", needs: [fetch]}\n"
    "      each:  {cmd: wc -c, stdin: \"${item}\", each: \"${fetch}\", needs: "
    "[fetch]}\n"
    "      steps: {cmd: ./step $N, env: {N: \"${last}\"},\n"
    "              repeat: {until: \"${last} > 9\", most: 20}}\n"
    "\n"
    "  check     say what is wrong: FILE:LINE:COLUMN: what is wrong; the cure\n"
    "  show      draw it as a text tree\n"
    "  plan      predict the run: order, critical path, gain\n"
    "  run       run each task as soon as what it needs has ended\n"
    "  resume    go on with a run, by its id ('troupe runs list') or 'last':\n"
    "            what its journal has is not repeated\n"
    "\n"
    "  --dot             show: for Graphviz\n"
    "  --svg FILE        show, run: draw it there, by Graphviz's 'dot'\n"
    "  --run-graph FILE  run: draw what came of each task: FILE.dot, or "
    "FILE.svg,\n"
    "                    which is --svg; give it twice for both\n"
    "  --parallel N      plan, run: so many tasks at once (the file's, or one\n"
    "                    per core)\n"
    "  --deadline TIME   run: end then, with what there is: 500ms, 2s, 1m\n"
    "  --fail-fast       run: after a failure start only what stands by\n"
    "  --journal FILE    run: keep what is finished there, before it counts,\n"
    "                    instead of among the runs; resume: go on from there,\n"
    "                    without RUN; plan: how long tasks took, also by the "
    "id\n"
    "                    of a run, or 'last'\n"
    "  --no-journal      run: leave nothing to be resumed\n"
    "  --timeline FILE   run: when each task waited and ran, as SVG\n"
    "  --chrome FILE     run: the same for chrome://tracing and Perfetto\n"
    "  --trace FILE      run: what each part did, and when, as "
    "OpenTelemetry's\n"
    "                    JSON\n"
    "  --otlp URL        run: the same to a collector (or by\n"
    "                    OTEL_EXPORTER_OTLP_ENDPOINT)\n"
    "  --all             run: name each task in the end, however many, with\n"
    "                    each item and round\n"
    "  --json            the same as JSON on standard output\n"
    "  --quiet           no progress\n"
    "  --help            this text\n"
    "\n"
    "Progress goes to standard error: a line on a terminal, else lines of "
    "JSON.\n"
    "Ctrl-C once: start no more, and report; twice: end what runs; three "
    "times:\n"
    "leave at once.\n"
    "\n"
    "Exit codes: 0 all went well; 1 a task failed that had to go well, or it\n"
    "could not run; 2 usage, or the file is wrong; 3 all went well but for\n"
    "optional tasks or items beyond a quorum, or by fallbacks, or it was\n"
    "interrupted; 124 the deadline passed.\n";

typedef int (*verb_fn)(struct troupe__graph_arguments *arguments,
                       struct troupe__graph_file *file);

static void
print_json(json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(json);
}

static int
do_check(struct troupe__graph_arguments *arguments,
         struct troupe__graph_file *file)
{
    size_t count = troupe_graph_count(file->graph), needs = 0;
    for (size_t i = 0; i < count; i++)
        needs += troupe_graph_task(file->graph, i)->need_count;
    if (arguments->json)
        print_json(troupe__graph_json(file));
    else if (!arguments->quiet)
        printf("%s: %zu task%s, %zu need%s: all is well\n", file->name, count,
               count == 1 ? "" : "s", needs, needs == 1 ? "" : "s");
    return TROUPE__EXIT_OK;
}

static int
do_show(struct troupe__graph_arguments *arguments,
        struct troupe__graph_file *file)
{
    if (arguments->svg) {
        return troupe__graph_svg(file, NULL, arguments->svg) < 0
                   ? TROUPE__EXIT_FAILED
                   : TROUPE__EXIT_OK;
    }
    if (arguments->json)
        print_json(troupe__graph_json(file));
    else if (arguments->dot)
        troupe__graph_dot(file, NULL, stdout);
    else
        troupe__graph_tree(file, stdout);
    return TROUPE__EXIT_OK;
}

/* A file, or a run: one of them has no '/', and is no file. */
static int
learn(struct troupe__graph_file *file, const char *journal)
{
    char id[TROUPE_RUN_ID_MAX + 1], *path = NULL;
    troupe_journal_error_t error = {""};
    char *base = troupe__runs_directory();
    bool is_run = base && !strchr(journal, '/') && access(journal, F_OK) < 0;
    int rc =
        is_run ? troupe_run_find(base, journal, "graph", id, &path, &error) : 0;
    if (rc < 0) {
        fprintf(stderr, "troupe graph: no such file, and %s\n", error.text);
    } else {
        rc = troupe__graph_learn(file, is_run ? path : journal);
    }
    free(path);
    free(base);
    return rc;
}

static int
do_plan(struct troupe__graph_arguments *arguments,
        struct troupe__graph_file *file)
{
    troupe_graph_plan_t *plan = NULL;
    uint32_t parallel = arguments->parallel > 0 ? (uint32_t) arguments->parallel
                                                : file->parallel;
    if (arguments->journal && learn(file, arguments->journal) < 0)
        return TROUPE__EXIT_FAILED;
    if (troupe_graph_plan(file->graph, parallel, &plan) < 0)
        return TROUPE__EXIT_FAILED; /* it was checked: this cannot be */
    if (arguments->json)
        print_json(troupe__graph_plan_json(file, plan));
    else
        troupe__graph_plan_print(file, plan, stdout);
    troupe_graph_plan_destroy(&plan);
    return TROUPE__EXIT_OK;
}

static int
do_run(struct troupe__graph_arguments *arguments,
       struct troupe__graph_file *file)
{
    return troupe__graph_run(arguments, file);
}

static int
do_resume(struct troupe__graph_arguments *arguments,
          struct troupe__graph_file *file)
{
    arguments->resume = true;
    return troupe__graph_run(arguments, file);
}

/* Which options a verb has, by their letters. */
struct verb {
    const char *name;
    verb_fn run;
    const char *options;
};

static const struct verb verbs[] = {
    {"check", do_check, "jq"},
    {"show", do_show, "dsjq"},
    {"plan", do_plan, "pJjq"},
    {"run", do_run, "sgpDfJNtTajq"},
    {"resume", do_resume, "sgpDfJtTajq"},
};

#define VERB_COUNT (sizeof verbs / sizeof *verbs)

static int
unknown_verb(const char *name)
{
    const char *names[VERB_COUNT];
    for (size_t i = 0; i < VERB_COUNT; i++)
        names[i] = verbs[i].name;
    const char *near = troupe__nearest(name, names, VERB_COUNT);
    if (near)
        return troupe__usage_error(
            "graph", "there is no '%s'; did you mean '%s'?", name, near);
    return troupe__usage_error("graph",
                               "there is no '%s'; there are check, "
                               "show, plan, run and resume",
                               name);
}

/* As the other pipelines have it. */
static int
take_run_graph(const char *path, struct troupe__graph_arguments *ret)
{
    const char *end = strrchr(path, '.');
    if (end && strcmp(end, ".svg") == 0)
        ret->svg = path;
    else if (end && strcmp(end, ".dot") == 0)
        ret->run_dot = path;
    else
        return troupe__usage_error("graph",
                                   "--run-graph wants a FILE.dot or FILE.svg");
    return troupe__check_path("graph", "--run-graph", path);
}

/* -1 to go on, or an exit code. */
static int
take_option(int c, char *const *argv, struct troupe__graph_arguments *ret)
{
    size_t number = 0;
    switch (c) {
    case 'd':
        ret->dot = true;
        return -1;
    case 's':
        ret->svg = optarg;
        return troupe__check_path("graph", "--svg", optarg);
    case 'g':
        return take_run_graph(optarg, ret);
    case 't':
        ret->timeline = optarg;
        return troupe__check_path("graph", "--timeline", optarg);
    case 'T':
        ret->chrome = optarg;
        return troupe__check_path("graph", "--chrome", optarg);
    case 'J':
        ret->journal = optarg;
        return troupe__check_path("graph", "--journal", optarg);
    case 'N':
        ret->no_journal = true;
        return -1;
    case 'p':
        if (!troupe__read_number(optarg, 1, PARALLEL_MAX, &ret->parallel))
            return troupe__usage_error(
                "graph", "--parallel wants a number, 1 to %d", PARALLEL_MAX);
        return -1;
    case 'D':
        if (!troupe__read_time(optarg, DEADLINE_MAX, &number))
            return troupe__usage_error(
                "graph", "--deadline wants a time such as 500ms, 2s or 1m");
        ret->deadline_ms = (uint32_t) number;
        return -1;
    case 'f':
        ret->fail_fast = true;
        return -1;
    case 'a':
        ret->all = true;
        return -1;
    case 'j':
        ret->json = true;
        return -1;
    case 'q':
        ret->quiet = true;
        return -1;
    default:
        return troupe__option_error("graph", c, argv);
    }
}

static int
take_files(int count, char **files, const struct verb *verb,
           struct troupe__graph_arguments *ret)
{
    bool resumes = verb->run == do_resume;
    int wanted = resumes && !ret->journal ? 2 : 1;
    if (ret->journal && ret->no_journal)
        return troupe__usage_error("graph",
                                   "--journal and --no-journal: take one");
    if (count != wanted && resumes) {
        return troupe__usage_error(
            "graph", "resume: give a RUN ('last', or one of 'troupe runs "
                     "list') or a --journal, and one graph file");
    }
    if (count != wanted)
        return troupe__usage_error("graph", "%s: give one graph file",
                                   verb->name);
    ret->run = wanted == 2 ? files[0] : NULL;
    ret->path = files[wanted - 1];
    return -1;
}

static int
parse(int argc, char **argv, const struct verb *verb,
      struct troupe__graph_arguments *ret)
{
    static const struct option options[] = {
        {"dot", 0, NULL, 'd'},       {"svg", 1, NULL, 's'},
        {"run-graph", 1, NULL, 'g'}, {"parallel", 1, NULL, 'p'},
        {"deadline", 1, NULL, 'D'},  {"fail-fast", 0, NULL, 'f'},
        {"journal", 1, NULL, 'J'},   {"timeline", 1, NULL, 't'},
        {"chrome", 1, NULL, 'T'},    {"all", 0, NULL, 'a'},
        {"json", 0, NULL, 'j'},      {"quiet", 0, NULL, 'q'},
        {"help", 0, NULL, 'h'},      {"no-journal", 0, NULL, 'N'},
        TROUPE__TRACE_OPTIONS,       {NULL, 0, NULL, 0}};
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(help, stdout);
            return TROUPE__EXIT_OK;
        }
        /* Who takes a picture of a run takes a trace of it. */
        if (c != ':' && c != '?'
            && !strchr(verb->options, troupe__trace_takes(c) ? 'T' : c))
            return troupe__usage_error("graph", "'%s' has no option '%s'",
                                       verb->name, argv[optind - 1]);
        int code = troupe__trace_takes(c)
                       ? troupe__trace_take("graph", c, &ret->trace)
                       : take_option(c, argv, ret);
        if (code >= 0)
            return code;
    }
    return take_files(argc - optind, argv + optind, verb, ret);
}

int
troupe__command_graph(int argc, char **argv)
{
    struct troupe__graph_arguments arguments = {.argc = argc, .argv = argv};
    const struct verb *verb = NULL;
    if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
        fputs(help, stdout);
        return TROUPE__EXIT_OK;
    }
    if (argc < 2)
        return troupe__usage_error(
            "graph", "say what to do: check, show, plan, run or resume");
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            verb = &verbs[i];
    if (!verb)
        return unknown_verb(argv[1]);
    int code = parse(argc - 1, argv + 1, verb, &arguments);
    if (code >= 0)
        return code;
    struct troupe__findings findings = {.path = arguments.path};
    struct troupe__graph_file *file = NULL;
    if (troupe__graph_file_read(arguments.path, &findings, &file) < 0) {
        troupe__findings_print(&findings, stderr);
        code = TROUPE__EXIT_USAGE;
    } else {
        code = verb->run(&arguments, file);
    }
    troupe__findings_free(&findings);
    troupe__graph_file_free(file);
    return code;
}
