/* SPDX-License-Identifier: Apache-2.0 */
/* injection.h: finds text that gives orders to the program that reads it. */
#ifndef TROUPE_ACTORS_INJECTION_H
#define TROUPE_ACTORS_INJECTION_H

#include <stdbool.h>
#include <stddef.h>

/*
 * troupe__injection_find: the first sentence that addresses whoever processes
 * the text instead of who reads it. Text that speaks of such orders (in quotes,
 * as an example, with somebody else as the subject) is none. It is a warning
 * for the reader of a report, no wall: what is not found is quoted as any other
 * text, and never followed either.
 *
 *   text        `size` bytes of UTF-8.
 *   ret_start,  out: where it stands, in bytes; untouched when there is none.
 *   ret_end
 *   returns     what it tries, a static text; NULL: there is none
 */
const char *troupe__injection_find(const char *text, size_t size,
                                   size_t *ret_start, size_t *ret_end);

/* A word of a sentence, as it is compared. */
struct injection_word {
    char text[24]; /* lower case, what is longer is cut */
    bool quoted;
    bool colon, comma; /* one stands behind it */
};

#define INJECTION_WORDS_MAX 160

struct injection_words {
    struct injection_word items[INJECTION_WORDS_MAX];
    size_t count;
    size_t quoted;
};

/*
 * troupe__injection_words: cut a sentence into words: marks of emphasis and
 * characters that are not seen are left out, wide letters are made narrow.
 */
void troupe__injection_words(const char *text, size_t size,
                             struct injection_words *ret_words);

#endif
