/* SPDX-License-Identifier: Apache-2.0 */
/* judge.c: what must be true after a storm. */
#include "storm/judge.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Sanitizers keep what was freed for a while; see tests/soak/soak.c. */
#ifdef TROUPE_SLOW_BUILD
enum { JUDGES_MEMORY = 0, THREADS_MORE = 1 }; /* one is the sanitizer's */
#else
enum { JUDGES_MEMORY = 1, THREADS_MORE = 0 };
#endif
enum { SLACK_KIB = 8192, SAMPLES_MIN = 100 };

/* --- the tally --------------------------------------------------------------*/

static void *
grown(void *list, size_t count, size_t size)
{
    void *more = realloc(list, (count + 1) * size);
    if (!more)
        abort();
    return more;
}

void
tally_add(struct tally *self, uint64_t time_ns)
{
    self->times = grown(self->times, self->count, sizeof *self->times);
    self->times[self->count++] = time_ns;
}

void
tally_sample(struct tally *self, long kib)
{
    self->kib = grown(self->kib, self->samples, sizeof *self->kib);
    self->kib[self->samples++] = kib;
}

static int
by_time(const void *one, const void *other)
{
    const uint64_t *a = one, *b = other;
    return (*a > *b) - (*a < *b);
}

void
tally_print(struct tally *self)
{
    for (unsigned i = 1; i < PLACES; i++)
        printf("%s was hit %u times%s", place_names[i], self->blows[i],
               i + 1 < PLACES ? ", " : "\n");
    if (self->count == 0)
        return;
    qsort(self->times, self->count, sizeof *self->times, by_time);
    printf("from kill to the next answer: median %.1f ms, p99 %.1f ms, "
           "most %.1f ms\n",
           (double) self->times[self->count / 2] / 1e6,
           (double) self->times[(self->count * 99 - 1) / 100] / 1e6,
           (double) self->times[self->count - 1] / 1e6);
}

void
tally_free(struct tally *self)
{
    free(self->times);
    free(self->kib);
}

/* --- the books --------------------------------------------------------------*/

static uint32_t
sheet_count(void)
{
    return books->count < SHEETS ? books->count : SHEETS;
}

bool
books_are_closed(void)
{
    for (uint32_t i = 0; i < sheet_count(); i++) {
        const struct sheet *one = &books->sheets[i];
        if (!one->finished && kill(one->pid, 0) == 0
            && sheet_ended(one) != one->asked)
            return false;
    }
    return true;
}

static int
judge_sheet(const struct sheet *one, bool is_whole)
{
    uint64_t asked = one->asked, ended = sheet_ended(one);
    uint64_t open_max = is_whole ? 0 : (uint64_t) MEMBERS * OPEN_MAX;
    int faults = 0;
    if (one->twice > 0 || one->stale > 0) {
        printf("FAIL: process %d: %llu outcomes of asks that had one, %llu of "
               "an earlier incarnation\n",
               one->pid, (unsigned long long) one->twice,
               (unsigned long long) one->stale);
        faults++;
    }
    if (ended > asked || asked - ended > open_max) {
        printf("FAIL: process %d (%s): asked %llu, ended %llu\n", one->pid,
               is_whole ? "ended in order" : "killed",
               (unsigned long long) asked, (unsigned long long) ended);
        faults++;
    }
    return faults;
}

static void
print_sum(const char *who, const struct sheet *sum, unsigned count)
{
    printf("%s (%u): asked %llu =", who, count,
           (unsigned long long) sum->asked);
    for (int i = TROUPE_REPLY; i <= TROUPE_CANCELLED; i++)
        printf(" %s %llu +", troupe_outcome_name((troupe_outcome_t) i),
               (unsigned long long) sum->outcomes[i]);
    printf(" asker gone %llu + died with it %llu\n",
           (unsigned long long) sum->dropped,
           (unsigned long long) (sum->asked - sheet_ended(sum)));
}

static void
sum_up(struct sheet *sum, const struct sheet *one)
{
    sum->asked += one->asked;
    sum->dropped += one->dropped;
    for (int i = TROUPE_REPLY; i <= TROUPE_CANCELLED; i++)
        sum->outcomes[i] += one->outcomes[i];
}

int
judge_books(void)
{
    static struct sheet sums[3];
    static const char *const who[] = {"the root", "ended in order", "killed"};
    unsigned counts[3] = {0};
    int faults = 0;
    for (uint32_t i = 0; i < sheet_count(); i++) {
        const struct sheet *one = &books->sheets[i];
        int which = i == 0 ? 0 : one->finished ? 1 : 2;
        faults += judge_sheet(one, which < 2);
        sum_up(&sums[which], one);
        counts[which]++;
    }
    for (int i = 0; i < 3; i++)
        print_sum(who[i], &sums[i], counts[i]);
    if (sums[0].outcomes[TROUPE_REPLY] == 0
        || sums[0].outcomes[TROUPE_DOWN] == 0) {
        printf("FAIL: that was no storm\n");
        faults++;
    }
    return faults;
}

/* --- the rest ---------------------------------------------------------------*/

static int
judge_count(const char *what, long before, long after)
{
    if (after == before)
        return 0;
    printf("FAIL: %ld %s before, %ld after\n", before, what, after);
    return 1;
}

int
judge_belongings(struct belongings before, struct belongings after,
                 const char *directory)
{
    int faults =
        judge_count("descriptors", before.descriptors, after.descriptors)
        + (after.threads == before.threads + THREADS_MORE
               ? 0
               : judge_count("threads", before.threads, after.threads))
        + judge_count("child processes", before.children, after.children);
    if (rmdir(directory) < 0) {
        printf("FAIL: something is left in %s\n", directory);
        faults++;
    }
    return faults;
}

static long
most_of(const long *list, size_t from, size_t to)
{
    long most = 0;
    for (size_t i = from; i < to; i++)
        most = list[i] > most ? list[i] : most;
    return most;
}

int
judge_memory(const struct tally *tally)
{
    size_t count = tally->samples;
    long early = most_of(tally->kib, count / 4, count / 2);
    long late = most_of(tally->kib, count - count / 4, count);
    long slack = early / 10 > SLACK_KIB ? early / 10 : SLACK_KIB;
    printf("memory of the root: at most %ld KiB in the second quarter, %ld KiB "
           "in the last\n",
           early, late);
    if (!JUDGES_MEMORY || count < SAMPLES_MIN || late <= early + slack)
        return 0;
    printf("FAIL: it grew by more than %ld KiB\n", slack);
    return 1;
}
