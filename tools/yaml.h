/* SPDX-License-Identifier: Apache-2.0 */
/* yaml.h: a YAML file as a tree of values that know where they stand. */
#ifndef TROUPE_TOOLS_YAML_H
#define TROUPE_TOOLS_YAML_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/findings.h"

/* libcyaml was looked at first: it has no maps with keys of the user's and no
 * free-form values, ends at the first error, and tells its place only in the
 * words of a log line. libyaml's documents carry a mark on each node. */

enum troupe__type {
    TROUPE__NULL,
    TROUPE__BOOL,
    TROUPE__INTEGER,
    TROUPE__REAL,
    TROUPE__TEXT,
    TROUPE__BINARY, /* !!binary; text and size hold the bytes */
    TROUPE__LIST,
    TROUPE__MAP
};

/* One value. Aliases and merges ("<<") have been copied in, variables put in
 * their places; keys of a map are texts and different from each other. */
struct troupe__value {
    enum troupe__type type;
    struct troupe__spot spot;
    bool boolean;
    bool negative; /* of an integer: it is in `integer`, else `natural` */
    int64_t integer;
    uint64_t natural;
    double real;
    char *text; /* scalars: as written; NUL-ended */
    size_t size;
    struct troupe__value **keys;   /* of a map */
    struct troupe__value **values; /* of a map or list */
    size_t count;
};

/*
 * troupe__yaml_parse: read a document.
 *
 *   variable  the value of ${NAME}, or NULL; see TOPOLOGY.md.
 *   returns   the root, to be freed; what is wrong is added to `findings`.
 *             NULL when it is no YAML.
 */
struct troupe__value *troupe__yaml_parse(
    const char *text, size_t size, struct troupe__findings *findings,
    const char *(*variable)(void *data, const char *name), void *data);

/* troupe__yaml_read: troupe__yaml_parse() of the file at findings->path, of up
 * to 1 MiB; `noun` is what such a file is, for messages. */
struct troupe__value *
troupe__yaml_read(const char *noun, struct troupe__findings *findings,
                  const char *(*variable)(void *data, const char *name),
                  void *data);
/* troupe__yaml_plain: given as `variable`: texts stay as they are, with each
 * '$'. */
const char *troupe__yaml_plain(void *data, const char *name);

/* troupe__value_free: free a tree; NULL is fine. */
void troupe__value_free(struct troupe__value *value);

/* troupe__value_get: what a map has under a key, or NULL. */
const struct troupe__value *troupe__value_get(const struct troupe__value *map,
                                              const char *key);

/* troupe__type_name: "a text", "a list", ... for messages. */
const char *troupe__type_name(enum troupe__type type);

/* troupe__scalar_resolve: give a plain scalar the type that its text has in
 * YAML 1.2's core schema. */
void troupe__scalar_resolve(struct troupe__value *value);

/* troupe__value_decode: make a binary of a text in base64; false when it is
 * none. */
bool troupe__value_decode(struct troupe__value *value);

/*
 * troupe__value_pack: a value as msgpack.
 *
 *   ret_bytes  out: to be freed.
 *   returns    0, or -EINVAL after a finding: it nests too deep for a message
 */
int troupe__value_pack(const struct troupe__value *value,
                       struct troupe__findings *findings, void **ret_bytes,
                       size_t *ret_size);

/* troupe__value_drop_own: of a map the keys that begin with "x-" go: they are the
 * user's own, as in docker compose. */
void troupe__value_drop_own(struct troupe__value *root);

#endif
