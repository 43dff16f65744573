/* SPDX-License-Identifier: Apache-2.0 */
/* soak.c: loads a node for as long as it is told; memory must stay flat. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "stress/crowd.h"

/*
 * usage: soak SECONDS [SEED]
 *
 * Resident memory and open descriptors are sampled after each second of load,
 * with the node at rest; at least four times, however slow the machine is. In
 * the first quarter of the samples pools and tables reach their size. The exit
 * code is 1 when the last quarter needs more of either than the second one
 * did, beyond what an allocator's mood explains.
 *
 * Built for a sanitizer or for valgrind it does not judge memory: they keep
 * what was freed for a while, to catch its use, and so grow by design.
 */
#ifdef TROUPE_SLOW_BUILD
enum { JUDGES_MEMORY = 0 };
#else
enum { JUDGES_MEMORY = 1 };
#endif
enum { SLACK_KIB = 4096, KICKS = 50, SETTLE_MS = 60000, SAMPLES_MIN = 4 };

struct sample {
    long kib, descriptors;
};

static double
now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static long
count_descriptors(void)
{
    long count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count;
}

static long
resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*d %ld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void
raise_to(struct sample *most, struct sample one)
{
    if (one.kib > most->kib)
        most->kib = one.kib;
    if (one.descriptors > most->descriptors)
        most->descriptors = one.descriptors;
}

/* Load for a second, then rest: what is still used then is what is kept. */
static int
one_second(troupe_t *node, const troupe_ref_t tops[CROWD_TOPS],
           struct sample *ret_sample)
{
    double until = now_s() + 1;
    while (now_s() < until) {
        int rc = 0;
        for (int i = 0; i < KICKS && rc == 0; i++)
            rc = crowd_kick(node, tops);
        if (rc == 0)
            rc = troupe_settle(node, SETTLE_MS);
        if (rc < 0)
            return rc;
    }
    do {
        int rc = troupe_settle(node, SETTLE_MS);
        if (rc < 0)
            return rc;
    } while (!crowd_is_done());
    *ret_sample = (struct sample){resident_kib(), count_descriptors()};
    return 0;
}

static struct sample
most_of(const struct sample *samples, size_t from, size_t to)
{
    struct sample most = {0, 0};
    for (size_t i = from; i < to; i++)
        raise_to(&most, samples[i]);
    return most;
}

static int
judge(const struct sample *samples, size_t count)
{
    struct sample early = most_of(samples, count / 4, count / 2);
    struct sample late = most_of(samples, count - count / 4, count);
    long slack = early.kib / 50 > SLACK_KIB ? early.kib / 50 : SLACK_KIB;
    printf("second quarter: %ld KiB, %ld descriptors; last: %ld KiB, %ld\n",
           early.kib, early.descriptors, late.kib, late.descriptors);
    if (JUDGES_MEMORY && late.kib > early.kib + slack) {
        printf("FAIL: memory grew by more than %ld KiB\n", slack);
        return 1;
    }
    if (late.descriptors > early.descriptors) {
        printf("FAIL: descriptors grew\n");
        return 1;
    }
    puts(JUDGES_MEMORY ? "PASS: flat"
                       : "PASS: descriptors are flat; memory is not judged "
                         "in a build for sanitizers or valgrind");
    return 0;
}

/* Returns the samples, or NULL when the node did not come to rest. */
static struct sample *
take_samples(troupe_t *node, const troupe_ref_t tops[CROWD_TOPS],
             double seconds, size_t *ret_count)
{
    struct sample *samples = NULL, one;
    double began = now_s(), passed = 0;
    size_t count = 0;
    long line = 1;
    while (passed < seconds || count < SAMPLES_MIN) {
        int rc = one_second(node, tops, &one);
        struct sample *more = realloc(samples, (count + 1) * sizeof one);
        if (!more)
            abort();
        if (rc < 0) {
            printf("FAIL: %s\n", troupe_strerror(rc));
            free(more);
            return NULL;
        }
        samples = more;
        samples[count++] = one;
        passed = now_s() - began;
        if (passed * 10 >= seconds * (double) line) {
            line++;
            printf("%6.0f s  %8ld KiB  %3ld descriptors  %llu asks\n", passed,
                   one.kib, one.descriptors, (unsigned long long) books.asked);
            fflush(stdout);
        }
    }
    *ret_count = count;
    return samples;
}

static int
soak(troupe_t *node, const troupe_ref_t tops[CROWD_TOPS], double seconds)
{
    size_t count = 0;
    struct sample *samples = take_samples(node, tops, seconds, &count);
    int result = samples ? judge(samples, count) : 1;
    free(samples);
    return result;
}

int
main(int argc, char **argv)
{
    troupe_ref_t tops[CROWD_TOPS];
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 600;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    if (argc > 3 || !(seconds >= 4) || seconds > 1e6) {
        fprintf(stderr, "usage: soak SECONDS [SEED]   (4 s and more)\n");
        return 2;
    }
    const troupe_options_t options = crowd_options(seed);
    troupe_t *node = crowd_begin(&options, tops);
    if (!node) {
        fprintf(stderr, "soak: no node\n");
        return 1;
    }
    int result = soak(node, tops, seconds);
    if (troupe_destroy(&node) < 0) {
        printf("FAIL: the node did not stop\n");
        result = 1;
    }
    return result;
}
