/* SPDX-License-Identifier: Apache-2.0 */
/* graph_tell.c: plans and reports of graphs, for people and for programs. */
#include <stdlib.h>
#include <string.h>

#include "tools/graph_out.h"
#include "tools/json_value.h"
#include "tools/table.h"

#define ROWS_MAX  60  /* tasks of a report without --all */
#define STEPS_MAX 200 /* tasks of a plan */
#define NAMES_MAX 12  /* tasks of a path */

static const char *
id_of(const struct troupe__graph_file *file, size_t index)
{
    return troupe_graph_task(file->graph, index)->id;
}

/* "a -> b -> c", cut in the middle when it is long. */
static void
write_path(const struct troupe__graph_file *file, const uint32_t *path,
           size_t count, FILE *out)
{
    for (size_t i = 0; i < count; i++) {
        if (count > NAMES_MAX && i == NAMES_MAX / 2) {
            fprintf(out, " -> %zu more", count - NAMES_MAX);
            i += count - NAMES_MAX;
        }
        fprintf(out, "%s%s", i > 0 ? " -> " : "", id_of(file, path[i]));
    }
}

static json_t *
path_json(const struct troupe__graph_file *file, const uint32_t *path,
          size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(id_of(file, path[i])));
    return list;
}

static const char *
ms_text(uint64_t ms, char text[32])
{
    return troupe__time_text(ms * 1000000, text);
}

/* --- plans ------------------------------------------------------------------*/

static bool
is_on_path(const troupe_graph_plan_t *plan, uint32_t task)
{
    for (size_t i = 0; i < plan->path_count; i++)
        if (plan->path[i] == task)
            return true;
    return false;
}

/* Whether a task is done for each of a list, or repeated. */
static bool
has_parts(const struct troupe__graph_file *file)
{
    for (size_t i = 0; i < troupe_graph_count(file->graph); i++) {
        const troupe_graph_task_t *task = troupe_graph_task(file->graph, i);
        if (task->each || task->until)
            return true;
    }
    return false;
}

void
troupe__graph_plan_print(const struct troupe__graph_file *file,
                         const troupe_graph_plan_t *plan, FILE *out)
{
    struct troupe__table table = {0};
    char one[32], two[32], three[32], often[160];
    troupe__table_add(&table, "task");
    troupe__table_add(&table, ">starts at");
    troupe__table_add(&table, ">to the end");
    troupe__table_add(&table, "critical");
    bool has_often = has_parts(file);
    if (has_often)
        troupe__table_add(&table, "times");
    table.columns = has_often ? 5 : 4;
    for (size_t i = 0; i < plan->count && i < STEPS_MAX; i++) {
        uint32_t task = plan->order[i];
        troupe__table_add(&table, id_of(file, task));
        troupe__table_add(&table, ms_text(plan->start_ms[task], one));
        troupe__table_add(&table, ms_text(plan->rank_ms[task], two));
        troupe__table_add(&table, is_on_path(plan, task) ? "yes" : NULL);
        troupe__graph_often_text(troupe_graph_task(file->graph, task), often);
        if (has_often)
            troupe__table_add(&table, *often ? often : NULL);
    }
    troupe__table_print(&table, 0, out);
    troupe__table_free(&table);
    if (plan->count > STEPS_MAX)
        fprintf(out, "and %zu more\n", plan->count - STEPS_MAX);
    fprintf(out, "\nwork %s, critical path %s, with %u at once %s",
            ms_text(plan->work_ms, one), ms_text(plan->span_ms, two),
            plan->parallel, ms_text(plan->wall_ms, three));
    if (plan->wall_ms > 0)
        fprintf(out, ": %.2f times as fast as one after the other",
                (double) plan->work_ms / (double) plan->wall_ms);
    fputs("\ncritical path: ", out);
    write_path(file, plan->path, plan->path_count, out);
    fputc('\n', out);
    if (plan->is_guess) {
        fputs("A task that does not say what it 'takes' counts as 1 s: these "
              "are guesses.\n",
              out);
    }
}

