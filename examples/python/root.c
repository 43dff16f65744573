/* SPDX-License-Identifier: Apache-2.0 */
/* root.c: supervises an actor in Python, asks it, and is asked by it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <troupe.h>

/* Whom the actor in Python asks: how many words were there in all? */
struct tally {
    int words;
};

static int
tally_add(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct tally *self = state;
    int line = 0, words = 0;
    int rc = troupe_unpack(msg, "[i, i]", &line, &words);
    if (rc < 0)
        return rc;
    self->words += words;
    return troupe_reply(ctx, "i", self->words);
}

TROUPE_KIND(tally, struct tally, TROUPE_ON("add", tally_add));

/* What the actor writes to stderr comes here when it fails. */
static void
log_line(void *data, troupe_level_t level, const char *text)
{
    (void) data, (void) level;
    fprintf(stderr, "%s\n", text);
}

static int
start(troupe_t *node, const char *path, troupe_ref_t *ret_clerk)
{
    const troupe_program_t program = {.path = path};
    const troupe_child_spec_t specs[] = {
        {.id = "tally", .name = "tally", .kind = &tally},
        {.id = "clerk",
         .name = "clerk",
         .isolation = TROUPE_OWN_PROCESS,
         .program = &program}};
    troupe_supervisor_error_t error = {""};
    int rc = troupe_isolation_begin(node, NULL);
    if (rc == 0)
        rc = troupe_node_supervisor_start(node, NULL, specs, 2, NULL, &error);
    if (rc < 0)
        fprintf(stderr, "root: %s\n", error.text);
    return rc < 0 ? rc : troupe_lookup(node, "clerk", ret_clerk);
}

/* It knows nothing of processes and Python: the clerk is an actor like others. */
static int
use(troupe_t *node, troupe_ref_t clerk)
{
    troupe_message_t *reply = NULL;
    const char *text = NULL;
    int words = 0, total = 0;
    int rc = troupe_node_ask(node, clerk, "upper", 0, &reply, "s", "grüße");
    if (rc == 0)
        rc = troupe_unpack(reply, "s", &text);
    if (rc == 0)
        printf("upper: %s\n", text);
    troupe_message_destroy(&reply);
    if (rc == 0)
        rc = troupe_node_ask(node, clerk, "count", 0, &reply, "{s:i, s:s}",
                             "line", 1, "text", "to be or");
    if (rc == 0)
        rc =
            troupe_unpack(reply, "{s:i,s:i}", "words", &words, "total", &total);
    if (rc == 0)
        printf("count: %d words, %d in all\n", words, total);
    troupe_message_destroy(&reply);
    return rc;
}

int
main(int argc, char **argv)
{
    char directory[] = "/tmp/troupe-python-XXXXXX";
    troupe_options_t options = troupe_options_default();
    troupe_nodes_options_t nodes = {.directory = mkdtemp(directory)};
    options.nodes = &nodes;
    options.log = log_line;
    options.log_level = TROUPE_LOG_WARNING;
    if (argc != 2 || !nodes.directory) {
        fprintf(stderr, "usage: root PATH-OF-actor.py\n");
        return 2;
    }
    troupe_t *node = NULL;
    troupe_ref_t clerk;
    int rc = troupe_new(&options, &node);
    if (rc == 0)
        rc = start(node, argv[1], &clerk);
    if (rc == 0)
        rc = use(node, clerk);
    if (rc == 0) {
        /* Its process dies as by `kill -9`, and is started again. */
        int died = troupe_node_ask(node, clerk, "crash", 0, NULL, NULL);
        printf("crash: %s\n", troupe_node_ask_words());
        rc = died == -ESRCH ? use(node, clerk) : -EPROTO;
    }
    if (rc < 0)
        fprintf(stderr, "root: %s\n", troupe_strerror(rc));
    int end = node ? troupe_destroy(&node) : 0;
    rmdir(directory);
    return rc == 0 && end == 0 ? 0 : 1;
}
