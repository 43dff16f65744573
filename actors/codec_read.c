/* SPDX-License-Identifier: Apache-2.0 */
/* codec_read.c: passages and findings read from msgpack, and checked. */
#include "actors/codec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_msgpack.h"

#include "mailbox/check.h"

/* NULL when the object is no map or has no such key. */
static const msgpack_object *
member(const msgpack_object *object, const char *key)
{
    if (!object || object->type != MSGPACK_OBJECT_MAP)
        return NULL;
    size_t size = strlen(key);
    for (uint32_t i = 0; i < object->via.map.size; i++) {
        const msgpack_object_kv *it = &object->via.map.ptr[i];
        if (it->key.type == MSGPACK_OBJECT_STR && it->key.via.str.size == size
            && memcmp(it->key.via.str.ptr, key, size) == 0)
            return &it->val;
    }
    return NULL;
}

static bool
read_number(const msgpack_object *object, uint64_t most, uint64_t *ret)
{
    if (!object || object->type != MSGPACK_OBJECT_POSITIVE_INTEGER
        || object->via.u64 > most)
        return false;
    *ret = object->via.u64;
    return true;
}

static bool
read_small(const msgpack_object *object, uint32_t *ret)
{
    uint64_t number = 0;
    if (!read_number(object, UINT32_MAX, &number))
        return false;
    *ret = (uint32_t) number;
    return true;
}

static bool
read_real(const msgpack_object *object, double *ret)
{
    if (!object)
        return false;
    if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
        *ret = (double) object->via.u64;
    else if (object->type == MSGPACK_OBJECT_FLOAT64
             || object->type == MSGPACK_OBJECT_FLOAT32)
        *ret = object->via.f64;
    else
        return false;
    return true;
}

/* A NUL-ended copy; NULL for anything but text without NUL. */
static char *
read_text(const msgpack_object *object)
{
    if (!object || object->type != MSGPACK_OBJECT_STR)
        return NULL;
    size_t size = object->via.str.size;
    if (size > 0 && memchr(object->via.str.ptr, '\0', size))
        return NULL;
    char *text = troupe__alloc(size + 1);
    if (size > 0)
        memcpy(text, object->via.str.ptr, size);
    return text;
}

static bool
read_list(const msgpack_object *object, uint32_t *ret_count)
{
    if (!object || object->type != MSGPACK_OBJECT_ARRAY)
        return false;
    *ret_count = object->via.array.size;
    return true;
}

static bool
read_passage(const msgpack_object *object, troupe_passages_t *passages)
{
    char *texts[] = {read_text(member(object, "path")),
                     read_text(member(object, "title")),
                     read_text(member(object, "heading")),
                     read_text(member(object, "text"))};
    uint64_t start = 0;
    uint64_t end = 0;
    troupe_passage_t it = {.path = texts[0],
                           .title = texts[1],
                           .heading = texts[2],
                           .text = texts[3]};
    bool good = texts[0] && texts[1] && texts[2] && texts[3]
                && read_number(member(object, "start"), SIZE_MAX, &start)
                && read_number(member(object, "end"), SIZE_MAX, &end)
                && read_real(member(object, "score"), &it.score)
                && read_small(member(object, "rank"), &it.rank)
                && read_small(member(object, "engines"), &it.engines)
                && read_small(member(object, "duplicates"), &it.duplicates);
    it.start = start;
    it.end = end;
    good = good && end >= start && troupe_passages_add(passages, &it) == 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    return good;
}

/* The value under `key` of the message's map, or NULL. */
static const msgpack_object *
value_of(const troupe_message_t *msg, msgpack_object *body, const char *key)
{
    if (troupe_message_object(msg, body) < 0)
        return NULL;
    return member(body, key);
}

int
troupe__texts_read(const troupe_message_t *msg, const char *key,
                   struct texts *ret_texts)
{
    CHECK(ret_texts);
    *ret_texts = (struct texts){0};
    msgpack_object body;
    const msgpack_object *list = value_of(msg, &body, key);
    uint32_t count = 0;
    if (!read_list(list, &count))
        return -EBADMSG;
    struct texts self = {.items = troupe__alloc((count + 1) * sizeof(char *))};
    for (; self.count < count; self.count++) {
        self.items[self.count] = read_text(&list->via.array.ptr[self.count]);
        if (self.items[self.count])
            continue;
        troupe__texts_clear(&self);
        return -EBADMSG;
    }
    *ret_texts = self;
    return 0;
}

void
troupe__texts_clear(struct texts *self)
{
    CHECK(self);
    for (uint32_t i = 0; i < self->count; i++)
        free(self->items[i]);
    free(self->items);
    *self = (struct texts){0};
}

int
troupe__passages_read(const troupe_message_t *msg,
                      troupe_passages_t **ret_passages)
{
    CHECK(ret_passages);
    *ret_passages = NULL;
    msgpack_object body;
    const msgpack_object *list = value_of(msg, &body, "passages");
    uint32_t count = 0;
    if (!read_list(list, &count))
        return -EBADMSG;
    troupe_passages_t *passages = troupe_passages_new();
    for (uint32_t i = 0; i < count; i++) {
        if (read_passage(&list->via.array.ptr[i], passages))
            continue;
        troupe_passages_destroy(&passages);
        return -EBADMSG;
    }
    *ret_passages = passages;
    return 0;
}

