/* SPDX-License-Identifier: Apache-2.0 */
/* planted.h: documents made up from a seed, with facts whose truth is known. */
#ifndef TROUPE_TESTS_PLANTED_H
#define TROUPE_TESTS_PLANTED_H

#include <stdint.h>

#include "troupe_passage.h"

/* How a fact was planted, and so what must be found out about it. */
enum planted_case {
    PLANTED_AGREED,   /* independent documents say the same: supported */
    PLANTED_UNITS,    /* the same in other units: supported */
    PLANTED_ALONE,    /* one document says it: unverified */
    PLANTED_COPIED,   /* one document and copies of it: unverified */
    PLANTED_DISPUTED, /* another document has another value: contradicted */
    PLANTED_DENIED,   /* another document denies it: contradicted */
    PLANTED_STALE,    /* another document has the value of another year:
                         unverified, for both can be true */
    PLANTED_CASES
};

struct planted_fact {
    enum planted_case how;
    char question[128];
    char sentence[200]; /* the claim as its first document states it */
    char path[64];      /* of that document */
    uint32_t support;   /* independent documents beside it that agree */
    uint32_t against;   /* independent documents that do not */
};

#define PLANTED_FACTS_MAX 64

struct planted {
    struct planted_fact facts[PLANTED_FACTS_MAX];
    uint32_t fact_count;
    troupe_passages_t *passages; /* one for each document, shuffled */
};

/*
 * planted_new: the documents of a seed: one fact of each case about entities
 * of their own, and beside them documents about other entities with other
 * values, and one that gives orders to whoever reads it.
 */
void planted_new(uint64_t seed, struct planted *ret_planted);

void planted_free(struct planted *self);

/* planted_write: write each document as DIRECTORY/<name>.txt. */
void planted_write(const struct planted *self, const char *directory);

#endif
