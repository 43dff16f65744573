/* SPDX-License-Identifier: Apache-2.0 */
/* map_steal.c: tasks of a pool that go to another one. */
#include "actors/map_pool.h"

#include <errno.h>

#define AWAY_NS UINT64_C(250000000) /* less than a map takes to think so */

bool
troupe__pool_was_away(troupe_context_t *ctx, struct pool *self)
{
    uint64_t now_ns = troupe_time_ns(ctx), since_ns = self->here_ns;
    self->here_ns = now_ns;
    return now_ns - since_ns > AWAY_NS;
}

int
troupe__pool_on_there(troupe_context_t *ctx, void *state,
                      const troupe_message_t *msg)
{
    struct pool *self = state;
    (void) msg;
    self->here_ns = troupe_time_ns(ctx);
    return troupe_send(ctx, self->owner, "here", NULL);
}

int
troupe__pool_on_later(troupe_context_t *ctx, void *state,
                      const troupe_message_t *msg)
{
    struct pool *self = state;
    (void) msg;
    self->here_ns = troupe_time_ns(ctx);
    return troupe__pool_pump(ctx, self);
}

/* Others have got what is not begun. */
int
troupe__pool_on_leave(troupe_context_t *ctx, void *state,
                      const troupe_message_t *msg)
{
    struct pool *self = state;
    (void) ctx, (void) msg;
    for (; self->item_count > 0; self->item_count--) {
        troupe__chunk_drop(self->items[self->item_first].chunk);
        self->item_first = (self->item_first + 1) & (self->item_size - 1);
    }
    return 0;
}

/* Sends the youngest `count`; the owner hears of it when they are on their way.
 * Should this pool end in between, the owner has them done again. */
static int
hand_over(troupe_context_t *ctx, struct pool *self, size_t count,
          troupe_ref_t thief, struct troupe__text *ids)
{
    struct troupe__text work = {0};
    size_t first = self->item_first + self->item_count - count;
    troupe__put_array(ids, (uint32_t) count);
    for (size_t i = 0; i < count; i++) {
        const struct pool_item *item =
            &self->items[(first + i) & (self->item_size - 1)];
        troupe__text_put(&work, (const char *) item->packed, item->packed_size);
        troupe__put_uint(ids, item->id);
    }
    int rc = troupe_send(ctx, thief, "work", "B", work.data, work.size);
    troupe__text_free(&work);
    for (size_t i = 0; i < count && rc == 0; i++)
        troupe__chunk_drop(
            self->items[(first + i) & (self->item_size - 1)].chunk);
    self->item_count -= rc == 0 ? count : 0;
    return rc;
}

/* The youngest half: the oldest will be begun here next. */
int
troupe__pool_on_steal(troupe_context_t *ctx, void *state,
                      const troupe_message_t *msg)
{
    struct pool *self = state;
    struct troupe__text ids = {0};
    uint64_t to = 0;
    troupe_ref_t thief;
    int rc = troupe_unpack(msg, "{s:U, s:R}", "to", &to, "thief", &thief);
    if (rc < 0)
        return rc;
    bool was_away = troupe__pool_was_away(ctx, self);
    rc = hand_over(ctx, self, was_away ? 0 : (self->item_count + 1) / 2, thief,
                   &ids);
    if (rc == -EAGAIN) { /* it has no room: none are given */
        troupe__text_clear(&ids);
        troupe__put_array(&ids, 0);
        rc = 0;
    }
    if (rc == 0)
        rc = troupe_send(ctx, self->owner, "gave", "{s:U, s:R, s:r}", "to", to,
                         "thief", thief, "ids", ids.data, ids.size);
    troupe__text_free(&ids);
    return rc;
}

int
troupe__pool_on_rob(troupe_context_t *ctx, void *state,
                    const troupe_message_t *msg)
{
    struct pool *self = state;
    int rc = troupe_unpack(msg, "{s:R}", "victim", &self->victim);
    if (rc < 0 || troupe_ref_is_nobody(self->victim))
        return rc;
    rc = troupe_send(ctx, self->victim, "steal", "{s:U, s:R}", "to",
                     self->index, "thief", troupe_self(ctx));
    if (rc == -EAGAIN) /* the victim has no room: nothing is taken */
        rc = troupe_send(ctx, self->owner, "gave", "{s:U, s:R, s:[]}", "to",
                         self->index, "thief", troupe_self(ctx), "ids");
    return rc;
}
