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
 * After a quarter of the time, in which pools and tables reach their size,
 * resident memory and open descriptors are sampled each second, with the node
 * at rest. The exit code is 1 when the last quarter needs more of either than
 * the second one did, beyond what an allocator's mood explains.
 *
 * Built for a sanitizer or for valgrind it does not judge memory: they keep
 * what was freed for a while, to catch its use, and so grow by design.
 */
#ifdef TROUPE_SLOW_BUILD
enum { JUDGES_MEMORY = 0 };
#else
enum { JUDGES_MEMORY = 1 };
#endif
enum { SLACK_KIB = 4096, KICKS = 50, SETTLE_MS = 60000 };

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

static int
judge(struct sample early, struct sample late)
{
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

static int
soak(troupe_t *node, const troupe_ref_t tops[CROWD_TOPS], double seconds)
{
    struct sample early = {0, 0}, late = {0, 0}, one;
    double began = now_s(), passed = 0;
    for (long line = 1; passed < seconds; passed = now_s() - began) {
        int rc = one_second(node, tops, &one);
        if (rc < 0) {
            printf("FAIL: %s\n", troupe_strerror(rc));
            return 1;
        }
        double part = passed / seconds;
        if (part >= 0.25 && part < 0.5)
            raise_to(&early, one);
        else if (part >= 0.75)
            raise_to(&late, one);
        if (passed * 10 >= seconds * (double) line) {
            line++;
            printf("%6.0f s  %8ld KiB  %3ld descriptors  %llu asks\n", passed,
                   one.kib, one.descriptors, (unsigned long long) books.asked);
            fflush(stdout);
        }
    }
    return judge(early, late);
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
