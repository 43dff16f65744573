/* SPDX-License-Identifier: Apache-2.0 */
/* material.c: passages cut into sentences, weighed, and grouped by origin. */
#include "actors/material.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/scratch.h"
#include "actors/web.h"
#include "mailbox/check.h"

#define COUNT(list)     (sizeof(list) / sizeof((list)[0]))
#define SENTENCES_MAX   900  /* bounds the work of the analysers */
#define TITLE_SHARE     0.75 /* of an aspect that only the title speaks of */
#define HEADING_SHARE   0.6
#define BODY_SHARE      0.3
#define LEAD_MAX        3000 /* bytes before the first words about it */
#define COPY_SHARE      0.6  /* shingles shared by two copies of a passage */
#define SHINGLE_WORDS   4
#define SHINGLES_MIN    12 /* fewer say nothing: "the capital of X is" */
#define IDENTIFIER_GAIN 1.5

/* A sentence that begins so leans on the one before it. Sorted. */
static const char *const pointing_words[] = {
    "afterwards",   "also",         "and",         "as such",   "but",
    "consequently", "conversely",   "furthermore", "he",        "hence",
    "here",         "however",      "instead",     "it",        "likewise",
    "moreover",     "nevertheless", "nor",         "or",        "otherwise",
    "similar",      "similarly",    "so",          "such",      "that",
    "then",         "there",        "thereby",     "therefore", "these",
    "they",         "this",         "those",       "thus",
};

static void
add_sentence(struct material *self, uint32_t passage,
             const struct sentence_span *span)
{
    const troupe_passage_t *from = troupe_passages_at(self->passages, passage);
    self->sentences =
        troupe__scratch_room(self->scratch, self->sentences,
                             self->sentence_count, sizeof *self->sentences);
    struct sentence *sentence = &self->sentences[self->sentence_count++];
    *sentence = (struct sentence){
        .passage = passage,
        .document = self->document_of[passage],
        .start = from->start + span->start,
        .end = from->start + span->end,
        .text = from->text + span->start,
        .tag_size = span->tag_end - span->start,
        .kind = span->kind,
    };
    size_t size = span->end - span->start;
    sentence->words = troupe__words_cut(self->vocabulary, sentence->text, size);
    sentence->terms = troupe__words_terms(self->scratch, &sentence->words,
                                          &sentence->term_count);
    if (sentence->words.count > 0 && sentence->kind == SENTENCE_PROSE) {
        const struct word *first = &sentence->words.items[0];
        /* The rest of a list item, or a remark. */
        sentence->dangling =
            (sentence->text[0] >= 'a' && sentence->text[0] <= 'z'
             && !(first->flags & WORD_IDENTIFIER)
             && !troupe__terms_have(self->contexts[passage].title,
                                    self->contexts[passage].title_count,
                                    first->term))
            || sentence->text[0] == '(';
        for (size_t i = 0; i < COUNT(pointing_words); i++)
            sentence->dangling |= troupe__word_is(first, pointing_words[i]);
    }
    sentence->lead = span->start == 0 && from->start < LEAD_MAX
                     && strcmp(from->heading, "DESCRIPTION") == 0;
    self->orders += span->kind == SENTENCE_ORDER;
}

static const uint32_t *
terms_of(struct material *self, const char *text, uint32_t *ret_count)
{
    struct words words =
        troupe__words_cut(self->vocabulary, text, strlen(text));
    return troupe__words_terms(self->scratch, &words, ret_count);
}

static uint32_t
document_index(struct material *self, const troupe_passage_t *passage)
{
    for (uint32_t i = 0; i < self->document_count; i++)
        if (strcmp(self->documents[i].path, passage->path) == 0)
            return i;
    self->documents =
        troupe__scratch_room(self->scratch, self->documents,
                             self->document_count, sizeof *self->documents);
    self->documents[self->document_count] =
        (struct document){.path = passage->path,
                          .title = passage->title,
                          .group = self->document_count};
    return self->document_count++;
}

/* "sort(1) - sort lines": a page whose name is a word of the question. */
static bool
names_subject(struct material *self, const char *title)
{
    const char *open = strchr(title, '(');
    size_t size = open ? (size_t) (open - title) : 0;
    if (size == 0 || memchr(title, ' ', size))
        return false;
    uint32_t term = troupe__vocabulary_term(self->vocabulary, title, size);
    for (uint32_t i = 0; i < self->question.count; i++)
        if (self->question.aspects[i].terms[0] == term)
            return true;
    return false;
}

