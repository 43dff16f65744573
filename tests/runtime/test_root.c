/* SPDX-License-Identifier: Apache-2.0 */
/* test_root.c: a root that makes the directory of its run itself. */
#include <criterion/criterion.h>

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "troupe.h"

TestSuite(root, .timeout = 60);

static char base[64], logged[2048];

static _Atomic int losses; /* lines that say that something was removed */

static void
log_line(void *data, troupe_level_t level, const char *text)
{
    (void) data, (void) level;
    snprintf(logged, sizeof logged, "%s", text);
    if (strstr(text, "was removed or exchanged while"))
        losses++;
}

static int
root_new(const char *name, troupe_t **ret_node)
{
    const troupe_nodes_options_t nodes = {
        .name = name, .base = base, .heartbeat_ms = 20, .hang_ms = 60000};
    troupe_options_t options = troupe_options_default();
    options.nodes = &nodes;
    options.workers = 1;
    options.log = log_line;
    return troupe_new(&options, ret_node);
}

Test(root, it_makes_its_directory_alone_has_it_and_removes_it)
{
    char path[128];
    troupe_t *first = NULL, *second = NULL, *other = NULL;
    snprintf(base, sizeof base, "/tmp/troupe-root-XXXXXX");
    cr_assert(mkdtemp(base));
    snprintf(path, sizeof path, "%s/words", base);
    cr_assert_eq(root_new("words", &first), 0, "%s", logged);
    cr_assert_eq(access(path, F_OK), 0);
    cr_assert_eq(root_new("words", &second), -EBUSY);
    cr_assert(strstr(logged, "words"), "%s", logged);
    cr_assert_eq(root_new("other", &other), 0, "%s", logged);
    cr_assert_eq(troupe_destroy(&first), 0);
    cr_assert_neq(access(path, F_OK), 0);
    cr_assert_eq(root_new("words", &second), 0, "%s", logged);
    cr_assert_eq(troupe_destroy(&second), 0);
    cr_assert_eq(troupe_destroy(&other), 0);
    cr_assert_eq(rmdir(base), 0);
}

Test(root, a_base_of_others_is_refused_in_words)
{
    troupe_t *node = NULL;
    snprintf(base, sizeof base, "/tmp/troupe-root-XXXXXX");
    cr_assert(mkdtemp(base));
    cr_assert_eq(chmod(base, 0777), 0);
    cr_assert_lt(root_new("words", &node), 0);
    cr_assert(strstr(logged, base), "%s", logged);
    cr_assert_eq(rmdir(base), 0);
}

static void
wait_ready(troupe_t *node, uint32_t number)
{
    troupe_node_info_t infos[4];
    bool is_ready = false;
    while (!is_ready) {
        size_t count = troupe_node_list(node, infos, 4);
        for (size_t i = 0; i < count && i < 4; i++)
            is_ready |= infos[i].number == number
                        && infos[i].state == TROUPE_NODE_READY;
        sched_yield();
    }
}

/* As something that tidies up would do it; the nodes that are there go on. */
Test(root, it_notices_that_its_directory_is_taken_away)
{
    char path[128], other[128];
    troupe_t *node = NULL;
    uint32_t number = 0;
    const char *argv[] = {"player", "join", "wait", NULL};
    const troupe_node_spec_t spec = {
        .name = "two", .path = TROUPE_BUILD_DIR "/tests/player", .argv = argv};
    snprintf(base, sizeof base, "/tmp/troupe-root-XXXXXX");
    cr_assert(mkdtemp(base));
    snprintf(path, sizeof path, "%s/words", base);
    snprintf(other, sizeof other, "%s/moved", base);
    cr_assert_eq(root_new("words", &node), 0, "%s", logged);
    cr_assert_eq(troupe_node_start(node, &spec, &number), 0);
    wait_ready(node, number);
    cr_assert_eq(losses, 0, "%s", logged);
    cr_assert_eq(rename(path, other), 0);
    while (losses == 0)
        sched_yield();
    cr_assert_eq(troupe_node_end(node, number, 10000), 0);
    cr_assert_eq(troupe_destroy(&node), 0);
    cr_assert_eq(losses, 1); /* once is enough */
    cr_assert_neq(access(path, F_OK), 0);
    /* The next one removes what this one had to leave. */
    cr_assert_eq(rename(other, path), 0);
    cr_assert_eq(root_new("words", &node), 0, "%s", logged);
    cr_assert_eq(troupe_destroy(&node), 0);
    cr_assert_eq(rmdir(base), 0);
}
