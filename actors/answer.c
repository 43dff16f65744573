/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c: how much a sentence has the form of an answer to a question. */
#include <string.h>

#include "actors/material.h"
#include "actors/question.h"
#include "mailbox/check.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define NAME_OWN    0.5 /* of a name line that says what was asked for */
#define SUBJECT_MAX 7   /* words before the verb of a definition */

/* Every list is sorted. */
static const char *const defining_verbs[] = {
    "are",        "defines", "denotes",   "describes", "gives",
    "indicates",  "is",      "means",     "provides",  "refers",
    "represents", "returns", "specifies", "stands",    "was",
};

static const char *const method_words[] = {
    "by",      "call", "enter", "issue", "option", "options", "run", "set",
    "specify", "type", "use",   "used",  "uses",   "using",   "via",
};

static const char *const reason_words[] = {
    "avoid",   "avoids",   "because", "cause",     "caused",
    "causes",  "due",      "ensure",  "ensures",   "otherwise",
    "prevent", "prevents", "purpose", "reason",    "reasons",
    "result",  "since",    "so",      "therefore", "thus",
};

static const char *const time_words[] = {
    "after",  "at",    "before", "during", "if",       "once",
    "unless", "until", "upon",   "when",   "whenever", "while",
};

static const char *const contrast_words[] = {
    "although", "but",     "contrary", "contrast", "differ",  "difference",
    "differs",  "except",  "however",  "instead",  "like",    "only",
    "rather",   "similar", "than",     "unlike",   "whereas", "while",
};

static const char *const ruling_words[] = {
    "allowed", "can", "cannot",    "forbidden", "may",   "must",   "never",
    "no",      "not", "permitted", "required",  "shall", "should",
};

static const char *const people_words[] = {
    "administrator", "author",     "authors",     "by",    "developer",
    "developers",    "maintainer", "maintainers", "owner", "root",
    "superuser",     "user",       "users",       "who",
};

static bool
any_in(const struct sentence *sentence, const char *const *list, size_t count)
{
    for (uint32_t i = 0; i < sentence->words.count; i++) {
        if (troupe__word_in(list, count, sentence->words.items[i].text,
                            sentence->words.items[i].size))
            return true;
    }
    return false;
}

static bool
any_flag(const struct sentence *sentence, unsigned flags)
{
    for (uint32_t i = 0; i < sentence->words.count; i++)
        if (sentence->words.items[i].flags & flags)
            return true;
    return false;
}

/* True when the word at `index` is one that the question is about. */
static bool
is_subject(const struct question *question, const struct word *word)
{
    for (uint32_t i = 0; i < question->count; i++)
        if (question->aspects[i].terms[0] == word->term)
            return true;
    return false;
}

/* Bytes before the dash of "rm - remove files". */
static size_t
names_size(const struct sentence *sentence)
{
    size_t size = sentence->end - sentence->start;
    for (size_t i = 1; i + 2 < size; i++) {
        if (sentence->text[i - 1] == ' '
            && (sentence->text[i] == '-'
                || (unsigned char) sentence->text[i] == 0xe2))
            return i;
    }
    return 0;
}

/* The subject within the first `size` bytes: in a name or in a tag. */
static bool
subject_within(const struct question *question, const struct sentence *sentence,
               size_t size)
{
    for (uint32_t i = 0; i < sentence->words.count; i++) {
        const struct word *word = &sentence->words.items[i];
        if ((size_t) (word->text - sentence->text) >= size)
            return false;
        if (is_subject(question, word))
            return true;
    }
    return false;
}

/* "X is a", "the X of Y returns", "X removes each": the subject first. */
static double
fit_of_definition(const struct question *question,
                  const struct sentence *sentence)
{
    if (sentence->kind == SENTENCE_NAME)
        return subject_within(question, sentence, names_size(sentence)) ? 1.0
                                                                        : 0.2;
    if (sentence->tag_size > 0)
        return subject_within(question, sentence, sentence->tag_size) ? 0.9
                                                                      : 0.2;
    uint32_t subjects = 0;
    for (uint32_t i = 0; i < sentence->words.count && i <= SUBJECT_MAX; i++) {
        const struct word *word = &sentence->words.items[i];
        if (troupe__word_in(defining_verbs, COUNT(defining_verbs), word->text,
                            word->size))
            return subjects > 0 ? (i <= subjects + 2 ? 1.0 : 0.7) : 0.1;
        bool acts = i > 0 && word->size > 3 && subjects == i
                    && word->text[word->size - 1] == 's';
        if (acts)
            return 0.8; /* "rm removes" */
        subjects += is_subject(question, word)
                    || (subjects == 0 && i == 0 && word->flags & WORD_STOP
                        && troupe__word_is(word, "the"));
    }
    return subjects > 0 ? 0.3 : 0.0;
}

