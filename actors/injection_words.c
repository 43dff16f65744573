/* SPDX-License-Identifier: Apache-2.0 */
/* injection_words.c: a sentence as words, whatever was done to hide them. */
#include "actors/injection.h"

#include <stdint.h>
#include <string.h>

#include "actors/text.h"

/* What a character is to us. */
enum looks { LOOKS_NOTHING, LOOKS_SPACE, LOOKS_QUOTE, LOOKS_LETTER };

static uint32_t
code_of(const char *text, size_t size)
{
    const unsigned char *b = (const unsigned char *) text;
    if (size == 1)
        return b[0];
    if (size == 2)
        return (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu);
    if (size == 3)
        return (b[0] & 0x0fu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
    return (b[0] & 0x07u) << 18 | (b[1] & 0x3fu) << 12 | (b[2] & 0x3fu) << 6
           | (b[3] & 0x3fu);
}

static bool
is_unseen(uint32_t code)
{
    return (code >= 0x200b && code <= 0x200f)
           || (code >= 0x2060 && code <= 0x2064) || code == 0xfeff
           || code == 0xad || (code >= 0x202a && code <= 0x202e)
           || (code >= 0xe0000 && code <= 0xe007f)
           || (code < 0x80 && code > 0 && strchr("*_~#", (int) code));
}

static enum looks
look(uint32_t *code)
{
    if (is_unseen(*code))
        return LOOKS_NOTHING;
    if (*code >= 0xff01 && *code <= 0xff5e)
        *code -= 0xff01 - 0x21; /* wide Latin */
    if (*code == '"' || *code == '`' || *code == 0xab || *code == 0xbb
        || (*code >= 0x201c && *code <= 0x201f))
        return LOOKS_QUOTE;
    if (*code == 0x2018 || *code == 0x2019)
        *code = '\'';
    bool letter = (*code >= 'a' && *code <= 'z')
                  || (*code >= 'A' && *code <= 'Z')
                  || (*code >= '0' && *code <= '9') || *code == '\''
                  || *code == '-' || *code > 0xbf;
    return letter ? LOOKS_LETTER : LOOKS_SPACE;
}

static void
end_word(struct injection_words *self, char *word, size_t *size, bool quoted)
{
    while (*size > 0 && strchr("'-", word[*size - 1]))
        *size -= 1;
    size_t from = strspn(word, "'-");
    from = from < *size ? from : 0;
    if (*size > 0 && self->count < INJECTION_WORDS_MAX) {
        struct injection_word *it = &self->items[self->count++];
        *it = (struct injection_word){.quoted = quoted};
        memcpy(it->text, word + from, *size - from);
        self->quoted += quoted;
    }
    *size = 0;
    memset(word, 0, sizeof self->items[0].text);
}

/* A quote's mark is an apostrophe where a letter stands before it. */
static bool
opens_single(const char *text, size_t at, size_t size)
{
    bool before = at == 0 || strchr(" \t\n([:", text[at - 1]);
    return before && at + 1 < size && !strchr(" \t\n", text[at + 1]);
}

static bool
closes_single(const char *text, size_t at, size_t size)
{
    return at + 1 >= size || strchr(" \t\n.,;:!?)]", text[at + 1]);
}

void
troupe__injection_words(const char *text, size_t size,
                        struct injection_words *ret_words)
{
    char word[sizeof ret_words->items[0].text] = "";
    size_t length = 0;
    bool quoted = false, single = false;
    ret_words->count = ret_words->quoted = 0;
    for (size_t at = 0, step = 0; at < size; at += step) {
        step = troupe__utf8_size(text + at, size - at);
        step = step > 0 ? step : 1;
        uint32_t code = code_of(text + at, step);
        enum looks is = look(&code);
        if (is == LOOKS_NOTHING)
            continue;
        bool was = quoted || single;
        bool opens =
            code == '\'' && length == 0 && opens_single(text, at, size);
        bool closes = code == '\'' && single && closes_single(text, at, size);
        if (opens || closes)
            is = LOOKS_SPACE;
        if (is != LOOKS_LETTER)
            end_word(ret_words, word, &length, was);
        if (ret_words->count > 0) {
            ret_words->items[ret_words->count - 1].colon |= code == ':';
            ret_words->items[ret_words->count - 1].comma |= code == ',';
        }
        single = opens || (single && !closes);
        if (is == LOOKS_QUOTE)
            quoted = !quoted;
        if (is == LOOKS_LETTER && length + 1 < sizeof word) {
            word[length++] = code >= 'A' && code <= 'Z' ? (char) (code + 32)
                             : code < 0x80              ? (char) code
                                                        : '?';
        }
    }
    end_word(ret_words, word, &length, quoted || single);
}
