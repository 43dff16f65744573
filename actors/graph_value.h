/* SPDX-License-Identifier: Apache-2.0 */
/* graph_value.h: results of tasks, put where other tasks refer to them. */
#ifndef TROUPE_ACTORS_GRAPH_VALUE_H
#define TROUPE_ACTORS_GRAPH_VALUE_H

#include <stdbool.h>
#include <stdio.h>

#include "troupe_msgpack.h"

#define REFERENCE_WHY 256 /* bytes that say what is wrong with one */

/* What a reference is to: "${id.field.0}", "${id:state}" or "${id:error}". */
enum reference_part { REFERENCE_RESULT, REFERENCE_STATE, REFERENCE_ERROR };

struct reference {
    const char *id;
    size_t id_size;
    const char *fields; /* "field.0", or "" */
    size_t fields_size;
    enum reference_part part;
};

/* What there is to know of a task that has ended, or not. */
struct known {
    const char *state; /* "ok", ...; "" when it has not ended */
    const char *why;
    const void *result; /* one msgpack value; NULL: none */
    size_t result_size;
};

/* Finds the task of a reference; there always is one after a check. */
typedef struct known (*known_fn)(void *data, const struct reference *of);

/*
 * troupe__graph_value_fits: whether those bytes are one whole value that can
 * be handed on, within a report too; from wherever they are.
 *
 *   values  how many values it may hold, each scalar, key and container one;
 *           what it holds is taken off when it fits.
 */
bool troupe__graph_value_fits(const void *bytes, size_t size, uint32_t *values);

/*
 * troupe__graph_reference_read: the reference that begins with "${" at `text`.
 *
 *   returns  its size with braces, or 0: it is none
 */
size_t troupe__graph_reference_read(const char *text, size_t size,
                                    struct reference *ret);

/* What a reference may be to instead of a task, in the task itself. */
enum reference_word {
    WORD_NONE,
    WORD_ITEM,
    WORD_INDEX, /* with `each` */
    WORD_LAST,
    WORD_ROUND /* with `until` */
};

/* troupe__graph_reference_word: which of those a reference is. */
enum reference_word
troupe__graph_reference_word(const struct reference *reference, bool has_each,
                             bool has_rounds);

/* troupe__graph_reference_next: the first "${" in a text, or NULL; "$${" is none. */
const char *troupe__graph_reference_next(const char *text, size_t size);

/*
 * troupe__graph_references_fill: a value with all references in its texts filled in.
 * A text that is one reference and nothing else becomes what that is; others
 * get it as text, maps and lists as JSON; "$${" becomes "${".
 *
 *   as_text  a text stays a text in any case, and `cmd` of a map as it is.
 *   why      out, on error: REFERENCE_WHY bytes.
 *   returns  0 and *ret_bytes, to be freed; or -EINVAL: there is no such field
 */
int troupe__graph_references_fill(const void *bytes, size_t size, bool as_text,
                                  known_fn known, void *data, void **ret_bytes,
                                  size_t *ret_size, char why[REFERENCE_WHY]);

/* troupe__graph_reference_value: what a reference is; the object lives in `zone`.
 * Returns 0, or -EINVAL and why. */
int troupe__graph_reference_value(const struct reference *reference,
                                  known_fn known, void *data,
                                  msgpack_zone *zone,
                                  msgpack_object *ret_object,
                                  char why[REFERENCE_WHY]);

/* troupe__graph_value_text: a value as a text, as fill() puts it into others. */
void troupe__graph_value_text(const msgpack_object *object, FILE *out);

/*
 * troupe__graph_when: whether a condition holds.
 *
 *   known    NULL: only read it.
 *   seen     called for each reference; may be NULL.
 *   returns  1, 0, or -EINVAL and why
 */
int troupe__graph_when(const char *text, known_fn known, void *data,
                       void (*seen)(void *data,
                                    const struct reference *reference),
                       char why[REFERENCE_WHY]);

/* troupe__graph_json_value: a JSON text as one msgpack value, to be freed; -EBADMSG
 * when it is none. */
int troupe__graph_json_value(const char *text, size_t size, void **ret_bytes,
                             size_t *ret_size);

/* troupe__graph_value_json: a value as compact JSON; binaries as texts of hex. */
void troupe__graph_value_json(const msgpack_object *object, FILE *out);

#endif
