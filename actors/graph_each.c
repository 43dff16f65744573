/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_each.c: a task that is done once for each item of a list.
 *
 * To the schedule it is one task that runs until its last item has ended. Each
 * item is a job as any other, with its own attempts and its own place in the
 * journal; all of them count in what may be done at once.
 */
#include "actors/graph_each.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

#define SHOWN_MAX 48 /* bytes of an item */

static const troupe_graph_task_t *
spec_of(const struct graph_job *job)
{
    return &job->run->orders.graph->tasks[job->task].spec;
}

static uint32_t
wanted_of(const struct graph_job *job)
{
    uint32_t quorum = spec_of(job)->each_quorum;
    return quorum > 0 ? quorum : job->each->count;
}

/* "item [0] of 3, 'one'", for messages. */
static void
show_item(const struct graph_item *item, char text[SHOWN_MAX + 48])
{
    const msgpack_object *list = &item->whole->each->list.data;
    char *whole = NULL;
    size_t size = 0;
    FILE *out = troupe__graph_text_open(&whole, &size);
    troupe__graph_value_text(&list->via.array.ptr[item->index], out);
    troupe__graph_text_close(out);
    size_t shown =
        size < SHOWN_MAX ? size : troupe__graph_cut(whole, SHOWN_MAX);
    snprintf(text, SHOWN_MAX + 48, "item [%u] of %u, '%.*s%s'", item->index,
             item->whole->each->count, (int) shown, whole,
             shown < size ? "..." : "");
    free(whole);
}

/* --- the end ----------------------------------------------------------------*/

static void
leave_lists(struct graph_run *run, uint32_t task)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < run->list_count; i++)
        if (run->lists[i] != task)
            run->lists[kept++] = run->lists[i];
    run->list_count = kept;
}

/* The list of results, null for an item without one. */
static void
gather(const struct graph_each *self, msgpack_sbuffer *buffer)
{
    msgpack_packer packer;
    msgpack_sbuffer_init(buffer);
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, self->count);
    for (uint32_t i = 0; i < self->count; i++) {
        struct graph_job *job = &self->items[i].job;
        if (job->result)
            msgpack_sbuffer_write(buffer, job->result, job->result_size);
        else
            msgpack_pack_nil(&packer);
        troupe__graph_job_forget(job, NULL, NULL);
    }
}

/* What was begun and dropped, or never begun, was cancelled. */
static void
close_items(troupe_context_t *ctx, struct graph_job *job)
{
    struct graph_each *self = job->each;
    job->attempts = 0;
    job->spent_ns = 0;
    job->resumed = self->count > 0;
    for (uint32_t i = 0; i < self->count; i++) {
        struct graph_item *item = &self->items[i];
        job->attempts += item->job.attempts;
        job->spent_ns += item->job.spent_ns;
        job->resumed &= item->job.resumed;
        if (item->state != 0)
            continue;
        item->state = TROUPE_GRAPH_CANCELLED;
        item->job.ended_ns = troupe__graph_run_now(ctx, job->run);
        if (!item->why)
            item->why = troupe__strdup(troupe__graph_job_why(job));
        if (i < self->next)
            troupe__graph_trace_end(ctx, &item->job, TROUPE_GRAPH_CANCELLED);
    }
}

static void
fail_whole(troupe_context_t *ctx, struct graph_job *job)
{
    const struct graph_each *self = job->each;
    const struct graph_item *bad = &self->items[self->first_bad];
    char text[SHOWN_MAX + 48];
    const char *why = bad->why ? bad->why : "";
    troupe_graph_state_t state = (troupe_graph_state_t) bad->state;
    show_item(bad, text);
    if (spec_of(job)->each_quorum == 0) {
        troupe__graph_job_end(ctx, job, state, "%s: %s", text, why);
    } else {
        troupe__graph_job_end(ctx, job, state,
                              "%u items went well, and its quorum is %u: "
                              "%s: %s",
                              self->good, wanted_of(job), text, why);
    }
}

/* Its quorum is met, and some of it is missing all the same. */
static void
note_lack(struct graph_job *job)
{
    const struct graph_each *self = job->each;
    char **whose = &job->run->whys[job->task];
    char text[SHOWN_MAX + 48];
    if (self->bad == 0 && self->lacking == 0)
        return;
    bool failed = self->bad > 0;
    const struct graph_item *first =
        &self->items[failed ? self->first_bad : self->first_lacking];
    show_item(first, text);
    free(*whose);
    if (asprintf(whose, "%u of %u items %s: %s: %s",
                 failed ? self->bad : self->lacking, self->count,
                 failed ? "failed" : "fell short", text,
                 first->why ? first->why : "")
        < 0)
        troupe__out_of_memory(0);
}

static void
finish(troupe_context_t *ctx, struct graph_job *job)
{
    struct graph_each *each = job->each;
    bool is_good =
        each->good + each->bad == each->count && each->good >= wanted_of(job);
    each->is_over = true;
    leave_lists(job->run, job->task);
    close_items(ctx, job);
    if (is_good) {
        msgpack_sbuffer buffer;
        gather(each, &buffer);
        note_lack(job);
        troupe__graph_job_result(ctx, job, buffer.data, buffer.size);
        msgpack_sbuffer_destroy(&buffer);
        return;
    }
    for (uint32_t i = 0; i < each->next; i++) /* nobody can want them */
        troupe__graph_job_forget(&each->items[i].job, NULL, NULL);
    if (each->bad > each->count - wanted_of(job)) {
        fail_whole(ctx, job);
    } else {
        troupe__graph_job_end(ctx, job, TROUPE_GRAPH_CANCELLED,
                              "%s, after %u of %u items", job->run->end_why,
                              each->good, each->count);
    }
}

