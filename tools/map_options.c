/* SPDX-License-Identifier: Apache-2.0 */
/* map_options.c: the command line of `troupe map`. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/map.h"

#define JOBS_MAX 65536
#define TIME_MAX 86400000u /* ms: a day */
#define ASKS     8         /* at once, to an actor of a topology */
#define ASKS_MAX 24        /* a run has 32 clients */

static const char help[] =
    "usage: troupe map [OPTION]... [COMMAND [ARGUMENT]...] < TASKS\n"
    "\n"
    "Run many tasks at once, a bounded number at a time. A task that fails is\n"
    "a result, and ends no other. Each line of the input is a task:\n"
    "\n"
    "  troupe map \"gzip -9 {}\" < FILES   the command with {} replaced by "
    "the\n"
    "                     line, which is appended where there is no {}; one\n"
    "                     text is for a shell, and the line quoted; several\n"
    "                     arguments are for the program itself\n"
    "  troupe map < TASKS                 a shell command, or a JSON object:\n"
    "                     {\"cmd\": TEXT or [WORDS], \"stdin\", \"env\",\n"
    "                     \"directory\"} or {\"fn\": KIND, \"type\", "
    "\"args\"},\n"
    "                     each with \"id\", \"timeout\" (seconds), "
    "\"retries\",\n"
    "                     \"priority\" (higher: sooner) and \"resource\"\n"
    "  troupe map --library words.so --fn KIND < VALUES    an actor of that\n"
    "                     kind is asked; each line is its body, as JSON\n"
    "  troupe map --ask NAME < VALUES    an actor of a topology that runs\n"
    "\n"
    "  -j, --jobs N       so many at once (one per core)\n"
    "  --mode MODE        where functions run: async, on the workers; "
    "thread,\n"
    "                     each on its own: it may block; process, each in its\n"
    "                     own: it may crash; auto, the default: on the "
    "workers,\n"
    "                     and where one keeps its worker for half a second, "
    "the\n"
    "                     next ones of that worker on threads. Commands are\n"
    "                     processes in any mode\n"
    "  --resource NAME=N  so many tasks with that \"resource\" at once\n"
    "  --load N           begin none while the load of the machine is over N, "
    "or\n"
    "                     N% of its cores, and others run\n"
    "  --library FILE     a shared object with kinds; may be given again\n"
    "  --fn KIND          each line is for an actor of that kind\n"
    "  --ask NAME         each line is for that actor of a topology that "
    "runs;\n"
    "                     --run NAME says which where several do. It has a\n"
    "                     minute for each, or --timeout\n"
    "  --type TYPE        the type of its message (call)\n"
    "  --lines            lines are texts, not JSON\n"
    "  --input FILE       read tasks from there\n"
    "  -k, --ordered      results in the order of the tasks\n"
    "  --shuf             begin them in random order, when all have been "
    "read;\n"
    "                     -k: results in the order of the input all the same; "
    "in\n"
    "                     a file below $TMPDIR or /tmp until it is their turn\n"
    "  --seed N           with --shuf: the same order each time\n"
    "  --replicate N      each task is done by up to N, on different workers "
    "as\n"
    "                     far as there are as many: what most of them say is\n"
    "                     its result, by exit code and output, or by answer;\n"
    "                     else it failed: replicas disagree. None is begun "
    "that\n"
    "                     cannot change that\n"
    "  --plain            what commands write and functions answer, as it is,\n"
    "                     instead of lines of JSON\n"
    "  --timeout TIME     for an attempt: 500ms, 2s, 1m, or 200%, of the "
    "median\n"
    "  --retries N        attempts after one that failed (0)\n"
    "  --policy POLICY    collect, the default; fail-fast; first; quorum:K\n"
    "  --halt WHEN,ON=N   now or soon; fail, success or done; a number, or N%\n"
    "                     of those that ended, from the tenth on: --halt\n"
    "                     now,fail=10%\n"
    "  --deadline TIME    end then with what there is\n"
    "  --joblog FILE      a line for each attempt's end, as GNU parallel's\n"
    "  --resume RUN       go on with a run, by its id or 'last': what it\n"
    "                     finished is not done again\n"
    "  --resume-failed RUN    the same, but what failed is\n";

