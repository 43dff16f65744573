/* SPDX-License-Identifier: Apache-2.0 */
/* graph_rounds.c: a task that is done again until a condition holds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/graph_each.h"
#include "mailbox/check.h"

static const troupe_graph_task_t *
spec_of(const struct graph_job *job)
{
    return &job->run->orders.graph->tasks[job->task].spec;
}

static void
set_round(troupe_context_t *ctx, struct graph_job *job, uint32_t round)
{
    struct graph_rounds *self = job->rounds;
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_pack_uint32(&packer, round);
    CHECK(buffer.size <= sizeof self->place);
    memcpy(self->place, buffer.data, buffer.size);
    self->place_size = buffer.size;
    msgpack_sbuffer_destroy(&buffer);
    self->round = round;
    self->attempts = job->attempts;
    self->spent_ns = job->spent_ns;
    self->began_ns = troupe__graph_run_now(ctx, job->run);
    job->tries = 0;
    job->resumed = false;
}

void
troupe__graph_rounds_begin(troupe_context_t *ctx, struct graph_job *job)
{
    CHECK(!job->rounds);
    job->rounds = troupe__alloc(sizeof *job->rounds);
    set_round(ctx, job, 1);
}

/* Rounds of items are told as the items that they belong to. */
void
troupe__graph_rounds_end(troupe_context_t *ctx, struct graph_job *job,
                         troupe_graph_state_t state)
{
    struct graph_rounds *self = job->rounds;
    if (job->item || job->run->round_count == TROUPE_GRAPH_PARTS_MAX)
        return;
    job->run->round_count++;
    self->parts = troupe__realloc(self->parts,
                                  (self->part_count + 1) * sizeof *self->parts);
    self->parts[self->part_count++] = (troupe_graph_part_t){
        .state = state,
        .attempts = job->attempts - self->attempts,
        .resumed = job->resumed,
        .started_ns = self->began_ns,
        .ended_ns = troupe__graph_run_now(ctx, job->run),
        .spent_ns = job->spent_ns - self->spent_ns,
        .why = "",
    };
}

static void
go_round(troupe_context_t *ctx, struct graph_job *job)
{
    struct graph_rounds *rounds = job->rounds;
    troupe__graph_rounds_end(ctx, job, TROUPE_GRAPH_OK);
    free(rounds->last);
    troupe__graph_job_forget(job, &rounds->last, &rounds->last_size);
    set_round(ctx, job, rounds->round + 1);
    troupe__graph_job_begin(ctx, job->run->owner, job);
}

bool
troupe__graph_job_is_stopped(const struct graph_job *job)
{
    const struct graph_run *run = job->run;
    if (job->item && job->item->whole->each->stopped)
        return true;
    return run->draining
           && !(run->outcome == TROUPE_GRAPH_BROKEN
                && troupe__graph_stands_by(
                    &run->orders.graph->tasks[job->task]));
}

const char *
troupe__graph_job_why(const struct graph_job *job)
{
    return job->run->end_why ? job->run->end_why
                             : "the list cannot go well any more";
}

void
troupe__graph_job_done(troupe_context_t *ctx, struct graph_job *job)
{
    const troupe_graph_task_t *spec = spec_of(job);
    struct graph_rounds *rounds = job->rounds;
    char why[REFERENCE_WHY];
    int rc = rounds ? troupe__graph_when(spec->until, troupe__graph_job_known,
                                         job, NULL, why)
                    : 1;
    bool is_last = rounds && rounds->round == spec->rounds_max;
    if (rc < 0) {
        troupe__graph_job_end(ctx, job, TROUPE_GRAPH_FAILED,
                              "round %u: 'until': %s", rounds->round, why);
    } else if (rc > 0) {
        troupe__graph_job_end(ctx, job, TROUPE_GRAPH_OK, NULL);
    } else if (is_last) {
        troupe__graph_job_end(ctx, job,
                              spec->rounds_enough ? TROUPE_GRAPH_OK
                                                  : TROUPE_GRAPH_FAILED,
                              "after %u rounds '%.200s' does not hold",
                              rounds->round, spec->until);
    } else if (troupe__graph_job_is_stopped(job)) {
        troupe__graph_job_end(ctx, job, TROUPE_GRAPH_CANCELLED,
                              "%s, after round %u", troupe__graph_job_why(job),
                              rounds->round);
    } else {
        go_round(ctx, job);
    }
}

void
troupe__graph_rounds_forget(struct graph_rounds *self)
{
    free(self->last);
    self->last = NULL;
    self->last_size = 0;
}

void
troupe__graph_rounds_destroy(struct graph_rounds **self_p)
{
    struct graph_rounds *self = *self_p;
    if (!self)
        return;
    free(self->last);
    free(self->parts);
    free(self);
    *self_p = NULL;
}
