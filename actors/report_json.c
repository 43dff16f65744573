/* SPDX-License-Identifier: Apache-2.0 */
/* report_json.c: a report for programs; see REPORT.md for its shape. */
#include "actors/report.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "actors/web.h"
#include "mailbox/check.h"

#define SCHEMA "troupe-report-1"

/* jansson gives NULL only for memory or text that is not UTF-8: a bug. */
static json_t *
sure(json_t *value)
{
    CHECK(value);
    return value;
}

static void
set(json_t *object, const char *key, json_t *value)
{
    CHECK(json_object_set_new(object, key, sure(value)) == 0);
}

static void
append(json_t *array, json_t *value)
{
    CHECK(json_array_append_new(array, sure(value)) == 0);
}

/* Text that the command was given may be anything. */
static json_t *
text_of(const char *text, size_t size)
{
    json_t *value = json_stringn(text, size);
    return value ? value : json_string("(not UTF-8)");
}

static json_t *
citation_of(const struct troupe_report *self, const struct place *place)
{
    const troupe_passage_t *passage =
        troupe_passages_at(self->passages, place->passage);
    CHECK(place->start >= passage->start && place->end <= passage->end);
    json_t *citation = sure(json_object());
    set(citation, "path", text_of(passage->path, strlen(passage->path)));
    set(citation, "start", json_integer((json_int_t) place->start));
    set(citation, "end", json_integer((json_int_t) place->end));
    set(citation, "quote",
        text_of(passage->text + (place->start - passage->start),
                place->end - place->start));
    return citation;
}

static json_t *
citations_of(const struct troupe_report *self, const struct places *places)
{
    json_t *list = sure(json_array());
    for (uint32_t i = 0; i < places->count; i++)
        append(list, citation_of(self, &places->items[i]));
    return list;
}

static json_t *
answer_of(const struct troupe_report *self)
{
    json_t *sentences = sure(json_array());
    for (uint32_t i = 0; i < self->summary.count; i++) {
        const struct point *point = &self->summary.points[i];
        const struct claim *claim = troupe__report_claim(self, &point->place);
        json_t *sentence = sure(json_object());
        set(sentence, "citation", citation_of(self, &point->place));
        set(sentence, "score", json_real(point->score));
        set(sentence, "verdict",
            claim ? json_string(troupe__verdict_word(claim->verdict))
                  : json_null());
        append(sentences, sentence);
    }
    json_t *answer = sure(json_object());
    set(answer, "direct", json_boolean(self->summary.direct));
    set(answer, "coverage", json_real(self->summary.coverage));
    const char *missing = self->summary.missing ? self->summary.missing : "";
    set(answer, "missing", text_of(missing, strlen(missing)));
    set(answer, "sentences", sentences);
    return answer;
}

static json_t *
claims_of(const struct troupe_report *self, bool contradicted)
{
    json_t *list = sure(json_array());
    for (uint32_t i = 0; i < self->facts.count; i++) {
        const struct claim *claim = &self->facts.claims[i];
        if (contradicted != (claim->verdict == VERDICT_CONTRADICTED))
            continue;
        json_t *item = sure(json_object());
        set(item, "citation", citation_of(self, &claim->place));
        set(item, "verdict", json_string(troupe__verdict_word(claim->verdict)));
        set(item, "score", json_real(claim->score));
        set(item, "support", citations_of(self, &claim->support));
        set(item, "against", citations_of(self, &claim->against));
        set(item, "reason",
            claim->reason ? text_of(claim->reason, strlen(claim->reason))
                          : json_null());
        append(list, item);
    }
    return list;
}

static json_t *
engines_of(const struct troupe_report *self, uint32_t engines)
{
    json_t *list = sure(json_array());
    for (uint32_t i = 0; i < self->part_count; i++)
        if (self->parts[i].role == PART_ENGINE && engines & self->parts[i].bit)
            append(list, json_string(self->parts[i].name));
    return list;
}

static json_t *
mood_of(const struct mood *mood)
{
    return sure(json_pack("{s:s, s:f, s:i, s:i}", "label",
                          troupe__mood_word(mood), "compound", mood->compound,
                          "sentences", (int) mood->sentences, "opinions",
                          (int) mood->opinions));
}

static json_t *
passages_of(const struct troupe_report *self, uint32_t first)
{
    json_t *list = sure(json_array());
    const char *path = troupe_passages_at(self->passages, first)->path;
    size_t count = troupe_passages_count(self->passages);
    for (size_t i = first; i < count; i++) {
        const troupe_passage_t *it = troupe_passages_at(self->passages, i);
        if (strcmp(it->path, path) != 0)
            continue;
        json_t *item = sure(json_object());
        set(item, "rank", json_integer((json_int_t) i + 1));
        set(item, "heading", text_of(it->heading, strlen(it->heading)));
        set(item, "start", json_integer((json_int_t) it->start));
        set(item, "end", json_integer((json_int_t) it->end));
        set(item, "score", json_real(it->score));
        set(item, "engines", engines_of(self, it->engines));
        set(item, "duplicates", json_integer(it->duplicates));
        if (troupe__web_is_page(path)) /* it may be gone tomorrow */
            set(item, "text", text_of(it->text, strlen(it->text)));
        append(list, item);
    }
    return list;
}

