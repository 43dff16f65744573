/* SPDX-License-Identifier: Apache-2.0 */
/* report_part.h: one actor's part of a run, as its report tells it. */
#ifndef TROUPE_ACTORS_REPORT_PART_H
#define TROUPE_ACTORS_REPORT_PART_H

#include <stdbool.h>
#include <stdint.h>

/* What became of an actor's part of the run. */
enum part_state {
    PART_WAITING, /* not asked yet, or its answer was not waited for */
    PART_DONE,
    PART_FAILED,    /* it failed each time, or is down */
    PART_TIMEOUT,   /* the deadline came first */
    PART_CANCELLED, /* the run was interrupted */
    PART_SKIPPED    /* it was not asked, as there was nothing to ask it */
};

#define PART_NAME_SIZE   32
#define PART_REASON_SIZE 384

enum part_role { PART_ENGINE, PART_ANALYSER, PART_MODEL, PART_PAGE };

/* One actor of the run: an engine, an analyser, or the reader of a page. */
struct part {
    char name[PART_NAME_SIZE];
    enum part_role role;
    uint32_t bit; /* of an engine: in the finders of a passage */
    char *url;    /* of a page; owned, or NULL */
    enum part_state state;
    uint32_t attempts;
    uint32_t restarts;
    uint32_t asked;    /* questions that it was asked */
    uint32_t answered; /* of them, with a reply */
    uint32_t usable;   /* of these, such that could be read */
    uint32_t results;  /* passages found, sentences chosen, claims checked */
    double start_ms;   /* since the beginning of the run */
    double elapsed_ms;
    char reason[PART_REASON_SIZE]; /* of a failure; "" otherwise */
};

/* How many of a role were asked, and what came of it. Who answered one question
 * and failed at another is among the usable and among the failed. */
struct part_tally {
    uint32_t parts; /* that there are, asked or not */
    uint32_t asked;
    uint32_t answered; /* with any reply */
    uint32_t usable;   /* with one that could be read */
    uint32_t failed;   /* for whatever reason */
};

/* troupe__part_failed: it left a question that it was asked unanswered. */
bool troupe__part_failed(const struct part *part);

/* troupe__part_state_name: "done", "failed", "timeout", ... */
const char *troupe__part_state_name(enum part_state state);

/* troupe__part_noun: "engine", "analyser", "model", "page". */
const char *troupe__part_noun(enum part_role role);

#endif
