/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hedger.c: the actor that asks a second time when the first answer is late.
 *
 * A race is one ask of somebody's with up to two of ours. It is told once, and
 * ends when none of ours is open any more.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_ask.h"
#include "troupe_events.h"
#include "troupe_hedge.h"
#include "troupe_lifecycle.h"

#include "actors/relay.h"
#include "mailbox/check.h"

#define WITHOUT_DEADLINE_MS 600000

/* One of the two asks of a race; id 0: it is not open. */
struct lane {
    struct race *race;
    troupe_ask_t ask;
};

struct race {
    struct race *next, **link;
    troupe_token_t token;
    struct lane lanes[2];
    troupe_timer_t timer; /* of the second; 0: none */
    bool told;
    uint64_t begun_ns, deadline_ns;
    uint8_t *body;
    size_t size;
    char type[TROUPE_TYPE_MAX + 1];
};

struct hedger {
    troupe_ref_t backends[2];
    troupe_hedge_t hedge;
    struct race *races;
    uint64_t race_count, won;
};

static int
read_options(const troupe_message_t *msg, troupe_hedge_options_t *ret)
{
    uint64_t percentile = 0, samples = 0, min = 0, max = 0, extra = 0;
    int rc = troupe_unpack(msg, "{s?U, s?U, s?U, s?U, s?U}", "percentile",
                           &percentile, "samples_min", &samples, "min_ms", &min,
                           "max_ms", &max, "extra_percent", &extra);
    return rc == 0 && troupe__u32(percentile, &ret->percentile)
                   && troupe__u32(samples, &ret->samples_min)
                   && troupe__u32(min, &ret->min_ms)
                   && troupe__u32(max, &ret->max_ms)
                   && troupe__u32(extra, &ret->extra_percent)
               ? 0
               : -EINVAL;
}

static int
hedger_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct hedger *self = state;
    troupe_hedge_options_t options = {.percentile = 0};
    int rc = read_options(msg, &options);
    if (rc == 0)
        rc = troupe_hedge_init(&self->hedge, &options);
    if (rc < 0) {
        return troupe_fail(ctx, rc,
                           "a hedger wants {backend}, and may have other, and "
                           "numbers as troupe_hedge.h says");
    }
    rc = troupe__read_ref(ctx, msg, "hedger", "backend", &self->backends[0]);
    if (rc == 0 && troupe_ref_is_nobody(self->backends[0]))
        rc = troupe_fail(ctx, -EINVAL, "a hedger wants a backend");
    self->backends[1] = self->backends[0];
    return rc < 0 ? rc
                  : troupe__read_ref(ctx, msg, "hedger", "other",
                                     &self->backends[1]);
}

/* --- races ------------------------------------------------------------------*/

static struct race *
race_new(troupe_context_t *ctx, struct hedger *self,
         const troupe_message_t *msg)
{
    struct race *race = troupe__alloc(sizeof *race);
    const void *body = troupe_message_body(msg, &race->size);
    snprintf(race->type, sizeof race->type, "%s", troupe_message_type(msg));
    race->body = troupe__alloc(race->size + 1);
    memcpy(race->body, body, race->size);
    race->lanes[0].race = race->lanes[1].race = race;
    race->begun_ns = troupe_time_ns(ctx);
    race->deadline_ns = troupe_message_deadline_ns(msg);
    race->link = &self->races;
    race->next = self->races;
    if (race->next)
        race->next->link = &race->next;
    self->races = race;
    self->race_count += 1;
    return race;
}

static void
race_free(struct race *race)
{
    free(race->body);
    free(race);
}

static bool
is_open(const struct race *race)
{
    return race->lanes[0].ask.id || race->lanes[1].ask.id;
}

static void
race_end(struct hedger *self, struct race *race)
{
    *race->link = race->next;
    if (race->next)
        race->next->link = race->link;
    self->race_count -= 1;
    race_free(race);
}

