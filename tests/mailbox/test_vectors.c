/* SPDX-License-Identifier: Apache-2.0 */
/* test_vectors.c: the test vectors of WIRE.md, read and written by us. */
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec.h"

enum { LINES_MAX = 16 };

/* A block of "key value" lines; the first key says what it is. */
struct block {
    char *text; /* of all lines */
    const char *keys[LINES_MAX];
    const char *values[LINES_MAX];
    size_t count;
};

static const char *
find(const struct block *self, const char *key)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp(self->keys[i], key) == 0)
            return self->values[i];
    cr_assert_fail("%s: no line '%s'", self->values[0], key);
    return "";
}

static uint64_t
number(const struct block *self, const char *key)
{
    return strtoull(find(self, key), NULL, 10);
}

static bool
next_block(FILE *file, struct block *ret)
{
    char *line = NULL;
    size_t capacity = 0;
    struct troupe__buffer text = {0};
    size_t starts[LINES_MAX];
    size_t count = 0;
    while (getline(&line, &capacity, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#')
            continue;
        if (line[0] == '\0' && count > 0)
            break;
        if (line[0] == '\0')
            continue;
        cr_assert_lt(count, LINES_MAX);
        starts[count++] = text.size;
        troupe__buffer_put(&text, line, strlen(line) + 1);
    }
    free(line);
    *ret = (struct block){.text = (char *) text.data, .count = count};
    for (size_t i = 0; i < count; i++) {
        char *space = strchr(ret->text + starts[i], ' ');
        cr_assert_not_null(space, "%s", ret->text + starts[i]);
        *space = '\0';
        ret->keys[i] = ret->text + starts[i];
        ret->values[i] = space + 1;
    }
    return count > 0;
}

static void
check_hex(const struct block *block, const char *key, const uint8_t *bytes,
          size_t size)
{
    char *hex = codec_hex(bytes, size);
    cr_assert_str_eq(hex, find(block, key), "%s", block->values[0]);
    free(hex);
}

/* What our own writer makes of the fields. */
static void
check_ours(const struct block *block, const struct troupe_message *msg)
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
    cr_assert_eq(codec_pack(&out, "r", msg->body, msg->body_size), 0);
    troupe__wire_end(&out, 0);
    check_hex(block, "hex", out.data, out.size);
    cr_assert_eq(out.size, number(block, "size"));

    struct troupe_message read = {0};
    cr_assert_eq(troupe__message_read(&read, out.data, out.data + out.size),
                 out.size);
    check_hex(block, "body", read.body, read.body_size);
    troupe__buffer_free(&out);
}

static void
check_vector(const struct block *block, const struct troupe__buffer *bytes)
{
    struct troupe_message msg = {0};
    cr_assert_eq(
        troupe__message_parse(&msg, bytes->data, bytes->data + bytes->size),
        (ptrdiff_t) bytes->size, "%s", block->values[0]);
    cr_assert_eq(msg.kind, number(block, "kind"));
    cr_assert_eq(msg.to.id, number(block, "to"));
    cr_assert_eq(msg.from.id, number(block, "from"));
    cr_assert_eq(msg.id, number(block, "id"));
    cr_assert_eq(msg.deadline, number(block, "deadline"));
    cr_assert_str_eq(troupe_message_type(&msg), find(block, "type"));
    if (msg.trace)
        check_hex(block, "trace", msg.trace, WIRE_TRACE_SIZE);
    else
        cr_assert_str_eq(find(block, "trace"), "-");
    check_hex(block, "body", msg.body, msg.body_size);
    if (strcmp(find(block, "ours"), "yes") == 0)
        check_ours(block, &msg);
}

static void
check_frame(const struct block *block, const struct troupe__buffer *bytes)
{
    const uint8_t *at = bytes->data;
    const uint8_t *end = at + bytes->size;
    uint64_t count = 0;
    while (at < end) {
        struct troupe_message msg;
        ptrdiff_t size = troupe__message_parse(&msg, at, end);
        cr_assert_gt(size, 0, "%s", block->values[0]);
        at += size;
        count++;
    }
    cr_assert_eq(count, number(block, "messages"));
}

Test(vectors, are_read_and_written_as_they_say)
{
    FILE *file = fopen(TROUPE_SOURCE_DIR "/tests/mailbox/vectors.txt", "r");
    cr_assert_not_null(file);
    size_t vectors = 0;
    size_t frames = 0;
    size_t refused = 0;
    struct block block;
    while (next_block(file, &block)) {
        struct troupe__buffer bytes = codec_bytes(find(&block, "hex"));
        if (strcmp(block.keys[0], "vector") == 0) {
            check_vector(&block, &bytes);
            vectors++;
        } else if (strcmp(block.keys[0], "frame") == 0) {
            check_frame(&block, &bytes);
            frames++;
        } else {
            struct troupe_message msg;
            cr_assert_str_eq(block.keys[0], "refused");
            cr_assert_eq(troupe__message_parse(&msg, bytes.data,
                                               bytes.data + bytes.size),
                         -EBADMSG, "%s", block.values[0]);
            refused++;
        }
        troupe__buffer_free(&bytes);
        free(block.text);
    }
    free(block.text);
    fclose(file);
    cr_assert_gt(vectors, 0);
    cr_assert_gt(frames, 0);
    cr_assert_gt(refused, 0);
}
