/* SPDX-License-Identifier: Apache-2.0 */
/* statement.c: reads out of a sentence what can be compared. */
#include "actors/compare.h"
#include "actors/scratch.h"
#include "mailbox/check.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* A first word before one of these is the subject. Sorted. */
static const char *const linking_words[] = {
    "can", "cannot", "does", "had", "has", "is", "must", "was",
};

/* A sentence with one of these holds only sometimes. Sorted. */
static const char *const condition_words[] = {
    "but",  "except",    "if",     "may",     "might", "only",    "otherwise",
    "some", "sometimes", "unless", "usually", "when",  "whether", "while",
};

/* "Engineers found that X is Y" states that X is Y. Sorted. */
static const char *const reporting_verbs[] = {
    "agree",    "agrees",   "believe", "claim",   "claims", "confirm",
    "confirms", "estimate", "found",   "know",    "known",  "note",
    "noted",    "notes",    "report",  "reports", "said",   "say",
    "says",     "show",     "shows",   "state",   "states", "think",
};

/* Beside a name these say only what it is a name of. Sorted. */
static const char *const class_nouns[] = {
    "call",     "city",    "command", "company", "country",  "file",
    "function", "island",  "lake",    "library", "mountain", "option",
    "package",  "program", "river",   "salt",    "signal",   "state",
    "system",   "tool",    "town",    "utility", "village",
};

#define REPORT_WORDS 8 /* of a reporting clause at most */

static bool
in_value(const struct values *values, uint32_t index)
{
    for (uint32_t i = 0; i < values->count; i++)
        if (index >= values->items[i].first && index <= values->items[i].last)
            return true;
    return false;
}

static void
add_term(uint32_t *terms, uint32_t *count_p, uint32_t term)
{
    uint32_t at = *count_p;
    if (at == STATEMENT_TERMS || troupe__terms_have(terms, at, term))
        return;
    while (at > 0 && terms[at - 1] > term) {
        terms[at] = terms[at - 1];
        at -= 1;
    }
    terms[at] = term;
    *count_p += 1;
}

/* A capital says "name" anywhere but at the start of a sentence. */
static bool
is_name(const struct material *material, const struct words *words,
        uint32_t index)
{
    const struct word *word = &words->items[index];
    if (word->flags & WORD_IDENTIFIER)
        return true;
    if (!(word->flags & WORD_CAPITAL))
        return false;
    if (!(word->flags & WORD_FIRST) || material->names[word->term])
        return true;
    return words->count > 1
           && troupe__word_in(linking_words, COUNT(linking_words),
                              words->items[1].text, words->items[1].size);
}

/* Where the statement itself begins, behind who says it. */
static uint32_t
behind_report(const struct words *words)
{
    if (words->count > 2 && troupe__word_is(&words->items[0], "according")) {
        for (uint32_t i = 1; i < words->count && i < REPORT_WORDS; i++)
            if (words->items[i].text[words->items[i].size] == ',')
                return i + 1;
    }
    for (uint32_t i = 1; i + 2 < words->count && i < REPORT_WORDS; i++) {
        if (troupe__word_is(&words->items[i + 1], "that")
            && troupe__word_in(reporting_verbs, COUNT(reporting_verbs),
                               words->items[i].text, words->items[i].size))
            return i + 2;
    }
    return 0;
}

static bool
is_class_of_name(const struct material *material, const struct words *words,
                 uint32_t index)
{
    const struct word *word = &words->items[index];
    if (!troupe__word_in(class_nouns, COUNT(class_nouns), word->text,
                         word->size))
        return false;
    if (index > 0 && is_name(material, words, index - 1))
        return true;
    uint32_t next = index + 1;
    if (next + 1 < words->count && troupe__word_is(&words->items[next], "of"))
        next += 1;
    return next < words->count && is_name(material, words, next);
}

static void
read_statement(const struct material *material, const struct sentence *sentence,
               struct statement *self)
{
    *self = (struct statement){.sentence = sentence};
    self->values = troupe__values_read(&sentence->words);
    uint32_t first = behind_report(&sentence->words);
    for (uint32_t i = first; i < sentence->words.count; i++) {
        const struct word *word = &sentence->words.items[i];
        self->conditional |= troupe__word_in(
            condition_words, COUNT(condition_words), word->text, word->size);
        if (word->flags & WORD_NEGATION)
            self->negations += 1;
        if (word->flags & (WORD_STOP | WORD_NEGATION)
            || in_value(&self->values, i)
            || is_class_of_name(material, &sentence->words, i))
            continue;
        add_term(self->terms, &self->count, word->term);
        if (is_name(material, &sentence->words, i))
            add_term(self->names, &self->name_count, word->term);
    }
}

struct statement *
troupe__statements_read(struct material *material)
{
    CHECK(material);
    struct statement *all = troupe__scratch_alloc(
        material->scratch, (material->sentence_count + 1) * sizeof *all);
    for (uint32_t i = 0; i < material->sentence_count; i++)
        read_statement(material, &material->sentences[i], &all[i]);
    return all;
}
