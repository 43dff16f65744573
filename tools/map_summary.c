/* SPDX-License-Identifier: Apache-2.0 */
/* map_summary.c: what `troupe map` says at the end, and its exit code. */
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/map.h"
#include "tools/progress.h"

enum { OUTCOME_SIZE = 160 };

/* How all of it went; the first that is true. */
enum outcome {
    OUTCOME_DEADLINE,
    OUTCOME_NO_QUORUM,
    OUTCOME_TRUNCATED,
    OUTCOME_OK, /* or as much of it as the policy wants */
    OUTCOME_INTERRUPTED,
    OUTCOME_HALTED,
    OUTCOME_PARTIAL,
    OUTCOME_FAILED
};

static const char *const names[] = {
    [OUTCOME_DEADLINE] = "deadline",       [OUTCOME_NO_QUORUM] = "no_quorum",
    [OUTCOME_TRUNCATED] = "truncated",     [OUTCOME_OK] = "ok",
    [OUTCOME_INTERRUPTED] = "interrupted", [OUTCOME_HALTED] = "halted",
    [OUTCOME_PARTIAL] = "partial",         [OUTCOME_FAILED] = "failed"};

/* Tasks that did not run, or lines that were not even read. */
static bool
has_rest(const struct troupe__map_output *self, const troupe_map_summary_t *it)
{
    return it->cancelled + it->skipped > 0 || !self->input->is_over;
}

static enum outcome
outcome_of(const struct troupe__map_output *self,
           const troupe_map_summary_t *it)
{
    const struct troupe__map_arguments *arguments = self->arguments;
    bool first = arguments->options.halt.on == TROUPE_MAP_HALT_SUCCESS;
    uint32_t quorum = arguments->quorum;
    bool is_ok = it->ok == it->tasks && !self->interrupted;
    if (it->deadline_passed)
        return OUTCOME_DEADLINE;
    if (quorum > 0 && it->ok < quorum)
        return OUTCOME_NO_QUORUM;
    is_ok |= quorum > 0 || (first && it->ok > 0);
    if (is_ok)
        return self->truncated > 0 ? OUTCOME_TRUNCATED : OUTCOME_OK;
    if (self->interrupted)
        return OUTCOME_INTERRUPTED;
    if (it->halted && has_rest(self, it))
        return OUTCOME_HALTED;
    return it->ok > 0 ? OUTCOME_PARTIAL : OUTCOME_FAILED;
}

int
troupe__map_exit_code(const struct troupe__map_output *self,
                      const troupe_map_summary_t *it)
{
    switch (outcome_of(self, it)) {
    case OUTCOME_DEADLINE:
        return TROUPE__EXIT_DEADLINE;
    case OUTCOME_NO_QUORUM:
        return TROUPE__EXIT_QUORUM;
    case OUTCOME_OK:
        return TROUPE__EXIT_OK;
    case OUTCOME_TRUNCATED:
    case OUTCOME_INTERRUPTED:
        return TROUPE__EXIT_PARTIAL;
    default:
        return it->ok > 0 ? TROUPE__EXIT_PARTIAL : TROUPE__EXIT_FAILED;
    }
}

/* In words; "" when there is nothing to be said. */
static void
say_outcome(const struct troupe__map_output *self,
            const troupe_map_summary_t *it, char ret_words[OUTCOME_SIZE])
{
    const struct troupe__map_arguments *arguments = self->arguments;
    unsigned long long ok = it->ok, tasks = it->tasks;
    *ret_words = '\0';
    switch (outcome_of(self, it)) {
    case OUTCOME_DEADLINE:
        snprintf(ret_words, OUTCOME_SIZE, "The deadline of %u ms passed",
                 (unsigned) arguments->options.deadline_ms);
        break;
    case OUTCOME_NO_QUORUM:
        snprintf(ret_words, OUTCOME_SIZE, "No quorum: %llu of %llu needed %u",
                 ok, tasks, (unsigned) arguments->quorum);
        break;
    case OUTCOME_TRUNCATED:
        snprintf(ret_words, OUTCOME_SIZE, "Output is missing of %llu",
                 (unsigned long long) self->truncated);
        break;
    case OUTCOME_OK:
        break;
    case OUTCOME_INTERRUPTED:
        snprintf(ret_words, OUTCOME_SIZE, "Interrupted");
        break;
    case OUTCOME_HALTED:
        snprintf(ret_words, OUTCOME_SIZE, "Halted by the policy %.80s",
                 arguments->policy);
        break;
    default:
        snprintf(ret_words, OUTCOME_SIZE, "Degraded: %llu of %llu are ok", ok,
                 tasks);
        break;
    }
}

