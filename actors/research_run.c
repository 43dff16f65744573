/* SPDX-License-Identifier: Apache-2.0 */
/* research_run.c: time for a phase, and what became of who was asked. */
#include "actors/research_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "actors/text.h"
#include "mailbox/check.h"

#define NS_PER_MS    1000000u
#define PHASE_MS     60000u /* of a phase when there is no deadline */
#define ATTEMPTS_MAX 4

uint32_t
troupe__run_phase_ms(troupe_context_t *ctx, const struct run *run,
                     unsigned percent)
{
    if (run->report->interrupted)
        return RUN_INTERRUPTED_MS;
    if (run->request.deadline_ms == 0)
        return PHASE_MS;
    uint64_t spent = (troupe_time_ns(ctx) - run->start_ns) / NS_PER_MS;
    if (spent >= run->request.deadline_ms)
        return 1;
    uint64_t left = (run->request.deadline_ms - spent) * percent / 100;
    return left > 0 ? (uint32_t) left : 1;
}

struct targets
troupe__run_targets(const struct run *run, enum part_role role)
{
    struct targets targets = {.count = 0};
    const struct members *members = &run->request.members;
    for (uint32_t i = 0; i < members->count; i++) {
        if (members->items[i].role != role)
            continue;
        targets.refs[targets.count] = members->items[i].ref;
        targets.index[targets.count++] = i;
    }
    return targets;
}

troupe_gather_options_t
troupe__run_gather(troupe_context_t *ctx, struct run *run, unsigned percent,
                   troupe_gathered_fn done, void *data)
{
    run->phase_ns = troupe_time_ns(ctx);
    return (troupe_gather_options_t){
        .policy = TROUPE_GATHER_DEADLINE,
        .timeout_ms = troupe__run_phase_ms(ctx, run, percent),
        .attempts_max = ATTEMPTS_MAX,
        .done = done,
        .data = data,
    };
}

static enum part_state
state_of(troupe_outcome_t outcome)
{
    switch (outcome) {
    case TROUPE_REPLY:
        return PART_DONE;
    case TROUPE_TIMEOUT:
        return PART_TIMEOUT;
    case TROUPE_CANCELLED:
        return PART_CANCELLED;
    case TROUPE_ERROR:
    case TROUPE_DOWN:
    case TROUPE_OVERLOAD:
        break;
    }
    return PART_FAILED;
}

void
troupe__part_reason(struct part *part, const char *words)
{
    size_t size = strlen(words), used = 0, step = 0;
    while ((step = troupe__utf8_size(words + used, size - used)) > 0
           && used + step < sizeof part->reason)
        used += step;
    memcpy(part->reason, words, used);
    part->reason[used] = '\0';
}

bool
troupe__part_silent(struct part *part, uint64_t after_ns)
{
    char words[64] = "no answer by then";
    if (part->state != PART_TIMEOUT && part->state != PART_CANCELLED)
        return false;
    if (part->state == PART_TIMEOUT) {
        (void) snprintf(words, sizeof words, "no answer in %.0f ms",
                        (double) after_ns / NS_PER_MS);
    }
    troupe__part_reason(part, words);
    return true;
}

/* Who is gone failed before. */
static void
note_failure(struct part *part, const troupe_gather_part_t *from)
{
    bool gone = from->outcome == TROUPE_DOWN && *from->failure;
    if (!troupe__part_silent(part, from->latency_ns))
        troupe__part_reason(part, gone ? from->failure : from->text);
}

bool
troupe__run_note(struct run *run, struct part *part,
                 const troupe_gather_part_t *from)
{
    enum part_state state = state_of(from->outcome);
    part->asked += 1;
    part->answered += state == PART_DONE;
    part->usable += state == PART_DONE;
    part->attempts =
        from->attempts > part->attempts ? from->attempts : part->attempts;
    part->restarts = part->attempts > 0 ? part->attempts - 1 : 0;
    part->start_ms = (double) (run->phase_ns - run->start_ns) / NS_PER_MS;
    part->elapsed_ms =
        fmax(part->elapsed_ms, (double) from->latency_ns / NS_PER_MS);
    if (state == PART_TIMEOUT)
        run->report->deadline_passed |=
            run->request.deadline_ms > 0 && !run->report->interrupted;
    if (part->state != PART_WAITING && part->state != PART_DONE)
        return state == PART_DONE; /* it failed another question already */
    part->state = state;
    if (state != PART_DONE)
        note_failure(part, from);
    return state == PART_DONE;
}

void
troupe__part_bad(struct part *part)
{
    CHECK(part->usable > 0);
    part->usable -= 1;
    part->state = PART_FAILED;
    troupe__part_reason(part, "its answer cannot be read");
}

void
troupe__part_skip(struct part *part, const char *why)
{
    part->state = PART_SKIPPED;
    troupe__part_reason(part, why);
}