static json_t *
sources_of(const struct troupe_report *self)
{
    json_t *list = sure(json_array());
    uint32_t count = (uint32_t) troupe_passages_count(self->passages);
    for (uint32_t i = 0; i < count; i++) {
        if (troupe__report_source(self, i) != json_array_size(list) + 1)
            continue;
        const troupe_passage_t *best = troupe_passages_at(self->passages, i);
        json_t *source = sure(json_object());
        set(source, "rank",
            json_integer((json_int_t) json_array_size(list) + 1));
        set(source, "path", text_of(best->path, strlen(best->path)));
        set(source, "title", text_of(best->title, strlen(best->title)));
        set(source, "score", json_real(best->score));
        set(source, "passages", passages_of(self, i));
        json_t *mood = NULL;
        for (uint32_t j = 0; j < self->sentiment.count; j++)
            if (self->sentiment.documents[j].passage == i)
                mood = mood_of(&self->sentiment.documents[j]);
        set(source, "sentiment", mood ? mood : json_null());
        append(list, source);
    }
    return list;
}

static json_t *
written_of(const struct troupe_report *self)
{
    json_t *list = sure(json_array());
    for (uint32_t i = 0; i < self->written_count; i++) {
        const struct written *it = &self->written[i];
        json_t *item = sure(json_object());
        set(item, "text",
            it->text ? text_of(it->text, strlen(it->text)) : json_null());
        set(item, "citations", citations_of(self, &it->places));
        set(item, "checked", json_boolean(it->checked));
        set(item, "rejected", it->why ? json_string(it->why) : json_null());
        append(list, item);
    }
    return list;
}

static json_t *
cost_of(const struct troupe_report *self)
{
    if (!self->has_cost)
        return json_null();
    return json_pack(
        "{s:I, s:I, s:f, s:b, s:I, s:I}", "calls", (json_int_t) self->calls,
        "tokens", (json_int_t) self->tokens, "money", self->money, "known",
        (int) self->cost_known, "replayed", (json_int_t) self->replayed,
        "hedged", (json_int_t) self->hedged);
}

static json_t *
facets_of(const struct troupe_report *self)
{
    json_t *list = sure(json_array());
    for (uint32_t i = 0; i < self->facet_count; i++) {
        append(list, json_pack("{s:s, s:i, s:b}", "name", self->facets[i].name,
                               "passages", (int) self->facets[i].passages,
                               "searched", (int) self->facets[i].searched));
    }
    return list;
}

static json_t *
flags_of(const struct troupe_report *self)
{
    json_t *list = sure(json_array());
    for (uint32_t i = 0; i < self->flag_count; i++) {
        const struct flag *it = &self->flags[i];
        json_t *item = sure(json_object());
        set(item, "path", text_of(it->path, strlen(it->path)));
        set(item, "start", json_integer((json_int_t) it->start));
        set(item, "end", json_integer((json_int_t) it->end));
        set(item, "reason", json_string(it->reason));
        append(list, item);
    }
    return list;
}

static json_t *
confidence_of(const struct confidence *it)
{
    return sure(json_pack(
        "{s:f, s:s, s:s, s:{s:f, s:f, s:f, s:f, s:f}, s:f, s:s}", "value",
        it->value, "label", troupe__confidence_word(it), "formula",
        "min(cap, 0.30 support + 0.25 agreement + 0.20 coverage + "
        "0.15 retrieval + 0.10 success)",
        "parts", "support", it->support, "agreement", it->agreement, "coverage",
        it->coverage, "retrieval", it->retrieval, "success", it->success, "cap",
        it->cap, "cap_reason", it->why));
}

static void
append_limit(void *data, const char *text)
{
    append(data, text_of(text, strlen(text)));
}

static json_t *
parts_of(const struct troupe_report *self)
{
    json_t *list = sure(json_array());
    for (uint32_t i = 0; i < self->part_count; i++) {
        const struct part *part = &self->parts[i];
        json_t *item = sure(
            json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:f, s:f}", "name",
                      part->name, "role", troupe__part_noun(part->role),
                      "state", troupe__part_state_name(part->state), "attempts",
                      (int) part->attempts, "restarts", (int) part->restarts,
                      "results", (int) part->results, "start_ms",
                      part->start_ms, "elapsed_ms", part->elapsed_ms));
        set(item, "reason", text_of(part->reason, strlen(part->reason)));
        if (part->url)
            set(item, "url", text_of(part->url, strlen(part->url)));
        append(list, item);
    }
    return list;
}