static bool
is_done(const struct graph_each *self)
{
    bool is_begun = self->next == self->count && self->again_count == 0
                    && self->resting == 0;
    return self->open == 0 && (self->stopped || is_begun);
}

/* What rests is dropped; close_items() says what became of it. */
static void
stop_items(troupe_context_t *ctx, struct graph_each *self, bool now)
{
    self->stopped = true;
    self->again_count = 0;
    for (uint32_t i = 0; i < self->next; i++) {
        struct graph_job *job = &self->items[i].job;
        if (job->timer.id != 0) {
            troupe_call_clear(ctx, job->timer);
            job->timer = (troupe_timer_t){0};
            self->resting--;
        } else if (now && job->ask.id != 0 && !job->keeps) {
            troupe_cancel(ctx, job->ask);
        }
    }
}

void
troupe__graph_each_stop(troupe_context_t *ctx, struct graph_job *job, bool now)
{
    struct graph_each *each = job->each;
    if (each->is_over)
        return; /* the journal will soon have it */
    stop_items(ctx, each, now);
    if (is_done(each))
        finish(ctx, job);
}

void
troupe__graph_each_ended(troupe_context_t *ctx, struct graph_job *job,
                         troupe_graph_state_t state)
{
    struct graph_item *item = job->item;
    struct graph_job *whole = item->whole;
    struct graph_each *each = whole->each;
    item->state = (uint8_t) state;
    job->ended_ns = troupe__graph_run_now(ctx, job->run);
    free(job->filled);
    free(item->bytes);
    job->filled = item->bytes = NULL;
    each->open--;
    if (state == TROUPE_GRAPH_OK) {
        each->good++;
        if (item->why && each->lacking++ == 0)
            each->first_lacking = item->index;
    } else if (state != TROUPE_GRAPH_CANCELLED) {
        each->bad++;
        if (each->first_bad == each->count)
            each->first_bad = item->index;
    }
    troupe__graph_run_event(ctx, job, "ended");
    if (each->count - each->bad < wanted_of(whole) && !each->stopped)
        stop_items(ctx, each, false);
    if (is_done(each))
        finish(ctx, whole);
}

/* --- items ------------------------------------------------------------------*/

static bool
has_room(const struct graph_job *job)
{
    const struct graph_each *each = job->each;
    uint32_t most = spec_of(job)->each_parallel;
    return !each->stopped && (most == 0 || each->open < most)
           && (each->again_count > 0 || each->next < each->count);
}

struct graph_job *
troupe__graph_each_next(const struct graph_run *run)
{
    struct graph_job *first = NULL;
    const uint64_t *ranks = run->schedule.ranks;
    for (uint32_t i = 0; i < run->list_count; i++) {
        struct graph_job *job = &run->jobs[run->lists[i]];
        if (has_room(job) && (!first || ranks[job->task] > ranks[first->task]))
            first = job;
    }
    return first;
}

static void
take_item(struct graph_item *item)
{
    const msgpack_object *list = &item->whole->each->list.data;
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_pack_object(&packer, list->via.array.ptr[item->index]);
    item->size = buffer.size;
    item->bytes = troupe__alloc(buffer.size);
    memcpy(item->bytes, buffer.data, buffer.size);
    msgpack_sbuffer_clear(&buffer);
    msgpack_pack_uint32(&packer, item->index);
    CHECK(buffer.size <= sizeof item->place);
    item->place_size = buffer.size;
    memcpy(item->place, buffer.data, buffer.size);
    msgpack_sbuffer_destroy(&buffer);
}

void
troupe__graph_each_start(troupe_context_t *ctx, struct coordinator *self,
                         struct graph_job *job)
{
    struct graph_each *each = job->each;
    each->open++;
    if (each->again_count > 0) {
        uint32_t index = each->again[--each->again_count];
        troupe__graph_job_attempt(ctx, self, &each->items[index].job);
        return;
    }
    struct graph_item *item = &each->items[each->next];
    item->whole = job;
    item->index = each->next++;
    item->job.item = item;
    item->job.run = job->run;
    item->job.task = job->task;
    item->job.ready_ns = job->ready_ns;
    item->job.started_ns = troupe__graph_run_now(ctx, job->run);
    take_item(item);
    troupe__graph_trace_begin(ctx, &item->job);
    if (spec_of(job)->until)
        troupe__graph_rounds_begin(ctx, &item->job);
    troupe__graph_job_begin(ctx, self, &item->job);
}

void
troupe__graph_each_rests(struct graph_job *job)
{
    struct graph_each *each = job->item->whole->each;
    each->open--;
    each->resting++;
}

void
troupe__graph_each_rested(struct graph_job *job)
{
    struct graph_each *each = job->item->whole->each;
    each->resting--;
    each->again[each->again_count++] = job->item->index;
}

void
troupe__graph_each_begin(troupe_context_t *ctx, struct graph_job *job)
{
    struct graph_run *run = job->run;
    char why[LIST_WHY] = "";
    job->each = troupe__alloc(sizeof *job->each);
    msgpack_unpacked_init(&job->each->list);
    job->started_ns = troupe__graph_run_now(ctx, run);
    if (troupe__graph_list_open(job, why) < 0) {
        job->each->is_over = true;
        troupe__graph_job_end(ctx, job, TROUPE_GRAPH_FAILED, "%s", why);
        return;
    }
    troupe__graph_run_event(ctx, job, "started");
    run->lists[run->list_count++] = job->task;
    if (job->each->count == 0)
        finish(ctx, job);
}
