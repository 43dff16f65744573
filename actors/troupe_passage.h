/* SPDX-License-Identifier: Apache-2.0 */
/* Passages: pieces of documents that answer a query, and lists of them. */
#ifndef TROUPE_PASSAGE_H
#define TROUPE_PASSAGE_H

#include "troupe_base.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The search engines. Each is a different idea of what "about the query"
 * means, so that their agreement says something.
 */
typedef enum {
    TROUPE_ENGINE_BM25,    /* words, with weights for title and heading */
    TROUPE_ENGINE_TRIGRAM, /* misspelt words, parts of identifiers */
    TROUPE_ENGINE_PHRASE,  /* the words in order, or close together */
    TROUPE_ENGINE_EXPAND,  /* the words of the first hits added (RM3) */
    TROUPE_ENGINE_ANCHOR,  /* titles, and what other documents say of one */
    TROUPE_ENGINE_COUNT
} troupe_engine_t;

/*
 * A passage. In a list every string is set ("" when there is none), ends with
 * NUL, and is owned by the list. text is exactly the bytes [start, end) of the
 * document's plain text, which troupe_document_read() makes again from path.
 */
typedef struct {
    const char *path;    /* file of the document, absolute */
    const char *title;   /* title of the document */
    const char *heading; /* path of headings, joined by " > " */
    const char *text;    /* end - start bytes of UTF-8 without NUL */
    size_t start;        /* first byte in the document's plain text */
    size_t end;          /* one past the last byte */
    double score;        /* of the engine or the fusion; higher is better */
    uint32_t rank;       /* 1 is the best of the list */
    uint32_t engines;    /* bit 1 << troupe_engine_t of each finder */
    uint32_t duplicates; /* near-duplicates that were folded into it */
} troupe_passage_t;

/*
 * troupe_passage_flag: does a passage, or its title or heading, give orders to
 * the program that reads it? Such text is data like any other: not to be
 * followed. A warning, no wall: what is not found may be there.
 *
 *   passage    text is `end - start` bytes; title and heading are texts.
 *   ret_start,  out: where in the document the orders stand; all of the passage
 *   ret_end     for a title or heading. Untouched where there are none.
 *   returns    what it tries, in words that live for ever; NULL: nothing
 */
TROUPE_API const char *troupe_passage_flag(const troupe_passage_t *passage,
                                           size_t *ret_start, size_t *ret_end);

typedef struct troupe_passages troupe_passages_t;

/* troupe_passages_new: an empty list, owned by the caller. */
TROUPE_API troupe_passages_t *troupe_passages_new(void);

/* troupe_passages_destroy: free *self_p and set it to NULL; NULL is fine. */
TROUPE_API void troupe_passages_destroy(troupe_passages_t **self_p);

/*
 * troupe_passages_add: append a copy of a passage.
 *
 *   passage  strings may be NULL (taken as ""); rank 0 becomes the position.
 *   returns  0, or
 *            -EINVAL  end - start is not the length of text
 *   threads  a list belongs to one thread at a time.
 */
TROUPE_MUST int troupe_passages_add(troupe_passages_t *self,
                                    const troupe_passage_t *passage);

/* troupe_passages_count: number of passages in the list. */
TROUPE_API size_t troupe_passages_count(const troupe_passages_t *self);

/*
 * troupe_passages_at: one passage, lent while the list lives unchanged.
 *
 *   index    0 .. count - 1.
 *   returns  the passage, or NULL when index is out of range.
 */
TROUPE_API const troupe_passage_t *
troupe_passages_at(const troupe_passages_t *self, size_t index);

/* How lists are merged; start from troupe_fuse_options_default(). */
typedef struct {
    double k;                /* of reciprocal rank fusion; low: the first
                              * places count more */
    const double *weights;   /* one per list, or NULL: all count as 1 */
    size_t per_document_max; /* passages of one document; 0: no cap */
    uint32_t duplicate_bits; /* near-duplicate: SimHash differs in <= this, or
                              * 3/4 of the shorter text's four words in a row
                              * are in the other; 0: only equal texts */
    size_t limit;            /* length of the merged list, 1 .. 1000 */
} troupe_fuse_options_t;

/* troupe_fuse_options_default: k 10 (60, as usual for long lists, did no better
 * on the questions of tests/actors/ranking.txt), no weights, 3 passages of a
 * document, 3 bits, a list of 20. */
TROUPE_API troupe_fuse_options_t troupe_fuse_options_default(void);

/*
 * troupe_passages_fuse: merge ranked lists into one by reciprocal rank fusion.
 *
 *   lists     `count` lists, best first; a NULL entry is an engine that gave
 *             nothing (it failed, or found nothing) and is passed over.
 *   count     0 .. 32.
 *   options   NULL for the defaults.
 *   ret_list  out: the merged list, owned by the caller. A list gives weight *
 *             (k + 1) / (k + place) to a passage and as much, by the place of
 *             its first passage, to a document; the score is the mean of the
 *             two over the sum of all weights: 1 when every list puts it
 *             first. Ties keep the order in which they were first seen.
 *             Near-duplicates are counted once, in `duplicates` of the best.
 *   returns   0, or
 *             -EINVAL  limit, k or a weight is out of range
 *   source    Cormack, Clarke, Buettcher 2009; Manku, Jain, Sarma 2007.
 */
TROUPE_MUST int troupe_passages_fuse(const troupe_passages_t *const *lists,
                                     size_t count,
                                     const troupe_fuse_options_t *options,
                                     troupe_passages_t **ret_list);

/*
 * troupe_text_simhash: a fingerprint that stays close for texts that are.
 *
 *   text     `size` bytes of UTF-8, need not end with NUL.
 *   returns  64 bits over pairs of words, letters lower-cased; compare two
 *            by the number of bits in which they differ.
 *   source   Charikar 2002; Manku, Jain, Sarma 2007.
 */
TROUPE_API uint64_t troupe_text_simhash(const char *text, size_t size);

/* troupe_engine_name: "bm25", "trigram", "phrase", "expand",
 * "anchor"; NULL if none. */
TROUPE_API const char *troupe_engine_name(troupe_engine_t engine);

/*
 * troupe_engine_find: the engine of that name.
 *
 *   returns  0, or
 *            -ENOENT  there is no such engine; *ret_engine is untouched
 */
TROUPE_MUST int troupe_engine_find(const char *name,
                                   troupe_engine_t *ret_engine);

#endif
