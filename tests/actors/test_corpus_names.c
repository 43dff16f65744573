/* SPDX-License-Identifier: Apache-2.0 */
/* test_corpus_names.c: names of files that are not text. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/actors/scratch_dir.h"
#include "troupe_corpus.h"

static struct scratch_dir docs;
static struct scratch_dir cache;
static char told[1024]; /* "name: reason\n" of each skipped file */

static void
set_up(void)
{
    scratch_dir_make(&docs);
    scratch_dir_make(&cache);
    told[0] = 0;
}

static void
tear_down(void)
{
    scratch_dir_remove(&docs);
    scratch_dir_remove(&cache);
}

TestSuite(corpus_names, .init = set_up, .fini = tear_down, .timeout = 60);

static void
on_skipped(void *context, const char *path, const char *reason)
{
    (void) context;
    size_t used = strlen(told);
    snprintf(told + used, sizeof told - used, "%s: %s\n",
             path + strlen(docs.path) + 1, reason);
}

static int
open_root(const char *root, troupe_corpus_t **ret_corpus)
{
    troupe_corpus_options_t options = troupe_corpus_options_default();
    options.cache = cache.path;
    options.skipped = on_skipped;
    return troupe_corpus_open(&root, 1, &options, ret_corpus);
}

/* Messages and reports are text: such a name cannot go into one. */
Test(corpus_names, what_is_not_utf8_is_named_and_passed_over)
{
    scratch_dir_write(&docs, "good.txt", "Apples are red.\n");
    scratch_dir_write(&docs, "bad\xff.txt", "Apples are green.\n");
    scratch_dir_write(&docs, "dir\xe9/good.txt", "Apples are brown.\n");
    cr_assert_eq(symlink("good.txt", scratch_dir_path(&docs, "l\xff")), 0);

    troupe_corpus_t *corpus = NULL;
    cr_assert_eq(open_root(docs.path, &corpus), 0);
    for (int round = 0; round < 2; round++) {
        troupe_corpus_stats_t stats;
        told[0] = 0;
        cr_assert_eq(troupe_corpus_update(corpus, &stats), 0);
        cr_assert_eq(stats.documents, 1);
        cr_assert_eq(stats.skipped, 3);
        cr_assert_str_eq(told, "bad\\xff.txt: its name is not UTF-8\n"
                               "dir\\xe9: its name is not UTF-8\n"
                               "l\\xff: its name is not UTF-8\n");
    }
    troupe_corpus_destroy(&corpus);
}

Test(corpus_names, a_root_that_is_not_utf8_is_refused)
{
    scratch_dir_write(&docs, "dir\xe9/good.txt", "Apples are brown.\n");
    const char *link = scratch_dir_path(&docs, "link");
    cr_assert_eq(symlink("dir\xe9", link), 0);
    troupe_corpus_t *corpus = NULL;
    cr_assert_eq(open_root(scratch_dir_path(&docs, "dir\xe9"), &corpus),
                 -EINVAL);
    cr_assert_eq(open_root(link, &corpus), -EINVAL);
    cr_assert_null(corpus);
}
