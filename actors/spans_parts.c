/* SPDX-License-Identifier: Apache-2.0 */
/* spans_parts.c: spans and their parts, until they are handed on. */
#include "actors/spans.h"

#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

#include "actors/otlp_value.h"

#define PARTS_MAX   65536      /* of all spans under way; then the oldest go */
#define PARTS_BYTES (32 << 20) /* the same */
#define EACH_MAX    128        /* events of one span, as OpenTelemetry has it */

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
    for (int i = 0; i < OTLP_SPAN; i++) {
        self->part_count -= it->counts[i];
        self->part_bytes -= it->texts[i].size;
    }
}

static void
free_parts(struct spans_parts *it)
{
    for (int i = 0; i < OTLP_SPAN; i++)
        troupe__text_free(&it->texts[i]);
    free(it);
}

/* Behind the attributes that there are: a ',' less where there are none. */
static void
put_notes(struct troupe__text *to, const struct troupe__text *notes)
{
    size_t skip = notes->size > 0 && to->data[to->size - 1] == '[';
    troupe__text_put(to, notes->data + skip, notes->size - skip);
}

static struct spans_ended *
ended_at(struct spans *self, uint64_t at)
{
    for (size_t i = self->ended_count; i-- > 0;)
        if (self->ended[i].at == at)
            return &self->ended[i];
    return NULL;
}

/* Its end came by another way, first. */
static void
add_late(struct spans *self, struct spans_ended *to,
         const struct otlp_item *note)
{
    struct troupe__text text = {0};
    size_t at = to->attributes_end;
    troupe__otlp_write(note, &self->clock, &text);
    size_t skip = text.size > 0 && self->text.data[at - 1] == '[';
    size_t size = text.size - skip;
    if (size > 0) {
        troupe__text_room(&self->text, size);
        memmove(self->text.data + at + size, self->text.data + at,
                self->text.size + 1 - at);
        memcpy(self->text.data + at, text.data + skip, size);
        self->text.size += size;
        to->attributes_end += size;
        to->end += size;
        while (++to < self->ended + self->ended_count) {
            to->attributes_end += size;
            to->end += size;
        }
    }
    troupe__text_free(&text);
}

/* Spans that never ended, the oldest of them first. */
static void
drop_oldest(struct spans *self)
{
    struct spans_parts **place = place_of(self, self->oldest->at);
    struct spans_parts *it = *place;
    unlink_at(self, place);
    free_parts(it);
}

void
troupe__spans_add(struct spans *self, const struct otlp_item *part)
{
    struct spans_parts **place = place_of(self, part->key), *it = *place;
    struct spans_ended *ended =
        it || part->what != OTLP_NOTE ? NULL : ended_at(self, part->key);
    if (ended) {
        add_late(self, ended, part);
        return;
    }
    if (!it)
        it = make_at(self, place, part->key);
    if (it->counts[part->what] >= EACH_MAX) {
        it->dropped += part->what == OTLP_EVENT;
        return;
    }
    struct troupe__text *text = &it->texts[part->what];
    size_t before = text->size;
    if (text->size > 0 && part->what != OTLP_NOTE)
        troupe__text_putc(text, ',');
    troupe__otlp_write(part, &self->clock, text);
    it->counts[part->what]++;
    self->part_count++;
    self->part_bytes += text->size - before;
    while (self->part_count > PARTS_MAX || self->part_bytes > PARTS_BYTES)
        drop_oldest(self);
}

static void
put_list(struct troupe__text *to, const char *key,
         const struct troupe__text *list)
{
    if (list->size == 0)
        return;
    troupe__text_puts(to, key);
    troupe__text_put(to, list->data, list->size);
    troupe__text_putc(to, ']');
}

void
troupe__spans_end(struct spans *self, const struct otlp_item *span)
{
    static const struct spans_parts none;
    struct spans_parts **place = place_of(self, span->key), *found = *place;
    const struct spans_parts *it = found ? found : &none;
    struct troupe__text *text = &self->text;
    CHECK(self->ended_count < sizeof self->ended / sizeof *self->ended);
    troupe__text_putc(text, ',');
    troupe__otlp_write(span, &self->clock, text);
    put_notes(text, &it->texts[OTLP_NOTE]);
    struct spans_ended *ended = &self->ended[self->ended_count++];
    *ended = (struct spans_ended){span->key, text->size, 0};
    troupe__text_putc(text, ']');
    put_list(text, ",\"events\":[", &it->texts[OTLP_EVENT]);
    put_list(text, ",\"links\":[", &it->texts[OTLP_LINK]);
    if (it->dropped > 0) {
        troupe__text_puts(text, ",\"droppedEventsCount\":");
        troupe__otlp_unsigned(text, it->dropped);
    }
    troupe__text_putc(text, '}');
    ended->end = text->size;
    self->count++;
    if (found) {
        unlink_at(self, place);
        free_parts(found);
    }
}

size_t
troupe__spans_size(const struct spans *self, size_t count)
{
    CHECK(count > 0 && count <= self->ended_count);
    return self->ended[count - 1].end - 1;
}

void
troupe__spans_cut(struct spans *self, size_t count)
{
    struct troupe__text *text = &self->text;
    CHECK(count > 0 && count <= self->ended_count);
    size_t size = self->ended[count - 1].end;
    self->ended_count -= count;
    self->ended_old -= count < self->ended_old ? count : self->ended_old;
    memmove(self->ended, self->ended + count,
            self->ended_count * sizeof *self->ended);
    for (size_t i = 0; i < self->ended_count; i++) {
        self->ended[i].attributes_end -= size;
        self->ended[i].end -= size;
    }
    text->size -= size;
    memmove(text->data, text->data + size, text->size + 1);
}

void
troupe__spans_forget(struct spans *self)
{
    while (self->oldest)
        drop_oldest(self);
    troupe__text_free(&self->text);
    troupe__text_free(&self->line);
    self->ended_count = 0;
}
