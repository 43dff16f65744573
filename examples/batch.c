/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.c: many small asks as one. A bank books what it is asked to in lists;
 * the batcher before it makes such a list of asks that know nothing of it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <troupe.h>

#include "troupe_batch.h"
#include "troupe_msgpack.h"

#define NO_AMOUNT "that is no amount"

enum { BOOKINGS = 1000 };

struct bank {
    int64_t balance, lists;
};

/* [amount, ...] -> [[code, balance or words], ...] */
static int
book(msgpack_packer *packer, void *arg, const msgpack_object *list)
{
    struct bank *self = arg;
    msgpack_pack_array(packer, list->via.array.size);
    for (uint32_t i = 0; i < list->via.array.size; i++) {
        const msgpack_object *amount = &list->via.array.ptr[i];
        bool bad = amount->type != MSGPACK_OBJECT_POSITIVE_INTEGER;
        self->balance += bad ? 0 : amount->via.i64;
        msgpack_pack_array(packer, 2);
        msgpack_pack_int(packer, bad ? -EINVAL : 0);
        if (bad) {
            msgpack_pack_str(packer, strlen(NO_AMOUNT));
            msgpack_pack_str_body(packer, NO_AMOUNT, strlen(NO_AMOUNT));
        } else {
            msgpack_pack_int64(packer, self->balance);
        }
    }
    return 0;
}

struct order {
    struct bank *bank;
    msgpack_object list;
};

static int
write_answers(msgpack_packer *packer, void *arg)
{
    const struct order *order = arg;
    return book(packer, order->bank, &order->list);
}

static int
bank_book(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct order order = {.bank = state};
    int rc = troupe_message_object(msg, &order.list);
    order.bank->lists += 1;
    return rc < 0 ? rc : troupe_reply(ctx, "*", write_answers, &order);
}

static int
bank_lists(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct bank *self = state;
    (void) msg;
    return troupe_reply(ctx, "I", self->lists);
}

TROUPE_KIND(bank, struct bank, TROUPE_ON("book", bank_book),
            TROUPE_ON("lists", bank_lists));

struct shop {
    troupe_token_t done;
    int64_t left, highest;
};

static int
on_booked(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct shop *self = state;
    int64_t balance = 0;
    if (answer->outcome != TROUPE_REPLY)
        return troupe_fail(ctx, answer->code, "%s", answer->text);
    int rc = troupe_unpack(answer->msg, "I", &balance);
    if (balance > self->highest)
        self->highest = balance;
    self->left -= 1;
    return rc < 0 || self->left > 0
               ? rc
               : troupe_reply_to(ctx, &self->done, "I", self->highest);
}

static int
shop_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct shop *self = state;
    troupe_ref_t to;
    int rc = troupe_unpack(msg, "R", &to);
    if (rc == 0)
        rc = troupe_defer(ctx, &self->done);
    for (; self->left < BOOKINGS && rc == 0; self->left++)
        rc = troupe_ask(ctx, to, "book", 0, on_booked, NULL, "i", 2);
    return rc;
}

TROUPE_KIND(shop, struct shop, TROUPE_ON("go", shop_go));

static int
ask(troupe_t *node, troupe_ref_t to, const char *type, troupe_ref_t with,
    int64_t *ret)
{
    troupe_message_t *reply = NULL;
    int rc = troupe_node_ask(node, to, type, 0, &reply, "R", with);
    if (rc == 0)
        rc = troupe_unpack(reply, "I", ret);
    troupe_message_destroy(&reply);
    return rc;
}

int
main(void)
{
    troupe_t *node = NULL;
    troupe_ref_t bank_ref, batcher, shop_ref;
    int64_t balance = 0, lists = 0;
    int rc = troupe_new(NULL, &node);
    if (rc == 0)
        rc = troupe_node_spawn(node, &bank, NULL, &bank_ref, NULL);
    if (rc == 0) {
        rc = troupe_node_spawn(node, &troupe_batcher, NULL, &batcher,
                               "{s:R, s:U}", "backend", bank_ref, "count",
                               UINT64_C(50));
    }
    if (rc == 0)
        rc = troupe_node_spawn(node, &shop, NULL, &shop_ref, NULL);
    if (rc == 0)
        rc = ask(node, shop_ref, "go", batcher, &balance);
    if (rc == 0)
        rc = ask(node, bank_ref, "lists", TROUPE_NOBODY, &lists);
    if (rc < 0)
        fprintf(stderr, "batch: %s\n", troupe_strerror(rc));
    else
        printf("%lld in %d bookings and %lld lists\n", (long long) balance,
               BOOKINGS, (long long) lists);
    bool right =
        rc == 0 && balance == INT64_C(2) * BOOKINGS && lists <= BOOKINGS / 10;
    return troupe_destroy(&node) == 0 && right ? 0 : 1;
}
