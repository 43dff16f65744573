/* SPDX-License-Identifier: Apache-2.0 */
/* graph_journal.c: finished tasks, kept before they count, and found again. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "troupe_children.h"
#include "troupe_journal.h"

#include "actors/graph_each.h"
#include "mailbox/check.h"

#define NS_PER_MS 1000000.0
#define ID        "journal"

/* FNV-1a, 64 bits, from a start of one's own. */
static uint64_t
hash_of(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * 1099511628211u;
    return hash;
}

/* Of two items that look the same the second is not the first one. All before
 * it have been begun. */
static uint32_t
twin_of(struct graph_item *item, uint64_t looks)
{
    const struct graph_each *each = item->whole->each;
    if (item->looks != 0)
        return item->twin;
    item->looks = looks != 0 ? looks : 1;
    for (uint32_t i = 0; i < item->index; i++)
        item->twin += each->items[i].looks == item->looks;
    return item->twin;
}

/* "[0]@3": an item, and the third round of it. It is not its index, so that
 * one more in the list does not make others of all that follow. */
static void
write_part(const struct graph_job *job, uint64_t looks, char part[48])
{
    size_t size = 0;
    if (job->item)
        size = (size_t) snprintf(part, 48, "[%u]", twin_of(job->item, looks));
    if (job->rounds)
        snprintf(part + size, 48 - size, "@%u", job->rounds->round);
}

/* What a task is, and what it was given: with another input it is another one;
 * so it is in another item, where its graph is one. Two of one id that only look
 * the same: once in 2^128. */
void
troupe__graph_journal_key(struct graph_job *job, char key[GRAPH_KEY])
{
    char part[48] = "";
    const troupe_graph_task_t *spec =
        &job->run->orders.graph->tasks[job->task].spec;
    const char *prefix = job->run->orders.prefix;
    uint64_t hashes[2] = {14695981039346656037u, 0x9e3779b97f4a7c15u};
    for (int i = 0; i < 2; i++) {
        const char *actor = spec->actor ? spec->actor : "";
        const char *type = spec->type ? spec->type : "";
        if (prefix)
            hashes[i] = hash_of(hashes[i], prefix, strlen(prefix) + 1);
        hashes[i] = hash_of(hashes[i], &spec->work, sizeof spec->work);
        hashes[i] = hash_of(hashes[i], actor, strlen(actor) + 1);
        hashes[i] = hash_of(hashes[i], type, strlen(type) + 1);
        hashes[i] = hash_of(hashes[i], job->body, job->body_size);
    }
    write_part(job, hashes[0], part);
    int outer = prefix ? (int) strcspn(prefix, ":") : 0;
    snprintf(key, GRAPH_KEY, "%.*s%s%s%s:%016" PRIx64 "%016" PRIx64,
             outer < 32 ? outer : 32, prefix ? prefix : "", prefix ? "/" : "",
             spec->id, part, hashes[0], hashes[1]);
}

/* --- finding ----------------------------------------------------------------*/

/* Only what can be read is a result; anything else is done again. */
static bool
is_result(const char *state, const void *bytes, size_t size)
{
    uint32_t values = GRAPH_VALUES_MAX;
    return strcmp(state, "ok") == 0 && size > 0 && size <= GRAPH_RESULT_MAX
           && troupe__graph_value_fits(bytes, size, &values);
}

static int
on_found(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct graph_job *job = answer->data;
    const char *how = "";
    const void *value = NULL;
    size_t size = 0;
    job->ask = (troupe_ask_t){0};
    job->run->busy--;
    if (answer->outcome == TROUPE_CANCELLED) {
        troupe__graph_job_end(ctx, job, TROUPE_GRAPH_CANCELLED, "%s",
                              job->run->end_why ? job->run->end_why
                                                : answer->text);
    } else if (answer->outcome == TROUPE_REPLY
               && troupe_unpack(answer->msg, "{s:s, s:B}", "state", &how,
                                "value", &value, &size)
                      == 0
               && is_result(how, value, size)) {
        job->resumed = true;
        troupe__graph_job_result(ctx, job, value, size);
    } else if ((answer->outcome == TROUPE_REPLY || answer->code == -ENOENT)
               && troupe__graph_job_is_stopped(job)) {
        troupe__graph_job_end(ctx, job, TROUPE_GRAPH_CANCELLED, "%s",
                              troupe__graph_job_why(job));
    } else if (answer->outcome == TROUPE_REPLY || answer->code == -ENOENT) {
        troupe__graph_job_attempt(ctx, state, job);
    } else {
        troupe__graph_job_end(ctx, job, TROUPE_GRAPH_FAILED, "the journal: %s",
                              answer->text);
    }
    return troupe__graph_run_dispatch(ctx, state);
}

