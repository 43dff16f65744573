/* SPDX-License-Identifier: Apache-2.0 */
/* bonds.c: actors that link, monitor and exit as they are told. */
#include "supervisor/bonds.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>

#include "supervisor/harness.h"

struct friend_state {
    char label[32];
    troupe_monitor_t monitor;
};

static int
on_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    struct friend_state *self = state;
    const char *label = NULL;
    int rc = troupe_unpack(msg, "s", &label);
    if (rc == 0)
        snprintf(self->label, sizeof self->label, "%s", label);
    return rc;
}

static int
on_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    const struct friend_state *self = state;
    troupe_down_t down;
    int rc = troupe_down_read(msg, &down);
    if (rc == 0)
        journal_add("%s down %s", self->label,
                    troupe_exit_name(down.reason.kind));
    return rc;
}

static int
on_exit_signal(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    const struct friend_state *self = state;
    troupe_down_t down;
    int rc = troupe_down_read(msg, &down);
    if (rc == 0)
        journal_add("%s exit %s", self->label,
                    troupe_exit_name(down.reason.kind));
    return harness_is_ending() ? TROUPE_STOP : rc;
}

static int
about(const troupe_message_t *msg, troupe_ref_t *ret_ref)
{
    return troupe_unpack(msg, "R", ret_ref);
}

static int
on_link(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    troupe_ref_t other;
    int rc = about(msg, &other);
    return rc < 0 ? rc : troupe_link(ctx, other);
}

static int
on_unlink(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct friend_state *self = state;
    troupe_ref_t other;
    int rc = about(msg, &other);
    if (rc < 0)
        return rc;
    journal_add("%s unlink %d", self->label, troupe_unlink(ctx, other));
    return 0;
}

static int
on_monitor(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct friend_state *self = state;
    troupe_ref_t other;
    int rc = about(msg, &other);
    return rc < 0 ? rc : troupe_monitor(ctx, other, &self->monitor);
}

static int
on_demonitor(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct friend_state *self = state;
    uint64_t id = 0;
    if (troupe_unpack(msg, "U", &id) < 0)
        id = self->monitor.id;
    journal_add("%s demonitor %d", self->label,
                troupe_demonitor(ctx, (troupe_monitor_t){id}));
    return 0;
}

static int
on_steal(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    const struct friend_state *self = state;
    return troupe_reply(ctx, "U", self->monitor.id);
}

static int
send_exit(troupe_context_t *ctx, const troupe_message_t *msg,
          troupe_exit_t kind)
{
    troupe_ref_t other;
    int rc = about(msg, &other);
    return rc < 0 ? rc : troupe_exit_send(ctx, other, kind, 0, "told");
}

static int
on_kill(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    return send_exit(ctx, msg, TROUPE_EXIT_KILLED);
}

static int
on_stop_other(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    return send_exit(ctx, msg, TROUPE_EXIT_SHUTDOWN);
}

static int
on_normal(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    return send_exit(ctx, msg, TROUPE_EXIT_NORMAL);
}

static int
on_crash(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    (void) msg;
    return troupe_fail(ctx, -EIO, "told to crash");
}

static int
on_done(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    (void) state;
    (void) msg;
    return TROUPE_STOP;
}

static int
on_note(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    (void) msg;
    const struct friend_state *self = state;
    journal_add("%s note", self->label);
    return 0;
}

static int
on_block(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    (void) state;
    (void) msg;
    harness_block();
    return 0;
}

/* clang-format off */
#define FRIEND_CLAUSES                                                         \
    TROUPE_ON_START(on_start), TROUPE_ON_DOWN(on_down),                        \
    TROUPE_ON("link", on_link), TROUPE_ON("unlink", on_unlink),                \
    TROUPE_ON("monitor", on_monitor), TROUPE_ON("demonitor", on_demonitor),    \
    TROUPE_ON("steal", on_steal), TROUPE_ON("kill", on_kill),                  \
    TROUPE_ON("stop", on_stop_other), TROUPE_ON("normal", on_normal),          \
    TROUPE_ON("crash", on_crash), TROUPE_ON("done", on_done),                  \
    TROUPE_ON("note", on_note), TROUPE_ON("block", on_block)
/* clang-format on */

TROUPE_KIND(friend, struct friend_state, FRIEND_CLAUSES);
TROUPE_KIND(trapper, struct friend_state, FRIEND_CLAUSES,
            TROUPE_ON_EXIT(on_exit_signal));

troupe_ref_t
befriend(const troupe_kind_t *kind, const char *label, uint32_t worker)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    const troupe_spawn_options_t options = {.place = TROUPE_WORKER,
                                            .worker = worker};
    cr_assert_eq(
        troupe_node_spawn(world_node(), kind, &options, &ref, "s", label), 0);
    world_settle();
    return ref;
}

void
tell_ref(troupe_ref_t to, const char *verb, troupe_ref_t other)
{
    cr_assert_eq(troupe_node_send(world_node(), to, verb, "R", other), 0);
    world_settle();
}