static void
read_passage(struct material *self, uint32_t index)
{
    const troupe_passage_t *passage = troupe_passages_at(self->passages, index);
    uint32_t document = document_index(self, passage);
    self->documents[document].passages += 1;
    self->document_of[index] = document;
    struct context *context = &self->contexts[index];
    context->title = terms_of(self, passage->title, &context->title_count);
    context->named = names_subject(self, passage->title);
    context->heading =
        terms_of(self, passage->heading, &context->heading_count);
    context->body = terms_of(self, passage->text, &context->body_count);
    struct sentence_spans spans =
        troupe__sentences_cut(self->scratch, passage->text,
                              passage->end - passage->start, passage->heading);
    for (uint32_t i = 0; i < spans.count; i++)
        if (self->sentence_count < SENTENCES_MAX)
            add_sentence(self, index, &spans.items[i]);
}

/* Smoothed so that a term of every sentence still weighs something. */
static void
weigh_terms(struct material *self)
{
    uint32_t count = troupe__vocabulary_count(self->vocabulary);
    self->weights =
        troupe__scratch_alloc(self->scratch, (count + 1) * sizeof(double));
    for (uint32_t i = 0; i < self->sentence_count; i++)
        for (uint32_t j = 0; j < self->sentences[i].term_count; j++)
            self->weights[self->sentences[i].terms[j]] += 1;
    double total = (double) self->sentence_count + 1;
    for (uint32_t i = 0; i < count; i++)
        self->weights[i] = log(1 + total / (self->weights[i] + 0.5));
}

/* Words that stand with a capital where a sentence does not begin. */
static void
find_names(struct material *self)
{
    uint32_t count = troupe__vocabulary_count(self->vocabulary);
    self->names = troupe__scratch_alloc(self->scratch, count + 1);
    for (uint32_t i = 0; i < self->sentence_count; i++) {
        const struct words *words = &self->sentences[i].words;
        for (uint32_t j = 1; j < words->count; j++)
            if (words->items[j].flags & (WORD_CAPITAL | WORD_IDENTIFIER))
                self->names[words->items[j].term] = true;
    }
}

static void
weigh_aspects(struct material *self)
{
    for (uint32_t i = 0; i < self->question.count; i++) {
        struct aspect *aspect = &self->question.aspects[i];
        aspect->weight = self->weights[aspect->terms[0]];
        if (aspect->identifier)
            aspect->weight *= IDENTIFIER_GAIN;
    }
}

/* What neither sentence nor context speaks of is what the answer lacks. */
static void
find_coverage(const struct material *self, struct sentence *sentence)
{
    const struct context *context = &self->contexts[sentence->passage];
    double own = 0;
    double covered = 0;
    double total = 0;
    for (uint32_t i = 0; i < self->question.count; i++) {
        const struct aspect *aspect = &self->question.aspects[i];
        double best =
            troupe__aspect_in(aspect, sentence->terms, sentence->term_count);
        double others[] = {
            TITLE_SHARE
                * troupe__aspect_in(aspect, context->title,
                                    context->title_count),
            HEADING_SHARE
                * troupe__aspect_in(aspect, context->heading,
                                    context->heading_count),
            BODY_SHARE
                * troupe__aspect_in(aspect, context->body, context->body_count),
        };
        own += aspect->weight * best;
        for (size_t j = 0; j < COUNT(others); j++)
            best = fmax(best, others[j]);
        covered += aspect->weight * best;
        total += aspect->weight;
    }
    sentence->own = total > 0 ? own / total : 0;
    sentence->coverage = total > 0 ? covered / total : 0;
}

static double
norm_of(const struct material *material, const struct sentence *sentence)
{
    double sum = 0;
    for (uint32_t i = 0; i < sentence->term_count; i++) {
        double weight = material->weights[sentence->terms[i]];
        sum += weight * weight;
    }
    return sqrt(sum);
}

static int
compare_hashes(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *) one;
    uint64_t b = *(const uint64_t *) other;
    return (a > b) - (a < b);
}

struct shingles {
    uint64_t *hashes; /* ascending, distinct */
    uint32_t count;
};

static struct shingles
shingles_of(struct material *self, const troupe_passage_t *passage)
{
    struct words words = troupe__words_cut(self->vocabulary, passage->text,
                                           passage->end - passage->start);
    struct shingles shingles = {0};
    if (words.count < SHINGLE_WORDS)
        return shingles;
    uint32_t count = words.count - SHINGLE_WORDS + 1;
    shingles.hashes =
        troupe__scratch_alloc(self->scratch, count * sizeof(uint64_t));
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < SHINGLE_WORDS; j++) {
            shingles.hashes[i] =
                (shingles.hashes[i] ^ (words.items[i + j].term + 1))
                * 0x100000001b3u;
        }
    }
    qsort(shingles.hashes, count, sizeof(uint64_t), compare_hashes);
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || shingles.hashes[i] != shingles.hashes[i - 1])
            shingles.hashes[shingles.count++] = shingles.hashes[i];
    return shingles;
}

