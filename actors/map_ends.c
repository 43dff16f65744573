/* SPDX-License-Identifier: Apache-2.0 */
/* map_ends.c: attempts that ended: again, written down, or enough of it. */
#include "actors/map.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "troupe_retry.h"

#include "actors/map_pool.h"
#include "mailbox/check.h"

#define MS_PER_NS      1e-6
#define BACKOFF_MS     100
#define BACKOFF_MAX_MS 10000
#define PERCENT_FROM   10  /* so many must have ended before shares count */
#define LOG_MAX        512 /* entries of one append */
#define LOG_BYTES      (4u << 20)
#define LOG_MS         60000
#define COST_WEIGHT    0.05 /* of the newest */

static uint32_t
backoff_of(troupe_context_t *ctx, const struct map *self,
           const struct map_record *record)
{
    uint32_t base =
        self->options.backoff_ms ? self->options.backoff_ms : BACKOFF_MS;
    return troupe_retry_wait_ms(base, BACKOFF_MAX_MS, record->attempts,
                                troupe_random(ctx));
}

static bool
is_enough(const struct map *self)
{
    const troupe_map_halt_t *halt = &self->options.halt;
    const uint64_t *states = self->tally.states;
    uint64_t ok = states[MAP_OK];
    uint64_t failed =
        states[MAP_FAILED] + states[MAP_TIMEOUT] + states[MAP_LOST];
    uint64_t done = ok + failed;
    uint64_t reached = halt->on == TROUPE_MAP_HALT_FAIL      ? failed
                       : halt->on == TROUPE_MAP_HALT_SUCCESS ? ok
                                                             : done;
    if (halt->on == TROUPE_MAP_HALT_NEVER)
        return false;
    if (halt->percent > 0)
        return done >= PERCENT_FROM && reached > 0
               && reached * 100 >= done * halt->percent;
    return reached >= (halt->count ? halt->count : 1);
}

/* The bound of the policy is met. */
static int
halt_enough(troupe_context_t *ctx, struct map *self)
{
    static const char *const what[] = {
        [TROUPE_MAP_HALT_NEVER] = "", /* then nothing is enough */
        [TROUPE_MAP_HALT_FAIL] = "had failed",
        [TROUPE_MAP_HALT_SUCCESS] = "had succeeded, which is enough",
        [TROUPE_MAP_HALT_DONE] = "had ended, which is enough"};
    const troupe_map_halt_t *halt = &self->options.halt;
    char why[MAP_WHY_SIZE];
    uint32_t count = halt->count ? halt->count : 1;
    snprintf(why, sizeof why, "%u%s %s", halt->percent ? halt->percent : count,
             halt->percent ? " %" : "", what[halt->on]);
    return troupe__map_halt(ctx, self, halt->now, why);
}

static void
count_end(struct map *self, const struct map_record *record,
          enum map_state state)
{
    self->tally.states[state]++;
    if (state == MAP_SKIPPED)
        return;
    double all_ms = (double) (self->now_ns - record->queued_ns) * MS_PER_NS;
    double queue_ms = all_ms - record->end.run_ms;
    troupe__times_add(&self->tally.run, record->end.run_ms);
    troupe__times_add(&self->tally.queue, queue_ms > 0 ? queue_ms : 0);
}

/* The value of what has ended counts until it is taken. */
static void
hold(struct map *self, const struct map_record *record)
{
    self->held_bytes += record->batch ? 0 : record->end.value_size;
}

static int
done(troupe_context_t *ctx, struct map *self, struct map_record *record)
{
    if (record->head) {
        record = troupe__map_voted(ctx, self, record);
        if (!record)
            return 0;
    }
    enum map_state state =
        troupe__state_of(record->end.state, record->end.state_size);
    bool keeps = !troupe_ref_is_nobody(self->journal) && record->key
                 && state != MAP_SKIPPED && state != MAP_CANCELLED;
    count_end(self, record, state);
    if (record->span)
        troupe__map_trace_end(ctx, record);
    hold(self, record);
    int rc = 0;
    if (keeps)
        troupe__list_put(&self->to_log, record);
    else
        rc = troupe__map_settle(ctx, self, record);
    if (rc == 0 && is_enough(self))
        rc = halt_enough(ctx, self);
    return rc;
}

static int
again(troupe_context_t *ctx, void *state, void *data)
{
    struct map *self = state;
    struct map_record *record = data;
    int rc = 0;
    self->now_ns = troupe_time_ns(ctx);
    if (self->halted) {
        rc = done(ctx, self, record);
    } else {
        troupe__chunk_drop(record->end_chunk);
        record->end_chunk = NULL;
        troupe__map_queue(self, record);
        rc = troupe__map_dispatch(ctx, self);
    }
    return rc == 0 ? troupe__map_serve(ctx, self) : rc;
}

int
troupe__map_attempted(troupe_context_t *ctx, struct map *self,
                      struct map_record *record, struct map_chunk *chunk,
                      const struct map_end *end)
{
    enum map_state state = troupe__state_of(end->state, end->state_size);
    record->end = *end;
    record->end_chunk = chunk;
    if (chunk)
        chunk->users++;
    if (state == MAP_SKIPPED)
        return done(ctx, self, record);
    record->attempts++;
    if (record->span)
        troupe__map_trace_attempt(ctx, record);
    double cost_us = end->run_ms * 1000;
    struct map_tally *tally = &self->tally;
    tally->busy_ms += end->run_ms;
    tally->cost_us = tally->cost_us > 0 ? tally->cost_us * (1 - COST_WEIGHT)
                                              + cost_us * COST_WEIGHT
                                        : cost_us + 0.001;
    tally->bytes += (tally->bytes > 0 ? COST_WEIGHT : 1)
                    * ((double) end->value_size - tally->bytes);
    bool failed = state != MAP_OK && state != MAP_CANCELLED;
    if (!failed || self->halted || record->attempts > record->retries)
        return done(ctx, self, record);
    tally->retried++;
    return troupe_call_after(ctx, backoff_of(ctx, self, record), again, record,
                             NULL, NULL);
}

