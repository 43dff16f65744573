/* SPDX-License-Identifier: Apache-2.0 */
/* graph_draw.c: a graph as a text tree, for Graphviz, and as JSON. */
#include "tools/graph_out.h"

#include <stdlib.h>
#include <string.h>

#include "tools/graphviz.h"

#define DEPTH_MAX 48 /* of a text tree; deeper ones are wider than they help */

static const char *const rules[] = {"all_success", "all_done", "one_success",
                                    "none_failed", "quorum"};

/* --- links ------------------------------------------------------------------*/

struct named {
    const char *id;
    uint32_t index;
};

static int
by_id(const void *one, const void *other)
{
    return strcmp(((const struct named *) one)->id,
                  ((const struct named *) other)->id);
}

static uint32_t
index_of(const struct named *names, size_t count, const char *id)
{
    struct named key = {.id = id};
    const struct named *found =
        bsearch(&key, names, count, sizeof *names, by_id);
    return found ? found->index : UINT32_MAX;
}

struct troupe__graph_links
troupe__graph_links_of(const troupe_graph_t *graph)
{
    size_t count = troupe_graph_count(graph), total = 0;
    struct named *names = troupe__grab((count + 1) * sizeof *names);
    struct troupe__graph_links self = {
        .at = troupe__grab((count + 2) * sizeof *self.at)};
    for (size_t i = 0; i < count; i++) {
        const troupe_graph_task_t *task = troupe_graph_task(graph, i);
        names[i] = (struct named){task->id, (uint32_t) i};
        total += task->need_count;
    }
    qsort(names, count, sizeof *names, by_id);
    self.items = troupe__grab((total + 1) * sizeof *self.items);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t k = count; k-- > 0;) {
            const troupe_graph_task_t *task = troupe_graph_task(graph, k);
            for (size_t i = 0; i < task->need_count; i++) {
                uint32_t need = index_of(names, count, task->needs[i]);
                if (pass == 0)
                    self.at[need + 1]++;
                else
                    self.items[--self.at[need + 1]] = (uint32_t) k;
            }
        }
        for (size_t i = 1; pass == 0 && i <= count; i++)
            self.at[i] += self.at[i - 1];
    }
    memmove(self.at, self.at + 1, count * sizeof *self.at);
    self.at[count] = (uint32_t) total;
    free(names);
    return self;
}

void
troupe__graph_links_free(struct troupe__graph_links *self)
{
    free(self->at);
    free(self->items);
    *self = (struct troupe__graph_links){0};
}

/* --- a text tree ------------------------------------------------------------*/

const char *
troupe__graph_does(const troupe_graph_task_t *task, char text[128])
{
    static const char *const works[] = {"noop", "value", "ask", "cmd", "graph"};
    if (task->work == TROUPE_GRAPH_ASK)
        snprintf(text, 128, "ask %.60s %.31s", task->actor, task->type);
    else
        snprintf(text, 128, "%s", works[task->work]);
    return text;
}

const char *
troupe__graph_often_text(const troupe_graph_task_t *task, char text[160])
{
    char at_once[32] = "", quorum[32] = "";
    size_t size = 0;
    text[0] = '\0';
    if (task->each_parallel > 0)
        snprintf(at_once, sizeof at_once, ", %u at once", task->each_parallel);
    if (task->each_quorum > 0)
        snprintf(quorum, sizeof quorum, ", quorum %u", task->each_quorum);
    if (task->each)
        size = (size_t) snprintf(text, 160, "each of %.60s%s%s", task->each,
                                 at_once, quorum);
    if (task->until && size < 160)
        snprintf(text + size, 160 - size, "%suntil %.60s, at most %u rounds",
                 task->each ? "; " : "", task->until, task->rounds_max);
    return text;
}

char *
troupe__graph_part_id(const struct troupe__graph_file *file, size_t index,
                      size_t part)
{
    const troupe_graph_task_t *task = troupe_graph_task(file->graph, index);
    return task->each ? troupe__format("%s[%zu]", task->id, part)
                      : troupe__format("%s@%zu", task->id, part + 1);
}

/* Each task is drawn once: below the need that it waits for longest. */
struct tree {
    const struct troupe__graph_file *file;
    struct troupe__graph_links links;
    uint32_t *level; /* needs above it, on the longest way */
    uint32_t *above; /* below which it is drawn */
    FILE *out;
};

