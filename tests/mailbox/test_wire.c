/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire.c: the envelope, byte for byte. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec.h"

static const struct troupe__envelope plain = {
    .kind = WIRE_ASK,
    .to = {0x0102030405060708},
    .from = {0x1112131415161718},
    .id = 0x2122232425262728,
    .deadline = 0x3132333435363738,
    .type = "add",
    .type_size = 3,
};

/* What is written in the short layout. */
static const struct troupe__envelope brief = {
    .kind = WIRE_TELL,
    .to = {0x0102030405060708},
    .from = {0x1112131415161718},
    .type = "add",
    .type_size = 3,
};

Test(wire, a_message_is_these_bytes)
{
    struct troupe__buffer out = {0};
    troupe__wire_begin(&out, &plain);
    cr_assert_eq(codec_pack(&out, "{s:i}", "by", 7), 0);
    troupe__wire_end(&out, 0);
    char *hex = codec_hex(out.data, out.size);
    cr_assert_str_eq(hex, "9912cd0033"
                          "cf0102030405060708cf1112131415161718"
                          "cf2122232425262728cf3132333435363738"
                          "a3616464c081a2627907");
    free(hex);
    troupe__buffer_free(&out);
}

Test(wire, a_message_without_id_and_deadline_is_short)
{
    struct troupe__buffer out = {0};
    troupe__wire_begin(&out, &brief);
    cr_assert_eq(codec_pack(&out, "i", 7), 0);
    troupe__wire_end(&out, 0);
    char *hex = codec_hex(out.data, out.size);
    cr_assert_str_eq(hex, "9911cd001f"
                          "cf0102030405060708cf1112131415161718"
                          "0000a3616464c007");
    cr_assert_leq(out.size, 33); /* what ZeroMQ carries in the message itself */
    struct troupe_message msg;
    cr_assert_eq(troupe__message_read(&msg, out.data, out.data + out.size),
                 out.size);
    cr_assert_eq(msg.id | msg.deadline, 0);
    cr_assert_eq(msg.from.id, brief.from.id);
    cr_assert(troupe_message_is(&msg, "add"));
    cr_assert_eq(msg.body_size, 1);
    free(hex);
    troupe__buffer_free(&out);
}

/* Over 65,535 bytes the size takes two more, and all the rest moves. */
Test(wire, a_large_message_says_its_size_in_32_bits)
{
    for (size_t room = 65480; room < 65540; room++) {
        char *text = troupe__alloc(room + 1);
        memset(text, 'x', room);
        struct troupe__buffer out = {0};
        troupe__buffer_put(&out, "before", 6);
        troupe__wire_begin(&out, room % 2 ? &plain : &brief);
        cr_assert_eq(codec_pack(&out, "s", text), 0);
        troupe__wire_end(&out, 6);
        const uint8_t *at = out.data + 6, *end = out.data + out.size;
        size_t size = (size_t) (end - at);
        struct troupe_message msg;
        cr_assert_eq(at[WIRE_AT_SIZE], size > 65535 ? 0xce : 0xcd, "%zu", size);
        cr_assert_eq(troupe__message_read(&msg, at, end), size);
        cr_assert_eq(troupe__message_parse(&msg, at, end), (ptrdiff_t) size);
        cr_assert_eq(msg.to.id, plain.to.id);
        cr_assert_eq(msg.from.id, plain.from.id);
        cr_assert_eq(msg.id, room % 2 ? plain.id : 0);
        const void *body = NULL;
        size_t body_size = 0;
        cr_assert_eq(troupe_unpack(&msg, "s%", &body, &body_size), 0);
        cr_assert_eq(body_size, room);
        cr_assert_eq(memcmp(body, text, room), 0);
        troupe__buffer_free(&out);
        free(text);
    }
}