/* Nothing more of it is wanted: what is open is given up. */
static void
finish(troupe_context_t *ctx, struct hedger *self, struct race *race)
{
    race->told = true;
    if (race->timer.id)
        (void) troupe_call_clear(ctx, race->timer);
    race->timer.id = 0;
    for (int i = 0; i < 2; i++)
        if (race->lanes[i].ask.id)
            (void) troupe_cancel(ctx, race->lanes[i].ask); /* or it is over */
    if (!is_open(race))
        race_end(self, race);
}

/* --- asks -------------------------------------------------------------------*/

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct hedger *self = state;
    struct lane *lane = answer->data;
    struct race *race = lane->race;
    bool is_second = lane == &race->lanes[1];
    lane->ask.id = 0;
    if (!is_second && (answer->outcome == TROUPE_REPLY || race->told))
        troupe_hedge_record(&self->hedge, answer->latency_ns);
    if (race->told) {
        if (!is_open(race))
            race_end(self, race);
        return 0;
    }
    if (answer->outcome != TROUPE_REPLY && is_open(race))
        return 0; /* the other one may do better */
    self->won += is_second && answer->outcome == TROUPE_REPLY;
    int rc = troupe__relay_answer(ctx, &race->token, answer);
    finish(ctx, self, race);
    return rc;
}

static int
put(troupe_context_t *ctx, struct hedger *self, struct race *race, int which)
{
    troupe_ask_options_t options = {.timeout_ms = WITHOUT_DEADLINE_MS,
                                    .deadline_ns = race->deadline_ns,
                                    .answer = on_answer,
                                    .data = &race->lanes[which],
                                    .detached = true};
    return troupe_ask_with(ctx, self->backends[which], race->type, &options,
                           &race->lanes[which].ask, "r", race->body,
                           race->size);
}

/* The first is late. That the second cannot be asked changes nothing. */
static int
on_late(troupe_context_t *ctx, void *state, void *data)
{
    struct hedger *self = state;
    struct race *race = data;
    race->timer.id = 0;
    if (troupe_hedge_allowed(&self->hedge) && put(ctx, self, race, 1) == 0)
        troupe_hedge_made(&self->hedge);
    return 0;
}

static int
on_ask(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct hedger *self = state;
    if (!troupe_message_is_ask(msg))
        return troupe_forward(ctx, self->backends[0], msg);
    struct race *race = race_new(ctx, self, msg);
    int rc = troupe_defer(ctx, &race->token);
    CHECK(rc == 0);
    rc = put(ctx, self, race, 0);
    if (rc < 0) {
        rc = troupe__relay_error(ctx, &race->token, rc,
                                 "the backend cannot be asked");
        race_end(self, race);
        return rc;
    }
    uint32_t after_ms = troupe_hedge_after_ms(&self->hedge);
    return after_ms == 0 ? 0
                         : troupe_call_after(ctx, after_ms, on_late, race, NULL,
                                             &race->timer);
}

static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct hedger *self = state;
    troupe_token_t token = troupe_token_read(msg);
    struct race *race = self->races;
    while (race && race->token.id != token.id)
        race = race->next;
    troupe_token_drop(ctx, &token);
    if (race)
        finish(ctx, self, race);
    return 0;
}

static int
on_state(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct hedger *self = state;
    (void) msg;
    return troupe_reply(ctx, "{s:U, s:U, s:U, s:U}", "asks", self->hedge.asks,
                        "hedges", self->hedge.hedges, "won", self->won,
                        "under_way", self->race_count);
}

static void
hedger_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct hedger *self = state;
    (void) ctx, (void) reason;
    for (struct race *at = self->races, *next; at; at = next) {
        next = at->next;
        race_free(at);
    }
}

TROUPE_KIND(troupe_hedger, struct hedger, TROUPE_ON_START(hedger_start),
            TROUPE_ON("hedge.state", on_state), TROUPE_ON_FALLBACK(on_ask),
            TROUPE_ON_CANCEL(on_cancel), TROUPE_ON_STOP(hedger_stop));