static const char help_of_ends[] =
    "  --no-journal       leave nothing to be resumed\n" TROUPE__PICTURE_HELP
        TROUPE__TRACE_HELP
    "  --json             a summary as a line of JSON on standard error\n"
    "  --quiet            no progress and no summary, only errors\n"
    "  --help             this text\n"
    "\n"
    "Ctrl-C once: begin no more, and finish what runs; twice: end it.\n"
    "Exit codes: 0 all ok; 1 none, or the run failed; 2 usage; 3 some failed\n"
    "or did not run; 5 quorum not met; 124 the deadline passed.\n";

static int
take_mode(struct troupe__map_arguments *ret)
{
    if (strcmp(optarg, "async") == 0)
        ret->options.mode = TROUPE_MAP_ASYNC;
    else if (strcmp(optarg, "auto") == 0)
        ret->options.mode = TROUPE_MAP_AUTO;
    else if (strcmp(optarg, "thread") == 0)
        ret->options.mode = TROUPE_MAP_THREAD;
    else if (strcmp(optarg, "process") == 0)
        ret->options.mode = TROUPE_MAP_PROCESS;
    else {
        return troupe__usage_error(
            "map", "--mode is async, thread, process or auto, not '%s'",
            optarg);
    }
    return -1;
}

static int
take_number(int c, struct troupe__map_arguments *ret)
{
    size_t number = 0;
    if (c == 'j' && !troupe__read_number(optarg, 1, JOBS_MAX, &number))
        return troupe__usage_error("map", "--jobs wants a number, 1 to %d",
                                   JOBS_MAX);
    if (c == 'r' && !troupe__read_number(optarg, 0, 1000, &number))
        return troupe__usage_error("map", "--retries wants a number, to 1000");
    if (c == 'd' && !troupe__read_time(optarg, TIME_MAX, &number))
        return troupe__usage_error(
            "map", "--deadline wants a time such as 500ms, 2s or 1m");
    if (c == 'j')
        ret->options.jobs = (uint32_t) number;
    else if (c == 'r')
        ret->options.retries = (uint32_t) number;
    else
        ret->options.deadline_ms = (uint32_t) number;
    return -1;
}

static int
take_text(int c, struct troupe__map_arguments *ret)
{
    if (!*optarg)
        return troupe__usage_error("map", "an option's value is empty");
    if (c == 'l' && ret->library_count == TROUPE__LIBRARIES_MAX)
        return troupe__usage_error("map", "more than %d times --library",
                                   TROUPE__LIBRARIES_MAX);
    if (c == 'l')
        ret->libraries[ret->library_count++] = optarg;
    else if (c == 'f')
        ret->fn = optarg;
    else if (c == 'T')
        ret->type = optarg;
    else if (c == 'a')
        ret->ask = optarg;
    else if (c == 'u')
        ret->run = optarg;
    else if (c == 'i')
        ret->input = optarg;
    else if (c == 'L')
        ret->joblog = optarg;
    else
        ret->resume = optarg;
    ret->options.resume |= c == 'R' || c == 'F';
    ret->options.resume_failed |= c == 'F';
    return -1;
}

static int
take_option(int c, char *const *argv, struct troupe__map_arguments *ret)
{
    if (strchr("jrd", c))
        return take_number(c, ret);
    if (strchr("lfTauiLRF", c))
        return take_text(c, ret);
    if (strchr("eotpHsSV", c))
        return troupe__map_take_bound(c, ret);
    switch (c) {
    case 'm':
        return take_mode(ret);
    case 'k':
        ret->options.ordered = true;
        return -1;
    case 'n':
        ret->lines = true;
        return -1;
    case 'P':
        ret->plain = true;
        return -1;
    case 'N':
        ret->no_journal = true;
        return -1;
    case 'J':
        ret->json = true;
        return -1;
    case 'q':
        ret->quiet = true;
        return -1;
    default:
        return troupe__option_error("map", c, argv);
    }
}

