/* SPDX-License-Identifier: Apache-2.0 */
/* report_limits.c: what a run did not see, could not check, or went without. */
#include "actors/report.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "actors/web.h"
#include "mailbox/check.h"

#define LIMIT_MAX 1024
#define NAME_SIZE 256

/* "engine bm25 (failed: ...), analyser sentiment (timeout: ...), page
 * http://... (failed: ...) and 4 other pages" */
static void
name_missing(const struct troupe_report *self, char *text, size_t size)
{
    size_t used = 0;
    unsigned pages = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < self->part_count && used < size; i++) {
        const struct part *part = &self->parts[i];
        if (!troupe__part_missing(self, part))
            continue;
        pages += part->role == PART_PAGE;
        if (pages > 1)
            continue; /* they are last */
        int wrote = snprintf(text + used, size - used, "%s%s %.*s (%s%s%s)",
                             used ? ", " : "", troupe__part_noun(part->role),
                             NAME_SIZE, part->url ? part->url : part->name,
                             troupe__part_state_name(part->state),
                             *part->reason ? ": " : "", part->reason);
        used += wrote > 0 ? (size_t) wrote : 0;
    }
    if (pages > 1 && used < size) {
        (void) snprintf(text + used, size - used, " and %u other page%s",
                        pages - 1, pages > 2 ? "s" : "");
    }
}

void
troupe__report_degradation(const struct troupe_report *self, char *text,
                           size_t size)
{
    CHECK(text && size > 0);
    char names[REPORT_DEGRADATION_SIZE - 256];
    name_missing(self, names, sizeof names);
    const char *why = self->interrupted       ? "interrupted; "
                      : self->deadline_passed ? "the deadline passed; "
                      : self->over_budget     ? "the budget is used up; "
                                              : "";
    const struct origin *origin = &self->origin;
    const char *index =
        origin->incomplete ? "the index was not finished; " : "";
    char skipped[64] = "";
    if (troupe__most_is_skipped(origin)) {
        snprintf(skipped, sizeof skipped, "%u of %u files were skipped; ",
                 origin->skipped, origin->skipped + origin->documents);
    }
    snprintf(text, size, "%s%s%s%s%s", why, index, skipped,
             *names ? "without " : "every part answered", names);
}

/* "Engine bm25", "Page http://..." */
static void
name_part(const struct part *part, char *text, size_t size)
{
    const char *noun = troupe__part_noun(part->role);
    (void) snprintf(text, size, "%c%s %s", toupper((unsigned char) *noun),
                    noun + 1, part->url ? part->url : part->name);
}

static void
say_healed(const struct troupe_report *self, void (*say)(void *, const char *),
           void *data)
{
    for (uint32_t i = 0; i < self->part_count; i++) {
        const struct part *part = &self->parts[i];
        char line[LIMIT_MAX], name[NAME_SIZE];
        bool there = part->state == PART_DONE || part->state == PART_SKIPPED;
        name_part(part, name, sizeof name);
        if (part->state == PART_DONE && part->attempts > 1) {
            snprintf(line, sizeof line,
                     "%s failed %u time%s, was %s again: its answer is "
                     "complete.",
                     name, part->attempts - 1, part->attempts > 2 ? "s" : "",
                     part->role == PART_MODEL ? "called"
                                              : "restarted and asked");
            say(data, line);
        } else if (there) {
            continue;
        } else if (part->usable > 0) {
            snprintf(line, sizeof line,
                     "%s answered %u of %u questions (%s%s%s); that it did not "
                     "answer the others is no evidence for or against "
                     "anything.",
                     name, part->usable, part->asked,
                     troupe__part_state_name(part->state),
                     *part->reason ? ": " : "", part->reason);
            say(data, line);
        } else {
            char often[32] = "";
            if (part->attempts > 1)
                snprintf(often, sizeof often, ", asked %u times",
                         part->attempts);
            snprintf(line, sizeof line,
                     "%s gave no answer%s (%s%s%s); that is no evidence for or "
                     "against anything.",
                     name, often, troupe__part_state_name(part->state),
                     *part->reason ? ": " : "", part->reason);
            say(data, line);
        }
    }
}

