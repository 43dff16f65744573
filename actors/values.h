/* SPDX-License-Identifier: Apache-2.0 */
/* values.h: numbers, dates and amounts with units, as they stand in words. */
#ifndef TROUPE_ACTORS_VALUES_H
#define TROUPE_ACTORS_VALUES_H

#include "actors/words.h"

#define VALUES_MAX 8 /* of one sentence; further ones are not looked at */

enum value_kind {
    VALUE_COUNT,       /* a bare number */
    VALUE_DATE,        /* year * 10000 + month * 100 + day; 0 for unknown */
    VALUE_BYTES,       /* in bytes */
    VALUE_TIME,        /* in seconds */
    VALUE_LENGTH,      /* in metres */
    VALUE_MASS,        /* in kilograms */
    VALUE_PERCENT,     /* in hundredths */
    VALUE_TEMPERATURE, /* in degrees Celsius */
    VALUE_VERSION,     /* 1.2.3: compared as text */
};

struct value {
    enum value_kind kind;
    double factor;  /* of the unit it was written in; 0 for none */
    double amount;  /* in the unit of the kind */
    uint32_t first; /* index of its first word */
    uint32_t last;  /* index of its last word: its unit, say */
    const struct word *word;
    bool qualifier; /* says when or where, not how much: "in 2010" */
};

struct values {
    struct value items[VALUES_MAX];
    uint32_t count;
};

/*
 * troupe__values_read: find the values among the words of a sentence.
 *
 * Units of one kind are brought to one unit: 5 km and 5,000 m are equal.
 */
struct values troupe__values_read(const struct words *words);

/* troupe__value_equal: the same amount; other units may differ by 1 %. */
bool troupe__value_equal(const struct value *one, const struct value *other);

#endif
