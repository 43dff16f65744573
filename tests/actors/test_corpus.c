/* SPDX-License-Identifier: Apache-2.0 */
/* test_corpus.c: the index follows the files, whatever these are. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/actors/scratch_dir.h"
#include "troupe_corpus.h"

static struct scratch_dir docs;
static struct scratch_dir cache;
static char told[8192]; /* "name: reason\n" of each skipped file */

static void
set_up(void)
{
    scratch_dir_make(&docs);
    scratch_dir_make(&cache);
}

static void
tear_down(void)
{
    scratch_dir_remove(&docs);
    scratch_dir_remove(&cache);
}

TestSuite(corpus, .init = set_up, .fini = tear_down, .timeout = 120);

static void
on_skipped(void *context, const char *path, const char *reason)
{
    (void) context;
    size_t used = strlen(told);
    snprintf(told + used, sizeof told - used, "%s: %s\n",
             path + strlen(docs.path) + 1, reason);
}

static troupe_corpus_options_t
options(void)
{
    troupe_corpus_options_t all = troupe_corpus_options_default();
    all.cache = cache.path;
    all.skipped = on_skipped;
    return all;
}

static troupe_corpus_t *
open_docs(void)
{
    const char *roots[] = {docs.path};
    troupe_corpus_options_t all = options();
    troupe_corpus_t *corpus = NULL;
    cr_assert_eq(troupe_corpus_open(roots, 1, &all, &corpus), 0);
    return corpus;
}

static troupe_corpus_stats_t
update(troupe_corpus_t *corpus)
{
    troupe_corpus_stats_t stats;
    told[0] = 0;
    cr_assert_eq(troupe_corpus_update(corpus, &stats), 0);
    return stats;
}

/* The names of the documents that an engine finds, in order, "a.txt b.txt". */
static const char *
find_with(troupe_corpus_t *corpus, troupe_engine_t engine, const char *query)
{
    static char names[1024];
    names[0] = 0;
    troupe_passages_t *list = NULL;
    cr_assert_eq(troupe_corpus_search(corpus, engine, query, 20, &list), 0);
    for (size_t i = 0; i < troupe_passages_count(list); i++) {
        const troupe_passage_t *p = troupe_passages_at(list, i);
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? " " : "",
                 p->path + strlen(docs.path) + 1);
        cr_assert_eq(p->rank, i + 1);
        cr_assert(p->engines & (1U << engine));
    }
    troupe_passages_destroy(&list);
    return names;
}

static const char *
find(troupe_corpus_t *corpus, const char *query)
{
    return find_with(corpus, TROUPE_ENGINE_BM25, query);
}

Test(corpus, opening_says_what_is_wrong)
{
    troupe_corpus_options_t all = options();
    troupe_corpus_t *corpus = NULL;
    const char *roots[] = {scratch_dir_path(&docs, "none")};
    cr_assert_eq(troupe_corpus_open(roots, 0, &all, &corpus), -EINVAL);
    cr_assert_eq(troupe_corpus_open(roots, 65, &all, &corpus), -EINVAL);
    cr_assert_eq(troupe_corpus_open(roots, 1, NULL, &corpus), -EINVAL);
    cr_assert_eq(troupe_corpus_open(roots, 1, &all, &corpus), -ENOENT);
    const char *loop = scratch_dir_path(&docs, "loop");
    cr_assert_eq(symlink("loop", loop), 0);
    roots[0] = loop;
    cr_assert_eq(troupe_corpus_open(roots, 1, &all, &corpus), -ELOOP);
    roots[0] = docs.path;
    all.cache = "/dev/null/cache";
    cr_assert_eq(troupe_corpus_open(roots, 1, &all, &corpus), -ENOENT);
    all.cache = NULL;
    cr_assert_eq(troupe_corpus_open(roots, 1, &all, &corpus), -EINVAL);
    cr_assert_null(corpus);
    troupe_corpus_destroy(&corpus);
}

