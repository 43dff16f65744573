/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spans_hear.c: to wait for the spans that other processes have sent.
 *
 * They may still be on their way, even where the answer to what was done has
 * come: that takes another socket, and the first message on one waits for it.
 * So each worker there is asked for the end of nobody, and says that there is no
 * such actor behind all that it has sent here. Where its node is lost the runtime
 * says so instead.
 */
#include "actors/spans.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "troupe_lifecycle.h"

#include "mailbox/check.h"

enum { HEAR_MS = 1000, LAST_SLOT = 0xfffffe };

static int
end(troupe_context_t *ctx, struct spans *self)
{
    (void) troupe_timer_clear(ctx, SPANS_HEARD);
    if (troupe_token_is_open(ctx, self->hear)) {
        int rc = troupe_reply_to(ctx, &self->hear, NULL);
        return rc == -ENOMSG ? 0 : rc;
    }
    int rc = troupe__spans_send(ctx, self, self->ended_count);
    return rc == 0 ? troupe__spans_answer(ctx, self) : rc;
}

/* Generation 1 of the last slot but one is never an actor's. The parts of a ref
 * are those of NODES.md. */
static void
ask_worker(troupe_context_t *ctx, struct spans *self, uint32_t node,
           uint32_t worker)
{
    troupe_monitor_t monitor;
    troupe_ref_t nobody = {(uint64_t) node << 54 | (uint64_t) worker << 44
                           | 1 << 24 | LAST_SLOT};
    if (troupe_monitor(ctx, nobody, &monitor) < 0)
        return;
    self->hearing = troupe__realloc(self->hearing,
                                    (self->hearing_count + 1) * sizeof monitor);
    self->hearing[self->hearing_count++] = monitor;
}

static void
ask_all(troupe_context_t *ctx, struct spans *self)
{
    troupe_t *node = troupe_context_node(ctx);
    size_t room = troupe_node_list(node, NULL, 0) + 8; /* some may come */
    troupe_node_info_t *infos = troupe__alloc(room * sizeof *infos);
    size_t count = troupe_node_list(node, infos, room);
    for (size_t i = 0; i < count && i < room; i++) {
        const troupe_node_info_t *it = &infos[i];
        bool is_other = it->state == TROUPE_NODE_READY && it->pid != getpid();
        for (uint32_t worker = 0; is_other && worker < it->workers; worker++)
            ask_worker(ctx, self, it->number, worker);
    }
    free(infos);
}

static int
begin(troupe_context_t *ctx, struct spans *self, troupe_token_t *token)
{
    if (troupe_token_is_open(ctx, self->hear)
        || troupe_token_is_open(ctx, self->flush))
        return troupe_reply_error(ctx, -EBUSY, "somebody waits already");
    if (troupe_defer(ctx, token) < 0)
        return 0;
    ask_all(ctx, self);
    return self->hearing_count == 0
               ? end(ctx, self)
               : troupe_timer_set(ctx, SPANS_HEARD, HEAR_MS, 0);
}

int
troupe__spans_hear(troupe_context_t *ctx, void *state,
                   const troupe_message_t *msg)
{
    struct spans *self = state;
    (void) msg;
    return begin(ctx, self, &self->hear);
}

int
troupe__spans_flush(troupe_context_t *ctx, void *state,
                    const troupe_message_t *msg)
{
    struct spans *self = state;
    (void) msg;
    return begin(ctx, self, &self->flush);
}

int
troupe__spans_down(troupe_context_t *ctx, void *state,
                   const troupe_message_t *msg)
{
    struct spans *self = state;
    troupe_down_t down;
    int rc = troupe_down_read(msg, &down);
    size_t at = 0;
    while (at < self->hearing_count && self->hearing[at].id != down.monitor.id)
        at++;
    if (rc < 0 || at == self->hearing_count)
        return rc;
    self->hearing[at] = self->hearing[--self->hearing_count];
    return self->hearing_count == 0 ? end(ctx, self) : 0;
}

int
troupe__spans_heard(troupe_context_t *ctx, void *state,
                    const troupe_message_t *msg)
{
    struct spans *self = state;
    (void) msg;
    while (self->hearing_count > 0)
        (void) troupe_demonitor(ctx, self->hearing[--self->hearing_count]);
    return end(ctx, self);
}
