/* SPDX-License-Identifier: Apache-2.0 */
/* test_command_heir.c: a heir that cannot be started, and its full table. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "actors/command.h"

#define LINES 131072 /* as command_heir.c has it */

static char stack[COMMAND_STACK] __attribute__((aligned(16)));

static unsigned
count_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    unsigned count = 0;
    cr_assert_not_null(directory);
    while (readdir(directory))
        count++;
    closedir(directory);
    return count;
}

/* So many descriptors more can be opened, and no others. */
static void
allow(int more)
{
    struct rlimit limit;
    int next = more < 0 ? 0 : dup(0);
    cr_assert_geq(next, 0);
    if (more >= 0)
        close(next);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = more < 0 ? limit.rlim_max : (rlim_t) (next + more);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Of its table, what is not there, and its pipe, each can be the first that is
 * too much. It is not tried again, and leaves nothing. */
Test(command_heir, one_that_cannot_be_started_is_done_without)
{
    for (int more = 0; more < 4; more++) {
        struct command_heir heir = {0};
        unsigned before = count_descriptors();
        allow(more);
        uint64_t *line = troupe__heir_take(&heir, stack);
        allow(-1);
        cr_assert_null(line, "with %d descriptors", more);
        cr_assert_null(troupe__heir_take(&heir, stack));
        troupe__heir_give(&heir, line);
        troupe__heir_end(&heir);
        cr_assert_eq(count_descriptors(), before, "with %d", more);
    }
}

Test(command_heir, what_is_over_its_table_has_no_line)
{
    struct command_heir heir = {0};
    uint64_t **lines = calloc(LINES, sizeof *lines);
    for (uint32_t i = 0; i < LINES; i++) {
        lines[i] = troupe__heir_take(&heir, stack);
        cr_assert_not_null(lines[i], "%u", i);
    }
    cr_assert_null(troupe__heir_take(&heir, stack));
    troupe__heir_give(&heir, NULL);
    troupe__heir_give(&heir, lines[7]);
    cr_assert_eq(troupe__heir_take(&heir, stack), lines[7]);
    cr_assert_null(troupe__heir_take(&heir, stack));
    for (uint32_t i = 0; i < LINES; i++)
        cr_assert_eq(memcmp(lines[i], "       \n", 8), 0, "%u", i);
    troupe__heir_end(&heir);
    free(lines);
}