Test(corpus, a_directory_without_documents_is_its_own_error)
{
    troupe_corpus_t *corpus = open_docs();
    troupe_corpus_stats_t stats = {.files = 9};
    cr_assert_eq(troupe_corpus_update(corpus, &stats), -ENODATA);
    cr_assert_eq(stats.files, 0);
    scratch_dir_write(&docs, "empty.txt", "");
    told[0] = 0;
    cr_assert_eq(troupe_corpus_update(corpus, &stats), -ENODATA);
    cr_assert_str_eq(told, "empty.txt: empty\n");
    troupe_corpus_destroy(&corpus);
}

Test(corpus, only_what_changed_is_read_again)
{
    scratch_dir_write(&docs, "a.txt", "Apples are red.\n");
    scratch_dir_write(&docs, "sub/b.md", "# Pears\n\nPears are green.\n");
    troupe_corpus_t *corpus = open_docs();
    troupe_corpus_stats_t stats = update(corpus);
    cr_assert_eq(stats.read, 2);
    cr_assert_eq(stats.documents, 2);
    cr_assert_eq(stats.passages, 2);
    stats = update(corpus);
    cr_assert_eq(stats.changed, 0);
    cr_assert_eq(stats.read, 0);

    scratch_dir_write(&docs, "a.txt", "Cherries are darker.\n");
    scratch_dir_write(&docs, "c.txt", "Plums are blue.\n");
    stats = update(corpus);
    cr_assert_eq(stats.read, 2);
    cr_assert_eq(stats.documents, 3);
    cr_assert_str_eq(find(corpus, "apples"), "");
    cr_assert_str_eq(find(corpus, "cherry"), "a.txt");
    cr_assert_str_eq(find(corpus, "pear"), "sub/b.md");

    cr_assert_eq(unlink(scratch_dir_path(&docs, "sub/b.md")), 0);
    stats = update(corpus);
    cr_assert_eq(stats.removed, 1);
    cr_assert_eq(stats.read, 0);
    cr_assert_eq(stats.documents, 2);
    cr_assert_str_eq(find(corpus, "pear"), "");
    troupe_corpus_destroy(&corpus);

    corpus = open_docs();
    cr_assert_eq(update(corpus).changed, 0, "the index outlives its owner");
    troupe_corpus_destroy(&corpus);
}

Test(corpus, the_same_roots_share_one_index_however_they_are_written)
{
    scratch_dir_write(&docs, "a/x.txt", "Apples.\n");
    scratch_dir_write(&docs, "b/y.txt", "Pears.\n");
    troupe_corpus_options_t all = options();
    char a[300], b[300], b_too[300];
    snprintf(a, sizeof a, "%s/a", docs.path);
    snprintf(b, sizeof b, "%s/b", docs.path);
    snprintf(b_too, sizeof b_too, "%s/a/../b/", docs.path);
    troupe_corpus_t *corpus = NULL;
    cr_assert_eq(troupe_corpus_open((const char *[]){a, b}, 2, &all, &corpus),
                 0);
    cr_assert_eq(update(corpus).read, 2);
    troupe_corpus_destroy(&corpus);
    cr_assert_eq(
        troupe_corpus_open((const char *[]){b_too, a, b}, 3, &all, &corpus), 0);
    cr_assert_eq(update(corpus).changed, 0);
    troupe_corpus_destroy(&corpus);
    cr_assert_eq(troupe_corpus_open((const char *[]){b}, 1, &all, &corpus), 0);
    cr_assert_eq(update(corpus).read, 1);
    troupe_corpus_destroy(&corpus);
}

