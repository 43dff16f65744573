/* SPDX-License-Identifier: Apache-2.0 */
/*
 * from_a_thread.c: ordinary threads send to an actor, without a lock of their
 * own; main waits for them, asks for the sum and stops the node.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include <troupe.h>

enum { TILLS = 4, SALES = 5000 };

/* The books belong to one actor; it sees one sale at a time. */
struct books {
    int64_t sales, cents;
    int64_t last[TILLS]; /* number of each till's last sale */
    int64_t out_of_order;
};

static int
on_sale(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    struct books *self = state;
    int64_t till = 0;
    int64_t number = 0;
    int64_t cents = 0;
    int rc = troupe_unpack(msg, "{s:I, s:I, s:I}", "till", &till, "number",
                           &number, "cents", &cents);
    if (rc < 0 || till < 0 || till >= TILLS)
        return troupe_fail(ctx, rc < 0 ? rc : -1, "no such till");
    self->sales += 1;
    self->cents += cents;
    self->out_of_order += number != self->last[till] + 1;
    self->last[till] = number;
    return 0;
}

static int
on_sum(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    const struct books *self = state;
    return troupe_reply(ctx, "{s:I, s:I, s:I}", "sales", self->sales, "cents",
                        self->cents, "out_of_order", self->out_of_order);
}

TROUPE_KIND(books, struct books, TROUPE_ON("sale", on_sale),
            TROUPE_ON("sum", on_sum));

struct till {
    pthread_t thread;
    troupe_t *node;
    troupe_ref_t books;
    int64_t number;
    int rc;
};

/* Where the books cannot keep up, the send waits: the thread just slows. */
static void *
sell(void *arg)
{
    struct till *self = arg;
    for (int64_t i = 1; self->rc == 0 && i <= SALES; i++) {
        self->rc = troupe_node_send(self->node, self->books, "sale",
                                    "{s:I, s:I, s:I}", "till", self->number,
                                    "number", i, "cents", (int64_t) 250);
    }
    return NULL;
}

static int
sell_all(troupe_t *node, troupe_ref_t ref)
{
    struct till tills[TILLS];
    int rc = 0;
    int started = 0;
    for (; started < TILLS; started++) {
        tills[started] =
            (struct till){.node = node, .books = ref, .number = started};
        if (pthread_create(&tills[started].thread, NULL, sell, &tills[started])
            != 0)
            break;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(tills[i].thread, NULL);
        if (tills[i].rc < 0)
            rc = tills[i].rc;
    }
    return started == TILLS ? rc : -1;
}

int
main(void)
{
    int64_t sales = 0;
    int64_t cents = 0;
    int64_t out_of_order = 0;
    troupe_t *node = NULL;
    troupe_ref_t ref;
    troupe_message_t *reply = NULL;
    int rc = troupe_new(NULL, &node);
    if (rc == 0)
        rc = troupe_node_spawn(node, &books, NULL, &ref, NULL);
    if (rc == 0)
        rc = sell_all(node, ref);
    /* What another thread sent before may still be on its way: let it come. */
    if (rc == 0)
        rc = troupe_settle(node, 10000);
    if (rc == 0)
        rc = troupe_node_ask(node, ref, "sum", 0, &reply, NULL);
    if (rc == 0)
        rc = troupe_unpack(reply, "{s:I, s:I, s:I}", "sales", &sales, "cents",
                           &cents, "out_of_order", &out_of_order);
    troupe_message_destroy(&reply);
    if (rc < 0)
        fprintf(stderr, "from_a_thread: %s\n", troupe_strerror(rc));
    printf("%d threads, %" PRId64 " sales, %" PRId64 ".%02" PRId64
           " in all, %" PRId64 " out of order\n",
           TILLS, sales, cents / 100, cents % 100, out_of_order);
    bool shown =
        rc == 0 && sales == (int64_t) TILLS * SALES && out_of_order == 0;
    return troupe_destroy(&node) == 0 && shown ? 0 : 1;
}
