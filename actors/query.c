/* SPDX-License-Identifier: Apache-2.0 */
/* query.c: what a question asks for, as terms. */
#include "actors/query.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

#define QUESTION_SIZE_MAX 4096

static const char *const stop_words[] =
    {/* in the order of strcmp, for bsearch */
     "a",        "about",   "all",        "also",        "am",      "an",
     "and",      "any",     "are",        "as",          "at",      "be",
     "because",  "been",    "being",      "between",     "both",    "but",
     "by",       "can",     "cannot",     "could",       "define",  "describe",
     "did",      "differ",  "difference", "differences", "do",      "does",
     "doing",    "done",    "each",       "either",      "explain", "for",
     "from",     "give",    "given",      "had",         "happen",  "happens",
     "has",      "have",    "having",     "he",          "help",    "her",
     "here",     "his",     "how",        "i",           "if",      "in",
     "into",     "is",      "it",         "its",         "itself",  "just",
     "know",     "let",     "like",       "many",        "may",     "me",
     "mean",     "meaning", "means",      "might",       "more",    "most",
     "much",     "must",    "my",         "need",        "needs",   "no",
     "nor",      "not",     "of",         "on",          "one",     "only",
     "or",       "other",   "our",        "out",         "own",     "please",
     "possible", "same",    "say",        "shall",       "she",     "should",
     "so",       "some",    "such",       "tell",        "than",    "that",
     "the",      "their",   "them",       "then",        "there",   "these",
     "they",     "thing",   "things",     "this",        "those",   "through",
     "to",       "too",     "under",      "used",        "using",   "versus",
     "very",     "vs",      "want",       "was",         "way",     "we",
     "were",     "what",    "when",       "where",       "whether", "which",
     "while",    "who",     "whom",       "whose",       "why",     "will",
     "with",     "within",  "without",    "would",       "you",     "your"};

static int
compare_words(const void *word, const void *entry)
{
    const char *const *other = entry;
    return strcmp(word, *other);
}

bool
troupe__is_stop_word(const char *word)
{
    return bsearch(word, stop_words, sizeof stop_words / sizeof *stop_words,
                   sizeof *stop_words, compare_words)
           != NULL;
}

static bool
is_token_byte(char c)
{
    return isalnum((unsigned char) c) || c == '_' || (c & 0x80);
}

bool
troupe__next_token(const char *text, size_t size, size_t *at,
                   char token[TROUPE__TERM_SIZE_MAX])
{
    size_t i = *at, length = 0;
    while (i < size && !is_token_byte(text[i]))
        i++;
    for (; i < size && is_token_byte(text[i]); i++)
        if (length + 1 < TROUPE__TERM_SIZE_MAX)
            token[length++] = (char) tolower((unsigned char) text[i]);
    token[length] = 0;
    *at = i;
    return length > 0;
}

/* Several tokens in one term are a phrase: "close on exec". */
static void
add_term(struct troupe__query *self, enum troupe__term_kind kind,
         const char *text, size_t size, const char *section)
{
    if (self->count == TROUPE__TERMS_MAX)
        return;
    struct troupe__term term = {.kind = kind};
    char token[TROUPE__TERM_SIZE_MAX];
    size_t used = 0;
    for (size_t at = 0; troupe__next_token(text, size, &at, token);) {
        size_t length = strlen(token);
        if (used + length + (used > 0) >= sizeof term.text)
            break;
        if (used > 0)
            term.text[used++] = ' ';
        memcpy(term.text + used, token, length);
        used += length;
    }
    if (used == 0)
        return;
    for (size_t i = 0; section && i + 1 < sizeof term.section && section[i]
                       && section[i] != ')';
         i++)
        term.section[i] = section[i];
    for (size_t i = 0; i < self->count; i++) {
        if (strcmp(self->terms[i].text, term.text) == 0) {
            if (self->terms[i].kind == TROUPE__TERM_WORD)
                self->terms[i] = term;
            return;
        }
    }
    self->terms[self->count++] = term;
}

/* "open(2)", "printf(3p)": the section must be all that is in brackets. */
static const char *
page_section(const char *s, size_t size)
{
    const char *open = memchr(s, '(', size);
    if (!open || open == s || size < 4 || s[size - 1] != ')')
        return NULL;
    size_t length = (size_t) (s + size - open) - 2;
    if (length < 1 || length > 6 || open[1] < '1' || open[1] > '9')
        return NULL;
    for (size_t i = 1; i < length; i++)
        if (!islower((unsigned char) open[1 + i]))
            return NULL;
    return open + 1;
}

