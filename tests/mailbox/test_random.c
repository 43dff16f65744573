/* SPDX-License-Identifier: Apache-2.0 */
/* test_random.c: random values, there and back, against msgpack-c. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <msgpack.h>
#include <stdlib.h>

#include "codec.h"
#include "mailbox/cursor.h"
#include "mailbox/pack.h"

enum { ROUNDS = 20000 };

/* An integer of a random number of bits, so that every width comes up. */
static uint64_t
random_bits(uint64_t *state)
{
    return codec_random(state) >> codec_random(state) % 64;
}

static void
random_text(uint64_t *state, char *text, size_t size_max)
{
    static const char *const letters[] = {
        "a", "Z", " ", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x8e\xad"};
    size_t size = 0;
    size_t wanted = codec_random(state) % size_max;
    for (;;) {
        const char *letter = letters[codec_random(state) % 6];
        if (size + strlen(letter) > wanted)
            break;
        memcpy(text + size, letter, strlen(letter));
        size += strlen(letter);
    }
    text[size] = '\0';
}

/* A random value by msgpack-c, whose formats need not be the smallest. */
static void
write_value(msgpack_packer *packer, uint64_t *state, int depth)
{
    char text[300];
    uint64_t bits = random_bits(state);
    switch (codec_random(state) % (depth > 0 ? 12 : 9)) {
    case 0:
        msgpack_pack_nil(packer);
        break;
    case 1:
        msgpack_pack_true(packer);
        break;
    case 2:
        msgpack_pack_uint64(packer, bits);
        break;
    case 3:
        msgpack_pack_int64(packer, -(int64_t) (bits >> 1));
        break;
    case 4:
        msgpack_pack_fix_int32(packer, (int32_t) bits);
        break;
    case 5:
        msgpack_pack_float(packer, (float) bits);
        break;
    case 6:
        msgpack_pack_double(packer, (double) bits / 3);
        break;
    case 7:
        random_text(state, text, sizeof text);
        msgpack_pack_str_with_body(packer, text, strlen(text));
        break;
    case 8:
        random_text(state, text, sizeof text);
        msgpack_pack_bin_with_body(packer, text, strlen(text));
        break;
    case 9:
        random_text(state, text, sizeof text);
        msgpack_pack_ext_with_body(packer, text, strlen(text), (int8_t) bits);
        break;
    case 10:
        bits = codec_random(state) % 20;
        msgpack_pack_array(packer, bits);
        for (; bits > 0; bits--)
            write_value(packer, state, depth - 1);
        break;
    default:
        bits = codec_random(state) % 20;
        msgpack_pack_map(packer, bits);
        for (bits *= 2; bits > 0; bits--)
            write_value(packer, state, depth - 1);
        break;
    }
}

Test(random, what_msgpack_writes_is_measured_and_skipped_alike, .timeout = 60)
{
    uint64_t seed = codec_seed();
    for (int round = 0; round < ROUNDS / 10; round++) {
        msgpack_sbuffer sbuffer;
        msgpack_sbuffer_init(&sbuffer);
        msgpack_packer packer;
        msgpack_packer_init(&packer, &sbuffer, msgpack_sbuffer_write);
        write_value(&packer, &seed, 4);

        const uint8_t *bytes = (const uint8_t *) sbuffer.data;
        const uint8_t *end = bytes + sbuffer.size;
        cr_assert_eq(troupe__value_size(bytes, end, WIRE_ELEMENTS_MAX),
                     (ptrdiff_t) sbuffer.size, "round %d", round);
        struct troupe__cursor cursor = {bytes, end};
        cr_assert(troupe__cursor_skip(&cursor), "round %d", round);
        cr_assert_eq(cursor.at, end, "round %d", round);
        msgpack_sbuffer_destroy(&sbuffer);
    }
}

struct sample {
    int small;
    int64_t integer;
    uint64_t natural;
    double real;
    bool truth;
    troupe_ref_t ref;
    char text[100];
    char name[40];
    uint8_t binary[64];
    size_t binary_size;
};

static void
fill(struct sample *self, uint64_t *state)
{
    self->small = (int) (random_bits(state) >> 33);
    if (codec_random(state) % 2)
        self->small = -self->small;
    self->integer = (int64_t) random_bits(state);
    self->natural = random_bits(state);
    self->real = (double) (int64_t) random_bits(state) / 7;
    self->truth = codec_random(state) % 2;
    self->ref.id = random_bits(state);
    random_text(state, self->text, sizeof self->text);
    random_text(state, self->name, sizeof self->name);
    self->binary_size = codec_random(state) % sizeof self->binary;
    for (size_t i = 0; i < self->binary_size; i++)
        self->binary[i] = (uint8_t) codec_random(state);
}

/* msgpack-c must read out of our bytes what was put in. */
static void
check_with_msgpack(const struct troupe__buffer *bytes, const struct sample *in)
{
    msgpack_unpacked result;
    msgpack_unpacked_init(&result);
    size_t used = 0;
    cr_assert_eq(msgpack_unpack_next(&result, (const char *) bytes->data,
                                     bytes->size, &used),
                 MSGPACK_UNPACK_SUCCESS);
    cr_assert_eq(used, bytes->size);
    const msgpack_object *items = result.data.via.array.ptr;
    cr_assert_eq(result.data.via.array.size, 7);
    cr_assert_eq(items[0].via.i64, in->small);
    cr_assert_eq(items[1].via.i64, in->integer);
    cr_assert_eq(items[2].via.u64, in->natural);
    cr_assert_eq(items[3].via.f64, in->real);
    cr_assert_eq(items[4].via.boolean, in->truth);
    const msgpack_object_kv *pairs = items[5].via.map.ptr;
    cr_assert_eq(items[5].via.map.size, 2);
    cr_assert_eq(pairs[0].val.via.u64, in->ref.id);
    cr_assert_eq(pairs[1].val.via.str.size, strlen(in->text));
    cr_assert_eq(memcmp(pairs[1].val.via.str.ptr, in->text, strlen(in->text)),
                 0);
    cr_assert_eq(items[6].via.bin.size, in->binary_size);
    msgpack_unpacked_destroy(&result);
}

Test(random, what_is_packed_is_unpacked, .timeout = 60)
{
    uint64_t seed = codec_seed();
    struct troupe__buffer out = {0};
    struct troupe__arena arena = {0};
    for (int round = 0; round < ROUNDS; round++) {
        struct sample in;
        fill(&in, &seed);
        out.size = 0;
        codec_message(&out, "t", "[i,I,U,f,b,{s:R,s:s},B]", in.small,
                      in.integer, in.natural, in.real, (int) in.truth, "ref",
                      in.ref, in.name, in.text, in.binary, in.binary_size);
        struct troupe_message msg = {.arena = &arena};
        cr_assert_eq(troupe__message_parse(&msg, out.data, out.data + out.size),
                     (ptrdiff_t) out.size, "round %d", round);
        struct troupe__buffer body = {(uint8_t *) msg.body, msg.body_size, 0};
        check_with_msgpack(&body, &in);

        struct sample found = {0};
        const char *text = NULL;
        const void *binary = NULL;
        cr_assert_eq(troupe_unpack(&msg, "[i,I,U,f,b,{s:s,s:R!},B!]",
                                   &found.small, &found.integer, &found.natural,
                                   &found.real, &found.truth, in.name, &text,
                                   "ref", &found.ref, &binary,
                                   &found.binary_size),
                     0, "round %d", round);
        cr_assert_eq(found.small, in.small);
        cr_assert_eq(found.integer, in.integer);
        cr_assert_eq(found.natural, in.natural);
        cr_assert_eq(found.real, in.real);
        cr_assert_eq(found.truth, in.truth);
        cr_assert_eq(found.ref.id, in.ref.id);
        cr_assert_str_eq(text, in.text);
        cr_assert_eq(found.binary_size, in.binary_size);
        cr_assert_eq(memcmp(binary, in.binary, in.binary_size), 0);
        troupe__arena_reset(&arena);
    }
    troupe__arena_free(&arena);
    troupe__buffer_free(&out);
}

/* Random damage: refused, or still a value of which nothing lies outside. */
Test(random, damage_is_survived, .timeout = 60)
{
    uint64_t seed = codec_seed();
    struct troupe__buffer out = {0};
    codec_message(&out, "t", "{s:[iifs],s:{s:b,s:n},s:s}", "a", 1, 100000, 0.5,
                  "text", "b", "c", 1, "d", "e", "f");
    uint8_t *copy = troupe__alloc(out.size);
    int accepted = 0;
    for (int round = 0; round < ROUNDS; round++) {
        memcpy(copy, out.data, out.size);
        for (uint64_t hits = 1 + codec_random(&seed) % 3; hits > 0; hits--)
            copy[codec_random(&seed) % out.size] =
                (uint8_t) codec_random(&seed);
        struct troupe__arena arena = {0};
        struct troupe_message msg = {.arena = &arena};
        ptrdiff_t size = troupe__message_parse(&msg, copy, copy + out.size);
        cr_assert_leq(size, (ptrdiff_t) out.size);
        if (size > 0) {
            int64_t a = 0;
            const char *text = "";
            bool truth = false;
            accepted++;
            (void) !troupe_unpack(&msg, "{s?s,s?[IIfs],s?{s?b,s?n!}!}", "e",
                                  &text, "a", &a, &a, &(double){0}, &text, "b",
                                  "c", &truth, "d");
        }
        troupe__arena_free(&arena);
    }
    cr_assert_gt(accepted, 0);
    cr_assert_lt(accepted, ROUNDS);
    free(copy);
    troupe__buffer_free(&out);
}
