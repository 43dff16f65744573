/* SPDX-License-Identifier: Apache-2.0 */
/* two.c: two processes of one run, on the public API. */
#include "bench/two.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "troupe_nodes.h"

#define FAR_NAME "far"

enum { PATIENCE_MS = 10000, LOOK_US = 1000 };

static void
log_to_stderr(void *data, troupe_level_t level, const char *text)
{
    (void) data, (void) level;
    fprintf(stderr, "%s\n", text);
}

static troupe_options_t
options_of(const troupe_nodes_options_t *nodes)
{
    troupe_options_t options = troupe_options_default();
    options.workers = 1;
    options.nodes = nodes;
    options.log = log_to_stderr;
    options.log_level = TROUPE_LOG_WARNING;
    return options;
}

void
bench_two_main(int argc, char **argv, const troupe_kind_t *kind)
{
    if (argc != 2 || strcmp(argv[1], "--far") != 0)
        return;
    troupe_options_t options = options_of(NULL);
    troupe_spawn_options_t spawn = {.name = FAR_NAME, .place = TROUPE_WORKER};
    troupe_t *node = NULL;
    int rc = troupe_node_join(&options, &node);
    if (rc == 0)
        rc = troupe_node_spawn(node, kind, &spawn, NULL, NULL);
    if (rc == 0)
        (void) troupe_wait(node, 0);
    if (troupe_destroy(&node) < 0 || rc < 0)
        exit(EXIT_FAILURE);
    exit(EXIT_SUCCESS);
}

/* Until the other process has said who is there. */
static int
wait_for_far(struct bench_two *self)
{
    int rc = -ENOENT;
    for (int i = 0; rc < 0 && i < PATIENCE_MS * 1000 / LOOK_US; i++) {
        rc = troupe_lookup(self->node, FAR_NAME, &self->far);
        if (rc < 0)
            usleep(LOOK_US);
    }
    return rc;
}

int
bench_two_begin(struct bench_two *self)
{
    *self = (struct bench_two){.directory = "/tmp/troupe-bench-XXXXXX"};
    if (!mkdtemp(self->directory))
        return -errno;
    const troupe_nodes_options_t nodes = {.directory = self->directory};
    const troupe_options_t options = options_of(&nodes);
    const char *const argv[] = {"bench", "--far", NULL};
    const troupe_node_spec_t spec = {.name = FAR_NAME, .argv = argv};
    int rc = troupe_new(&options, &self->node);
    if (rc == 0)
        rc = troupe_node_start(self->node, &spec, NULL);
    return rc < 0 ? rc : wait_for_far(self);
}

void
bench_two_end(struct bench_two *self)
{
    (void) troupe_destroy(&self->node);
    (void) rmdir(self->directory);
    fflush(stdout);
}
