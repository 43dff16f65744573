/* SPDX-License-Identifier: Apache-2.0 */
/* report_sources.c: the sources of a report, and text of theirs, in Markdown. */
#include "actors/report_markdown.h"

#include <string.h>

#include "actors/web.h"
#include "mailbox/check.h"

/*
 * Text of a source on one line: white space folded, what Markdown or a
 * terminal would act upon made harmless. JSON has the exact bytes.
 */
void
troupe__report_put_text(FILE *out, const char *text, size_t size)
{
    bool space = false;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char) text[i];
        if (c <= ' ' || c == 0x7f) {
            space = true;
            continue;
        }
        if (space)
            fputc(' ', out);
        space = false;
        if (strchr("\\<[]", c))
            fputc('\\', out);
        fputc(c, out);
    }
}

/* A path as code on one line, whatever is in it (CommonMark 6.1). */
void
troupe__report_put_path(FILE *out, const char *path)
{
    size_t longest = 0;
    for (const char *at = path; (at = strchr(at, '`')); at += strspn(at, "`"))
        if (strspn(at, "`") > longest)
            longest = strspn(at, "`");
    for (size_t i = 0; i <= longest; i++)
        fputc('`', out);
    fputs(longest > 0 ? " " : "", out);
    for (; *path; path++) {
        unsigned char c = (unsigned char) *path;
        if (c < ' ' || c == 0x7f)
            fprintf(out, "\\x%02x", c);
        else
            fputc(c, out);
    }
    fputs(longest > 0 ? " " : "", out);
    for (size_t i = 0; i <= longest; i++)
        fputc('`', out);
}

static void
put_engines(FILE *out, const struct troupe_report *self, uint32_t engines)
{
    bool first = true;
    for (uint32_t i = 0; i < self->part_count; i++) {
        const struct part *part = &self->parts[i];
        if (part->role == PART_ENGINE && engines & part->bit) {
            fprintf(out, "%s%s", first ? "" : ", ", part->name);
            first = false;
        }
    }
}

static const struct mood *
mood_of(const struct troupe_report *self, uint32_t passage)
{
    for (uint32_t i = 0; i < self->sentiment.count; i++)
        if (self->sentiment.documents[i].passage == passage)
            return &self->sentiment.documents[i];
    return NULL;
}

static bool
has_pages(const struct troupe_report *self)
{
    size_t count = troupe_passages_count(self->passages);
    for (size_t i = 0; i < count; i++)
        if (troupe__web_is_page(troupe_passages_at(self->passages, i)->path))
            return true;
    return false;
}

void
troupe__report_put_sources(FILE *out, const struct troupe_report *self)
{
    fputs("## Sources\n\n", out);
    uint32_t number = 0;
    uint32_t count = (uint32_t) troupe_passages_count(self->passages);
    for (uint32_t i = 0; i < count; i++) {
        if (troupe__report_source(self, i) != number + 1)
            continue;
        number += 1;
        const troupe_passage_t *best = troupe_passages_at(self->passages, i);
        uint32_t engines = 0;
        unsigned passages = 0;
        for (uint32_t j = i; j < count; j++) {
            const troupe_passage_t *other =
                troupe_passages_at(self->passages, j);
            if (strcmp(other->path, best->path) != 0)
                continue;
            engines |= other->engines;
            passages += 1;
        }
        fprintf(out, "%u. ", number);
        troupe__report_put_text(out, best->title, strlen(best->title));
        fputs(" - ", out);
        troupe__report_put_path(out, best->path);
        fprintf(out, " (score %.2f, %u passage%s, found by ", best->score,
                passages, passages == 1 ? "" : "s");
        put_engines(out, self, engines);
        const struct mood *mood = mood_of(self, i);
        if (mood)
            fprintf(out, "; %s", troupe__mood_word(mood));
        fputs(")\n", out);
    }
    if (number == 0) {
        fputs(troupe__report_searched(self)
                  ? "None.\n\n"
                  : "Not looked for: no engine answered.\n\n",
              out);
        return;
    }
    fputs("\n[n:start-end] is bytes start to end of source n as "
          "`troupe text PATH` prints it.\n\n",
          out);
    if (has_pages(self)) {
        fputs("Of a page of the web they are of its text as it was read; the "
              "JSON report has it.\n\n",
              out);
    }
}

void
troupe__report_put_facets(FILE *out, const struct troupe_report *self)
{
    if (self->facet_count == 0 || !troupe__report_searched(self))
        return;
    fputs("## Facets\n\nPassages on each side of the question: ", out);
    for (uint32_t i = 0; i < self->facet_count; i++) {
        const struct facet *it = &self->facets[i];
        fprintf(out, "%s%s ", i > 0 ? ", " : "", it->name);
        if (it->searched || it->passages > 0)
            fprintf(out, "%u", it->passages);
        else
            fputs("not searched for", out);
    }
    fputs(".\n\n", out);
}

/* Where, and what it tries; its words are not repeated. */
void
troupe__report_put_flags(FILE *out, const struct troupe_report *self)
{
    if (self->flag_count == 0)
        return;
    fputs("## Flagged sources\n\nThese passages address the program that "
          "reads them. They were neither\nfollowed nor used:\n\n",
          out);
    for (uint32_t i = 0; i < self->flag_count; i++) {
        const struct flag *it = &self->flags[i];
        fputs("- ", out);
        troupe__report_put_path(out, it->path);
        fprintf(out, ", bytes %zu-%zu: %s\n", it->start, it->end, it->reason);
    }
    fputc('\n', out);
}
