/* SPDX-License-Identifier: Apache-2.0 */
/* words.c: the cutting of text into words. */
#include "actors/words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "actors/scratch.h"
#include "mailbox/check.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Sorted, for the binary search. */
static const char *const stop_words[] = {
    "a",        "about",   "above",   "after",   "again",   "all",     "also",
    "am",       "an",      "and",     "any",     "are",     "aren't",  "as",
    "at",       "be",      "because", "been",    "before",  "being",   "below",
    "between",  "both",    "but",     "by",      "can",     "can't",   "cannot",
    "could",    "did",     "didn't",  "do",      "does",    "doesn't", "doing",
    "don't",    "each",    "either",  "etc",     "even",    "ever",    "every",
    "few",      "for",     "from",    "further", "get",     "gets",    "had",
    "has",      "hasn't",  "have",    "haven't", "having",  "he",      "her",
    "here",     "hers",    "him",     "his",     "how",     "however", "i",
    "if",       "in",      "into",    "is",      "isn't",   "it",      "its",
    "itself",   "just",    "let",     "made",    "may",     "me",      "might",
    "mine",     "more",    "most",    "must",    "my",      "neither", "never",
    "no",       "nor",     "not",     "of",      "off",     "often",   "on",
    "once",     "one",     "only",    "onto",    "or",      "other",   "our",
    "ours",     "out",     "over",    "own",     "per",     "same",    "shall",
    "she",      "should",  "since",   "so",      "some",    "such",    "than",
    "that",     "the",     "their",   "theirs",  "them",    "then",    "there",
    "these",    "they",    "this",    "those",   "through", "thus",    "to",
    "too",      "under",   "until",   "up",      "upon",    "us",      "very",
    "was",      "wasn't",  "we",      "were",    "weren't", "what",    "when",
    "where",    "whether", "which",   "while",   "who",     "whom",    "whose",
    "why",      "will",    "with",    "within",  "without", "won't",   "would",
    "wouldn't", "yet",     "you",     "your",    "yours",
};

static const char *const negations[] = {
    "aren't",  "can't",   "cannot",  "couldn't", "didn't",
    "doesn't", "don't",   "hasn't",  "haven't",  "isn't",
    "neither", "never",   "no",      "nobody",   "none",
    "nor",     "not",     "nothing", "nowhere",  "shouldn't",
    "wasn't",  "weren't", "without", "won't",    "wouldn't",
};

/* Entries are in lower case; most differ in the first letter already. */
static int
compare_word(const char *word, size_t size, const char *entry)
{
    unsigned char first = size > 0 ? (unsigned char) word[0] : 0;
    first = (unsigned char) (first >= 'A' && first <= 'Z' ? first + 32 : first);
    int order = size > 0 ? first - (unsigned char) entry[0] : 0;
    if (order == 0)
        order = strncasecmp(word, entry, size);
    return order ? order : -(entry[size] != '\0');
}

bool
troupe__word_in(const char *const *list, size_t count, const char *word,
                size_t size)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_word(word, size, list[middle]);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

bool
troupe__word_is(const struct word *word, const char *text)
{
    return compare_word(word->text, word->size, text) == 0;
}

bool
troupe__word_stop(const char *word, size_t size)
{
    return troupe__word_in(stop_words, COUNT(stop_words), word, size);
}

static bool
is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of UTF-8 letters count as letters; punctuation is cut off before. */
static bool
is_letter(char c)
{
    return is_upper(c) || (c >= 'a' && c <= 'z') || (unsigned char) c >= 0x80;
}

static bool
is_word_byte(char c)
{
    return is_letter(c) || is_digit(c);
}

/* The bytes at `text` that part words: white space and wide punctuation. */
static size_t
gap_size(const char *text, const char *end, const char *start)
{
    unsigned char first = (unsigned char) text[0];
    if (first == ',' && text > start && is_digit(text[-1]) && end - text >= 4
        && is_digit(text[1]) && is_digit(text[2]) && is_digit(text[3]))
        return 0; /* 5,000 */
    if (first <= ' ' || (strchr(",;\"`<>[]{}|=", text[0]) != NULL))
        return 1;
    if (end - text >= 3 && first == 0xe2 && (unsigned char) text[1] == 0x80
        && (unsigned char) text[2] != 0x99)
        return 3; /* dashes, quotes, bullets, dots; not the apostrophe */
    if (end - text >= 2 && first == 0xc2 && (unsigned char) text[1] < 0xb0)
        return 2; /* no-break space and signs */
    return 0;
}

static bool
has_byte(const char *text, size_t size, const char *bytes)
{
    for (size_t i = 0; i < size; i++)
        if (strchr(bytes, text[i]))
            return true;
    return false;
}

static unsigned
shape_of(const char *text, size_t size)
{
    unsigned flags = 0;
    size_t upper = 0;
    size_t digits = 0;
    for (size_t i = 0; i < size; i++) {
        upper += is_upper(text[i]);
        digits += is_digit(text[i]);
    }
    if (is_digit(text[0]))
        flags |= WORD_NUMBER;
    if (is_upper(text[0]))
        flags |= WORD_CAPITAL;
    bool named = has_byte(text, size, "_/()$@:.") || text[0] == '-';
    bool shouted = upper >= 2 && upper + digits == size;
    bool mixed = !is_digit(text[0]) && digits > 0;
    bool humped = upper > (size_t) is_upper(text[0]) && !shouted;
    if ((named && !is_digit(text[0])) || shouted || mixed || humped)
        flags |= WORD_IDENTIFIER;
    if (troupe__word_in(negations, COUNT(negations), text, size))
        flags |= WORD_NEGATION;
    if (!(flags & WORD_IDENTIFIER) && troupe__word_stop(text, size))
        flags |= WORD_STOP;
    return flags;
}