/* In the order of Kahn 1962: a task when all its needs have been seen. */
static void
find_places(struct tree *self)
{
    size_t count = troupe_graph_count(self->file->graph), done = 0;
    uint32_t *open = troupe__grab(count * sizeof *open);
    uint32_t *queue = troupe__grab(count * sizeof *queue);
    size_t queued = 0;
    for (uint32_t i = 0; i < count; i++) {
        open[i] =
            (uint32_t) troupe_graph_task(self->file->graph, i)->need_count;
        if (open[i] == 0)
            queue[queued++] = i;
    }
    while (done < queued) {
        uint32_t at = queue[done++];
        for (uint32_t e = self->links.at[at]; e < self->links.at[at + 1]; e++) {
            uint32_t to = self->links.items[e];
            if (self->level[to] <= self->level[at]) {
                self->level[to] = self->level[at] + 1;
                self->above[to] = at;
            }
            if (--open[to] == 0)
                queue[queued++] = to;
        }
    }
    free(open);
    free(queue);
}

/* What is special about a task, and whom else it needs. */
static void
describe(const struct tree *self, const troupe_graph_task_t *task,
         const char *above)
{
    char text[128], often[160];
    fprintf(self->out, "  (%s", troupe__graph_does(task, text));
    if (*troupe__graph_often_text(task, often))
        fprintf(self->out, "; %s", often);
    if (task->rule == TROUPE_GRAPH_QUORUM)
        fprintf(self->out, "; %u of %zu needs", task->quorum, task->need_count);
    else if (task->rule != TROUPE_GRAPH_ALL_SUCCESS)
        fprintf(self->out, "; %s", rules[task->rule]);
    if (task->when)
        fprintf(self->out, "; when %s", task->when);
    if (task->optional)
        fputs("; optional", self->out);
    if (task->retries > 0)
        fprintf(self->out, "; %u tries", task->retries + 1);
    if (task->fallback)
        fprintf(self->out, "; or else %s", task->fallback);
    if (task->on_error)
        fprintf(self->out, "; on error %s", task->on_error);
    const char *between = "; also needs ";
    for (size_t i = 0; above && i < task->need_count; i++) {
        if (strcmp(task->needs[i], above) == 0)
            continue;
        fprintf(self->out, "%s%s", between, task->needs[i]);
        between = ", ";
    }
    fputs(")\n", self->out);
}

static void
draw_below(const struct tree *self, uint32_t index, const char *prefix,
           unsigned depth)
{
    const troupe_graph_t *graph = self->file->graph;
    const char *above = troupe_graph_task(graph, index)->id;
    uint32_t last = UINT32_MAX;
    for (uint32_t e = self->links.at[index]; e < self->links.at[index + 1]; e++)
        if (self->above[self->links.items[e]] == index)
            last = e;
    for (uint32_t e = self->links.at[index]; last != UINT32_MAX && e <= last;
         e++) {
        uint32_t at = self->links.items[e];
        const troupe_graph_task_t *task = troupe_graph_task(graph, at);
        if (self->above[at] != index)
            continue;
        fprintf(self->out, "%s%s%s", prefix, e == last ? "└── " : "├── ",
                task->id);
        describe(self, task, above);
        if (depth == DEPTH_MAX) {
            fprintf(self->out,
                    "%s    (what comes here is too deep to draw: "
                    "use --dot)\n",
                    prefix);
            continue;
        }
        char *longer =
            troupe__format("%s%s", prefix, e == last ? "    " : "│   ");
        draw_below(self, at, longer, depth + 1);
        free(longer);
    }
}

void
troupe__graph_tree(const struct troupe__graph_file *file, FILE *out)
{
    size_t count = troupe_graph_count(file->graph);
    struct tree tree = {.file = file,
                        .links = troupe__graph_links_of(file->graph),
                        .level = troupe__grab(count * sizeof(uint32_t)),
                        .above = troupe__grab(count * sizeof(uint32_t)),
                        .out = out};
    find_places(&tree);
    fprintf(out, "%s  (%zu task%s)\n", file->name, count,
            count == 1 ? "" : "s");
    for (uint32_t i = 0; i < count; i++) {
        const troupe_graph_task_t *task = troupe_graph_task(file->graph, i);
        if (task->need_count > 0)
            continue;
        fputs(task->id, out);
        describe(&tree, task, NULL);
        draw_below(&tree, i, "", 0);
    }
    troupe__graph_links_free(&tree.links);
    free(tree.level);
    free(tree.above);
}

/* --- DOT --------------------------------------------------------------------*/

static void
write_edge(const char *from, const char *to, const char *style, FILE *out)
{
    fputs("  ", out);
    troupe__graphviz_text(from, out);
    fputs(" -> ", out);
    troupe__graphviz_text(to, out);
    fprintf(out, "%s;\n", style);
}

