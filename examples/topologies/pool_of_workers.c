/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool_of_workers.c: the kinds of pool-of-workers.yaml: how many primes are
 * there? A job is ten thousand numbers. Each worker has its share of the jobs and
 * gets one at a time; one that it crashed on is given out again. The boss's books
 * are checked at the end: each job has been answered once, however many
 * processes died. (With jobs for whoever is free next, the one that crashes would
 * be spared most of them.)
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <troupe.h>

enum { TEAM_MAX = 16, JOBS_MAX = 10000, STEP = 10000, PATIENCE_MS = 60000 };

/* --- worker: counts the primes of a job --------------------------------------*/

struct worker {
    uint64_t crash_at; /* the job that it does not survive; 0: none */
    uint64_t jobs;     /* of this process */
};

static int
worker_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct worker *self = state;
    (void) ctx;
    int rc = troupe_unpack(msg, "{s?U}", "crash_at", &self->crash_at);
    return rc < 0 && troupe_unpack(msg, "n") == 0 ? 0 : rc; /* nil: none */
}

static bool
is_prime(uint64_t number)
{
    for (uint64_t i = 2; i * i <= number; i++)
        if (number % i == 0)
            return false;
    return number > 1;
}

/* A real one: a write to a page that nobody may touch. */
static void
crash(void)
{
    signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would only exit */
    volatile char *page =
        mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *page = 1;
}

static int
on_job(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct worker *self = state;
    uint64_t job = 0, primes = 0;
    int rc = troupe_unpack(msg, "U", &job);
    if (rc < 0)
        return rc;
    if (++self->jobs == self->crash_at)
        crash();
    for (uint64_t number = job * STEP; number < (job + 1) * STEP; number++)
        primes += is_prime(number);
    return troupe_reply(ctx, "{s:U, s:U}", "primes", primes, "pid",
                        (uint64_t) getpid());
}

TROUPE_KIND(worker, struct worker, TROUPE_ON_START(worker_start),
            TROUPE_ON("job", on_job));

/* --- boss: gives jobs out, and keeps the books -------------------------------*/

struct member {
    char name[TROUPE_NAME_MAX + 1];
    troupe_ref_t ref;
    uint64_t job; /* that it was asked for; then one of `count` further on */
    uint64_t answers, crashes, processes, pid;
};

struct boss {
    struct member team[TEAM_MAX];
    size_t count;
    uint64_t jobs, done, twice, primes;
    bool answered[JOBS_MAX];
};

static int on_answer(troupe_context_t *ctx, void *state,
                     const troupe_answer_t *answer);

static int
give(troupe_context_t *ctx, struct member *member, uint64_t job)
{
    member->job = job;
    return troupe_ask(ctx, member->ref, "job", PATIENCE_MS, on_answer, member,
                      "U", job);
}

static int
finish(troupe_context_t *ctx, const struct boss *self)
{
    uint64_t crashes = 0, answered = 0;
    for (uint64_t i = 0; i < self->jobs; i++)
        answered += self->answered[i];
    for (size_t i = 0; i < self->count; i++) {
        const struct member *member = &self->team[i];
        printf("%-9s %4" PRIu64 " answers, crashed %2" PRIu64
               " times, %2" PRIu64 " processes\n",
               member->name, member->answers, member->crashes,
               member->processes);
        crashes += member->crashes;
    }
    printf("%" PRIu64 " primes below %" PRIu64 "\n", self->primes,
           self->jobs * STEP);
    printf("%" PRIu64 " jobs, %" PRIu64 " given out again, %" PRIu64
           " lost, %" PRIu64 " answered twice\n",
           self->jobs, crashes, self->jobs - answered, self->twice);
    fflush(stdout);
    if (self->twice > 0)
        return troupe_fail(ctx, -EPROTO, "the books are wrong");
    return TROUPE_STOP; /* `until: boss` in the file ends the run */
}

static int
take(struct boss *self, struct member *member, const troupe_answer_t *answer)
{
    uint64_t primes = 0, pid = 0;
    int rc = troupe_unpack(answer->msg, "{s:U, s:U}", "primes", &primes, "pid",
                           &pid);
    if (rc < 0)
        return rc;
    self->twice += self->answered[member->job];
    self->answered[member->job] = true;
    self->primes += primes;
    self->done++;
    member->answers++;
    member->processes += member->pid != pid;
    member->pid = pid;
    return 0;
}

/* An ask ends once: with the answer, or with the end of who was asked. */
static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct boss *self = state;
    struct member *member = answer->data;
    if (answer->outcome == TROUPE_DOWN) {
        member->crashes++;
        return give(ctx, member, member->job); /* it will be back */
    }
    if (answer->outcome != TROUPE_REPLY)
        return troupe_fail(ctx, answer->code, "job %" PRIu64 " of %s: %s",
                           member->job, member->name, answer->text);
    int rc = take(self, member, answer);
    if (rc == 0 && self->done == self->jobs)
        return finish(ctx, self);
    if (rc == 0 && member->job + self->count < self->jobs)
        rc = give(ctx, member, member->job + self->count);
    return rc;
}

static int
boss_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct boss *self = state;
    const char *names[TEAM_MAX] = {NULL};
    int rc = troupe_unpack(msg, "{s:U, s:[s, s, s]}", "jobs", &self->jobs,
                           "workers", &names[0], &names[1], &names[2]);
    if (rc < 0 || self->jobs < 1 || self->jobs > JOBS_MAX) {
        return troupe_fail(ctx, -EINVAL,
                           "a boss wants {workers: [NAME, NAME, NAME], jobs: "
                           "1 to %d}",
                           JOBS_MAX);
    }
    for (; names[self->count] && rc == 0; self->count++) {
        struct member *member = &self->team[self->count];
        snprintf(member->name, sizeof member->name, "%s", names[self->count]);
        rc =
            troupe_lookup(troupe_context_node(ctx), member->name, &member->ref);
        if (rc == 0 && self->count < self->jobs)
            rc = give(ctx, member, self->count);
    }
    return rc;
}

TROUPE_KIND(boss, struct boss, TROUPE_ON_START(boss_start));

TROUPE_KINDS(&worker, &boss);
