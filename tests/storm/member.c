/* SPDX-License-Identifier: Apache-2.0 */
/* member.c: the actors of a storm, which ask each other without a pause. */
#include "storm/member.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* The root's own, two processes of one child each, and two named nodes. */
const char *const place_names[PLACES] = {"home", "alpha", "beta", "gamma",
                                         "delta"};

enum { REST_MS = 2, SLOW_NS = 200000 };

struct member {
    uint32_t open; /* asks without an outcome */
    troupe_token_t held;
};

void
member_name(unsigned place, unsigned index, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "%s-%02u", place_names[place], index % MEMBERS);
}

static int
find_anybody(troupe_context_t *ctx, troupe_ref_t *ret_ref)
{
    char name[NAME_SIZE];
    uint64_t random = troupe_random(ctx);
    member_name((unsigned) (random % PLACES), (unsigned) (random >> 32), name);
    return troupe_lookup(troupe_context_node(ctx), name, ret_ref);
}

static int ask_more(troupe_context_t *ctx, struct member *self);

static int
answered(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct member *self = state;
    ticket_close(answer->data, troupe_incarnation(ctx));
    sheet->outcomes[answer->outcome]++;
    self->open--;
    if (answer->outcome == TROUPE_REPLY || answer->outcome == TROUPE_ERROR)
        return ask_more(ctx, self);
    return troupe_timer_set(ctx, "go", REST_MS, 0);
}

static int
ask_anybody(troupe_context_t *ctx, struct member *self)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    int rc = find_anybody(ctx, &ref);
    if (rc < 0)
        return rc; /* it is just being started again */
    const troupe_ask_options_t options = {
        .timeout_ms = 1 + (uint32_t) (troupe_random(ctx) % 300),
        .answer = answered,
        .data = ticket_draw(troupe_incarnation(ctx)),
        .drop = ticket_drop,
        .detached = true,
    };
    troupe_ask_t ask = {0};
    sheet->asked++;
    rc = troupe_ask_with(ctx, ref, "do", &options, &ask, "i", 1);
    if (rc < 0) {
        sheet->asked--;
        sheet->refused++;
        ticket_tear(options.data);
        return rc;
    }
    self->open++;
    if (troupe_random(ctx) % 20 == 0)
        (void) troupe_cancel(ctx, ask);
    return 0;
}

static int
ask_more(troupe_context_t *ctx, struct member *self)
{
    int rc = 0;
    while (rc == 0 && self->open < OPEN_MAX && !books->rests)
        rc = ask_anybody(ctx, self);
    return rc < 0 ? troupe_timer_set(ctx, "go", REST_MS, 0) : 0;
}

static int
member_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return ask_more(ctx, state);
}

static int
member_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_timer_set(ctx, "go", 0, 0);
}

/* Long enough for small mailboxes to fill up. */
static void
be_slow(void)
{
    struct timespec since, now;
    clock_gettime(CLOCK_MONOTONIC, &since);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - since.tv_sec) * 1000000000 + now.tv_nsec
           < since.tv_nsec + SLOW_NS);
}

/* One is kept at a time; its deadline may have passed meanwhile. */
static int
hold(troupe_context_t *ctx, struct member *self)
{
    if (self->held.id && troupe_reply_to(ctx, &self->held, "i", 2) < 0)
        self->held.id = 0;
    return troupe_defer(ctx, &self->held);
}

static int
pass_on(troupe_context_t *ctx, const troupe_message_t *msg)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    if (find_anybody(ctx, &ref) == 0 && troupe_forward(ctx, ref, msg) == 0)
        return 0;
    return troupe_reply_error(ctx, -EAGAIN, "nobody took it");
}

static int
member_do(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    switch (troupe_random(ctx) % 20) {
    case 0:
        return troupe_reply_error(ctx, -ERANGE, "no");
    case 1:
        return 0; /* a promise broken */
    case 2:
        return hold(ctx, state);
    case 3:
        return pass_on(ctx, msg);
    case 4:
        be_slow();
        return troupe_reply(ctx, "i", 4);
    default:
        return troupe_reply(ctx, "i", 1);
    }
}

static int
member_pid(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, "i", (int) getpid());
}

TROUPE_KIND(storm_member, struct member, TROUPE_ON_START(member_start),
            TROUPE_ON("go", member_go), TROUPE_ON("do", member_do),
            TROUPE_ON("pid", member_pid));
