/* SPDX-License-Identifier: Apache-2.0 */
/* material.h: the passages of a run, cut into sentences and weighed. */
#ifndef TROUPE_ACTORS_MATERIAL_H
#define TROUPE_ACTORS_MATERIAL_H

#include "actors/question.h"
#include "actors/sentence.h"
#include "actors/words.h"
#include "troupe_passage.h"

struct scratch;

struct sentence {
    uint32_t passage;  /* index in the list of passages */
    uint32_t document; /* index in documents */
    size_t start;      /* bytes in the document's plain text */
    size_t end;        /* one past the last */
    const char *text;  /* lent by the passage; end - start bytes */
    size_t tag_size;   /* of an entry: bytes of its tag; else 0 */
    enum sentence_kind kind;
    struct words words;
    const uint32_t *terms; /* distinct, ascending, without stop words */
    uint32_t term_count;
    double own;      /* 0 .. 1: share of the question in its own words */
    double coverage; /* the same, with what its title and headings say */
    double norm;     /* length of the weighted terms */
    bool lead;       /* opens the description of its document */
    bool dangling;   /* begins with a word that points back: "This" */
};

/* Words that say what a passage is about though its sentences may not. */
struct context {
    const uint32_t *title;
    const uint32_t *heading;
    const uint32_t *body;
    uint32_t title_count;
    uint32_t heading_count;
    uint32_t body_count;
    bool named; /* the page has a word of the question as its name */
};

struct document {
    const char *path;  /* lent by a passage */
    const char *title; /* lent by a passage */
    uint32_t group;    /* documents that copy each other share a number */
    uint32_t passages; /* how many were found in it */
};

struct material {
    struct scratch *scratch;
    struct vocabulary *vocabulary;
    const troupe_passages_t *passages; /* borrowed */
    struct question question;
    struct sentence *sentences; /* in the order of the passages */
    uint32_t sentence_count;
    struct document *documents; /* in the order of their best passage */
    uint32_t document_count;
    uint32_t group_count;
    uint32_t *document_of;    /* by passage */
    struct context *contexts; /* by passage */
    double *weights;          /* inverse document frequency, by term */
    bool *names;              /* by term: seen with a capital or as a name */
    uint32_t orders;          /* sentences that give orders to a program */
};

/*
 * troupe__material_new: read the passages for one question.
 *
 *   question  NUL-ended; borrowed.
 *   passages  best first; borrowed as long as the material lives.
 *   returns   the material, owned by the caller.
 */
struct material *troupe__material_new(const char *question,
                                      const troupe_passages_t *passages);

/* troupe__material_destroy: free *self_p and set it to NULL; NULL is fine. */
void troupe__material_destroy(struct material **self_p);

/* troupe__sentence_usable: true for prose, entries and name lines. */
bool troupe__sentence_usable(const struct sentence *sentence);

/* troupe__similarity: cosine of the weighted terms, 0 .. 1. */
double troupe__similarity(const struct material *material,
                          const struct sentence *one,
                          const struct sentence *other);

#endif
