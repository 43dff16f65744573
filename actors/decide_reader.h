/* SPDX-License-Identifier: Apache-2.0 */
/* decide_reader.h: maps of msgpack read by tables, problems told by place. */
#ifndef TROUPE_ACTORS_DECIDE_READER_H
#define TROUPE_ACTORS_DECIDE_READER_H

#include "troupe_msgpack.h"

#include "actors/decide_model.h"

/* A value and the way to it: "/options/rent/values/price". */
struct spot {
    const struct spot *up; /* NULL: the root */
    const char *key;       /* not NUL-ended */
    uint32_t key_size;
    uint32_t index; /* in a list, where key is NULL */
    const msgpack_object *object;
};

struct reader {
    struct decision *decision;
    struct problems *problems;
    bool part; /* of a decision: one option, perhaps without data */
};

/* troupe__problem: note what is wrong with the value, or the key, at a spot;
 * "what; cure". */
void troupe__problem(struct reader *self, const struct spot *at, bool at_key,
                     const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* troupe__child: the value under a key of a map, or at an index of a list. */
struct spot troupe__child(const struct spot *at, uint32_t index);

/* troupe__find: the value under a key; false when it is not there. */
bool troupe__find(const struct spot *at, const char *key, struct spot *ret);

/* troupe__key_text, troupe__text_of: a copy that lives with the decision; of
 * a text with a NUL inside, the part before it. */
const char *troupe__key_text(struct reader *self, const struct spot *at);

/* troupe__read_text: a text that is not empty; "" and a problem otherwise. */
const char *troupe__read_text(struct reader *self, const struct spot *at);

/* troupe__read_number: within bounds; NAN and a problem otherwise. */
double troupe__read_real(struct reader *self, const struct spot *at, double low,
                         double high);

/* troupe__read_bounded: a number, or {low, mode, high}. */
struct range troupe__read_range(struct reader *self, const struct spot *at);

/* troupe__is_map: true for one with up to `most` keys, all of them texts and
 * different; a problem otherwise. */
bool troupe__is_map(struct reader *self, const struct spot *at, uint32_t most,
                    const char *wanted);

/* troupe__is_list: the same for a list. */
bool troupe__is_list(struct reader *self, const struct spot *at, uint32_t most,
                     const char *wanted);

/* troupe__check_keys: a problem for each key of a map that is not among
 * `keys`, which NULL ends; `what` is what the map is. */
void troupe__check_keys(struct reader *self, const struct spot *at,
                        const char *what, const char *const *keys);

/* troupe__size_of: keys of a map or items of a list. */
uint32_t troupe__size_of(const struct spot *at);

/* --- the parts of a decision; `root` is the whole of it ------------------ */

void troupe__read_criteria(struct reader *self, const struct spot *root);
void troupe__read_options(struct reader *self, const struct spot *root);
void troupe__read_perspectives(struct reader *self, const struct spot *root);

/* troupe__read_named: stakeholders or states: names, each with a number. */
void troupe__read_named(struct reader *self, const struct spot *root,
                        const char *key, double most,
                        struct named_weight **ret_items, uint32_t *ret_count);

/* troupe__named_find: index by name, or UINT32_MAX. */
uint32_t troupe__criterion_find(const struct decision *self, const char *id);
uint32_t troupe__named_find(const struct named_weight *items, uint32_t count,
                            const char *id);

#endif
