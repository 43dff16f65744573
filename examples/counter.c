/* SPDX-License-Identifier: Apache-2.0 */
/* counter.c: the actor of the README, and a main that puts it to use. */
#include <inttypes.h>
#include <stdio.h>

#include <troupe.h>

struct counter {
    int64_t total;
};

static int
on_add(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct counter *self = state;
    int64_t by = 0;
    int rc = troupe_unpack(msg, "{s:I}", "by", &by);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "add wants an integer 'by'");
    self->total += by;
    return troupe_reply(ctx, "{s:I}", "total", self->total);
}

TROUPE_KIND(counter, struct counter, TROUPE_ON("add", on_add));

/* One ask from an ordinary thread: wait for the reply and read it. */
static int
add(troupe_t *node, troupe_ref_t ref, int64_t by, int64_t *ret_total)
{
    troupe_message_t *reply = NULL;
    int rc = troupe_node_ask(node, ref, "add", 0, &reply, "{s:I}", "by", by);
    if (rc == 0)
        rc = troupe_unpack(reply, "{s:I}", "total", ret_total);
    troupe_message_destroy(&reply);
    return rc;
}

int
main(void)
{
    troupe_t *node = NULL;
    troupe_ref_t ref;
    int64_t total = 0;
    int rc = troupe_new(NULL, &node);
    if (rc == 0)
        rc = troupe_node_spawn(node, &counter, NULL, &ref, NULL);
    for (int64_t by = 1; rc == 0 && by <= 100; by++)
        rc = add(node, ref, by, &total);
    printf("1 + 2 + ... + 100 = %" PRId64 " (%s)\n", total,
           troupe_strerror(rc));

    /* A body of the wrong shape is answered with an error; nothing breaks. */
    int wrong = 0;
    if (rc == 0)
        wrong = troupe_node_ask(node, ref, "add", 0, NULL, "{s:s}", "by", "x");
    printf("adding a string: %s\n", troupe_strerror(wrong));

    bool as_told = rc == 0 && total == 5050 && wrong < 0;
    return troupe_destroy(&node) == 0 && as_told ? 0 : 1;
}
