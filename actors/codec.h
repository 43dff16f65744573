/* SPDX-License-Identifier: Apache-2.0 */
/* codec.h: passages and findings as bodies of messages. */
#ifndef TROUPE_ACTORS_CODEC_H
#define TROUPE_ACTORS_CODEC_H

#include "troupe_message.h"

#include "actors/findings.h"

/*
 * Writers for the format "*": each writes one value. `value` is a const
 * pointer of the type that is named, given as void *.
 *
 *   passages   [{path, title, heading, text, start, end, score, rank,
 *              engines, duplicates}]; troupe_passages_t
 *   summary    {points: [{at, score}], coverage, direct, orders, kind,
 *              missing}; struct summary
 *   facts      {claims: [{at, verdict, score, support: [at], against: [at],
 *              reason}], sources}; struct facts
 *   sentiment  {whole, documents: [mood]}; struct sentiment
 *   texts      [text]; struct texts
 *
 * at is [passage, start, end]: an index in the passages that were given, and
 * bytes of its document's text. mood is {passage, compound, sentences,
 * opinions}.
 */
struct texts {
    char **items; /* owned, each */
    uint32_t count;
};

struct msgpack_packer;
int troupe__texts_write(struct msgpack_packer *packer, void *value);
int troupe__passages_write(struct msgpack_packer *packer, void *value);
int troupe__summary_write(struct msgpack_packer *packer, void *value);
int troupe__facts_write(struct msgpack_packer *packer, void *value);
int troupe__sentiment_write(struct msgpack_packer *packer, void *value);

/*
 * Readers: `msg` is a map that holds the value under the key named.
 *
 *   returns  0, or -EBADMSG when it is not of the form above; then the result
 *            is empty.
 */

/* Any key; end it with troupe__texts_clear(). */
int troupe__texts_read(const troupe_message_t *msg, const char *key,
                       struct texts *ret_texts);
void troupe__texts_clear(struct texts *self);

/* Key "passages"; the list is the caller's; NULL on error. */
int troupe__passages_read(const troupe_message_t *msg,
                          troupe_passages_t **ret_passages);

/* Key "summary"; each place must lie within `passages`. */
int troupe__summary_read(const troupe_message_t *msg,
                         const troupe_passages_t *passages,
                         struct summary *ret_summary);

/* Key "facts"; each place must lie within `passages`. */
int troupe__facts_read(const troupe_message_t *msg,
                       const troupe_passages_t *passages,
                       struct facts *ret_facts);

/* Key "sentiment"; each mood must be of one of the `passages`. */
int troupe__sentiment_read(const troupe_message_t *msg,
                           const troupe_passages_t *passages,
                           struct sentiment *ret_sentiment);

#endif
