/* SPDX-License-Identifier: Apache-2.0 */
/* letters.h: classes of bytes, whatever the locale; over 0x7f: a letter. */
#ifndef TROUPE_ACTORS_LETTERS_H
#define TROUPE_ACTORS_LETTERS_H

#include <stdbool.h>

static inline bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static inline bool
is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static inline bool
is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static inline bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool
is_alnum(char c)
{
    return is_upper(c) || is_lower(c) || is_digit(c)
           || (unsigned char) c >= 0x80;
}

#endif
