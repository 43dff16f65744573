/* SPDX-License-Identifier: Apache-2.0 */
/* graph_bands.c: a graph of very many tasks, drawn by how deep they are. */
#include <stdlib.h>

#include "tools/graph_out.h"
#include "tools/graphviz.h"

#define BANDS 16

struct bands {
    const struct troupe__graph_file *file;
    const troupe_graph_report_t *report; /* or NULL */
    size_t count, depth, bands;
    uint32_t *levels; /* by task: needs above it, on the longest way */
    size_t tasks[BANDS], states[BANDS][TROUPE_GRAPH_NOT_NEEDED + 1];
    size_t arrows[BANDS][BANDS];
};

/* In the order of Kahn 1962: a task when all its needs have been seen. */
static void
find_levels(struct bands *self, const struct troupe__graph_links *links)
{
    const troupe_graph_t *graph = self->file->graph;
    uint32_t *open = troupe__grab(self->count * sizeof *open);
    uint32_t *queue = troupe__grab(self->count * sizeof *queue);
    size_t queued = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        open[i] = (uint32_t) troupe_graph_task(graph, i)->need_count;
        if (open[i] == 0)
            queue[queued++] = i;
    }
    for (size_t done = 0; done < queued; done++) {
        uint32_t at = queue[done], below = self->levels[at] + 1;
        if (below > self->depth)
            self->depth = below;
        for (uint32_t e = links->at[at]; e < links->at[at + 1]; e++) {
            uint32_t to = links->items[e];
            if (self->levels[to] < below)
                self->levels[to] = below;
            if (--open[to] == 0)
                queue[queued++] = to;
        }
    }
    free(open);
    free(queue);
}

static size_t
band_of(const struct bands *self, uint32_t task)
{
    return self->levels[task] * self->bands / self->depth;
}

static void
count(struct bands *self, const struct troupe__graph_links *links)
{
    self->bands = self->depth < BANDS ? self->depth : BANDS;
    for (uint32_t i = 0; i < self->count; i++) {
        size_t band = band_of(self, i);
        self->tasks[band]++;
        if (self->report)
            self->states[band][self->report->tasks[i].state]++;
        for (uint32_t e = links->at[i]; e < links->at[i + 1]; e++)
            self->arrows[band][band_of(self, links->items[e])]++;
    }
}

static void
put_band(const struct bands *self, size_t band, FILE *out)
{
    const size_t *states = self->states[band];
    size_t good = states[TROUPE_GRAPH_OK] + states[TROUPE_GRAPH_NOT_NEEDED];
    const char *colour = !self->report               ? "white"
                         : good == self->tasks[band] ? "palegreen"
                         : good == 0                 ? "salmon"
                                                     : "khaki";
    fprintf(out, "  b%zu [fillcolor=%s, label=\"%zu tasks", band, colour,
            self->tasks[band]);
    for (int i = TROUPE_GRAPH_OK; i <= TROUPE_GRAPH_NOT_NEEDED; i++) {
        if (states[i] > 0)
            fprintf(out, "\n%zu %s", states[i],
                    troupe_graph_state_name((troupe_graph_state_t) i));
    }
    fputs("\"];\n", out);
}

void
troupe__graph_bands(const struct troupe__graph_file *file,
                    const troupe_graph_report_t *report, FILE *out)
{
    struct bands *self = troupe__grab(sizeof *self);
    struct troupe__graph_links links = troupe__graph_links_of(file->graph);
    self->file = file;
    self->report = report;
    self->count = troupe_graph_count(file->graph);
    self->levels = troupe__grab(self->count * sizeof *self->levels);
    find_levels(self, &links);
    count(self, &links);
    fputs("digraph ", out);
    troupe__graphviz_text(file->name, out);
    fprintf(out,
            " {\n  rankdir=LR;\n  labelloc=t;\n  label=\"%zu tasks, %zu deep, "
            "are drawn together by how deep they are\";\n  node "
            "[fontname=\"sans-serif\", shape=box, style=filled];\n",
            self->count, self->depth);
    for (size_t i = 0; i < self->bands; i++)
        put_band(self, i, out);
    for (size_t i = 0; i < self->bands; i++) {
        for (size_t j = i + 1; j < self->bands; j++) {
            if (self->arrows[i][j] > 0)
                fprintf(out, "  b%zu -> b%zu [label=\"%zu\"];\n", i, j,
                        self->arrows[i][j]);
        }
    }
    fputs("}\n", out);
    troupe__graph_links_free(&links);
    free(self->levels);
    free(self);
}
