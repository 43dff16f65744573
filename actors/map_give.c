/* SPDX-License-Identifier: Apache-2.0 */
/* map_give.c: results on their way to who wants them, and the summary. */
#include "actors/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_msgpack.h"

#include "mailbox/check.h"

#define TAKE_BYTES  (16u << 20) /* of one answer */
#define TAKE_VALUES (1u << 18)
#define TAKE_MAX    8192
#define LIVE_MAX    4096 /* tasks of puts; above, puts wait for room */

static double
queue_ms_of(const struct map_record *record, uint64_t now_ns)
{
    double all_ms = (double) (now_ns - record->queued_ns) / 1000000.0;
    return all_ms > record->end.run_ms ? all_ms - record->end.run_ms : 0;
}

static void
pack_result(struct troupe__text *to, const struct map_record *record,
            uint64_t now_ns)
{
    struct troupe__text votes = {0};
    struct packed_result it = {.number = record->number,
                               .queue_ms = queue_ms_of(record, now_ns),
                               .attempts = record->attempts,
                               .pool = record->pool,
                               .has_pool = record->has_pool,
                               .key = record->key,
                               .key_size = record->key_size,
                               .end = record->end};
    if (record->ballot) {
        troupe__map_votes_put(&votes, record);
        it.votes = votes.data;
        it.votes_size = votes.size;
    }
    troupe__packed_result_put(to, &it);
    troupe__text_free(&votes);
}

static void
put_result(struct troupe__text *to, const struct map_record *record,
           uint64_t now_ns)
{
    const struct map_end *end = &record->end;
    double queue_ms = queue_ms_of(record, now_ns);
    troupe__put_array(to, record->ballot ? 10 : 9);
    troupe__put_uint(to, record->number);
    if (record->key)
        troupe__put_text(to, record->key, record->key_size);
    else
        troupe__put_nil(to);
    troupe__put_text(to, end->state, end->state_size);
    troupe__text_put(to, end->value, end->value_size);
    troupe__put_uint(to, record->attempts);
    troupe__put_real(to, queue_ms);
    troupe__put_real(to, end->run_ms);
    if (record->has_pool)
        troupe__put_uint(to, record->pool);
    else
        troupe__put_nil(to);
    troupe__put_text(to, end->text, end->text_size);
    if (record->ballot)
        troupe__map_votes_put(to, record);
}

static void
set_count(struct troupe__text *text, uint32_t count)
{
    for (int i = 0; i < 4; i++)
        text->data[1 + i] = (char) (count >> (24 - 8 * i));
}

static int
answer_batch(troupe_context_t *ctx, struct map *self, struct map_batch *batch)
{
    struct troupe__text results = {0};
    uint64_t now_ns = troupe_time_ns(ctx);
    troupe__text_put(&results, "\xdd\0\0\0\0", 5);
    for (uint32_t i = 0; i < batch->count; i++) {
        put_result(&results, batch->records[i], now_ns);
        troupe__map_forget(self, batch->records[i]);
    }
    set_count(&results, batch->count);
    int rc = troupe_reply_to(ctx, &batch->token, "{s:r}", "results",
                             results.data, results.size);
    if (rc == -EMSGSIZE || rc == -EBADMSG) {
        rc = troupe_reply_error_to(ctx, &batch->token, rc,
                                   "the results are over the size of a "
                                   "message: use put and take");
    }
    troupe__text_free(&results);
    free(batch->records);
    free(batch);
    return rc == -ENOMSG ? 0 : rc;
}

int
troupe__map_settle(troupe_context_t *ctx, struct map *self,
                   struct map_record *record)
{
    struct map_batch *batch = record->batch;
    record->is_settled = true;
    if (batch)
        return --batch->left == 0 ? answer_batch(ctx, self, batch) : 0;
    if (!self->options.ordered) {
        troupe__list_put(&self->ready, record);
        return 0;
    }
    while (self->order_first && self->order_first->is_settled) {
        struct map_record *first = self->order_first;
        self->order_first = first->order_next;
        if (!self->order_first)
            self->order_last = NULL;
        troupe__list_put(&self->ready, first);
    }
    return 0;
}

