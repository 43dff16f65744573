/* SPDX-License-Identifier: Apache-2.0 */
/* search_output.c: what `troupe search` found, for people and for programs. */
#include "tools/search.h"

/* The text on one line, cut between words when it is long. */
static void
print_text(FILE *out, const char *text, bool full)
{
    if (full) {
        fputs("\n    ", out);
        for (; *text; text++) {
            fputc(*text, out);
            if (*text == '\n')
                fputs("    ", out);
        }
        fputc('\n', out);
        return;
    }
    fputs("    ", out);
    size_t printed = 0;
    bool space = false;
    for (; *text; text++) {
        bool blank = *text == ' ' || *text == '\n' || *text == '\t';
        if (blank && printed > 280) {
            fputs(" ...", out);
            break;
        }
        if (!blank) {
            if (space && printed > 0)
                fputc(' ', out);
            fputc(*text, out);
            printed++;
        }
        space = blank;
    }
    fputc('\n', out);
}

static void
print_flag(FILE *out, const troupe_passage_t *passage)
{
    size_t start = 0, end = 0;
    const char *reason = troupe_passage_flag(passage, &start, &end);
    if (reason)
        fprintf(out, "    FLAGGED, not to be followed: %s\n", reason);
}

void
troupe__search_print(FILE *out, const struct troupe__search *self)
{
    const struct troupe__search_arguments *arguments = &self->arguments;
    size_t count = troupe_passages_count(self->merged);
    if (count == 0 && !arguments->quiet && !arguments->json)
        fputs("troupe search: nothing was found\n", troupe__errors());
    for (size_t i = 0; i < count; i++) {
        const troupe_passage_t *p = troupe_passages_at(self->merged, i);
        fprintf(out, "%u. %s\n", p->rank, p->title);
        if (p->heading[0])
            fprintf(out, "    %s\n", p->heading);
        print_text(out, p->text, arguments->full);
        print_flag(out, p);
        fputs("    ", out);
        troupe__print_path(out, p->path);
        if (p->engines < 1U << TROUPE_ENGINE_COUNT) /* a place in a document */
            fprintf(out, ":%zu:%zu", p->start, p->end);
        fprintf(out, "  score %.3f ", p->score);
        for (int e = 0; e < TROUPE__SEARCH_MAX; e++)
            if (p->engines & (1U << e))
                fprintf(out, " %s", self->engines[e].name);
        if (p->duplicates > 0)
            fprintf(out, " (and %u like it)", p->duplicates);
        fputc('\n', out);
    }
}

static json_t *
json_engines(const struct troupe__search *self)
{
    json_t *array = json_array();
    for (int i = 0; i < TROUPE__SEARCH_MAX; i++) {
        const struct troupe__search_engine *it = &self->engines[i];
        if (!it->name)
            continue;
        json_t *engine =
            json_pack("{s:s, s:I}", "name", it->name, "found",
                      (json_int_t) troupe_passages_count(it->list));
        if (it->error)
            json_object_set_new(engine, "error", json_string(it->error));
        json_array_append_new(array, engine);
    }
    return array;
}

/* null, or what it tries and where; for who gives it to a model. */
static json_t *
json_flag(const troupe_passage_t *passage)
{
    size_t start = 0, end = 0;
    const char *reason = troupe_passage_flag(passage, &start, &end);
    return reason ? json_pack("{s:s, s:I, s:I}", "reason", reason, "start",
                              (json_int_t) start, "end", (json_int_t) end)
                  : json_null();
}

static json_t *
json_results(const struct troupe__search *self)
{
    json_t *array = json_array();
    for (size_t i = 0; i < troupe_passages_count(self->merged); i++) {
        const troupe_passage_t *p = troupe_passages_at(self->merged, i);
        json_t *engines = json_array();
        for (int e = 0; e < TROUPE__SEARCH_MAX; e++) {
            if (p->engines & (1U << e))
                json_array_append_new(engines,
                                      json_string(self->engines[e].name));
        }
        json_array_append_new(
            array,
            json_pack("{s:I, s:f, s:s, s:s, s:s, s:I, s:I, s:s, s:o, s:I, s:o}",
                      "rank", (json_int_t) p->rank, "score", p->score, "path",
                      p->path, "title", p->title, "heading", p->heading,
                      "start", (json_int_t) p->start, "end",
                      (json_int_t) p->end, "text", p->text, "engines", engines,
                      "duplicates", (json_int_t) p->duplicates, "flag",
                      json_flag(p)));
    }
    return array;
}

char *
troupe__search_json(const struct troupe__search *self, json_t *skipped)
{
    const troupe_corpus_stats_t *stats = &self->stats;
    json_t *object = json_pack(
        "{s:s, s:o, s:{s:I, s:I, s:I, s:I}, s:O, s:o}", "query",
        self->arguments.query, "engines", json_engines(self), "corpus",
        "documents", (json_int_t) stats->documents, "passages",
        (json_int_t) stats->passages, "read", (json_int_t) stats->read,
        "removed", (json_int_t) stats->removed, "skipped", skipped, "results",
        json_results(self));
    char *text = json_dumps(object, JSON_INDENT(2));
    json_decref(object);
    return text;
}
