/* SPDX-License-Identifier: Apache-2.0 */
/* map_trace.c: the span of a task of a map, from its arrival to its end. */
#include <stdio.h>
#include <string.h>

#include "actors/map.h"

#include "mailbox/check.h"

#define NS_PER_MS 1000000.0

/* Text that is not NUL-ended, as a message has it. */
struct word {
    char text[128];
};

static const char *
word_of(struct word *self, const char *text, size_t size)
{
    size_t most = sizeof self->text - 1;
    size = size < most ? size : most;
    while (size > 0 && !troupe__utf8_is_valid(text, size))
        size--; /* it was cut in a character */
    memcpy(self->text, text ? text : "", size);
    self->text[size] = '\0';
    return self->text;
}

void
troupe__map_trace_begin(troupe_context_t *ctx, struct map_record *record)
{
    troupe_trace_t trace;
    if (record->how == MAP_DONE || !troupe_trace_get(ctx, &trace))
        return;
    record->span = troupe__alloc(sizeof *record->span);
    (void) troupe_span_begin(ctx, record->span);
}

void
troupe__map_trace_attempt(troupe_context_t *ctx,
                          const struct map_record *record)
{
    const struct map_end *end = &record->end;
    struct word state, text;
    troupe_span_event(ctx, record->span, "attempt", "{s:i, s:s, s:f, s:s}",
                      "troupe.attempt", (int) record->attempts, "troupe.state",
                      word_of(&state, end->state, end->state_size),
                      "troupe.run_ms", end->run_ms, "troupe.words",
                      word_of(&text, end->text, end->text_size));
}

void
troupe__map_trace_end(troupe_context_t *ctx, struct map_record *record)
{
    const struct map_end *end = &record->end;
    struct packed_task it;
    const struct map_task *task = &it.task;
    struct word state, text, key, target;
    char name[TROUPE_NAME_MAX + 8];
    troupe__map_task_of(record, &it);
    const char *whose = task->how == TROUPE_MAP_COMMAND || !task->target
                            ? "command"
                            : word_of(&target, task->target, task->target_size);
    snprintf(name, sizeof name, "task %.*s", TROUPE_NAME_MAX, whose);
    double all_ms =
        (double) (troupe_time_ns(ctx) - record->span->from_ns) / NS_PER_MS;
    word_of(&state, end->state, end->state_size);
    word_of(&text, end->text, end->text_size);
    bool is_good = strcmp(state.text, "ok") == 0;
    troupe_span_end(ctx, record->span, name, TROUPE_SPAN_INTERNAL,
                    is_good      ? NULL
                    : *text.text ? text.text
                                 : state.text,
                    "{s:U, s:s?, s:s, s:U, s:f, s:f}", "troupe.task.number",
                    record->number, "troupe.task.key",
                    task->key ? word_of(&key, task->key, task->key_size) : NULL,
                    "troupe.state", state.text, "troupe.attempts",
                    (uint64_t) record->attempts, "troupe.run_ms", end->run_ms,
                    "troupe.queue_ms",
                    all_ms > end->run_ms ? all_ms - end->run_ms : 0.0);
}
