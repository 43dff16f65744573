/* SPDX-License-Identifier: Apache-2.0 */
/* test_validate.c: what strangers may not send. */
#include <criterion/criterion.h>
#include <errno.h>
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec.h"
#include "mailbox/pack.h"

enum { MANY = 1000 };

/* The bytes in a block of their very size, so that a step too far is seen. */
static ptrdiff_t
size_of(const uint8_t *bytes, size_t size, size_t elements_max)
{
    uint8_t *copy = troupe__alloc(size);
    if (size > 0)
        memcpy(copy, bytes, size);
    ptrdiff_t found = troupe__value_size(copy, copy + size, elements_max);
    free(copy);
    return found;
}

static ptrdiff_t
size_of_hex(const char *hex)
{
    struct troupe__buffer bytes = codec_bytes(hex);
    ptrdiff_t found = size_of(bytes.data, bytes.size, MANY);
    troupe__buffer_free(&bytes);
    return found;
}

/* One value of each form; what follows a value is left alone. */
static const char *const values[] = {
    "c0",
    "c2",
    "c3",
    "00",
    "7f",
    "ff",
    "cc80",
    "cd0100",
    "ce00010000",
    "cf0000000100000000",
    "d080",
    "d18000",
    "d280000000",
    "d38000000000000000",
    "ca3f800000",
    "cb3ff0000000000000",
    "a0",
    "a3616263",
    "d903616263",
    "da0003616263",
    "db00000003616263",
    "c403616263",
    "c50003616263",
    "c600000003616263",
    "d40161",
    "d5016162",
    "d60161626364",
    "d7016162636465666768",
    "d80161626364656667686162636465666768",
    "c70301616263",
    "c8000301616263",
    "c90000000301616263",
    "90",
    "93010203",
    "dc0003010203",
    "dd00000003010203",
    "80",
    "820102a16103",
    "de000201020304",
    "df0000000201020304",
    "9281a16b92c0c2c3",
};

Test(validate, every_form_is_measured)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char hex[64];
        ptrdiff_t size = (ptrdiff_t) strlen(values[i]) / 2;
        cr_assert_eq(size_of_hex(values[i]), size, "%s", values[i]);
        snprintf(hex, sizeof hex, "%sc1", values[i]);
        cr_assert_eq(size_of_hex(hex), size, "%s", hex);
    }
}

Test(validate, a_value_cut_at_any_byte_is_refused)
{
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct troupe__buffer bytes = codec_bytes(values[i]);
        ptrdiff_t whole = size_of(bytes.data, bytes.size, MANY);
        cr_assert_gt(whole, 0);
        for (size_t cut = 0; cut < (size_t) whole; cut++)
            cr_assert_eq(size_of(bytes.data, cut, MANY), -EBADMSG,
                         "%s cut at %zu", values[i], cut);
        troupe__buffer_free(&bytes);
    }
}

/* Behind each first byte there is enough for a scalar, and zeros otherwise. */
Test(validate, every_first_byte)
{
    for (unsigned first = 0; first < 256; first++) {
        uint8_t bytes[64] = {(uint8_t) first};
        ptrdiff_t alone = size_of(bytes, 1, MANY);
        bool is_whole = first <= 0x80 || first == 0x90 || first == 0xa0
                        || first == 0xc0 || first == 0xc2 || first == 0xc3
                        || first >= 0xe0;
        cr_assert_eq(alone, is_whole ? 1 : -EBADMSG, "%02x alone: %td", first,
                     alone);

        msgpack_unpacked result;
        msgpack_unpacked_init(&result);
        size_t used = 0;
        msgpack_unpack_return rc = msgpack_unpack_next(
            &result, (const char *) bytes, sizeof bytes, &used);
        ptrdiff_t padded = size_of(bytes, sizeof bytes, MANY);
        if (rc == MSGPACK_UNPACK_SUCCESS)
            cr_assert_eq(padded, (ptrdiff_t) used, "%02x: %td", first, padded);
        else
            cr_assert_eq(padded, -EBADMSG, "%02x: %td", first, padded);
        msgpack_unpacked_destroy(&result);
    }
}

