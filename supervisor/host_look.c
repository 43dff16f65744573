/* SPDX-License-Identifier: Apache-2.0 */
/* host_look.c: which actors a host has, and for whom, for those who look. */
#include <stdlib.h>

#include "mailbox/check.h"
#include "supervisor/host.h"
#include "supervisor/isolation.h"
#include "troupe_agent.h"
#include "troupe_events.h"
#include "troupe_msgpack.h"

static int
write_stays(msgpack_packer *packer, void *arg)
{
    const struct troupe__idmap *map = arg;
    msgpack_pack_array(packer, map->count);
    for (uint32_t i = 0; i < map->capacity; i++) {
        if (!map->entries[i].id)
            continue;
        const struct troupe__stay *stay =
            (const void *) (uintptr_t) map->entries[i].value;
        msgpack_pack_array(packer, 2);
        msgpack_pack_uint64(packer, stay->owner.id);
        msgpack_pack_uint64(packer, stay->actor.id);
    }
    return 0;
}

/* On a helper thread: no worker may wait for the agent's own. */
static int
start_agent(void *arg, troupe_result_t *result)
{
    troupe_ref_t agent = TROUPE_NOBODY;
    int rc = troupe_agent(*(troupe_t **) arg, &agent);
    return rc < 0 ? rc : troupe_result_set(result, "R", agent);
}

static int
on_agent(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct troupe__host *self = state;
    troupe_token_t *asked = answer->data;
    troupe_ref_t agent = TROUPE_NOBODY;
    if (answer->outcome != TROUPE_REPLY)
        troupe__turn_down(ctx, asked, answer->code, answer->text);
    else if (troupe_unpack(answer->msg, "R", &agent) < 0
             || troupe_reply_to(ctx, asked, "[R, *]", agent, write_stays,
                                &self->by_actor)
                    < 0)
        troupe_token_drop(ctx, asked);
    free(asked);
    return 0;
}

int
troupe__host_look(troupe_context_t *ctx, void *state,
                  const troupe_message_t *msg)
{
    (void) state;
    if (!troupe_message_is_ask(msg))
        return 0;
    troupe_t *node = troupe_context_node(ctx);
    troupe_token_t *asked = troupe__alloc(sizeof *asked);
    const troupe_ask_options_t options = {
        .answer = on_agent, .data = asked, .drop = free};
    int rc = troupe_blocking(ctx, start_agent, &node, sizeof(troupe_t *),
                             &options, NULL);
    if (rc == 0)
        return troupe_defer(ctx, asked);
    free(asked);
    return troupe_reply_error(ctx, rc, "%s", troupe_strerror(rc));
}
