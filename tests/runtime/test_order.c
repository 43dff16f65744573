/* SPDX-License-Identifier: Apache-2.0 */
/* test_order.c: what one actor sends another arrives in that order. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "runtime/world.h"

TestSuite(order, .timeout = 60);

enum { SENDERS = 6, PACKS = 40, PACK = 200 };

static troupe_ref_t senders[SENDERS];
static _Atomic uint64_t in_order, out_of_order;

struct sender {
    int next, pack;
    troupe_ref_t to;
};

/* Small, large and huge ones: copied, shared and moved on their ways. */
static int
send_one(troupe_context_t *ctx, troupe_ref_t to, int number)
{
    static const char filling[20000];
    if (number % 97 != 0)
        return troupe_send(ctx, to, "n", "[i, B]", number, filling,
                           (size_t) (number % 50 == 0 ? 20000 : 8));
    void *blob = troupe_blob_new(50000);
    memcpy(blob, &number, sizeof number);
    int rc = troupe_send_blob(ctx, to, "b", &blob, 50000);
    troupe_blob_free(blob);
    return rc;
}

static int
send_pack(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct sender *self = state;
    if (troupe_message_is(msg, "to") && troupe_unpack(msg, "R", &self->to) < 0)
        return -EBADMSG;
    for (int i = 0; i < PACK; i++) {
        int rc = send_one(ctx, self->to, self->next);
        if (rc == -EAGAIN)
            break;
        if (rc < 0)
            return rc;
        self->next++;
    }
    return self->next < PACKS * PACK
               ? troupe_send(ctx, troupe_self(ctx), "go-on", NULL)
               : 0;
}

TROUPE_KIND(stream, struct sender, TROUPE_ON("to", send_pack),
            TROUPE_ON("go-on", send_pack));

struct receiver {
    int next[SENDERS];
};

static int
receive(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct receiver *self = state;
    const void *bytes = NULL;
    size_t size = 0;
    int number = -1;
    (void) ctx;
    if (troupe_message_is(msg, "b")
        && troupe_unpack(msg, "B", &bytes, &size) == 0)
        memcpy(&number, bytes, sizeof number);
    else if (troupe_unpack(msg, "[i]", &number) < 0)
        return -EBADMSG;
    for (int i = 0; i < SENDERS; i++) {
        if (!troupe_ref_equal(troupe_message_sender(msg), senders[i]))
            continue;
        if (number == self->next[i]++)
            in_order++;
        else
            out_of_order++;
    }
    return 0;
}

TROUPE_KIND(sink, struct receiver, TROUPE_ON("n", receive),
            TROUPE_ON("b", receive));

static void
run_streams(uint32_t messages_max)
{
    troupe_options_t options = world_options();
    options.manual_clock = false;
    cr_assert_eq(troupe_new(&options, &node), 0);
    const troupe_spawn_options_t small = {
        .mailbox = {.messages_max = messages_max}};
    troupe_ref_t to = spawn(&sink, &small);
    for (uint32_t i = 0; i < SENDERS; i++) {
        const troupe_spawn_options_t place = {.place = TROUPE_WORKER,
                                              .worker = i % 2};
        senders[i] = spawn(&stream, &place);
    }
    for (int i = 0; i < SENDERS; i++)
        cr_assert_eq(troupe_node_send(node, senders[i], "to", "R", to), 0);
    settle();
    cr_assert_eq(out_of_order, 0);
    cr_assert_eq(in_order, SENDERS * PACKS * PACK);
    world_end();
}

Test(order, holds_for_actors_on_any_worker)
{
    run_streams(0);
}

Test(order, holds_under_back_pressure)
{
    run_streams(8);
}
