/* SPDX-License-Identifier: Apache-2.0 */
/* decide_codec.h: estimates, tables and scores as bodies of messages. */
#ifndef TROUPE_ACTORS_DECIDE_CODEC_H
#define TROUPE_ACTORS_DECIDE_CODEC_H

#include "troupe_msgpack.h"

#include "actors/decide_table.h"

/*
 * Writers for the format "*"; `value` is a const pointer of the type named.
 *
 *   estimate  {enough, missing, net: [[low, mode, high]], ratio, ...}; what is
 *             not known is nil; struct estimate
 *   table     {options: [s], columns: [[id, group, max, exact, views, weight]],
 *             cells: [[low, mode, high]], views: [[optimism, weights...]]};
 *             struct table
 *   scores    [f or nil]; struct scores
 *   counts    [U]; struct counts
 */
struct scores {
    const double *items;
    uint32_t count;
};

struct counts {
    const uint32_t *items;
    uint32_t count;
};

int troupe__estimate_write(msgpack_packer *packer, void *value);
int troupe__table_write(msgpack_packer *packer, void *value);
int troupe__scores_write(msgpack_packer *packer, void *value);
int troupe__counts_write(msgpack_packer *packer, void *value);

/*
 * Readers: `msg` is a map that holds the value under the key named.
 *
 *   returns  0, or -EBADMSG when it is not of the form above
 */

/* Key "estimate". */
int troupe__estimate_read(const troupe_message_t *msg, struct estimate *ret);

/* Key "table"; to be ended with troupe__table_clear(). */
int troupe__table_read(const troupe_message_t *msg, struct table *ret_table);

/* Key "scores": exactly `count` of them. */
int troupe__scores_read(const troupe_message_t *msg, uint32_t count,
                        double *ret);

/* Keys "ranks" and "samples" of a sampler, added to what there is; on error
 * nothing is. */
int troupe__samples_add(const troupe_message_t *msg, uint32_t rows,
                        uint32_t *counts, uint32_t *samples);

/* troupe__decision_object: the value under "decision", or NULL; it lies in the
 * message, the tree of whose body `body` becomes. */
const msgpack_object *troupe__decision_object(const troupe_message_t *msg,
                                              msgpack_object *body);

/* What a cell needs of a decision that is well: a writer for "*". */
struct decision_part {
    const msgpack_object *decision;
    enum group strategy;
    uint32_t option;
};
int troupe__decision_part_write(msgpack_packer *packer, void *part);

#endif
