/* SPDX-License-Identifier: Apache-2.0 */
/* test_engines.c: each engine finds what the others do not. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "actors/corpus.h"
#include "actors/stem.h"
#include "tests/actors/scratch_dir.h"
#include "troupe_corpus.h"
#include "troupe_document.h"

static struct scratch_dir docs;
static struct scratch_dir cache;

static void
set_up(void)
{
    scratch_dir_make(&docs);
    scratch_dir_make(&cache);
    scratch_dir_write(&docs, "watch.txt",
                      "Watching\n========\n\nThe inotify interface tells a "
                      "program that a directory has changed.\n");
    scratch_dir_write(&docs, "inotify.txt",
                      "Inotify\n=======\n\nA descriptor gives events on a "
                      "directory that is watched with a mask.\n");
    scratch_dir_write(&docs, "flags.txt",
                      "Flags\n=====\n\nWith O_CLOEXEC the descriptor is closed "
                      "on exec. With FD_CLOEXEC it is as well.\n");
    scratch_dir_write(&docs, "mask.txt",
                      "Masks\n=====\n\nThe events of a mask are read from a "
                      "descriptor: the inotify mask has them.\n");
    scratch_dir_write(&docs, "near.txt",
                      "Pages\n=====\n\nThe dirty pages are written back by the "
                      "kernel after a while.\n");
    scratch_dir_write(
        &docs, "far.txt",
        "Dirty\n=====\n\nThe pages of this book are about many things that "
        "have nothing to do with memory, and only at the very end of this "
        "one long sentence, which goes on and on and on for the sake of it, "
        "does it come to say that something may be called dirty, written "
        "down and given back to the reader.\n");
}

static void
tear_down(void)
{
    scratch_dir_remove(&docs);
    scratch_dir_remove(&cache);
}

TestSuite(engines, .init = set_up, .fini = tear_down, .timeout = 60);

static troupe_corpus_t *
open_docs(void)
{
    const char *roots[] = {docs.path};
    troupe_corpus_options_t options = troupe_corpus_options_default();
    options.cache = cache.path;
    troupe_corpus_t *corpus = NULL;
    cr_assert_eq(troupe_corpus_open(roots, 1, &options, &corpus), 0);
    cr_assert_eq(troupe_corpus_update(corpus, NULL), 0);
    return corpus;
}

static bool
finds(troupe_corpus_t *corpus, troupe_engine_t engine, const char *query,
      const char *name, size_t places)
{
    troupe_passages_t *list = NULL;
    cr_assert_eq(troupe_corpus_search(corpus, engine, query, 20, &list), 0);
    bool found = false;
    for (size_t i = 0; i < troupe_passages_count(list) && i < places; i++) {
        const char *path = troupe_passages_at(list, i)->path;
        found = found || strcmp(strrchr(path, '/') + 1, name) == 0;
    }
    troupe_passages_destroy(&list);
    return found;
}

Test(engines, titles_count_more_than_text)
{
    troupe_corpus_t *corpus = open_docs();
    cr_assert(finds(corpus, TROUPE_ENGINE_BM25, "inotify", "inotify.txt", 1));
    cr_assert(finds(corpus, TROUPE_ENGINE_BM25, "inotify", "watch.txt", 3));
    troupe_corpus_destroy(&corpus);
}

Test(engines, trigram_mends_slips_that_bm25_cannot_find)
{
    troupe_corpus_t *corpus = open_docs();
    static const char *const slips[] = {"inotfiy", "inotfy", "innotify",
                                        "imotify"};
    for (size_t i = 0; i < 4; i++) {
        cr_assert_not(
            finds(corpus, TROUPE_ENGINE_BM25, slips[i], "inotify.txt", 9));
        cr_assert(
            finds(corpus, TROUPE_ENGINE_TRIGRAM, slips[i], "inotify.txt", 3),
            "%s", slips[i]);
    }
    troupe_corpus_destroy(&corpus);
}

Test(engines, trigram_finds_names_by_a_part_of_them)
{
    /* A word in one passage only may be a slip itself, and is not offered. */
    scratch_dir_write(&docs, "more.txt", "O_CLOEXEC again, and FD_CLOEXEC.\n");
    troupe_corpus_t *corpus = open_docs();
    cr_assert_not(finds(corpus, TROUPE_ENGINE_BM25, "cloexec", "flags.txt", 9));
    cr_assert(finds(corpus, TROUPE_ENGINE_TRIGRAM, "cloexec", "flags.txt", 3));
    cr_assert(finds(corpus, TROUPE_ENGINE_BM25, "O_CLOEXEC", "flags.txt", 2));
    troupe_corpus_destroy(&corpus);
}

Test(engines, phrase_prefers_words_that_stand_together)
{
    troupe_corpus_t *corpus = open_docs();
    cr_assert(finds(corpus, TROUPE_ENGINE_PHRASE, "dirty pages written back",
                    "near.txt", 1));
    cr_assert(finds(corpus, TROUPE_ENGINE_PHRASE, "\"closed on exec\"",
                    "flags.txt", 1));
    cr_assert_not(finds(corpus, TROUPE_ENGINE_PHRASE, "\"exec on closed\"",
                        "flags.txt", 9));
    troupe_corpus_destroy(&corpus);
}