static void
add_outcome(json_t *json, const struct troupe__map_output *self,
            const troupe_map_summary_t *it)
{
    const struct troupe__map_arguments *arguments = self->arguments;
    char words[OUTCOME_SIZE];
    say_outcome(self, it, words);
    json_t *degraded = json_array();
    if (*words)
        json_array_append_new(degraded, json_string(words));
    json_t *quorum = json_null();
    if (arguments->quorum > 0) {
        quorum = json_pack("{s:I, s:b}", "need", (json_int_t) arguments->quorum,
                           "met", it->ok >= arguments->quorum);
    }
    uint64_t none = it->timeout + it->lost + it->cancelled + it->skipped;
    json_t *more = json_pack(
        "{s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:b}", "outcome",
        names[outcome_of(self, it)], "policy",
        arguments->policy ? arguments->policy : "collect", "quorum", quorum,
        "degraded", degraded, "asked", (json_int_t) it->tasks, "answered",
        (json_int_t) (it->tasks - none), "usable", (json_int_t) it->ok,
        "truncated", (json_int_t) self->truncated, "input_read",
        (int) self->input->is_over);
    json_object_update(json, more);
    json_decref(more);
}

json_t *
troupe__map_summary_json(const struct troupe__map_output *self,
                         const troupe_map_summary_t *it, const char *run)
{
    double slots = it->wall_s * it->jobs;
    json_t *json = json_pack(
        "{s:s, s:s?, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:I, s:b, s:b, s:f, s:f, s:f, s:f, s:f, s:f, s:f}",
        "event", "summary", "run", run, "tasks", (json_int_t) it->tasks, "ok",
        (json_int_t) it->ok, "failed", (json_int_t) it->failed, "timeout",
        (json_int_t) it->timeout, "lost", (json_int_t) it->lost, "cancelled",
        (json_int_t) it->cancelled, "skipped", (json_int_t) it->skipped,
        "retried", (json_int_t) it->retried, "stolen", (json_int_t) it->stolen,
        "resumed", (json_int_t) it->resumed, "jobs", (json_int_t) it->jobs,
        "peak", (json_int_t) it->peak, "halted", (int) it->halted,
        "deadline_passed", (int) it->deadline_passed, "wall_s", it->wall_s,
        "per_s", it->wall_s > 0 ? (double) it->tasks / it->wall_s : 0.0,
        "p50_ms", it->p50_ms, "p95_ms", it->p95_ms, "p99_ms", it->p99_ms,
        "queue_p50_ms", it->queue_p50_ms, "utilisation",
        slots > 0 ? it->busy_s / slots : 0.0);
    add_outcome(json, self, it);
    if (self->arguments->shuffles)
        json_object_set_new(json, "seed",
                            json_integer((json_int_t) self->arguments->seed));
    return json;
}

void
troupe__map_summary(struct troupe__map_output *self,
                    const troupe_map_summary_t *it, const char *run)
{
    unsigned long long bad = it->failed + it->timeout + it->lost;
    unsigned long long not_run = it->cancelled + it->skipped;
    if (self->drawn)
        fputs("\r\033[K", stderr);
    if (self->arguments->json)
        troupe__print_line(troupe__map_summary_json(self, it, run));
    if (self->arguments->quiet)
        return;
    if (!self->arguments->json) {
        char words[OUTCOME_SIZE];
        say_outcome(self, it, words);
        fprintf(
            stderr,
            "troupe map: %s%s%llu tasks: %llu ok, %llu failed, %llu not "
            "run%s; %.2f s, %.1f/s, p50 %.3g ms, p95 %.3g ms, p99 %.3g "
            "ms\n",
            words, *words ? "; " : "", (unsigned long long) it->tasks,
            (unsigned long long) it->ok, bad, not_run,
            self->input->is_over ? ""
                                 : ", and the input was not read to its end",
            it->wall_s, it->wall_s > 0 ? (double) it->tasks / it->wall_s : 0,
            it->p50_ms, it->p95_ms, it->p99_ms);
    }
    if (self->arguments->shuffles && !self->arguments->has_seed) {
        fprintf(stderr, "troupe map: --shuf --seed %llu is the same order\n",
                (unsigned long long) self->arguments->seed);
    }
    if (run && has_rest(self, it)) {
        fprintf(stderr,
                "troupe map: the same command with --resume %s does the "
                "rest\n",
                run);
    } else if (run && bad > 0) {
        fprintf(stderr,
                "troupe map: the same command with --resume-failed %s does "
                "these again\n",
                run);
    }
}
