/* SPDX-License-Identifier: Apache-2.0 */
/* test_runs.c: the directories of runs, made, found, listed and taken away. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scratch_dir.h"
#include "troupe_runs.h"

static struct scratch_dir dir;

static void
begin(void)
{
    scratch_dir_make(&dir);
}

static void
end(void)
{
    scratch_dir_remove(&dir);
}

TestSuite(runs, .init = begin, .fini = end, .timeout = 60);

/* The runs of a list, as "id state done/ok". */
static int
take_run(void *data, const troupe_run_info_t *info)
{
    char *text = data;
    char line[128];
    snprintf(line, sizeof line, "%.3s %s %d/%d %s|", info->id, info->state,
             (int) info->ok, (int) info->done, info->command);
    strcat(text, line);
    return 0;
}

Test(runs, are_listed_and_taken_away)
{
    char one[TROUPE_RUN_ID_MAX + 1], two[TROUPE_RUN_ID_MAX + 1];
    char found[TROUPE_RUN_ID_MAX + 1], list[512] = "";
    char *base = strdup(scratch_dir_path(&dir, "state/runs"));
    char *file = NULL, *other = NULL;
    troupe_journal_error_t error;
    cr_assert_eq(troupe_runs_list(base, take_run, list), 0);
    cr_assert_eq(troupe_run_make(base, "map", one, &file, &error), 0, "%s",
                 error.text);
    troupe_journal_t *journal = NULL;
    cr_assert_eq(
        troupe_journal_open(file, TROUPE_JOURNAL_CREATE, &journal, NULL), 0);
    const troupe_journal_entry_t ends[] = {
        {.what = TROUPE_JOURNAL_DONE, .key = "a", .state = "failed"},
        {.what = TROUPE_JOURNAL_DONE, .key = "a", .state = "ok"},
        {.what = TROUPE_JOURNAL_DONE, .key = "b", .state = "failed"}};
    cr_assert_eq(troupe_journal_append(journal, ends, 3), 0);
    char *first = NULL;
    cr_assert_eq(troupe_run_begin(file, "c\nx", &first), 0);
    cr_assert_str_eq(first, "c");
    free(first);
    cr_assert_eq(troupe_run_make(base, "graph", two, &other, &error), 0);
    cr_assert_eq(troupe_runs_list(base, take_run, list), 0);
    cr_assert_not_null(strstr(list, "map running 1/2 c|"), "%s", list);
    cr_assert_not_null(strstr(list, "gra damaged 0/0 |"), "%s", list);
    cr_assert_eq(troupe_run_remove(base, one), -EBUSY);
    troupe_journal_destroy(&journal);
    free(other);
    cr_assert_eq(troupe_run_find(base, "last", "map", found, &other, &error),
                 0);
    cr_assert_str_eq(found, one);
    cr_assert_str_eq(other, file);
    list[0] = '\0';
    cr_assert_eq(troupe_runs_list(base, take_run, list), 0);
    cr_assert_not_null(strstr(list, "map interrupted 1/2"), "%s", list);
    cr_assert_eq(troupe_run_end(file, "partial"), 0);
    list[0] = '\0';
    cr_assert_eq(troupe_runs_list(base, take_run, list), 0);
    cr_assert_not_null(strstr(list, "map partial 1/2"), "%s", list);
    cr_assert_eq(troupe_run_begin(file, "other", &first), 0);
    cr_assert_str_eq(first, "c");
    free(first);
    list[0] = '\0';
    cr_assert_eq(troupe_runs_list(base, take_run, list), 0);
    cr_assert_not_null(strstr(list, "map interrupted 1/2 c|"), "%s", list);
    cr_assert_eq(troupe_run_remove(base, one), 0);
    cr_assert_eq(troupe_run_remove(base, one), -ENOENT);
    cr_assert_eq(troupe_run_remove(base, "../x-1"), -ENOENT);
    char *none = NULL;
    cr_assert_eq(troupe_run_find(base, one, NULL, found, &none, &error),
                 -ENOENT);
    cr_assert_not_null(strstr(error.text, "troupe runs list"));
    free(other);
    free(file);
    free(base);
}
