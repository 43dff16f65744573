/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sentiment.c: the mood of documents, by the rules of VADER (Hutto & Gilbert
 * 2014): negation, degree words, capitals, "but", and exclamation marks.
 */
#include <math.h>
#include <stdlib.h>

#include "actors/findings.h"
#include "actors/lexicon.h"
#include "actors/material.h"
#include "actors/scratch.h"
#include "mailbox/check.h"

#define NORMAL       15.0    /* brings sums into -1 .. 1 */
#define DENIED       (-0.74) /* "not good" is less bad than "bad" */
#define SHOUTED      0.733
#define EXCLAMATION  0.292
#define MARKS_MAX    4
#define REACH        3 /* words back that change a word */
#define BEFORE_BUT   0.5
#define BEHIND_BUT   1.5
#define MOOD_MIN     0.05 /* a weaker compound is neutral */
#define OPINIONS_MIN 0.1  /* share of sentences; fewer are no opinion */

/* How much of a degree word is left one, two and three words away. */
static const double fading[REACH] = {1.0, 0.95, 0.9};

static bool
is_shouted(const struct word *word)
{
    for (uint32_t i = 0; i < word->size; i++)
        if (word->text[i] < 'A' || word->text[i] > 'Z')
            return false;
    return word->size > 1;
}

static double
valence_at(const struct words *words, uint32_t index, bool all_shouted)
{
    const struct word *word = &words->items[index];
    double valence = troupe__word_valence(word->text, word->size);
    if (!(fabs(valence) > 0))
        return 0;
    double sign = valence > 0 ? 1 : -1;
    if (is_shouted(word) && !all_shouted)
        valence += sign * SHOUTED;
    bool denied = false;
    for (uint32_t back = 1; back <= REACH && back <= index; back++) {
        const struct word *before = &words->items[index - back];
        valence += sign * fading[back - 1]
                   * troupe__word_boost(before->text, before->size);
        denied |= (before->flags & WORD_NEGATION) != 0;
    }
    return denied ? valence * DENIED : valence;
}

/* Sets *ret_opinion when a word of praise or blame was there. */
static double
compound_of(const struct sentence *sentence, bool *ret_opinion)
{
    const struct words *words = &sentence->words;
    bool all_shouted = true;
    uint32_t but = UINT32_MAX;
    for (uint32_t i = 0; i < words->count; i++) {
        all_shouted &= is_shouted(&words->items[i]);
        if (troupe__word_is(&words->items[i], "but"))
            but = i;
    }
    double sum = 0;
    *ret_opinion = false;
    for (uint32_t i = 0; i < words->count; i++) {
        double valence = valence_at(words, i, all_shouted);
        *ret_opinion |= fabs(valence) > 0;
        if (but != UINT32_MAX && i != but)
            valence *= i < but ? BEFORE_BUT : BEHIND_BUT;
        sum += valence;
    }
    unsigned marks = 0;
    for (size_t i = 0; i < sentence->end - sentence->start; i++)
        marks += sentence->text[i] == '!';
    marks = marks < MARKS_MAX ? marks : MARKS_MAX;
    if (fabs(sum) > 0)
        sum += (sum > 0 ? EXCLAMATION : -EXCLAMATION) * marks;
    return sum / sqrt(sum * sum + NORMAL);
}

static void
add_sentence(struct mood *mood, double compound, bool opinion)
{
    mood->sentences += 1;
    mood->opinions += opinion;
    mood->compound += compound;
}

/* The mean over sentences with an opinion: facts beside them have no mood. */
static void
finish_mood(struct mood *mood)
{
    if (mood->opinions > 0)
        mood->compound /= mood->opinions;
}

struct sentiment
troupe__sentiment_make(const char *question, const troupe_passages_t *passages)
{
    struct material *material = troupe__material_new(question, passages);
    struct sentiment self = {
        .documents =
            troupe__alloc((material->document_count + 1) * sizeof(struct mood)),
        .count = material->document_count,
    };
    size_t count = troupe_passages_count(passages);
    for (size_t i = count; i > 0; i--)
        self.documents[material->document_of[i - 1]].passage =
            (uint32_t) (i - 1);
    for (uint32_t i = 0; i < material->sentence_count; i++) {
        const struct sentence *sentence = &material->sentences[i];
        if (!troupe__sentence_usable(sentence))
            continue;
        bool opinion = false;
        double compound = compound_of(sentence, &opinion);
        add_sentence(&self.documents[sentence->document], compound, opinion);
        add_sentence(&self.whole, compound, opinion);
    }
    for (uint32_t i = 0; i < self.count; i++)
        finish_mood(&self.documents[i]);
    finish_mood(&self.whole);
    troupe__material_destroy(&material);
    return self;
}

const char *
troupe__mood_word(const struct mood *mood)
{
    CHECK(mood);
    if (mood->opinions < OPINIONS_MIN * mood->sentences
        || fabs(mood->compound) < MOOD_MIN)
        return "neutral";
    return mood->compound > 0 ? "positive" : "negative";
}

void
troupe__sentiment_clear(struct sentiment *self)
{
    CHECK(self);
    free(self->documents);
    *self = (struct sentiment){0};
}
