/* SPDX-License-Identifier: Apache-2.0 */
/* captain.c: a root with two isolated children; it says who they are. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <troupe.h>

#include "tests/supervisor/isolated.h"
#include "troupe_rundir.h"

static const troupe_kind_t *const kinds[] = {&mate, NULL};

static int
say_pid(troupe_t *root, const char *name)
{
    int pid = 0;
    troupe_ref_t ref = TROUPE_NOBODY;
    troupe_message_t *reply = NULL;
    int rc = troupe_lookup(root, name, &ref);
    if (rc == 0)
        rc = troupe_node_ask(root, ref, "pid", 60000, &reply, NULL);
    if (rc == 0)
        rc = troupe_unpack(reply, "i", &pid);
    troupe_message_destroy(&reply);
    if (rc == 0)
        printf("%d\n", pid);
    return rc;
}

static int
lead(const char *directory)
{
    const troupe_nodes_options_t nodes = {.directory = directory};
    const troupe_child_spec_t specs[] = {
        {.id = "one",
         .kind = &mate,
         .name = "one",
         .isolation = TROUPE_OWN_PROCESS},
        {.id = "two", .kind = &mate, .name = "two", .node = "there"}};
    troupe_options_t options = troupe_options_default();
    troupe_t *root = NULL;
    options.workers = 1;
    options.nodes = &nodes;
    int rc = troupe_new(&options, &root);
    if (rc == 0)
        rc = troupe_isolation_begin(root, NULL);
    if (rc == 0)
        rc = troupe_node_supervisor_start(root, NULL, specs, 2, NULL, NULL);
    if (rc == 0)
        rc = say_pid(root, "one");
    if (rc == 0)
        rc = say_pid(root, "two");
    printf("%s\n", rc == 0 ? directory : troupe_strerror(rc));
    fflush(stdout);
    while (rc == 0 && getchar() != EOF) {
    }
    (void) troupe_destroy(&root);
    return rc;
}

/* usage: captain BASE: the run is BASE/crew, until its input ends. */
int
main(int argc, char **argv)
{
    troupe_rundir_t *run = NULL;
    char text[TROUPE_RUN_TEXT];
    int rc = troupe_isolation_serve(NULL, kinds);
    if (rc != -ENODATA)
        return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    rc = argc == 2 ? troupe_rundir_open(argv[1], "crew", &run, text) : -EINVAL;
    if (rc < 0) {
        fprintf(stderr, "captain: %s\n", text);
        return 2;
    }
    rc = lead(troupe_rundir_directory(run));
    troupe_rundir_close(&run, text);
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
