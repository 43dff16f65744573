/* SPDX-License-Identifier: Apache-2.0 */
/* nurse.c: a supervisor in small: it restarts a child at once, or lets it go. */
#include "runtime/nurse.h"

#include <errno.h>

#include "runtime/world.h"

struct nurse {
    troupe_ref_t child;
};

struct plan plan;

static int
nurse_child(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_child_t child;
    (void) state;
    if (troupe_child_read(msg, &child) < 0)
        return -EBADMSG;
    note("%u %s%s%s%s", child.incarnation,
         child.event == TROUPE_CHILD_STARTED
             ? "started"
             : troupe_exit_name(child.reason.kind),
         child.in_start ? " in start" : "", child.had_message ? " on " : "",
         child.type);
    if (child.event == TROUPE_CHILD_STARTED)
        return 0;
    if (plan.quarantine && child.fingerprint)
        (void) troupe_child_quarantine(ctx, child.ref, child.fingerprint);
    if (plan.restart)
        return troupe_child_restart(ctx, child.ref, "i", 7);
    return troupe_child_release(ctx, child.ref);
}

static int
nurse_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const troupe_spawn_options_t options = {.supervised = true,
                                            .name = "child"};
    (void) state, (void) msg;
    return troupe_spawn(ctx, plan.kind, &options, &plan.child, "i", 1);
}

TROUPE_KIND(nurse, struct nurse, TROUPE_ON_START(nurse_start),
            TROUPE_ON_CHILD(nurse_child), TROUPE_ON("do", do_inside));

troupe_ref_t
nurse_new(const troupe_kind_t *kind, bool restart)
{
    plan.kind = kind;
    plan.restart = restart;
    plan.quarantine = false;
    troupe_ref_t ref = spawn(&nurse, NULL);
    settle();
    return ref;
}
