/* SPDX-License-Identifier: Apache-2.0 */
/* fields.h: maps of a file read into structs by tables of their keys. */
#ifndef TROUPE_TOOLS_FIELDS_H
#define TROUPE_TOOLS_FIELDS_H

#include "tools/yaml.h"

/* What a key holds, and what it is read into. */
enum troupe__field_type {
    TROUPE__FIELD_TEXT,     /* struct troupe__word */
    TROUPE__FIELD_TEXTS,    /* struct troupe__words: a list, or one text */
    TROUPE__FIELD_COUNT,    /* uint32_t */
    TROUPE__FIELD_DURATION, /* uint32_t, milliseconds: 500ms, 2s, 1.5m, 1h */
    TROUPE__FIELD_SIZE,     /* uint32_t, bytes: 64KiB, 1MiB, 100kB, 17B */
    TROUPE__FIELD_PERCENT,  /* uint32_t: 20% */
    TROUPE__FIELD_FACTOR,   /* uint32_t, percent: 1.5 */
    TROUPE__FIELD_CHOICE,   /* an enum: the index of the word */
    TROUPE__FIELD_MAP,      /* a struct by its own table */
    TROUPE__FIELD_OTHER     /* looked at elsewhere */
};

struct troupe__field {
    const char *key;
    enum troupe__field_type type;
    size_t offset;
    uint32_t min, max;          /* of a number; max 0: the largest there is */
    uint32_t zero;              /* what 0 is kept as, when not 0 */
    const char *endless;        /* a word that is kept as TROUPE_INFINITE */
    const char *const *choices; /* ended by NULL; "" cannot be chosen */
    const struct troupe__field *fields; /* of a map; key NULL ends a table */
    bool required;
};

/*
 * troupe__fields_read: read a map into a struct; keys that are not there leave
 * their members alone.
 *
 *   what  what the map is, for messages: "actor 'x'".
 */
void troupe__fields_read(const struct troupe__value *map, const char *what,
                         const struct troupe__field *fields, void *ret_struct,
                         struct troupe__findings *findings);

/* troupe__words_free: give back the items of a list of words. */
struct troupe__words;
void troupe__words_free(struct troupe__words *words);

/* troupe__wants: note that something else was wanted at a value. */
void troupe__wants(struct troupe__findings *findings,
                   const struct troupe__value *value, const char *key,
                   const char *wanted);

#endif