/* Names stand out: by case in the middle, an underscore, a digit, a path. */
static bool
is_name(const char *s, size_t size)
{
    size_t upper = 0, lower = 0, signs = 0, digits = 0, others = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char) s[i];
        if (isupper(c))
            upper++;
        else if (islower(c))
            lower++;
        else if (isdigit(c))
            digits++;
        else if (c == '_' || c == '/' || (c == '.' && i + 1 < size))
            signs++;
        else
            others++;
    }
    if (others > 0 && signs == 0)
        return false;
    return signs > 0 || (upper >= 2 && lower == 0)
           || (digits > 0 && upper + lower > 0)
           || (upper > 0 && lower > 0 && !isupper((unsigned char) s[0]));
}

/* "copy-on-write" is a phrase, and its words count by themselves. */
static void
add_words(struct troupe__query *self, const char *s, size_t size)
{
    char token[TROUPE__TERM_SIZE_MAX];
    size_t count = 0;
    for (size_t at = 0; troupe__next_token(s, size, &at, token);)
        count++;
    if (count > 1 && !memchr(s, '\'', size))
        add_term(self, TROUPE__TERM_QUOTED, s, size, NULL);
    for (size_t at = 0; troupe__next_token(s, size, &at, token);)
        if (!troupe__is_stop_word(token) && (token[1] || count == 1))
            add_term(self, TROUPE__TERM_WORD, token, strlen(token), NULL);
}

static void
add_chunk(struct troupe__query *self, const char *s, size_t size)
{
    while (size > 0 && strchr("\"'`([{<,;:", s[0]) && s[0])
        s++, size--;
    while (size > 0 && strchr("\"'`]}>,;:.!?", s[size - 1]))
        size--;
    if (size > 3 && memcmp(s + size - 3, "())", 3) == 0)
        size--; /* "(see fork())" */
    bool called = size > 2 && memcmp(s + size - 2, "()", 2) == 0;
    if (called)
        size -= 2;
    const char *section = page_section(s, size);
    if (!section && size > 0 && s[size - 1] == ')' && !memchr(s, '(', size))
        size--;
    if (size == 0)
        return;
    if (section) {
        size_t name = (size_t) (section - 1 - s);
        add_term(self, TROUPE__TERM_PAGE, s, name, section);
    } else if (s[0] == '-' && size > 1) {
        const char *value = memchr(s, '=', size);
        add_term(self, TROUPE__TERM_OPTION, s,
                 value ? (size_t) (value - s) : size, NULL);
    } else if (called || is_name(s, size)) {
        add_term(self, TROUPE__TERM_NAME, s, size, NULL);
    } else {
        add_words(self, s, size);
    }
}

int
troupe__query_parse(const char *question, struct troupe__query *ret_query)
{
    CHECK(question);
    *ret_query = (struct troupe__query){0};
    size_t size = strnlen(question, QUESTION_SIZE_MAX);
    for (size_t at = 0; at < size;) {
        if (isspace((unsigned char) question[at])) {
            at++;
            continue;
        }
        const char *close = question[at] == '"'
                                ? memchr(question + at + 1, '"', size - at - 1)
                                : NULL;
        size_t end = at;
        if (close) {
            end = (size_t) (close - question) + 1;
            add_term(ret_query, TROUPE__TERM_QUOTED, question + at, end - at,
                     NULL);
        } else {
            while (end < size && !isspace((unsigned char) question[end]))
                end++;
            add_chunk(ret_query, question + at, end - at);
        }
        at = end;
    }
    return ret_query->count > 0 ? 0 : -EINVAL;
}

void
troupe__query_free(struct troupe__query *self)
{
    *self = (struct troupe__query){0};
}

void
troupe__expression_phrase(struct troupe__text *expression, const char *tokens)
{
    troupe__text_putc(expression, '"');
    for (; *tokens; tokens++) {
        if (*tokens == '"')
            troupe__text_putc(expression, '"');
        troupe__text_putc(expression, *tokens);
    }
    troupe__text_putc(expression, '"');
}

void
troupe__expression_or(struct troupe__text *expression)
{
    if (expression->size > 0)
        troupe__text_puts(expression, " OR ");
}

void
troupe__expression_terms(struct troupe__text *expression,
                         const struct troupe__query *query)
{
    for (size_t i = 0; i < query->count; i++) {
        const struct troupe__term *term = &query->terms[i];
        int times = term->kind == TROUPE__TERM_WORD ? 1 : 2;
        for (int j = 0; j < times; j++) {
            troupe__expression_or(expression);
            troupe__expression_phrase(expression, term->text);
        }
        if (term->kind == TROUPE__TERM_PAGE) {
            struct troupe__text page = {0};
            troupe__text_printf(&page, "%s %s", term->text, term->section);
            troupe__text_puts(expression, " OR title : ");
            troupe__expression_phrase(expression, page.data);
            troupe__text_free(&page);
        }
    }
}
