/* SPDX-License-Identifier: Apache-2.0 */
/* crowd.c: actors that do whatever a random number says, and keep books. */
#include "crowd.h"

#include <errno.h>
#include <stdlib.h>

struct member {
    troupe_token_t token;
    troupe_ref_t child;
    int depth;
};

static int
answered(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    uint32_t incarnation = ticket_close(answer->data);
    (void) state;
    enter(ctx, 'a', answer->outcome);
    books.stale += incarnation != troupe_incarnation(ctx);
    books.outcomes[answer->outcome]++;
    /* Now and then the asker fails on its answer. */
    if (troupe_random(ctx) % 500 == 0)
        return leave(troupe_fail(ctx, -EIO, "did not like it"));
    return leave(0);
}

static void
ask_dropped(void *data)
{
    (void) ticket_close(data);
    books.dropped++;
    story_add('d');
}

/* Somebody of the node, whether it lives or not. */
static troupe_ref_t
anybody(troupe_context_t *ctx, const struct member *self)
{
    char name[16] = "top-0";
    troupe_ref_t ref = troupe_self(ctx);
    if (self->child.id && troupe_random(ctx) % 2)
        return self->child;
    name[4] = (char) ('0' + troupe_random(ctx) % CROWD_TOPS);
    if (troupe_lookup(troupe_context_node(ctx), name, &ref) < 0)
        return ref;
    /* Up to three slots further: a child, a stale ref or nobody. */
    ref.id += troupe_random(ctx) % 4 == 0 ? troupe_random(ctx) % 3 : 0;
    return ref;
}

static int
ask_somebody(troupe_context_t *ctx, const struct member *self, int left)
{
    ticket_t *ticket = ticket_draw(troupe_incarnation(ctx));
    troupe_ask_options_t options = {
        .timeout_ms = 1 + (uint32_t) (troupe_random(ctx) % 300),
        .answer = answered,
        .data = (void *) ticket,
        .drop = ask_dropped,
        .detached = troupe_random(ctx) % 4 == 0,
    };
    troupe_ask_t ask = {0};
    int rc = troupe_ask_with(ctx, anybody(ctx, self), "do", &options, &ask, "i",
                             left - 1);
    if (rc < 0) {
        books.refused++;
        (void) ticket_close(ticket);
        return rc == -EAGAIN ? 0 : rc;
    }
    books.asked++;
    if (troupe_random(ctx) % 20 == 0)
        (void) troupe_cancel(ctx, ask);
    return 0;
}

static int
spawn_child(troupe_context_t *ctx, struct member *self)
{
    troupe_spawn_options_t options = {
        .place = (troupe_place_t) (troupe_random(ctx) % 3),
        .supervised = true,
        .linked = troupe_random(ctx) % 8 == 0,
        .mailbox = {.messages_max = 8,
                    .overflow = (troupe_overflow_t) (troupe_random(ctx) % 5)}};
    if (self->depth > 3)
        return 0;
    int rc = troupe_spawn(ctx, &crowd_member, &options, &self->child, "i",
                          self->depth + 1);
    books.spawned += rc == 0;
    return rc == -ESHUTDOWN ? 0 : rc;
}

static int
tell_somebody(troupe_context_t *ctx, const struct member *self, int left)
{
    int rc = troupe_send(ctx, anybody(ctx, self), "do", "i", left - 1);
    books.told += rc == 0;
    return rc == -EAGAIN ? 0 : rc;
}

/* What is done beside answering; left: how many more shall follow. */
static int
do_something(troupe_context_t *ctx, struct member *self, int left)
{
    switch (troupe_random(ctx) % 12) {
    case 0:
    case 1:
    case 2:
        return ask_somebody(ctx, self, left);
    case 3:
    case 4:
    case 5:
        return tell_somebody(ctx, self, left);
    case 6:
        return spawn_child(ctx, self);
    case 7:
        return self->child.id ? troupe_exit_send(ctx, self->child,
                                                 TROUPE_EXIT_SHUTDOWN, 0, NULL)
                              : 0;
    case 8:
        return troupe_timer_set(ctx, "tick", 1, 0);
    case 9:
        return self->child.id ? troupe_monitor(ctx, self->child, NULL) : 0;
    case 10:
        return troupe_random(ctx) % 10 == 0
                   ? troupe_fail(ctx, -EIO, "at random")
                   : 0;
    default:
        return 0;
    }
}

static int
answer_somehow(troupe_context_t *ctx, struct member *self)
{
    switch (troupe_random(ctx) % 6) {
    case 0:
        return troupe_reply_error(ctx, -ERANGE, "no");
    case 1:
        if (self->token.id)
            troupe_token_drop(ctx, &self->token);
        return troupe_defer(ctx, &self->token);
    case 2:
        return 0; /* a promise broken */
    default:
        return troupe_reply(ctx, "i", 1);
    }
}

static int
forward_it(troupe_context_t *ctx, const struct member *self,
           const troupe_message_t *msg)
{
    int rc = troupe_forward(ctx, anybody(ctx, self), msg);
    books.forwarded += rc == 0;
    return rc;
}

