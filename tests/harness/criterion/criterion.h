/* SPDX-License-Identifier: Apache-2.0 */
/* criterion.h: stands in for Criterion where its runner cannot go. */
#ifndef TROUPE_HARNESS_CRITERION_H
#define TROUPE_HARNESS_CRITERION_H

/*
 * The sanitizers and valgrind do not get on with Criterion's runner. The same
 * test files are then built against this header: each test runs in a process
 * of its own, forked before there is any thread, with its time limit.
 *
 * Only what stands here may be used in tests; anything else does not compile
 * in the sanitizer builds, rather than being passed over.
 */

/* The optional message after an assert's operands needs GNU's `, ##`. */
#pragma GCC system_header
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpedantic"
#endif

#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct runner_options {
    void (*init)(void);
    void (*fini)(void);
    int signal;     /* the test must be killed by it; 0 = must not be */
    int exit_code;  /* the test must exit with it */
    double timeout; /* seconds; 0 = the suite's, or a minute */
    bool disabled;
    const char *description;
};

struct runner_test {
    const char *suite;
    const char *name; /* NULL for the options of a whole suite */
    const char *file;
    int line;
    void (*run)(void);
    struct runner_options options;
    struct runner_test *next;
};

void runner_add(struct runner_test *test);
void runner_failed(bool fatal, const char *file, int line, const char *what,
                   const char *format, ...)
    __attribute__((format(printf, 5, 6)));
_Noreturn void runner_skip(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#define RUNNER_NODE(id, suite_name, test_name, function, ...)                  \
    static struct runner_test runner_node_##id = {.suite = suite_name,         \
                                                  .name = test_name,           \
                                                  .file = __FILE__,            \
                                                  .line = __LINE__,            \
                                                  .run = function,             \
                                                  .options = {__VA_ARGS__}};   \
    __attribute__((constructor)) static void runner_register_##id(void)        \
    {                                                                          \
        runner_add(&runner_node_##id);                                         \
    }

#define Test(s, n, ...)                                                        \
    static void runner_##s##_##n(void);                                        \
    RUNNER_NODE(s##_##n, #s, #n, runner_##s##_##n, ##__VA_ARGS__)              \
    static void runner_##s##_##n(void)

/* As with Criterion, a semicolon follows. */
#define TestSuite(s, ...)                                                      \
    RUNNER_NODE(s##_suite, #s, NULL, NULL, ##__VA_ARGS__)                      \
    _Static_assert(1, "")

/* The trailing arguments, if any, are a printf format and its values. */
#define RUNNER_CHECK(fatal, truth, what, ...)                                  \
    ((truth)                                                                   \
         ? (void) 0                                                            \
         : runner_failed(fatal, __FILE__, __LINE__, what, " " __VA_ARGS__))

#define RUNNER_EQ(a, b)            ((a) == (b))
#define RUNNER_STR(a, op, b)       (strcmp((a), (b)) op 0)
#define RUNNER_ARR(a, op, b, size) (memcmp((a), (b), (size)) op 0)
#define RUNNER_NEAR(a, b, epsilon) (fabs((double) ((a) - (b))) <= (epsilon))

#define cr_assert(x, ...)     RUNNER_CHECK(true, (x), #x, __VA_ARGS__)
#define cr_assert_not(x, ...) RUNNER_CHECK(true, !(x), "!" #x, __VA_ARGS__)
#define cr_assert_fail(...)   RUNNER_CHECK(true, false, "fail", __VA_ARGS__)
#define cr_assert_eq(a, b, ...)                                                \
    RUNNER_CHECK(true, RUNNER_EQ(a, b), #a " == " #b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...)                                               \
    RUNNER_CHECK(true, !RUNNER_EQ(a, b), #a " != " #b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...)                                                \
    RUNNER_CHECK(true, (a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...)                                               \
    RUNNER_CHECK(true, (a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...)                                                \
    RUNNER_CHECK(true, (a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...)                                               \
    RUNNER_CHECK(true, (a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_assert_null(x, ...)                                                 \
    RUNNER_CHECK(true, (x) == NULL, #x " is NULL", __VA_ARGS__)
#define cr_assert_not_null(x, ...)                                             \
    RUNNER_CHECK(true, (x) != NULL, #x " is not NULL", __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...)                                            \
    RUNNER_CHECK(true, RUNNER_STR(a, ==, b), #a " equals " #b, __VA_ARGS__)
#define cr_assert_str_neq(a, b, ...)                                           \
    RUNNER_CHECK(true, RUNNER_STR(a, !=, b), #a " differs from " #b,           \
                 __VA_ARGS__)
#define cr_assert_str_empty(x, ...)                                            \
    RUNNER_CHECK(true, (x)[0] == '\0', #x " is empty", __VA_ARGS__)
#define cr_assert_str_not_empty(x, ...)                                        \
    RUNNER_CHECK(true, (x)[0] != '\0', #x " is not empty", __VA_ARGS__)
#define cr_assert_arr_eq(a, b, size, ...)                                      \
    RUNNER_CHECK(true, RUNNER_ARR(a, ==, b, size), #a " equals " #b,           \
                 __VA_ARGS__)
#define cr_assert_arr_neq(a, b, size, ...)                                     \
    RUNNER_CHECK(true, RUNNER_ARR(a, !=, b, size), #a " differs from " #b,     \
                 __VA_ARGS__)
#define cr_assert_float_eq(a, b, epsilon, ...)                                 \
    RUNNER_CHECK(true, RUNNER_NEAR(a, b, epsilon), #a " near " #b, __VA_ARGS__)

#define cr_expect(x, ...)     RUNNER_CHECK(false, (x), #x, __VA_ARGS__)
#define cr_expect_not(x, ...) RUNNER_CHECK(false, !(x), "!" #x, __VA_ARGS__)
#define cr_expect_eq(a, b, ...)                                                \
    RUNNER_CHECK(false, RUNNER_EQ(a, b), #a " == " #b, __VA_ARGS__)
#define cr_expect_neq(a, b, ...)                                               \
    RUNNER_CHECK(false, !RUNNER_EQ(a, b), #a " != " #b, __VA_ARGS__)
#define cr_expect_lt(a, b, ...)                                                \
    RUNNER_CHECK(false, (a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_expect_leq(a, b, ...)                                               \
    RUNNER_CHECK(false, (a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_expect_gt(a, b, ...)                                                \
    RUNNER_CHECK(false, (a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_expect_geq(a, b, ...)                                               \
    RUNNER_CHECK(false, (a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_expect_null(x, ...)                                                 \
    RUNNER_CHECK(false, (x) == NULL, #x " is NULL", __VA_ARGS__)
#define cr_expect_not_null(x, ...)                                             \
    RUNNER_CHECK(false, (x) != NULL, #x " is not NULL", __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...)                                            \
    RUNNER_CHECK(false, RUNNER_STR(a, ==, b), #a " equals " #b, __VA_ARGS__)

#define cr_log_info(...) (printf(__VA_ARGS__), (void) printf("\n"))
/* With Criterion, a warning or an error in the log fails the whole binary. */
#define cr_log_warn(...)                                                       \
    runner_failed(false, __FILE__, __LINE__, "a warning", " " __VA_ARGS__)
#define cr_log_error(...)                                                      \
    runner_failed(false, __FILE__, __LINE__, "an error", " " __VA_ARGS__)
#define cr_skip_test(...) runner_skip(" " __VA_ARGS__)
#define cr_skip           cr_skip_test

#endif
