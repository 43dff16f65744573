/* SPDX-License-Identifier: Apache-2.0 */
/* report_html.c: a report of research as one page of HTML. */
#include "tools/report_html.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/findings.h"
#include "tools/table.h"
#include "tools/timeline.h"

#define NS_PER_MS 1e6
#define ROWS_MAX  100

static const char head[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
    "'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"referrer\" content=\"no-referrer\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>";
static const char style[] =
    "</title>\n<style>\nbody{font:16px/1.5 sans-serif;max-width:52em;"
    "margin:2em auto;padding:0 1em;color:#222}\nq{quotes:none}\n"
    ".degraded{background:#fdd;border:1px solid #d54;padding:.5em 1em}\n"
    ".where,.note{color:#666;font-size:.85em}\n"
    ".supported{color:#175}.contradicted{color:#b32}.unverified{color:#666}\n"
    "table{border-collapse:collapse}td,th{padding:.1em .8em .1em 0;"
    "text-align:left}\n.wide{overflow-x:auto}\n</style>\n</head>\n<body>\n";

static const char *
text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static double
number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static void
put(const char *text, FILE *out)
{
    troupe__xml_write(text, out);
}

/* The number of a source, by its path; 0: there is none. */
static size_t
source_of(const json_t *report, const char *path)
{
    const json_t *sources = json_object_get(report, "sources");
    size_t count = json_array_size(sources);
    for (size_t i = 0; i < count; i++)
        if (strcmp(text_of(json_array_get(sources, i), "path"), path) == 0)
            return i + 1;
    return 0;
}

static void
put_citation(const json_t *report, const json_t *citation, FILE *out)
{
    size_t source = source_of(report, text_of(citation, "path"));
    fputs("<q>", out);
    put(text_of(citation, "quote"), out);
    fprintf(out, "</q> <a class=\"where\" href=\"#s%zu\">[%zu:%.0f-%.0f]</a>",
            source, source, number_of(citation, "start"),
            number_of(citation, "end"));
}

/* Without an engine that answered there is nothing to say of what there is. */
static bool
was_searched(const json_t *report)
{
    const json_t *tally = json_object_get(report, "tally");
    return number_of(json_object_get(tally, "engines"), "usable") > 0;
}

static void
put_written(const json_t *report, FILE *out)
{
    const json_t *written = json_object_get(report, "written");
    size_t index = 0, other = 0;
    json_t *item = NULL, *citation = NULL;
    if (json_array_size(written) == 0)
        return;
    fputs("<h2>In short</h2>\n<p class=\"note\">Written by a model from the "
          "quotes that are named.</p>\n<ul>\n",
          out);
    json_array_foreach(written, index, item)
    {
        fputs("<li>", out);
        put(*text_of(item, "text") ? text_of(item, "text") : "Quoted:", out);
        json_array_foreach(json_object_get(item, "citations"), other, citation)
        {
            fputs("<br>", out);
            put_citation(report, citation, out);
        }
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

static void
put_answer(const json_t *report, FILE *out)
{
    const json_t *answer = json_object_get(report, "answer");
    const json_t *sentences = json_object_get(answer, "sentences");
    size_t index = 0;
    json_t *item = NULL;
    fputs("<h2>Answer</h2>\n", out);
    if (!was_searched(report)) {
        fputs("<p>No engine answered: nothing was looked at. Whether there is "
              "an answer is not known.</p>\n",
              out);
        return;
    }
    if (json_array_size(sentences) == 0) {
        fputs(json_is_object(answer)
                  ? "<p>Nothing that was found answers this question.</p>\n"
                  : "<p>The summariser gave no answer.</p>\n",
              out);
        return;
    }
    if (!json_is_true(json_object_get(answer, "direct"))) {
        fputs("<p>No sentence answers the question directly; the nearest "
              "are:</p>\n",
              out);
    }
    fputs("<ul>\n", out);
    json_array_foreach(sentences, index, item)
    {
        const char *verdict = text_of(item, "verdict");
        fputs("<li>", out);
        put_citation(report, json_object_get(item, "citation"), out);
        if (*verdict)
            fprintf(out, " <span class=\"%s\">%s</span>", verdict, verdict);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

static void
put_others(const json_t *report, const json_t *claim, const char *key,
           const char *words, FILE *out)
{
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(json_object_get(claim, key), index, item)
    {
        fprintf(out, "<br>%s ", words);
        put_citation(report, item, out);
    }
}

static void
put_claims(const json_t *report, const char *title, const char *key, FILE *out)
{
    const json_t *claims = json_object_get(report, key);
    size_t index = 0;
    json_t *item = NULL;
    fprintf(out, "<h2>%s</h2>\n", title);
    if (json_array_size(claims) == 0) {
        fputs(json_is_array(claims) ? "<p>None.</p>\n"
              : was_searched(report)
                  ? "<p>Not checked.</p>\n"
                  : "<p>Not looked for: no engine answered.</p>\n",
              out);
        return;
    }
    fputs("<ol>\n", out);
    json_array_foreach(claims, index, item)
    {
        const char *verdict = text_of(item, "verdict");
        fprintf(out, "<li><span class=\"%s\">%s</span>: ", verdict, verdict);
        put_citation(report, json_object_get(item, "citation"), out);
        if (*text_of(item, "reason")) {
            fputs(" <span class=\"note\">", out);
            put(text_of(item, "reason"), out);
            fputs("</span>", out);
        }
        put_others(report, item, "support", "supported by", out);
        put_others(report, item, "against", "against", out);
        fputs("</li>\n", out);
    }
    fputs("</ol>\n", out);
}

/* Only these are links: any other scheme may be a script. */
static bool
is_link(const char *path)
{
    return strncasecmp(path, "http://", 7) == 0
           || strncasecmp(path, "https://", 8) == 0;
}

static void
put_path(const char *path, FILE *out)
{
    if (is_link(path)) {
        fputs("<a rel=\"noopener noreferrer nofollow\" href=\"", out);
        put(path, out);
        fputs("\">", out);
    }
    fputs("<code>", out);
    put(path, out);
    fputs(is_link(path) ? "</code></a>" : "</code>", out);
}

static void
put_sources(const json_t *report, FILE *out)
{
    size_t index = 0;
    json_t *item = NULL;
    fputs("<h2>Sources</h2>\n", out);
    if (!was_searched(report))
        fputs("<p>Not looked for: no engine answered.</p>\n", out);
    fputs("<ol>\n", out);
    json_array_foreach(json_object_get(report, "sources"), index, item)
    {
        fprintf(out, "<li id=\"s%zu\">", index + 1);
        put(text_of(item, "title"), out);
        fputs(" &ndash; ", out);
        put_path(text_of(item, "path"), out);
        fprintf(out, " <span class=\"note\">score %.2f</span></li>\n",
                number_of(item, "score"));
    }
    fputs("</ol>\n", out);
}

static void
put_flags(const json_t *report, FILE *out)
{
    const json_t *flags = json_object_get(report, "flagged");
    size_t index = 0;
    json_t *item = NULL;
    if (json_array_size(flags) == 0)
        return;
    fputs("<h2>Flagged sources</h2>\n<p>These passages address the program "
          "that reads them. They were neither followed nor used.</p>\n<ul>\n",
          out);
    json_array_foreach(flags, index, item)
    {
        fputs("<li><code>", out); /* no link: nobody should go there */
        put(text_of(item, "path"), out);
        fprintf(out, "</code>, bytes %.0f-%.0f: ", number_of(item, "start"),
                number_of(item, "end"));
        put(text_of(item, "reason"), out);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

static void
put_facets(const json_t *report, FILE *out)
{
    const json_t *facets = json_object_get(report, "facets");
    size_t index = 0;
    json_t *item = NULL;
    if (json_array_size(facets) == 0 || !was_searched(report))
        return;
    fputs("<h2>Facets</h2>\n<table><tr><th>side of the question</th>"
          "<th>passages</th></tr>\n",
          out);
    json_array_foreach(facets, index, item)
    {
        fputs("<tr><td>", out);
        put(text_of(item, "name"), out);
        if (json_is_true(json_object_get(item, "searched"))
            || number_of(item, "passages") > 0) {
            fprintf(out, "</td><td>%.0f</td></tr>\n",
                    number_of(item, "passages"));
        } else {
            fputs("</td><td>not searched for</td></tr>\n", out);
        }
    }
    fputs("</table>\n", out);
}

static void
put_confidence(const json_t *report, FILE *out)
{
    const json_t *confidence = json_object_get(report, "confidence");
    const json_t *parts = json_object_get(confidence, "parts");
    const char *key = NULL;
    json_t *item = NULL;
    fprintf(out, "<h2>Confidence</h2>\n<p>%.2f (%s)",
            number_of(confidence, "value"), text_of(confidence, "label"));
    if (*text_of(confidence, "cap_reason"))
        fprintf(out, "; at most %.2f because ", number_of(confidence, "cap"));
    put(text_of(confidence, "cap_reason"), out);
    fputs("</p>\n<table>\n", out);
    json_object_foreach((json_t *) (uintptr_t) parts, key, item)
    {
        fprintf(out, "<tr><td>%s</td><td>%.2f</td></tr>\n", key,
                json_number_value(item));
    }
    fputs("</table>\n", out);
}

static void
put_limits(const json_t *report, FILE *out)
{
    size_t index = 0;
    json_t *item = NULL;
    fputs("<h2>Limits of this run</h2>\n<ul>\n", out);
    json_array_foreach(json_object_get(report, "limits"), index, item)
    {
        fputs("<li>", out);
        put(json_string_value(item), out);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

static struct troupe__bar
bar_of(const json_t *actor)
{
    const char *state = text_of(actor, "state");
    double from_ns = number_of(actor, "start_ms") * NS_PER_MS;
    double to_ns = from_ns + number_of(actor, "elapsed_ms") * NS_PER_MS;
    return (struct troupe__bar){
        .name = json_object_get(actor, "url") ? text_of(actor, "url")
                                              : text_of(actor, "name"),
        .state = state,
        .why = text_of(actor, "reason"),
        .style = strcmp(state, "done") == 0     ? TROUPE__BAR_OK
                 : strcmp(state, "failed") == 0 ? TROUPE__BAR_BAD
                                                : TROUPE__BAR_LATE,
        .tries = (uint32_t) number_of(actor, "attempts"),
        .ready_ns = (uint64_t) from_ns,
        .from_ns = (uint64_t) from_ns,
        .to_ns = (uint64_t) to_ns};
}

void
troupe__report_timeline(const json_t *report, FILE *out)
{
    const json_t *run = json_object_get(report, "run");
    const json_t *actors = json_object_get(run, "actors");
    struct troupe__bar bars[ROWS_MAX];
    size_t count = json_array_size(actors);
    char text[32];
    uint64_t wall_ns = (uint64_t) (number_of(run, "elapsed_ms") * NS_PER_MS);
    count = count < ROWS_MAX ? count : ROWS_MAX;
    for (size_t i = 0; i < count; i++)
        bars[i] = bar_of(json_array_get(actors, i));
    troupe__timeline_draw(bars, count, wall_ns,
                          troupe__time_text(wall_ns, text), out);
}

void
troupe__report_html(const json_t *report, FILE *out)
{
    fputs(head, out);
    put(text_of(report, "question"), out);
    fputs(style, out);
    if (json_is_true(json_object_get(report, "degraded"))) {
        fputs("<p class=\"degraded\"><strong>Degraded report</strong>: ", out);
        put(text_of(report, "degraded_reason"), out);
        fputs(".</p>\n", out);
    }
    fputs("<h1>", out);
    put(text_of(report, "question"), out);
    fputs("</h1>\n", out);
    put_written(report, out);
    put_answer(report, out);
    put_claims(report, "Findings", "findings", out);
    put_claims(report, "Disagreements", "disagreements", out);
    put_facets(report, out);
    put_sources(report, out);
    put_flags(report, out);
    put_confidence(report, out);
    fputs("<h2>Timeline</h2>\n<div class=\"wide\">\n", out);
    troupe__report_timeline(report, out);
    fputs("</div>\n", out);
    put_limits(report, out);
    fputs("</body>\n</html>\n", out);
}
