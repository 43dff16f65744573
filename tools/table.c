/* SPDX-License-Identifier: Apache-2.0 */
/* table.c: aligned columns of text, and numbers for people. */
#include "tools/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/findings.h"

#define GAP 2

static void
add(struct troupe__table *self, char *cell)
{
    self->cells = troupe__grow(self->cells, self->count, sizeof *self->cells);
    self->cells[self->count++] = cell;
}

void
troupe__table_add(struct troupe__table *self, const char *cell)
{
    add(self, troupe__for_people(cell && *cell ? cell : "-"));
}

void
troupe__table_number(struct troupe__table *self, uint64_t number)
{
    troupe__table_format(self, "%llu", (unsigned long long) number);
}

void
troupe__table_format(struct troupe__table *self, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    troupe__table_add(self, text);
}

/* In characters, where each takes one place. */
static size_t
width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char) *text & 0xc0) != 0x80;
    return width;
}

void
troupe__table_print(const struct troupe__table *self, size_t rows_max,
                    FILE *out)
{
    size_t columns = self->columns;
    size_t *widths = troupe__grab((columns + 1) * sizeof *widths);
    size_t rows = columns ? self->count / columns : 0;
    if (rows_max > 0 && rows > rows_max + 1)
        rows = rows_max + 1;
    for (size_t i = 0; i < rows * columns; i++) {
        bool right = self->cells[i % columns][0] == '>';
        size_t width = width_of(self->cells[i]) - (i < columns && right);
        if (width > widths[i % columns])
            widths[i % columns] = width;
    }
    for (size_t i = 0; i < rows * columns; i++) {
        size_t column = i % columns;
        bool right = self->cells[column][0] == '>';
        const char *cell = self->cells[i] + (i < columns && right);
        bool is_last = column + 1 == columns;
        int pad = (int) (widths[column] - width_of(cell));
        fprintf(out, "%*s%s%*s", right ? pad : 0, "", cell,
                is_last ? 0 : (right ? 0 : pad) + GAP, "");
        if (is_last)
            fputc('\n', out);
    }
    free(widths);
}

void
troupe__table_free(struct troupe__table *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->cells[i]);
    free(self->cells);
    *self = (struct troupe__table){0};
}

const char *
troupe__time_text(uint64_t ns, char text[32])
{
    uint64_t seconds = ns / 1000000000;
    if (ns < 1000000)
        snprintf(text, 32, "%llu us", (unsigned long long) (ns / 1000));
    else if (seconds < 1)
        snprintf(text, 32, "%llu ms", (unsigned long long) (ns / 1000000));
    else if (seconds < 60)
        snprintf(text, 32, "%.1f s", (double) ns / 1e9);
    else if (seconds < 3600) {
        snprintf(text, 32, "%llu m %llu s", (unsigned long long) seconds / 60,
                 (unsigned long long) seconds % 60);
    } else {
        snprintf(text, 32, "%llu h %llu m", (unsigned long long) seconds / 3600,
                 (unsigned long long) seconds / 60 % 60);
    }
    return text;
}
