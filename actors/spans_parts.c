/* SPDX-License-Identifier: Apache-2.0 */
/* spans_parts.c: spans and their parts, until they are handed on. */
#include "actors/spans.h"

#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

#define PARTS_MAX 65536 /* of all spans under way; then the oldest go */
#define EACH_MAX  128   /* events of one span, as OpenTelemetry has it */

static struct spans_parts **
place_of(struct spans *self, uint64_t at)
{
    struct spans_parts **it = &self->parts[at % SPANS_BUCKETS];
    while (*it && (*it)->at != at)
        it = &(*it)->next;
    return it;
}

static struct spans_parts *
make_at(struct spans *self, struct spans_parts **place, uint64_t at)
{
    struct spans_parts *made = troupe__alloc(sizeof *made);
    made->at = at;
    made->older = self->newest;
    if (self->newest)
        self->newest->newer = made;
    else
        self->oldest = made;
    self->newest = made;
    *place = made;
    return made;
}

static void
unlink_at(struct spans *self, struct spans_parts **place)
{
    struct spans_parts *it = *place;
    CHECK(it);
    *place = it->next;
    if (it->older)
        it->older->newer = it->newer;
    else
        self->oldest = it->newer;
    if (it->newer)
        it->newer->older = it->older;
    else
        self->newest = it->older;
    self->part_count -= json_array_size(it->events) + json_array_size(it->links)
                        + json_array_size(it->notes);
}

static void
free_parts(struct spans_parts *it)
{
    json_decref(it->events);
    json_decref(it->links);
    json_decref(it->notes);
    free(it);
}

/* Attributes of a note go with those that the span has. */
static void
put_notes(json_t *span, const json_t *notes)
{
    json_t *attributes = json_object_get(span, "attributes");
    for (size_t i = 0; i < json_array_size(notes); i++)
        json_array_extend(attributes, json_array_get(notes, i));
}

static json_t *
ended_at(struct spans *self, uint64_t at)
{
    for (size_t i = self->ended_count; i-- > 0;)
        if (self->ended[i].at == at)
            return self->ended[i].span;
    return NULL;
}

void
troupe__spans_add(struct spans *self, uint64_t at, enum spans_part what,
                  json_t *part)
{
    struct spans_parts **place = place_of(self, at), *it = *place;
    json_t *span = it || what != SPANS_NOTE ? NULL : ended_at(self, at);
    if (span) { /* its end came by another way, first */
        json_array_extend(json_object_get(span, "attributes"), part);
        json_decref(part);
        return;
    }
    if (!it)
        it = make_at(self, place, at);
    json_t **list = what == SPANS_EVENT  ? &it->events
                    : what == SPANS_LINK ? &it->links
                                         : &it->notes;
    if (!*list)
        *list = json_array();
    if (json_array_size(*list) >= EACH_MAX) {
        it->dropped += what == SPANS_EVENT;
        json_decref(part);
        return;
    }
    json_array_append_new(*list, part);
    self->part_count++;
    while (self->part_count > PARTS_MAX) { /* of spans that never ended */
        place = place_of(self, self->oldest->at);
        it = *place;
        unlink_at(self, place);
        free_parts(it);
    }
}

void
troupe__spans_end(struct spans *self, uint64_t at, json_t *span)
{
    struct spans_parts **place = place_of(self, at), *it = *place;
    CHECK(self->ended_count < sizeof self->ended / sizeof *self->ended);
    self->ended[self->ended_count++] = (struct spans_ended){at, span};
    self->count++;
    if (!it)
        return;
    unlink_at(self, place);
    if (it->events)
        json_object_set(span, "events", it->events);
    if (it->links)
        json_object_set(span, "links", it->links);
    if (it->dropped > 0)
        json_object_set_new(span, "droppedEventsCount",
                            json_integer(it->dropped));
    put_notes(span, it->notes);
    free_parts(it);
}

void
troupe__spans_cut(struct spans *self, size_t count, struct troupe__text *ret)
{
    CHECK(count <= self->ended_count);
    for (size_t i = 0; i < count; i++) {
        char *text = json_dumps(self->ended[i].span, JSON_COMPACT);
        CHECK(text);
        if (i > 0)
            troupe__text_putc(ret, ',');
        troupe__text_puts(ret, text);
        free(text);
        json_decref(self->ended[i].span);
    }
    self->ended_count -= count;
    self->ended_old -= count < self->ended_old ? count : self->ended_old;
    memmove(self->ended, self->ended + count,
            self->ended_count * sizeof *self->ended);
}

void
troupe__spans_forget(struct spans *self)
{
    while (self->oldest) {
        struct spans_parts **place = place_of(self, self->oldest->at);
        struct spans_parts *it = *place;
        unlink_at(self, place);
        free_parts(it);
    }
    while (self->ended_count > 0)
        json_decref(self->ended[--self->ended_count].span);
}
