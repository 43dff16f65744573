/* SPDX-License-Identifier: Apache-2.0 */
/* report.c: what a report knows: its sources, its confidence, its limits. */
#include "actors/report.h"

#include <math.h>
#include <string.h>

#include "actors/document.h"
#include "mailbox/check.h"

#define ENOUGH_SOURCES    2.0 /* independent supporters that make a claim sure */
#define TOP_PASSAGES      10  /* whose engines are counted */
#define UNKNOWN_AGREEMENT 0.5 /* no two sources speak of the same */
#define DEGRADED_CAP      0.6
#define COVERED           0.7 /* of a question; a word less is no matter */
#define MISSING_CAP       0.35
#define INDIRECT_CAP      0.5
#define HIGH              0.7
#define MEDIUM            0.45

/* A picture among documents takes nothing away from them. */
static bool
is_no_document(const char *reason)
{
    return strcmp(reason, TROUPE__NOT_TEXT) == 0
           || strcmp(reason, TROUPE__EMPTY) == 0;
}

/* Then what was read does not stand for what was asked about. */
bool
troupe__most_is_skipped(const struct origin *origin)
{
    uint32_t missing = origin->skipped;
    for (uint32_t i = 1; missing > 0 && i < origin->skips.count; i += 2)
        missing -= is_no_document(origin->skips.items[i]);
    return missing > origin->documents;
}

const char *
troupe__part_noun(enum part_role role)
{
    return role == PART_ENGINE  ? "engine"
           : role == PART_PAGE  ? "page"
           : role == PART_MODEL ? "model"
                                : "analyser";
}

bool
troupe__part_missing(const struct troupe_report *self, const struct part *part)
{
    bool there = part->state == PART_DONE || part->state == PART_SKIPPED;
    if (there || part->role != PART_PAGE)
        return !there;
    for (uint32_t i = 0; i < self->part_count; i++) {
        if (self->parts[i].role == PART_PAGE
            && self->parts[i].state == PART_DONE)
            return false; /* a dead link is no news */
    }
    return true;
}

bool
troupe__part_failed(const struct part *part)
{
    return part->asked > 0 && part->state != PART_DONE;
}

struct part_tally
troupe__report_tally(const struct troupe_report *self, enum part_role role)
{
    struct part_tally tally = {.parts = 0};
    for (uint32_t i = 0; i < self->part_count; i++) {
        const struct part *part = &self->parts[i];
        if (part->role != role)
            continue;
        tally.parts += 1;
        tally.asked += part->asked > 0;
        tally.answered += part->answered > 0;
        tally.usable += part->usable > 0;
        tally.failed += troupe__part_failed(part);
    }
    return tally;
}

bool
troupe__report_searched(const struct troupe_report *self)
{
    return troupe__report_tally(self, PART_ENGINE).usable > 0;
}

bool
troupe__report_degraded(const struct troupe_report *self)
{
    for (uint32_t i = 0; i < self->part_count; i++)
        if (troupe__part_missing(self, &self->parts[i]))
            return true;
    return self->deadline_passed || self->interrupted || self->over_budget
           || self->origin.incomplete || troupe__most_is_skipped(&self->origin);
}

const char *
troupe__part_state_name(enum part_state state)
{
    static const char *const names[] = {
        [PART_WAITING] = "waiting",     [PART_DONE] = "done",
        [PART_FAILED] = "failed",       [PART_TIMEOUT] = "timeout",
        [PART_CANCELLED] = "cancelled", [PART_SKIPPED] = "skipped",
    };
    CHECK(state <= PART_SKIPPED);
    return names[state];
}

const char *
troupe__confidence_word(const struct confidence *self)
{
    return self->value >= HIGH     ? "high"
           : self->value >= MEDIUM ? "medium"
                                   : "low";
}

static bool
same_place(const struct place *one, const struct place *other)
{
    return one->passage == other->passage && one->start == other->start;
}

const struct claim *
troupe__report_claim(const struct troupe_report *self,
                     const struct place *place)
{
    for (uint32_t i = 0; i < self->facts.count; i++) {
        const struct claim *claim = &self->facts.claims[i];
        if (same_place(&claim->place, place))
            return claim;
        for (uint32_t j = 0; j < claim->support.count; j++)
            if (same_place(&claim->support.items[j], place))
                return claim;
    }
    return NULL;
}

