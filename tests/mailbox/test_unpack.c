/* SPDX-License-Identifier: Apache-2.0 */
/* test_unpack.c: every letter of the reading formats. */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec.h"

static struct troupe__arena arena;

static void
free_arena(void)
{
    troupe__arena_free(&arena);
}

TestSuite(unpack, .fini = free_arena);

Test(unpack, integers_of_every_form)
{
    static const struct {
        const char *hex;
        int64_t value;
    } cases[] = {
        {"00", 0},
        {"7f", 127},
        {"ff", -1},
        {"e0", -32},
        {"cc05", 5},
        {"ccff", 255},
        {"cd0005", 5},
        {"cdffff", 65535},
        {"ce00000005", 5},
        {"ceffffffff", UINT32_MAX},
        {"cf0000000000000005", 5},
        {"cf7fffffffffffffff", INT64_MAX},
        {"d005", 5},
        {"d080", -128},
        {"d10005", 5},
        {"d18000", -32768},
        {"d200000005", 5},
        {"d280000000", INT32_MIN},
        {"d30000000000000005", 5},
        {"d38000000000000000", INT64_MIN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = 99;
        cr_assert_eq(codec_unpack(&arena, cases[i].hex, "I", &value), 0);
        cr_assert_eq(value, cases[i].value, "%s", cases[i].hex);
        double real = 99;
        cr_assert_eq(codec_unpack(&arena, cases[i].hex, "f", &real), 0);
        cr_assert_eq(real, (double) cases[i].value, "%s", cases[i].hex);
    }
}

Test(unpack, numbers_that_do_not_fit_are_named_so)
{
    int narrow = 99;
    int64_t wide = 99;
    uint64_t natural = 99;
    troupe_ref_t ref = {99};
    cr_assert_eq(codec_unpack(&arena, "ce80000000", "i", &narrow), -ERANGE);
    cr_assert_eq(codec_unpack(&arena, "d3ffffffff7fffffff", "i", &narrow),
                 -ERANGE);
    cr_assert_eq(codec_unpack(&arena, "cf8000000000000000", "I", &wide),
                 -ERANGE);
    cr_assert_eq(codec_unpack(&arena, "ff", "U", &natural), -ERANGE);
    cr_assert_eq(codec_unpack(&arena, "ff", "R", &ref), -ERANGE);
    cr_assert_eq(narrow, 99);
    cr_assert_eq(wide, 99);
    cr_assert_eq(natural, 99);
    cr_assert_eq(ref.id, 99);

    cr_assert_eq(codec_unpack(&arena, "ce7fffffff", "i", &narrow), 0);
    cr_assert_eq(narrow, INT_MAX);
    cr_assert_eq(codec_unpack(&arena, "d280000000", "i", &narrow), 0);
    cr_assert_eq(narrow, INT_MIN);
    cr_assert_eq(codec_unpack(&arena, "cfffffffffffffffff", "U", &natural), 0);
    cr_assert_eq(natural, UINT64_MAX);
    cr_assert_eq(codec_unpack(&arena, "cf8000000000000000", "R", &ref), 0);
    cr_assert_eq(ref.id, UINT64_C(1) << 63);
}

Test(unpack, other_scalars)
{
    double real = 0;
    bool truth = false;
    cr_assert_eq(codec_unpack(&arena, "cb3ff8000000000000", "f", &real), 0);
    cr_assert_eq(real, 1.5);
    cr_assert_eq(codec_unpack(&arena, "cabfc00000", "f", &real), 0);
    cr_assert_eq(real, -1.5);
    cr_assert_eq(codec_unpack(&arena, "cfffffffffffffffff", "f", &real), 0);
    cr_assert_eq(real, 18446744073709551616.0);
    cr_assert_eq(codec_unpack(&arena, "c3", "b", &truth), 0);
    cr_assert(truth);
    cr_assert_eq(codec_unpack(&arena, "c2", "b", &truth), 0);
    cr_assert_not(truth);
    cr_assert_eq(codec_unpack(&arena, "c0", "n"), 0);
}

Test(unpack, strings)
{
    const char *text = NULL;
    size_t size = 0;
    static const char *const heads[] = {"a3", "d903", "da0003", "db00000003"};
    for (size_t i = 0; i < 4; i++) {
        char hex[32];
        snprintf(hex, sizeof hex, "%s616263", heads[i]);
        cr_assert_eq(codec_unpack(&arena, hex, "s", &text), 0);
        cr_assert_str_eq(text, "abc");
        cr_assert_eq(codec_unpack(&arena, hex, "s%", &text, &size), 0);
        cr_assert_eq(size, 3);
        cr_assert_arr_eq(text, "abc", 3);
        cr_assert_eq(codec_unpack(&arena, hex, "s?", &text), 0);
        cr_assert_str_eq(text, "abc");
    }
    cr_assert_eq(codec_unpack(&arena, "a0", "s", &text), 0);
    cr_assert_str_empty(text);
    cr_assert_eq(codec_unpack(&arena, "c0", "s?", &text), 0);
    cr_assert_null(text);
    cr_assert_eq(codec_unpack(&arena, "c0", "s", &text), -EBADMSG);
}

/* "s" must not show less than what was sent. */
Test(unpack, a_nul_inside_is_only_for_sized_strings)
{
    const char *text = NULL;
    size_t size = 0;
    cr_assert_eq(codec_unpack(&arena, "a3610062", "s", &text), -EBADMSG);
    cr_assert_eq(codec_unpack(&arena, "a3610062", "s?", &text), -EBADMSG);
    cr_assert_eq(codec_unpack(&arena, "a3610062", "s%", &text, &size), 0);
    cr_assert_eq(size, 3);
}

Test(unpack, binary_and_raw)
{
    const void *bytes = NULL;
    size_t size = 0;
    static const char *const heads[] = {"c403", "c50003", "c600000003"};
    for (size_t i = 0; i < 3; i++) {
        char hex[32];
        snprintf(hex, sizeof hex, "%s616263", heads[i]);
        cr_assert_eq(codec_unpack(&arena, hex, "B", &bytes, &size), 0);
        cr_assert_eq(size, 3);
        cr_assert_arr_eq(bytes, "abc", 3);
    }
    cr_assert_eq(
        codec_unpack(&arena, "9281a16b0502", "[ri]", &bytes, &size, &(int){0}),
        0);
    cr_assert_eq(size, 4);
    cr_assert_arr_eq(bytes, "\x81\xa1k\x05", 4);
    cr_assert_eq(codec_unpack(&arena, "a161", "B", &bytes, &size), -EBADMSG);
    cr_assert_eq(codec_unpack(&arena, "9201", "r", &bytes, &size), -EBADMSG);
}

/* Each letter against one value of each form: only its own are taken. */
Test(unpack, a_value_of_another_form_is_refused)
{
    static const struct {
        const char *hex;
        const char *letters; /* that take it */
    } cases[] = {
        {"c0", "n"},     {"c2", "b"},
        {"05", "iIUfR"}, {"ca3f800000", "f"},
        {"a161", "s"},   {"c40161", "B"},
        {"d40161", ""},  {"9101", ""},
        {"8101c0", ""},  {"cb3ff0000000000000", "f"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (const char *letter = "nbiIUfRsB"; *letter; letter++) {
            uint64_t first[2];
            uint64_t second[2];
            char format[2] = {*letter, '\0'};
            int rc = codec_unpack(&arena, cases[i].hex, format, first, second);
            int wanted = strchr(cases[i].letters, *letter) ? 0 : -EBADMSG;
            cr_assert_eq(rc, wanted, "%s by %s: %d", cases[i].hex, format, rc);
        }
    }
}

Test(unpack, keys_in_any_order)
{
    int a = 0;
    int b = 0;
    int c = 0;
    const char *map = "83a16101a16202a16303";
    static const char *const orders[] = {"abc", "acb", "bac",
                                         "bca", "cab", "cba"};
    for (size_t i = 0; i < 6; i++) {
        char key[3][2] = {{orders[i][0]}, {orders[i][1]}, {orders[i][2]}};
        int value[3] = {0};
        cr_assert_eq(codec_unpack(&arena, map, "{s:i,s:i,s:i!}", key[0],
                                  &value[0], key[1], &value[1], key[2],
                                  &value[2]),
                     0);
        for (size_t j = 0; j < 3; j++)
            cr_assert_eq(value[j], orders[i][j] - 'a' + 1, "%s", orders[i]);
    }
    cr_assert_eq(codec_unpack(&arena, map, "{s:i}", "b", &b), 0);
    cr_assert_eq(b, 2);
    cr_assert_eq(codec_unpack(&arena, map, "{s:i,s:i}", "c", &c, "d", &a),
                 -EBADMSG);
    cr_assert_eq(codec_unpack(&arena, map, "{}"), 0);
}

Test(unpack, keys_that_are_not_strings_or_only_begin_alike)
{
    int value = 0;
    /* {1: 1, [2]: [3], nil: {}, "ab": 4, "a": 5, "a\0": 6} */
    const char *map = "8601019102 9103c080a2616204a16105a2610006";
    cr_assert_eq(codec_unpack(&arena, map, "{s:i}", "a", &value), 0);
    cr_assert_eq(value, 5);
    cr_assert_eq(codec_unpack(&arena, map, "{s:i}", "ab", &value), 0);
    cr_assert_eq(value, 4);
    char *key = troupe__strdup("a");
    cr_assert_eq(codec_unpack(&arena, "81a2610006", "{s:i}", key, &value),
                 -EBADMSG);
    free(key);
    cr_assert_eq(codec_unpack(&arena, map, "{s:i}", "abc", &value), -EBADMSG);
    cr_assert_eq(codec_unpack(&arena, map, "{s:i}", "", &value), -EBADMSG);
}

Test(unpack, optional_keys_may_be_absent)
{
    int a = 41;
    int b = 42;
    const char *text = "as it was";
    cr_assert_eq(codec_unpack(&arena, "81a16101", "{s?i,s?i,s?s}", "a", &a, "b",
                              &b, "c", &text),
                 0);
    cr_assert_eq(a, 1);
    cr_assert_eq(b, 42);
    cr_assert_str_eq(text, "as it was");
    /* Present, it must be of the right form. */
    cr_assert_eq(codec_unpack(&arena, "81a161c0", "{s?i}", "a", &a), -EBADMSG);
}

Test(unpack, what_is_absent_takes_its_arguments_along)
{
    int last = 0;
    int never = 7;
    const char *text = NULL;
    size_t size = 0;
    const void *bytes = NULL;
    bool truth = false;
    int rc = codec_unpack(
        &arena, "81a17a05",
        "{s?{s:[iiIUf!],s?s%,s:s?,s:{s:B,s:r!},s:[[]b]!}, s?[sn], s:i!}", "x",
        "list", &never, &never, &(int64_t){0}, &(uint64_t){0}, &(double){0},
        "sized", &text, &size, "perhaps", &text, "map", "bin", &bytes, &size,
        "raw", &bytes, &size, "truth", &truth, "y", &text, "z", &last);
    cr_assert_eq(rc, 0);
    cr_assert_eq(last, 5);
    cr_assert_eq(never, 7);
    cr_assert_null(text);
}

Test(unpack, nested_containers_continue_behind_their_end)
{
    int64_t a = 0;
    int64_t b = 0;
    int64_t c = 0;
    /* [{"k": [1, 2, 3], "l": 4}, [5, [6, 7], 8], 9] */
    const char *hex = "9382a16b93010203a16c049305920607 0809";
    cr_assert_eq(codec_unpack(&arena, hex, "[{s:[I]},[I],I!]", "k", &a, &b, &c),
                 0);
    cr_assert_eq(a, 1);
    cr_assert_eq(b, 5);
    cr_assert_eq(c, 9);
    /* Keys backwards: the end of the map is behind the key looked at first. */
    cr_assert_eq(
        codec_unpack(&arena, hex, "[{s:I,s:[I]},[],I]", "l", &a, "k", &b, &c),
        0);
    cr_assert_eq(a, 4);
    cr_assert_eq(b, 1);
    cr_assert_eq(c, 9);
}

Test(unpack, strictness_is_asked_for_with_a_bang)
{
    int a = 0;
    cr_assert_eq(codec_unpack(&arena, "920102", "[i]", &a), 0);
    cr_assert_eq(codec_unpack(&arena, "920102", "[i!]", &a), -EBADMSG);
    cr_assert_eq(codec_unpack(&arena, "9101", "[i!]", &a), 0);
    cr_assert_eq(codec_unpack(&arena, "90", "[!]"), 0);
    cr_assert_eq(codec_unpack(&arena, "82a16101a16202", "{s:i}", "a", &a), 0);
    cr_assert_eq(codec_unpack(&arena, "82a16101a16202", "{s:i!}", "a", &a),
                 -EBADMSG);
    cr_assert_eq(
        codec_unpack(&arena, "81a16101", "{s:i,s?i!}", "a", &a, "b", &a), 0);
    cr_assert_eq(
        codec_unpack(&arena, "82a16101a16302", "{s:i,s?i!}", "a", &a, "b", &a),
        -EBADMSG);
}

Test(unpack, missing_items_are_noticed)
{
    int a = 0;
    cr_assert_eq(codec_unpack(&arena, "9101", "[ii]", &a, &a), -EBADMSG);
    cr_assert_eq(codec_unpack(&arena, "92 01", "[ii]", &a, &a), -EBADMSG);
    cr_assert_eq(codec_unpack(&arena, "", "i", &a), -EBADMSG);
    cr_assert_eq(codec_unpack(&arena, "82a16101", "{s:i}", "b", &a), -EBADMSG);
    cr_assert_eq(codec_unpack(&arena, "80", "[]"), -EBADMSG);
    cr_assert_eq(codec_unpack(&arena, "90", "{}"), -EBADMSG);
}

Test(unpack, a_wrong_format_is_refused)
{
    static const char *const formats[] = {
        "",  "x", "ii", "[i",   "i]", "[i}", "[i!",  "[i!i]",
        "!", "}", "[}", "[i]i", "i!", "[%]", "[i?]",
    };
    int a = 0;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        bool bare = strchr(formats[i], '[') == NULL;
        int rc = codec_unpack(&arena, bare ? "01" : "920101", formats[i], &a,
                              &a, &a);
        cr_assert_eq(rc, -EINVAL, "%s: %d", formats[i], rc);
    }
    const char *map = "81a16101";
    cr_assert_eq(codec_unpack(&arena, map, "{i:i}", &a, &a), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, map, "{s:i", "a", &a), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, map, "{s}", "a"), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, map, "{s?}", "b"), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, map, "{s?x}", "b", &a), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, map, "{s?[i}", "b", &a), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, map, "{s?[i}]}", "b", &a), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, map, "{s?{i}}", "b", &a), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, map, "{s?", "b"), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, map, "{!s:i}", "a", &a), -EINVAL);
}

