/* SPDX-License-Identifier: Apache-2.0 */
/* host_early.c: what deputies say before its turn, kept until that comes. */
#include <errno.h>
#include <stdlib.h>

#include "mailbox/check.h"
#include "mailbox/message.h"
#include "supervisor/host.h"

/* They come in the order of incarnations; who is left behind is passed over. */
bool
troupe__early_is(const struct troupe__host *self, troupe_ref_t owner,
                 int64_t incarnation)
{
    const struct troupe__desk *desk = troupe__desk_of(self, owner);
    const struct troupe__stay *at = desk ? desk->first : NULL;
    while (at && at->is_left)
        at = at->next;
    return at && at->incarnation < incarnation;
}

void
troupe__early_again(struct troupe__host *self, struct troupe__early *early)
{
    struct troupe__desk *desk =
        troupe__desk_of(self, troupe_message_sender(early->msg));
    CHECK(desk);
    early->next = NULL;
    if (desk->early)
        desk->early_last->next = early;
    else
        desk->early = early;
    desk->early_last = early;
    desk->early_count++;
    self->early_size += early->msg->size;
}

struct troupe__early *
troupe__early_take(struct troupe__host *self, troupe_ref_t owner)
{
    struct troupe__desk *desk = troupe__desk_of(self, owner);
    if (!desk)
        return NULL;
    struct troupe__early *first = desk->early;
    for (const struct troupe__early *at = first; at; at = at->next)
        self->early_size -= at->msg->size;
    desk->early = desk->early_last = NULL;
    desk->early_count = 0;
    troupe__desk_close(self, owner);
    return first;
}

void
troupe__early_free(troupe_context_t *ctx, struct troupe__early *early)
{
    if (early->token.id)
        troupe_token_drop(ctx, &early->token);
    troupe_message_destroy(&early->msg);
    free(early);
}

/* What was asked by an incarnation that has ended meanwhile. */
static void
forget_given_up(troupe_context_t *ctx, struct troupe__host *self,
                troupe_ref_t owner)
{
    struct troupe__early *next, *early = troupe__early_take(self, owner);
    for (; early; early = next) {
        next = early->next;
        if (early->token.id && !troupe_token_is_open(ctx, early->token))
            troupe__early_free(ctx, early);
        else
            troupe__early_again(self, early);
    }
}

int
troupe__early_put_off(troupe_context_t *ctx, struct troupe__host *self,
                      const troupe_message_t *msg, troupe_token_t token)
{
    troupe_ref_t owner = troupe_message_sender(msg);
    const struct troupe__desk *desk = troupe__desk_of(self, owner);
    if (desk->early_count == TROUPE__EARLY_MAX)
        forget_given_up(ctx, self, owner);
    if (desk->early_count == TROUPE__EARLY_MAX
        || self->early_size + msg->size > TROUPE__EARLY_BYTES_MAX)
        return -ENOBUFS;
    struct troupe__early *early = troupe__alloc(sizeof *early);
    CHECK(troupe_message_keep(msg, &early->msg) == 0);
    early->token = token;
    troupe__early_again(self, early);
    return 0;
}
