/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timers.c: a door that shuts itself: two tables of handlers, one timer, and
 * a clock that main moves by hand, so that ten seconds take no time at all.
 */
#include <stdio.h>
#include <string.h>

#include <troupe.h>

enum { OPEN_MS = 3000, SECOND = 1000000000 };

/* The state stays when the door becomes open or closed. */
struct door {
    int pushes, seconds;
};

extern const troupe_kind_t door, open_door;

static int
on_push(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct door *self = state;
    self->pushes += 1;
    /* A timer of the same key is replaced: each push holds the door anew. */
    int rc = troupe_timer_set(ctx, "shut", OPEN_MS, 0);
    return rc < 0 ? rc : troupe_become(ctx, &open_door);
}

/* Only the open door has a line for it. */
static int
on_shut(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_become(ctx, &door);
}

static int
on_second(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) msg;
    struct door *self = state;
    self->seconds += 1;
    return 0;
}

static int
answer(troupe_context_t *ctx, const struct door *self, const char *is)
{
    return troupe_reply(ctx, "{s:s, s:i, s:i}", "is", is, "pushes",
                        self->pushes, "seconds", self->seconds);
}

static int
on_look_closed(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return answer(ctx, state, "closed");
}

static int
on_look_open(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    return answer(ctx, state, "open");
}

static int
door_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_timer_set(ctx, "second", 1000, 1000);
}

TROUPE_KIND(door, struct door, TROUPE_ON_START(door_start),
            TROUPE_ON("push", on_push), TROUPE_ON("look", on_look_closed),
            TROUPE_ON("second", on_second));

TROUPE_KIND(open_door, struct door, TROUPE_ON("push", on_push),
            TROUPE_ON("shut", on_shut), TROUPE_ON("look", on_look_open),
            TROUPE_ON("second", on_second));

/* Move the clock on, then see whether the door is as it should be. */
static bool
is_after(troupe_t *node, troupe_ref_t ref, int seconds, const char *wanted)
{
    troupe_message_t *reply = NULL;
    const char *is = "?";
    int pushes = 0;
    int now = 0;
    int rc = troupe_clock_advance(node, (uint64_t) seconds * SECOND);
    if (rc == 0)
        rc = troupe_node_ask(node, ref, "look", 0, &reply, NULL);
    if (rc == 0)
        rc = troupe_unpack(reply, "{s:s, s:i, s:i}", "is", &is, "pushes",
                           &pushes, "seconds", &now);
    bool right = rc == 0 && strcmp(is, wanted) == 0;
    printf("second %2d: %s, pushed %d times%s\n", now, is, pushes,
           right ? "" : " (wrong)");
    troupe_message_destroy(&reply);
    return right;
}

/* The clock stands still until the push has been handled. */
static bool
push(troupe_t *node, troupe_ref_t ref)
{
    return troupe_node_send(node, ref, "push", NULL) == 0
           && troupe_settle(node, 5000) == 0;
}

int
main(void)
{
    troupe_options_t options = troupe_options_default();
    options.manual_clock = true;
    troupe_t *node = NULL;
    troupe_ref_t ref;
    bool shown =
        troupe_new(&options, &node) == 0
        && troupe_node_spawn(node, &door, NULL, &ref, NULL) == 0
        && troupe_settle(node, 5000) == 0 && is_after(node, ref, 1, "closed")
        && push(node, ref) && is_after(node, ref, 2, "open") && push(node, ref)
        && is_after(node, ref, 2, "open") && is_after(node, ref, 1, "closed")
        && is_after(node, ref, 4, "closed");
    return troupe_destroy(&node) == 0 && shown ? 0 : 1;
}
