/* SPDX-License-Identifier: Apache-2.0 */
/* by_name.c: starts an actor in Python as a node, and asks it by its name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <troupe.h>

/* Written by the actor; main() reads it when the node has ended. */
static bool answered;

static int
asker_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const char *path = NULL;
    (void) state;
    int rc = troupe_unpack(msg, "s", &path);
    const troupe_node_spec_t clerk = {.name = "clerk", .path = path};
    if (rc == 0)
        rc = troupe_nodes_watch(ctx);
    if (rc == 0)
        rc = troupe_node_start(troupe_context_node(ctx), &clerk, NULL);
    return rc;
}

static int
on_upper(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    const char *text = answer->text;
    (void) state;
    answered = answer->outcome == TROUPE_REPLY
               && troupe_unpack(answer->msg, "s", &text) == 0;
    printf("upper: %s\n", text);
    troupe_stop_request(troupe_context_node(ctx));
    return 0;
}

/* Its actor took the name of its node before that node was up. */
static int
on_node_up(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_node_event_t event;
    troupe_ref_t clerk;
    (void) state;
    int rc = troupe_node_event_read(msg, &event);
    if (rc < 0 || strcmp(event.name, "clerk") != 0)
        return rc;
    rc = troupe_lookup(troupe_context_node(ctx), "clerk", &clerk);
    if (rc == 0)
        rc = troupe_ask(ctx, clerk, "upper", 0, on_upper, NULL, "s", "hello");
    return rc;
}

static int
on_node_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_node_event_t event;
    (void) state;
    int rc = troupe_node_event_read(msg, &event);
    if (rc == 0)
        fprintf(stderr, "by_name: %s: %s\n", event.name, event.reason.text);
    troupe_stop_request(troupe_context_node(ctx));
    return rc;
}

TROUPE_KIND(asker, char, TROUPE_ON_START(asker_start),
            TROUPE_ON("node-up", on_node_up),
            TROUPE_ON("node-down", on_node_down));

int
main(int argc, char **argv)
{
    char directory[] = "/tmp/troupe-python-XXXXXX";
    troupe_options_t options = troupe_options_default();
    troupe_nodes_options_t nodes = {.directory = mkdtemp(directory)};
    options.nodes = &nodes;
    if (argc != 2 || !nodes.directory) {
        fprintf(stderr, "usage: by_name PATH-OF-actor.py\n");
        return 2;
    }
    troupe_t *node = NULL;
    int rc = troupe_new(&options, &node);
    if (rc == 0)
        rc = troupe_node_spawn(node, &asker, NULL, NULL, "s", argv[1]);
    if (rc == 0)
        rc = troupe_wait(node, 0);
    if (rc < 0)
        fprintf(stderr, "by_name: %s\n", troupe_strerror(rc));
    int end = node ? troupe_destroy(&node) : 0;
    rmdir(directory);
    return rc == 0 && end == 0 && answered ? 0 : 1;
}