Test(corpus, what_cannot_be_read_is_named_each_time_and_the_rest_is_indexed)
{
    scratch_dir_write(&docs, "good.txt", "Apples are red.\n");
    scratch_dir_write_bytes(&docs, "binary", "\0\1\2\3", 4, 0);
    const char *huge = scratch_dir_write(&docs, "huge.txt", "x");
    cr_assert_eq(truncate(huge, (off_t) 1 << 30), 0);
    cr_assert_eq(symlink("loop", scratch_dir_path(&docs, "loop")), 0);
    cr_assert_eq(symlink(".", scratch_dir_path(&docs, "self")), 0);
    cr_assert_eq(symlink("none", scratch_dir_path(&docs, "dangling")), 0);
    cr_assert_eq(mkfifo(scratch_dir_path(&docs, "pipe"), 0600), 0);
    scratch_dir_write(&docs, "latin1.txt", "caf\xe9\n");
    scratch_dir_write(&docs, ".hidden/x.txt", "Hidden.\n");

    troupe_corpus_t *corpus = open_docs();
    for (int round = 0; round < 2; round++) {
        troupe_corpus_stats_t stats = update(corpus);
        cr_assert_eq(stats.documents, 2);
        cr_assert_eq(stats.skipped, 6);
        static const char *const expected[] = {
            "binary: not text\n",
            "huge.txt: larger than 16777216 bytes\n",
            "loop: a loop of symbolic links\n",
            "self: a link to a directory that it lies in\n",
            "dangling: a symbolic link to nothing\n",
            "pipe: not a regular file\n"};
        for (size_t i = 0; i < 6; i++)
            cr_assert_not_null(strstr(told, expected[i]), "%s in %s",
                               expected[i], told);
    }
    cr_assert_str_eq(find(corpus, "café"), "latin1.txt");
    troupe_corpus_destroy(&corpus);
}

Test(corpus, a_file_without_permission_is_named_and_read_when_it_may_be)
{
    scratch_dir_write(&docs, "good.txt", "Apples are red.\n");
    const char *secret = scratch_dir_write(&docs, "secret.txt", "Pears.\n");
    scratch_dir_write(&docs, "shut/x.txt", "Plums.\n");
    cr_assert_eq(chmod(secret, 0), 0);
    cr_assert_eq(chmod(scratch_dir_path(&docs, "shut"), 0), 0);
    cr_assert_eq(chmod(docs.path, 0755), 0);
    cr_assert_eq(chmod(cache.path, 0777), 0);
    if (geteuid() == 0) /* root may read anything */
        cr_assert_eq(seteuid(65534), 0);
    troupe_corpus_t *corpus = open_docs();
    cr_assert_eq(update(corpus).documents, 1);
    cr_assert_not_null(strstr(told, "secret.txt: permission denied\n"));
    cr_assert_not_null(strstr(told, "shut: permission denied\n"));
    if (getuid() == 0)
        cr_assert_eq(seteuid(0), 0);
    cr_assert_eq(chmod(secret, 0644), 0);
    cr_assert_eq(chmod(scratch_dir_path(&docs, "shut"), 0755), 0);
    cr_assert_eq(update(corpus).documents, 3);
    cr_assert_str_eq(told, "");
    troupe_corpus_destroy(&corpus);
}

Test(corpus, a_file_with_several_names_is_indexed_once)
{
    const char *real = scratch_dir_write(&docs, "b.txt", "Apples.\n");
    cr_assert_eq(link(real, scratch_dir_path(&docs, "a.txt")), 0);
    cr_assert_eq(symlink("b.txt", scratch_dir_path(&docs, "0.txt")), 0);
    scratch_dir_write(&docs, "dir/c.txt", "Pears.\n");
    cr_assert_eq(symlink("dir", scratch_dir_path(&docs, "again")), 0);
    troupe_corpus_t *corpus = open_docs();
    cr_assert_eq(update(corpus).documents, 2);
    cr_assert_str_eq(find(corpus, "apples"), "a.txt");
    cr_assert_str_eq(find(corpus, "pears"), "dir/c.txt");
    troupe_corpus_destroy(&corpus);
}

Test(corpus, links_out_of_the_roots_are_followed)
{
    scratch_dir_write(&cache, "outside/x.txt", "Quinces.\n");
    cr_assert_eq(symlink(scratch_dir_path(&cache, "outside"),
                         scratch_dir_path(&docs, "in")),
                 0);
    troupe_corpus_t *corpus = open_docs();
    cr_assert_eq(update(corpus).documents, 1);
    cr_assert_str_eq(find(corpus, "quinces"), "in/x.txt");
    troupe_corpus_destroy(&corpus);
}

