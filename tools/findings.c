/* SPDX-License-Identifier: Apache-2.0 */
/* findings.c: collects what is wrong with a file, and prints it in order. */
#include "tools/findings.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PRINTED_MAX 50
#define NAME_SIZE   64

static void
require(const void *memory)
{
    if (memory)
        return;
    fputs("troupe: out of memory\n", stderr);
    abort();
}

void *
troupe__grab(size_t size)
{
    void *memory = calloc(1, size ? size : 1);
    require(memory);
    return memory;
}

void *
troupe__grow(void *items, size_t count, size_t item_size)
{
    if (items && (count == 0 || (count & (count - 1)) != 0))
        return items;
    void *moved = realloc(items, (count ? 2 * count : 1) * item_size);
    require(moved);
    return moved;
}

char *
troupe__copy(const char *text, size_t size)
{
    char *copy = troupe__grab(size + 1);
    memcpy(copy, text, size);
    return copy;
}

static char *
format_v(const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    require(text);
    return text;
}

char *
troupe__format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = format_v(format, args);
    va_end(args);
    return text;
}

void
troupe__found(struct troupe__findings *self, struct troupe__spot spot,
              const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = format_v(format, args);
    va_end(args);
    for (size_t i = 0; i < self->count; i++) {
        const struct troupe__finding *it = &self->items[i];
        if (it->spot.line == spot.line && it->spot.column == spot.column
            && strcmp(it->text, text) == 0) {
            free(text);
            return;
        }
    }
    self->items = troupe__grow(self->items, self->count, sizeof *self->items);
    self->items[self->count++] = (struct troupe__finding){spot, text};
}

static int
by_spot(const void *one, const void *other)
{
    const struct troupe__finding *a = one, *b = other;
    if (a->spot.line != b->spot.line)
        return a->spot.line < b->spot.line ? -1 : 1;
    if (a->spot.column != b->spot.column)
        return a->spot.column < b->spot.column ? -1 : 1;
    return strcmp(a->text, b->text);
}

void
troupe__findings_print(struct troupe__findings *self, FILE *out)
{
    if (self->count > 0)
        qsort(self->items, self->count, sizeof *self->items, by_spot);
    for (size_t i = 0; i < self->count && i < PRINTED_MAX; i++) {
        const struct troupe__finding *it = &self->items[i];
        if (it->spot.line > 0) {
            fprintf(out, "%s:%zu:%zu: %s\n", self->path, it->spot.line,
                    it->spot.column, it->text);
        } else {
            fprintf(out, "%s: %s\n", self->path, it->text);
        }
    }
    if (self->count > PRINTED_MAX)
        fprintf(out, "%s: and %zu more\n", self->path,
                self->count - PRINTED_MAX);
}

void
troupe__findings_free(struct troupe__findings *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->items[i].text);
    free(self->items);
    *self = (struct troupe__findings){.path = self->path};
}

/* Letters to add, drop or change (Levenshtein 1966); long names are far. */
static size_t
distance(const char *one, const char *other)
{
    size_t row[NAME_SIZE + 1];
    size_t n = strlen(one), m = strlen(other);
    if (n > NAME_SIZE || m > NAME_SIZE)
        return SIZE_MAX;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = corner + (one[i - 1] != other[j - 1]);
            corner = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[m];
}

const char *
troupe__nearest(const char *name, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    size_t size = strlen(name), least = size / 3 + 1;
    for (size_t i = 0; i < count; i++) {
        size_t far = names[i] ? distance(name, names[i]) : SIZE_MAX;
        if (far < size && far <= least && (!nearest || far < least)) {
            nearest = names[i];
            least = far;
        }
    }
    return nearest;
}
