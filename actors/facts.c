/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.c: claims about the question, and what independent documents say.
 *
 * A claim is checked against every sentence of other documents. Copies of a
 * document count as one source. A document that says nothing about a claim
 * has no vote: such a claim is unverified, never refuted.
 */
#include <stdlib.h>
#include <string.h>

#include "actors/compare.h"
#include "actors/findings.h"
#include "actors/material.h"
#include "actors/scratch.h"
#include "mailbox/check.h"

#define COUNT(list)    (sizeof(list) / sizeof((list)[0]))
#define ABOUT_MIN      0.4 /* coverage of the question by a claim */
#define COPY_WORDS_MIN 9   /* a longer sentence is not found twice by chance */
#define REPEAT         0.8 /* similarity of a claim that was made already */

/* Verbs that assert. Sorted. */
static const char *const asserting_verbs[] = {
    "are",      "became",  "can",      "cannot",  "causes", "consists",
    "contains", "creates", "defaults", "does",    "equals", "has",
    "have",     "holds",   "is",       "means",   "must",   "opened",
    "prevents", "removes", "requires", "returns", "sends",  "specifies",
    "supports", "uses",    "was",      "were",    "will",
};

static bool
can_be_checked(const struct sentence *sentence)
{
    if (sentence->kind != SENTENCE_PROSE || sentence->dangling
        || sentence->coverage < ABOUT_MIN)
        return false;
    if (sentence->text[sentence->end - sentence->start - 1] == '?')
        return false;
    /* "SIG_IGN to ignore it.": an item of a list, and no statement. */
    if (sentence->words.count > 1
        && troupe__word_is(&sentence->words.items[1], "to"))
        return false;
    bool asserts = false;
    bool holds = false;
    for (uint32_t i = 0; i < sentence->words.count; i++) {
        const struct word *word = &sentence->words.items[i];
        asserts |= troupe__word_in(asserting_verbs, COUNT(asserting_verbs),
                                   word->text, word->size);
        holds |= word->flags & (WORD_NUMBER | WORD_IDENTIFIER)
                 || (word->flags & WORD_CAPITAL && !(word->flags & WORD_FIRST));
    }
    return holds || asserts;
}

static uint32_t
group_of(const struct material *material, const struct sentence *sentence)
{
    return material->documents[sentence->document].group;
}

/* A long sentence word for word the same was copied, not found again. */
static bool
is_copy(const struct sentence *one, const struct sentence *other)
{
    if (one->words.count < COPY_WORDS_MIN
        || one->words.count != other->words.count)
        return false;
    for (uint32_t i = 0; i < one->words.count; i++)
        if (one->words.items[i].term != other->words.items[i].term)
            return false;
    return true;
}

struct checker {
    const struct material *material;
    struct facts facts;
    const struct statement *statements; /* by sentence */
    const struct sentence **made;       /* the sentence of each claim */
    bool *heard;                        /* by group: it has had its vote */
};

static void
add_place(struct places *places, const struct sentence *sentence)
{
    places->items = troupe__realloc(places->items, (places->count + 1)
                                                       * sizeof *places->items);
    places->items[places->count++] = (struct place){
        .passage = sentence->passage,
        .start = sentence->start,
        .end = sentence->end,
    };
}

static void
hear(struct checker *self, struct claim *claim, const struct sentence *sentence,
     enum relation wanted)
{
    const struct material *material = self->material;
    const struct sentence *mine = self->made[self->facts.count];
    for (uint32_t i = 0; i < material->sentence_count; i++) {
        const struct sentence *other = &material->sentences[i];
        uint32_t group = group_of(material, other);
        if (self->heard[group] || group == group_of(material, sentence)
            || other->kind != SENTENCE_PROSE || is_copy(mine, other))
            continue;
        char reason[REASON_MAX];
        if (troupe__statements_compare(
                material, &self->statements[mine - material->sentences],
                &self->statements[i], reason)
            != wanted)
            continue;
        self->heard[group] = true;
        if (wanted == RELATION_SUPPORTS) {
            add_place(&claim->support, other);
            continue;
        }
        add_place(&claim->against, other);
        if (!claim->reason)
            claim->reason = troupe__strdup(reason);
    }
}

