/* SPDX-License-Identifier: Apache-2.0 */
/* query.h: what a question asks for, as terms. */
#ifndef TROUPE_ACTORS_QUERY_H
#define TROUPE_ACTORS_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "actors/text.h"

#define TROUPE__TERMS_MAX     24
#define TROUPE__TERM_SIZE_MAX 64

enum troupe__term_kind {
    TROUPE__TERM_WORD,
    TROUPE__TERM_NAME,   /* SIGKILL, O_CLOEXEC, /etc/passwd, foo() */
    TROUPE__TERM_OPTION, /* --foo-bar, -x */
    TROUPE__TERM_PAGE,   /* open(2) */
    TROUPE__TERM_QUOTED  /* "close on exec" */
};

struct troupe__term {
    enum troupe__term_kind kind;
    char
        text[TROUPE__TERM_SIZE_MAX]; /* tokens in lower case, one space apart */
    char section[8];                 /* of a page, "2" */
};

struct troupe__query {
    struct troupe__term terms[TROUPE__TERMS_MAX];
    size_t count;
};

/*
 * troupe__query_parse: find the terms of a question.
 *
 *   question   any bytes; what comes after 4 KiB or 24 terms is ignored.
 *   ret_query  out, also on error: the terms; to be freed.
 *   returns    0, or -EINVAL when nothing but stop words is left.
 */
int troupe__query_parse(const char *question, struct troupe__query *ret_query);

void troupe__query_free(struct troupe__query *self);

/* troupe__is_stop_word: true for words that say nothing about a subject. */
bool troupe__is_stop_word(const char *word);

/* troupe__expression_phrase: append a phrase to an FTS5 expression; tokens are
 * quoted, so that nothing in them is syntax. */
void troupe__expression_phrase(struct troupe__text *expression,
                               const char *tokens);

/* troupe__expression_or: append " OR " unless the expression is empty. */
void troupe__expression_or(struct troupe__text *expression);

/* troupe__expression_terms: the terms of a query, joined by OR; those that
 * name something are given twice, which counts twice. */
void troupe__expression_terms(struct troupe__text *expression,
                              const struct troupe__query *query);

/* troupe__next_token: the next word of a text as the index sees it.
 *   at       in and out: where to go on.
 *   token    out: in lower case, cut at TROUPE__TERM_SIZE_MAX - 1 bytes.
 *   returns  false at the end. */
bool troupe__next_token(const char *text, size_t size, size_t *at,
                        char token[TROUPE__TERM_SIZE_MAX]);

#endif