json_t *
troupe__graph_plan_json(const struct troupe__graph_file *file,
                        const troupe_graph_plan_t *plan)
{
    json_t *tasks = json_array();
    for (size_t i = 0; i < plan->count; i++) {
        uint32_t task = plan->order[i];
        char often[160];
        json_t *it = json_pack("{s:s, s:I, s:I}", "id", id_of(file, task),
                               "start_ms", (json_int_t) plan->start_ms[task],
                               "rank_ms", (json_int_t) plan->rank_ms[task]);
        troupe__graph_often_text(troupe_graph_task(file->graph, task), often);
        if (*often)
            json_object_set_new(it, "times", json_string(often));
        json_array_append_new(tasks, it);
    }
    return json_pack(
        "{s:s, s:i, s:b, s:I, s:I, s:I, s:o, s:o}", "graph", file->name,
        "parallel", (int) plan->parallel, "guess", (int) plan->is_guess,
        "work_ms", (json_int_t) plan->work_ms, "span_ms",
        (json_int_t) plan->span_ms, "wall_ms", (json_int_t) plan->wall_ms,
        "critical_path", path_json(file, plan->path, plan->path_count), "tasks",
        tasks);
}

/* --- reports ----------------------------------------------------------------*/

static void
add_row(struct troupe__table *table, const troupe_graph_ended_t *task)
{
    char text[32];
    troupe__table_add(table, task->id);
    troupe__table_add(table, task->recovered ? "recovered"
                             : task->resumed
                                 ? "ok, before"
                                 : troupe_graph_state_name(task->state));
    troupe__table_number(table, task->attempts);
    if (task->attempts == 0) {
        troupe__table_add(table, NULL);
        troupe__table_add(table, NULL);
        troupe__table_add(table, NULL);
    } else {
        uint64_t waited = task->started_ns > task->ready_ns
                              ? task->started_ns - task->ready_ns
                              : 0;
        troupe__table_add(table, troupe__time_text(task->started_ns, text));
        troupe__table_add(table, troupe__time_text(waited, text));
        troupe__table_add(table, troupe__time_text(task->spent_ns, text));
    }
    troupe__table_add(table, task->why);
}

/* Its items or rounds: those that did not go well, or all. */
static void
add_parts(struct troupe__table *table, const struct troupe__graph_file *file,
          const troupe_graph_report_t *report, size_t index, bool all)
{
    const troupe_graph_ended_t *task = &report->tasks[index];
    for (size_t i = 0; i < task->part_count; i++) {
        const troupe_graph_part_t *part = &task->parts[i];
        if (!all && part->state == TROUPE_GRAPH_OK)
            continue;
        char *id = troupe__graph_part_id(file, index, i);
        troupe_graph_ended_t row = {.id = id,
                                    .state = part->state,
                                    .attempts = part->attempts,
                                    .ready_ns = part->started_ns,
                                    .started_ns = part->started_ns,
                                    .spent_ns = part->spent_ns,
                                    .resumed = part->resumed,
                                    .why = part->why};
        add_row(table, &row);
        free(id);
    }
}

static bool
is_told(const troupe_graph_report_t *report, const troupe_graph_ended_t *task,
        bool all)
{
    return all || report->count <= ROWS_MAX || *task->why
           || (task->state != TROUPE_GRAPH_OK
               && task->state != TROUPE_GRAPH_NOT_NEEDED);
}

static void
write_measures(const struct troupe__graph_file *file,
               const troupe_graph_report_t *report, FILE *out)
{
    char one[32], two[32], three[32];
    fprintf(out, "\ntook %s", troupe__time_text(report->wall_ns, one));
    if (report->work_ns == 0) {
        fputs("; nothing took any time\n", out);
        return;
    }
    fprintf(out,
            "; work %s, critical path %s; %.2f times as fast as one after the "
            "other, %u at once of %u allowed: efficiency %.0f %%\n"
            "critical path: ",
            troupe__time_text(report->work_ns, two),
            troupe__time_text(report->span_ns, three), report->speedup,
            report->parallel_most, report->parallel, report->efficiency * 100);
    write_path(file, report->path, report->path_count, out);
    fputc('\n', out);
}

