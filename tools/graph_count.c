/* SPDX-License-Identifier: Apache-2.0 */
/* graph_count.c: how many tasks and items ended how, and what is missing. */
#include <stdlib.h>

#include "tools/findings.h"
#include "tools/graph_out.h"

static bool
is_lacking(const troupe_graph_ended_t *task)
{
    return task->state == TROUPE_GRAPH_OK && *task->why;
}

struct troupe__graph_counts
troupe__graph_count(const struct troupe__graph_file *file,
                    const troupe_graph_report_t *report)
{
    struct troupe__graph_counts counts = {.recovered = 0};
    for (size_t i = 0; i < report->count; i++) {
        const troupe_graph_ended_t *task = &report->tasks[i];
        counts.states[task->state] += !task->recovered;
        counts.recovered += task->recovered;
        counts.resumed += task->resumed;
        counts.lacking += is_lacking(task);
        if (!troupe_graph_task(file->graph, i)->each)
            continue;
        counts.item_count += task->part_count;
        for (size_t j = 0; j < task->part_count; j++)
            counts.items[task->parts[j].state]++;
    }
    return counts;
}

/* ", 1 failed, 2 skipped", the first after `before`. */
static void
write_states(const size_t states[TROUPE_GRAPH_NOT_NEEDED + 1],
             const char *before, FILE *out)
{
    for (int state = TROUPE_GRAPH_FAILED; state <= TROUPE_GRAPH_NOT_NEEDED;
         state++) {
        if (states[state] == 0)
            continue;
        fprintf(out, "%s%zu %s", before, states[state],
                troupe_graph_state_name((troupe_graph_state_t) state));
        before = ", ";
    }
}

/* "; 1 of 5 items failed, 2 cancelled" */
static void
write_items(const struct troupe__graph_counts *counts, FILE *out)
{
    const char *before = "; ";
    for (int state = TROUPE_GRAPH_FAILED; state <= TROUPE_GRAPH_NOT_NEEDED;
         state++) {
        if (counts->items[state] == 0)
            continue;
        fprintf(out, "%s%zu ", before, counts->items[state]);
        if (*before == ';')
            fprintf(out, "of %zu items ", counts->item_count);
        fputs(troupe_graph_state_name((troupe_graph_state_t) state), out);
        before = ", ";
    }
}

void
troupe__graph_head_print(const struct troupe__graph_file *file,
                         const troupe_graph_report_t *report, FILE *out)
{
    struct troupe__graph_counts counts = troupe__graph_count(file, report);
    fprintf(out, "%s: %s", file->name,
            troupe_graph_outcome_name(report->outcome));
    if (*report->why)
        fprintf(out, " (%s)", report->why);
    fprintf(out, ": %zu of %zu tasks went well", counts.states[TROUPE_GRAPH_OK],
            report->count);
    if (counts.lacking > 0)
        fprintf(out, ", %zu of them not in full", counts.lacking);
    if (counts.recovered > 0)
        fprintf(out, ", %zu recovered", counts.recovered);
    write_states(counts.states, ", ", out);
    write_items(&counts, out);
    if (counts.resumed > 0)
        fprintf(out, "; %zu were done before", counts.resumed);
    fputs("\n\n", out);
}

/* --- JSON -------------------------------------------------------------------*/

static void
add_states(json_t *totals, const size_t states[TROUPE_GRAPH_NOT_NEEDED + 1])
{
    for (int state = TROUPE_GRAPH_OK; state <= TROUPE_GRAPH_NOT_NEEDED;
         state++) {
        json_object_set_new(
            totals, troupe_graph_state_name((troupe_graph_state_t) state),
            json_integer((json_int_t) states[state]));
    }
}

json_t *
troupe__graph_totals_json(const struct troupe__graph_file *file,
                          const troupe_graph_report_t *report)
{
    struct troupe__graph_counts counts = troupe__graph_count(file, report);
    json_t *tasks = json_object(), *items = json_object();
    add_states(tasks, counts.states);
    json_object_set_new(tasks, "recovered",
                        json_integer((json_int_t) counts.recovered));
    add_states(items, counts.items);
    return json_pack("{s:o, s:o}", "totals", tasks, "item_totals", items);
}

/* "a: failed, 'b' took its place: exit code 1"; to be freed. */
static char *
lack_of(const troupe_graph_task_t *of, const troupe_graph_ended_t *task)
{
    const char *state = troupe_graph_state_name(task->state);
    const char *before = *task->why ? ": " : "";
    if (task->state == TROUPE_GRAPH_OK)
        return troupe__format("%s: %s", task->id, task->why);
    if (task->recovered)
        return troupe__format("%s: %s, '%s' took its place%s%s", task->id,
                              state, of->fallback, before, task->why);
    return troupe__format("%s: %s%s%s", task->id, state, before, task->why);
}

json_t *
troupe__graph_degraded_json(const struct troupe__graph_file *file,
                            const troupe_graph_report_t *report)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report->count; i++) {
        const troupe_graph_ended_t *task = &report->tasks[i];
        if (task->state == TROUPE_GRAPH_NOT_NEEDED
            || (task->state == TROUPE_GRAPH_OK && !is_lacking(task)))
            continue;
        char *text = lack_of(troupe_graph_task(file->graph, i), task);
        json_t *item = json_string(text);
        json_array_append_new(
            list, item ? item : json_sprintf("%s: (not UTF-8)", task->id));
        free(text);
    }
    return list;
}
