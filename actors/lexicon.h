/* SPDX-License-Identifier: Apache-2.0 */
/* lexicon.h: words of praise and blame, and how strong they are. */
#ifndef TROUPE_ACTORS_LEXICON_H
#define TROUPE_ACTORS_LEXICON_H

#include <stddef.h>

/*
 * troupe__word_valence: -4 (very bad) .. 4 (very good), 0 for other words.
 *
 * Words that manuals use without praise or blame (kill, error, abort, like,
 * free, support) are not in it.
 */
double troupe__word_valence(const char *word, size_t size);

/* troupe__word_boost: what a degree word adds: "very" 0.293, "hardly"
 * -0.293; 0 for other words. */
double troupe__word_boost(const char *word, size_t size);

#endif