/* null where nobody of the role takes part. */
static json_t *
tally_of(const struct troupe_report *self, enum part_role role)
{
    struct part_tally tally = troupe__report_tally(self, role);
    json_t *reasons = sure(json_array());
    for (uint32_t i = 0; i < self->part_count; i++) {
        const struct part *part = &self->parts[i];
        if (part->role != role || !troupe__part_failed(part))
            continue;
        json_t *item = sure(json_pack("{s:s, s:s}", "name", part->name, "state",
                                      troupe__part_state_name(part->state)));
        set(item, "reason", text_of(part->reason, strlen(part->reason)));
        if (part->url)
            set(item, "url", text_of(part->url, strlen(part->url)));
        append(reasons, item);
    }
    json_t *it = sure(json_pack(
        "{s:i, s:i, s:i, s:i, s:o}", "asked", (int) tally.asked, "answered",
        (int) tally.answered, "usable", (int) tally.usable, "failed",
        (int) tally.failed, "reasons", reasons));
    if (tally.parts > 0)
        return it;
    json_decref(it);
    return json_null();
}

static json_t *
tallies_of(const struct troupe_report *self)
{
    json_t *it = sure(json_object());
    set(it, "engines", tally_of(self, PART_ENGINE));
    set(it, "analysers", tally_of(self, PART_ANALYSER));
    set(it, "models", tally_of(self, PART_MODEL));
    set(it, "pages", tally_of(self, PART_PAGE));
    return it;
}

static json_t *
run_of(const struct troupe_report *self)
{
    json_t *roots = sure(json_array());
    for (uint32_t i = 0; i < self->origin.root_count; i++)
        append(roots,
               text_of(self->origin.roots[i], strlen(self->origin.roots[i])));
    json_t *skips = sure(json_array());
    const struct texts *texts = &self->origin.skips;
    for (uint32_t i = 0; i + 1 < texts->count; i += 2)
        append(skips, sure(json_pack("{s:s, s:s}", "path", texts->items[i],
                                     "reason", texts->items[i + 1])));
    json_t *run = sure(json_object());
    set(run, "elapsed_ms", json_real(self->elapsed_ms));
    set(run, "deadline_ms", json_integer(self->deadline_ms));
    set(run, "deadline_passed", json_boolean(self->deadline_passed));
    set(run, "interrupted", json_boolean(self->interrupted));
    set(run, "coordinator_failures", json_integer(self->coordinator_failures));
    set(run, "actors", parts_of(self));
    set(run, "cost", cost_of(self));
    set(run, "corpus",
        json_pack("{s:o, s:i, s:i, s:i, s:o, s:b}", "roots", roots, "documents",
                  (int) self->origin.documents, "passages",
                  (int) self->origin.passages, "skipped",
                  (int) self->origin.skipped, "skips", skips, "incomplete",
                  (int) self->origin.incomplete));
    return run;
}

char *
troupe__report_json(const struct troupe_report *self)
{
    CHECK(self);
    char why[REPORT_DEGRADATION_SIZE];
    bool degraded = troupe__report_degraded(self);
    troupe__report_degradation(self, why, sizeof why);
    json_t *limits = sure(json_array());
    troupe__report_limits(self, append_limit, limits);
    json_t *root = sure(json_object());
    set(root, "schema", json_string(SCHEMA));
    set(root, "degraded", json_boolean(degraded));
    set(root, "degraded_reason",
        degraded ? text_of(why, strlen(why)) : json_null());
    set(root, "tally", tallies_of(self));
    set(root, "question", text_of(self->question, strlen(self->question)));
    set(root, "kind",
        self->summary.kind ? json_string(self->summary.kind) : json_null());
    set(root, "answer", self->has_summary ? answer_of(self) : json_null());
    set(root, "written", self->written ? written_of(self) : json_null());
    set(root, "findings",
        self->has_facts ? claims_of(self, false) : json_null());
    set(root, "disagreements",
        self->has_facts ? claims_of(self, true) : json_null());
    set(root, "facets", facets_of(self));
    set(root, "sources", sources_of(self));
    set(root, "flagged", flags_of(self));
    set(root, "sentiment",
        self->has_sentiment ? mood_of(&self->sentiment.whole) : json_null());
    set(root, "confidence", confidence_of(&self->confidence));
    set(root, "limits", limits);
    set(root, "run", run_of(self));
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER
                                      | JSON_REAL_PRECISION(6));
    CHECK(text);
    json_decref(root);
    return text;
}
