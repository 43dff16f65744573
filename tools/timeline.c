/* SPDX-License-Identifier: Apache-2.0 */
/* timeline.c: draws what ran when. */
#include "tools/timeline.h"

#include "tools/table.h"

#define ROW            18 /* pixels */
#define LEFT           220
#define WIDTH          900
#define NAME_MAX_SHOWN 30

void
troupe__xml_write(const char *text, FILE *out)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char) *text;
        if (c == '<')
            fputs("&lt;", out);
        else if (c == '>')
            fputs("&gt;", out);
        else if (c == '&')
            fputs("&amp;", out);
        else if (c == '"')
            fputs("&quot;", out);
        else if (c == '\'')
            fputs("&#39;", out);
        else
            fputc(c < ' ' || c == 0x7f ? ' ' : c, out);
    }
}

static double
place_of(uint64_t ns, uint64_t wall_ns)
{
    double all = wall_ns > 0 ? (double) wall_ns : 1;
    return LEFT + (double) ns / all * WIDTH;
}

static void
write_bar(const char *style, double from, double to, size_t row, FILE *out)
{
    fprintf(out,
            "<rect class=\"%s\" x=\"%.2f\" y=\"%zu\" width=\"%.2f\" "
            "height=\"%d\"/>",
            style, from, row * ROW + 4, to - from > 1 ? to - from : 1, ROW - 6);
}

/* As many bytes of a name as there is room for, and no half character. */
static void
write_name(const char *name, FILE *out)
{
    char shown[NAME_MAX_SHOWN + 1];
    size_t size = 0;
    while (size < NAME_MAX_SHOWN && name[size]) {
        shown[size] = name[size];
        size += 1;
    }
    while (size > 0 && ((unsigned char) name[size] & 0xc0) == 0x80)
        size -= 1;
    shown[size] = '\0';
    troupe__xml_write(shown, out);
}

static void
write_row(const struct troupe__bar *bar, uint64_t wall_ns, size_t row,
          FILE *out)
{
    static const char *const styles[] = {[TROUPE__BAR_OK] = "ok",
                                         [TROUPE__BAR_BAD] = "bad",
                                         [TROUPE__BAR_LATE] = "late"};
    char text[32];
    fputs("<g><title>", out);
    troupe__xml_write(bar->name, out);
    fprintf(out, ": %s, %u tries, %s", bar->state, bar->tries,
            troupe__time_text(bar->to_ns - bar->from_ns, text));
    if (*bar->why)
        fputs(": ", out);
    troupe__xml_write(bar->why, out);
    fprintf(out, "</title><text x=\"4\" y=\"%zu\">", row * ROW + ROW - 5);
    write_name(bar->name, out);
    fputs("</text>", out);
    if (bar->from_ns > bar->ready_ns)
        write_bar("wait", place_of(bar->ready_ns, wall_ns),
                  place_of(bar->from_ns, wall_ns), row, out);
    write_bar(styles[bar->style], place_of(bar->from_ns, wall_ns),
              place_of(bar->to_ns, wall_ns), row, out);
    fputs("</g>\n", out);
}

void
troupe__timeline_draw(const struct troupe__bar *bars, size_t count,
                      uint64_t wall_ns, const char *foot, FILE *out)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
            "height=\"%zu\" font-family=\"sans-serif\" font-size=\"12\">\n"
            "<style>.ok{fill:#4a9}.bad{fill:#d54}.late{fill:#da4}"
            ".wait{fill:#ddd}</style>\n",
            LEFT + WIDTH + 20, (count + 2) * ROW);
    for (size_t i = 0; i < count; i++)
        write_row(&bars[i], wall_ns, i, out);
    fprintf(out, "<text x=\"4\" y=\"%zu\">", (count + 1) * ROW);
    troupe__xml_write(foot, out);
    fputs("</text>\n</svg>\n", out);
}