static void
say_claims(const struct troupe_report *self, void (*say)(void *, const char *),
           void *data)
{
    char line[LIMIT_MAX];
    unsigned unverified = 0;
    for (uint32_t i = 0; i < self->facts.count; i++)
        unverified += self->facts.claims[i].verdict == VERDICT_UNVERIFIED;
    if (self->has_facts) {
        snprintf(line, sizeof line,
                 "%u of %u claims are unverified: no independent source of "
                 "the %u looked at speaks of them.",
                 unverified, self->facts.count, self->facts.sources);
        say(data, line);
    }
    if (self->summary.missing && *self->summary.missing) {
        snprintf(line, sizeof line,
                 "No source of the answer has these words of the question: "
                 "%s.",
                 self->summary.missing);
        say(data, line);
    }
    if (self->flag_count > 0) {
        snprintf(line, sizeof line,
                 "%u passage%s that give%s orders to who reads the sources "
                 "%s flagged, left out, and not followed.",
                 self->flag_count, self->flag_count == 1 ? "" : "s",
                 self->flag_count == 1 ? "s" : "",
                 self->flag_count == 1 ? "was" : "were");
        say(data, line);
    }
}

/* Those that could be looked at: of the web, those that were found. */
static uint32_t
documents_of(const struct troupe_report *self)
{
    uint32_t count = self->origin.documents;
    uint32_t passages = (uint32_t) troupe_passages_count(self->passages);
    for (uint32_t i = 0; i < passages; i++) {
        const char *path = troupe_passages_at(self->passages, i)->path;
        count +=
            troupe__web_is_page(path) && troupe__report_first(self, i) == i;
    }
    return count;
}

static void
say_web(const struct troupe_report *self, void (*say)(void *, const char *),
        void *data)
{
    unsigned read = 0, found = 0;
    for (uint32_t i = 0; i < self->part_count; i++) {
        bool page = self->parts[i].role == PART_PAGE;
        read += page && self->parts[i].state == PART_DONE;
    }
    uint32_t count = (uint32_t) troupe_passages_count(self->passages);
    for (uint32_t i = 0; i < count; i++) {
        found +=
            troupe__web_is_page(troupe_passages_at(self->passages, i)->path)
            && troupe__report_first(self, i) == i;
    }
    if (found == 0)
        return;
    char line[LIMIT_MAX];
    snprintf(line, sizeof line,
             "%u page%s of the web %s read whole; of others only what the "
             "search engines quote.",
             read, read == 1 ? "" : "s", read == 1 ? "was" : "were");
    say(data, line);
}

/* "history, figures" */
static void
say_gaps(const struct troupe_report *self, void (*say)(void *, const char *),
         void *data)
{
    char line[LIMIT_MAX], names[2][NAME_SIZE] = {"", ""};
    for (uint32_t i = 0; i < self->facet_count; i++) {
        const struct facet *it = &self->facets[i];
        char *list = names[it->searched];
        size_t used = strlen(list);
        if (it->passages == 0)
            snprintf(list + used, NAME_SIZE - used, "%s%s",
                     used > 0 ? ", " : "", it->name);
    }
    if (*names[true]) {
        snprintf(line, sizeof line,
                 "Searched for without success, as sides of the question: %s.",
                 names[true]);
        say(data, line);
    }
    if (*names[false] && troupe__report_searched(self)) {
        snprintf(line, sizeof line,
                 "Not searched for, as no engine answered that: %s.",
                 names[false]);
        say(data, line);
    }
}