Test(unpack, a_null_argument_is_refused)
{
    cr_assert_eq(codec_unpack(&arena, "01", "i", NULL), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, "01", "I", NULL), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, "01", "U", NULL), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, "01", "R", NULL), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, "01", "f", NULL), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, "c2", "b", NULL), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, "a0", "s", NULL), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, "a0", "s%", &(char *){0}, NULL), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, "c400", "B", &(void *){0}, NULL),
                 -EINVAL);
    cr_assert_eq(codec_unpack(&arena, "80", "{s:i}", NULL, &(int){0}), -EINVAL);
    cr_assert_eq(codec_unpack(&arena, "80", "{s?i}", "a", NULL), -EINVAL);
}

Test(unpack, formats_nest_thirty_two_deep)
{
    char hex[2 * 33 + 1] = {0};
    char format[2 * 33 + 2] = {0};
    for (size_t i = 0; i < 33; i++)
        memcpy(hex + 2 * i, i < 32 ? "91" : "07", 2);
    memset(format, '[', 32);
    format[32] = 'i';
    memset(format + 33, ']', 32);
    int value = 0;
    cr_assert_eq(codec_unpack(&arena, hex, format, &value), 0);
    cr_assert_eq(value, 7);

    memcpy(hex + 64, "90", 2);
    memset(format, '[', 33);
    memset(format + 33, ']', 33);
    cr_assert_eq(codec_unpack(&arena, hex, format), -EINVAL);
}

Test(unpack, no_byte_beyond_the_end_is_read)
{
    const char *whole = "85a161ce00000001a162a568656c6c6fa163c40161a164cb3ff8"
                        "000000000000a165920102";
    size_t size = strlen(whole) / 2;
    for (size_t cut = 0; cut <= size; cut++) {
        char hex[128] = {0};
        memcpy(hex, whole, 2 * cut);
        int a = 0;
        const char *text = NULL;
        const void *bytes = NULL;
        size_t bytes_size = 0;
        double real = 0;
        int rc = codec_unpack(&arena, hex, "{s:[ii],s:f,s:B,s:s,s:i!}", "e", &a,
                              &a, "d", &real, "c", &bytes, &bytes_size, "b",
                              &text, "a", &a);
        cr_assert_eq(rc, cut == size ? 0 : -EBADMSG, "cut at %zu: %d", cut, rc);
    }
}
