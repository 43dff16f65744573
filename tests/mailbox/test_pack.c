/* SPDX-License-Identifier: Apache-2.0 */
/* test_pack.c: every letter of the writing formats. */
#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>

#include "codec.h"
#include "mailbox/pack.h"
#include "troupe_msgpack.h"

Test(pack, nil_is_what_no_format_gives)
{
    cr_assert(codec_packs("c0", NULL));
    cr_assert(codec_packs("c0", "n"));
}

Test(pack, integers_take_the_smallest_form)
{
    static const struct {
        int64_t value;
        const char *hex;
    } cases[] = {
        {0, "00"},
        {127, "7f"},
        {128, "cc80"},
        {255, "ccff"},
        {256, "cd0100"},
        {65535, "cdffff"},
        {65536, "ce00010000"},
        {UINT32_MAX, "ceffffffff"},
        {INT64_C(1) << 32, "cf0000000100000000"},
        {INT64_MAX, "cf7fffffffffffffff"},
        {-1, "ff"},
        {-32, "e0"},
        {-33, "d0df"},
        {-128, "d080"},
        {-129, "d1ff7f"},
        {-32768, "d18000"},
        {-32769, "d2ffff7fff"},
        {INT32_MIN, "d280000000"},
        {INT64_C(-2147483649), "d3ffffffff7fffffff"},
        {INT64_MIN, "d38000000000000000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert(codec_packs(cases[i].hex, "I", cases[i].value));
    cr_assert(codec_packs("cfffffffffffffffff", "U", UINT64_MAX));
    cr_assert(codec_packs("d280000000", "i", INT32_MIN));
    cr_assert(codec_packs("ce7fffffff", "i", INT32_MAX));
}

Test(pack, other_scalars)
{
    cr_assert(codec_packs("cb3ff8000000000000", "f", 1.5));
    cr_assert(codec_packs("cb8000000000000000", "f", -0.0));
    cr_assert(codec_packs("cb7ff0000000000000", "f", (double) INFINITY));
    cr_assert(codec_packs("c3", "b", 7));
    cr_assert(codec_packs("c2", "b", 0));
    cr_assert(codec_packs("cf0102030405060708", "R",
                          (troupe_ref_t){0x0102030405060708}));
    cr_assert(codec_packs("00", "R", TROUPE_NOBODY));
    cr_assert(codec_packs("c403616263", "B", "abc", (size_t) 3));
    cr_assert(codec_packs("c400", "B", NULL, (size_t) 0));
}

Test(pack, strings_and_their_marks)
{
    cr_assert(codec_packs("a0", "s", ""));
    cr_assert(codec_packs("a568656c6c6f", "s", "hello"));
    cr_assert(codec_packs("a3e282ac", "s", "\xe2\x82\xac"));
    cr_assert(codec_packs("c0", "s?", NULL));
    cr_assert(codec_packs("a161", "s?", "a"));
    cr_assert(codec_packs("a2610a", "s#", "a\nb", (size_t) 2));
    cr_assert(codec_packs("a3610062", "s#", "a\0b", (size_t) 3));
    cr_assert(codec_packs("a0", "s#", NULL, (size_t) 0));
}

Test(pack, sizes_have_the_smallest_head)
{
    static const struct {
        size_t size;
        uint8_t text[6], binary[6];
        size_t text_head, binary_head;
    } cases[] = {
        {31, {0xbf}, {0xc4, 31}, 1, 2},
        {32, {0xd9, 32}, {0xc4, 32}, 2, 2},
        {255, {0xd9, 255}, {0xc4, 255}, 2, 2},
        {256, {0xda, 1, 0}, {0xc5, 1, 0}, 3, 3},
        {65535, {0xda, 255, 255}, {0xc5, 255, 255}, 3, 3},
        {65536, {0xdb, 0, 1, 0, 0}, {0xc6, 0, 1, 0, 0}, 5, 5},
    };
    char *filler = troupe__alloc(65537);
    memset(filler, 'x', 65536);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = cases[i].size;
        struct troupe__buffer out = {0};
        cr_assert_eq(codec_pack(&out, "s#", filler, size), 0);
        cr_assert_eq(out.size, cases[i].text_head + size);
        cr_assert_arr_eq(out.data, cases[i].text, cases[i].text_head);
        out.size = 0;
        cr_assert_eq(codec_pack(&out, "B", filler, size), 0);
        cr_assert_eq(out.size, cases[i].binary_head + size);
        cr_assert_arr_eq(out.data, cases[i].binary, cases[i].binary_head);
        troupe__buffer_free(&out);
    }
    free(filler);
}

Test(pack, a_string_of_any_length_comes_out_as_it_is)
{
    char text[80];
    for (size_t size = 0; size < sizeof text; size++) {
        for (size_t i = 0; i < size; i++)
            text[i] = (char) ('a' + i % 26);
        text[size] = '\0';
        struct troupe__buffer out = {0};
        cr_assert_eq(codec_pack(&out, "s", text), 0);
        cr_assert_eq(memcmp(out.data + out.size - size, text, size), 0);
        troupe__buffer_free(&out);
    }
}

Test(pack, containers)
{
    cr_assert(codec_packs("80", "{}"));
    cr_assert(codec_packs("90", "[]"));
    cr_assert(codec_packs("81a2627905", "{s:I}", "by", (int64_t) 5));
    cr_assert(
        codec_packs("82a16101a16202", " { s : i , s : i } ", "a", 1, "b", 2));
    cr_assert(codec_packs("9301c0a178", "[ins]", 1, "x"));
    cr_assert(
        codec_packs("81a16b929081a16c91c3", "{s:[[],{s:[b]}]}", "k", "l", 1));
    cr_assert(codec_packs("81a0c3", "{s#:b}", "x", (size_t) 0, 1));
    cr_assert(codec_packs("81a2c3a4c3", "{s#:b}", "\xc3\xa4", (size_t) 2, 1));
}

Test(pack, sixteen_items_widen_the_head)
{
    cr_assert(codec_packs("dc0010000102030405060708090a0b0c0d0e0f",
                          "[iiiiiiiiiiiiiiii]", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
                          10, 11, 12, 13, 14, 15));
    cr_assert(codec_packs(
        "9201de0010a16100a16101a16102a16103a16104a16105a16106a16107a16108a16109"
        "a1610aa1610ba1610ca1610da1610ea1610f",
        "[i{sisisisisisisisisisisisisisisisi}]", 1, "a", 0, "a", 1, "a", 2, "a",
        3, "a", 4, "a", 5, "a", 6, "a", 7, "a", 8, "a", 9, "a", 10, "a", 11,
        "a", 12, "a", 13, "a", 14, "a", 15));
}

Test(pack, more_than_65535_items_widen_it_further)
{
    enum { COUNT = 65536 };
    char *format = troupe__alloc(COUNT + 3);
    memset(format, 'n', COUNT + 1);
    format[0] = '[';
    format[COUNT + 1] = ']';
    struct troupe__buffer out = {0};
    cr_assert_eq(codec_pack(&out, format), 0);
    cr_assert_eq(out.size, 5 + COUNT);
    cr_assert_arr_eq(out.data, "\xdd\x00\x01\x00\x00\xc0", 6);
    troupe__buffer_free(&out);
    free(format);
}

Test(pack, a_wrong_format_is_refused)
{
    static const char *const formats[] = {
        "",   " ",  "x",  "nn",   "{",    "}",     "[",     "]",
        "[}", "{]", "[n", "[[]",  "n]",   "{n:n}", "{[]n}", "{}n",
        "%",  "#",  "?",  "[n?]", "[n#]", "[!n]",  "n\n!",  "{}{}",
    };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        cr_assert_eq(codec_pack_error(formats[i]), -EINVAL, "%s", formats[i]);
    cr_assert_eq(codec_pack_error("{s}", "key"), -EINVAL);
    cr_assert_eq(codec_pack_error("{s:}", "key"), -EINVAL);
    cr_assert_eq(codec_pack_error("{s?:n}", "key"), -EINVAL);
    cr_assert_eq(codec_pack_error("{s:n", "key"), -EINVAL);
    cr_assert_eq(codec_pack_error("{s:n]", "key"), -EINVAL);
    cr_assert_eq(codec_pack_error("s %", "text"), -EINVAL);
}

Test(pack, a_null_pointer_is_refused)
{
    cr_assert_eq(codec_pack_error("s", NULL), -EINVAL);
    cr_assert_eq(codec_pack_error("s#", NULL, (size_t) 1), -EINVAL);
    cr_assert_eq(codec_pack_error("{s:n}", NULL), -EINVAL);
    cr_assert_eq(codec_pack_error("B", NULL, (size_t) 1), -EINVAL);
    cr_assert_eq(codec_pack_error("r", NULL, (size_t) 0), -EINVAL);
    cr_assert_eq(codec_pack_error("m", NULL), -EINVAL);
    cr_assert_eq(codec_pack_error("*", NULL, NULL), -EINVAL);
}

Test(pack, text_that_is_not_utf8_is_refused_wherever_it_stands)
{
    char text[41];
    for (size_t size = 1; size < sizeof text; size++) {
        for (size_t bad = 0; bad < size; bad++) {
            memset(text, 'a', size);
            text[bad] = (char) 0xff;
            text[size] = '\0';
            cr_assert_eq(codec_pack_error("s", text), -EINVAL, "%zu of %zu",
                         bad, size);
            cr_assert_eq(codec_pack_error("{s:n}", text), -EINVAL);
        }
    }
}

Test(pack, a_string_of_4_gib_is_too_big)
{
    cr_assert_eq(codec_pack_error("s#", "", (size_t) UINT32_MAX + 1),
                 -EMSGSIZE);
    cr_assert_eq(codec_pack_error("B", "", (size_t) UINT32_MAX + 1), -EMSGSIZE);
}

Test(pack, thirty_two_containers_nest_but_not_thirty_three)
{
    char format[67] = {0};
    memset(format, '[', 32);
    memset(format + 32, ']', 32);
    struct troupe__buffer out = {0};
    cr_assert_eq(codec_pack(&out, format), 0);
    cr_assert_eq(troupe__value_size(out.data, out.data + out.size, 100), 32);
    troupe__buffer_free(&out);

    memset(format, '[', 33);
    memset(format + 33, ']', 33);
    cr_assert_eq(codec_pack_error(format), -EINVAL);
}

Test(pack, raw_values_are_checked_and_copied)
{
    cr_assert(codec_packs("9201a161", "r", "\x92\x01\xa1\x61", (size_t) 4));
    cr_assert(codec_packs("81a16b9201a161", "{s:r}", "k", "\x92\x01\xa1\x61",
                          (size_t) 4));
    cr_assert_eq(codec_pack_error("r", "", (size_t) 0), -EBADMSG);
    cr_assert_eq(codec_pack_error("r", "\x92\x01", (size_t) 2), -EBADMSG);
    cr_assert_eq(codec_pack_error("r", "\x01\x02", (size_t) 2), -EBADMSG);
    cr_assert_eq(codec_pack_error("r", "\xc1", (size_t) 1), -EBADMSG);
    cr_assert_eq(codec_pack_error("r", "\xa1\xff", (size_t) 2), -EBADMSG);
    /* Together they would be a value; each on its own is none. */
    cr_assert_eq(
        codec_pack_error("[rr]", "\x92\x01", (size_t) 2, "\x02", (size_t) 1),
        -EBADMSG);
}

Test(pack, depth_and_number_of_values_count_what_is_raw)
{
    uint8_t nested[32];
    memset(nested, 0x91, 31);
    nested[31] = 0x90;
    cr_assert_eq(codec_pack_error("[r]", nested, (size_t) 32), -EBADMSG);
    struct troupe__buffer out = {0};
    cr_assert_eq(codec_pack(&out, "r", nested, (size_t) 32), 0);
    cr_assert_eq(codec_pack(&out, "[r]", nested + 1, (size_t) 31), 0);

    /* An array of all values that there may be: 2^20 with itself. */
    size_t count = WIRE_ELEMENTS_MAX - 1;
    out.size = 0;
    uint8_t *bytes = troupe__alloc(count + 5);
    bytes[0] = 0xdd;
    troupe__store_u32(bytes + 1, (uint32_t) count);
    memset(bytes + 5, 0xc0, count);
    cr_assert_eq(codec_pack(&out, "r", bytes, count + 5), 0);
    cr_assert_eq(codec_pack_error("[r]", bytes, count + 5), -EBADMSG);
    cr_assert_eq(codec_pack_error("[rn]", bytes, count + 5), -EBADMSG);
    troupe__store_u32(bytes + 1, (uint32_t) (count - 1));
    cr_assert_eq(codec_pack(&out, "[r]", bytes, count + 4), 0);
    cr_assert_eq(codec_pack_error("[rn]", bytes, count + 4), -EBADMSG);
    free(bytes);
    troupe__buffer_free(&out);
}

static int
write_pair(msgpack_packer *packer, void *arg)
{
    msgpack_pack_array(packer, 2);
    msgpack_pack_int(packer, *(int *) arg);
    return msgpack_pack_nil(packer);
}

static int
write_half(msgpack_packer *packer, void *arg)
{
    (void) arg;
    return msgpack_pack_array(packer, 2);
}

static int
write_two(msgpack_packer *packer, void *arg)
{
    (void) arg;
    msgpack_pack_nil(packer);
    return msgpack_pack_nil(packer);
}

static int
write_nothing(msgpack_packer *packer, void *arg)
{
    (void) packer;
    return *(int *) arg;
}

Test(pack, a_function_writes_with_the_packer_of_msgpack)
{
    int value = 9;
    int zero = 0;
    int refused = -ENOENT;
    cr_assert(codec_packs("9209c0", "*", write_pair, (void *) &value));
    cr_assert(
        codec_packs("81a16b9209c0", "{s:*}", "k", write_pair, (void *) &value));
    cr_assert_eq(codec_pack_error("*", write_half, NULL), -EBADMSG);
    cr_assert_eq(codec_pack_error("*", write_two, NULL), -EBADMSG);
    cr_assert_eq(codec_pack_error("*", write_nothing, (void *) &zero),
                 -EBADMSG);
    cr_assert_eq(codec_pack_error("*", write_nothing, (void *) &value),
                 -EINVAL);
    cr_assert_eq(codec_pack_error("[n*]", write_nothing, (void *) &refused),
                 -ENOENT);
}

Test(pack, the_body_of_another_message)
{
    struct troupe__buffer bytes = {0};
    codec_message(&bytes, "t", "{s:I}", "by", (int64_t) 5);
    struct troupe_message msg = {0};
    cr_assert_eq(
        troupe__message_read(&msg, bytes.data, bytes.data + bytes.size),
        bytes.size);
    cr_assert(codec_packs("81a2627905", "m", &msg));
    cr_assert(codec_packs("9281a2627905c0", "[mn]", &msg));
    troupe__buffer_free(&bytes);
}
