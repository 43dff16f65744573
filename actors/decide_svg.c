/* SPDX-License-Identifier: Apache-2.0 */
/* decide_svg.c: a heat map of options and what they are judged by. */
#include "actors/decide_result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "mailbox/check.h"

#define CELL_WIDTH     110u
#define CELL_HEIGHT    40u
#define LEFT           220u /* for the options' titles */
#define TOP            90u  /* for the problem and the columns' names */
#define SHOWN_MAX      28   /* characters of an option's title */
#define NAME_MAX_SHOWN 17   /* and of a column's name */

/* Text in XML, its beginning when it is long; a character of UTF-8 is never
 * cut, what XML cannot hold becomes a space. */
static void
put_text(FILE *out, const char *text, unsigned most)
{
    unsigned count = 0;
    for (; *text; text++) {
        unsigned char c = (unsigned char) *text;
        count += (c & 0xc0) != 0x80;
        if (count > most) {
            fputs("...", out);
            return;
        }
        if (c == '<')
            fputs("&lt;", out);
        else if (c == '&')
            fputs("&amp;", out);
        else
            fputc(c < ' ' || c == 0x7f ? ' ' : c, out);
    }
}

static void
put_label(FILE *out, uint32_t x, uint32_t y, const char *more)
{
    fprintf(out, "<text x=\"%u\" y=\"%u\"%s>", x, y, more);
}

/* From red by yellow to green; the words carry the meaning, too. */
static void
put_cell(FILE *out, uint32_t column, uint32_t line, double part, double value)
{
    uint32_t x = LEFT + column * CELL_WIDTH;
    uint32_t y = TOP + line * CELL_HEIGHT;
    fprintf(out,
            "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" "
            "fill=\"hsl(%.0f,60%%,75%%)\"/>\n",
            x, y, CELL_WIDTH - 2, CELL_HEIGHT - 2, 120 * part);
    put_label(out, x + CELL_WIDTH / 2, y + CELL_HEIGHT / 2 + 4,
              " text-anchor=\"middle\"");
    fprintf(out, fabs(value) >= 100 ? "%.0f</text>\n" : "%.3g</text>\n", value);
}

static void
put_grey(FILE *out, uint32_t line, uint32_t columns, const char *why)
{
    uint32_t y = TOP + line * CELL_HEIGHT;
    fprintf(out,
            "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" "
            "fill=\"#ddd\"/>\n",
            LEFT, y, columns * CELL_WIDTH - 2, CELL_HEIGHT - 2);
    put_label(out, LEFT + 8, y + CELL_HEIGHT / 2 + 4, "");
    put_text(out, why, 100);
    fputs("</text>\n", out);
}

/* 0 for the worst of a column, 1 for the best; 1 where all are alike. */
static double
part_of(const struct matrix *matrix, uint32_t row, uint32_t column)
{
    double low = INFINITY;
    double high = -INFINITY;
    for (uint32_t i = 0; i < matrix->rows; i++) {
        low = fmin(low, matrix->values[(size_t) i * matrix->columns + column]);
        high =
            fmax(high, matrix->values[(size_t) i * matrix->columns + column]);
    }
    double value = matrix->values[(size_t) row * matrix->columns + column];
    double part = high > low ? (value - low) / (high - low) : 1;
    return matrix->max[column] || high <= low ? part : 1 - part;
}

static void
put_title(FILE *out, const struct decision_result *self, uint32_t option,
          uint32_t line)
{
    put_label(out, 8, TOP + line * CELL_HEIGHT + CELL_HEIGHT / 2 + 4,
              self->winner != NO_ROW && self->options[self->winner] == option
                  ? " font-weight=\"bold\""
                  : "");
    put_text(out, self->decision->options[option].title, SHOWN_MAX);
    fputs("</text>\n", out);
}

static void
put_head(FILE *out, const struct decision_result *self,
         const struct sight *sight)
{
    static const char middle[] = " text-anchor=\"middle\"";
    uint32_t columns = sight->matrix.columns + 1;
    uint32_t lines = self->decision->option_count;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" "
            "height=\"%u\" font-family=\"sans-serif\" font-size=\"13\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
            LEFT + columns * CELL_WIDTH + 8, TOP + lines * CELL_HEIGHT + 8);
    put_label(out, 8, 24, " font-size=\"16\"");
    put_text(out, self->decision->problem, 90);
    fputs("</text>\n", out);
    for (uint32_t k = 0; k < columns; k++) {
        uint32_t x = LEFT + k * CELL_WIDTH + CELL_WIDTH / 2;
        bool last = k + 1 == columns;
        put_label(out, x, TOP - 26, middle);
        put_text(out,
                 last ? "first in samples"
                      : self->table.columns[sight->columns[k]].id,
                 NAME_MAX_SHOWN);
        fputs("</text>\n", out);
        put_label(out, x, TOP - 8, middle);
        if (!last)
            fprintf(out, "%s, %.0f %%", sight->max[k] ? "max" : "min",
                    100 * sight->weights[k]);
        fputs("</text>\n", out);
    }
}

static void
put_row(FILE *out, const struct decision_result *self,
        const struct sight *sight, uint32_t row)
{
    const struct matrix *matrix = &sight->matrix;
    uint32_t line = self->options[row];
    for (uint32_t k = 0; k < matrix->columns; k++)
        put_cell(out, k, line, part_of(matrix, row, k),
                 matrix->values[(size_t) row * matrix->columns + k]);
    if (self->samples > 0) {
        double share = troupe__acceptability(self, row, 0);
        put_cell(out, matrix->columns, line, share, share);
    }
}

char *
troupe__result_svg(const struct decision_result *self)
{
    CHECK(self);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CHECK(out);
    struct sight sight = troupe__sight(&self->table, VIEW_BASE);
    put_head(out, self, &sight);
    for (uint32_t i = 0; i < self->decision->option_count; i++) {
        const struct standing *standing = &self->standing[i];
        put_title(out, self, i, i);
        if (standing->excluded || standing->incomplete)
            put_grey(out, i, sight.matrix.columns + 1, standing->reason);
    }
    for (uint32_t i = 0; i < self->table.rows; i++)
        put_row(out, self, &sight, i);
    fputs("</svg>\n", out);
    troupe__sight_clear(&sight);
    CHECK(fclose(out) == 0);
    return text;
}
