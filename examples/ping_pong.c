/* SPDX-License-Identifier: Apache-2.0 */
/* ping_pong.c: two actors send one ball to and fro; main asks for the score. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <troupe.h>

/* The wall hits every ball back to whoever sent it. */
struct wall {
    uint64_t hits;
};

static int
on_ping(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct wall *self = state;
    self->hits += 1;
    return troupe_send(ctx, troupe_message_sender(msg), "pong", NULL);
}

TROUPE_KIND(wall, struct wall, TROUPE_ON("ping", on_ping));

/* The player is asked to play, and answers when the last ball is back. */
struct player {
    troupe_ref_t wall;
    int64_t left;         /* balls still to play */
    int64_t played;       /* balls that came back */
    troupe_token_t token; /* the promise to answer the ask "play" */
};

/* The arguments of a spawn come to start as the body of a message. */
static int
player_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    struct player *self = state;
    return troupe_unpack(msg, "{s:R}", "wall", &self->wall);
}

static int
on_play(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct player *self = state;
    int rc = troupe_unpack(msg, "{s:I}", "balls", &self->left);
    if (rc < 0 || self->left < 1)
        return troupe_reply_error(ctx, -EINVAL, "play wants 'balls' above 0");
    rc = troupe_defer(ctx, &self->token);
    if (rc < 0)
        return rc;
    return troupe_send(ctx, self->wall, "ping", NULL);
}

static int
on_pong(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct player *self = state;
    self->played += 1;
    if (--self->left > 0)
        return troupe_send(ctx, self->wall, "ping", NULL);
    return troupe_reply_to(ctx, &self->token, "{s:I}", "played", self->played);
}

TROUPE_KIND(player, struct player, TROUPE_ON_START(player_start),
            TROUPE_ON("play", on_play), TROUPE_ON("pong", on_pong));

static int
play(troupe_t *node, int64_t balls, int64_t *ret_played)
{
    /* Who takes turns is best on one worker: nobody has to be woken up. */
    troupe_spawn_options_t same = {.place = TROUPE_WORKER, .worker = 0};
    troupe_ref_t wall_ref;
    troupe_ref_t player_ref;
    troupe_message_t *reply = NULL;
    int rc = troupe_node_spawn(node, &wall, &same, &wall_ref, NULL);
    if (rc == 0)
        rc = troupe_node_spawn(node, &player, &same, &player_ref, "{s:R}",
                               "wall", wall_ref);
    if (rc == 0)
        rc = troupe_node_ask(node, player_ref, "play", 30000, &reply, "{s:I}",
                             "balls", balls);
    if (rc == 0)
        rc = troupe_unpack(reply, "{s:I}", "played", ret_played);
    troupe_message_destroy(&reply);
    return rc;
}

int
main(void)
{
    const int64_t balls = 200000;
    int64_t played = 0;
    troupe_t *node = NULL;
    int rc = troupe_new(NULL, &node);
    uint64_t began = rc == 0 ? troupe_now_ns(node) : 0;
    if (rc == 0)
        rc = play(node, balls, &played);
    if (rc == 0) {
        uint64_t took = troupe_now_ns(node) - began;
        printf("%" PRId64 " balls there and back: %" PRIu64 " ns a message\n",
               played, took / (2 * (uint64_t) balls));
    } else {
        fprintf(stderr, "ping_pong: %s\n", troupe_strerror(rc));
    }
    return troupe_destroy(&node) == 0 && rc == 0 && played == balls ? 0 : 1;
}
