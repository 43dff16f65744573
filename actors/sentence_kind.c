/* SPDX-License-Identifier: Apache-2.0 */
/* sentence_kind.c: tells sentences from synopses, code and boilerplate. */
#include "actors/sentence.h"

#include <string.h>
#include <strings.h>

#include "actors/injection.h"
#include "actors/words.h"
#include "mailbox/check.h"

#define COUNT(list)    (sizeof(list) / sizeof((list)[0]))
#define SENTENCE_MIN   12   /* bytes; anything shorter says nothing */
#define SENTENCE_MAX   900  /* bytes; anything longer was cut wrongly */
#define FUNCTION_SHARE 0.08 /* of the words, in English */
#define PROSE_WORDS    4
#define LONG_WORDS     14 /* a list item so long may lack its dot */
#define ENTRY_WORDS    2
#define LETTERS_SHARE  0.72 /* of the bytes that are no white space */

static const char *const reference_headings[] = {
    "see also",     "synopsis",          "references",
    "bibliography", "table of contents", "contents",
};

static const char *const legal_headings[] = {
    "author",   "copyright",  "licen",     "reporting bugs",
    "colophon", "acknowledg", "resources", "bug reports",
};

static const char *const legal_starts[] = {
    "copyright",
    "written by",
    "report bugs",
    "report any",
    "report ls",
    "license",
    "licence",
    "this is free software",
    "this page is part of",
    "this manual page was",
    "this man page was",
    "all rights reserved",
    "permission is granted",
    "permission is hereby",
    "full documentation",
    "or available locally",
    "gnu coreutils online help",
    "you may redistribute",
    "there is no warranty",
    "a description of the project",
    "if you discover any rendering",
};

/* Sentences that only say where something is said. */
static const char *const pointers[] = {
    "see ",          "(see ",         "for details",      "for further",
    "for more info", "for more deta", "for a discussion", "for an example",
    "refer to ",     "please see ",   "consult ",
};

/* Entries that every program has. */
static const char *const common_entries[] = {
    "--help",        "--version",  "-h, --help",
    "-V, --version", "-?, --help", "-v, --version",
};

/* Whether a text begins with a word; most differ in the first letter, of which
 * the bit of the case is left out. */
static inline bool
begins_with(const char *text, const char *word, size_t size)
{
    return ((text[0] ^ word[0]) & ~0x20) == 0
           && strncasecmp(text, word, size) == 0;
}

bool
troupe__heading_has(const char *heading, const char *word)
{
    size_t size = strlen(word);
    for (; *heading; heading++)
        if (begins_with(heading, word, size))
            return true;
    return false;
}

static bool
heading_in(const char *heading, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (troupe__heading_has(heading, list[i]))
            return true;
    return false;
}

static bool
starts_with_any(const char *text, size_t size, const char *const *list,
                size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(list[i]);
        if (size >= length && begins_with(text, list[i], length))
            return true;
    }
    return false;
}

/* Text that speaks to the program which reads it: data, never a command. */
static bool
gives_orders(const char *text, size_t size)
{
    size_t start = 0, end = 0;
    return troupe__injection_find(text, size, &start, &end) != NULL;
}

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (unsigned char) c >= 0x80;
}

static bool
is_bracket(char c)
{
    switch (c) {
    case '[':
    case ']':
    case '{':
    case '}':
    case '|':
    case ';':
    case '=':
    case '<':
    case '>':
        return true;
    default:
        return false;
    }
}

/* What a text is made of, counted in one pass. */
struct makeup {
    unsigned letters;  /* bytes */
    unsigned visible;  /* bytes that are no white space */
    unsigned words;    /* tokens with a letter, and numbers */
    unsigned function; /* of them stop words: the, of, is */
    unsigned pages;    /* of them references: open(2) */
    unsigned brackets; /* [ ] { } | ; = < > */
};