Test(engines, expand_finds_related_passages_without_the_word)
{
    for (int i = 0; i < 60; i++) { /* so that "mask" is not common */
        char name[32], text[64];
        snprintf(name, sizeof name, "other%d.txt", i);
        snprintf(text, sizeof text, "Other matter number%d.\n", i);
        scratch_dir_write(&docs, name, text);
    }
    scratch_dir_write(&docs, "also.txt",
                      "Also\n====\n\nA watched directory gives events; a mask "
                      "chooses the events.\n");
    scratch_dir_write(&docs, "related.txt",
                      "Related\n=======\n\nEvents pass through a mask.\n");
    troupe_corpus_t *corpus = open_docs();
    cr_assert_not(
        finds(corpus, TROUPE_ENGINE_BM25, "watched", "related.txt", 9));
    cr_assert(finds(corpus, TROUPE_ENGINE_EXPAND, "watched", "related.txt", 9));
    troupe_corpus_destroy(&corpus);
}

/* The page never says it in these words; a page that names it does. */
Test(engines, anchor_finds_a_document_by_what_another_says_of_it)
{
    scratch_dir_write(&docs, "gone.txt", "Gone\n====\n\nA name goes away.\n");
    scratch_dir_write(&docs, "guide.txt",
                      "Guide\n=====\n\nStart here. How to erase an old "
                      "letter is told in gone.txt. Then go home.\n");
    troupe_corpus_t *corpus = open_docs();
    cr_assert_not(
        finds(corpus, TROUPE_ENGINE_BM25, "erase letter", "gone.txt", 9));
    cr_assert(
        finds(corpus, TROUPE_ENGINE_ANCHOR, "erase letter", "gone.txt", 1));
    cr_assert(
        finds(corpus, TROUPE_ENGINE_ANCHOR, "remove letter", "gone.txt", 1),
        "by a word that means the same");
    cr_assert_not(finds(corpus, TROUPE_ENGINE_ANCHOR, "home", "gone.txt", 9),
                  "another sentence says nothing of it");

    scratch_dir_write(&docs, "guide.txt", "Guide\n=====\n\nNothing.\n");
    cr_assert_eq(troupe_corpus_update(corpus, NULL), 0);
    cr_assert_not(
        finds(corpus, TROUPE_ENGINE_ANCHOR, "erase letter", "gone.txt", 9));
    troupe_corpus_destroy(&corpus);
}

Test(engines, of_two_alike_the_one_that_others_name_comes_first)
{
    scratch_dir_write(&docs, "a.txt", "One\n===\n\nBees build combs.\n");
    scratch_dir_write(&docs, "b.txt", "Two\n===\n\nBees build combs.\n");
    scratch_dir_write(&docs, "d.txt", "See b.txt, and not itself.\n");
    scratch_dir_write(&docs, "e.txt", "(b.txt)\n");
    troupe_corpus_t *corpus = open_docs();
    cr_assert(finds(corpus, TROUPE_ENGINE_BM25, "combs", "b.txt", 1));
    cr_assert(finds(corpus, TROUPE_ENGINE_PHRASE, "combs", "b.txt", 1));
    troupe_corpus_destroy(&corpus);
}

Test(engines, nothing_in_a_query_is_syntax)
{
    troupe_corpus_t *corpus = open_docs();
    static const char *const queries[] = {"inotify AND",
                                          "inotify OR OR",
                                          "NOT inotify",
                                          "NEAR(inotify",
                                          "inotify NEAR/2 x",
                                          "title:inotify",
                                          "{title} : inotify",
                                          "inotify*",
                                          "^inotify",
                                          "\"inotify",
                                          "inotify\"",
                                          "in\"otify",
                                          "inotify + mask",
                                          "(inotify",
                                          "inotify)",
                                          "-inotify",
                                          "inotify; DROP TABLE passage; --",
                                          "'inotify'",
                                          "inotify ?1",
                                          "%s%n inotify",
                                          "\xff\xfe inotify",
                                          "inotify — mask",
                                          "“inotify”",
                                          "a\\ inotify",
                                          "inotify \x01\x02"};
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        for (int e = 0; e < TROUPE_ENGINE_COUNT; e++) {
            troupe_passages_t *list = NULL;
            cr_assert_eq(troupe_corpus_search(corpus, (troupe_engine_t) e,
                                              queries[i], 5, &list),
                         0, "%s: %s", troupe_engine_name((troupe_engine_t) e),
                         queries[i]);
            troupe_passages_destroy(&list);
        }
    }
    troupe_corpus_destroy(&corpus);
}