int
troupe__map_summary_write(struct msgpack_packer *packer, void *value)
{
    const struct map *self = value;
    const struct map_tally *tally = &self->tally;
    uint64_t peak = 0, stuck = 0;
    for (uint32_t i = 0; i < self->pool_count; i++) {
        peak += self->pools[i].peak;
        stuck += self->pools[i].is_stuck;
    }
    const struct {
        const char *name;
        uint64_t count;
    } counts[] = {
        {"ok", tally->states[MAP_OK]},
        {"failed", tally->states[MAP_FAILED]},
        {"timeout", tally->states[MAP_TIMEOUT]},
        {"lost", tally->states[MAP_LOST]},
        {"cancelled", tally->states[MAP_CANCELLED]},
        {"skipped", tally->states[MAP_SKIPPED]},
        {"retried", tally->retried},
        {"stolen", tally->stolen},
        {"resumed", tally->resumed},
        {"jobs", self->options.jobs},
        {"peak", peak},
        {"halted", self->halted},
        {"deadline_passed", self->deadline_passed},
        {"stuck", stuck},
    };
    const struct {
        const char *name;
        double number;
    } reals[] = {
        {"busy_ms", tally->busy_ms},
        {"p50_ms", troupe__times_quantile(&tally->run, 0.5)},
        {"p95_ms", troupe__times_quantile(&tally->run, 0.95)},
        {"p99_ms", troupe__times_quantile(&tally->run, 0.99)},
        {"queue_p50_ms", troupe__times_quantile(&tally->queue, 0.5)},
    };
    size_t count = sizeof counts / sizeof *counts;
    size_t real_count = sizeof reals / sizeof *reals;
    msgpack_pack_map(packer, count + real_count + 1);
    for (size_t i = 0; i < count; i++) {
        msgpack_pack_str(packer, strlen(counts[i].name));
        msgpack_pack_str_body(packer, counts[i].name, strlen(counts[i].name));
        msgpack_pack_uint64(packer, counts[i].count);
    }
    for (size_t i = 0; i < real_count; i++) {
        msgpack_pack_str(packer, strlen(reals[i].name));
        msgpack_pack_str_body(packer, reals[i].name, strlen(reals[i].name));
        msgpack_pack_double(packer, reals[i].number);
    }
    msgpack_pack_str(packer, 5);
    msgpack_pack_str_body(packer, "error", 5);
    msgpack_pack_str(packer, strlen(self->error));
    return msgpack_pack_str_body(packer, self->error, strlen(self->error));
}

/* What is ready, as much as one answer may hold. */
static void
put_ready(troupe_context_t *ctx, struct map *self, struct troupe__text *to)
{
    uint32_t count = 0;
    uint64_t values = 0, now_ns = troupe_time_ns(ctx);
    if (!self->take_packed)
        troupe__text_put(to, "\xdd\0\0\0\0", 5);
    while (self->ready.count > 0 && count < TAKE_MAX && to->size < TAKE_BYTES
           && values < TAKE_VALUES) {
        struct map_record *record = troupe__list_take(&self->ready);
        if (self->take_packed) {
            pack_result(to, record, now_ns);
        } else {
            put_result(to, record, now_ns);
            values +=
                troupe__value_count(record->end.value, record->end.value_size);
        }
        self->held_bytes -= record->end.value_size;
        troupe__map_forget(self, record);
        count++;
    }
    if (!self->take_packed)
        set_count(to, count);
}

static int
answer_take(troupe_context_t *ctx, struct map *self, bool is_over)
{
    struct troupe__text *results = &self->text;
    put_ready(ctx, self, results);
    is_over |= self->last && self->live == 0;
    self->told_halt |= self->halted;
    /* The list comes last: who reads the others need not pass over it. */
    int rc = troupe_reply_to(
        ctx, &self->take,
        self->take_packed ? "{s:b, s:b, s:*, s:B}" : "{s:b, s:b, s:*, s:r}",
        "halted", (int) self->halted, "over", (int) is_over, "summary",
        troupe__map_summary_write, self, "results", results->data,
        results->size);
    troupe__map_text_done(self);
    self->take.id = 0;
    return rc == -ENOMSG ? 0 : rc;
}

static int
answer_puts(troupe_context_t *ctx, struct map *self)
{
    int rc = 0;
    for (size_t i = 0; i < self->put_count && rc == 0; i++) {
        rc = troupe_reply_to(ctx, &self->puts[i], NULL);
        rc = rc == -ENOMSG ? 0 : rc;
    }
    self->put_count = 0;
    return rc;
}

int
troupe__map_serve(troupe_context_t *ctx, struct map *self)
{
    uint64_t room = LIVE_MAX > 4 * (uint64_t) self->options.jobs
                        ? LIVE_MAX
                        : 4 * (uint64_t) self->options.jobs;
    bool is_over = self->last && self->live == 0;
    int rc = 0;
    if (self->take.id != 0
        && (self->ready.count > 0 || is_over
            || (self->halted && !self->told_halt)))
        rc = answer_take(ctx, self, is_over);
    if (rc == 0 && self->queue.count > 0) /* there may be room for it now */
        rc = troupe__map_dispatch(ctx, self);
    if (rc == 0 && self->live < room && !troupe__map_is_full(self))
        rc = answer_puts(ctx, self);
    return rc;
}

int
troupe__map_proceed(troupe_context_t *ctx, struct map *self)
{
    int rc = troupe__map_dispatch(ctx, self);
    if (rc == 0)
        rc = troupe__map_log(ctx, self);
    return rc == 0 ? troupe__map_serve(ctx, self) : rc;
}
