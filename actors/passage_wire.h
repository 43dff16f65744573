/* SPDX-License-Identifier: Apache-2.0 */
/* passage_wire.h: lists of passages in messages. */
#ifndef TROUPE_ACTORS_PASSAGE_WIRE_H
#define TROUPE_ACTORS_PASSAGE_WIRE_H

#include "troupe_msgpack.h"
#include "troupe_passage.h"

/*
 * troupe__passages_pack: write a list, an array of maps with the keys "path",
 * "title", "heading", "text", "start", "end", "score", "rank", "engines" and
 * "duplicates".
 *
 *   returns  0, or -EIO when the packer's writer refuses.
 */
int troupe__passages_pack(msgpack_packer *packer,
                          const troupe_passages_t *list);

/*
 * troupe__passages_unpack: read a list that anybody may have written.
 *
 *   ret_list  out: owned by the caller; untouched on error. Keys that are not
 *             known are passed over; those that are missing are "" and 0.
 *   returns   0, or
 *             -EBADMSG  not an array of such maps, a text that is not UTF-8
 *                       or has a NUL, or a range that does not fit its text
 */
int troupe__passages_unpack(const msgpack_object *object,
                            troupe_passages_t **ret_list);

#endif
