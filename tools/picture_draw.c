/* SPDX-License-Identifier: Apache-2.0 */
/* picture_draw.c: a run as a graph, as bars over time, and as events. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "tools/findings.h"
#include "tools/graphviz.h"
#include "tools/picture_run.h"
#include "tools/table.h"
#include "tools/timeline.h"

#define WHY_MAX   40   /* bytes of a reason in a box; its tooltip has all */
#define LANES_MAX 1024 /* of events that overlap */

/* --- a graph ----------------------------------------------------------------*/

/* A whole number of characters. */
static int
cut_size(const char *text, size_t most)
{
    size_t size = strlen(text);
    if (size <= most)
        return (int) size;
    size = most;
    while (size > 0 && ((unsigned char) text[size] & 0xc0) == 0x80)
        size--;
    return (int) size;
}

static void put_more(char **text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
put_more(char **text, const char *format, ...)
{
    va_list list;
    char *more = NULL;
    va_start(list, format);
    int size = vasprintf(&more, format, list);
    va_end(list);
    if (size < 0)
        return;
    char *all = troupe__format("%s%s", *text, more);
    free(more);
    free(*text);
    *text = all;
}

static void
put_count(char **text, const struct picture_box *box)
{
    uint64_t bad = box->ended[PICTURE_BAD], cut = box->ended[PICTURE_CUT];
    unsigned long long count = box->count;
    if (box->is_group || !box->is_task)
        put_more(text, "\n%llu %s%s", count, box->is_task ? "task" : "ask",
                 count == 1 ? "" : "s");
    if (bad > 0 && !box->is_task)
        put_more(text, ", %llu failed", (unsigned long long) bad);
    if (cut > 0 && !box->is_task)
        put_more(text, ", %llu cut short", (unsigned long long) cut);
}

static char *
label_of(const struct picture_box *box)
{
    char time[32], longest[32];
    char *text = troupe__format("%s", box->name);
    bool has_kind = strcmp(box->kind, box->name) != 0 && !box->is_group;
    if (has_kind)
        put_more(&text, "\n%s", box->kind);
    if (box->actors > 1)
        put_more(&text, "\n%u actors", box->actors);
    put_count(&text, box);
    put_more(&text, "\n%s", troupe__time_text(box->spent_ns, time));
    if (box->count > 1)
        put_more(&text, ", the longest %s",
                 troupe__time_text(box->longest_ns, longest));
    if (box->retries > 0)
        put_more(&text, "\n%llu again", (unsigned long long) box->retries);
    if (box->has_tokens) {
        put_more(&text, "\n%llu + %llu tokens",
                 (unsigned long long) box->tokens[0],
                 (unsigned long long) box->tokens[1]);
    }
    if (box->has_cost)
        put_more(&text, "\ncost %.6g", box->cost);
    if (box->why)
        put_more(&text, "\n%.*s%s", cut_size(box->why, WHY_MAX), box->why,
                 strlen(box->why) > WHY_MAX ? "..." : "");
    return text;
}

static const char *
colour_of(const struct picture_box *box)
{
    if (box->ended[PICTURE_OK] == box->count)
        return "palegreen";
    return box->ended[PICTURE_BAD] == box->count ? "salmon" : "khaki";
}

static void
put_box(const struct picture *self, size_t index, FILE *out)
{
    const struct picture_box *box = &self->boxes[index];
    char *text = index == 0 ? troupe__format("%s", box->name) : label_of(box);
    const char *colour = index > 0         ? colour_of(box)
                         : self->code == 0 ? "palegreen"
                         : box->why        ? "salmon"
                                           : "khaki";
    fprintf(out, "  n%zu [fillcolor=%s, label=", index, colour);
    troupe__graphviz_text(text, out);
    if (box->why) {
        fputs(", tooltip=", out);
        troupe__graphviz_text(box->why, out);
    }
    fputs(box->is_task ? ", style=filled];\n" : "];\n", out);
    free(text);
}

static void
put_arrow(const struct picture_arrow *it, FILE *out)
{
    char time[32];
    fprintf(out, "  n%u -> n%u [", it->from, it->to);
    if (it->count > 1)
        fprintf(out, "label=\"%llu x\", ", (unsigned long long) it->count);
    fprintf(out, "tooltip=\"%llu, %llu failed, %s\"%s];\n",
            (unsigned long long) it->count, (unsigned long long) it->bad,
            troupe__time_text(it->spent_ns, time),
            it->bad > 0 ? ", color=red3" : "");
}

void
troupe__picture_dot(const void *data, FILE *out)
{
    const struct picture *self = data;
    char *title = troupe__picture_title(self);
    fputs("digraph ", out);
    troupe__graphviz_text(self->boxes[0].name, out);
    fputs(" {\n  rankdir=LR;\n  ranksep=1;\n  nodesep=0.15;\n  labelloc=t;\n"
          "  labeljust=l;\n  fontname=\"sans-serif\";\n  label=",
          out);
    troupe__graphviz_text(title, out);
    fputs(";\n  node [fontname=\"sans-serif\", fontsize=11, shape=box, "
          "style=\"filled,rounded\"];\n"
          "  edge [fontname=\"sans-serif\", fontsize=9];\n",
          out);
    free(title);
    for (size_t i = 0; i < self->box_count; i++)
        if (self->boxes[i].into == i)
            put_box(self, i, out);
    for (size_t i = 0; i < self->arrow_count; i++)
        put_arrow(&self->arrows[i], out);
    fputs("}\n", out);
}

/* --- bars -------------------------------------------------------------------*/

/* What only keeps books is no part of what took long. */
static bool
is_drawn(const struct picture *self, const struct picture_span *span)
{
    static const char *const books[] = {
        "troupe_journal_actor", "troupe_budget_keeper", "troupe_rate_limiter"};
    if (span->box <= 0)
        return false;
    if (self->task_count > 0)
        return span->is_task;
    for (size_t i = 0; i < sizeof books / sizeof *books; i++)
        if (strcmp(self->boxes[span->box].kind, books[i]) == 0)
            return false;
    return true;
}

struct drawn {
    const struct picture_span *span;
};

static uint64_t
start_of(const struct picture_span *it)
{
    uint64_t all_ns = it->to_ns - it->from_ns;
    return it->is_task && it->run_ns < all_ns ? it->to_ns - it->run_ns
                                              : it->from_ns;
}

static int
by_length(const void *one, const void *other)
{
    const struct picture_span *a = ((const struct drawn *) one)->span;
    const struct picture_span *b = ((const struct drawn *) other)->span;
    uint64_t of_a = a->to_ns - start_of(a), of_b = b->to_ns - start_of(b);
    return of_a > of_b ? -1 : of_a < of_b;
}

static int
by_start(const void *one, const void *other)
{
    const struct picture_span *a = ((const struct drawn *) one)->span;
    const struct picture_span *b = ((const struct drawn *) other)->span;
    uint64_t of_a = start_of(a), of_b = start_of(b);
    if (of_a != of_b)
        return of_a < of_b ? -1 : 1;
    return by_length(one, other);
}

/* To be freed; `most`: the longest of them. */
static struct drawn *
drawn_of(const struct picture *self, size_t most, size_t *ret_count,
         size_t *ret_all)
{
    struct drawn *list = troupe__grab((self->span_count + 1) * sizeof *list);
    size_t count = 0;
    for (size_t i = 0; i < self->span_count; i++)
        if (is_drawn(self, &self->spans[i]))
            list[count++].span = &self->spans[i];
    *ret_all = count;
    if (count > most) {
        qsort(list, count, sizeof *list, by_length);
        count = most;
    }
    qsort(list, count, sizeof *list, by_start);
    *ret_count = count;
    return list;
}

/* To be freed. */
static char *
name_of(const struct picture *self, const struct picture_span *it)
{
    const struct picture_box *box = &self->boxes[it->box];
    if (it->is_task && (box->is_group || box->into != (uint32_t) it->box))
        return troupe__format("task %llu", (unsigned long long) it->number);
    if (it->is_task)
        return troupe__format("%s", box->name);
    return troupe__format("%s %s", self->types[it->type], box->name);
}

void
troupe__picture_timeline(const void *data, FILE *out)
{
    static const char *const words[] = {"ok", "failed", "cut short"};
    static const enum troupe__bar_style styles[] = {
        TROUPE__BAR_OK, TROUPE__BAR_BAD, TROUPE__BAR_LATE};
    const struct picture *self = data;
    size_t count = 0, all = 0;
    struct drawn *list = drawn_of(self, PICTURE_BARS, &count, &all);
    struct troupe__bar *bars = troupe__grab((count + 1) * sizeof *bars);
    for (size_t i = 0; i < count; i++) {
        const struct picture_span *it = list[i].span;
        bars[i] = (struct troupe__bar){.name = name_of(self, it),
                                       .state = words[it->end],
                                       .why = "",
                                       .style = styles[it->end],
                                       .tries = 1,
                                       .ready_ns = it->from_ns - self->begin_ns,
                                       .from_ns = start_of(it) - self->begin_ns,
                                       .to_ns = it->to_ns - self->begin_ns};
    }
    char *title = troupe__picture_title(self);
    char *foot = count < all ? troupe__format(
                     "The longest %zu of %zu are drawn. %s", count, all, title)
                             : troupe__format("%s", title);
    troupe__timeline_draw(bars, count, self->wall_ns, foot, out);
    free(foot);
    free(title);
    for (size_t i = 0; i < count; i++)
        free((void *) (uintptr_t) bars[i].name);
    free(bars);
    free(list);
}

/* --- events -----------------------------------------------------------------*/

/* The first lane that is free. source: Trace Event Format, complete events
 * ("X"), times in microseconds. */
static size_t
lane_of(uint64_t ends[LANES_MAX], const struct picture_span *it)
{
    size_t lane = 0;
    while (lane + 1 < LANES_MAX && ends[lane] > start_of(it))
        lane++;
    ends[lane] = it->to_ns;
    return lane;
}

void
troupe__picture_chrome(const void *data, FILE *out)
{
    static const char *const words[] = {"ok", "failed", "cut short"};
    const struct picture *self = data;
    size_t count = 0, all = 0;
    struct drawn *list = drawn_of(self, SIZE_MAX, &count, &all);
    uint64_t *ends = troupe__grab(LANES_MAX * sizeof *ends);
    fputs("{\"traceEvents\":[", out);
    for (size_t i = 0; i < count; i++) {
        const struct picture_span *it = list[i].span;
        char *name = name_of(self, it);
        json_t *event =
            json_pack("{s:s, s:s, s:s, s:f, s:f, s:i, s:i, s:{s:s, s:s, s:f}}",
                      "name", name, "cat", it->is_task ? "task" : "ask", "ph",
                      "X", "ts", (double) (start_of(it) - self->begin_ns) / 1e3,
                      "dur", (double) (it->to_ns - start_of(it)) / 1e3, "pid",
                      1, "tid", (int) lane_of(ends, it) + 1, "args", "state",
                      words[it->end], "kind", self->boxes[it->box].kind,
                      "waited_ms", (double) (start_of(it) - it->from_ns) / 1e6);
        if (i > 0)
            fputs(",\n", out);
        json_dumpf(event, out, JSON_COMPACT);
        json_decref(event);
        free(name);
    }
    fputs("],\"displayTimeUnit\":\"ms\"}\n", out);
    free(ends);
    free(list);
}
