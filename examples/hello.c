/* SPDX-License-Identifier: Apache-2.0 */
/* hello.c: the smallest whole program: a node, one actor, one message. */
#include <stdio.h>

#include <troupe.h>

/* Every actor has a state; this one only counts whom it has met. */
struct greeter {
    int greeted;
};

/* A handler sees one message at a time; nobody else touches the state. */
static int
on_greet(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct greeter *self = state;
    const char *name = NULL;
    int rc = troupe_unpack(msg, "{s:s}", "name", &name);
    if (rc < 0)
        return troupe_fail(ctx, rc, "greet wants a string 'name'");
    self->greeted += 1;
    printf("Hello, %s! You are number %d.\n", name, self->greeted);
    if (self->greeted == 2)
        troupe_stop_request(troupe_context_node(ctx));
    return 0;
}

/* The kind says what an actor is: its name, its state, what it handles. */
TROUPE_KIND(greeter, struct greeter, TROUPE_ON("greet", on_greet));

int
main(void)
{
    troupe_t *node = NULL;
    troupe_ref_t ref;
    int rc = troupe_new(NULL, &node);
    if (rc == 0)
        rc = troupe_node_spawn(node, &greeter, NULL, &ref, NULL);
    if (rc == 0)
        rc = troupe_node_send(node, ref, "greet", "{s:s}", "name", "Ada");
    if (rc == 0)
        rc = troupe_node_send(node, ref, "greet", "{s:s}", "name", "Grace");

    /* The greeter runs on a worker of the node; wait until it asks to stop. */
    if (rc == 0)
        rc = troupe_wait(node, 5000);
    if (rc < 0)
        fprintf(stderr, "hello: %s\n", troupe_strerror(rc));
    return troupe_destroy(&node) == 0 && rc == 0 ? 0 : 1;
}
