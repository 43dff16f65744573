/* SPDX-License-Identifier: Apache-2.0 */
/* command_runs.c: `troupe runs`, what pipelines have left to be resumed. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "troupe_runs.h"

#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/look.h"
#include "tools/table.h"

#define DAYS       14
#define DAYS_MAX   36500
#define MS_PER_DAY 86400000
#define KIB        1024

static const char help[] =
    "usage: troupe runs list [OPTION]...\n"
    "       troupe runs show [OPTION]... RUN\n"
    "       troupe runs gc [OPTION]...\n"
    "\n"
    "Runs of pipelines keep a journal of what they have finished, so that one\n"
    "that was interrupted can be resumed: troupe map --resume RUN, troupe "
    "graph\n"
    "resume RUN FILE. How a run ended is its state: finished, partial, "
    "failed,\n"
    "budget, no-quorum or deadline; running, interrupted (killed, or by "
    "Ctrl-C)\n"
    "or damaged.\n"
    "\n"
    "  list        the runs, the oldest first\n"
    "  show        the tasks of one; RUN is its id, or 'last'\n"
    "  gc          take away those that have ended and are older than --days\n"
    "\n"
    "  --days N    for gc: the days that a run is kept (14)\n"
    "  --all       for gc: interrupted and damaged ones too\n"
    "  --dry-run   for gc: only say what would go\n"
    "  --json      the answer as JSON\n"
    "  --help      this text\n"
    "\n"
    "They lie in $XDG_STATE_HOME/troupe/runs, or ~/.local/state/troupe/runs.\n"
    "Exit codes: 0 done; 1 no such run, or it cannot be read or taken away;\n"
    "2 usage.\n";

struct arguments {
    const char *verb;
    const char *run;
    size_t days;
    bool all, dry_run, json;
    char *base;
};

static int
take_option(int c, char *const *argv, struct arguments *ret)
{
    if (c == 'd' && !troupe__read_number(optarg, 0, DAYS_MAX, &ret->days))
        return troupe__usage_error("runs", "--days wants a number");
    ret->all |= c == 'a';
    ret->dry_run |= c == 'n';
    ret->json |= c == 'j';
    return strchr("danj", c) ? -1 : troupe__option_error("runs", c, argv);
}

static int
take_verb(int argc, char **argv, struct arguments *ret)
{
    static const char *const verbs[] = {"list", "show", "gc"};
    ret->verb = argv[optind];
    bool known = false;
    for (size_t i = 0; ret->verb && i < sizeof verbs / sizeof *verbs; i++)
        known |= strcmp(ret->verb, verbs[i]) == 0;
    if (!known)
        return troupe__usage_error("runs", "say list, show or gc");
    bool shows = strcmp(ret->verb, "show") == 0;
    if (argc - optind != (shows ? 2 : 1))
        return troupe__usage_error("runs", "%s wants %s", ret->verb,
                                   shows ? "one RUN" : "no argument");
    ret->run = shows ? argv[optind + 1] : NULL;
    ret->base = troupe__runs_directory();
    return ret->base ? -1
                     : troupe__usage_error("runs", "no directory of runs: set "
                                                   "HOME or XDG_STATE_HOME");
}

static int
parse(int argc, char **argv, struct arguments *ret)
{
    static const struct option options[] = {
        {"days", 1, NULL, 'd'},    {"all", 0, NULL, 'a'},
        {"dry-run", 0, NULL, 'n'}, {"json", 0, NULL, 'j'},
        {"help", 0, NULL, 'h'},    {NULL, 0, NULL, 0}};
    *ret = (struct arguments){.days = DAYS};
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
    return take_verb(argc, argv, ret);
}

static int
list_one(void *data, const troupe_run_info_t *info)
{
    json_array_append_new(
        data,
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "id", info->id,
                  "state", info->state, "command", info->command, "words",
                  info->words, "changed_ms", (json_int_t) info->changed_ms,
                  "done", (json_int_t) info->done, "ok", (json_int_t) info->ok,
                  "bytes", (json_int_t) info->bytes));
    return 0;
}

static void
add_time(struct troupe__table *table, const json_t *run)
{
    time_t at = (time_t) (troupe__number_of(run, "changed_ms") / 1000);
    struct tm day;
    char text[32];
    localtime_r(&at, &day);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M", &day);
    troupe__table_add(table, text);
}

static void
print_runs(const json_t *runs)
{
    static const char *const heads[] = {"RUN", "STATE", "CHANGED", ">DONE",
                                        ">OK", ">KIB",  "COMMAND"};
    struct troupe__table table = {0};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        troupe__table_add(&table, heads[i]);
    table.columns = table.count;
    for (size_t i = 0; i < json_array_size(runs); i++) {
        const json_t *run = json_array_get(runs, i);
        troupe__table_add(&table, troupe__text_of(run, "id"));
        troupe__table_add(&table, troupe__text_of(run, "state"));
        add_time(&table, run);
        troupe__table_number(&table, troupe__number_of(run, "done"));
        troupe__table_number(&table, troupe__number_of(run, "ok"));
        troupe__table_number(&table, troupe__number_of(run, "bytes") / KIB);
        troupe__table_add(&table, troupe__text_of(run, "command"));
    }
    troupe__table_print(&table, 0, stdout);
    troupe__table_free(&table);
}

static json_t *
read_runs(const struct arguments *arguments)
{
    json_t *runs = json_array();
    if (troupe_runs_list(arguments->base, list_one, runs) == 0)
        return runs;
    fprintf(stderr, "troupe runs: %s: %s\n", arguments->base, strerror(errno));
    json_decref(runs);
    return NULL;
}

static int
list(const struct arguments *arguments)
{
    json_t *runs = read_runs(arguments);
    if (!runs)
        return TROUPE__EXIT_FAILED;
    if (arguments->json)
        troupe__look_print_json(json_incref(runs));
    else
        print_runs(runs);
    json_decref(runs);
    return TROUPE__EXIT_OK;
}

/* Of each key the last end; the order is that of the first. */
static int
take_end(void *data, const troupe_journal_entry_t *entry)
{
    json_object_set_new(data, entry->key,
                        json_pack("{s:s, s:s, s:I, s:f}", "key", entry->key,
                                  "state", entry->state, "attempts",
                                  (json_int_t) entry->attempt, "ms",
                                  entry->ms));
    return 0;
}

