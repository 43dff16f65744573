/* SPDX-License-Identifier: Apache-2.0 */
/* question.c: reads the kind and the subjects out of a question's words. */
#include "actors/question.h"

#include <string.h>

#include "actors/scratch.h"
#include "mailbox/check.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Words of questions that are not what the question is about. Sorted. */
static const char *const asking_words[] = {
    "actually", "compare",    "compared",    "define",    "describe",
    "differ",   "difference", "differences", "different", "everything",
    "exactly",  "explain",    "happen",      "happens",   "inside",
    "know",     "mean",       "meaning",     "means",     "need",
    "please",   "possible",   "reason",      "stand",     "stands",
    "tell",     "use",        "used",        "uses",      "using",
    "versus",   "vs",         "want",        "way",       "whole",
    "work",     "works",
};

static const char *const amount_words[] = {
    "big",  "deep", "far",  "fast",  "frequently", "large",
    "long", "many", "much", "often", "small",      "soon",
};

/* What is the largest X: the answer is an amount too. */
static const char *const measure_words[] = {
    "length",  "limit",   "limits",  "longest", "max",  "maximal",
    "maximum", "minimal", "minimum", "number",  "size",
};

static const char *const first_verbs[] = {
    "are",    "can",  "could", "did",  "do",    "does", "had",
    "has",    "have", "is",    "may",  "might", "must", "shall",
    "should", "was",  "were",  "will", "would",
};

static const char *const kind_names[QUESTION_KINDS] = {
    [QUESTION_TOPIC] = "topic",
    [QUESTION_WHAT] = "what",
    [QUESTION_HOW] = "how",
    [QUESTION_WHY] = "why",
    [QUESTION_WHEN] = "when",
    [QUESTION_WHERE] = "where",
    [QUESTION_WHO] = "who",
    [QUESTION_WHICH] = "which",
    [QUESTION_DIFFERENCE] = "difference",
    [QUESTION_AMOUNT] = "amount",
    [QUESTION_YES_NO] = "yes or no",
};

const char *
troupe__question_kind_name(enum question_kind kind)
{
    CHECK(kind < QUESTION_KINDS);
    return kind_names[kind];
}

static bool
any_word(const struct words *words, const char *const *list, size_t count)
{
    for (uint32_t i = 0; i < words->count; i++) {
        if (troupe__word_in(list, count, words->items[i].text,
                            words->items[i].size))
            return true;
    }
    return false;
}

static bool
has_word(const struct words *words, const char *text)
{
    for (uint32_t i = 0; i < words->count; i++)
        if (troupe__word_is(&words->items[i], text))
            return true;
    return false;
}

/* "what is X", "what does X", but "what signal": the noun makes the kind. */
static enum question_kind
kind_of_what(const struct words *words, uint32_t at)
{
    if (any_word(words, measure_words, COUNT(measure_words)))
        return QUESTION_AMOUNT;
    if (has_word(words, "reason") || has_word(words, "causes"))
        return QUESTION_WHY;
    if (at + 1 >= words->count)
        return QUESTION_WHAT;
    const struct word *next = &words->items[at + 1];
    bool verb = troupe__word_in(first_verbs, COUNT(first_verbs), next->text,
                                next->size);
    bool acts = next->size > 3 && next->text[next->size - 1] == 's';
    return verb || acts ? QUESTION_WHAT : QUESTION_WHICH;
}

static enum question_kind
kind_of_how(const struct words *words, uint32_t at)
{
    if (at + 1 >= words->count)
        return QUESTION_HOW;
    const struct word *next = &words->items[at + 1];
    bool amount = troupe__word_in(amount_words, COUNT(amount_words), next->text,
                                  next->size);
    return amount ? QUESTION_AMOUNT : QUESTION_HOW;
}

static enum question_kind
kind_of(const struct words *words)
{
    static const char *const differing[] = {
        "compare",     "compared",  "differ", "difference",
        "differences", "different", "versus", "vs",
    };
    static const struct {
        const char *word;
        enum question_kind kind;
    } asking[] = {
        {"why", QUESTION_WHY},     {"when", QUESTION_WHEN},
        {"where", QUESTION_WHERE}, {"who", QUESTION_WHO},
        {"whose", QUESTION_WHO},   {"which", QUESTION_WHICH},
        {"define", QUESTION_WHAT}, {"explain", QUESTION_WHAT},
    };
    if (words->count == 0)
        return QUESTION_TOPIC;
    if (any_word(words, differing, COUNT(differing)))
        return QUESTION_DIFFERENCE;
    const struct word *first = &words->items[0];
    if (troupe__word_in(first_verbs, COUNT(first_verbs), first->text,
                        first->size))
        return QUESTION_YES_NO;
    for (uint32_t i = 0; i < words->count; i++) {
        if (troupe__word_is(&words->items[i], "what"))
            return kind_of_what(words, i);
        if (troupe__word_is(&words->items[i], "how"))
            return kind_of_how(words, i);
        for (size_t j = 0; j < COUNT(asking); j++)
            if (troupe__word_is(&words->items[i], asking[j].word))
                return asking[j].kind;
    }
    return QUESTION_TOPIC;
}

static bool
is_asked_already(const struct question *self, uint32_t term)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (self->aspects[i].terms[0] == term)
            return true;
    return false;
}

static void
add_aspect(struct question *self, struct scratch *scratch,
           struct vocabulary *vocabulary, const struct word *word, bool second)
{
    if (is_asked_already(self, word->term))
        return;
    self->aspects = troupe__scratch_room(scratch, self->aspects, self->count,
                                         sizeof *self->aspects);
    struct aspect *aspect = &self->aspects[self->count++];
    *aspect = (struct aspect){.word = word->text,
                              .size = word->size,
                              .terms = {word->term},
                              .count = 1,
                              .weight = 1,
                              .identifier = word->flags & WORD_IDENTIFIER,
                              .second = second};
    if (!aspect->identifier)
        troupe__synonyms_add(vocabulary, aspect);
}

static bool
parts_sides(const struct word *word)
{
    return troupe__word_is(word, "and") || troupe__word_is(word, "or")
           || troupe__word_is(word, "vs") || troupe__word_is(word, "versus")
           || troupe__word_is(word, "from") || troupe__word_is(word, "to");
}

struct question
troupe__question_read(struct scratch *scratch, struct vocabulary *vocabulary,
                      const char *text)
{
    CHECK(text);
    struct question self = {.text = text};
    struct words words = troupe__words_cut(vocabulary, text, strlen(text));
    self.kind = kind_of(&words);
    bool second = false;
    for (uint32_t i = 0; i < words.count; i++) {
        const struct word *word = &words.items[i];
        second = second
                 || (self.kind == QUESTION_DIFFERENCE && self.count > 0
                     && parts_sides(word));
        bool asks = troupe__word_in(asking_words, COUNT(asking_words),
                                    word->text, word->size);
        if (self.kind == QUESTION_AMOUNT)
            asks |= troupe__word_in(amount_words, COUNT(amount_words),
                                    word->text, word->size);
        if (!asks && !(word->flags & WORD_STOP))
            add_aspect(&self, scratch, vocabulary, word, second);
    }
    return self;
}

double
troupe__aspect_in(const struct aspect *aspect, const uint32_t *terms,
                  uint32_t count)
{
    if (troupe__terms_have(terms, count, aspect->terms[0]))
        return 1.0;
    for (uint32_t i = 1; i < aspect->count; i++)
        if (troupe__terms_have(terms, count, aspect->terms[i]))
            return 0.8;
    return 0.0;
}
