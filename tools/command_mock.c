/* SPDX-License-Identifier: Apache-2.0 */
/* command_mock.c: `troupe mock`, a local server that can be told to fail. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/mock.h"

static const char help[] =
    "usage: troupe mock [--port N] [--seed N] [--pages DIR] [--log]\n"
    "\n"
    "Serve OpenAI-compatible chat completions, and a little web, on "
    "127.0.0.1,\n"
    "until Ctrl-C, for tests and to see what happens when models and search\n"
    "engines fail. It prints its address, ending in /v1: the url for a file "
    "of\n"
    "models. Its engines are /search (as SearXNG), /brave and /tavily, its "
    "pages\n"
    "/page/NAME; all take a parameter manner=WORDS.\n"
    "\n"
    "  --port N   where to listen; 0, the default: a port that is free\n"
    "  --seed N   what the models say (1); the same seed, the same words\n"
    "  --pages DIR   the web consists of the files in DIR\n"
    "  --log      a line of JSON on standard error for each request\n"
    "  --parent   end when the program that started this one does\n"
    "  --help     this text\n"
    "\n"
    "A model's name says how it behaves: words with + between them, such as\n"
    "say=yes+delay=100ms+429=2. Any other name without = and + answers well "
    "and at\n"
    "once; with one of them it is a mistake, and gets HTTP 400.\n"
    "\n"
    "  say=TEXT           what it answers\n"
    "  right=TEXT, accuracy=P, wrong=A/B   TEXT for P % of the prompts\n"
    "  delay=TIME, jitter=TIME   before it answers\n"
    "  late=TIME, nth=N   so much later for each Nth request (10)\n"
    "  drip=TIME          between two words of a stream\n"
    "  429, 500, 401=N    an error, always or for the first N requests\n"
    "  after=SECONDS      its Retry-After, for 429 and 503 (1)\n"
    "  refuse             the connection is closed instead of an answer\n"
    "  hang               no answer, and no end\n"
    "  cut=N              the stream ends after N events\n"
    "  badjson, lie, huge=BYTES   half a body; a wrong length; far too much\n"
    "  length, nousage, nostream  cut off by length; no count of tokens; one\n"
    "                     piece, whatever was asked for\n";

static int
fail(int rc, size_t port)
{
    fprintf(stderr, "troupe mock: cannot listen on 127.0.0.1:%zu: %s\n", port,
            rc == -EADDRINUSE ? "the port is taken; --port 0 finds another"
                              : "the system refused");
    return TROUPE__EXIT_FAILED;
}

/* Blocked in every thread, so that one wait can take it. */
static void
block_signals(sigset_t *ret_set)
{
    sigemptyset(ret_set);
    sigaddset(ret_set, SIGINT);
    sigaddset(ret_set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, ret_set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int
troupe__command_mock(int argc, char **argv)
{
    static const struct option options[] = {
        {"port", 1, NULL, 'p'},  {"seed", 1, NULL, 's'},
        {"log", 0, NULL, 'l'},   {"parent", 0, NULL, 'P'},
        {"pages", 1, NULL, 'w'}, {"help", 0, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    size_t port = 0, seed = 1;
    bool log = false;
    const char *pages = NULL;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(help, stdout);
            return TROUPE__EXIT_OK;
        }
        if (c == 'p' && !troupe__read_number(optarg, 0, UINT16_MAX, &port))
            return troupe__usage_error("mock", "--port wants 0 to 65535");
        if (c == 's' && !troupe__read_number(optarg, 0, SIZE_MAX, &seed))
            return troupe__usage_error("mock", "--seed wants a number");
        if (c == ':' || c == '?')
            return troupe__option_error("mock", c, argv);
        if (c == 'w')
            pages = optarg;
        if (c == 'P')
            prctl(PR_SET_PDEATHSIG, SIGTERM);
        log |= c == 'l';
    }
    if (argc > optind)
        return troupe__usage_error("mock", "it takes no argument");
    if (pages && access(pages, R_OK | X_OK) < 0)
        return troupe__usage_error("mock", "--pages %s: %s", pages,
                                   strerror(errno));
    sigset_t signals;
    block_signals(&signals);
    struct troupe__mock_options mock_options = {.port = (uint16_t) port,
                                                .seed = seed,
                                                .requests = log ? stderr : NULL,
                                                .pages = pages};
    struct troupe__mock *mock = NULL;
    int rc = troupe__mock_start(&mock_options, &mock);
    if (rc < 0)
        return fail(rc, port);
    printf("http://127.0.0.1:%u/v1\n", (unsigned) troupe__mock_port(mock));
    (void) troupe__flush_output();
    int number = 0;
    sigwait(&signals, &number);
    troupe__mock_stop(&mock);
    return TROUPE__EXIT_OK;
}
