/* SPDX-License-Identifier: Apache-2.0 */
/* test_object.c: bodies as msgpack-c's trees. */
#include <criterion/criterion.h>
#include <errno.h>

#include "codec.h"
#include "troupe_msgpack.h"

static void
read_from(struct troupe_message *msg, struct troupe__arena *arena,
          const struct troupe__buffer *bytes)
{
    *msg = (struct troupe_message){.arena = arena};
    cr_assert_eq(
        troupe__message_read(msg, bytes->data, bytes->data + bytes->size),
        bytes->size);
}

Test(object, points_into_the_message)
{
    struct troupe__arena arena = {0};
    struct troupe__buffer bytes = {0};
    codec_message(&bytes, "t", "{s:[iin],s:s}", "list", 1, -2, "text", "abc");
    struct troupe_message msg;
    read_from(&msg, &arena, &bytes);

    msgpack_object object;
    cr_assert_eq(troupe_message_object(&msg, &object), 0);
    cr_assert_eq(object.type, MSGPACK_OBJECT_MAP);
    cr_assert_eq(object.via.map.size, 2);
    const msgpack_object *list = &object.via.map.ptr[0].val;
    cr_assert_eq(list->type, MSGPACK_OBJECT_ARRAY);
    cr_assert_eq(list->via.array.size, 3);
    cr_assert_eq(list->via.array.ptr[0].via.u64, 1);
    cr_assert_eq(list->via.array.ptr[1].via.i64, -2);
    const msgpack_object *text = &object.via.map.ptr[1].val;
    cr_assert_eq(text->type, MSGPACK_OBJECT_STR);
    cr_assert_geq((const uint8_t *) text->via.str.ptr, bytes.data);
    cr_assert_lt((const uint8_t *) text->via.str.ptr, bytes.data + bytes.size);
    cr_assert_eq(memcmp(text->via.str.ptr, "abc", 3), 0);

    troupe__arena_free(&arena);
    troupe__buffer_free(&bytes);
}

Test(object, of_a_kept_message_lives_as_long_as_it)
{
    struct troupe__arena arena = {0};
    struct troupe__buffer bytes = {0};
    codec_message(&bytes, "t", "[s]", "abc");
    struct troupe_message msg;
    read_from(&msg, &arena, &bytes);
    troupe_message_t *kept = NULL;
    cr_assert_eq(troupe_message_keep(&msg, &kept), 0);
    troupe__buffer_free(&bytes);

    msgpack_object object;
    cr_assert_eq(troupe_message_object(kept, &object), 0);
    troupe__arena_free(&arena);
    cr_assert_eq(object.via.array.ptr[0].via.str.size, 3);
    cr_assert_eq(memcmp(object.via.array.ptr[0].via.str.ptr, "abc", 3), 0);
    troupe_message_destroy(&kept);
}

Test(object, as_deep_as_a_body_may_be)
{
    char format[65] = {0};
    memset(format, '[', 32);
    memset(format + 32, ']', 32);
    struct troupe__arena arena = {0};
    struct troupe__buffer bytes = {0};
    codec_message(&bytes, "t", format);
    struct troupe_message msg;
    read_from(&msg, &arena, &bytes);
    msgpack_object object;
    cr_assert_eq(troupe_message_object(&msg, &object), 0);
    for (int depth = 1; depth < 32; depth++) {
        cr_assert_eq(object.via.array.size, 1);
        object = object.via.array.ptr[0];
    }
    cr_assert_eq(object.via.array.size, 0);
    troupe__arena_free(&arena);
    troupe__buffer_free(&bytes);
}

Test(object, bad_arguments_are_refused)
{
    struct troupe_message msg = {0};
    msgpack_object object;
    cr_assert_eq(troupe_message_object(NULL, &object), -EINVAL);
    cr_assert_eq(troupe_message_object(&msg, NULL), -EINVAL);
}