static int
do_it(troupe_context_t *ctx, struct member *self, const troupe_message_t *msg,
      int left)
{
    int rc = 0;
    if (left > 0)
        rc = do_something(ctx, self, left);
    if (rc == 0 && left > 0 && left % 3 == 0)
        rc = do_something(ctx, self, left);
    if (rc == 0 && troupe_message_is_ask(msg))
        rc = troupe_random(ctx) % 10 == 0 ? forward_it(ctx, self, msg)
                                          : answer_somehow(ctx, self);
    return rc == -EAGAIN ? 0 : rc;
}

static int
member_do(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int left = 0;
    enter(ctx, 'm', troupe_message_sender(msg).id);
    books.done++;
    if (troupe_unpack(msg, "i", &left) < 0)
        return leave(-EBADMSG);
    story_add((uint64_t) left << 1 | troupe_message_is_ask(msg));
    return leave(do_it(ctx, state, msg, left));
}

static int
member_tick(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct member *self = state;
    (void) msg;
    enter(ctx, 't', self->token.id);
    books.ticked++;
    if (self->token.id == 0)
        return leave(0);
    int rc = troupe_reply_to(ctx, &self->token, "i", 2);
    self->token.id = 0;
    return leave(rc == -ENOMSG ? 0 : rc); /* its asker was gone before */
}

static int
member_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct member *self = state;
    enter(ctx, 's', 0);
    return leave(troupe_unpack(msg, "i", &self->depth));
}

static int
decide(troupe_context_t *ctx, struct member *self, const troupe_child_t *child)
{
    if (child->event == TROUPE_CHILD_STARTED)
        return 0;
    if (troupe_random(ctx) % 2 && child->incarnation < 5)
        return troupe_child_restart(ctx, child->ref, "i", self->depth + 1);
    if (self->child.id == child->ref.id)
        self->child = TROUPE_NOBODY;
    return troupe_child_release(ctx, child->ref);
}

static int
member_child(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_child_t child;
    int rc = troupe_child_read(msg, &child);
    enter(ctx, 'c', rc < 0 ? 0 : child.ref.id ^ child.event);
    return leave(rc < 0 ? rc : decide(ctx, state, &child));
}

static int
member_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_down_t down;
    (void) state;
    int rc = troupe_down_read(msg, &down);
    enter(ctx, 'w', rc < 0 ? 0 : down.ref.id ^ down.reason.kind);
    return leave(rc);
}

TROUPE_KIND(crowd_member, struct member, TROUPE_ON_START(member_start),
            TROUPE_ON("do", member_do), TROUPE_ON("tick", member_tick),
            TROUPE_ON_DOWN(member_down), TROUPE_ON_CHILD(member_child));

static int
root_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    char name[16] = "top-0";
    int index = 0;
    (void) state;
    int rc = troupe_unpack(msg, "i", &index);
    if (rc < 0)
        return rc;
    name[4] = (char) ('0' + index);
    const troupe_spawn_options_t options = {
        .name = name, .supervised = true, .place = TROUPE_SPREAD};
    troupe_ref_t ref;
    return troupe_spawn(ctx, &crowd_member, &options, &ref, "i", 0);
}

static int
root_child(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_child_t child;
    (void) state;
    int rc = troupe_child_read(msg, &child);
    if (rc < 0 || child.event == TROUPE_CHILD_STARTED)
        return rc;
    return troupe_child_restart(ctx, child.ref, "i", 0);
}

TROUPE_KIND(crowd_root, struct member, TROUPE_ON_START(root_start),
            TROUPE_ON_CHILD(root_child));

/* Kicks that come from within: no other thread's time matters then. */
static int
conductor_kick(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int times = 0, rc = troupe_unpack(msg, "i", &times);
    char name[16] = "top-0";
    troupe_ref_t top;
    (void) state;
    for (int i = 0; rc == 0 && i < times * CROWD_TOPS; i++) {
        name[4] = (char) ('0' + i % CROWD_TOPS);
        if (troupe_lookup(troupe_context_node(ctx), name, &top) < 0)
            continue;
        rc = troupe_send(ctx, top, "do", "i", CROWD_STEPS);
        books.told += rc == 0;
        rc = rc == -EAGAIN ? 0 : rc;
    }
    return rc;
}

TROUPE_KIND(crowd_conductor, struct member, TROUPE_ON("kick", conductor_kick));

troupe_options_t
crowd_options(uint64_t seed)
{
    troupe_options_t options = troupe_options_default();
    options.workers = 2;
    options.seed = seed;
    options.watchdog_ms = 0;
    return options;
}

troupe_t *
crowd_begin(const troupe_options_t *options, troupe_ref_t tops[CROWD_TOPS])
{
    troupe_t *node = NULL;
    books_open();
    if (troupe_new(options, &node) < 0)
        return NULL;
    for (int i = 0; i < CROWD_TOPS; i++) {
        char name[16] = "top-0";
        troupe_ref_t root;
        name[4] = (char) ('0' + i);
        if (troupe_node_spawn(node, &crowd_root, NULL, &root, "i", i) < 0
            || troupe_settle(node, 10000) < 0
            || troupe_lookup(node, name, &tops[i]) < 0)
            abort();
    }
    return node;
}

int
crowd_kick(troupe_t *node, const troupe_ref_t tops[CROWD_TOPS])
{
    for (int i = 0; i < CROWD_TOPS; i++) {
        int rc = troupe_node_send(node, tops[i], "do", "i", CROWD_STEPS);
        if (rc < 0)
            return rc;
        books.told++;
    }
    return 0;
}

bool
crowd_is_done(void)
{
    return asks_ended() == books.asked;
}
