/* SPDX-License-Identifier: Apache-2.0 */
/* graph_out.h: what `troupe graph` prints and draws. */
#ifndef TROUPE_TOOLS_GRAPH_OUT_H
#define TROUPE_TOOLS_GRAPH_OUT_H

#include <jansson.h>
#include <stdio.h>

#include "tools/graph_file.h"

/* Who needs whom, by index; for each task items[at[i]] to items[at[i + 1]]. */
struct troupe__graph_links {
    uint32_t *at;
    uint32_t *items;
};

/* troupe__graph_links_of: of a graph that was checked. */
struct troupe__graph_links troupe__graph_links_of(const troupe_graph_t *graph);
void troupe__graph_links_free(struct troupe__graph_links *self);

/* troupe__graph_does: "cmd", "ask clerk count", "value", "noop". */
const char *troupe__graph_does(const troupe_graph_task_t *task, char text[128]);

/* troupe__graph_often_text: "each of ${files}, 2 at once", "until ${last} > 3, at
 * most 5 rounds", or "". */
const char *troupe__graph_often_text(const troupe_graph_task_t *task,
                                     char text[160]);

/* troupe__graph_part_id: "id[0]" of an item, "id@1" of a round; to be freed. */
char *troupe__graph_part_id(const struct troupe__graph_file *file, size_t index,
                            size_t part);

/* troupe__graph_tree: as a text tree. */
void troupe__graph_tree(const struct troupe__graph_file *file, FILE *out);

/* troupe__graph_dot: for Graphviz; `report` NULL: before a run. */
void troupe__graph_dot(const struct troupe__graph_file *file,
                       const troupe_graph_report_t *report, FILE *out);

/* troupe__graph_json: tasks and needs as JSON, to be given back. */
json_t *troupe__graph_json(const struct troupe__graph_file *file);

/* troupe__graph_plan_print: what a run will be like, for people. */
void troupe__graph_plan_print(const struct troupe__graph_file *file,
                              const troupe_graph_plan_t *plan, FILE *out);
json_t *troupe__graph_plan_json(const struct troupe__graph_file *file,
                                const troupe_graph_plan_t *plan);

/* How many tasks ended how, and items of lists. */
struct troupe__graph_counts {
    size_t states[TROUPE_GRAPH_NOT_NEEDED + 1]; /* but for those recovered */
    size_t recovered;
    size_t lacking; /* of those that are ok, with something missing */
    size_t resumed;
    size_t items[TROUPE_GRAPH_NOT_NEEDED + 1];
    size_t item_count;
};

struct troupe__graph_counts
troupe__graph_count(const struct troupe__graph_file *file,
                    const troupe_graph_report_t *report);

/* troupe__graph_head_print: the first line: how it went, and what is missing. */
void troupe__graph_head_print(const struct troupe__graph_file *file,
                              const troupe_graph_report_t *report, FILE *out);

/* troupe__graph_totals_json: {totals, item_totals}, by states. */
json_t *troupe__graph_totals_json(const struct troupe__graph_file *file,
                                  const troupe_graph_report_t *report);

/* troupe__graph_degraded_json: what did not go well in full, a text each. */
json_t *troupe__graph_degraded_json(const struct troupe__graph_file *file,
                                    const troupe_graph_report_t *report);

/* troupe__graph_report_print: what came of a run, for people; with `all` each
 * task in any case. */
void troupe__graph_report_print(const struct troupe__graph_file *file,
                                const troupe_graph_report_t *report, bool all,
                                FILE *out);
json_t *troupe__graph_report_json(const struct troupe__graph_file *file,
                                  const troupe_graph_report_t *report);

/* troupe__graph_bands: a graph for Graphviz, its tasks drawn together. */
void troupe__graph_bands(const struct troupe__graph_file *file,
                         const troupe_graph_report_t *report, FILE *out);

/*
 * Files. Each returns 0, or -1 after having said why on standard error.
 */
/* troupe__graph_svg: drawn by Graphviz's `dot`; over TROUPE__GRAPH_DRAWN tasks, for
 * which that takes too long, by troupe__graph_bands(). */
#define TROUPE__GRAPH_DRAWN 1000
int troupe__graph_svg(const struct troupe__graph_file *file,
                      const troupe_graph_report_t *report, const char *path);
/* troupe__graph_write_dot: the same for Graphviz, not drawn. */
int troupe__graph_write_dot(const struct troupe__graph_file *file,
                            const troupe_graph_report_t *report,
                            const char *path);
/* troupe__graph_timeline: when each task waited and ran, as SVG. */
int troupe__graph_timeline(const struct troupe__graph_file *file,
                           const troupe_graph_report_t *report,
                           const char *path);
/* troupe__graph_chrome: the same for chrome://tracing and Perfetto. */
int troupe__graph_chrome(const struct troupe__graph_file *file,
                         const troupe_graph_report_t *report, const char *path);

/* troupe__graph_reporter: an actor that tells what a run does, on standard
 * error; start {terminal: b}. It answers "over" when all tasks have ended, and it
 * has told of them. */
extern const troupe_kind_t troupe__graph_reporter;

#endif
