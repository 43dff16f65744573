/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: a stranger's first program: one actor, one question. */
#include <inttypes.h>
#include <stdio.h>

#include <troupe.h>

struct doubler {
    int64_t asked;
};

static int
on_double(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct doubler *self = state;
    int64_t number = 0;
    int rc = troupe_unpack(msg, "{s:I}", "number", &number);
    if (rc < 0)
        return rc;
    self->asked += 1;
    return troupe_reply(ctx, "{s:I}", "number", 2 * number);
}

TROUPE_KIND(doubler, struct doubler, TROUPE_ON("double", on_double));

static int
ask(troupe_t *node)
{
    troupe_ref_t ref;
    troupe_message_t *reply = NULL;
    int64_t number = 0;
    int rc = troupe_node_spawn(node, &doubler, NULL, &ref, NULL);
    if (rc == 0)
        rc = troupe_node_ask(node, ref, "double", 5000, &reply, "{s:I}",
                             "number", (int64_t) 21);
    if (rc == 0)
        rc = troupe_unpack(reply, "{s:I}", "number", &number);
    troupe_message_destroy(&reply);
    printf("Troupe %s: %" PRId64 " (%s)\n", troupe_version(), number,
           troupe_strerror(rc));
    return rc == 0 && number == 42 ? 0 : 1;
}

int
main(void)
{
    troupe_t *node = NULL;
    int rc = troupe_new(NULL, &node);
    if (rc == 0)
        rc = ask(node);
    if (troupe_destroy(&node) != 0)
        rc = 1;
    return rc == 0 ? 0 : 1;
}
