/* SPDX-License-Identifier: Apache-2.0 */
/* graph_run.c: runs a graph file: its actors, its tasks, its report. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "troupe_graph_run.h"
#include "troupe_journal.h"
#include "troupe_thread.h"

#include "tools/commands.h"
#include "tools/graph_command.h"
#include "tools/graph_out.h"
#include "tools/graphviz.h"
#include "tools/part.h"

#define EXIT_SIGNAL 130
#define OVER_MS     1000 /* that the last events may take to be told */
#define STOP_MS     5000
#define EVENTS_MAX  65536 /* that wait to be told; the oldest are dropped */

/* A signal handler can reach nothing else. */
static volatile sig_atomic_t signal_pipe = -1;

/* The first two can be read; the third ends the process. */
static void
on_signal(int number)
{
    static volatile sig_atomic_t seen;
    (void) number;
    int saved = errno;
    if (seen >= 2 || write(signal_pipe, "!", 1) < 0)
        _exit(EXIT_SIGNAL);
    seen = seen + 1;
    errno = saved;
}

static int
catch_signals(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return -1;
    signal_pipe = ends[1];
    struct sigaction action = {.sa_handler = on_signal};
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return ends[0];
}

static void
log_line(void *data, troupe_level_t level, const char *text)
{
    (void) data, (void) level;
    fprintf(stderr, "troupe graph: %s\n", text);
}

/* Whom tasks ask, on a node of their own settings. */
static int
start_actors(troupe_t *node, struct troupe__part *part, troupe_ref_t *ret_root)
{
    troupe_supervisor_error_t error = {{0}};
    if (!part)
        return 0;
    troupe__guards_set(part);
    int rc = troupe_node_supervisor_start(node, &part->options, part->specs,
                                          part->count, ret_root, &error);
    if (rc < 0)
        fprintf(stderr, "troupe graph: its actors did not start: %s\n",
                error.text[0] ? error.text : troupe_strerror(rc));
    return rc;
}

static int
start_reporter(troupe_t *node, troupe_ref_t *ret_watcher)
{
    troupe_spawn_options_t options = {
        .place = TROUPE_OWN_THREAD,
        .mailbox = {.messages_max = EVENTS_MAX,
                    .overflow = TROUPE_OVERFLOW_DROP_OLDEST}};
    return troupe_node_spawn(node, &troupe__graph_reporter, &options,
                             ret_watcher, "{s:b}", "terminal",
                             isatty(STDERR_FILENO));
}

static int
exit_code(const troupe_graph_report_t *report)
{
    switch (report->outcome) {
    case TROUPE_GRAPH_COMPLETE:
        return TROUPE__EXIT_OK;
    case TROUPE_GRAPH_DEGRADED:
    case TROUPE_GRAPH_INTERRUPTED:
        return TROUPE__EXIT_PARTIAL;
    case TROUPE_GRAPH_OVERDUE:
        return TROUPE__EXIT_DEADLINE;
    case TROUPE_GRAPH_BROKEN:
    case TROUPE_GRAPH_STALLED:
        break;
    }
    return TROUPE__EXIT_FAILED;
}

/* A run, and what becomes of it. */
struct drive {
    const struct troupe__graph_arguments *arguments;
    const struct troupe__graph_file *file;
    troupe_t *node;
    troupe_ref_t watcher; /* who tells of its events; or nobody */
    struct troupe__journal journal;
    char id[TROUPE_RUN_ID_MAX + 1]; /* "": it is not among the runs */
    int code;
};

/* Other ends leave something to be done. */
static bool
is_finished(const troupe_graph_report_t *report)
{
    return report->outcome == TROUPE_GRAPH_COMPLETE
           || report->outcome == TROUPE_GRAPH_DEGRADED;
}

/* Its journal: one that was named, or that of a run by its id; an exit code. A
 * run that goes on is still the same one: it is written down as it began. */
static int
find_journal(struct drive *self)
{
    const struct troupe__graph_arguments *arguments = self->arguments;
    char verb[] = "run";
    int count = 0;
    if (arguments->journal || arguments->no_journal)
        return TROUPE__EXIT_OK;
    char **argv = troupe__grab(((size_t) arguments->argc + 1) * sizeof *argv);
    for (int i = 0; i < arguments->argc; i++)
        if (!arguments->run || arguments->argv[i] != arguments->run)
            argv[count++] = i == 1 ? verb : arguments->argv[i];
    int code =
        troupe__journal_find(arguments->run, count, argv, &self->journal);
    free(argv);
    memcpy(self->id, self->journal.id, sizeof self->id);
    return code;
}