/* Broder's resemblance, over the smaller one: a copy may have a frame. */
static double
resemblance(const struct shingles *one, const struct shingles *other)
{
    uint32_t least = one->count < other->count ? one->count : other->count;
    if (least < SHINGLES_MIN)
        return 0;
    uint32_t shared = 0;
    uint32_t i = 0;
    uint32_t j = 0;
    while (i < one->count && j < other->count) {
        uint64_t a = one->hashes[i];
        uint64_t b = other->hashes[j];
        shared += a == b;
        i += a <= b;
        j += b <= a;
    }
    return (double) shared / least;
}

static void
join_groups(struct material *self, uint32_t one, uint32_t other)
{
    uint32_t from = self->documents[other].group;
    uint32_t to = self->documents[one].group;
    for (uint32_t i = 0; i < self->document_count; i++)
        if (self->documents[i].group == from)
            self->documents[i].group = to;
}

/* Pages of one host are one source. */
static bool
same_host(const struct document *one, const struct document *other)
{
    size_t size = 0, other_size = 0;
    const char *host = troupe__web_host(one->path, &size);
    const char *other_host = troupe__web_host(other->path, &other_size);
    return size > 0 && size == other_size
           && memcmp(host, other_host, size) == 0;
}

/* Documents that hold copies of one passage are one source. */
static void
group_copies(struct material *self)
{
    uint32_t count = (uint32_t) troupe_passages_count(self->passages);
    struct shingles *all =
        troupe__scratch_alloc(self->scratch, (count + 1) * sizeof *all);
    for (uint32_t i = 0; i < count; i++)
        all[i] = shingles_of(self, troupe_passages_at(self->passages, i));
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = i + 1; j < count; j++) {
            if (self->document_of[i] != self->document_of[j]
                && resemblance(&all[i], &all[j]) >= COPY_SHARE)
                join_groups(self, self->document_of[i], self->document_of[j]);
        }
    }
    for (uint32_t i = 0; i < self->document_count; i++) {
        for (uint32_t j = i + 1; j < self->document_count; j++)
            if (same_host(&self->documents[i], &self->documents[j]))
                join_groups(self, i, j);
    }
    for (uint32_t i = 0; i < self->document_count; i++)
        self->group_count += self->documents[i].group == i;
}

struct material *
troupe__material_new(const char *question, const troupe_passages_t *passages)
{
    CHECK(question);
    CHECK(passages);
    struct scratch *scratch = troupe__scratch_new();
    struct material *self = troupe__scratch_alloc(scratch, sizeof *self);
    self->scratch = scratch;
    self->passages = passages;
    self->vocabulary = troupe__vocabulary_new(scratch);
    self->question = troupe__question_read(scratch, self->vocabulary, question);
    uint32_t count = (uint32_t) troupe_passages_count(passages);
    self->document_of =
        troupe__scratch_alloc(scratch, (count + 1) * sizeof(uint32_t));
    self->contexts =
        troupe__scratch_alloc(scratch, (count + 1) * sizeof(struct context));
    for (uint32_t i = 0; i < count; i++)
        read_passage(self, i);
    group_copies(self);
    weigh_terms(self);
    weigh_aspects(self);
    find_names(self);
    for (uint32_t i = 0; i < self->sentence_count; i++) {
        struct sentence *sentence = &self->sentences[i];
        find_coverage(self, sentence);
        sentence->norm = norm_of(self, sentence);
    }
    return self;
}

void
troupe__material_destroy(struct material **self_p)
{
    CHECK(self_p);
    if (!*self_p)
        return;
    struct scratch *scratch = (*self_p)->scratch;
    troupe__vocabulary_destroy(&(*self_p)->vocabulary);
    troupe__scratch_destroy(&scratch);
    *self_p = NULL;
}

bool
troupe__sentence_usable(const struct sentence *sentence)
{
    return sentence->kind == SENTENCE_PROSE || sentence->kind == SENTENCE_ENTRY
           || sentence->kind == SENTENCE_NAME;
}

double
troupe__similarity(const struct material *material, const struct sentence *one,
                   const struct sentence *other)
{
    double sum = 0;
    uint32_t i = 0;
    uint32_t j = 0;
    while (i < one->term_count && j < other->term_count) {
        uint32_t a = one->terms[i];
        uint32_t b = other->terms[j];
        if (a == b)
            sum += material->weights[a] * material->weights[a];
        i += a <= b;
        j += b <= a;
    }
    if (sum <= 0)
        return 0;
    return sum / (one->norm * other->norm);
}