Test(engines, bad_arguments_are_refused_and_nothing_found_is_a_list)
{
    troupe_corpus_t *corpus = open_docs();
    troupe_passages_t *list = NULL;
    for (int e = 0; e < TROUPE_ENGINE_COUNT; e++) {
        troupe_engine_t engine = (troupe_engine_t) e;
        cr_assert_eq(troupe_corpus_search(corpus, engine, "", 5, &list),
                     -EINVAL);
        cr_assert_eq(troupe_corpus_search(corpus, engine, "what is", 5, &list),
                     -EINVAL);
        cr_assert_eq(troupe_corpus_search(corpus, engine, "inotify", 0, &list),
                     -ERANGE);
        cr_assert_eq(
            troupe_corpus_search(corpus, engine, "inotify", 1001, &list),
            -ERANGE);
        cr_assert_null(list);
        cr_assert_eq(
            troupe_corpus_search(corpus, engine, "zzzzqqqqq", 5, &list), 0);
        cr_assert_eq(troupe_passages_count(list), 0);
        troupe_passages_destroy(&list);
        cr_assert_eq(troupe_corpus_search(corpus, engine, "inotify", 1, &list),
                     0);
        cr_assert_eq(troupe_passages_count(list), 1);
        troupe_passages_destroy(&list);
    }
    cr_assert_eq(
        troupe_corpus_search(corpus, TROUPE_ENGINE_COUNT, "inotify", 5, &list),
        -ERANGE);
    troupe_corpus_destroy(&corpus);
}

Test(engines, an_index_never_filled_gives_empty_lists)
{
    const char *roots[] = {docs.path};
    troupe_corpus_options_t options = troupe_corpus_options_default();
    options.cache = cache.path;
    troupe_corpus_t *corpus = NULL;
    cr_assert_eq(troupe_corpus_open(roots, 1, &options, &corpus), 0);
    for (int e = 0; e < TROUPE_ENGINE_COUNT; e++) {
        troupe_passages_t *list = NULL;
        cr_assert_eq(troupe_corpus_search(corpus, (troupe_engine_t) e,
                                          "inotify mask", 5, &list),
                     0);
        cr_assert_eq(troupe_passages_count(list), 0);
        troupe_passages_destroy(&list);
    }
    troupe_corpus_destroy(&corpus);
}

Test(engines, passages_are_the_bytes_that_they_say_they_are)
{
    scratch_dir_write(&docs, "a.md",
                      "# A\n\nÄpfel are red.\n\n## B\n\nMore on "
                      "Äpfel\nand pears.\n");
    scratch_dir_write(&docs, "b.html",
                      "<h1>Äpfel</h1><p>One.<ul><li>Äpfel two</ul>");
    scratch_dir_write(&docs, "c.1",
                      ".TH C 1\n.SH NAME\nc \\- Äpfel\n"
                      ".SH X\n.TP\nÄpfel\nthree\n");
    scratch_dir_write(&docs, "d.txt", "Caf\xe9\n\n  Apfel four\n");
    troupe_corpus_t *corpus = open_docs();
    size_t checked = 0;
    for (int i = 0; i < TROUPE_ENGINE_COUNT; i++) {
        troupe_passages_t *list = NULL;
        cr_assert_eq(troupe_corpus_search(corpus, (troupe_engine_t) i,
                                          "äpfel apfel", 50, &list),
                     0);
        for (size_t j = 0; j < troupe_passages_count(list); j++, checked++) {
            const troupe_passage_t *p = troupe_passages_at(list, j);
            troupe_document_t *doc = NULL;
            cr_assert_eq(troupe_document_read(p->path, 0, &doc), 0);
            cr_assert_leq(p->end, troupe_document_size(doc));
            cr_assert_eq(strlen(p->text), p->end - p->start);
            cr_assert_eq(memcmp(troupe_document_text(doc) + p->start, p->text,
                                p->end - p->start),
                         0);
            cr_assert_str_eq(p->title, troupe_document_title(doc));
            troupe_document_destroy(&doc);
        }
        troupe_passages_destroy(&list);
    }
    cr_assert_geq(checked, 10);
    troupe_corpus_destroy(&corpus);
}

/* Whether a word is common is told without counting all that have it. */
Test(engines, passages_are_counted_up_to_a_bound)
{
    static const char *const words[] = {"descriptor", "watched", "pages",
                                        "Masks",      "mask",    "nowhere"};
    troupe_corpus_t *corpus = open_docs();
    struct troupe__stemmer *stemmer = troupe__stemmer_new();
    int64_t found = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char stem[TROUPE__TERM_SIZE_MAX];
        size_t at = 0;
        int64_t all = 0;
        cr_assert(troupe__next_token(words[i], strlen(words[i]), &at, stem));
        troupe__stem(stemmer, stem);
        cr_assert_eq(troupe__corpus_count(corpus, stem, &all), 0);
        for (int64_t most = 1; most < 5; most++) {
            int64_t count = -1;
            cr_assert_eq(
                troupe__corpus_count_up_to(corpus, words[i], most, &count), 0);
            cr_expect_eq(count, all < most ? all : most, "%s", words[i]);
        }
        found += all;
    }
    cr_expect_gt(found, 6);
    troupe__stemmer_destroy(&stemmer);
    troupe_corpus_destroy(&corpus);
}