bool
troupe__report_in_answer(const struct troupe_report *self,
                         const struct place *place)
{
    for (uint32_t i = 0; i < self->summary.count; i++)
        if (same_place(&self->summary.points[i].place, place))
            return true;
    return false;
}

uint32_t
troupe__report_first(const struct troupe_report *self, uint32_t passage)
{
    const char *path = troupe_passages_at(self->passages, passage)->path;
    uint32_t at = 0;
    while (strcmp(troupe_passages_at(self->passages, at)->path, path) != 0)
        at += 1;
    return at;
}

uint32_t
troupe__report_source(const struct troupe_report *self, uint32_t passage)
{
    CHECK(passage < troupe_passages_count(self->passages));
    uint32_t first = troupe__report_first(self, passage);
    uint32_t number = 1;
    for (uint32_t i = 0; i < first; i++)
        number += troupe__report_first(self, i) == i;
    return number;
}

static unsigned
bits_of(uint32_t mask)
{
    unsigned count = 0;
    for (; mask; mask &= mask - 1)
        count += 1;
    return count;
}

/* Share of the engines that agree on the first passages. */
static double
retrieval_of(const struct troupe_report *self)
{
    unsigned engines = 0;
    for (uint32_t i = 0; i < self->part_count; i++)
        engines +=
            self->parts[i].role == PART_ENGINE && self->parts[i].usable > 0;
    size_t count = troupe_passages_count(self->passages);
    if (engines == 0 || count == 0)
        return 0;
    if (count > TOP_PASSAGES)
        count = TOP_PASSAGES;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += bits_of(troupe_passages_at(self->passages, i)->engines);
    return fmin(1, sum / (double) count / engines);
}

static void
weigh_claims(const struct troupe_report *self, struct confidence *confidence)
{
    double support = 0;
    unsigned supported = 0;
    unsigned against = 0;
    for (uint32_t i = 0; i < self->facts.count; i++) {
        const struct claim *claim = &self->facts.claims[i];
        support += fmin(1, claim->support.count / ENOUGH_SOURCES);
        supported += claim->verdict == VERDICT_SUPPORTED;
        against += claim->verdict == VERDICT_CONTRADICTED;
    }
    if (self->facts.count == 0)
        return; /* nothing was compared, so nothing agrees */
    confidence->support = support / self->facts.count;
    confidence->agreement = UNKNOWN_AGREEMENT;
    if (supported + against > 0)
        confidence->agreement = (double) supported / (supported + against);
}

static void
cap(struct confidence *self, double most, const char *why)
{
    if (most >= self->cap)
        return;
    self->cap = most;
    self->why = why;
}

void
troupe__report_finish(struct troupe_report *self)
{
    CHECK(self);
    struct confidence confidence = {.cap = 1, .why = ""};
    unsigned done = 0, asked = 0;
    for (uint32_t i = 0; i < self->part_count; i++) {
        bool skipped = self->parts[i].state == PART_SKIPPED;
        done += !skipped && !troupe__part_missing(self, &self->parts[i]);
        asked += !skipped;
    }
    weigh_claims(self, &confidence);
    confidence.coverage = self->summary.coverage;
    confidence.retrieval = retrieval_of(self);
    if (asked > 0)
        confidence.success = (double) done / asked;
    confidence.value = SHARE_SUPPORT * confidence.support
                       + SHARE_AGREEMENT * confidence.agreement
                       + SHARE_COVERAGE * confidence.coverage
                       + SHARE_RETRIEVAL * confidence.retrieval
                       + SHARE_SUCCESS * confidence.success;
    if (!troupe__report_searched(self))
        cap(&confidence, 0, "no engine answered");
    if (troupe__report_degraded(self))
        cap(&confidence, DEGRADED_CAP, "the run is degraded");
    if (self->has_summary && !self->summary.direct)
        cap(&confidence, INDIRECT_CAP, "no sentence answers directly");
    if (self->summary.missing && *self->summary.missing
        && self->summary.coverage < COVERED)
        cap(&confidence, MISSING_CAP, "the sources lack words of the question");
    if (self->summary.count == 0)
        cap(&confidence, 0, "there is no answer");
    confidence.value = fmin(confidence.value, confidence.cap);
    self->confidence = confidence;
}
