/* SPDX-License-Identifier: Apache-2.0 */
/* codec.c: hex in, hex out, and formats with their arguments in place. */
#include "codec.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "mailbox/pack.h"

struct troupe__buffer
codec_bytes(const char *hex)
{
    struct troupe__buffer bytes = {0};
    unsigned byte = 0;
    int used = 0;
    for (; sscanf(hex, " %2x%n", &byte, &used) == 1; hex += used) {
        uint8_t one = (uint8_t) byte;
        troupe__buffer_put(&bytes, &one, 1);
    }
    cr_assert_eq(*hex, '\0', "not hex: %s", hex);
    return bytes;
}

char *
codec_hex(const uint8_t *bytes, size_t size)
{
    char *hex = troupe__alloc(2 * size + 1);
    for (size_t i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    return hex;
}

int
codec_pack(struct troupe__buffer *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = troupe__pack(out, format, &args);
    va_end(args);
    return rc;
}

bool
codec_packs(const char *hex, const char *format, ...)
{
    struct troupe__buffer out = {0};
    va_list args;
    va_start(args, format);
    int rc = troupe__pack(&out, format, &args);
    va_end(args);
    char *found = codec_hex(out.data, out.size);
    bool same = rc == 0 && strcmp(found, hex) == 0;
    if (!same)
        cr_log_error("%s gave %d and %s, not %s", format ? format : "NULL", rc,
                     found, hex);
    free(found);
    troupe__buffer_free(&out);
    return same;
}

int
codec_pack_error(const char *format, ...)
{
    struct troupe__buffer out = {0};
    troupe__buffer_put(&out, "before", 6);
    va_list args;
    va_start(args, format);
    int rc = troupe__pack(&out, format, &args);
    va_end(args);
    cr_assert_lt(rc, 0, "%s was packed", format);
    cr_assert_eq(out.size, 6, "%s left bytes behind", format);
    troupe__buffer_free(&out);
    return rc;
}

int
codec_unpack(struct troupe__arena *arena, const char *hex, const char *format,
             ...)
{
    struct troupe__buffer bytes = codec_bytes(hex);
    /* Its own place in the arena: exact bounds, and it outlives the call. */
    uint8_t *copy = troupe__arena_alloc(arena, bytes.size);
    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    va_list args;
    va_start(args, format);
    int rc = troupe__unpack_value(copy, bytes.size, arena, format, &args);
    va_end(args);
    troupe__buffer_free(&bytes);
    return rc;
}

void
codec_message(struct troupe__buffer *out, const char *type, const char *format,
              ...)
{
    struct troupe__envelope envelope = {
        .kind = WIRE_TELL,
        .to = {0x1122334455667788},
        .from = {2},
        .id = 3,
        .type = type,
        .type_size = strlen(type),
    };
    size_t start = out->size;
    troupe__wire_begin(out, &envelope);
    va_list args;
    va_start(args, format);
    int rc = troupe__pack(out, format, &args);
    va_end(args);
    cr_assert_eq(rc, 0, "%s: %d", format, rc);
    troupe__wire_end(out, start);
}

uint64_t
codec_random(uint64_t *state)
{
    uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

uint64_t
codec_seed(void)
{
    const char *text = getenv("TROUPE_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 0) : (uint64_t) time(NULL);
    fprintf(stderr, "TROUPE_SEED=%" PRIu64 "\n", seed); /* to replay it */
    return seed;
}
