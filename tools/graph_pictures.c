/* SPDX-License-Identifier: Apache-2.0 */
/* graph_pictures.c: a run as files: SVG by Graphviz, a timeline, a trace. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/graph_out.h"
#include "tools/table.h"
#include "tools/timeline.h"

#define ROWS_MAX 1000 /* tasks of a timeline */

extern char **environ;

static int
say(const char *path, const char *why)
{
    fprintf(stderr, "troupe graph: %s: %s\n", path, why);
    return -1;
}

static FILE *
open_file(const char *path)
{
    FILE *file = fopen(path, "we");
    if (!file)
        say(path, strerror(errno));
    return file;
}

static int
close_file(FILE *file, const char *path)
{
    bool failed = ferror(file);
    if (fclose(file) != 0 || failed)
        return say(path, "it cannot be written");
    return 0;
}

/* --- Graphviz ---------------------------------------------------------------*/

static int
run_dot(FILE *input, const char *path)
{
    char program[] = "dot", format[] = "-Tsvg";
    char *arguments[] = {program, format, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;
    int status = 0;
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (out < 0)
        return say(path, strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(input), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    int rc = posix_spawnp(&pid, program, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(out);
    if (rc != 0) {
        unlink(path);
        return say(path, "Graphviz draws it, and there is no program 'dot'; "
                         "install the Debian package graphviz, or take --dot");
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status == 0 ? 0 : say(path, "Graphviz's 'dot' failed");
}

int
troupe__graph_svg(const struct troupe__graph_file *file,
                  const troupe_graph_report_t *report, const char *path)
{
    FILE *input = tmpfile();
    if (!input)
        return say(path, strerror(errno));
    troupe__graph_dot(file, report, input);
    bool failed = fflush(input) != 0;
    rewind(input);
    int rc = failed ? say(path, strerror(errno)) : run_dot(input, path);
    fclose(input);
    return rc;
}

/* --- a timeline -------------------------------------------------------------*/

static int
by_start(const void *one, const void *other)
{
    const troupe_graph_ended_t *a = *(const troupe_graph_ended_t *const *) one;
    const troupe_graph_ended_t *b =
        *(const troupe_graph_ended_t *const *) other;
    if (a->started_ns != b->started_ns)
        return a->started_ns < b->started_ns ? -1 : 1;
    return strcmp(a->id, b->id);
}

/* Those that ran, by their start; to be freed. */
static const troupe_graph_ended_t **
started(const troupe_graph_report_t *report, size_t *ret_count)
{
    const troupe_graph_ended_t **tasks =
        troupe__grab((report->count + 1) * sizeof(void *));
    size_t count = 0;
    for (size_t i = 0; i < report->count; i++)
        if (report->tasks[i].attempts > 0)
            tasks[count++] = &report->tasks[i];
    qsort(tasks, count, sizeof(void *), by_start);
    *ret_count = count;
    return tasks;
}

static struct troupe__bar
bar_of(const troupe_graph_ended_t *task)
{
    static const enum troupe__bar_style styles[] = {
        [TROUPE_GRAPH_OK] = TROUPE__BAR_OK,
        [TROUPE_GRAPH_FAILED] = TROUPE__BAR_BAD,
        [TROUPE_GRAPH_TIMEOUT] = TROUPE__BAR_BAD,
        [TROUPE_GRAPH_LOST] = TROUPE__BAR_BAD,
        [TROUPE_GRAPH_CANCELLED] = TROUPE__BAR_LATE,
    };
    return (struct troupe__bar){.name = task->id,
                                .state = troupe_graph_state_name(task->state),
                                .why = task->why,
                                .style = styles[task->state],
                                .tries = task->attempts,
                                .ready_ns = task->ready_ns,
                                .from_ns = task->started_ns,
                                .to_ns = task->ended_ns};
}

int
troupe__graph_timeline(const troupe_graph_report_t *report, const char *path)
{
    size_t count = 0;
    char text[32], foot[96];
    FILE *out = open_file(path);
    if (!out)
        return -1;
    const troupe_graph_ended_t **tasks = started(report, &count);
    size_t shown = count < ROWS_MAX ? count : ROWS_MAX;
    struct troupe__bar *bars = troupe__grab((shown + 1) * sizeof *bars);
    for (size_t i = 0; i < shown; i++)
        bars[i] = bar_of(tasks[i]);
    (void) snprintf(foot, sizeof foot, "%zu of %zu tasks ran; %s", count,
                    report->count, troupe__time_text(report->wall_ns, text));
    troupe__timeline_draw(bars, shown, report->wall_ns, foot, out);
    free(bars);
    free(tasks);
    return close_file(out, path);
}

/* --- a trace ----------------------------------------------------------------*/

/* The first lane that is free at the start of a task. source: Trace Event
 * Format, complete events ("X"), times in microseconds. */
static size_t
lane_of(uint64_t *ends, size_t lanes, const troupe_graph_ended_t *task)
{
    size_t lane = 0;
    while (lane + 1 < lanes && ends[lane] > task->started_ns)
        lane++;
    ends[lane] = task->ended_ns;
    return lane;
}

int
troupe__graph_chrome(const troupe_graph_report_t *report, const char *path)
{
    size_t count = 0;
    FILE *out = open_file(path);
    if (!out)
        return -1;
    const troupe_graph_ended_t **tasks = started(report, &count);
    size_t lanes = (size_t) report->parallel_most + 1;
    uint64_t *ends = troupe__grab(lanes * sizeof *ends);
    json_t *events = json_array();
    for (size_t i = 0; i < count; i++) {
        const troupe_graph_ended_t *it = tasks[i];
        json_t *why = json_string(it->why);
        json_array_append_new(
            events,
            json_pack("{s:s, s:s, s:s, s:f, s:f, s:i, s:i, s:{s:s, s:i, s:o}}",
                      "name", it->id, "cat", "task", "ph", "X", "ts",
                      (double) it->started_ns / 1e3, "dur",
                      (double) (it->ended_ns - it->started_ns) / 1e3, "pid", 1,
                      "tid", (int) lane_of(ends, lanes, it) + 1, "args",
                      "state", troupe_graph_state_name(it->state), "attempts",
                      (int) it->attempts, "why", why ? why : json_null()));
    }
    json_t *trace =
        json_pack("{s:o, s:s}", "traceEvents", events, "displayTimeUnit", "ms");
    json_dumpf(trace, out, JSON_COMPACT);
    fputc('\n', out);
    json_decref(trace);
    free(ends);
    free(tasks);
    return close_file(out, path);
}
