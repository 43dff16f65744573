/* SPDX-License-Identifier: Apache-2.0 */
/* compare.h: whether one sentence supports another or speaks against it. */
#ifndef TROUPE_ACTORS_COMPARE_H
#define TROUPE_ACTORS_COMPARE_H

#include "actors/material.h"
#include "actors/values.h"

enum relation {
    RELATION_NONE, /* they speak of different things, or it cannot be said */
    RELATION_SUPPORTS, /* the other says the same */
    RELATION_AGAINST,  /* same subject and attribute, other value; or denied */
};

#define REASON_MAX      120
#define STATEMENT_TERMS 64 /* of one sentence; further ones are left out */

/* What is compared of a sentence; read once, compared often. */
struct statement {
    const struct sentence *sentence;
    struct values values;
    uint32_t terms[STATEMENT_TERMS]; /* ascending; no values, no negations */
    uint32_t count;
    uint32_t names[STATEMENT_TERMS]; /* of them names and identifiers */
    uint32_t name_count;
    unsigned negations;
    bool conditional; /* holds only sometimes */
};

/* troupe__statements_read: one per sentence; they live in its scratch. */
struct statement *troupe__statements_read(struct material *material);

/*
 * troupe__statements_compare: what `other` says about `claim`.
 *
 *   reason   out: of RELATION_AGAINST, in a few words; REASON_MAX bytes.
 *
 * When in doubt it says RELATION_NONE: two manuals that speak of "the
 * default" without naming whose do not contradict each other.
 */
enum relation troupe__statements_compare(const struct material *material,
                                         const struct statement *claim,
                                         const struct statement *other,
                                         char *reason);

#endif