Test(corpus, directories_too_deep_are_named)
{
    scratch_dir_write(&docs, "1/2/3/x.txt", "Apples.\n");
    scratch_dir_write(&docs, "1/y.txt", "Pears.\n");
    troupe_corpus_options_t all = options();
    all.depth_max = 2;
    const char *roots[] = {docs.path};
    troupe_corpus_t *corpus = NULL;
    cr_assert_eq(troupe_corpus_open(roots, 1, &all, &corpus), 0);
    cr_assert_eq(update(corpus).documents, 1);
    cr_assert_str_eq(told, "1/2/3: too many directories deep\n");
    troupe_corpus_destroy(&corpus);
}

static void
write_many(int count)
{
    for (int i = 0; i < count; i++) {
        char name[32], text[128];
        snprintf(name, sizeof name, "%03d.txt", i);
        snprintf(text, sizeof text, "Number %d is the name%d.\n", i, i);
        scratch_dir_write(&docs, name, text);
    }
}

static int
stop_at_once(void *context, const troupe_corpus_stats_t *stats)
{
    size_t *calls = context;
    ++*calls;
    return stats->read > 0;
}

Test(corpus, a_cancelled_update_keeps_what_it_has_and_goes_on_later)
{
    write_many(400);
    const char *roots[] = {docs.path};
    troupe_corpus_options_t all = options();
    size_t calls = 0;
    all.context = &calls;
    all.skipped = NULL;
    all.progress = stop_at_once;
    troupe_corpus_t *corpus = NULL;
    cr_assert_eq(troupe_corpus_open(roots, 1, &all, &corpus), 0);
    troupe_corpus_stats_t stats;
    cr_assert_eq(troupe_corpus_update(corpus, &stats), -ECANCELED);
    cr_assert_eq(calls, 2);
    cr_assert_gt(stats.documents, 0);
    cr_assert_lt(stats.documents, 400);
    troupe_corpus_destroy(&corpus);
    corpus = open_docs();
    size_t before = stats.documents;
    stats = update(corpus);
    cr_assert_eq(stats.changed, 400 - before);
    cr_assert_eq(stats.documents, 400);
    cr_assert_str_eq(find(corpus, "name399"), "399.txt");
    troupe_corpus_destroy(&corpus);
}

Test(corpus, processes_that_index_at_once_make_one_index)
{
    write_many(300);
    pid_t children[4];
    for (size_t i = 0; i < 4; i++) {
        children[i] = fork();
        cr_assert_geq(children[i], 0);
        if (children[i] == 0) {
            const char *roots[] = {docs.path};
            troupe_corpus_options_t all = options();
            troupe_corpus_t *corpus = NULL;
            troupe_corpus_stats_t stats;
            bool good = troupe_corpus_open(roots, 1, &all, &corpus) == 0
                        && troupe_corpus_update(corpus, &stats) == 0
                        && stats.documents == 300;
            troupe_corpus_destroy(&corpus);
            _exit(good ? 0 : 1);
        }
    }
    for (size_t i = 0; i < 4; i++) {
        int status = -1;
        cr_assert_eq(waitpid(children[i], &status, 0), children[i]);
        cr_assert_eq(status, 0);
    }
    troupe_corpus_t *corpus = open_docs();
    troupe_corpus_stats_t stats = update(corpus);
    cr_assert_eq(stats.changed, 0);
    cr_assert_eq(stats.passages, 300);
    troupe_corpus_destroy(&corpus);
}

Test(corpus, a_damaged_index_is_made_anew)
{
    scratch_dir_write(&docs, "a.txt", "Apples are red.\n");
    troupe_corpus_t *corpus = open_docs();
    update(corpus);
    troupe_corpus_destroy(&corpus);
    char command[600];
    snprintf(command, sizeof command,
             "for f in %s/corpus-*.sqlite; do echo rubbish > $f; done",
             cache.path);
    cr_assert_eq(system(command), 0);
    corpus = open_docs();
    cr_assert_eq(update(corpus).read, 1);
    cr_assert_str_eq(find(corpus, "apple"), "a.txt");
    troupe_corpus_destroy(&corpus);
}
