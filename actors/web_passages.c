/* SPDX-License-Identifier: Apache-2.0 */
/* web_passages.c: the passages of one page that are about a question. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/cut.h"
#include "actors/passage.h"
#include "actors/question.h"
#include "actors/scratch.h"
#include "actors/web.h"
#include "mailbox/check.h"

#define K1         1.2 /* as usual for BM25 */
#define B          0.75
#define PIECES_MAX 2000 /* of a page; what comes later is not looked at */

/* One page, weighed. */
struct page {
    struct scratch *scratch;
    struct vocabulary *vocabulary;
    struct question question;
    struct words *words; /* by piece */
    uint32_t count;
    double mean; /* words of a piece */
};

static double
count_of(const struct words *words, const struct aspect *aspect)
{
    double count = 0;
    for (uint32_t i = 0; i < words->count; i++)
        for (uint32_t j = 0; j < aspect->count; j++)
            count += words->items[i].term == aspect->terms[j];
    return count;
}

static double
rarity(const struct page *page, const struct aspect *aspect)
{
    double with = 0;
    for (uint32_t i = 0; i < page->count; i++)
        with += count_of(&page->words[i], aspect) > 0;
    return log(1 + (page->count - with + 0.5) / (with + 0.5));
}

/* Robertson & Zaragoza 2009, over the pieces of the page; earlier ones first
 * where none has a word of the question. */
static double
score_of(const struct page *page, const double *weights, uint32_t index)
{
    const struct words *words = &page->words[index];
    double score = 0, length = K1 * (1 - B + B * words->count / page->mean);
    for (uint32_t i = 0; i < page->question.count; i++) {
        double count = count_of(words, &page->question.aspects[i]);
        score += weights[i] * count * (K1 + 1) / (count + length);
    }
    return score - index * 1e-9;
}

static void
weigh(struct page *self, const struct troupe_document *document,
      const struct troupe__cut *cut, const char *question, double *scores)
{
    self->scratch = troupe__scratch_new();
    self->vocabulary = troupe__vocabulary_new(self->scratch);
    self->question =
        troupe__question_read(self->scratch, self->vocabulary, question);
    self->words = troupe__scratch_alloc(
        self->scratch, (self->count + 1) * sizeof *self->words);
    double *weights = troupe__scratch_alloc(
        self->scratch, (self->question.count + 1) * sizeof *weights);
    double total = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        CHECK(cut->pieces);
        const struct troupe__piece *piece = &cut->pieces[i];
        self->words[i] = troupe__words_cut(self->vocabulary,
                                           document->text.data + piece->start,
                                           piece->end - piece->start);
        total += self->words[i].count;
    }
    self->mean = fmax(1, total / fmax(1, self->count));
    for (uint32_t i = 0; i < self->question.count; i++)
        weights[i] = rarity(self, &self->question.aspects[i]);
    for (uint32_t i = 0; i < self->count; i++)
        scores[i] = score_of(self, weights, i);
    troupe__vocabulary_destroy(&self->vocabulary);
    troupe__scratch_destroy(&self->scratch);
}

static void
add_piece(const struct troupe_document *document, const struct troupe__cut *cut,
          uint32_t index, troupe_passage_t *passage, troupe_passages_t *list)
{
    CHECK(cut->pieces);
    const struct troupe__piece *piece = &cut->pieces[index];
    size_t size = piece->end - piece->start;
    char *text = troupe__alloc(size + 1);
    memcpy(text, document->text.data + piece->start, size);
    passage->text = text;
    passage->start = piece->start;
    passage->end = piece->end;
    passage->heading = cut->headings.data + piece->heading;
    /* One with a NUL in it is refused, and so left out. */
    if (troupe_passages_add(list, passage) < 0)
        passage->text = NULL;
    free(text);
}

void
troupe__web_passages(const char *url, const char *title, enum troupe__kind kind,
                     struct troupe__text *source, const char *question,
                     uint64_t limit, troupe_passages_t *list)
{
    CHECK(url && question && list);
    struct troupe_document *document = troupe__document_of(url, kind, source);
    struct troupe__cut cut = {0};
    if (document->rc == 0)
        troupe__cut_document(document, &cut);
    struct page page = {
        .count = (uint32_t) (cut.count < PIECES_MAX ? cut.count : PIECES_MAX)};
    double *scores = troupe__alloc((page.count + 1) * sizeof *scores);
    weigh(&page, document, &cut, question, scores);
    for (uint64_t taken = 0; taken < limit && taken < page.count; taken++) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < page.count; i++)
            best = scores[i] > scores[best] ? i : best;
        troupe_passage_t passage = {
            .path = url,
            .title =
                title && *title ? title : troupe__text_string(&document->title),
            .score = fmax(0, scores[best])};
        add_piece(document, &cut, best, &passage, list);
        scores[best] = -HUGE_VAL;
    }
    free(scores);
    troupe__cut_free(&cut);
    troupe_document_destroy(&document);
}