static const char *
colour_of(troupe_graph_state_t state)
{
    static const char *const colours[] = {
        [0] = "white",
        [TROUPE_GRAPH_OK] = "palegreen",
        [TROUPE_GRAPH_FAILED] = "salmon",
        [TROUPE_GRAPH_TIMEOUT] = "orange",
        [TROUPE_GRAPH_LOST] = "salmon",
        [TROUPE_GRAPH_CANCELLED] = "khaki",
        [TROUPE_GRAPH_SKIPPED] = "lightgray",
        [TROUPE_GRAPH_NOT_NEEDED] = "white",
    };
    return colours[state];
}

static void
write_node(const troupe_graph_task_t *task, const troupe_graph_ended_t *ended,
           FILE *out)
{
    char text[128], often[160], time[64] = "", parts[48] = "";
    if (ended && ended->attempts > 0)
        snprintf(time, sizeof time, "\n%.0f ms",
                 (double) ended->spent_ns / 1e6);
    if (ended && ended->part_count > 0)
        snprintf(parts, sizeof parts, "\n%zu %s", ended->part_count,
                 task->each ? "items" : "rounds");
    troupe__graph_often_text(task, often);
    char *label = ended ? troupe__format("%s\n%s%s%s", task->id,
                                         troupe_graph_state_name(ended->state),
                                         parts, time)
                        : troupe__format("%s\n%s%s%s", task->id,
                                         troupe__graph_does(task, text),
                                         *often ? "\n" : "", often);
    fputs("  ", out);
    troupe__graphviz_text(task->id, out);
    fputs(" [label=", out);
    troupe__graphviz_text(label, out);
    fprintf(out, ", fillcolor=%s%s];\n",
            ended ? colour_of(ended->state) : "white",
            task->optional ? ", style=\"filled,dashed\"" : "");
    free(label);
}

void
troupe__graph_dot(const struct troupe__graph_file *file,
                  const troupe_graph_report_t *report, FILE *out)
{
    size_t count = troupe_graph_count(file->graph);
    fputs("digraph ", out);
    troupe__graphviz_text(file->name, out);
    fputs(" {\n  rankdir=LR;\n  node [fontname=\"sans-serif\", shape=box, "
          "style=filled];\n",
          out);
    for (size_t i = 0; i < count; i++)
        write_node(troupe_graph_task(file->graph, i),
                   report ? &report->tasks[i] : NULL, out);
    for (size_t i = 0; i < count; i++) {
        const troupe_graph_task_t *task = troupe_graph_task(file->graph, i);
        for (size_t j = 0; j < task->need_count; j++)
            write_edge(task->needs[j], task->id, "", out);
        if (task->fallback)
            write_edge(task->id, task->fallback,
                       " [style=dashed, label=\"or else\"]", out);
        if (task->on_error)
            write_edge(task->id, task->on_error,
                       " [style=dotted, label=\"on error\"]", out);
    }
    fputs("}\n", out);
}

/* --- JSON -------------------------------------------------------------------*/

static json_t *
texts_json(const char *const *texts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(texts[i]));
    return list;
}

json_t *
troupe__graph_json(const struct troupe__graph_file *file)
{
    json_t *tasks = json_array();
    for (size_t i = 0; i < troupe_graph_count(file->graph); i++) {
        const troupe_graph_task_t *task = troupe_graph_task(file->graph, i);
        char text[128];
        json_t *it = json_pack(
            "{s:s, s:s, s:o, s:s, s:b, s:i, s:s?, s:s?, s:s?, s:o}", "id",
            task->id, "does", troupe__graph_does(task, text), "needs",
            texts_json(task->needs, task->need_count), "rule",
            rules[task->rule], "optional", (int) task->optional, "line",
            (int) task->line, "fallback", task->fallback, "on_error",
            task->on_error, "when", task->when, "writes",
            texts_json(task->writes, task->write_count));
        if (task->each) {
            json_object_set_new(it, "each",
                                json_pack("{s:s, s:i, s:i}", "in", task->each,
                                          "parallel", (int) task->each_parallel,
                                          "quorum", (int) task->each_quorum));
        }
        if (task->until) {
            json_object_set_new(it, "repeat",
                                json_pack("{s:s, s:i, s:s}", "until",
                                          task->until, "most",
                                          (int) task->rounds_max, "else",
                                          task->rounds_enough ? "ok" : "fail"));
        }
        json_array_append_new(tasks, it);
    }
    return json_pack("{s:s, s:o}", "graph", file->name, "tasks", tasks);
}