/* One of the two is enough for the wide layout, and is read back. */
Test(wire, an_id_or_a_deadline_alone_is_kept)
{
    static const uint64_t pairs[][2] = {
        {1, 0}, {0, 1}, {UINT64_MAX, 0}, {0, UINT64_MAX}, {1, 1}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct troupe__envelope envelope = plain;
        envelope.id = pairs[i][0];
        envelope.deadline = pairs[i][1];
        struct troupe__buffer out = {0};
        troupe__wire_begin(&out, &envelope);
        cr_assert_eq(codec_pack(&out, NULL), 0);
        troupe__wire_end(&out, 0);
        struct troupe_message read, parsed;
        cr_assert_eq(troupe__message_read(&read, out.data, out.data + out.size),
                     out.size);
        cr_assert_eq(
            troupe__message_parse(&parsed, out.data, out.data + out.size),
            (ptrdiff_t) out.size);
        cr_assert(read.id == pairs[i][0] && parsed.id == pairs[i][0]);
        cr_assert(read.deadline == pairs[i][1]
                  && parsed.deadline == pairs[i][1]);
        troupe__buffer_free(&out);
    }
}

Test(wire, a_trace_is_24_bytes_of_binary)
{
    uint8_t trace[WIRE_TRACE_SIZE];
    for (size_t i = 0; i < sizeof trace; i++)
        trace[i] = (uint8_t) (0xa0 + i);
    struct troupe__envelope envelope = plain;
    envelope.trace = trace;
    struct troupe__buffer out = {0};
    troupe__wire_begin(&out, &envelope);
    cr_assert_eq(codec_pack(&out, NULL), 0);
    troupe__wire_end(&out, 0);
    size_t at = WIRE_HEAD_WIDE + 4;
    cr_assert_arr_eq(out.data + at, "\xc4\x18", 2);
    cr_assert_arr_eq(out.data + at + 2, trace, sizeof trace);
    cr_assert_eq(out.size, at + 2 + sizeof trace + 1);
    troupe__buffer_free(&out);
}

Test(wire, types_of_all_sizes_and_messages_behind_each_other)
{
    static const char type[] = "abcdefghijklmnopqrstuvwxyz01234";
    struct troupe__buffer out = {0};
    for (size_t size = 1; size <= TROUPE_TYPE_MAX; size++) {
        struct troupe__envelope envelope = plain;
        envelope.type = type;
        envelope.type_size = size;
        envelope.id = size;
        size_t start = out.size;
        troupe__wire_begin(&out, &envelope);
        cr_assert_eq(codec_pack(&out, "i", (int) size), 0);
        troupe__wire_end(&out, start);
    }
    const uint8_t *at = out.data;
    const uint8_t *end = out.data + out.size;
    for (size_t size = 1; size <= TROUPE_TYPE_MAX; size++) {
        struct troupe_message read;
        struct troupe_message parsed;
        size_t used = troupe__message_read(&read, at, end);
        cr_assert_gt(used, 0);
        cr_assert_eq(troupe__message_parse(&parsed, at, end), (ptrdiff_t) used);
        cr_assert_eq(read.id, size);
        cr_assert_eq(read.type_size, size);
        cr_assert_arr_eq(read.type, type, size);
        cr_assert_eq(parsed.id, size);
        cr_assert_eq(strlen(troupe_message_type(&parsed)), size);
        at += used;
    }
    cr_assert_eq(at, end);
    troupe__buffer_free(&out);
}

/* A writer of its own: any width for numbers, any head for the rest. */
static void
write_foreign(struct troupe__buffer *out, const char *size, const char *array)
{
    char hex[256];
    snprintf(hex, sizeof hex,
             "%s 11 %s cd0005 d006 ce00000007 00 d90161 c0 "
             "81a16101",
             array, size);
    *out = codec_bytes(hex);
}

Test(wire, foreign_writers_may_use_any_width_and_leave_the_size_open)
{
    static const char *const arrays[] = {"99", "dc0009", "dd00000009"};
    static const char *const open[] = {"00", "cc00", "ce00000000",
                                       "cf0000000000000000", "d000"};
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 5; j++) {
            struct troupe__buffer out;
            write_foreign(&out, open[j], arrays[i]);
            struct troupe_message msg;
            cr_assert_eq(
                troupe__message_parse(&msg, out.data, out.data + out.size),
                (ptrdiff_t) out.size, "%s %s", arrays[i], open[j]);
            cr_assert_eq(msg.kind, WIRE_TELL);
            cr_assert_eq(msg.to.id, 5);
            cr_assert_eq(msg.from.id, 6);
            cr_assert_eq(msg.id, 7);
            cr_assert_eq(msg.deadline, 0);
            cr_assert_str_eq(troupe_message_type(&msg), "a");
            cr_assert_null(msg.trace);
            cr_assert_eq(msg.body_size, 4);
            troupe__buffer_free(&out);
        }
    }
}

