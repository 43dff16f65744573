/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide_sampler.c: the actor that draws samples, a few in each turn, so that
 * it hears of a stop, of a cancel, and of its deadline: then it answers with
 * what there is.
 */
#include <errno.h>
#include <stdlib.h>

#include "actors/decide.h"
#include "actors/decide_codec.h"
#include "actors/research.h"
#include "mailbox/check.h"

#define TURN_SAMPLES   200 /* of this sampler, in one turn */
#define ANSWER_PERCENT 80  /* of the time until the deadline, for drawing */

struct sampler {
    uint64_t first;
    uint64_t step;
    uint64_t fail;
    bool busy;
    troupe_token_t token;
    struct table table;
    struct samples samples; /* what is left of them */
    uint32_t *counts;
    uint32_t count;   /* samples drawn */
    uint64_t stop_ns; /* answer by then; 0: when all is drawn */
    bool ended;       /* it was told to, before that */
};

static int
sampler_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct sampler *self = state;
    int rc = troupe_unpack(msg, "{s:U, s:U, s?U}", "first", &self->first,
                           "step", &self->step, "fail", &self->fail);
    if (rc == 0
        && (self->step == 0 || self->step > DECIDE_SAMPLERS_MAX
            || self->first >= self->step))
        rc = -EINVAL;
    return rc < 0 ? troupe_fail(ctx, rc, "a sampler wants first and step") : 0;
}

static void
rest(struct sampler *self)
{
    troupe__table_clear(&self->table);
    free(self->counts);
    self->counts = NULL;
    self->busy = false;
}

static int
answer(troupe_context_t *ctx, struct sampler *self)
{
    struct counts list = {self->counts, self->table.rows * self->table.rows};
    int rc = troupe_reply_to(
        ctx, &self->token, "{s:U, s:U, s:*}", "samples", (uint64_t) self->count,
        "cut", (uint64_t) self->ended, "ranks", troupe__counts_write, &list);
    rest(self);
    return rc == -ENOMSG ? 0 : rc; /* the asker has given up: fine */
}

static int
on_turn(troupe_context_t *ctx, void *state, void *data)
{
    struct sampler *self = state;
    struct samples now = self->samples;
    uint64_t end = (uint64_t) now.first + TURN_SAMPLES * (uint64_t) now.step;
    if (!troupe_token_is_open(ctx, self->token)) {
        rest(self);
        return 0;
    }
    now.end = end < now.end ? (uint32_t) end : now.end;
    self->count += troupe__sample(&self->table, &now, self->counts);
    self->samples.first = (uint32_t) end;
    bool late = self->stop_ns > 0 && troupe_time_ns(ctx) >= self->stop_ns;
    bool whole = end >= self->samples.end;
    self->ended = self->ended && !whole;
    if (late || whole || self->ended)
        return answer(ctx, self);
    return troupe_call_after(ctx, 0, on_turn, data, NULL, NULL);
}

static int
on_sample(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct sampler *self = state;
    uint64_t seed = 0;
    uint64_t end = 0;
    int rc = troupe__fail_on_request(ctx, self->fail);
    if (rc < 0)
        return rc;
    if (self->busy)
        return troupe_reply_error(ctx, -EBUSY, "one drawing at a time");
    rc = troupe_unpack(msg, "{s:U, s:U}", "seed", &seed, "samples", &end);
    if (rc == 0 && end > DECIDE_SAMPLES_MAX)
        rc = -ERANGE;
    if (rc == 0)
        rc = troupe__table_read(msg, &self->table);
    if (rc < 0)
        return troupe_reply_error(ctx, rc,
                                  "sample wants a table, seed and samples");
    size_t room = (size_t) self->table.rows * self->table.rows;
    uint64_t deadline_ns = troupe_message_deadline_ns(msg);
    uint64_t now_ns = troupe_time_ns(ctx);
    self->busy = true;
    self->ended = false;
    self->count = 0;
    self->counts = troupe__alloc((room + 1) * sizeof *self->counts);
    self->samples = (struct samples){seed, (uint32_t) self->first,
                                     (uint32_t) self->step, (uint32_t) end};
    self->stop_ns = deadline_ns > now_ns
                        ? now_ns + (deadline_ns - now_ns) * ANSWER_PERCENT / 100
                        : deadline_ns;
    rc = troupe_defer(ctx, &self->token);
    return rc < 0 ? rc : on_turn(ctx, self, NULL);
}

static int
on_end(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    (void) msg;
    ((struct sampler *) state)->ended = true; /* in the next turn */
    return 0;
}

static void
sampler_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx;
    (void) reason;
    rest(state);
}

TROUPE_KIND(troupe_decision_sampler, struct sampler,
            TROUPE_ON_START(sampler_start), TROUPE_ON("sample", on_sample),
            TROUPE_ON("end", on_end), TROUPE_ON_STOP(sampler_stop));
