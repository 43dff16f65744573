/* SPDX-License-Identifier: Apache-2.0 */
/* test_message.c: what a handler asks of a message, and keeping one. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "codec.h"
#include "mailbox/frame.h"
#include "mailbox/transport.h"

enum { BIG = 4096 };

static void
read_from(struct troupe_message *msg, struct troupe__arena *arena,
          const struct troupe__buffer *bytes)
{
    *msg = (struct troupe_message){.arena = arena};
    cr_assert_eq(
        troupe__message_read(msg, bytes->data, bytes->data + bytes->size),
        bytes->size);
}

/* Through the short cut for one number, and past it, the same is read. */
Test(message, one_number_of_any_size_is_read_back)
{
    static const int64_t edges[] = {0,
                                    1,
                                    0x7f,
                                    0x80,
                                    0xff,
                                    0x100,
                                    0xffff,
                                    0x10000,
                                    INT32_MAX,
                                    (int64_t) INT32_MAX + 1,
                                    UINT32_MAX,
                                    (int64_t) UINT32_MAX + 1,
                                    INT64_MAX,
                                    -1,
                                    -32,
                                    -33,
                                    INT8_MIN,
                                    INT8_MIN - 1,
                                    INT16_MIN - 1,
                                    INT32_MIN,
                                    (int64_t) INT32_MIN - 1,
                                    INT64_MIN};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        struct troupe__buffer out = {0};
        codec_message(&out, "add", "I", edges[i]);
        struct troupe_message msg;
        cr_assert_gt(troupe__message_parse(&msg, out.data, out.data + out.size),
                     0);
        int64_t wide = 99;
        cr_assert_eq(troupe_unpack(&msg, "I", &wide), 0);
        cr_assert_eq(wide, edges[i]);
        int narrow = 99;
        bool fits = edges[i] >= INT32_MIN && edges[i] <= INT32_MAX;
        cr_assert_eq(troupe_unpack(&msg, "i", &narrow), fits ? 0 : -ERANGE);
        cr_assert_eq(narrow, fits ? (int) edges[i] : 99);
        cr_assert_eq(troupe_unpack(&msg, "i", NULL), -EINVAL);
        troupe__buffer_free(&out);
    }
}

Test(message, says_what_its_envelope_said)
{
    struct troupe__envelope envelope = {
        .kind = WIRE_ASK,
        .to = {1},
        .from = {2},
        .id = 3,
        .deadline = 4,
        .type = "lookup",
        .type_size = 6,
    };
    struct troupe__buffer bytes = {0};
    troupe__wire_begin(&bytes, &envelope);
    cr_assert_eq(codec_pack(&bytes, "[i]", 5), 0);
    troupe__wire_end(&bytes, 0);

    struct troupe_message msg;
    read_from(&msg, NULL, &bytes);
    cr_assert_str_eq(troupe_message_type(&msg), "lookup");
    cr_assert_str_eq(troupe_message_type(&msg), "lookup");
    cr_assert_eq(troupe_message_sender(&msg).id, 2);
    cr_assert(troupe_message_is_ask(&msg));
    cr_assert_eq(troupe_message_deadline_ns(&msg), 4);
    size_t size = 0;
    const void *body = troupe_message_body(&msg, &size);
    cr_assert_eq(size, 2);
    cr_assert_arr_eq(body, "\x91\x05", 2);
    cr_assert_eq(troupe_message_body(&msg, NULL), body);
    troupe__buffer_free(&bytes);
}

Test(message, is_of_its_type_and_of_no_other)
{
    struct troupe__buffer bytes = {0};
    codec_message(&bytes, "add", NULL);
    struct troupe_message msg;
    read_from(&msg, NULL, &bytes);
    cr_assert(troupe_message_is(&msg, "add"));
    cr_assert_not(troupe_message_is(&msg, "ad"));
    cr_assert_not(troupe_message_is(&msg, "adds"));
    cr_assert_not(troupe_message_is(&msg, "sub"));
    cr_assert_not(troupe_message_is(&msg, ""));
    cr_assert_not(troupe_message_is_ask(&msg));
    troupe__buffer_free(&bytes);
}

Test(message, unpacks_its_body)
{
    struct troupe__arena arena = {0};
    struct troupe__buffer bytes = {0};
    codec_message(&bytes, "add", "{s:I,s:s}", "by", (int64_t) 7, "why", "fun");
    struct troupe_message msg;
    read_from(&msg, &arena, &bytes);
    int64_t by = 0;
    const char *why = NULL;
    cr_assert_eq(troupe_unpack(&msg, "{s:s,s:I}", "why", &why, "by", &by), 0);
    cr_assert_eq(by, 7);
    cr_assert_str_eq(why, "fun");
    cr_assert_eq(troupe_unpack(&msg, "{s:I}", "why", &by), -EBADMSG);
    cr_assert_eq(troupe_unpack(NULL, "{}"), -EINVAL);
    cr_assert_eq(troupe_unpack(&msg, NULL), -EINVAL);
    troupe__arena_free(&arena);
    troupe__buffer_free(&bytes);
}

