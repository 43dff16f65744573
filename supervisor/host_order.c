/* SPDX-License-Identifier: Apache-2.0 */
/* host_order.c: what a host is told to run. */
#include <errno.h>

#include "supervisor/host.h"

int
troupe__order_read(const troupe_message_t *msg, struct troupe__order *ret)
{
    return troupe_unpack(msg, "[s, I, i, i, I, I, i, s, r]", &ret->kind,
                         &ret->incarnation, &ret->place, &ret->worker,
                         &ret->messages_max, &ret->bytes_max, &ret->overflow,
                         &ret->label, &ret->arguments, &ret->arguments_size);
}

int
troupe__order_spawn(troupe_context_t *ctx, const struct troupe__order *order,
                    troupe_ref_t owner, troupe_ref_t *ret_ref)
{
    const troupe_kind_t *kind = NULL;
    int rc = troupe_kind_find(troupe_context_node(ctx), order->kind, &kind);
    if (rc < 0)
        return rc;
    /* Nobody is near here. */
    int place = order->place;
    if (place == TROUPE_PLACE_DEFAULT || place == TROUPE_NEAR)
        place = TROUPE_SPREAD;
    troupe_spawn_options_t options = {
        .name = order->label,
        .unlisted = true, /* its deputy has it */
        .incarnation = (uint32_t) order->incarnation,
        .place = (troupe_place_t) place,
        .worker = (uint32_t) order->worker,
        .supervised = true,
        .deputy = owner,
        .mailbox = {(uint32_t) order->messages_max, (uint32_t) order->bytes_max,
                    (troupe_overflow_t) order->overflow},
    };
    return troupe_spawn(ctx, kind, &options, ret_ref, "r", order->arguments,
                        order->arguments_size);
}
