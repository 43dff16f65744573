/* SPDX-License-Identifier: Apache-2.0 */
/* graph_words.c: who waits for whom, and for want of whom. */
#include <stdio.h>

#include "actors/graph.h"
#include "actors/graph_schedule.h"
#include "mailbox/check.h"

#define CHAIN_MAX 12 /* links that are told */
#define WAITS_MAX 8  /* tasks of a stall that are told */

FILE *
troupe__graph_text_open(char **text, size_t *size)
{
    FILE *out = open_memstream(text, size);
    if (!out)
        troupe__out_of_memory(0);
    return out;
}

void
troupe__graph_text_close(FILE *out)
{
    if (fclose(out) != 0)
        troupe__out_of_memory(0);
}

static void
write_wait(const struct schedule *self, uint32_t task, FILE *out)
{
    const struct graph_task *of = &self->graph->tasks[task];
    fprintf(out, "'%s' waits for", of->spec.id);
    if (troupe__graph_stands_by(of) && !self->tasks[task].fired)
        fprintf(out, " a failure");
    for (size_t i = 0; i < of->spec.need_count; i++)
        if (self->tasks[of->needs[i]].phase != SCHEDULE_ENDED)
            fprintf(out, " '%s'", self->graph->tasks[of->needs[i]].spec.id);
}

char *
troupe__schedule_waits(const struct schedule *self)
{
    char *text = NULL;
    size_t size = 0;
    uint32_t told = 0;
    FILE *out = troupe__graph_text_open(&text, &size);
    for (uint32_t i = 0; i < self->graph->count; i++) {
        if (self->tasks[i].phase == SCHEDULE_ENDED)
            continue;
        if (told++ >= WAITS_MAX)
            continue;
        fputs(told > 1 ? "; " : "", out);
        write_wait(self, i, out);
    }
    if (told > WAITS_MAX)
        fprintf(out, "; and %u more", told - WAITS_MAX);
    troupe__graph_text_close(out);
    return text;
}

/* "2 of 3 needed, 2 failed: " */
static void
write_quorum(const struct schedule *self, uint32_t task, FILE *out)
{
    const struct schedule_task *it = &self->tasks[task];
    const troupe_graph_task_t *spec = &self->graph->tasks[task].spec;
    if (spec->rule != TROUPE_GRAPH_QUORUM
        && spec->rule != TROUPE_GRAPH_ONE_SUCCESS)
        return;
    fprintf(out, "%u of %zu needed, %zu failed",
            spec->rule == TROUPE_GRAPH_QUORUM ? spec->quorum : 1,
            spec->need_count,
            spec->need_count - it->good - it->open - it->passed);
    if (it->passed > 0)
        fprintf(out, ", %u not needed", it->passed);
    fputs(": ", out);
}

char *
troupe__schedule_chain(const struct schedule *self, uint32_t task,
                       char *const *whys)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = troupe__graph_text_open(&text, &size);
    uint32_t at = self->tasks[task].blame;
    write_quorum(self, task, out);
    if (at == GRAPH_NONE)
        fputs("too few of its needs went well", out);
    for (int links = 0; at != GRAPH_NONE; links++) {
        uint8_t state = self->tasks[at].state;
        if (links == CHAIN_MAX) {
            fputs(", and so on", out);
            break;
        }
        fprintf(out, "%s'%s' %s", links > 0 ? ", as " : "",
                self->graph->tasks[at].spec.id,
                state == TROUPE_GRAPH_SKIPPED     ? "was skipped"
                : state == TROUPE_GRAPH_TIMEOUT   ? "timed out"
                : state == TROUPE_GRAPH_LOST      ? "was lost"
                : state == TROUPE_GRAPH_CANCELLED ? "was cancelled"
                                                  : "failed");
        if (state != TROUPE_GRAPH_SKIPPED && whys[at])
            fprintf(out, ": %s", whys[at]);
        at = state == TROUPE_GRAPH_SKIPPED ? self->tasks[at].blame : GRAPH_NONE;
    }
    troupe__graph_text_close(out);
    return text;
}
