/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_decode.c: any bytes as a value, a message and a body to unpack. */
#include <msgpack.h>
#include <stdint.h>
#include <stdlib.h>

#include "mailbox/cursor.h"
#include "mailbox/message.h"
#include "mailbox/pack.h"
#include "troupe_msgpack.h"

/*
 * Few enough that msgpack-c, which takes 24 bytes for each, stays small when
 * it believes a count that our validator accepted too.
 */
enum { ELEMENTS_MAX = 4096, CLAIMED_MAX = 16 * ELEMENTS_MAX };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* UTF-8 by another way than validate.c's: by the numbers that it encodes. */
static bool
is_text(const uint8_t *at, size_t size)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (size == 0)
        return true; /* msgpack-c's pointer is NULL then */
    const uint8_t *end = at + size;
    while (at < end) {
        uint32_t code = *at++;
        size_t more = code < 0x80   ? 0
                      : code < 0xc0 ? 4
                      : code < 0xe0 ? 1
                      : code < 0xf0 ? 2
                      : code < 0xf8 ? 3
                                    : 4;
        if (more > 3 || (size_t) (end - at) < more)
            return false;
        code &= more > 0 ? 0x3fU >> more : 0x7fU;
        for (size_t i = 0; i < more; i++, at++) {
            if (*at >> 6 != 2)
                return false;
            code = code << 6 | (*at & 0x3fU);
        }
        if (code < least[more] || code > 0x10ffff
            || (code >= 0xd800 && code <= 0xdfff))
            return false;
    }
    return true;
}

/* What we promise about a value, checked on the tree that msgpack-c built. */
static bool
is_bearable(const msgpack_object *object, size_t depth, size_t *elements)
{
    if (*elements == 0)
        return false;
    --*elements;
    switch (object->type) {
    case MSGPACK_OBJECT_STR:
        return is_text((const uint8_t *) object->via.str.ptr,
                       object->via.str.size);
    case MSGPACK_OBJECT_ARRAY:
        for (uint32_t i = 0; i < object->via.array.size; i++)
            if (!is_bearable(&object->via.array.ptr[i], depth + 1, elements))
                return false;
        return depth < WIRE_DEPTH_MAX;
    case MSGPACK_OBJECT_MAP:
        for (uint32_t i = 0; i < object->via.map.size; i++) {
            const msgpack_object_kv *pair = &object->via.map.ptr[i];
            if (!is_bearable(&pair->key, depth + 1, elements)
                || !is_bearable(&pair->val, depth + 1, elements))
                return false;
        }
        return depth < WIRE_DEPTH_MAX;
    default:
        return true;
    }
}

/* A head that claims more than is there makes msgpack-c allocate for it. */
static bool
is_bomb(const uint8_t *data, size_t size)
{
    uint64_t claimed = 0;
    struct troupe__cursor cursor = {data, data + size};
    struct troupe__item item;
    while (cursor.at < cursor.end && troupe__cursor_next(&cursor, &item))
        if (item.form == FORM_ARRAY || item.form == FORM_MAP)
            claimed += item.number;
    return claimed > CLAIMED_MAX;
}

/*
 * Our validator against msgpack-c, both ways. What msgpack-c accepts and we do
 * not: text that is not UTF-8, more than WIRE_DEPTH_MAX containers (it stops
 * at 32 too, but that is a setting of its build), too many values.
 */
static void
compare_value(const uint8_t *data, size_t size)
{
    if (size == 0 || is_bomb(data, size))
        return;
    ptrdiff_t ours = troupe__value_size(data, data + size, ELEMENTS_MAX);
    struct troupe__cursor cursor = {data, data + size};
    bool skipped = troupe__cursor_skip(&cursor);

    msgpack_unpacked result;
    msgpack_unpacked_init(&result);
    size_t used = 0;
    msgpack_unpack_return rc =
        msgpack_unpack_next(&result, (const char *) data, size, &used);
    if (ours > 0) {
        CHECK(rc == MSGPACK_UNPACK_SUCCESS);
        CHECK((size_t) ours == used);
        size_t elements = ELEMENTS_MAX;
        CHECK(is_bearable(&result.data, 0, &elements));
        CHECK(skipped);
        CHECK(cursor.at == data + used);
    } else if (rc == MSGPACK_UNPACK_SUCCESS) {
        size_t elements = ELEMENTS_MAX;
        CHECK(!is_bearable(&result.data, 0, &elements));
        CHECK(skipped);
    }
    msgpack_unpacked_destroy(&result);
}

static int
unpack(const uint8_t *data, size_t size, struct troupe__arena *arena,
       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = troupe__unpack_value(data, size, arena, format, &args);
    va_end(args);
    return rc;
}