/* Each that asks has a connection, and waits on a thread of its own. */
static int
take_ask(struct troupe__map_arguments *it)
{
    if (it->run && !it->ask)
        return troupe__usage_error("map", "--run needs --ask NAME");
    if (!it->ask)
        return -1;
    if (it->fn || it->command_count > 0)
        return troupe__usage_error("map", "give a COMMAND, --fn or --ask");
    if (it->options.mode == TROUPE_MAP_PROCESS) {
        return troupe__usage_error("map",
                                   "--ask needs no --mode: the actor runs "
                                   "where its topology has it");
    }
    if (it->options.jobs > ASKS_MAX) {
        return troupe__usage_error("map", "with --ask at most %d --jobs",
                                   ASKS_MAX);
    }
    if (!troupe__is_text(it->ask) || (it->run && !troupe__is_text(it->run)))
        return troupe__usage_error("map", "a name is not UTF-8");
    it->fn = TROUPE__MAP_ASK_KIND;
    it->options.mode = TROUPE_MAP_THREAD;
    if (it->options.jobs == 0)
        it->options.jobs = ASKS;
    return -1;
}

static int
check(struct troupe__map_arguments *it)
{
    int code = take_ask(it);
    if (code >= 0)
        return code;
    if (it->command_count > 0 && it->fn)
        return troupe__usage_error("map", "give a COMMAND or --fn, not both");
    if (it->type && strlen(it->type) > TROUPE_TYPE_MAX)
        return troupe__usage_error("map", "--type has over %d bytes",
                                   TROUPE_TYPE_MAX);
    if (it->has_seed && !it->shuffles)
        return troupe__usage_error("map", "--seed is for --shuf");
    if (it->shuffles && !it->has_seed)
        it->seed = troupe__map_seed();
    it->in_order = it->shuffles && it->options.ordered;
    if (it->in_order)
        it->options.ordered = false; /* it knows only the order it is given */
    if (it->no_journal && it->resume)
        return troupe__usage_error("map",
                                   "--resume needs the journal of the run");
    return -1;
}

int
troupe__map_parse(int argc, char **argv, struct troupe__map_arguments *ret)
{
    static const struct option options[] = {
        {"jobs", 1, NULL, 'j'},       {"mode", 1, NULL, 'm'},
        {"library", 1, NULL, 'l'},    {"fn", 1, NULL, 'f'},
        {"type", 1, NULL, 'T'},       {"lines", 0, NULL, 'n'},
        {"input", 1, NULL, 'i'},      {"ordered", 0, NULL, 'k'},
        {"keep-order", 0, NULL, 'k'}, {"plain", 0, NULL, 'P'},
        {"timeout", 1, NULL, 't'},    {"retries", 1, NULL, 'r'},
        {"policy", 1, NULL, 'p'},     {"halt", 1, NULL, 'H'},
        {"deadline", 1, NULL, 'd'},   {"joblog", 1, NULL, 'L'},
        {"resume", 1, NULL, 'R'},     {"resume-failed", 1, NULL, 'F'},
        {"no-journal", 0, NULL, 'N'}, {"json", 0, NULL, 'J'},
        {"ask", 1, NULL, 'a'},        {"run", 1, NULL, 'u'},
        {"quiet", 0, NULL, 'q'},      {"help", 0, NULL, 'h'},
        {"resource", 1, NULL, 'e'},   {"load", 1, NULL, 'o'},
        {"shuf", 0, NULL, 's'},       {"seed", 1, NULL, 'S'},
        {"replicate", 1, NULL, 'V'},  TROUPE__TRACE_OPTIONS,
        TROUPE__PICTURE_OPTIONS,      {NULL, 0, NULL, 0}};
    *ret = (struct troupe__map_arguments){.options.mode = TROUPE_MAP_AUTO,
                                          .options.apart = true};
    opterr = 0;
    /* '+': what comes behind the command is the command's. */
    for (int c; (c = getopt_long(argc, argv, "+:hj:k", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(help, stdout);
            fputs(help_of_ends, stdout);
            return TROUPE__EXIT_OK;
        }
        int code = troupe__trace_takes(c)
                       ? troupe__trace_take("map", c, &ret->trace)
                       : take_option(c, argv, ret);
        if (code >= 0)
            return code;
    }
    ret->command = argv + optind;
    ret->command_count = argc - optind;
    return check(ret);
}