static void
count_token(struct makeup *makeup, const char *token, size_t size)
{
    unsigned letters = 0;
    for (size_t i = 0; i < size; i++) {
        letters += is_letter(token[i]);
        makeup->brackets += is_bracket(token[i]);
    }
    makeup->visible += (unsigned) size;
    makeup->letters += letters;
    bool number = token[0] >= '0' && token[0] <= '9';
    if (letters == 0 && !number)
        return;
    makeup->words += 1;
    size_t bare = size;
    while (bare > 0 && strchr(".,;:!?)\"'", token[bare - 1]))
        bare -= 1;
    makeup->function += troupe__word_stop(token, bare);
    const char *open = memchr(token, '(', size);
    makeup->pages += open && open > token && open + 1 < token + size
                     && open[1] >= '0' && open[1] <= '9';
}

static struct makeup
makeup_of(const char *text, size_t size)
{
    struct makeup makeup = {0};
    size_t start = 0;
    for (size_t at = 0; at <= size; at++) {
        if (at < size && (unsigned char) text[at] > ' ')
            continue;
        if (at > start)
            count_token(&makeup, text + start, at - start);
        start = at + 1;
    }
    return makeup;
}

/* "rm, unlink - remove files": the words of a NAME section. */
static bool
is_name_line(const char *text, size_t size, const char *heading)
{
    if (!troupe__heading_has(heading, "name"))
        return false;
    for (size_t i = 1; i + 2 < size; i++) {
        bool dash = text[i] == '-' && text[i - 1] == ' ' && text[i + 1] == ' ';
        bool wide = (unsigned char) text[i] == 0xe2
                    && (unsigned char) text[i + 1] == 0x80
                    && text[i - 1] == ' ';
        if (dash || wide)
            return true;
    }
    return false;
}

static bool
is_common_entry(const char *text, size_t tag_size)
{
    for (size_t i = 0; i < COUNT(common_entries); i++) {
        if (strlen(common_entries[i]) == tag_size
            && memcmp(common_entries[i], text, tag_size) == 0)
            return true;
    }
    return false;
}

static bool
reads_as_prose(const struct makeup *makeup, size_t tag_size)
{
    unsigned least = tag_size ? ENTRY_WORDS : PROSE_WORDS;
    if (makeup->words < least)
        return false;
    if (makeup->letters < LETTERS_SHARE * makeup->visible)
        return false;
    if (makeup->pages * 2 > makeup->words)
        return false;
    if (makeup->brackets > makeup->words / 2 + 1)
        return false;
    /* Prose in another language has next to none of them. */
    return tag_size > 0 || makeup->function > FUNCTION_SHARE * makeup->words;
}

/* A heading and a lead-in ("The options are:") do not end like this. */
static bool
ends_sentence(const char *text, size_t size)
{
    while (size > 1 && strchr("\"')]", text[size - 1]))
        size -= 1;
    if (size > 3 && memcmp(text + size - 3, "\xe2\x80\x9d", 3) == 0)
        size -= 3;
    return strchr(".!?", text[size - 1]) != NULL;
}

enum sentence_kind
troupe__sentence_kind(const char *text, size_t size, size_t tag_size,
                      const char *heading)
{
    CHECK(tag_size <= size);
    if (gives_orders(text, size))
        return SENTENCE_ORDER;
    if (heading_in(heading, legal_headings, COUNT(legal_headings))
        || starts_with_any(text, size, legal_starts, COUNT(legal_starts)))
        return SENTENCE_LEGAL;
    if (is_name_line(text, size, heading))
        return SENTENCE_NAME;
    if (size < SENTENCE_MIN || size > SENTENCE_MAX
        || (strchr("$#%>", text[0]) && text[1] == ' '))
        return SENTENCE_OTHER;
    if (heading_in(heading, reference_headings, COUNT(reference_headings)))
        return SENTENCE_OTHER;
    struct makeup makeup = makeup_of(text + tag_size, size - tag_size);
    if (!reads_as_prose(&makeup, tag_size))
        return SENTENCE_OTHER;
    if (tag_size > 0)
        return is_common_entry(text, tag_size) ? SENTENCE_OTHER
                                               : SENTENCE_ENTRY;
    if (text[size - 1] == ':'
        || starts_with_any(text, size, pointers, COUNT(pointers)))
        return SENTENCE_OTHER;
    return ends_sentence(text, size) || makeup.words >= LONG_WORDS
               ? SENTENCE_PROSE
               : SENTENCE_OTHER;
}
