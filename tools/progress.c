/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c: a line per live actor on a terminal, else lines of JSON. */
#include "tools/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#define NS_PER_MS 1000000u

uint64_t
troupe__monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * 1000000000u + (uint64_t) now.tv_nsec;
}

static uint64_t
elapsed_ms(const struct troupe__progress *self)
{
    return (troupe__monotonic_ns() - self->start_ns) / NS_PER_MS;
}

static void
draw(struct troupe__progress *self, const troupe_research_actor_t *actors,
     size_t count)
{
    if (self->drawn > 0)
        fprintf(stderr, "\033[%zuA", self->drawn);
    for (size_t i = 0; i < count; i++) {
        const troupe_research_actor_t *it = &actors[i];
        fprintf(stderr, "\r\033[K%-12s %-11s %-10s %2llu done", it->name,
                it->role, it->state, (unsigned long long) it->handled);
        if (it->failed > 0 || it->restarts > 0) {
            fprintf(stderr, ", %llu failed, %u restart%s",
                    (unsigned long long) it->failed, it->restarts,
                    it->restarts == 1 ? "" : "s");
        }
        fputc('\n', stderr);
    }
    self->drawn = count;
    fflush(stderr);
}

void
troupe__print_line(void *line)
{
    char *text = json_dumps(line, JSON_COMPACT | JSON_PRESERVE_ORDER);
    if (text)
        fprintf(stderr, "%s\n", text);
    free(text);
    json_decref(line);
}

static void
write_line(const struct troupe__progress *self,
           const troupe_research_actor_t *it)
{
    json_t *line = json_pack(
        "{s:s, s:I, s:s, s:s, s:s, s:I, s:I, s:I}", "event", "actor", "ms",
        (json_int_t) elapsed_ms(self), "actor", it->name, "role", it->role,
        "state", it->state, "done", (json_int_t) it->handled, "failed",
        (json_int_t) it->failed, "restarts", (json_int_t) it->restarts);
    troupe__print_line(line);
}

void
troupe__progress_show(void *context, const troupe_research_actor_t *actors,
                      size_t count)
{
    struct troupe__progress *self = context;
    if (self->quiet)
        return;
    if (self->terminal) {
        draw(self, actors, count);
        return;
    }
    for (size_t i = 0; i < count && i < TROUPE__PROGRESS_MAX; i++) {
        bool same = self->states[i] && !strcmp(self->states[i], actors[i].state)
                    && self->restarts[i] == actors[i].restarts;
        self->states[i] = actors[i].state;
        self->restarts[i] = actors[i].restarts;
        if (!same)
            write_line(self, &actors[i]);
    }
}
