/* SPDX-License-Identifier: Apache-2.0 */
/* test_cut.c: passages follow sections, and part nothing that belongs together. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "actors/cut.h"
#include "tests/actors/scratch_dir.h"

struct cut_text {
    struct scratch_dir dir;
    troupe_document_t *document;
    struct troupe__cut cut;
};

static void
cut(struct cut_text *self, const char *name, const char *source)
{
    scratch_dir_make(&self->dir);
    cr_assert_eq(
        troupe_document_read(scratch_dir_write(&self->dir, name, source), 0,
                             &self->document),
        0);
    troupe__cut_document(self->document, &self->cut);
    scratch_dir_remove(&self->dir);
}

static void
uncut(struct cut_text *self)
{
    troupe__cut_free(&self->cut);
    troupe_document_destroy(&self->document);
}

static const char *
heading_of(const struct cut_text *self, size_t index)
{
    return self->cut.headings.data + self->cut.pieces[index].heading;
}

/* The piece that holds a text, or -1. */
static int
piece_with(const struct cut_text *self, const char *text)
{
    const char *all = troupe_document_text(self->document);
    const char *at = strstr(all, text);
    cr_assert_not_null(at, "'%s' is not in the text", text);
    size_t start = (size_t) (at - all), end = start + strlen(text);
    for (size_t i = 0; i < self->cut.count; i++) {
        if (self->cut.pieces[i].start <= start
            && end <= self->cut.pieces[i].end)
            return (int) i;
    }
    return -1;
}

static void
expect_order(const struct cut_text *self)
{
    size_t at = 0;
    for (size_t i = 0; i < self->cut.count; i++) {
        cr_assert(self->cut.pieces[i].start >= at);
        cr_assert(self->cut.pieces[i].end > self->cut.pieces[i].start);
        at = self->cut.pieces[i].end;
    }
    cr_assert(at <= troupe_document_size(self->document));
}

Test(cut, a_passage_stays_within_its_section_and_knows_its_headings)
{
    struct cut_text t;
    cut(&t, "a.md",
        "# One\n\nfirst text\n\n## Two\n\nsecond text\n\n### Three\n\nthird "
        "text\n\n## Four\n\nfourth text\n");
    expect_order(&t);
    cr_assert_eq(t.cut.count, 4);
    cr_assert_str_eq(heading_of(&t, 0), "One");
    cr_assert_str_eq(heading_of(&t, 1), "One > Two");
    cr_assert_str_eq(heading_of(&t, 2), "One > Two > Three");
    cr_assert_str_eq(heading_of(&t, 3), "One > Four");
    uncut(&t);
}

Test(cut, an_option_stays_with_what_explains_it)
{
    char source[8192] = ".TH X 1\n.SH OPTIONS\n";
    for (int i = 0; i < 40; i++) {
        char option[160];
        snprintf(option, sizeof option,
                 ".TP\n.B \\-\\-option%d\nExplains number %d with some words"
                 " that fill the line up to the end of it.\n",
                 i, i);
        strcat(source, option);
    }
    struct cut_text t;
    cut(&t, "x.1", source);
    expect_order(&t);
    cr_assert(t.cut.count > 2);
    for (int i = 0; i < 40; i++) {
        char both[64];
        snprintf(both, sizeof both, "--option%d\n    Explains number %d ", i,
                 i);
        cr_assert_geq(piece_with(&t, both), 0, "%s is parted", both);
    }
    uncut(&t);
}

Test(cut, a_long_paragraph_is_cut_between_sentences)
{
    char source[16384] = "";
    for (int i = 0; i < 80; i++) {
        char sentence[128];
        snprintf(sentence, sizeof sentence,
                 "Sentence %d says, e.g. with ver. 1.%d, ten words or so. ", i,
                 i);
        strcat(source, sentence);
    }
    struct cut_text t;
    cut(&t, "a.txt", source);
    expect_order(&t);
    cr_assert(t.cut.count >= 4);
    for (int i = 0; i < 80; i++) {
        char sentence[128];
        snprintf(sentence, sizeof sentence,
                 "Sentence %d says, e.g. with ver. 1.%d, ten words or so.", i,
                 i);
        cr_assert_geq(piece_with(&t, sentence), 0, "%s is parted", sentence);
    }
    uncut(&t);
}

Test(cut, a_line_that_announces_stays_with_what_it_announces)
{
    struct cut_text t;
    cut(&t, "a.html",
        "<html><h1>H</h1><p>Run it as follows:</p><pre>frob --all</pre>"
        "<p>Then wait.</p></html>");
    cr_assert_geq(piece_with(&t, "follows:\n\nfrob --all"), 0);
    uncut(&t);
}

Test(cut, headings_of_a_plain_text_are_found)
{
    struct cut_text t;
    cut(&t, "a.txt",
        "The Guide\n=========\n\nIntro words here.\n\n1. Beginning\n\nText of "
        "one.\n\n1.2. Detail\n\nText of two.\n\nTHE END\n\nBye now.\n");
    expect_order(&t);
    cr_assert_eq(t.cut.count, 4);
    cr_assert_str_eq(heading_of(&t, 0), "The Guide");
    cr_assert_str_eq(heading_of(&t, 1), "The Guide > 1. Beginning");
    cr_assert_str_eq(heading_of(&t, 2),
                     "The Guide > 1. Beginning > 1.2. Detail");
    cr_assert_str_eq(heading_of(&t, 3), "The Guide > THE END");
    uncut(&t);
}

Test(cut, a_document_of_headings_alone_is_one_passage)
{
    struct cut_text t;
    cut(&t, "a.md", "# One\n\n## Two\n");
    cr_assert_eq(t.cut.count, 1);
    cr_assert_eq(t.cut.pieces[0].start, 0);
    uncut(&t);
}

Test(cut, sentences_end_where_they_end)
{
    static const char text[] = "See J. Doe (e.g. here). It is 3.5 m! Is it?\"";
    size_t end = troupe__sentence_end(text, 0, strlen(text));
    cr_assert_eq(end, strlen("See J. Doe (e.g. here)."));
    end = troupe__sentence_end(text, end + 1, strlen(text));
    cr_assert_eq(end, strlen("See J. Doe (e.g. here). It is 3.5 m!"));
    end = troupe__sentence_end(text, end + 1, strlen(text));
    cr_assert_eq(end, strlen(text));
}