/* A picture that cannot be drawn does not undo the run. */
static int
tell(const struct drive *self, const troupe_graph_report_t *report)
{
    const struct troupe__graph_arguments *arguments = self->arguments;
    const struct troupe__graph_file *file = self->file;
    int rc = 0;
    if (arguments->json) {
        json_t *json = troupe__graph_report_json(file, report);
        json_object_set_new(json, "run",
                            *self->id ? json_string(self->id) : json_null());
        json_dumpf(json, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
        putchar('\n');
        json_decref(json);
    } else {
        troupe__graph_report_print(file, report, arguments->all, stdout);
        if (*self->id && !is_finished(report))
            printf("to do the rest: troupe graph resume %s %s\n", self->id,
                   arguments->path);
    }
    if (arguments->svg)
        rc |= troupe__graph_svg(file, report, arguments->svg);
    if (arguments->run_dot)
        rc |= troupe__graph_write_dot(file, report, arguments->run_dot);
    if (arguments->timeline)
        rc |= troupe__graph_timeline(file, report, arguments->timeline);
    if (arguments->chrome)
        rc |= troupe__graph_chrome(file, report, arguments->chrome);
    int code = exit_code(report);
    return code == TROUPE__EXIT_OK && rc < 0 ? TROUPE__EXIT_FAILED : code;
}

/* Before any actor stops, as one that is stuck takes its time. */
static void
on_ended(void *data, const troupe_graph_report_t *report)
{
    struct drive *self = data;
    if (!troupe_ref_is_nobody(self->watcher))
        (void) !troupe_node_ask(self->node, self->watcher, "over", OVER_MS,
                                NULL, NULL);
    self->code = exit_code(report);
    troupe__journal_end(&self->journal, self->code,
                        report->outcome == TROUPE_GRAPH_INTERRUPTED);
    self->code = tell(self, report);
    (void) troupe__flush_output(); /* main() says what is wrong with it */
}

/* Without a report it has said why. */
static void
run_on(struct drive *self)
{
    const struct troupe__graph_arguments *arguments = self->arguments;
    const struct troupe__graph_file *file = self->file;
    troupe_graph_report_t *report = NULL;
    troupe_graph_options_t options = troupe_graph_options_default();
    options.parallel = arguments->parallel > 0 ? (uint32_t) arguments->parallel
                                               : file->parallel;
    options.fail_fast = arguments->fail_fast || file->fail_fast;
    options.deadline_ms =
        arguments->deadline_ms > 0 ? arguments->deadline_ms : file->deadline_ms;
    options.journal =
        arguments->journal ? arguments->journal : self->journal.path;
    options.resume = arguments->resume;
    if (self->journal.path && access(self->journal.path, F_OK) < 0)
        options.resume = false; /* it was killed before it had one */
    options.interrupt_fd = catch_signals();
    options.ended = on_ended;
    options.data = self;
    int rc = arguments->quiet ? 0 : start_reporter(self->node, &self->watcher);
    options.watcher = self->watcher;
    if (rc == 0)
        rc = troupe_graph_run(self->node, file->graph, &options, &report);
    if (rc < 0) {
        bool is_there = rc == -EIO && arguments->journal && !arguments->resume
                        && access(arguments->journal, F_OK) == 0;
        fprintf(stderr, "troupe graph: it did not run: %s%s\n",
                *troupe_graph_words() ? troupe_graph_words()
                                      : troupe_strerror(rc),
                is_there ? "; to go on with it take 'resume', else another file"
                : rc == -EIO && self->journal.path && !arguments->resume
                    ? "; --no-journal does without"
                    : "");
    }
    troupe_graph_report_destroy(&report);
    if (!troupe_ref_is_nobody(self->watcher))
        troupe_node_exit(self->node, self->watcher, TROUPE_EXIT_SHUTDOWN,
                         STOP_MS);
}

/* What would be found out only in the end; an exit code. */
static int
check_pictures(const struct troupe__graph_arguments *arguments)
{
    const char *paths[] = {arguments->svg, arguments->run_dot,
                           arguments->timeline, arguments->chrome};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        int code = paths[i] ? troupe__check_output("graph", paths[i]) : -1;
        if (code >= 0)
            return code;
    }
    return arguments->svg && troupe__graphviz_find("graph", arguments->svg) < 0
               ? TROUPE__EXIT_FAILED
               : TROUPE__EXIT_OK;
}

