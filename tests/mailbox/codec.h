/* SPDX-License-Identifier: Apache-2.0 */
/* codec.h: what the tests of packing and unpacking share. */
#ifndef TROUPE_TESTS_MAILBOX_CODEC_H
#define TROUPE_TESTS_MAILBOX_CODEC_H

#include "mailbox/arena.h"
#include "mailbox/buffer.h"
#include "mailbox/message.h"

/* codec_pack: troupe__pack with the arguments in place. */
int codec_pack(struct troupe__buffer *out, const char *format, ...);

/* codec_packs: true when the format gives exactly the bytes of `hex`. */
bool codec_packs(const char *hex, const char *format, ...);

/* codec_pack_error: what packing returns; checks that nothing was added. */
int codec_pack_error(const char *format, ...);

/* codec_unpack: read the value that `hex` says; strings live in `arena`. */
int codec_unpack(struct troupe__arena *arena, const char *hex,
                 const char *format, ...);

/* codec_bytes: the bytes of hex digits; spaces between them are fine. */
struct troupe__buffer codec_bytes(const char *hex);

/* codec_hex: the digits of bytes, to be freed. */
char *codec_hex(const uint8_t *bytes, size_t size);

/* codec_message: a whole message with that body, and how it is read. */
void codec_message(struct troupe__buffer *out, const char *type,
                   const char *format, ...);

/* codec_random: the next number of a sequence; the state is the seed. */
uint64_t codec_random(uint64_t *state);

/* codec_seed: TROUPE_SEED if set, else the clock; printed either way. */
uint64_t codec_seed(void);

#endif