void
troupe__graph_report_print(const struct troupe__graph_file *file,
                           const troupe_graph_report_t *report, bool all,
                           FILE *out)
{
    static const char *const heads[] = {"task",    "state", ">tries", ">start",
                                        ">waited", ">took", "why"};
    struct troupe__table table = {0};
    size_t told = 0;
    troupe__graph_head_print(file, report, out);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        troupe__table_add(&table, heads[i]);
    table.columns = sizeof heads / sizeof *heads;
    for (size_t i = 0; i < report->count; i++) {
        if (!is_told(report, &report->tasks[i], all))
            continue;
        add_row(&table, &report->tasks[i]);
        add_parts(&table, file, report, i, all);
        told++;
    }
    if (told > 0)
        troupe__table_print(&table, 0, out);
    troupe__table_free(&table);
    if (told < report->count)
        fprintf(out, "%zu more went well (--all names them)\n",
                report->count - told);
    write_measures(file, report, out);
}

static json_t *
parts_json(const troupe_graph_ended_t *task)
{
    json_t *parts = json_array();
    for (size_t i = 0; i < task->part_count; i++) {
        const troupe_graph_part_t *part = &task->parts[i];
        json_t *why = json_string(part->why);
        json_array_append_new(
            parts,
            json_pack("{s:s, s:i, s:b, s:f, s:f, s:f, s:o}", "state",
                      troupe_graph_state_name(part->state), "attempts",
                      (int) part->attempts, "resumed", (int) part->resumed,
                      "start_ms", (double) part->started_ns / 1e6, "end_ms",
                      (double) part->ended_ns / 1e6, "spent_ms",
                      (double) part->spent_ns / 1e6, "why",
                      why ? why : json_string("(not UTF-8)")));
    }
    return parts;
}

static json_t *
task_json(const troupe_graph_task_t *of, const troupe_graph_ended_t *task)
{
    json_t *result = task->result
                         ? troupe__json_of_body(task->result, task->result_size)
                         : NULL;
    json_t *it = json_pack(
        "{s:s, s:s, s:i, s:b, s:b, s:f, s:f, s:f, s:f}", "id", task->id,
        "state", troupe_graph_state_name(task->state), "attempts",
        (int) task->attempts, "resumed", (int) task->resumed, "recovered",
        (int) task->recovered, "ready_ms", (double) task->ready_ns / 1e6,
        "start_ms", (double) task->started_ns / 1e6, "end_ms",
        (double) task->ended_ns / 1e6, "spent_ms",
        (double) task->spent_ns / 1e6);
    json_t *why = json_string(task->why);
    /* What a program said need not be text. */
    json_object_set_new(it, "why", why ? why : json_string("(not UTF-8)"));
    json_object_set_new(it, "result", result ? result : json_null());
    if (of->each || of->until)
        json_object_set_new(it, of->each ? "items" : "rounds",
                            parts_json(task));
    return it;
}

json_t *
troupe__graph_report_json(const struct troupe__graph_file *file,
                          const troupe_graph_report_t *report)
{
    json_t *tasks = json_array();
    for (size_t i = 0; i < report->count; i++) {
        json_array_append_new(
            tasks,
            task_json(troupe_graph_task(file->graph, i), &report->tasks[i]));
    }
    json_t *it = json_pack(
        "{s:s, s:s, s:s, s:o}", "graph", file->name, "outcome",
        troupe_graph_outcome_name(report->outcome), "why", report->why,
        "degraded", troupe__graph_degraded_json(file, report));
    json_t *totals = troupe__graph_totals_json(file, report);
    json_object_update(it, totals);
    json_decref(totals);
    json_t *rest = json_pack(
        "{s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:o, s:o}", "parallel",
        (int) report->parallel, "parallel_most", (int) report->parallel_most,
        "wall_ms", (double) report->wall_ns / 1e6, "work_ms",
        (double) report->work_ns / 1e6, "span_ms",
        (double) report->span_ns / 1e6, "speedup", report->speedup,
        "efficiency", report->efficiency, "critical_path",
        path_json(file, report->path, report->path_count), "tasks", tasks);
    json_object_update(it, rest);
    json_decref(rest);
    return it;
}