/* On a node, with its trace and the actors that its tasks ask. */
static void
run_with(struct drive *self, struct troupe__part *part)
{
    troupe_ref_t root = TROUPE_NOBODY;
    struct troupe__trace trace = {.taker = TROUPE_NOBODY};
    if (troupe__trace_begin(&trace, &self->arguments->trace, "graph",
                            self->node)
            < 0
        && start_actors(self->node, part, &root) == 0)
        run_on(self);
    self->code =
        troupe__trace_end(&trace, self->code, *self->id ? self->id : NULL);
}

int
troupe__graph_run(const struct troupe__graph_arguments *arguments,
                  struct troupe__graph_file *file)
{
    struct drive drive = {.arguments = arguments,
                          .file = file,
                          .watcher = TROUPE_NOBODY,
                          .code = TROUPE__EXIT_FAILED};
    int code = check_pictures(arguments);
    if (code == TROUPE__EXIT_OK)
        code = find_journal(&drive);
    if (code != TROUPE__EXIT_OK)
        return code;
    struct troupe__part *part =
        file->actors ? troupe__part_make(file->actors, true) : NULL;
    troupe_options_t options = troupe_options_default();
    options.log = log_line;
    options.log_level = TROUPE_LOG_WARNING;
    int rc = troupe_new(&options, &drive.node);
    if (rc < 0) {
        fprintf(stderr, "troupe graph: no node can be started: %s\n",
                troupe_strerror(rc));
    } else {
        run_with(&drive, part);
    }
    troupe__journal_end(&drive.journal, drive.code, false);
    bool is_left_behind = troupe_destroy(&drive.node) < 0;
    if (part)
        troupe__guards_set(NULL);
    if (!is_left_behind)
        troupe__part_free(part);
    else if (!troupe__flush_output())
        troupe__say_output_error();
    if (is_left_behind) /* its code is in libraries that must stay */
        _exit(drive.code);
    return drive.code;
}

/* --- learning ---------------------------------------------------------------*/

struct lesson {
    const char *id;
    double ms;
};

struct lessons {
    struct troupe__graph_file *file;
    struct lesson *items;
    size_t count;
};

/* The last time counts; keys are "id:hash", "id@round:hash", or, of items,
 * "id[0]:hash": their list has a time of its own. */
static int
on_entry(void *data, const troupe_journal_entry_t *entry)
{
    struct lessons *self = data;
    const char *colon = strrchr(entry->key, ':');
    size_t size = colon ? (size_t) (colon - entry->key) : 0;
    const char *at = size > 0 ? memchr(entry->key, '@', size) : NULL;
    bool is_further = at && strncmp(at, "@1:", 3) != 0;
    if (at) /* a round: they come one after the other */
        size = (size_t) (at - entry->key);
    for (size_t i = 0; i < self->count && size > 0; i++) {
        if (strncmp(self->items[i].id, entry->key, size) == 0
            && self->items[i].id[size] == '\0')
            self->items[i].ms =
                entry->ms + (is_further ? self->items[i].ms : 0);
    }
    return 0;
}

static void
apply(struct lessons *self)
{
    troupe_graph_t *graph = troupe_graph_new();
    for (size_t i = 0; i < self->count; i++) {
        troupe_graph_task_t task = *troupe_graph_task(self->file->graph, i);
        if (self->items[i].ms >= 0)
            task.takes_ms =
                self->items[i].ms < 1 ? 1 : (uint32_t) self->items[i].ms;
        if (troupe_graph_add(graph, &task) < 0)
            abort(); /* it was in one already */
    }
    troupe_graph_destroy(&self->file->graph);
    self->file->graph = graph;
}

int
troupe__graph_learn(struct troupe__graph_file *file, const char *path)
{
    troupe_journal_t *journal = NULL;
    troupe_journal_error_t error;
    int rc = troupe_journal_open(path, TROUPE_JOURNAL_READ, &journal, &error);
    if (rc < 0) {
        fprintf(stderr, "troupe graph: %s\n", error.text);
        return -1;
    }
    struct lessons self = {.file = file,
                           .count = troupe_graph_count(file->graph)};
    self.items = troupe__grab((self.count + 1) * sizeof *self.items);
    for (size_t i = 0; i < self.count; i++) {
        self.items[i].id = troupe_graph_task(file->graph, i)->id;
        self.items[i].ms = -1;
    }
    rc = troupe_journal_fold(journal, TROUPE_JOURNAL_DONE, on_entry, &self);
    if (rc < 0)
        fprintf(stderr, "troupe graph: %s\n", troupe_journal_words(journal));
    else
        apply(&self);
    troupe_journal_destroy(&journal);
    free(self.items);
    return rc < 0 ? -1 : 0;
}