Test(wire, a_size_that_is_said_must_be_true)
{
    struct troupe__buffer out;
    struct troupe_message msg;
    write_foreign(&out, "16", "99"); /* 22, as it is */
    cr_assert_eq(out.size, 22);
    cr_assert_eq(troupe__message_parse(&msg, out.data, out.data + out.size),
                 22);
    for (int wrong = 1; wrong < 128; wrong++) {
        out.data[2] = (uint8_t) wrong;
        cr_assert_eq(troupe__message_parse(&msg, out.data, out.data + out.size),
                     wrong == 22 ? 22 : -EBADMSG, "%d", wrong);
    }
    troupe__buffer_free(&out);
}

/* Each field in turn is wrong; everything else is right. */
Test(wire, a_wrong_field_is_refused)
{
    static const char *const wrong[] = {
        "98 11 00 05 06 07 00 a161 c0",            /* one item less */
        "9a 11 00 05 06 07 00 a161 c0 c0 c0",      /* one more */
        "89 11 00 05 06 07 00 a161 c0 c0",         /* a map */
        "99 10 00 05 06 07 00 a161 c0 c0",         /* kind 0 */
        "99 1c 00 05 06 07 00 a161 c0 c0",         /* kind 12 */
        "99 01 00 05 06 07 00 a161 c0 c0",         /* version 0 */
        "99 21 00 05 06 07 00 a161 c0 c0",         /* version 2 */
        "99 cd0111 00 05 06 07 00 a161 c0 c0",     /* version 17 */
        "99 c0 00 05 06 07 00 a161 c0 c0",         /* no kind */
        "99 11 c0 05 06 07 00 a161 c0 c0",         /* no size */
        "99 11 ff 05 06 07 00 a161 c0 c0",         /* a negative size */
        "99 11 00 c0 06 07 00 a161 c0 c0",         /* no to */
        "99 11 00 ff 06 07 00 a161 c0 c0",         /* a negative to */
        "99 11 00 05 a106 07 00 a161 c0 c0",       /* a text as from */
        "99 11 00 05 06 ca3f800000 00 a161 c0 c0", /* a real as id */
        "99 11 00 05 06 07 ff a161 c0 c0",         /* a deadline before time */
        "99 11 00 05 06 07 cb7ff8000000000000 a161 c0 c0", /* NaN */
        "99 11 00 05 06 07 00 a0 c0 c0",                   /* no type */
        "99 11 00 05 06 07 00 c40161 c0 c0",   /* a binary as type */
        "99 11 00 05 06 07 00 a100 c0 c0",     /* NUL in a type */
        "99 11 00 05 06 07 00 a10a c0 c0",     /* a line's end in it */
        "99 11 00 05 06 07 00 a11b c0 c0",     /* an escape in it */
        "99 11 00 05 06 07 00 a17f c0 c0",     /* delete */
        "99 11 00 05 06 07 00 a2c3a4 c0 c0",   /* not ASCII */
        "99 11 00 05 06 07 00 a161 c2 c0",     /* a boolean as trace */
        "99 11 00 05 06 07 00 a161 c40100 c0", /* a short trace */
        "99 11 00 05 06 07 00 a161 c0",        /* no body */
        "99 11 00 05 06 07 00 a161 c0 c1",     /* no value as body */
        "99 11 00 05 06 07 00 a161 c0 a1ff",   /* not UTF-8 */
        "99 11 00 05 06 07 00 a161 c0 9301",   /* a body cut short */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct troupe__buffer out = codec_bytes(wrong[i]);
        struct troupe_message msg;
        ptrdiff_t rc =
            troupe__message_parse(&msg, out.data, out.data + out.size);
        cr_assert_eq(rc, -EBADMSG, "%s: %td", wrong[i], rc);
        troupe__buffer_free(&out);
    }
}

Test(wire, a_type_of_32_bytes_is_too_long)
{
    struct troupe__buffer out = codec_bytes(
        "99 11 00 05 06 07 00 d920"
        "6161616161616161616161616161616161616161616161616161616161616161 c0 "
        "c0");
    struct troupe_message msg;
    cr_assert_eq(troupe__message_parse(&msg, out.data, out.data + out.size),
                 -EBADMSG);
    troupe__buffer_free(&out);
}

