/* SPDX-License-Identifier: Apache-2.0 */
/* council_number.c: numbers as people write them: 1,234.5, -3, 1e6, 5 million. */
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "actors/council.h"
#include "mailbox/check.h"

#define DIGITS_MAX    64
#define MINUS         0x2212u
#define LETTERS_FROM  0x00c0u /* below, from 0x80 on, are signs alone */
#define SYMBOLS_FROM  0x2000u /* dashes, currencies, arrows, mathematics */
#define SYMBOLS_BELOW 0x2c00u

/* The character before `at`, of which the text begins at `from`; 0: none. */
static uint32_t
character_before(const char *from, const char *at, size_t *ret_size)
{
    const unsigned char *last = (const unsigned char *) at;
    uint32_t value = 0;
    size_t size = 0;
    while (last > (const unsigned char *) from && size < 4) {
        size++;
        last--;
        if ((*last & 0xc0) != 0x80)
            break;
    }
    *ret_size = size;
    if (size == 0)
        return 0;
    value = size == 1 ? *last : *last & (0x7fu >> size);
    for (size_t i = 1; i < size; i++)
        value = value << 6 | (last[i] & 0x3fu);
    return value;
}

/* A digit behind it is a part of a name, as in mp3. */
static bool
is_letter(uint32_t character)
{
    if (character < 0x80)
        return isalnum((int) character) || character == '_';
    return character >= LETTERS_FROM
           && (character < SYMBOLS_FROM || character >= SYMBOLS_BELOW);
}

/* "million" and the like, behind a number: times what. */
static double
scale_of(const char **at)
{
    static const struct {
        const char *word;
        double times;
    } scales[] = {{"thousand", 1e3},
                  {"million", 1e6},
                  {"billion", 1e9},
                  {"trillion", 1e12}};
    const char *word = *at + (**at == ' ' ? 1 : 0);
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        size_t size = strlen(scales[i].word);
        if (strncasecmp(word, scales[i].word, size) == 0
            && !isalpha((unsigned char) word[size])) {
            *at = word + size;
            return scales[i].times;
        }
    }
    if (**at == 'k' && !isalnum((unsigned char) (*at)[1])) {
        *at += 1;
        return 1e3;
    }
    return 1;
}

/* A half and its like, behind a number. */
static double
fraction_of(const char **at)
{
    static const struct {
        const char *sign;
        double value;
    } signs[] = {{"\u00bc", 0.25}, {"\u00bd", 0.5}, {"\u00be", 0.75}};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (strncmp(*at, signs[i].sign, 2) == 0) {
            *at += 2;
            return signs[i].value;
        }
    }
    return 0;
}

/* The digits from `from` on, without the commas between thousands. */
static const char *
copy_digits(const char *from, char digits[DIGITS_MAX])
{
    size_t size = 0;
    while (size < DIGITS_MAX - 8
           && (isdigit((unsigned char) *from)
               || (*from == '.' && isdigit((unsigned char) from[1]))
               || (*from == ',' && isdigit((unsigned char) from[1])
                   && isdigit((unsigned char) from[2])
                   && isdigit((unsigned char) from[3])))) {
        if (*from != ',')
            digits[size++] = *from;
        from++;
    }
    if (*from == 'e' || *from == 'E') {
        size_t sign = from[1] == '-' || from[1] == '+';
        size_t more = strspn(from + 1 + sign, "0123456789");
        if (more > 0 && more <= 3) {
            memcpy(digits + size, from, 1 + sign + more);
            size += 1 + sign + more;
            from += 1 + sign + more;
        }
    }
    digits[size] = '\0';
    return from;
}

bool
troupe__number_next(const char **at, double *ret)
{
    char digits[DIGITS_MAX];
    CHECK(at && *at && ret);
    for (const char *start = *at; *start; start++) {
        if (!isdigit((unsigned char) *start))
            continue;
        size_t size = 0, unused = 0;
        uint32_t before = character_before(*at, start, &size);
        uint32_t further = character_before(*at, start - size, &unused);
        bool negative =
            (before == '-' || before == MINUS) && !is_letter(further);
        const char *end = copy_digits(start, digits);
        if (is_letter(before)) {
            start = end - 1;
            continue;
        }
        double value = strtod(digits, NULL) + fraction_of(&end);
        value *= scale_of(&end);
        *at = end;
        *ret = (negative ? -value : value) + 0.0; /* no -0 */
        return isfinite(*ret);
    }
    return false;
}
