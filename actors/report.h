/* SPDX-License-Identifier: Apache-2.0 */
/* report.h: everything that a report says, and its two forms. */
#ifndef TROUPE_ACTORS_REPORT_H
#define TROUPE_ACTORS_REPORT_H

#include "actors/codec.h"
#include "actors/findings.h"
#include "actors/report_part.h"

#define REPORT_FACETS_MAX 6

/* Where the documents came from. */
struct origin {
    char **roots; /* owned */
    uint32_t root_count;
    uint32_t documents;
    uint32_t passages;
    uint32_t skipped;   /* files that could not be read */
    struct texts skips; /* of these, path and reason in turn; not all */
    bool incomplete;    /* the index was not finished before the deadline */
};

/* Each 0 .. 1; see REPORT.md. */
struct confidence {
    double value;
    double support;
    double agreement;
    double coverage;
    double retrieval;
    double success;
    double cap;      /* 1 when nothing capped it */
    const char *why; /* of the cap; "" otherwise */
};

/* A passage that was kept out: it tries to give orders to who reads it. */
struct flag {
    char *path;   /* owned */
    size_t start; /* bytes in the document's plain text */
    size_t end;
    const char *reason; /* static: what it tries */
};

/* A sentence that a model made of what others say. */
struct written {
    char *text;           /* owned; NULL: it was rejected, the places' quotes
                             stand for it */
    struct places places; /* that it rests on; owned */
    const char *why;      /* of a rejection; static, or NULL */
    bool checked;         /* by another call to a model */
};

/* A side of the question that was searched for. */
struct facet {
    const char *name;  /* static */
    uint32_t passages; /* that speak of it */
    bool searched;     /* an engine answered when it was asked for it */
};

struct troupe_report {
    char *question; /* owned */
    struct facet facets[REPORT_FACETS_MAX];
    uint32_t facet_count;
    struct origin origin;
    troupe_passages_t *passages; /* merged, best first; owned */
    struct summary summary;
    struct facts facts;
    struct sentiment sentiment;
    bool has_summary;
    bool has_facts;
    bool has_sentiment;
    struct written *written; /* owned; NULL: no model wrote anything */
    uint32_t written_count;
    uint32_t rejected; /* of them */
    bool over_budget;  /* that kept a model from being asked */
    bool has_cost;     /* what stands below is what the models cost */
    bool cost_known;   /* and no part of it was guessed */
    uint64_t tokens, calls;
    uint64_t replayed; /* answers of models that the journal had */
    uint64_t hedged; /* those that were asked for twice, the first being late */
    double money;
    struct flag *flags; /* owned */
    uint32_t flag_count;
    struct part *parts; /* owned */
    uint32_t part_count;
    double elapsed_ms;
    uint32_t deadline_ms; /* 0: none */
    bool deadline_passed;
    bool interrupted;
    uint32_t coordinator_failures; /* before it made this report */
    struct confidence confidence;
};

#define SHARE_SUPPORT   0.30
#define SHARE_AGREEMENT 0.25
#define SHARE_COVERAGE  0.20
#define SHARE_RETRIEVAL 0.15
#define SHARE_SUCCESS   0.10

/* troupe__report_finish: work the confidence out once all parts are in. */
void troupe__report_finish(struct troupe_report *self);

/* troupe__report_degraded: true when an answer of some part is missing, or
 * most of the documents. */
bool troupe__report_degraded(const struct troupe_report *self);

/* troupe__report_tally: of those of a role. */
struct part_tally troupe__report_tally(const struct troupe_report *self,
                                       enum part_role role);

/* troupe__report_searched: true when an engine answered anything. Without that
 * nothing was looked at, and nothing can be said of what there is. */
bool troupe__report_searched(const struct troupe_report *self);

/* troupe__confidence_word: "high", "medium", "low". */
const char *troupe__confidence_word(const struct confidence *self);

/* troupe__part_missing: true when its answer is missing from the report; a
 * page's only where no page at all could be read. */
bool troupe__part_missing(const struct troupe_report *self,
                          const struct part *part);

/* troupe__report_claim: the claim that a place makes or supports, or NULL. */
const struct claim *troupe__report_claim(const struct troupe_report *self,
                                         const struct place *place);

/* troupe__report_in_answer: true when the place is part of the answer. */
bool troupe__report_in_answer(const struct troupe_report *self,
                              const struct place *place);

/* troupe__report_source: number of the document, 1 .. count, by rank. */
uint32_t troupe__report_source(const struct troupe_report *self,
                               uint32_t passage);

/* troupe__report_first: the first passage of the same document. */
uint32_t troupe__report_first(const struct troupe_report *self,
                              uint32_t passage);

/* troupe__most_is_skipped: then what was read does not stand for what was
 * asked about. */
bool troupe__most_is_skipped(const struct origin *origin);

/* troupe__report_limits: call `say` with each limit of the run, a sentence. */
void troupe__report_limits(const struct troupe_report *self,
                           void (*say)(void *data, const char *text),
                           void *data);

#define REPORT_DEGRADATION_SIZE 8192 /* enough for all that can fail */

/* troupe__report_degradation: in one line why it is degraded; `size` bytes. */
void troupe__report_degradation(const struct troupe_report *self, char *text,
                                size_t size);

/* The two forms; the result is to be freed with free(). */
char *troupe__report_markdown(const struct troupe_report *self);
char *troupe__report_json(const struct troupe_report *self);

#endif
