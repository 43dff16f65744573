/* SPDX-License-Identifier: Apache-2.0 */
/* findings.h: what the analysers find, as plain values with exact places. */
#ifndef TROUPE_ACTORS_FINDINGS_H
#define TROUPE_ACTORS_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "troupe_passage.h"

/* Bytes of a document, named by a passage that holds them. */
struct place {
    uint32_t passage; /* index in the list of passages of the run */
    size_t start;     /* bytes in the document's plain text */
    size_t end;       /* one past the last */
};

/* A sentence of the answer. */
struct point {
    struct place place;
    double score; /* 0 .. 1, how well it answers */
};

struct summary {
    struct point *points; /* best first; owned */
    uint32_t count;
    double coverage; /* 0 .. 1: share of the question that they speak of */
    bool direct;     /* one of them has the form of an answer */
    uint32_t orders; /* sentences left out: they give orders to programs */
    char *kind;      /* kind of the question: "what", "how", ...; owned */
    char *missing;   /* words of the question that are nowhere; owned */
};

enum verdict { VERDICT_UNVERIFIED, VERDICT_SUPPORTED, VERDICT_CONTRADICTED };

struct places {
    struct place *items; /* owned */
    uint32_t count;
};

/* A sentence that can be true or false, and what other documents say. */
struct claim {
    struct place place;
    enum verdict verdict;
    double score;          /* 0 .. 1, how much it is about the question */
    struct places support; /* one for each independent source */
    struct places against;
    char *reason; /* of a contradiction: "1987 against 1989"; owned or NULL */
};

struct facts {
    struct claim *claims; /* most relevant first; owned */
    uint32_t count;
    uint32_t sources; /* independent sources that were looked at */
};

/* How a document, or all of them, speaks of its subject. */
struct mood {
    uint32_t passage;   /* one of the document's; of the whole: 0 */
    double compound;    /* -1 .. 1, Hutto & Gilbert 2014 */
    uint32_t sentences; /* looked at */
    uint32_t opinions;  /* of them with a word of praise or blame */
};

struct sentiment {
    struct mood whole;
    struct mood *documents; /* in the order of the passages; owned */
    uint32_t count;
};

/* troupe__summary_make: choose the sentences that answer; at most `limit`. */
struct summary troupe__summary_make(const char *question,
                                    const troupe_passages_t *passages,
                                    uint32_t limit);

/* troupe__facts_make: find claims and weigh documents against each other. */
struct facts troupe__facts_make(const char *question,
                                const troupe_passages_t *passages,
                                uint32_t limit);

/* troupe__sentiment_make: judge the mood of each document. */
struct sentiment troupe__sentiment_make(const char *question,
                                        const troupe_passages_t *passages);

/* troupe__mood_word: "positive", "negative", "neutral". */
const char *troupe__mood_word(const struct mood *mood);

/* troupe__verdict_word: "supported", "contradicted", "unverified". */
const char *troupe__verdict_word(enum verdict verdict);

/* Free what they own and leave them empty. */
void troupe__summary_clear(struct summary *self);
void troupe__facts_clear(struct facts *self);
void troupe__sentiment_clear(struct sentiment *self);

#endif