static void
print_ends(const json_t *ends)
{
    static const char *const heads[] = {"TASK", "STATE", ">ATTEMPTS", ">MS"};
    struct troupe__table table = {0};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        troupe__table_add(&table, heads[i]);
    table.columns = table.count;
    const char *key = NULL;
    json_t *end = NULL;
    json_object_foreach((json_t *) (uintptr_t) ends, key, end)
    {
        troupe__table_add(&table, key);
        troupe__table_add(&table, troupe__text_of(end, "state"));
        troupe__table_number(&table, troupe__number_of(end, "attempts"));
        troupe__table_format(&table, "%.1f",
                             json_number_value(json_object_get(end, "ms")));
    }
    troupe__table_print(&table, 0, stdout);
    troupe__table_free(&table);
}

static int
show(const struct arguments *arguments)
{
    char id[TROUPE_RUN_ID_MAX + 1];
    char *path = NULL;
    troupe_journal_error_t error = {""};
    troupe_journal_t *journal = NULL;
    json_t *ends = json_object();
    int rc = troupe_run_find(arguments->base, arguments->run, NULL, id, &path,
                             &error);
    if (rc == 0)
        rc = troupe_journal_open(path, TROUPE_JOURNAL_READ, &journal, &error);
    const char *words = error.text;
    if (rc == 0) {
        rc = troupe_journal_fold(journal, TROUPE_JOURNAL_DONE, take_end, ends);
        words = troupe_journal_words(journal);
    }
    if (rc < 0)
        fprintf(stderr, "troupe runs: %s\n", words);
    else if (arguments->json) {
        troupe__look_print_json(
            json_pack("{s:s, s:O}", "id", id, "tasks", ends));
    } else {
        print_ends(ends);
    }
    troupe_journal_destroy(&journal);
    json_decref(ends);
    free(path);
    return rc < 0 ? TROUPE__EXIT_FAILED : TROUPE__EXIT_OK;
}

static bool
is_over(const struct arguments *arguments, const json_t *run)
{
    const char *state = troupe__text_of(run, "state");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t now_ms = (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
    int64_t changed_ms = (int64_t) troupe__number_of(run, "changed_ms");
    bool old = now_ms - changed_ms >= (int64_t) arguments->days * MS_PER_DAY;
    if (strcmp(state, "running") == 0)
        return false;
    bool ended =
        strcmp(state, "interrupted") != 0 && strcmp(state, "damaged") != 0;
    return old && (arguments->all || ended);
}

static int
collect(const struct arguments *arguments)
{
    json_t *runs = read_runs(arguments);
    json_t *gone = json_array();
    int code = runs ? TROUPE__EXIT_OK : TROUPE__EXIT_FAILED;
    for (size_t i = 0; i < json_array_size(runs); i++) {
        const json_t *run = json_array_get(runs, i);
        const char *id = troupe__text_of(run, "id");
        int rc = 0;
        if (!is_over(arguments, run))
            continue;
        if (!arguments->dry_run)
            rc = troupe_run_remove(arguments->base, id);
        if (rc < 0) {
            fprintf(stderr, "troupe runs: %s/%s: %s\n", arguments->base, id,
                    troupe_strerror(rc));
            code = TROUPE__EXIT_FAILED;
            continue;
        }
        json_array_append_new(gone, json_string(id));
        if (!arguments->json)
            printf("%s%s\n", arguments->dry_run ? "would remove " : "removed ",
                   id);
    }
    if (arguments->json)
        troupe__look_print_json(json_pack("{s:O}", "removed", gone));
    json_decref(gone);
    json_decref(runs);
    return code;
}

int
troupe__command_runs(int argc, char **argv)
{
    struct arguments arguments;
    int code = parse(argc, argv, &arguments);
    if (code < 0 && strcmp(arguments.verb, "list") == 0)
        code = list(&arguments);
    else if (code < 0 && strcmp(arguments.verb, "show") == 0)
        code = show(&arguments);
    else if (code < 0)
        code = collect(&arguments);
    free(arguments.base);
    return code;
}