/* It counts with the others, but for what it took. */
int
troupe__map_done_before(troupe_context_t *ctx, struct map *self)
{
    int rc = 0;
    while (self->before.count > 0 && rc == 0) {
        struct map_record *record = troupe__list_take(&self->before);
        struct packed_task it;
        troupe__map_task_of(record, &it);
        const struct map_task *task = &it.task;
        struct map_cursor at = {task->body,
                                (const uint8_t *) task->body + task->body_size};
        uint32_t two = 0;
        struct map_end *end = &record->end;
        end->state = task->type ? task->type : "failed";
        end->state_size = task->type ? task->type_size : strlen(end->state);
        if (!troupe__take_array(&at, &two)
            || !troupe__take_text(&at, &end->text, &end->text_size)
            || !troupe__take_any(&at, &end->value, &end->value_size))
            return -EBADMSG;
        record->attempts = (uint32_t) task->timeout_ms;
        self->tally.states[troupe__state_of(end->state, end->state_size)]++;
        self->tally.resumed += record->attempts > 0;
        hold(self, record);
        rc = troupe__map_settle(ctx, self, record);
        if (rc == 0 && is_enough(self))
            rc = halt_enough(ctx, self);
    }
    return rc;
}

int
troupe__map_halt(troupe_context_t *ctx, struct map *self, bool now,
                 const char *why)
{
    if (self->halted && (self->halted_now || !now))
        return 0;
    self->halted = true;
    self->halted_now |= now;
    self->now_ns = troupe_time_ns(ctx);
    /* Those that are skipped point to the words: each has its own. */
    if (why) {
        self->why = self->whys[now ? 1 : 0];
        snprintf(self->whys[now ? 1 : 0], sizeof self->whys[0], "%s", why);
    }
    struct map_end end = troupe__end_of("skipped", self->why);
    int rc = 0;
    troupe__map_unwait(self);
    while (self->queue.count > 0 && rc == 0)
        rc = troupe__map_attempted(ctx, self, troupe__list_take(&self->queue),
                                   NULL, &end);
    for (uint32_t i = 0; i < self->pool_count && rc == 0; i++) {
        if (!troupe_ref_is_nobody(self->pools[i].ref))
            rc = troupe_send(ctx, self->pools[i].ref, "drop", "{s:b, s:s}",
                             "now", (int) now, "why", self->why);
    }
    return rc;
}

/* What did not get onto the disk does not count. */
static void
spoil(struct map *self, struct map_record *record)
{
    record->end.state = "failed";
    record->end.state_size = 6;
    record->end.text = self->error;
    record->end.text_size = strlen(self->error);
}

static int
on_logged(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct map *self = state;
    int rc = 0;
    self->now_ns = troupe_time_ns(ctx);
    if (answer->outcome != TROUPE_REPLY && !self->error[0])
        snprintf(self->error, sizeof self->error, "%s", answer->text);
    while (self->logging.count > 0 && rc == 0) {
        struct map_record *record = troupe__list_take(&self->logging);
        if (answer->outcome != TROUPE_REPLY)
            spoil(self, record);
        rc = troupe__map_settle(ctx, self, record);
    }
    if (rc == 0 && self->error[0])
        rc = troupe__map_halt(ctx, self, true,
                              "the journal could not be written");
    if (rc == 0)
        rc = troupe__map_log(ctx, self);
    return rc == 0 ? troupe__map_serve(ctx, self) : rc;
}

#define KEY(to, word) troupe__put_text(to, word, sizeof(word) - 1)

/* An entry of a journal; its value is [text, value]. */
static void
put_entry(struct troupe__text *to, struct troupe__text *value,
          const struct map_record *record)
{
    const struct map_end *end = &record->end;
    troupe__text_clear(value);
    troupe__put_array(value, 2);
    troupe__put_text(value, end->text, end->text_size);
    troupe__text_put(value, end->value, end->value_size);
    troupe__text_put(to, "\x85", 1);
    KEY(to, "key");
    troupe__put_text(to, record->key, record->key_size);
    KEY(to, "state");
    troupe__put_text(to, end->state, end->state_size);
    KEY(to, "attempt");
    troupe__put_uint(to, record->attempts);
    KEY(to, "ms");
    troupe__put_real(to, end->run_ms);
    KEY(to, "value");
    troupe__put_bin(to, value->data, value->size);
}

/* One append at a time: what ends meanwhile goes into the next one. */
int
troupe__map_log(troupe_context_t *ctx, struct map *self)
{
    struct troupe__text entries = {0}, value = {0};
    uint32_t count = 0;
    if (self->logging.count > 0 || self->to_log.count == 0)
        return 0;
    troupe__text_put(&entries, "\xdd\0\0\0\0", 5);
    while (self->to_log.count > 0 && count < LOG_MAX
           && entries.size < LOG_BYTES) {
        struct map_record *record = troupe__list_take(&self->to_log);
        put_entry(&entries, &value, record);
        troupe__list_put(&self->logging, record);
        count++;
    }
    for (int i = 0; i < 4; i++)
        entries.data[1 + i] = (char) (count >> (24 - 8 * i));
    troupe_ask_options_t options = {
        .answer = on_logged, .timeout_ms = LOG_MS, .detached = true};
    int rc = troupe_ask_with(ctx, self->journal, "append", &options, NULL,
                             "{s:r}", "entries", entries.data, entries.size);
    troupe__text_free(&entries);
    troupe__text_free(&value);
    return rc;
}
