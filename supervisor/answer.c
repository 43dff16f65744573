/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c: answers calls that had to wait for a child. */
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"
#include "supervisor/look.h"

void
troupe__waiter_add(troupe_context_t *ctx, struct troupe__waiter **list)
{
    struct troupe__waiter *waiter = troupe__alloc(sizeof *waiter);
    /* A tell has nobody to answer: its token is none. */
    (void) !troupe_defer(ctx, &waiter->token);
    waiter->next = *list;
    *list = waiter;
}

static bool
waiter_take(struct troupe__waiter **list, troupe_token_t *ret_token)
{
    struct troupe__waiter *waiter = *list;
    if (!waiter)
        return false;
    *list = waiter->next;
    *ret_token = waiter->token;
    free(waiter);
    return true;
}

static int
write_info(msgpack_packer *packer, void *arg)
{
    troupe__info_write(arg, packer);
    return 0;
}

void
troupe__waiters_info(troupe_context_t *ctx, struct troupe__child *child)
{
    troupe_child_info_t info = troupe__child_info(child);
    troupe_token_t token;
    while (waiter_take(&child->starters, &token)) {
        if (token.id != 0)
            (void) !troupe_reply_to(ctx, &token, "*", write_info, &info);
    }
}

void
troupe__waiters_error(troupe_context_t *ctx, struct troupe__waiter **list,
                      int code, const char *text)
{
    CHECK(code < 0);
    troupe_token_t token;
    while (waiter_take(list, &token)) {
        if (token.id != 0)
            (void) !troupe_reply_error_to(ctx, &token, code, "%s", text);
    }
}

void
troupe__waiters_nil(troupe_context_t *ctx, struct troupe__waiter **list)
{
    troupe_token_t token;
    while (waiter_take(list, &token)) {
        if (token.id != 0)
            (void) !troupe_reply_to(ctx, &token, NULL);
    }
}

void
troupe__waiters_free(struct troupe__waiter **list)
{
    troupe_token_t token;
    while (waiter_take(list, &token))
        ;
}
