/* SPDX-License-Identifier: Apache-2.0 */
/* graph_result.c: results of tasks, within bounds, and what refers to them. */
#include <stdlib.h>
#include <string.h>

#include "actors/graph_each.h"
#include "mailbox/check.h"

/* ${item}, ${index}, ${last} and ${round}. */
static struct known
known_word(const struct graph_job *job, enum reference_word word)
{
    const struct graph_item *item = job->item;
    const struct graph_rounds *rounds = job->rounds;
    struct known known = {.state = "", .why = ""};
    switch (word) {
    case WORD_ITEM:
        CHECK(item);
        known.result = item->bytes;
        known.result_size = item->size;
        break;
    case WORD_INDEX:
        CHECK(item);
        known.result = item->place;
        known.result_size = item->place_size;
        break;
    case WORD_LAST: /* this round's, once it has one */
        CHECK(rounds);
        known.result = job->result ? job->result : rounds->last;
        known.result_size = job->result ? job->result_size : rounds->last_size;
        break;
    case WORD_ROUND:
        CHECK(rounds);
        known.result = rounds->place;
        known.result_size = rounds->place_size;
        break;
    case WORD_NONE:
        break;
    }
    return known;
}

static struct known
known_task(const struct graph_run *run, const struct reference *reference)
{
    struct known known = {.state = "", .why = ""};
    uint32_t task = troupe__graph_find(run->orders.graph, reference->id,
                                       reference->id_size);
    CHECK(task != GRAPH_NONE);
    const struct schedule_task *it = &run->schedule.tasks[task];
    const struct graph_job *job = &run->jobs[task];
    if (it->phase != SCHEDULE_ENDED)
        return known;
    known.state = troupe_graph_state_name((troupe_graph_state_t) it->state);
    known.why = run->whys[task] ? run->whys[task] : "";
    if (it->recovered)
        job = &run->jobs[run->orders.graph->tasks[task].fallback];
    known.result = job->result;
    known.result_size = job->result_size;
    return known;
}

struct known
troupe__graph_job_known(void *data, const struct reference *reference)
{
    const struct graph_job *job = data;
    enum reference_word word = troupe__graph_reference_word(
        reference, job->item != NULL, job->rounds != NULL);
    return word != WORD_NONE ? known_word(job, word)
                             : known_task(job->run, reference);
}

/* --- new ones ---------------------------------------------------------------*/

void
troupe__graph_job_result(troupe_context_t *ctx, struct graph_job *job,
                         const void *bytes, size_t size)
{
    struct graph_run *run = job->run;
    if (size > GRAPH_RESULT_MAX || run->result_bytes + size > GRAPH_TOTAL_MAX) {
        troupe__graph_job_end(
            ctx, job, TROUPE_GRAPH_FAILED,
            "its result has %zu bytes: over 1 MiB, or with the "
            "others over 64 MiB; hand a file's path on instead",
            size);
        return;
    }
    uint32_t values = GRAPH_VALUES_MAX - run->result_values;
    if (!troupe__graph_value_fits(bytes, size, &values)) {
        troupe__graph_job_end(ctx, job, TROUPE_GRAPH_FAILED,
                              "its result nests over 28 levels, or has, with "
                              "the others, over 524,288 values; hand a file's "
                              "path on instead");
        return;
    }
    job->result_values = GRAPH_VALUES_MAX - run->result_values - values;
    run->result_values += job->result_values;
    run->result_bytes += size;
    job->result = troupe__alloc(size);
    job->result_size = size;
    memcpy(job->result, bytes, size);
    if (!troupe__graph_journal_keep(ctx, job))
        troupe__graph_job_done(ctx, job);
}

void
troupe__graph_job_forget(struct graph_job *job, void **ret_bytes,
                         size_t *ret_size)
{
    struct graph_run *run = job->run;
    run->result_bytes -= job->result_size;
    run->result_values -= job->result_values;
    if (ret_bytes) {
        *ret_bytes = job->result;
        *ret_size = job->result_size;
    } else {
        free(job->result);
    }
    job->result = NULL;
    job->result_size = 0;
    job->result_values = 0;
}