Test(validate, five_byte_bombs_are_refused)
{
    static const char *const bombs[] = {
        "ddffffffff", "dfffffffff",   "df80000000",   "df7fffffff",
        "dbffffffff", "c6ffffffff",   "c9ffffffff",   "dcffff",
        "deffff",     "daffff",       "c5ffff",       "c8ffff",
        "d9ff",       "c4ff",         "c7ff",         "dd00000001",
        "df00000001", "dd00000002c0", "df00000001c0",
    };
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++)
        cr_assert_eq(size_of_hex(bombs[i]), -EBADMSG, "%s", bombs[i]);
}

Test(validate, nested_bombs_are_refused_by_depth)
{
    enum { DEPTH = 1000000 };
    uint8_t *bytes = troupe__alloc(DEPTH);
    static const uint8_t heads[] = {0x91, 0x81, 0x9f};
    for (size_t i = 0; i < sizeof heads; i++) {
        memset(bytes, heads[i], DEPTH);
        cr_assert_eq(size_of(bytes, DEPTH, DEPTH), -EBADMSG);
    }
    free(bytes);
}

/* Each header alone is in bounds; only the sum is not. */
Test(validate, nested_headers_are_refused_by_their_sum)
{
    enum { LEVELS = 30, WIDTH = 65535 };
    size_t size = 3 * LEVELS + WIDTH + 8;
    uint8_t *bytes = troupe__alloc(size);
    for (size_t i = 0; i < LEVELS; i++)
        memcpy(bytes + 3 * i, "\xdc\xff\xff", 3);
    cr_assert_eq(size_of(bytes, size, WIRE_ELEMENTS_MAX), -EBADMSG);
    free(bytes);
}

Test(validate, thirty_two_deep_and_no_deeper_empty_or_not)
{
    uint8_t bytes[34];
    memset(bytes, 0x91, sizeof bytes);
    bytes[31] = 0x90;
    cr_assert_eq(size_of(bytes, 32, MANY), 32);
    bytes[31] = 0x91;
    bytes[32] = 0xc0;
    cr_assert_eq(size_of(bytes, 33, MANY), 33);
    bytes[32] = 0x90;
    cr_assert_eq(size_of(bytes, 33, MANY), -EBADMSG);
    bytes[32] = 0x80;
    cr_assert_eq(size_of(bytes, 33, MANY), -EBADMSG);
    bytes[32] = 0x91;
    bytes[33] = 0xc0;
    cr_assert_eq(size_of(bytes, 34, MANY), -EBADMSG);
}

Test(validate, depth_is_not_what_stands_side_by_side)
{
    uint8_t bytes[101];
    memset(bytes, 0x90, sizeof bytes);
    bytes[0] = 0xdc;
    bytes[1] = 0;
    bytes[2] = 98;
    cr_assert_eq(size_of(bytes, sizeof bytes, MANY), 101);
}

Test(validate, the_number_of_values_is_bounded)
{
    /* [1, {2: 3}, "x"] is six values. */
    static const uint8_t bytes[] = {0x93, 1, 0x81, 2, 3, 0xa1, 'x'};
    cr_assert_eq(size_of(bytes, sizeof bytes, 6), 7);
    cr_assert_eq(size_of(bytes, sizeof bytes, 5), -EBADMSG);
    cr_assert_eq(size_of(bytes, sizeof bytes, 0), -EBADMSG);
}

Test(validate, limits_are_lowered_by_what_was_seen)
{
    static const uint8_t bytes[] = {0x93, 1, 0x81, 2, 3, 0xa1, 'x'};
    struct troupe__limits limits = {2, 10};
    const uint8_t *end = bytes + sizeof bytes;
    cr_assert_eq(troupe__value_check(bytes, end, &limits), 7);
    cr_assert_eq(limits.elements, 4);
    limits = (struct troupe__limits){1, 10};
    cr_assert_eq(troupe__value_check(bytes, end, &limits), -EBADMSG);
    limits = (struct troupe__limits){0, 10};
    cr_assert_eq(troupe__value_check(bytes + 1, end, &limits), 1);
}