/* Each source speaks once; what it says against weighs more than the rest. */
static void
check_claim(struct checker *self, struct claim *claim,
            const struct sentence *sentence)
{
    memset(self->heard, 0, self->material->document_count + 1);
    hear(self, claim, sentence, RELATION_AGAINST);
    hear(self, claim, sentence, RELATION_SUPPORTS);
    if (claim->against.count > 0)
        claim->verdict = VERDICT_CONTRADICTED;
    else if (claim->support.count > 0)
        claim->verdict = VERDICT_SUPPORTED;
}

/* Made already, in these words or by a source that supports the maker. */
static bool
is_made(const struct checker *self, const struct sentence *sentence)
{
    for (uint32_t i = 0; i < self->facts.count; i++) {
        const struct claim *claim = &self->facts.claims[i];
        if (troupe__similarity(self->material, self->made[i], sentence)
                >= REPEAT
            && claim->against.count == 0)
            return true;
        const struct places *lists[] = {&claim->support, &claim->against};
        for (size_t j = 0; j < COUNT(lists); j++) {
            for (uint32_t k = 0; k < lists[j]->count; k++) {
                if (lists[j]->items[k].passage == sentence->passage
                    && lists[j]->items[k].start == sentence->start)
                    return true;
            }
        }
    }
    return false;
}

struct ranked {
    const struct sentence *sentence;
    double score;
};

static int
compare_ranked(const void *one, const void *other)
{
    const struct ranked *a = one;
    const struct ranked *b = other;
    if (a->score > b->score || a->score < b->score)
        return a->score < b->score ? 1 : -1;
    return (a->sentence > b->sentence) - (a->sentence < b->sentence);
}

static struct ranked *
rank_claims(struct material *material, uint32_t *ret_count)
{
    struct ranked *list = troupe__scratch_alloc(
        material->scratch, (material->sentence_count + 1) * sizeof *list);
    uint32_t count = 0;
    for (uint32_t i = 0; i < material->sentence_count; i++) {
        const struct sentence *sentence = &material->sentences[i];
        if (!can_be_checked(sentence))
            continue;
        double rank = 1.0 / (1.0 + 0.15 * sentence->passage);
        double fit = troupe__question_fit(&material->question, sentence);
        list[count++] = (struct ranked){
            .sentence = sentence,
            .score = 0.3 * sentence->own + 0.3 * sentence->coverage
                     + 0.25 * rank + 0.15 * fit,
        };
    }
    qsort(list, count, sizeof *list, compare_ranked);
    *ret_count = count;
    return list;
}

struct facts
troupe__facts_make(const char *question, const troupe_passages_t *passages,
                   uint32_t limit)
{
    struct material *material = troupe__material_new(question, passages);
    struct checker self = {
        .material = material,
        .facts = {.claims = troupe__alloc((limit + 1) * sizeof(struct claim)),
                  .sources = material->group_count},
        .statements = troupe__statements_read(material),
        .made = troupe__scratch_alloc(material->scratch,
                                      (limit + 1) * sizeof(void *)),
        .heard = troupe__scratch_alloc(material->scratch,
                                       material->document_count + 1),
    };
    uint32_t count = 0;
    const struct ranked *list = rank_claims(material, &count);
    for (uint32_t i = 0; i < count && self.facts.count < limit; i++) {
        const struct sentence *sentence = list[i].sentence;
        if (is_made(&self, sentence))
            continue;
        struct claim *claim = &self.facts.claims[self.facts.count];
        claim->place = (struct place){.passage = sentence->passage,
                                      .start = sentence->start,
                                      .end = sentence->end};
        claim->score = list[i].score;
        self.made[self.facts.count] = sentence;
        check_claim(&self, claim, sentence);
        self.facts.count += 1;
    }
    troupe__material_destroy(&material);
    return self.facts;
}

const char *
troupe__verdict_word(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_SUPPORTED:
        return "supported";
    case VERDICT_CONTRADICTED:
        return "contradicted";
    case VERDICT_UNVERIFIED:
        break;
    }
    return "unverified";
}

void
troupe__facts_clear(struct facts *self)
{
    CHECK(self);
    for (uint32_t i = 0; i < self->count; i++) {
        free(self->claims[i].support.items);
        free(self->claims[i].against.items);
        free(self->claims[i].reason);
    }
    free(self->claims);
    *self = (struct facts){0};
}