static bool
read_place(const msgpack_object *object, const troupe_passages_t *passages,
           struct place *ret)
{
    uint32_t count = 0;
    uint64_t start = 0;
    uint64_t end = 0;
    if (!read_list(object, &count) || count != 3)
        return false;
    const msgpack_object *items = object->via.array.ptr;
    if (!read_small(&items[0], &ret->passage)
        || !read_number(&items[1], SIZE_MAX, &start)
        || !read_number(&items[2], SIZE_MAX, &end))
        return false;
    ret->start = start;
    ret->end = end;
    const troupe_passage_t *it = troupe_passages_at(passages, ret->passage);
    return it && it->start <= start && start < end && end <= it->end;
}

static bool
read_places(const msgpack_object *list, const troupe_passages_t *passages,
            struct places *ret)
{
    uint32_t count = 0;
    if (!read_list(list, &count))
        return false;
    ret->items = troupe__alloc((count + 1) * sizeof *ret->items);
    for (; ret->count < count; ret->count++) {
        if (!read_place(&list->via.array.ptr[ret->count], passages,
                        &ret->items[ret->count]))
            return false;
    }
    return true;
}

static bool
read_points(const msgpack_object *list, const troupe_passages_t *passages,
            struct summary *ret)
{
    uint32_t count = 0;
    if (!read_list(list, &count))
        return false;
    ret->points = troupe__alloc((count + 1) * sizeof *ret->points);
    for (; ret->count < count; ret->count++) {
        const msgpack_object *it = &list->via.array.ptr[ret->count];
        struct point *point = &ret->points[ret->count];
        if (!read_place(member(it, "at"), passages, &point->place)
            || !read_real(member(it, "score"), &point->score))
            return false;
    }
    return true;
}

int
troupe__summary_read(const troupe_message_t *msg,
                     const troupe_passages_t *passages,
                     struct summary *ret_summary)
{
    CHECK(ret_summary);
    struct summary self = {0};
    msgpack_object body;
    const msgpack_object *value = value_of(msg, &body, "summary");
    const msgpack_object *direct = member(value, "direct");
    self.kind = read_text(member(value, "kind"));
    self.missing = read_text(member(value, "missing"));
    bool good = direct && direct->type == MSGPACK_OBJECT_BOOLEAN && self.kind
                && self.missing
                && read_points(member(value, "points"), passages, &self)
                && read_real(member(value, "coverage"), &self.coverage)
                && read_small(member(value, "orders"), &self.orders);
    if (good)
        self.direct = direct->via.boolean;
    else
        troupe__summary_clear(&self);
    *ret_summary = self;
    return good ? 0 : -EBADMSG;
}

static bool
read_verdict(const msgpack_object *object, enum verdict *ret)
{
    char *word = read_text(object);
    bool found = false;
    for (int i = VERDICT_UNVERIFIED; word && i <= VERDICT_CONTRADICTED; i++) {
        if (strcmp(word, troupe__verdict_word((enum verdict) i)) == 0) {
            *ret = (enum verdict) i;
            found = true;
        }
    }
    free(word);
    return found;
}

static bool
read_claim(const msgpack_object *it, const troupe_passages_t *passages,
           struct claim *ret)
{
    ret->reason = read_text(member(it, "reason"));
    return read_place(member(it, "at"), passages, &ret->place)
           && read_verdict(member(it, "verdict"), &ret->verdict)
           && read_real(member(it, "score"), &ret->score)
           && read_places(member(it, "support"), passages, &ret->support)
           && read_places(member(it, "against"), passages, &ret->against);
}

int
troupe__facts_read(const troupe_message_t *msg,
                   const troupe_passages_t *passages, struct facts *ret_facts)
{
    CHECK(ret_facts);
    struct facts self = {0};
    msgpack_object body;
    const msgpack_object *value = value_of(msg, &body, "facts");
    const msgpack_object *list = member(value, "claims");
    uint32_t count = 0;
    bool good = read_list(list, &count)
                && read_small(member(value, "sources"), &self.sources);
    if (good)
        self.claims = troupe__alloc((count + 1) * sizeof *self.claims);
    while (good && self.count < count) {
        const msgpack_object *it = &list->via.array.ptr[self.count];
        good = read_claim(it, passages, &self.claims[self.count]);
        self.count += 1; /* also a broken one has something to free */
    }
    if (!good)
        troupe__facts_clear(&self);
    *ret_facts = self;
    return good ? 0 : -EBADMSG;
}

static bool
read_mood(const msgpack_object *it, const troupe_passages_t *passages,
          struct mood *ret)
{
    return read_small(member(it, "passage"), &ret->passage)
           && read_real(member(it, "compound"), &ret->compound)
           && read_small(member(it, "sentences"), &ret->sentences)
           && read_small(member(it, "opinions"), &ret->opinions)
           && (ret->passage == 0
               || ret->passage < troupe_passages_count(passages));
}

int
troupe__sentiment_read(const troupe_message_t *msg,
                       const troupe_passages_t *passages,
                       struct sentiment *ret_sentiment)
{
    CHECK(ret_sentiment);
    struct sentiment self = {0};
    msgpack_object body;
    const msgpack_object *value = value_of(msg, &body, "sentiment");
    const msgpack_object *list = member(value, "documents");
    uint32_t count = 0;
    bool good = read_list(list, &count)
                && read_mood(member(value, "whole"), passages, &self.whole);
    if (good)
        self.documents = troupe__alloc((count + 1) * sizeof *self.documents);
    while (good && self.count < count) {
        good = read_mood(&list->via.array.ptr[self.count], passages,
                         &self.documents[self.count]);
        self.count += good;
    }
    if (!good)
        troupe__sentiment_clear(&self);
    *ret_sentiment = self;
    return good ? 0 : -EBADMSG;
}