static double
fit_of_method(const struct sentence *sentence)
{
    if (sentence->kind == SENTENCE_ENTRY)
        return sentence->text[0] == '-' ? 1.0 : 0.6;
    double fit = 0;
    if (any_in(sentence, method_words, COUNT(method_words)))
        fit += 0.6;
    if (sentence->words.count > 0
        && troupe__word_is(&sentence->words.items[0], "to"))
        fit += 0.3;
    if (any_flag(sentence, WORD_IDENTIFIER))
        fit += 0.2;
    if (sentence->kind == SENTENCE_NAME)
        fit = sentence->own >= NAME_OWN ? 1 : 0.3; /* what it is for */
    return fit > 1 ? 1 : fit;
}

static double
fit_of_place(const struct sentence *sentence)
{
    for (uint32_t i = 0; i < sentence->words.count; i++) {
        const struct word *word = &sentence->words.items[i];
        if ((word->text[0] == '/' || word->text[0] == '~') && word->size > 2)
            return 1.0;
    }
    static const char *const place_words[] = {
        "directory", "file",    "found",  "in",
        "installed", "located", "stored", "under",
    };
    return any_in(sentence, place_words, COUNT(place_words)) ? 0.4 : 0.0;
}

/* Both sides, and a word that sets them against each other. */
static double
fit_of_difference(const struct question *question,
                  const struct sentence *sentence)
{
    double sides[2] = {0, 0};
    for (uint32_t i = 0; i < question->count; i++) {
        const struct aspect *aspect = &question->aspects[i];
        double found =
            troupe__aspect_in(aspect, sentence->terms, sentence->term_count);
        if (found > sides[aspect->second])
            sides[aspect->second] = found;
    }
    bool both = sides[0] > 0 && sides[1] > 0;
    bool against = any_in(sentence, contrast_words, COUNT(contrast_words));
    if (both)
        return against ? 1.0 : 0.6;
    double defines = fit_of_definition(question, sentence);
    return against ? 0.4 + 0.3 * defines : 0.6 * defines;
}

static double
fit_of_choice(const struct question *question, const struct sentence *sentence)
{
    if (sentence->kind == SENTENCE_ENTRY || sentence->kind == SENTENCE_NAME)
        return 0.9;
    for (uint32_t i = 0; i < sentence->words.count; i++) {
        const struct word *word = &sentence->words.items[i];
        if (word->flags & (WORD_IDENTIFIER | WORD_NUMBER)
            && !is_subject(question, word))
            return 0.8;
    }
    return 0.2;
}

double
troupe__question_fit(const struct question *question,
                     const struct sentence *sentence)
{
    CHECK(question);
    CHECK(sentence);
    switch (question->kind) {
    case QUESTION_WHAT:
    case QUESTION_TOPIC:
        return fit_of_definition(question, sentence);
    case QUESTION_HOW:
        return fit_of_method(sentence);
    case QUESTION_WHY:
        return any_in(sentence, reason_words, COUNT(reason_words)) ? 1 : 0;
    case QUESTION_WHEN:
        return any_in(sentence, time_words, COUNT(time_words)) ? 0.9
               : any_flag(sentence, WORD_NUMBER)               ? 0.5
                                                               : 0;
    case QUESTION_WHERE:
        return fit_of_place(sentence);
    case QUESTION_WHO:
        return any_in(sentence, people_words, COUNT(people_words))
                   ? 0.5
                         + 0.5
                               * any_in(sentence, ruling_words,
                                        COUNT(ruling_words))
                   : 0;
    case QUESTION_WHICH:
        return fit_of_choice(question, sentence);
    case QUESTION_DIFFERENCE:
        return fit_of_difference(question, sentence);
    case QUESTION_AMOUNT:
        return any_flag(sentence, WORD_NUMBER) ? 1.0 : 0.1;
    case QUESTION_YES_NO:
        return any_in(sentence, ruling_words, COUNT(ruling_words)) ? 1 : 0.2;
    case QUESTION_KINDS:
        break;
    }
    CHECK(question->kind < QUESTION_KINDS);
    return 0;
}
