/* SPDX-License-Identifier: Apache-2.0 */
/* graph_pictures.c: a run as files: SVG by Graphviz, a timeline, a trace. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/graph_out.h"
#include "tools/graphviz.h"
#include "tools/table.h"
#include "tools/timeline.h"

#define ROWS_MAX 1000 /* tasks of a timeline */

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

struct drawn {
    const struct troupe__graph_file *file;
    const troupe_graph_report_t *report;
};

static void
write_dot(const void *data, FILE *out)
{
    const struct drawn *self = data;
    bool is_large = troupe_graph_count(self->file->graph) > TROUPE__GRAPH_DRAWN;
    (is_large ? troupe__graph_bands : troupe__graph_dot)(self->file,
                                                         self->report, out);
}

int
troupe__graph_svg(const struct troupe__graph_file *file,
                  const troupe_graph_report_t *report, const char *path)
{
    struct drawn drawn = {file, report};
    return troupe__graphviz_svg("graph", path, write_dot, &drawn);
}

int
troupe__graph_write_dot(const struct troupe__graph_file *file,
                        const troupe_graph_report_t *report, const char *path)
{
    FILE *out = open_file(path);
    if (!out)
        return -1;
    troupe__graph_dot(file, report, out);
    return close_file(out, path);
}

/* --- a timeline -------------------------------------------------------------*/

static int
by_start(const void *one, const void *other)
{
    const troupe_graph_ended_t *a = one, *b = other;
    if (a->started_ns != b->started_ns)
        return a->started_ns < b->started_ns ? -1 : 1;
    return strcmp(a->id, b->id);
}

/* What ran, by its start, items and rounds too. */
struct rows {
    troupe_graph_ended_t *items; /* their ids are owned */
    size_t count;
    size_t tasks; /* of them */
};

static void
add_row(struct rows *self, char *id, const troupe_graph_ended_t *row)
{
    self->items = troupe__grow(self->items, self->count, sizeof *self->items);
    self->items[self->count] = *row;
    self->items[self->count++].id = id;
}

/* `alone`: instead of their task, else after it. */
static void
add_parts(struct rows *self, const struct troupe__graph_file *file,
          const troupe_graph_ended_t *task, size_t index, bool alone)
{
    for (size_t i = 0; i < task->part_count; i++) {
        const troupe_graph_part_t *part = &task->parts[i];
        troupe_graph_ended_t row = {.state = part->state,
                                    .attempts = part->attempts,
                                    .ready_ns = alone ? part->started_ns
                                                      : task->ready_ns,
                                    .started_ns = part->started_ns,
                                    .ended_ns = part->ended_ns,
                                    .spent_ns = part->spent_ns,
                                    .why = part->why};
        if (part->attempts > 0)
            add_row(self, troupe__graph_part_id(file, index, i), &row);
    }
}

static struct rows
rows_of(const struct troupe__graph_file *file,
        const troupe_graph_report_t *report, bool alone)
{
    struct rows self = {0};
    for (size_t i = 0; i < report->count; i++) {
        troupe_graph_ended_t task = report->tasks[i];
        if (task.attempts == 0)
            continue;
        self.tasks++;
        if (task.part_count > 0 && task.parts[0].started_ns < task.started_ns)
            task.started_ns = task.parts[0].started_ns;
        if (!alone || task.part_count == 0)
            add_row(&self, troupe__format("%s", task.id), &task);
        add_parts(&self, file, &task, i, alone);
    }
    if (self.count > 0)
        qsort(self.items, self.count, sizeof *self.items, by_start);
    return self;
}

static void
rows_free(struct rows *self)
{
    for (size_t i = 0; i < self->count; i++)
        free((void *) (uintptr_t) self->items[i].id);
    free(self->items);
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
troupe__graph_timeline(const struct troupe__graph_file *file,
                       const troupe_graph_report_t *report, const char *path)
{
    char text[32], foot[160], cut[64] = "";
    FILE *out = open_file(path);
    if (!out)
        return -1;
    struct rows rows = rows_of(file, report, false);
    size_t shown = rows.count < ROWS_MAX ? rows.count : ROWS_MAX;
    struct troupe__bar *bars = troupe__grab((shown + 1) * sizeof *bars);
    for (size_t i = 0; i < shown; i++)
        bars[i] = bar_of(&rows.items[i]);
    if (shown < rows.count)
        snprintf(cut, sizeof cut, "; the first %zu of %zu rows are drawn",
                 shown, rows.count);
    (void) snprintf(foot, sizeof foot, "%zu of %zu tasks ran; %s%s", rows.tasks,
                    report->count, troupe__time_text(report->wall_ns, text),
                    cut);
    troupe__timeline_draw(bars, shown, report->wall_ns, foot, out);
    free(bars);
    rows_free(&rows);
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
troupe__graph_chrome(const struct troupe__graph_file *file,
                     const troupe_graph_report_t *report, const char *path)
{
    FILE *out = open_file(path);
    if (!out)
        return -1;
    struct rows rows = rows_of(file, report, true);
    size_t lanes = (size_t) report->parallel_most + 1;
    uint64_t *ends = troupe__grab(lanes * sizeof *ends);
    json_t *events = json_array();
    for (size_t i = 0; i < rows.count; i++) {
        const troupe_graph_ended_t *it = &rows.items[i];
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
    rows_free(&rows);
    return close_file(out, path);
}