/* "open(2)", "open()" and "open" are one subject. */
static size_t
bare_size(const char *text, size_t size)
{
    if (size < 3 || text[size - 1] != ')')
        return size;
    for (size_t i = size - 1; i > 0; i--)
        if (text[i] == '(')
            return size - i <= 5 ? i : size;
    return size;
}

static void
add_word(struct vocabulary *vocabulary, struct scratch *scratch,
         struct words *words, const char *text, size_t size)
{
    words->items = troupe__scratch_room(scratch, words->items, words->count,
                                        sizeof *words->items);
    struct word *word = &words->items[words->count];
    word->text = text;
    word->size = (uint32_t) size;
    word->flags = shape_of(text, size) | (words->count ? 0 : WORD_FIRST);
    size_t bare = bare_size(text, size);
    while (bare > 2 && text[bare - 1] == 's' && text[bare - 2] == '\'')
        bare -= 2; /* the owner is the subject */
    word->term = troupe__vocabulary_term(vocabulary, text, bare);
    words->count += 1;
}

/* Take quotes, brackets and sentence marks off both ends. */
static void
trim_word(const char **text_p, size_t *size_p)
{
    const char *text = *text_p;
    size_t size = *size_p;
    while (size > 0 && !is_word_byte(text[0])
           && !(size > 1 && strchr("-/$._~", text[0])
                && (is_word_byte(text[1]) || text[1] == '-' || text[1] == '/')))
        text += 1, size -= 1;
    while (size > 0 && !is_word_byte(text[size - 1])) {
        if (text[size - 1] == ')' && memchr(text, '(', size) != NULL)
            break;
        size -= 1;
    }
    *text_p = text;
    *size_p = size;
}

/* A word of letters and inner hyphens is several words. */
static bool
is_compound(const char *text, size_t size)
{
    if (!memchr(text, '-', size) || text[0] == '-')
        return false;
    for (size_t i = 0; i < size; i++)
        if (!is_letter(text[i]) && text[i] != '-')
            return false;
    return true;
}

static void
add_token(struct vocabulary *vocabulary, struct scratch *scratch,
          struct words *words, const char *text, size_t size)
{
    trim_word(&text, &size);
    if (size == 0)
        return;
    if (!is_compound(text, size)) {
        add_word(vocabulary, scratch, words, text, size);
        return;
    }
    const char *end = text + size;
    while (text < end) {
        const char *dash = memchr(text, '-', (size_t) (end - text));
        const char *stop = dash ? dash : end;
        if (stop > text)
            add_word(vocabulary, scratch, words, text, (size_t) (stop - text));
        text = stop + 1;
    }
}

struct scratch *troupe__vocabulary_scratch(struct vocabulary *self);

struct words
troupe__words_cut(struct vocabulary *self, const char *text, size_t size)
{
    CHECK(self);
    CHECK(text || size == 0);
    struct scratch *scratch = troupe__vocabulary_scratch(self);
    struct words words = {0};
    const char *end = text + size;
    const char *start = text;
    while (text < end) {
        size_t gap = gap_size(text, end, start);
        if (gap == 0) {
            text += 1;
            continue;
        }
        add_token(self, scratch, &words, start, (size_t) (text - start));
        text += gap;
        start = text;
    }
    if (start < end)
        add_token(self, scratch, &words, start, (size_t) (end - start));
    return words;
}

static int
compare_terms(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *) one;
    uint32_t b = *(const uint32_t *) other;
    return (a > b) - (a < b);
}

uint32_t *
troupe__words_terms(struct scratch *scratch, const struct words *words,
                    uint32_t *ret_count)
{
    uint32_t *terms =
        troupe__scratch_alloc(scratch, (words->count + 1) * sizeof *terms);
    uint32_t count = 0;
    for (uint32_t i = 0; i < words->count; i++)
        if (!(words->items[i].flags & WORD_STOP))
            terms[count++] = words->items[i].term;
    qsort(terms, count, sizeof *terms, compare_terms);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (kept == 0 || terms[kept - 1] != terms[i])
            terms[kept++] = terms[i];
    *ret_count = kept;
    return terms;
}

bool
troupe__terms_have(const uint32_t *terms, uint32_t count, uint32_t term)
{
    return count > 0
           && bsearch(&term, terms, count, sizeof *terms, compare_terms)
                  != NULL;
}

uint32_t
troupe__terms_shared(const uint32_t *one, uint32_t one_count,
                     const uint32_t *other, uint32_t other_count)
{
    uint32_t shared = 0;
    uint32_t i = 0;
    uint32_t j = 0;
    while (i < one_count && j < other_count) {
        shared += one[i] == other[j];
        uint32_t a = one[i];
        uint32_t b = other[j];
        i += a <= b;
        j += b <= a;
    }
    return shared;
}
