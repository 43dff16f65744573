/* SPDX-License-Identifier: Apache-2.0 */
/* limiter.c: the actor that lets so many asks through as can be borne. */
#include <errno.h>
#include <string.h>

#include "troupe_ask.h"
#include "troupe_lifecycle.h"
#include "troupe_limit.h"

#include "actors/relay.h"

#define QUEUE 100

struct gate {
    troupe_ref_t backend;
    troupe_limit_t limit;
    struct relays waiting, under_way;
    uint64_t queue, refused;
};

static int
read_options(const troupe_message_t *msg, uint64_t *ret_queue,
             troupe_limit_options_t *ret_options)
{
    uint64_t start = 0, min = 0, max = 0;
    const char *algorithm = "gradient";
    int rc = troupe_unpack(msg, "{s?s, s?U, s?U, s?U, s?U}", "algorithm",
                           &algorithm, "start", &start, "min", &min, "max",
                           &max, "queue", ret_queue);
    bool aimd = rc == 0 && strcmp(algorithm, "aimd") == 0;
    if (rc < 0 || (!aimd && strcmp(algorithm, "gradient") != 0)
        || !troupe__u32(start, &ret_options->start)
        || !troupe__u32(min, &ret_options->min)
        || !troupe__u32(max, &ret_options->max))
        return -EINVAL;
    if (aimd)
        ret_options->algorithm = TROUPE_LIMIT_AIMD;
    return 0;
}

static int
gate_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct gate *self = state;
    troupe_limit_options_t options = {.start = 0};
    self->queue = QUEUE;
    troupe__relays_open(&self->waiting);
    troupe__relays_open(&self->under_way);
    int rc = read_options(msg, &self->queue, &options);
    if (rc == 0)
        rc = troupe_limit_init(&self->limit, &options);
    if (rc < 0) {
        return troupe_fail(ctx, -EINVAL,
                           "a limiter wants {backend}, and may have algorithm "
                           "(gradient or aimd), queue, and min, start and max, "
                           "of which none is below the one before");
    }
    rc = troupe__read_ref(ctx, msg, "limiter", "backend", &self->backend);
    if (rc == 0 && troupe_ref_is_nobody(self->backend))
        rc = troupe_fail(ctx, -EINVAL, "a limiter wants a backend");
    return rc;
}

/* --- asks -------------------------------------------------------------------*/

static int let_through(troupe_context_t *ctx, struct gate *self);

/* Word that the asker's time was up may come before the ask's own end. */
static bool
is_loss(troupe_context_t *ctx, const struct relayed *it,
        const troupe_answer_t *answer)
{
    int code = answer->code;
    bool late = it->deadline_ns > 0 && troupe_time_ns(ctx) >= it->deadline_ns;
    return answer->outcome == TROUPE_TIMEOUT
           || (answer->outcome == TROUPE_CANCELLED && late)
           || answer->outcome == TROUPE_OVERLOAD
           || (answer->outcome == TROUPE_ERROR
               && (code == -EBUSY || code == -EAGAIN || code == -ENOBUFS
                   || code == -ETIMEDOUT));
}

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct gate *self = state;
    struct relayed *it = answer->data;
    if (is_loss(ctx, it, answer))
        troupe_limit_lose(&self->limit);
    else if (answer->outcome == TROUPE_REPLY || answer->outcome == TROUPE_ERROR)
        troupe_limit_record(&self->limit, answer->latency_ns);
    else
        troupe_limit_forget(&self->limit);
    int rc = troupe__relay_answer(ctx, &it->token, answer);
    troupe__relays_remove(&self->under_way, it);
    troupe__relayed_free(it);
    return rc < 0 ? rc : let_through(ctx, self);
}

/* The limit has let it through. */
static int
pass(troupe_context_t *ctx, struct gate *self, struct relayed *it)
{
    int rc = troupe__relayed_ask(ctx, it, self->backend, on_answer);
    if (rc == 0) {
        troupe__relays_add(&self->under_way, it);
        return 0;
    }
    troupe_limit_forget(&self->limit);
    rc =
        troupe__relay_error(ctx, &it->token, rc, "the backend cannot be asked");
    troupe__relayed_free(it);
    return rc;
}

static int
let_through(troupe_context_t *ctx, struct gate *self)
{
    int rc = 0;
    while (rc == 0 && self->waiting.first
           && troupe_limit_take(&self->limit) == 0) {
        struct relayed *it = self->waiting.first;
        troupe__relays_remove(&self->waiting, it);
        rc = pass(ctx, self, it);
    }
    return rc;
}

static int
on_ask(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct gate *self = state;
    if (!troupe_message_is_ask(msg))
        return troupe_forward(ctx, self->backend, msg);
    bool passes = !self->waiting.first && troupe_limit_take(&self->limit) == 0;
    if (!passes && self->waiting.count >= self->queue) {
        self->refused += 1;
        return troupe_reply_error(
            ctx, -EBUSY, "%u asks are under way, the limit now, and %llu wait",
            (unsigned) self->limit.under_way,
            (unsigned long long) self->waiting.count);
    }
    struct relayed *it = troupe__relayed_new(ctx, msg);
    if (passes)
        return pass(ctx, self, it);
    troupe__relays_add(&self->waiting, it);
    return 0;
}

static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct gate *self = state;
    troupe_token_t token = troupe_token_read(msg);
    struct relayed *waits = troupe__relays_find(&self->waiting, token);
    const struct relayed *goes = troupe__relays_find(&self->under_way, token);
    if (goes)
        (void) troupe_cancel(ctx, goes->ask); /* or it is just answered */
    if (waits) {
        troupe__relays_remove(&self->waiting, waits);
        troupe__relayed_free(waits);
    }
    if (!goes)
        troupe_token_drop(ctx, &token);
    return 0;
}

static int
on_state(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct gate *self = state;
    (void) msg;
    return troupe_reply(ctx, "{s:U, s:U, s:U, s:U, s:U, s:U}", "limit",
                        (uint64_t) self->limit.limit, "under_way",
                        (uint64_t) self->limit.under_way, "waiting",
                        self->waiting.count, "taken", self->limit.taken,
                        "refused", self->refused, "lost", self->limit.lost);
}

static void
gate_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct gate *self = state;
    (void) ctx, (void) reason;
    troupe__relays_free(&self->waiting);
    troupe__relays_free(&self->under_way);
}

TROUPE_KIND(troupe_limiter, struct gate, TROUPE_ON_START(gate_start),
            TROUPE_ON("limit.state", on_state), TROUPE_ON_FALLBACK(on_ask),
            TROUPE_ON_CANCEL(on_cancel), TROUPE_ON_STOP(gate_stop));
