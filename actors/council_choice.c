/* SPDX-License-Identifier: Apache-2.0 */
/*
 * council_choice.c: whether words that are also a choice are meant as one. A
 * model that says nothing has no vote: "I have a hunch" is none for A, "No idea"
 * none for no, "It isn't A" none for A.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "actors/council.h"
#include "mailbox/check.h"

static bool
is_word(char c)
{
    return isalnum((unsigned char) c) || (c & 0x80) || c == '_' || c == '\'';
}

static bool
is_one_of(const char *word, size_t size, const char *const *words)
{
    for (; *words; words++)
        if (strlen(*words) == size && strncasecmp(word, *words, size) == 0)
            return true;
    return false;
}

/* The word that comes next in the same clause; 0: there is none. */
static size_t
next_word(const char *at, const char **ret_word)
{
    size_t size = 0;
    at += strspn(at, " ");
    while (is_word(at[size]))
        size++;
    *ret_word = at;
    return size;
}

/* "A is right" speaks of A; "A spider has eight legs" does not. */
static bool
is_article(const char *at, const char *choice)
{
    static const char *const verbs[] = {
        "is",   "because", "since", "as", "for",  "would",  "seems", "looks",
        "wins", "fits",    "has",   "it", "must", "should", NULL};
    const char *word = NULL;
    size_t size = next_word(at + 1, &word);
    if (!isalpha((unsigned char) *choice) || size == 0)
        return false;
    return *at != *choice
           || (islower((unsigned char) *word) && !is_one_of(word, size, verbs));
}

/* "No idea": the word is no answer there. */
static bool
is_shrug(const char *at, const char *choice)
{
    static const char *const nouns[] = {
        "idea",        "answer", "opinion", "clue", "preference", "choice",
        "information", "data",   "comment", "one",  "way",        NULL};
    const char *word = NULL;
    size_t size = next_word(at + strlen(choice), &word);
    return strcasecmp(choice, "no") == 0 && is_one_of(word, size, nouns);
}

bool
troupe__choice_is_meant(const char *at, const char *choice)
{
    CHECK(at && choice);
    if (choice[0] && !choice[1] && is_article(at, choice))
        return false;
    return !is_shrug(at, choice);
}

/* The word before, in the same clause; `at` looks back to a NUL. */
static size_t
word_before(const char *at, const char **ret_word)
{
    size_t size = 0;
    while (*(at - 1) && strchr(" \"*`", *(at - 1)))
        at--;
    while (at[-(ptrdiff_t) size - 1] && is_word(at[-(ptrdiff_t) size - 1]))
        size++;
    *ret_word = at - size;
    return size;
}

bool
troupe__choice_is_denied(const char *at)
{
    static const char *const denials[] = {"not",    "never",  "neither", "nor",
                                          "cannot", "except", "without", NULL};
    static const char *const between[] = {
        "the",  "a",   "an",    "be",     "choose", "pick", "select", "say",
        "take", "for", "to",    "option", "answer", "is",   "really", "think",
        "it",   "go",  "going", "with",   "choice", NULL};
    const char *word = NULL;
    CHECK(at);
    for (size_t size = word_before(at, &word); size > 0;
         size = word_before(word, &word)) {
        bool shortened =
            size > 3
            && (strncasecmp(word + size - 3, "n't", 3) == 0
                || (size > 5 && memcmp(word + size - 4, "\u2019t", 4) == 0));
        if (shortened || is_one_of(word, size, denials))
            return true;
        if (!is_one_of(word, size, between))
            return false;
    }
    return false;
}
