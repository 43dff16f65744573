/* SPDX-License-Identifier: Apache-2.0 */
/* command_run.c: `troupe run`, a topology file brought to life. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/run.h"

#define FOR_MAX 86400000u /* ms: a day */

static const char help[] =
    "usage: troupe run [OPTION]... FILE\n"
    "\n"
    "Start the actors and supervisors of a topology file and run them until\n"
    "its 'until' actor ends, the time is over, or a signal comes; then stop\n"
    "all in the reverse order of their start. What the file puts on another\n"
    "node, or in a process of its own, is run there and comes back when it\n"
    "is killed.\n"
    "\n"
    "  --for TIME   end after so long: 500ms, 2s, 1m\n"
    "  --name NAME  run it under another name; one of a name can run\n"
    "  --restart    start it again when it is killed, at most 5 times within\n"
    "               a minute; --for is then that of each start\n"
    "  --json       log lines as JSON, one object each\n"
    "  --quiet      only warnings and errors\n"
    "  --verbose    debug lines too\n"
    "  --trace FILE write what each actor of each process handled and asked\n"
    "               for, and when, there, as OpenTelemetry's JSON\n"
    "  --append     behind what that file has\n"
    "  --otlp URL   the same to a collector (or by\n"
    "               OTEL_EXPORTER_OTLP_ENDPOINT)\n"
    "  --help       this text\n"
    "\n"
    "The actors' own output goes to standard output, log lines to standard\n"
    "error, each behind the kind, ref and name of its actor. Ctrl-C or TERM\n"
    "once: stop in order; twice: end at once.\n"
    "\n"
    "Exit codes: 0 it ended as it should: by 'until', --for or a signal;\n"
    "1 it did not start, gave up, or did not stop in time; 2 usage, or the\n"
    "file is wrong (troupe check FILE says the same); 130 by a second "
    "signal.\n";

static char *
copy(const char *text)
{
    return text ? troupe__copy(text, strlen(text)) : NULL;
}

/* 0, or -EIO after having said why. */
static int
begin_file(const struct troupe__trace_options *trace)
{
    FILE *file = NULL;
    if (!trace->file || trace->append)
        return 0;
    file = fopen(trace->file, "we");
    if (file)
        return fclose(file) == 0 ? 0 : -EIO;
    fprintf(stderr, "troupe run: %s: %s\n", trace->file, strerror(errno));
    return -EIO;
}

/* The same without --restart, for the process that is watched. */
static int
watch(char *path, char *time, const struct troupe__run_options *options)
{
    char troupe[] = "troupe", run[] = "run", json[] = "--json", end[] = "--";
    char quiet[] = "--quiet", verbose[] = "--verbose", name_option[] = "--name";
    char time_option[] = "--for";
    char trace[] = "--trace", otlp[] = "--otlp", append[] = "--append";
    char *argv[17] = {troupe, run}; /* and the NULL behind the last one */
    size_t count = 2;
    char *name = copy(options->name), *file = copy(options->trace.file);
    char *url = copy(options->trace.otlp);
    if (name) {
        argv[count++] = name_option;
        argv[count++] = name;
    }
    if (time) {
        argv[count++] = time_option;
        argv[count++] = time;
    }
    if (options->json)
        argv[count++] = json;
    if (options->quiet)
        argv[count++] = quiet;
    if (options->verbose)
        argv[count++] = verbose;
    if (options->trace.file) {
        argv[count++] = trace;
        argv[count++] = file;
        argv[count++] = append; /* what one start wrote the next one keeps */
    }
    if (options->trace.otlp) {
        argv[count++] = otlp;
        argv[count++] = url;
    }
    argv[count++] = end;
    argv[count] = path;
    int code = begin_file(&options->trace) ? TROUPE__EXIT_FAILED
                                           : troupe__run_watched(argv, options);
    free(name);
    free(file);
    free(url);
    return code;
}

/* Returns an exit code when that is all, or -1 to go on. */
static int
parse(int argc, char **argv, const char **ret_path,
      struct troupe__run_options *ret)
{
    bool restart = false;
    char *time = NULL;
    static const struct option options[] = {
        {"name", 1, NULL, 'n'},    {"for", 1, NULL, 'f'},
        {"json", 0, NULL, 'j'},    {"quiet", 0, NULL, 'q'},
        {"verbose", 0, NULL, 'v'}, {"help", 0, NULL, 'h'},
        {"restart", 0, NULL, 'r'}, {"append", 0, NULL, 'a'},
        TROUPE__TRACE_OPTIONS,     {NULL, 0, NULL, 0}};
    *ret = (struct troupe__run_options){.trace = {.handlers = true}};
    size_t ms = 0;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(help, stdout);
            return TROUPE__EXIT_OK;
        }
        if (c == 'f' && !troupe__read_time(optarg, FOR_MAX, &ms))
            return troupe__usage_error(
                "run", "--for wants a time such as 500ms, 2s or 1m");
        if (c == 'n' && !(optarg[0] && troupe__is_text(optarg)))
            return troupe__usage_error("run", "--name wants a name");
        if (c == 'n')
            ret->name = optarg;
        if (c == 'f')
            time = optarg;
        int code = troupe__trace_takes(c)
                       ? troupe__trace_take("run", c, &ret->trace)
                       : -1;
        if (code >= 0)
            return code;
        restart |= c == 'r';
        ret->trace.append |= c == 'a';
        ret->json |= c == 'j';
        ret->quiet |= c == 'q';
        ret->verbose |= c == 'v';
        if (c == '?')
            return troupe__usage_error("run", "unknown option");
    }
    ret->for_ms = (uint32_t) ms;
    if (ret->trace.append && !ret->trace.file)
        return troupe__usage_error("run", "--append wants --trace FILE");
    if (argc - optind != 1)
        return troupe__usage_error("run", "give one topology file");
    *ret_path = argv[optind];
    return restart ? watch(argv[optind], time, ret) : -1;
}

int
troupe__command_run(int argc, char **argv)
{
    const char *path = NULL;
    struct troupe__run_options options;
    int code = parse(argc, argv, &path, &options);
    if (code >= 0)
        return code;
    struct troupe__findings findings = {.path = path};
    struct troupe__topology *topology = NULL;
    if (troupe__topology_read(path, &findings, &topology) < 0) {
        troupe__findings_print(&findings, stderr);
        troupe__findings_free(&findings);
        return TROUPE__EXIT_USAGE;
    }
    if (options.name)
        topology->name = options.name;
    struct troupe__part *part = troupe__part_make(topology, true);
    code = troupe__part_run(part, &options);
    if (part->is_left_behind)
        return code;
    troupe__part_free(part);
    troupe__topology_free(topology);
    return code;
}
