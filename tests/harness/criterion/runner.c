/* SPDX-License-Identifier: Apache-2.0 */
/* runner.c: runs the tests that criterion.h beside it has gathered. */

/*
 * usage: test_x [PATTERN...]   only tests whose suite/name matches (fnmatch)
 *
 * One process per test. This process never starts a thread, so forking is
 * safe under every sanitizer; a sanitizer's own exit code fails the test.
 */

#include <criterion/criterion.h>

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_FAILED = 91, EXIT_SKIPPED = 92 };

static const double timeout_default_s = 60.0;

static struct runner_test *first;
static struct runner_test **last = &first;
static atomic_int failures; /* in the child: asserts that did not hold */

void
runner_add(struct runner_test *test)
{
    *last = test;
    last = &test->next;
}

void
runner_failed(bool fatal, const char *file, int line, const char *what,
              const char *format, ...)
{
    va_list args;
    va_start(args, format);
    flockfile(stderr);
    fprintf(stderr, "%s:%d: failed: %s;", file, line, what);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    funlockfile(stderr);
    va_end(args);

    failures += 1;
    if (fatal)
        _exit(EXIT_FAILED); /* other threads may be running: no atexit */
}

static const struct runner_test *running; /* in a child */

void
runner_skip(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("SKIP %s/%s:", running->suite, running->name);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    fflush(NULL);
    _exit(EXIT_SKIPPED);
}

static const struct runner_options *
suite_options(const char *suite)
{
    static const struct runner_options none;
    for (const struct runner_test *it = first; it; it = it->next)
        if (!it->name && strcmp(it->suite, suite) == 0)
            return &it->options;
    return &none;
}

static _Noreturn void
run_in_child(const struct runner_test *test)
{
    const struct runner_options *suite = suite_options(test->suite);
    running = test;
    double seconds = test->options.timeout;
    if (seconds <= 0)
        seconds = suite->timeout > 0 ? suite->timeout : timeout_default_s;
    const char *factor = getenv("TROUPE_TIMEOUT_FACTOR");
    if (factor)
        seconds *= strtod(factor, NULL);
    alarm((unsigned) seconds + 1);

    if (suite->init)
        suite->init();
    if (test->options.init)
        test->options.init();
    test->run();
    if (test->options.fini)
        test->options.fini();
    if (suite->fini)
        suite->fini();
    fflush(NULL);
    exit(failures > 0 ? EXIT_FAILED : EXIT_SUCCESS); /* leaks are looked for */
}

/* A sanitizer turns these into a report and an exit of its own. */
static bool
is_left_out(const struct runner_options *options)
{
    int signal = options->signal;
    return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE
           || signal == SIGILL;
}

/* Says why the test failed, or returns NULL. */
static const char *
verdict(const struct runner_options *options, int status)
{
    if (WIFSIGNALED(status)) {
        if (WTERMSIG(status) == options->signal)
            return NULL;
        if (WTERMSIG(status) == SIGALRM)
            return "timed out";
        return strsignal(WTERMSIG(status));
    }
    if (WEXITSTATUS(status) == EXIT_FAILED)
        return "an assert did not hold";
    if (options->signal)
        return "was to be killed by a signal";
    if (WEXITSTATUS(status) != options->exit_code)
        return "wrong exit code (a sanitizer's, or the test called exit)";
    return NULL;
}

/* By TROUPE_LEAVE_OUT: names of suites with a space before and behind each. */
static bool
is_unwanted(const struct runner_test *test)
{
    const char *suites = getenv("TROUPE_LEAVE_OUT");
    char name[512];
    snprintf(name, sizeof name, " %s ", test->suite);
    return suites && strstr(suites, name);
}

static bool
is_chosen(const struct runner_test *test, int count, char **patterns)
{
    if (count == 0)
        return !is_unwanted(test);
    char name[512];
    snprintf(name, sizeof name, "%s/%s", test->suite, test->name);
    for (int i = 0; i < count; i++)
        if (fnmatch(patterns[i], name, 0) == 0)
            return true;
    return false;
}

static double
seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static int
run(const struct runner_test *test)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        exit(2);
    }
    if (pid == 0)
        run_in_child(test);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            abort();
    return status;
}

int
main(int argc, char **argv)
{
    int passed = 0;
    int failed = 0;
    int skipped = 0;
    for (const struct runner_test *test = first; test; test = test->next) {
        if (!test->name || !is_chosen(test, argc - 1, argv + 1))
            continue;
        if (test->options.disabled || is_left_out(&test->options)) {
            printf("SKIP %s/%s: not for this build\n", test->suite, test->name);
            skipped += 1;
            continue;
        }
        double started = seconds_now();
        int status = run(test);
        if (getenv("TROUPE_TIMES"))
            printf("%7.2f s  %s/%s\n", seconds_now() - started, test->suite,
                   test->name);
        if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED) {
            skipped += 1;
            continue;
        }
        const char *why = verdict(&test->options, status);
        if (why)
            printf("FAIL %s/%s: %s (%s:%d)\n", test->suite, test->name, why,
                   test->file, test->line);
        failed += why != NULL;
        passed += why == NULL;
    }
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return failed > 0 || passed + skipped == 0;
}