Test(wire, printable_ascii_is_what_a_type_is_made_of)
{
    for (int c = 0; c < 256; c++) {
        char type[3] = {'a', (char) c, 'b'};
        cr_assert_eq(troupe__type_ok(type, 3), c >= 0x20 && c <= 0x7e, "%02x",
                     (unsigned) c);
    }
    cr_assert_not(troupe__type_ok("", 0));
}

/* Cut anywhere, our own message is neither read nor parsed. */
Test(wire, a_message_cut_at_any_byte_is_refused)
{
    uint8_t trace[WIRE_TRACE_SIZE] = {0};
    for (int form = 0; form < 4; form++) {
        struct troupe__envelope envelope = form & 2 ? plain : brief;
        envelope.trace = form & 1 ? trace : NULL;
        struct troupe__buffer out = {0};
        troupe__wire_begin(&out, &envelope);
        cr_assert_eq(codec_pack(&out, "{s:s}", "text", "something"), 0);
        troupe__wire_end(&out, 0);
        for (size_t size = 0; size <= out.size; size++) {
            uint8_t *cut = troupe__alloc(size);
            memcpy(cut, out.data, size);
            struct troupe_message msg;
            bool whole = size == out.size;
            cr_assert_eq(troupe__message_read(&msg, cut, cut + size),
                         whole ? size : 0, "%zu", size);
            cr_assert_eq(troupe__message_parse(&msg, cut, cut + size),
                         whole ? (ptrdiff_t) size : -EBADMSG, "%zu", size);
            free(cut);
        }
        troupe__buffer_free(&out);
    }
}

/* The size ends right behind the trace, though there are more bytes. */
Test(wire, a_size_without_room_for_a_body_is_refused)
{
    uint8_t trace[WIRE_TRACE_SIZE] = {0};
    struct troupe__envelope envelope = plain;
    envelope.trace = trace;
    struct troupe__buffer out = {0};
    troupe__wire_begin(&out, &envelope);
    size_t head = out.size;
    cr_assert_eq(codec_pack(&out, "[ii]", 1, 2), 0);
    for (size_t size = 1; size <= out.size; size++) {
        bool whole = size == out.size;
        out.data[WIRE_AT_SIZE + 1] = 0;
        out.data[WIRE_AT_SIZE + 2] = (uint8_t) size;
        struct troupe_message msg;
        size_t used = troupe__message_read(&msg, out.data, out.data + out.size);
        cr_assert_eq(used, size > head ? size : 0, "%zu", size);
        cr_assert_eq(troupe__message_parse(&msg, out.data, out.data + out.size),
                     whole ? (ptrdiff_t) size : -EBADMSG, "%zu", size);
    }
    troupe__buffer_free(&out);
}

/* Whatever one byte becomes, nothing is read outside, and what is accepted
 * lies inside. */
static void
change_every_byte(const struct troupe__envelope *envelope)
{
    struct troupe__buffer out = {0};
    troupe__wire_begin(&out, envelope);
    cr_assert_eq(codec_pack(&out, "{s:s}", "text", "abc"), 0);
    troupe__wire_end(&out, 0);
    uint8_t *copy = troupe__alloc(out.size);
    for (size_t i = 0; i < out.size; i++) {
        for (int byte = 0; byte < 256; byte++) {
            memcpy(copy, out.data, out.size);
            copy[i] = (uint8_t) byte;
            struct troupe_message msg;
            size_t used = troupe__message_read(&msg, copy, copy + out.size);
            cr_assert_leq(used, out.size);
            if (used > 0)
                cr_assert_eq(msg.body + msg.body_size, copy + used);
            ptrdiff_t size = troupe__message_parse(&msg, copy, copy + out.size);
            cr_assert(size == -EBADMSG || (size_t) size == out.size,
                      "byte %zu = %02x: %td", i, (unsigned) byte, size);
        }
    }
    free(copy);
    troupe__buffer_free(&out);
}

Test(wire, a_message_with_any_byte_changed_stays_in_bounds)
{
    change_every_byte(&plain);
    change_every_byte(&brief);
}
