/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_value.c: which type a plain scalar has, and values as msgpack. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_msgpack.h"

#include "tools/yaml.h"

#define BODY_DEPTH_MAX 32 /* of a message; see README, "Limits" */

const char *
troupe__type_name(enum troupe__type type)
{
    static const char *const names[] = {
        [TROUPE__NULL] = "nothing",     [TROUPE__BOOL] = "a true or false",
        [TROUPE__INTEGER] = "a number", [TROUPE__REAL] = "a number",
        [TROUPE__TEXT] = "a text",      [TROUPE__BINARY] = "a binary",
        [TROUPE__LIST] = "a list",      [TROUPE__MAP] = "a map",
    };
    return names[type];
}

/* In place: the text is never longer than what it was decoded from. */
bool
troupe__value_decode(struct troupe__value *value)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
                                 "nopqrstuvwxyz0123456789+/";
    uint32_t bits = 0, have = 0;
    size_t size = 0;
    for (const char *at = value->text; *at; at++) {
        const char *digit = strchr(digits, *at);
        if (strchr(" \t\r\n=", *at))
            continue;
        if (!digit)
            return false;
        bits = bits << 6 | (uint32_t) (digit - digits);
        have += 6;
        if (have >= 8) {
            have -= 8;
            value->text[size++] = (char) (bits >> have);
        }
    }
    value->size = size;
    value->type = TROUPE__BINARY;
    return true;
}

static bool
is_one_of(const char *text, const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}

/* [-+]? digits, 0o digits or 0x digits; false when it is none or too large. */
static bool
read_integer(struct troupe__value *value)
{
    const char *at = value->text;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    int base = strncmp(at, "0x", 2) == 0   ? 16
               : strncmp(at, "0o", 2) == 0 ? 8
                                           : 10;
    if (base != 10)
        at += 2;
    const char *digits = base == 16  ? "0123456789abcdefABCDEF"
                         : base == 8 ? "01234567"
                                     : "0123456789";
    size_t size = strspn(at, digits);
    if (size == 0 || at[size])
        return false;
    errno = 0;
    uint64_t number = strtoull(at, NULL, base);
    if (errno != 0 || (negative && number > (uint64_t) INT64_MAX))
        return false;
    value->type = TROUPE__INTEGER;
    value->negative = negative && number > 0;
    value->natural = number;
    value->integer = negative ? -(int64_t) number : (int64_t) number;
    return true;
}

/* [-+]? ( . digits | digits [. digits*]? ) ( [eE] [-+]? digits )? */
static bool
looks_real(const char *at)
{
    static const char digits[] = "0123456789";
    if (*at == '-' || *at == '+')
        at++;
    size_t before = strspn(at, digits), after = 0;
    at += before;
    if (*at == '.') {
        after = strspn(at + 1, digits);
        at += 1 + after;
    }
    if (before + after == 0)
        return false;
    if (*at == 'e' || *at == 'E') {
        at += at[1] == '-' || at[1] == '+' ? 2 : 1;
        size_t exponent = strspn(at, digits);
        if (exponent == 0)
            return false;
        at += exponent;
    }
    return *at == '\0';
}

void
troupe__scalar_resolve(struct troupe__value *value)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    static const char *const infinite[] = {".inf", ".Inf", ".INF", NULL};
    static const char *const nan[] = {".nan", ".NaN", ".NAN", NULL};
    const char *text = value->text;
    const char *unsigned_text = text + (*text == '-' || *text == '+');
    if (is_one_of(text, nulls)) {
        value->type = TROUPE__NULL;
    } else if (is_one_of(text, trues) || is_one_of(text, falses)) {
        value->type = TROUPE__BOOL;
        value->boolean = is_one_of(text, trues);
    } else if (read_integer(value)) {
        return;
    } else if (is_one_of(unsigned_text, infinite)) {
        value->type = TROUPE__REAL;
        value->real = *text == '-' ? -INFINITY : INFINITY;
    } else if (is_one_of(text, nan)) {
        value->type = TROUPE__REAL;
        value->real = NAN;
    } else if (looks_real(text)) {
        value->type = TROUPE__REAL;
        value->real = strtod(text, NULL);
    }
}

static int
pack(const struct troupe__value *value, struct troupe__findings *findings,
     msgpack_packer *packer, unsigned depth)
{
    int rc = 0;
    if (depth > BODY_DEPTH_MAX) {
        troupe__found(findings, value->spot,
                      "this nests deeper than a message may (%d); make it "
                      "flatter",
                      BODY_DEPTH_MAX);
        return -EINVAL;
    }
    switch (value->type) {
    case TROUPE__NULL:
        return msgpack_pack_nil(packer);
    case TROUPE__BOOL:
        return value->boolean ? msgpack_pack_true(packer)
                              : msgpack_pack_false(packer);
    case TROUPE__INTEGER:
        return value->negative ? msgpack_pack_int64(packer, value->integer)
                               : msgpack_pack_uint64(packer, value->natural);
    case TROUPE__REAL:
        return msgpack_pack_double(packer, value->real);
    case TROUPE__TEXT:
        return msgpack_pack_str_with_body(packer, value->text, value->size);
    case TROUPE__BINARY:
        return msgpack_pack_bin_with_body(packer, value->text, value->size);
    case TROUPE__LIST:
        msgpack_pack_array(packer, value->count);
        break;
    case TROUPE__MAP:
        msgpack_pack_map(packer, value->count);
        break;
    }
    for (size_t i = 0; i < value->count && rc == 0; i++) {
        if (value->type == TROUPE__MAP)
            rc = pack(value->keys[i], findings, packer, depth + 1);
        if (rc == 0)
            rc = pack(value->values[i], findings, packer, depth + 1);
    }
    return rc;
}

int
troupe__value_pack(const struct troupe__value *value,
                   struct troupe__findings *findings, void **ret_bytes,
                   size_t *ret_size)
{
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    int rc = pack(value, findings, &packer, 0);
    if (rc == 0) {
        *ret_bytes = troupe__copy(buffer.data, buffer.size);
        *ret_size = buffer.size;
    }
    msgpack_sbuffer_destroy(&buffer);
    return rc < 0 ? -EINVAL : 0;
}
