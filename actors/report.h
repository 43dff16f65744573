/* SPDX-License-Identifier: Apache-2.0 */
/* report.h: everything that a report says, and its two forms. */
#ifndef TROUPE_ACTORS_REPORT_H
#define TROUPE_ACTORS_REPORT_H

#include "actors/codec.h"
#include "actors/findings.h"

/* What became of an actor's part of the run. */
enum part_state {
    PART_WAITING, /* not asked yet, or its answer was not waited for */
    PART_DONE,
    PART_FAILED,   /* it failed each time, or is down */
    PART_TIMEOUT,  /* the deadline came first */
    PART_CANCELLED /* the run was interrupted */
};

/* One actor of the run: an engine or an analyser. */
struct part {
    char name[32];
    bool engine;
    enum part_state state;
    uint32_t attempts;
    uint32_t restarts;
    uint32_t results; /* passages found, sentences chosen, claims checked */
    double elapsed_ms;
    char reason[160]; /* of a failure; "" otherwise */
};

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

struct troupe_report {
    char *question; /* owned */
    struct origin origin;
    troupe_passages_t *passages; /* merged, best first; owned */
    struct summary summary;
    struct facts facts;
    struct sentiment sentiment;
    bool has_summary;
    bool has_facts;
    bool has_sentiment;
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

/* troupe__part_state_name: "done", "failed", "timeout", ... */
const char *troupe__part_state_name(enum part_state state);

/* troupe__confidence_word: "high", "medium", "low". */
const char *troupe__confidence_word(const struct confidence *self);

/* troupe__report_claim: the claim that a place makes or supports, or NULL. */
const struct claim *troupe__report_claim(const struct troupe_report *self,
                                         const struct place *place);

/* troupe__report_in_answer: true when the place is part of the answer. */
bool troupe__report_in_answer(const struct troupe_report *self,
                              const struct place *place);

/* troupe__report_source: number of the document, 1 .. count, by rank. */
uint32_t troupe__report_source(const struct troupe_report *self,
                               uint32_t passage);

/* troupe__report_limits: call `say` with each limit of the run, a sentence. */
void troupe__report_limits(const struct troupe_report *self,
                           void (*say)(void *data, const char *text),
                           void *data);

/* troupe__report_degradation: in one line why it is degraded; `size` bytes. */
void troupe__report_degradation(const struct troupe_report *self, char *text,
                                size_t size);

/* The two forms; the result is to be freed with free(). */
char *troupe__report_markdown(const struct troupe_report *self);
char *troupe__report_json(const struct troupe_report *self);

#endif