/* What models wrote and was not believed; what they cost. */
static void
say_models(const struct troupe_report *self, void (*say)(void *, const char *),
           void *data)
{
    char line[LIMIT_MAX];
    for (uint32_t i = 0; i < self->written_count; i++) {
        if (self->written[i].text)
            continue;
        snprintf(line, sizeof line,
                 "Sentence %u of the writer was rejected, as %s; quotes stand "
                 "for it.",
                 i + 1, self->written[i].why);
        say(data, line);
    }
    if (!self->has_cost)
        return;
    snprintf(line, sizeof line,
             "Counted %s %llu call%s of models, with %llu tokens%s%s.",
             self->calls == 1 ? "is" : "are", (unsigned long long) self->calls,
             self->calls == 1 ? "" : "s", (unsigned long long) self->tokens,
             self->cost_known ? "" : ", some of them guessed",
             troupe__report_tally(self, PART_MODEL).failed > 0
                 ? "; those that failed at no cost are not among them"
                 : "");
    say(data, line);
    if (self->replayed > 0) {
        snprintf(line, sizeof line,
                 "%llu answer%s of models %s in the journal of the run and %s "
                 "not paid for again; what the run cost before is counted "
                 "above.",
                 (unsigned long long) self->replayed,
                 self->replayed == 1 ? "" : "s",
                 self->replayed == 1 ? "was" : "were",
                 self->replayed == 1 ? "was" : "were");
        say(data, line);
    }
    if (self->hedged > 0) {
        snprintf(line, sizeof line,
                 "%llu of these calls %s a second request, as the first was "
                 "late.",
                 (unsigned long long) self->hedged,
                 self->hedged == 1 ? "was" : "were each");
        say(data, line);
    }
}

/* "Engines: 5 asked, 4 answered, 4 usable, 1 failed. Analysers: ..." */
static void
say_tally(const struct troupe_report *self, void (*say)(void *, const char *),
          void *data)
{
    static const enum part_role roles[] = {PART_ENGINE, PART_ANALYSER,
                                           PART_MODEL, PART_PAGE};
    char line[LIMIT_MAX] = "";
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        struct part_tally it = troupe__report_tally(self, roles[i]);
        size_t used = strlen(line);
        if (it.asked == 0)
            continue;
        const char *noun = troupe__part_noun(roles[i]);
        snprintf(line + used, sizeof line - used,
                 "%s%c%ss: %u asked, %u answered, %u usable, %u failed.",
                 used > 0 ? " " : "", toupper((unsigned char) *noun), noun + 1,
                 it.asked, it.answered, it.usable, it.failed);
    }
    say(data, line);
}

void
troupe__report_limits(const struct troupe_report *self,
                      void (*say)(void *data, const char *text), void *data)
{
    CHECK(say);
    char line[LIMIT_MAX];
    bool searched = troupe__report_searched(self);
    if (searched) {
        snprintf(line, sizeof line,
                 "Read were %u passages of %u documents; only what the engines "
                 "brought up was looked at.",
                 (unsigned) troupe_passages_count(self->passages),
                 documents_of(self));
    } else {
        snprintf(line, sizeof line,
                 "No engine answered: nothing was looked at, and this report "
                 "is no evidence for or against anything.");
    }
    say(data, line);
    say_tally(self, say, data);
    say_web(self, say, data);
    if (self->origin.incomplete)
        say(data, "The index was not finished before the deadline: documents "
                  "are missing from it.");
    if (self->origin.skipped > 0) {
        snprintf(line, sizeof line, "%u file%s could not be read.",
                 self->origin.skipped, self->origin.skipped == 1 ? "" : "s");
        say(data, line);
    }
    if (self->coordinator_failures > 0) {
        snprintf(line, sizeof line,
                 "The coordinator failed %u time%s, was restarted and asked "
                 "again.",
                 self->coordinator_failures,
                 self->coordinator_failures == 1 ? "" : "s");
        say(data, line);
    }
    say_healed(self, say, data);
    say_claims(self, say, data);
    say_gaps(self, say, data);
    say_models(self, say, data);
    if (!searched)
        return;
    say(data, self->written_count > self->rejected
                  ? "What a model wrote rests on the quotes behind it; the "
                    "rest is quoted, not written."
                  : "Sentences are quoted, not written: the report does not "
                    "reason beyond its sources.");
}
