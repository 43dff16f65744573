/* SPDX-License-Identifier: Apache-2.0 */
/* question.h: what a question asks for, and how well a sentence fits that. */
#ifndef TROUPE_ACTORS_QUESTION_H
#define TROUPE_ACTORS_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "actors/query.h"
#include "actors/words.h"

struct scratch;
struct sentence;

enum question_kind {
    QUESTION_TOPIC,      /* only words: "signal handling" */
    QUESTION_WHAT,       /* what is X, what does X do */
    QUESTION_HOW,        /* how do I, how does */
    QUESTION_WHY,        /* why, what is the reason */
    QUESTION_WHEN,       /* when does */
    QUESTION_WHERE,      /* where is, in which file */
    QUESTION_WHO,        /* who may */
    QUESTION_WHICH,      /* which signal, what option */
    QUESTION_DIFFERENCE, /* X or Y, X versus Y */
    QUESTION_AMOUNT,     /* how many, how long, what is the maximum */
    QUESTION_YES_NO,     /* can, must, does */
    QUESTION_KINDS
};

#define ASPECT_TERMS_MAX 8

/* One thing that the question is about: a word and the words that mean it. */
struct aspect {
    const char *word; /* as asked; not NUL-ended */
    uint32_t size;
    uint32_t terms[ASPECT_TERMS_MAX]; /* the first is the word's own */
    uint32_t count;
    double weight; /* how much it narrows the subject; set by the material */
    bool identifier;
    bool second; /* of a difference: it belongs to the second side */
};

struct question {
    const char *text; /* borrowed */
    enum question_kind kind;
    struct aspect *aspects;
    uint32_t count;
};

/*
 * troupe__question_read: understand a question by its words.
 *
 *   text     NUL-ended; borrowed as long as the question lives.
 *   returns  the question; its count is 0 when it has only stop words.
 */
struct question troupe__question_read(struct scratch *scratch,
                                      struct vocabulary *vocabulary,
                                      const char *text);

/*
 * troupe__question_reworded: the question's words, each as manuals prefer to
 * say it, for a second search.
 *
 *   returns  text to be freed with free(); NULL when it would be the same.
 */
char *troupe__question_reworded(const char *text);

/* troupe__question_kind_name: "what", "how", "difference", ... */
const char *troupe__question_kind_name(enum question_kind kind);

/* troupe__expression_synonyms: append what means the same as a word of the
 * query to an FTS5 expression that has the words themselves. */
void troupe__expression_synonyms(struct troupe__text *expression,
                                 const struct troupe__query *query);

/* troupe__synonyms_add: add the terms that mean the same to a new aspect. */
void troupe__synonyms_add(struct vocabulary *vocabulary, struct aspect *aspect);

/* troupe__aspect_in: 1 when its own word is in the ascending terms, 0.8 when
 * a word that means the same is, else 0. */
double troupe__aspect_in(const struct aspect *aspect, const uint32_t *terms,
                         uint32_t count);

/*
 * troupe__question_fit: how much a sentence has the form of an answer.
 *
 *   returns  0 (it has not) .. 1 (it does define X, name a reason, ...)
 */
double troupe__question_fit(const struct question *question,
                            const struct sentence *sentence);

#endif