bool
troupe__graph_journal_find(troupe_context_t *ctx, struct graph_job *job)
{
    char key[GRAPH_KEY];
    troupe_ask_options_t options = {.timeout_ms = GRAPH_JOURNAL_MS,
                                    .answer = on_found,
                                    .data = job,
                                    .detached = true};
    if (troupe_ref_is_nobody(job->run->journal))
        return false;
    troupe__graph_journal_key(
        job, key); /* here, so that of two twins the first is first */
    if (!job->run->orders.resume)
        return false;
    int rc = troupe_ask_with(ctx, job->run->journal, "find", &options,
                             &job->ask, "{s:s}", "key", key);
    if (rc == 0)
        job->run->busy++;
    return rc == 0;
}

/* --- keeping ----------------------------------------------------------------*/

/* What is not on the disk has not ended well: who resumes does it again. */
static void
lose(troupe_context_t *ctx, struct graph_job *job, const char *words)
{
    char why[WIRE_WHY + 64];
    snprintf(why, sizeof why, "the journal cannot be written: %s", words);
    troupe__graph_job_forget(job, NULL, NULL);
    troupe__graph_run_drain(ctx, job->run, TROUPE_GRAPH_BROKEN, why, false);
    troupe__graph_job_end(ctx, job, TROUPE_GRAPH_FAILED, "%s", why);
}

static int
on_kept(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct graph_job *job = answer->data;
    struct graph_run *run = job->run;
    job->ask = (troupe_ask_t){0};
    job->keeps = false;
    run->busy--;
    if (answer->outcome == TROUPE_REPLY)
        troupe__graph_job_done(ctx, job);
    else
        lose(ctx, job, answer->text);
    return troupe__graph_run_dispatch(ctx, state);
}

/* What it would take again: a task with items until the last of them, one that
 * is repeated this round. */
static double
took_ms(troupe_context_t *ctx, const struct graph_job *job)
{
    uint64_t took_ns = job->spent_ns;
    if (job->each)
        took_ns = troupe__graph_run_now(ctx, job->run) - job->started_ns;
    else if (job->rounds)
        took_ns -= job->rounds->spent_ns;
    return (double) took_ns / NS_PER_MS;
}

bool
troupe__graph_journal_keep(troupe_context_t *ctx, struct graph_job *job)
{
    char key[GRAPH_KEY];
    troupe_ask_options_t options = {.timeout_ms = GRAPH_JOURNAL_MS,
                                    .answer = on_kept,
                                    .data = job,
                                    .detached = true};
    if (troupe_ref_is_nobody(job->run->journal) || job->resumed || job->lacks)
        return false;
    troupe__graph_journal_key(job, key);
    int rc = troupe_ask_with(ctx, job->run->journal, "append", &options,
                             &job->ask, "{s:[{s:s, s:s, s:U, s:f, s:B}]}",
                             "entries", "key", key, "state", "ok", "attempt",
                             (uint64_t) job->attempts, "ms", took_ms(ctx, job),
                             "value", job->result, job->result_size);
    if (rc == 0) {
        job->run->busy++;
        job->keeps = true;
    } else {
        lose(ctx, job, troupe_strerror(rc));
    }
    return true;
}

/* --- the actor --------------------------------------------------------------*/

static int
on_opened(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct coordinator *self = state;
    troupe_child_info_t info;
    CHECK(self->run);
    if (answer->outcome != TROUPE_REPLY
        || troupe_child_info_read(answer->msg, &info) < 0)
        return troupe__graph_run_refuse(ctx, self, -EIO, answer->text);
    self->journal = self->run->journal = info.ref;
    return troupe__graph_run_begin(ctx, self);
}

int
troupe__graph_journal_open(troupe_context_t *ctx, struct coordinator *self)
{
    const struct graph_orders *orders = &self->run->orders;
    troupe_child_spec_t spec = {.id = ID,
                                .kind = &troupe_journal_actor,
                                .restart = TROUPE_TEMPORARY,
                                .place = TROUPE_OWN_THREAD};
    troupe_child_request_t request = {.verb = TROUPE_START_CHILD,
                                      .spec = &spec};
    int rc = troupe_child_spec_pack(
        &spec, "{s:s, s:U}", "path", orders->journal, "mode",
        (uint64_t) (orders->resume ? TROUPE_JOURNAL_RESUME
                                   : TROUPE_JOURNAL_CREATE));
    if (rc == 0)
        rc = troupe_supervisor_ask(ctx, self->supervisor, &request, 0,
                                   on_opened, NULL);
    troupe_child_spec_clear(&spec);
    return rc;
}

static int
on_closed(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) answer;
    struct coordinator *self = state;
    self->journal = TROUPE_NOBODY;
    return troupe__graph_run_over(ctx, self);
}

int
troupe__graph_journal_close(troupe_context_t *ctx, struct coordinator *self)
{
    troupe_child_request_t request = {.verb = TROUPE_TERMINATE_CHILD, .id = ID};
    return troupe_supervisor_ask(ctx, self->supervisor, &request, 0, on_closed,
                                 NULL);
}
