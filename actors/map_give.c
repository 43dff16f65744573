/* SPDX-License-Identifier: Apache-2.0 */
/* map_give.c: results on their way to who wants them, and the summary. */
#include "actors/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_msgpack.h"

#include "mailbox/check.h"

#define MS_PER_NS   1e-6
#define NS_PER_MS   UINT64_C(1000000)
#define GIVE_MIN    1024         /* results that are worth to wake somebody */
#define GIVE_BYTES  (256u << 10) /* likewise */
#define CHEAP_US    500 /* where tasks cost less, not for longer than */
#define GIVE_MS     1
#define TAKE_BYTES  (16u << 20) /* of one answer */
#define TAKE_VALUES (1u << 18)
#define TAKE_MAX    8192
#define LIVE_MAX    4096 /* tasks of puts; above, puts wait for room */

/* What a result is when it is told; `votes` is room for those on it. Each
 * member is set: to clear them all first takes longer. */
static void
read_result(const struct map_record *record, uint64_t now_ns,
            struct troupe__text *votes, struct packed_result *ret)
{
    double all_ms = (double) (now_ns - record->queued_ns) * MS_PER_NS;
    double run_ms = record->end.run_ms;
    if (record->ballot)
        troupe__map_votes_put(votes, record);
    ret->number = record->number;
    ret->queue_ms = all_ms > run_ms ? all_ms - run_ms : 0;
    ret->attempts = record->attempts;
    ret->pool = record->pool;
    ret->has_pool = record->has_pool;
    ret->key = record->key;
    ret->key_size = record->key_size;
    ret->end = record->end;
    ret->votes = votes->data;
    ret->votes_size = votes->size;
}

/* As msgpack. */
static void
put_result(struct troupe__text *to, const struct packed_result *it)
{
    const struct map_end *end = &it->end;
    troupe__put_array(to, it->votes ? 10 : 9);
    troupe__put_uint(to, it->number);
    if (it->key)
        troupe__put_text(to, it->key, it->key_size);
    else
        troupe__put_nil(to);
    troupe__put_text(to, end->state, end->state_size);
    troupe__text_put(to, end->value, end->value_size);
    troupe__put_uint(to, it->attempts);
    troupe__put_real(to, it->queue_ms);
    troupe__put_real(to, end->run_ms);
    if (it->has_pool)
        troupe__put_uint(to, it->pool);
    else
        troupe__put_nil(to);
    troupe__put_text(to, end->text, end->text_size);
    if (it->votes)
        troupe__text_put(to, it->votes, it->votes_size);
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
        struct troupe__text votes = {0};
        struct packed_result it;
        read_result(batch->records[i], now_ns, &votes, &it);
        put_result(&results, &it);
        troupe__text_free(&votes);
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

/* Its record is free for another task: only the result is kept. */
static void
put_aside(struct map *self, struct map_record *record)
{
    struct troupe__text votes = {0};
    struct packed_result it;
    read_result(record, self->now_ns, &votes, &it);
    troupe__packed_result_put(&self->results, &it);
    if (self->result_count++ == 0)
        self->results_ns = self->now_ns;
    self->result_bytes += it.end.value_size;
    troupe__text_free(&votes);
    troupe__map_forget(self, record);
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
        put_aside(self, record);
        return 0;
    }
    while (self->order_first && self->order_first->is_settled) {
        struct map_record *first = self->order_first;
        self->order_first = first->order_next;
        if (!self->order_first)
            self->order_last = NULL;
        put_aside(self, first);
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

/* What there is, as much as one answer may hold; as msgpack, if `list` is not
 * NULL. Returns the bytes that it lies in. */
static size_t
choose(struct map *self, struct troupe__text *list)
{
    const uint8_t *first = (const uint8_t *) self->results.data;
    struct map_cursor at = {first, first + self->results.size};
    uint64_t count = 0, values = 0, bytes = 0;
    if (list) {
        troupe__text_put(list, "\xdd\0\0\0\0", 5);
    } else if (self->results.size <= TAKE_BYTES) { /* all: nothing is read */
        at.at = at.end;
        count = self->result_count;
        bytes = self->result_bytes;
    }
    while (at.at < at.end && count < TAKE_MAX && at.at - first < TAKE_BYTES
           && values < TAKE_VALUES) {
        struct packed_result it;
        CHECK(troupe__packed_result_take(&at, &it)); /* we wrote it */
        bytes += it.end.value_size;
        count++;
        if (!list)
            continue;
        put_result(list, &it);
        values += troupe__value_count(it.end.value, it.end.value_size);
    }
    if (list)
        set_count(list, (uint32_t) count);
    self->held_bytes -= bytes;
    self->result_bytes -= bytes;
    self->result_count -= count;
    self->live -= count;
    return (size_t) (at.at - first);
}

/* The rest moves to the front: there is one only where there is too much. */
static void
drop_results(struct map *self, size_t size)
{
    struct troupe__text *results = &self->results;
    if (size < results->size) {
        memmove(results->data, results->data + size, results->size - size);
        results->size -= size;
    } else {
        troupe__map_text_done(results);
    }
}

static int
answer_take(troupe_context_t *ctx, struct map *self, bool is_over)
{
    struct troupe__text *list = self->take_packed ? NULL : &self->text;
    size_t size = choose(self, list);
    is_over |= self->last && self->live == 0;
    self->told_halt |= self->halted;
    /* The list comes last: who reads the others need not pass over it. */
    int rc = troupe_reply_to(
        ctx, &self->take,
        list ? "{s:b, s:b, s:*, s:r}" : "{s:b, s:b, s:*, s:B}", "halted",
        (int) self->halted, "over", (int) is_over, "summary",
        troupe__map_summary_write, self, "results",
        list ? list->data : self->results.data, list ? list->size : size);
    drop_results(self, size);
    if (list)
        troupe__map_text_done(list);
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

/* Of cheap tasks more will be there at once: whoever takes is woken for many
 * of them together. What waits is told by the next results that come, or by a
 * timer. */
static bool
may_wait(const struct map *self)
{
    uint64_t outstanding = 0;
    for (uint32_t i = 0; i < self->pool_count; i++)
        outstanding += self->pools[i].outstanding;
    return outstanding > 0 && self->result_count < GIVE_MIN
           && self->results.size < GIVE_BYTES && self->tally.cost_us < CHEAP_US
           && self->now_ns - self->results_ns < GIVE_MS * NS_PER_MS
           && self->halted == self->told_halt;
}

static int
serve_again(troupe_context_t *ctx, void *state, void *data)
{
    struct map *self = state;
    (void) data;
    self->serves = false;
    self->now_ns = troupe_time_ns(ctx);
    return troupe__map_serve(ctx, self);
}

static int
serve_later(troupe_context_t *ctx, struct map *self)
{
    if (self->serves)
        return 0;
    self->serves = true;
    return troupe_call_after(ctx, GIVE_MS, serve_again, NULL, NULL, NULL);
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
        && (self->result_count > 0 || is_over
            || (self->halted && !self->told_halt)))
        rc = may_wait(self) ? serve_later(ctx, self)
                            : answer_take(ctx, self, is_over);
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
