/* SPDX-License-Identifier: Apache-2.0 */
/* test_json.c: bodies as JSON and back. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/json_value.h"

/* JSON -> msgpack -> JSON; NULL when it is refused. */
static char *
there_and_back(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    cr_assert(json, "%s", text);
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    int rc = troupe__json_pack(json, &packer);
    json_decref(json);
    char *result = NULL;
    if (rc == 0) {
        json_t *back = troupe__json_of_body(buffer.data, buffer.size);
        cr_assert(back, "%s", text);
        result = json_dumps(back, JSON_ENCODE_ANY | JSON_COMPACT);
        json_decref(back);
    }
    msgpack_sbuffer_destroy(&buffer);
    return result;
}

static void
is_same(const char *text)
{
    char *back = there_and_back(text);
    cr_assert(back && strcmp(back, text) == 0, "%s became %s", text,
              back ? back : "nothing");
    free(back);
}

Test(json, what_json_has_comes_back)
{
    static const char *const texts[] = {"null",
                                        "true",
                                        "false",
                                        "0",
                                        "-1",
                                        "9223372036854775807",
                                        "-9223372036854775808",
                                        "2.5",
                                        "\"\"",
                                        "\"a b\"",
                                        "\"\\u0000x\"",
                                        "[]",
                                        "[1,[2,[3]]]",
                                        "{}",
                                        "{\"a\":1,\"b\":{\"c\":[null]}}",
                                        "{\"$bin\":1,\"b\":2}",
                                        "{\"$other\":1}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        is_same(texts[i]);
}

Test(json, so_does_what_only_msgpack_has)
{
    static const char *const texts[] = {
        "{\"$bin\":\"\"}",
        "{\"$bin\":\"AA==\"}",
        "{\"$bin\":\"AAA=\"}",
        "{\"$bin\":\"AAAA\"}",
        "{\"$bin\":\"+/+/\"}",
        "{\"$ext\":[5,\"aGk=\"]}",
        "{\"$ext\":[-128,\"\"]}",
        "{\"$uint\":\"18446744073709551615\"}",
        "{\"$float\":\"nan\"}",
        "{\"$float\":\"inf\"}",
        "{\"$float\":\"-inf\"}",
        "{\"$map\":[[1,\"a\"],[null,{\"$bin\":\"AAAA\"}]]}",
        "{\"$map\":[[\"$bin\",1]]}",
        "{\"$map\":[[\"a\",1],[\"a\",2]]}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        is_same(texts[i]);
}

Test(json, what_is_none_is_refused)
{
    static const char *const texts[] = {"{\"$bin\":1}",
                                        "{\"$bin\":\"A\"}",
                                        "{\"$bin\":\"A===\"}",
                                        "{\"$bin\":\"A=A=\"}",
                                        "{\"$bin\":\"AA*=\"}",
                                        "{\"$bin\":\"AA==AA==\"}",
                                        "{\"$bin\":\"AAAA\\u0000\"}",
                                        "{\"$ext\":[200,\"\"]}",
                                        "{\"$ext\":[1]}",
                                        "{\"$ext\":[1,\"\",2]}",
                                        "{\"$uint\":\"18446744073709551616\"}",
                                        "{\"$uint\":\"-1\"}",
                                        "{\"$uint\":\"\"}",
                                        "{\"$uint\":7}",
                                        "{\"$float\":\"2\"}",
                                        "{\"$map\":{}}",
                                        "{\"$map\":[[1]]}",
                                        "[{\"$map\":[[1,{\"$bin\":\"!\"}]]}]"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *back = there_and_back(texts[i]);
        cr_assert_null(back, "%s became %s", texts[i], back);
    }
}

Test(json, base64_is_what_others_write)
{
    json_t *json = json_loads("{\"$bin\":\"aGVsbG8=\"}", 0, NULL);
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    cr_assert_eq(troupe__json_pack(json, &packer), 0);
    cr_assert_eq(buffer.size, 7);
    cr_assert_eq(memcmp(buffer.data, "\xc4\x05hello", 7), 0);
    msgpack_sbuffer_destroy(&buffer);
    json_decref(json);
}

Test(json, bytes_that_are_no_value_give_nothing)
{
    cr_assert_null(troupe__json_of_body("\xc1", 1));
    cr_assert_null(troupe__json_of_body("\x01\x02", 2));
    cr_assert_null(troupe__json_of_body("\x92\x01", 2));
}