Test(message, a_small_one_is_kept_as_a_copy)
{
    struct troupe__arena arena = {0};
    struct troupe__buffer bytes = {0};
    codec_message(&bytes, "add", "{s:s}", "text", "kept");
    struct troupe_message msg;
    read_from(&msg, &arena, &bytes);

    troupe_message_t *kept = NULL;
    cr_assert_eq(troupe_message_keep(&msg, &kept), 0);
    memset(bytes.data, 0xc1, bytes.size);
    troupe__buffer_free(&bytes);
    troupe__arena_free(&arena);

    const char *text = NULL;
    cr_assert_str_eq(troupe_message_type(kept), "add");
    cr_assert(troupe_message_is(kept, "add"));
    cr_assert_eq(troupe_unpack(kept, "{s:s}", "text", &text), 0);
    cr_assert_str_eq(text, "kept");
    cr_assert_eq(kept->to.id, 0x1122334455667788);
    cr_assert_eq(troupe_message_sender(kept).id, 2);

    /* A kept one can be kept again, and outlive the first. */
    troupe_message_t *again = NULL;
    cr_assert_eq(troupe_message_keep(kept, &again), 0);
    troupe_message_destroy(&kept);
    cr_assert_null(kept);
    cr_assert_eq(troupe_unpack(again, "{s:s}", "text", &text), 0);
    cr_assert_str_eq(text, "kept");
    troupe_message_destroy(&again);
}

Test(message, a_kept_one_keeps_its_trace)
{
    uint8_t trace[WIRE_TRACE_SIZE];
    memset(trace, 0x5a, sizeof trace);
    struct troupe__envelope envelope = {
        .kind = WIRE_TELL, .type = "t", .type_size = 1, .trace = trace};
    struct troupe__buffer bytes = {0};
    troupe__wire_begin(&bytes, &envelope);
    cr_assert_eq(codec_pack(&bytes, NULL), 0);
    troupe__wire_end(&bytes, 0);
    struct troupe_message msg;
    read_from(&msg, NULL, &bytes);
    troupe_message_t *kept = NULL;
    cr_assert_eq(troupe_message_keep(&msg, &kept), 0);
    troupe__buffer_free(&bytes);
    cr_assert_arr_eq(kept->trace, trace, sizeof trace);
    troupe_message_destroy(&kept);
}

Test(message, a_big_one_shares_its_frame)
{
    char *text = troupe__alloc(BIG + 1);
    memset(text, 'x', BIG);
    struct troupe__buffer bytes = {0};
    codec_message(&bytes, "add", "s", text);
    struct troupe_message msg;
    read_from(&msg, NULL, &bytes);

    struct troupe__frame *frame = troupe__frame_new();
    msg.frame = frame;
    troupe_message_t *kept = NULL;
    frame->size = TROUPE__FRAME_BUFFER; /* its buffer goes back to its node */
    cr_assert_eq(troupe_message_keep(&msg, &kept), 0);
    cr_assert_neq(kept->start, bytes.data, "it was not copied");
    troupe_message_destroy(&kept);

    frame->size = TROUPE__FRAME_BUFFER + 1;
    cr_assert_eq(troupe_message_keep(&msg, &kept), 0);
    cr_assert_eq(kept->start, bytes.data, "it was copied");

    /* Somebody else holds the frame, so that it is not received into. */
    struct troupe__frame *next = troupe__frame_clear(frame);
    cr_assert_neq(next, frame);
    const char *found = NULL;
    cr_assert_eq(troupe_unpack(kept, "s", &found), 0);
    cr_assert_str_eq(found, text);
    troupe_message_destroy(&kept);
    troupe__frame_release(next);
    troupe__buffer_free(&bytes);
    free(text);
}

/* A frame of many small messages must not live on for one of them. */
Test(message, a_small_one_does_not_hold_its_frame)
{
    struct troupe__buffer bytes = {0};
    codec_message(&bytes, "add", "i", 7);
    struct troupe_message msg;
    read_from(&msg, NULL, &bytes);
    struct troupe__frame *frame = troupe__frame_new();
    msg.frame = frame;
    troupe_message_t *kept = NULL;
    cr_assert_eq(troupe_message_keep(&msg, &kept), 0);
    cr_assert_eq(troupe__frame_clear(frame), frame);
    cr_assert_null(kept->frame);
    troupe_message_destroy(&kept);
    troupe__frame_release(frame);
    troupe__buffer_free(&bytes);
}

Test(message, without_a_frame_a_big_one_is_copied)
{
    char *text = troupe__alloc(BIG + 1);
    memset(text, 'x', BIG);
    struct troupe__buffer bytes = {0};
    codec_message(&bytes, "add", "s", text);
    struct troupe_message msg;
    read_from(&msg, NULL, &bytes);
    troupe_message_t *kept = NULL;
    cr_assert_eq(troupe_message_keep(&msg, &kept), 0);
    troupe__buffer_free(&bytes);
    const char *found = NULL;
    cr_assert_eq(troupe_unpack(kept, "s", &found), 0);
    cr_assert_str_eq(found, text);
    troupe_message_destroy(&kept);
    free(text);
}

Test(message, bad_arguments_of_keep_are_refused)
{
    struct troupe_message msg = {0};
    troupe_message_t *kept = NULL;
    cr_assert_eq(troupe_message_keep(NULL, &kept), -EINVAL);
    cr_assert_null(kept);
    cr_assert_eq(troupe_message_keep(&msg, NULL), -EINVAL);
    troupe_message_destroy(&kept);
    troupe_message_destroy(&kept);
}