Test(validate, strict_utf8_in_text_but_not_in_binary)
{
    cr_assert_eq(size_of_hex("a2c3a4"), 3);
    cr_assert_eq(size_of_hex("a2c328"), -EBADMSG);
    cr_assert_eq(size_of_hex("81a1ffc0"), -EBADMSG);
    cr_assert_eq(size_of_hex("c402c328"), 4);
    cr_assert_eq(size_of_hex("d501c328"), 4);
    cr_assert_eq(size_of_hex("a100"), 2);
}

/* A count that cannot be true is refused before its items are looked at. */
Test(validate, a_false_count_costs_nothing)
{
    uint8_t bytes[1005];
    memset(bytes, 0xc0, sizeof bytes);
    memcpy(bytes, "\xdd\x00\x00\x03\xe9", 5);
    struct troupe__limits limits = {32, 5000};
    const uint8_t *end = bytes + sizeof bytes;
    cr_assert_eq(troupe__value_check(bytes, end, &limits), -EBADMSG);
    cr_assert_eq(limits.elements, 4999);

    bytes[4] = 0xe8;
    limits.elements = 900;
    cr_assert_eq(troupe__value_check(bytes, end, &limits), -EBADMSG);
    cr_assert_eq(limits.elements, 899);
    limits.elements = 1001;
    cr_assert_eq(troupe__value_check(bytes, end, &limits), sizeof bytes);
    cr_assert_eq(limits.elements, 0);
}

static bool
utf8(const char *text)
{
    size_t size = strlen(text);
    uint8_t *copy = troupe__alloc(size);
    memcpy(copy, text, size);
    bool is = troupe__utf8(copy, size);
    free(copy);
    return is;
}

Test(validate, utf8_edges)
{
    static const char *const good[] = {
        "",
        "\x7f",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xec\xbf\xbf",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "plain text of more than sixteen bytes",
        "with \xc3\xa4 in its midst and \xf0\x9f\x8e\xad at the end",
    };
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf", /* overlong */
        "\xe0\x80\x80",
        "\xe0\x9f\xbf", /* overlong */
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",
        "\xed\xbf\xbf", /* surrogates */
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", /* above U+10FFFF */
        "\xfe",
        "\xff",
        "\xc3",
        "\xe2\x82",
        "\xf0\x9f\x8e",
        "\xc3\xc3",
        "\xe2\x28\xa1",
        "\xe2\x82\x28",
        "\xf0\x9f\x28\x8e",
        "\xf0\x9f\x8e\x28",
        "text, then half a character \xc3",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_assert(utf8(good[i]), "good %zu", i);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_not(utf8(bad[i]), "bad %zu", i);
}

/* All code points there are, each made by the book, and no surrogate. */
Test(validate, utf8_of_every_code_point)
{
    for (uint32_t code = 1; code < 0x110000; code++) {
        uint8_t text[5] = {0};
        if (code < 0x80) {
            text[0] = (uint8_t) code;
        } else if (code < 0x800) {
            text[0] = (uint8_t) (0xc0 | code >> 6);
            text[1] = (uint8_t) (0x80 | (code & 0x3f));
        } else if (code < 0x10000) {
            text[0] = (uint8_t) (0xe0 | code >> 12);
            text[1] = (uint8_t) (0x80 | (code >> 6 & 0x3f));
            text[2] = (uint8_t) (0x80 | (code & 0x3f));
        } else {
            text[0] = (uint8_t) (0xf0 | code >> 18);
            text[1] = (uint8_t) (0x80 | (code >> 12 & 0x3f));
            text[2] = (uint8_t) (0x80 | (code >> 6 & 0x3f));
            text[3] = (uint8_t) (0x80 | (code & 0x3f));
        }
        bool is = troupe__utf8(text, strlen((char *) text));
        bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
        cr_assert_eq(is, !is_surrogate, "U+%04X", code);
    }
}
