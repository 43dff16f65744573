/* SPDX-License-Identifier: Apache-2.0 */
/* words.h: text cut into words, and words numbered by their stem. */
#ifndef TROUPE_ACTORS_WORDS_H
#define TROUPE_ACTORS_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scratch;

/* What a word looks like; a word can be several of these. */
enum word_flag {
    WORD_NUMBER = 1,     /* begins with a digit: 42, 3.5, 1987, 10kB */
    WORD_CAPITAL = 2,    /* begins with a capital letter */
    WORD_IDENTIFIER = 4, /* --force, O_CLOEXEC, open(2), /etc/fstab, errno.h */
    WORD_STOP = 8,       /* the, of, is: says nothing about the subject */
    WORD_NEGATION = 16,  /* not, never, cannot, without */
    WORD_FIRST = 32,     /* the first word of the text */
};

struct word {
    const char *text; /* borrowed from the text that was cut */
    uint32_t size;    /* bytes */
    uint32_t term;    /* number of its stem in the vocabulary */
    unsigned flags;   /* enum word_flag */
};

struct words {
    struct word *items;
    uint32_t count;
};

/* A vocabulary numbers stems from 0 and counts in how many texts each was. */
struct vocabulary;

/* troupe__vocabulary_new: an empty one; its memory comes from `scratch`. */
struct vocabulary *troupe__vocabulary_new(struct scratch *scratch);

/* troupe__vocabulary_destroy: free what the scratch does not own. */
void troupe__vocabulary_destroy(struct vocabulary **self_p);

/* troupe__vocabulary_count: how many terms there are. */
uint32_t troupe__vocabulary_count(const struct vocabulary *self);

/* troupe__vocabulary_term: the number of a word's stem, new when unseen. */
uint32_t troupe__vocabulary_term(struct vocabulary *self, const char *word,
                                 size_t size);

/* troupe__vocabulary_text: the stem that has this number. */
const char *troupe__vocabulary_text(const struct vocabulary *self,
                                    uint32_t term);

/*
 * troupe__words_cut: cut UTF-8 text into words.
 *
 * A hyphenated word is cut at its hyphens; an option, a path or a name with
 * underscores stays whole, and "open(2)" and "open()" have the term of
 * "open".
 */
struct words troupe__words_cut(struct vocabulary *self, const char *text,
                               size_t size);

/*
 * troupe__words_terms: the distinct terms of the words that are no stop
 * words, ascending.
 */
uint32_t *troupe__words_terms(struct scratch *scratch,
                              const struct words *words, uint32_t *ret_count);

/* troupe__terms_have: true when the ascending list holds the term. */
bool troupe__terms_have(const uint32_t *terms, uint32_t count, uint32_t term);

/* troupe__terms_shared: how many terms two ascending lists share. */
uint32_t troupe__terms_shared(const uint32_t *one, uint32_t one_count,
                              const uint32_t *other, uint32_t other_count);

/* troupe__word_in: true when the word is in a sorted list, case ignored. */
bool troupe__word_in(const char *const *list, size_t count, const char *word,
                     size_t size);

/* troupe__word_is: true when the word equals lower-case `text`. */
bool troupe__word_is(const struct word *word, const char *text);

/* troupe__word_stop: true for a word that says nothing about a subject. */
bool troupe__word_stop(const char *word, size_t size);

#endif
