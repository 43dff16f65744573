/* SPDX-License-Identifier: Apache-2.0 */
/* command_mcp.c: `troupe mcp`, the pipelines as tools for other programs. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "troupe_thread.h"

#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/interrupt.h"
#include "tools/mcp_session.h"
#include "tools/model_file.h"

#define CALLS       8
#define CALLS_MAX   64
#define WATCHDOG_MS 10000 /* a line of many MiB takes a while to read */

static const char help[] =
    "usage: troupe mcp [OPTION]...\n"
    "\n"
    "Be a server of the Model Context Protocol on standard input and output,\n"
    "for programs that give tools to a model. Versions 2025-06-18, 2025-03-26\n"
    "and 2024-11-05. Standard output carries the protocol alone.\n"
    "\n"
    "  research, search   from documents on this machine; always offered\n"
    "  decide             a choice between options; always offered\n"
    "  query              one prompt to several models; with --models or "
    "--mock\n"
    "  map                many shell commands; with --allow map alone: who\n"
    "                     calls it can do what you can do\n"
    "\n"
    "  --corpus PATH      what research and search read; may be given several\n"
    "                     times. With it calls may name only what lies below,\n"
    "                     without it each names what it wants to read\n"
    "  --cache DIR        where indexes are kept ($XDG_CACHE_HOME/troupe, or\n"
    "                     ~/.cache/troupe)\n"
    "  --models FILE      the models that query asks (actors/QUERY.md)\n"
    "  --mock             query asks a local mock: no network, no true answer\n"
    "  --allow map        offer map, which runs shell commands\n"
    "  --calls N          so many calls run at once, 1 to 64 (8); others wait\n"
    "  --help             this text\n"
    "\n"
    "A client adds it as the command `troupe mcp --corpus PATH`. The end of\n"
    "standard input, or Ctrl-C, cancels the calls under way and ends it.\n"
    "\n"
    "Exit codes: 0 the input ended; 1 failed; 2 usage.\n";

/* A root as links lead to it: what calls name is compared with it. */
static int
take_root(const char *text, struct troupe__mcp_options *ret)
{
    int code = troupe__check_path("mcp", "--corpus", text);
    if (code >= 0)
        return code;
    if (ret->root_count == TROUPE_ROOTS_MAX)
        return troupe__usage_error("mcp", "more than %d times --corpus",
                                   TROUPE_ROOTS_MAX);
    char *path = realpath(text, NULL);
    if (!path)
        return troupe__usage_error("mcp", "--corpus %s: %s", text,
                                   strerror(errno));
    ret->roots[ret->root_count++] = path;
    return troupe__check_path("mcp", "--corpus", path);
}

static int
take_option(int c, char *const *argv, struct troupe__mcp_options *ret)
{
    switch (c) {
    case 'c':
        return take_root(optarg, ret);
    case 'C':
        ret->cache = optarg;
        return troupe__check_path("mcp", "--cache", optarg);
    case 'm':
        ret->models = optarg;
        return troupe__check_path("mcp", "--models", optarg);
    case 'M':
        ret->mock = true;
        return -1;
    case 'a':
        ret->allow_map = strcmp(optarg, "map") == 0;
        return ret->allow_map ? -1
                              : troupe__usage_error(
                                  "mcp", "--allow wants map, not '%s'", optarg);
    case 'n':
        if (troupe__read_number(optarg, 1, CALLS_MAX, &ret->calls_max))
            return -1;
        return troupe__usage_error("mcp", "--calls wants a number, 1 to %d",
                                   CALLS_MAX);
    default:
        return troupe__option_error("mcp", c, argv);
    }
}

/* Returns an exit code when that is all, or -1 to go on. */
static int
parse(int argc, char **argv, struct troupe__mcp_options *ret)
{
    static const struct option options[] = {
        {"corpus", 1, NULL, 'c'}, {"cache", 1, NULL, 'C'},
        {"models", 1, NULL, 'm'}, {"mock", 0, NULL, 'M'},
        {"allow", 1, NULL, 'a'},  {"calls", 1, NULL, 'n'},
        {"help", 0, NULL, 'h'},   {NULL, 0, NULL, 0}};
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
    if (argc > optind)
        return troupe__usage_error("mcp", "'%s' is no option", argv[optind]);
    if (ret->mock && ret->models)
        return troupe__usage_error("mcp",
                                   "give --models FILE or --mock, not both");
    return -1;
}

static void
on_log(void *data, troupe_level_t level, const char *text)
{
    (void) data;
    if (level >= TROUPE_LOG_WARNING)
        fprintf(stderr, "troupe mcp: %s\n", text);
}

/* What is printed by chance must not come between messages, nor may anything
 * else read them: 0 and 1 become nothing and standard error. */
static int
take_streams(int *ret_in, int *ret_out)
{
    *ret_in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    *ret_out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bool good = *ret_in >= 0 && *ret_out >= 0 && nothing >= 0
                && dup2(nothing, STDIN_FILENO) >= 0
                && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0;
    int rc = good ? 0 : -errno;
    if (nothing > STDERR_FILENO)
        close(nothing);
    return rc;
}

/* The session answers "serve" when it is over. */
static int
serve(const struct troupe__mcp_options *options, int in, int out, int interrupt)
{
    troupe_options_t how = troupe_options_default();
    how.helpers_max = (uint32_t) options->calls_max;
    how.log = on_log;
    how.watchdog_ms = WATCHDOG_MS;
    const troupe_spawn_options_t place = {.place = TROUPE_OWN_THREAD};
    troupe_t *node = NULL;
    troupe_ref_t session;
    troupe__mcp_serve(options);
    int rc = troupe_new(&how, &node);
    if (rc == 0) {
        rc = troupe_node_spawn(node, &troupe__mcp_session, &place, &session,
                               "{s:i, s:i, s:i}", "in", in, "out", out,
                               "interrupt", interrupt);
    }
    if (rc == 0)
        rc = troupe_node_ask(node, session, "serve", UINT32_MAX, NULL, NULL);
    int ended = troupe_destroy(&node);
    return rc < 0 ? rc : ended;
}

/* A file with mistakes is told before a client comes. */
static int
check_models(const char *path)
{
    struct troupe__findings findings = {.path = path};
    struct troupe__model_file file = {0};
    if (!path)
        return -1;
    int rc = troupe__model_file_read(&findings, &file);
    troupe__findings_print(&findings, stderr);
    troupe__findings_free(&findings);
    troupe__model_file_free(&file);
    return rc < 0 ? TROUPE__EXIT_USAGE : -1;
}

static int
run(const struct troupe__mcp_options *options)
{
    int in = -1, out = -1, interrupt = -1;
    signal(SIGPIPE, SIG_IGN); /* a client that is gone is an error of write */
    int rc = troupe__catch_interrupts(&interrupt);
    if (rc == 0)
        rc = take_streams(&in, &out);
    if (rc == 0)
        rc = serve(options, in, out, interrupt);
    if (rc == 0)
        return TROUPE__EXIT_OK;
    fprintf(stderr, "troupe mcp: %s%s\n", troupe_strerror(rc),
            troupe__cure(rc));
    return TROUPE__EXIT_FAILED;
}

int
troupe__command_mcp(int argc, char **argv)
{
    struct troupe__mcp_options options = {.calls_max = CALLS};
    int code = parse(argc, argv, &options);
    if (code < 0)
        code = check_models(options.models);
    if (code < 0)
        code = run(&options);
    for (size_t i = 0; i < options.root_count; i++)
        free((char *) (uintptr_t) options.roots[i]);
    return code;
}