/* Formats on bytes that nobody has checked. */
static void
unpack_all(const uint8_t *data, size_t size)
{
    struct troupe__arena arena = {0};
    int narrow = 0;
    int64_t wide = 0;
    uint64_t natural = 0;
    double real = 0;
    bool truth = false;
    troupe_ref_t ref;
    const char *text = NULL;
    const void *bytes = NULL;
    size_t bytes_size = 0;

    (void) unpack(data, size, &arena, "i", &narrow);
    (void) unpack(data, size, &arena, "R", &ref);
    (void) unpack(data, size, &arena, "B", &bytes, &bytes_size);
    (void) unpack(data, size, &arena, "[s?,f,b!]", &text, &real, &truth);
    (void) unpack(data, size, &arena, "{s?{s:I,s?[fn]!},s?[[s%]U],s?r!}", "a",
                  "b", &wide, "c", &real, "d", &text, &bytes_size, &natural,
                  "e", &bytes, &bytes_size);
    if (unpack(data, size, &arena, "r", &bytes, &bytes_size) == 0) {
        CHECK((const uint8_t *) bytes == data);
        CHECK(bytes_size <= size);
    }
    if (unpack(data, size, &arena, "s", &text) == 0)
        CHECK(strlen(text) < size);
    troupe__arena_free(&arena);
}

static int
write_object(msgpack_packer *packer, void *object)
{
    return msgpack_pack_object(packer, *(const msgpack_object *) object);
}

static int
pack(struct troupe__buffer *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = troupe__pack(out, format, &args);
    va_end(args);
    return rc;
}

/* The body of an accepted message goes through all that handles bodies. */
static void
use_message(const struct troupe_message *msg)
{
    struct troupe__buffer out = {0};
    CHECK(pack(&out, "r", msg->body, msg->body_size) == 0);
    CHECK(out.size == msg->body_size);
    CHECK(memcmp(out.data, msg->body, out.size) == 0);

    /* msgpack-c writes the shortest forms: not longer, and still a value. */
    msgpack_object object;
    CHECK(troupe_message_object(msg, &object) == 0);
    out.size = 0;
    CHECK(pack(&out, "*", write_object, (void *) &object) == 0);
    CHECK(out.size <= msg->body_size);

    troupe_message_t *kept = NULL;
    CHECK(troupe_message_keep(msg, &kept) == 0);
    CHECK(troupe_message_is(kept, troupe_message_type(msg)));
    CHECK(kept->body_size == msg->body_size);
    troupe_message_destroy(&kept);
    troupe__buffer_free(&out);
}

/* What is read out of a message, written by us, is read again as the same. */
static void
rewrite(const struct troupe_message *msg)
{
    struct troupe__envelope envelope = {
        .kind = msg->kind,
        .to = msg->to,
        .from = msg->from,
        .id = msg->id,
        .deadline = msg->deadline,
        .type = msg->type,
        .type_size = msg->type_size,
        .trace = msg->trace,
    };
    struct troupe__buffer out = {0};
    troupe__wire_begin(&out, &envelope);
    CHECK(pack(&out, "m", msg) == 0);
    troupe__wire_end(&out, 0);
    struct troupe_message again;
    CHECK(troupe__message_read(&again, out.data, out.data + out.size)
          == out.size);
    CHECK(again.kind == msg->kind && again.to.id == msg->to.id);
    CHECK(again.from.id == msg->from.id && again.id == msg->id);
    CHECK(again.deadline == msg->deadline);
    CHECK(again.type_size == msg->type_size);
    CHECK(memcmp(again.type, msg->type, msg->type_size) == 0);
    CHECK(!again.trace == !msg->trace);
    CHECK(again.body_size == msg->body_size);
    CHECK(memcmp(again.body, msg->body, msg->body_size) == 0);
    troupe__buffer_free(&out);
}

static void
read_frame(const uint8_t *at, const uint8_t *end)
{
    struct troupe__arena arena = {0};
    while (at < end) {
        struct troupe_message msg = {.arena = &arena};
        size_t trusted = troupe__message_read(&msg, at, end);
        if (trusted > 0) {
            CHECK(trusted <= (size_t) (end - at));
            CHECK(msg.body_size > 0 && msg.body_size < trusted);
            CHECK(msg.body + msg.body_size == at + trusted);
            CHECK(!msg.trace || msg.trace + WIRE_TRACE_SIZE == msg.body);
        }
        ptrdiff_t size = troupe__message_parse(&msg, at, end);
        if (size < 0)
            break;
        CHECK(trusted == 0 || trusted == (size_t) size);
        CHECK(msg.body + msg.body_size == at + size);
        rewrite(&msg);
        if (msg.body_size <= ELEMENTS_MAX)
            use_message(&msg);
        troupe__arena_reset(&arena);
        at += size;
    }
    troupe__arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    compare_value(data, size);
    unpack_all(data, size);
    read_frame(data, data + size);
    return 0;
}
