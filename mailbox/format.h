/* SPDX-License-Identifier: Apache-2.0 */
/* format.h: walking over the letters of a format. */
#ifndef TROUPE_MAILBOX_FORMAT_H
#define TROUPE_MAILBOX_FORMAT_H

#include <stdbool.h>

/* troupe__format_next: step over the next letter that says something. */
static inline char
troupe__format_next(const char **format)
{
    for (;;) {
        char letter = **format;
        if (letter == '\0')
            return letter;
        ++*format;
        bool is_filler = letter == ':' || letter == ',' || letter == ' '
                         || letter == '\n' || letter == '\t' || letter == '\r';
        if (letter > ':' || !is_filler)
            return letter;
    }
}

/* troupe__format_mark: step over `mark` if it is what comes next. */
static inline bool
troupe__format_mark(const char **format, char mark)
{
    if (**format != mark)
        return false;
    ++*format;
    return true;
}

#endif
