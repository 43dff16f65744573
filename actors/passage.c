/* SPDX-License-Identifier: Apache-2.0 */
/* passage.c: lists of passages. */
#include "actors/passage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

struct troupe_passages {
    troupe_passage_t *items;
    size_t count;
    size_t capacity;
};

static const char *const engine_names[TROUPE_ENGINE_COUNT] = {
    [TROUPE_ENGINE_BM25] = "bm25",     [TROUPE_ENGINE_TRIGRAM] = "trigram",
    [TROUPE_ENGINE_PHRASE] = "phrase", [TROUPE_ENGINE_EXPAND] = "expand",
    [TROUPE_ENGINE_ANCHOR] = "anchor",
};

const char *
troupe_engine_name(troupe_engine_t engine)
{
    return (unsigned) engine < TROUPE_ENGINE_COUNT ? engine_names[engine]
                                                   : NULL;
}

int
troupe_engine_find(const char *name, troupe_engine_t *ret_engine)
{
    CHECK(name);
    CHECK(ret_engine);
    for (int i = 0; i < TROUPE_ENGINE_COUNT; i++) {
        if (strcmp(name, engine_names[i]) == 0) {
            *ret_engine = (troupe_engine_t) i;
            return 0;
        }
    }
    return -ENOENT;
}

troupe_passages_t *
troupe_passages_new(void)
{
    return troupe__alloc(sizeof(struct troupe_passages));
}

void
troupe_passages_destroy(troupe_passages_t **self_p)
{
    if (!self_p || !*self_p)
        return;
    struct troupe_passages *self = *self_p;
    for (size_t i = 0; i < self->count; i++)
        free((void *) (uintptr_t) self->items[i].path);
    free(self->items);
    free(self);
    *self_p = NULL;
}

static char *
put(char *to, const char *text, size_t size)
{
    memcpy(to, text, size);
    to[size] = 0;
    return to + size + 1;
}

/* One block of memory holds the four strings; `path` is its beginning. */
static void
copy_strings(troupe_passage_t *item, const troupe_passage_t *from)
{
    const char *path = from->path ? from->path : "";
    const char *title = from->title ? from->title : "";
    const char *heading = from->heading ? from->heading : "";
    const char *text = from->text ? from->text : "";
    size_t size = strlen(path) + strlen(title) + strlen(heading);
    size_t text_size = from->end - from->start;
    char *at = troupe__alloc(size + text_size + 4);
    item->path = at;
    at = put(at, path, strlen(path));
    item->title = at;
    at = put(at, title, strlen(title));
    item->heading = at;
    at = put(at, heading, strlen(heading));
    item->text = at;
    put(at, text, text_size);
}

int
troupe_passages_add(troupe_passages_t *self, const troupe_passage_t *passage)
{
    CHECK(self);
    CHECK(passage);
    size_t text_size = passage->text ? strlen(passage->text) : 0;
    if (passage->end < passage->start
        || passage->end - passage->start != text_size)
        return -EINVAL;
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? self->capacity * 2 : 16;
        self->items =
            troupe__realloc(self->items, self->capacity * sizeof *self->items);
    }
    troupe_passage_t *item = &self->items[self->count++];
    *item = *passage;
    copy_strings(item, passage);
    if (item->rank == 0)
        item->rank = (uint32_t) self->count;
    return 0;
}

size_t
troupe_passages_count(const troupe_passages_t *self)
{
    return self ? self->count : 0;
}

const troupe_passage_t *
troupe_passages_at(const troupe_passages_t *self, size_t index)
{
    return self && index < self->count ? &self->items[index] : NULL;
}

static int
compare_scores(const void *one, const void *other)
{
    const troupe_passage_t *a = one, *b = other;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->rank < b->rank ? -1 : a->rank > b->rank;
}

void
troupe__passages_sort(troupe_passages_t *self, size_t limit)
{
    for (size_t i = 0; i < self->count; i++)
        self->items[i].rank = (uint32_t) i;
    if (self->count > 1)
        qsort(self->items, self->count, sizeof *self->items, compare_scores);
    for (size_t i = 0; i < self->count; i++)
        self->items[i].rank = (uint32_t) i + 1;
    while (self->count > limit)
        free((void *) (uintptr_t) self->items[--self->count].path);
}

troupe_passage_t *
troupe__passages_edit(troupe_passages_t *self, size_t index)
{
    CHECK(index < self->count);
    return &self->items[index];
}
