/* SPDX-License-Identifier: Apache-2.0 */
/* research_members.c: who takes part in a run, in messages. */
#include "actors/research.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "troupe_msgpack.h"

#include "mailbox/check.h"

static void
put_text(msgpack_packer *packer, const char *text)
{
    msgpack_pack_str(packer, strlen(text));
    msgpack_pack_str_body(packer, text, strlen(text));
}

int
troupe__members_write(msgpack_packer *packer, void *value)
{
    const struct members *self = value;
    msgpack_pack_array(packer, self->count);
    for (uint32_t i = 0; i < self->count; i++) {
        const struct member *it = &self->items[i];
        msgpack_pack_array(packer, 3);
        put_text(packer, troupe__part_noun(it->role));
        put_text(packer, it->name);
        msgpack_pack_uint64(packer, it->ref.id);
    }
    return 0;
}

static bool
is_text(const msgpack_object *object, const char *text)
{
    return object->via.str.size == strlen(text)
           && memcmp(object->via.str.ptr, text, strlen(text)) == 0;
}

static bool
read_role(const msgpack_object *object, enum part_role *ret_role)
{
    static const enum part_role roles[] = {PART_ENGINE, PART_ANALYSER,
                                           PART_MODEL, PART_PAGE};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (is_text(object, troupe__part_noun(roles[i]))) {
            *ret_role = roles[i];
            return true;
        }
    }
    return false;
}

static bool
read_member(const msgpack_object *object, struct member *ret)
{
    const msgpack_object *items = object->via.array.ptr;
    if (object->type != MSGPACK_OBJECT_ARRAY || object->via.array.size != 3
        || items[0].type != MSGPACK_OBJECT_STR
        || items[1].type != MSGPACK_OBJECT_STR
        || items[2].type != MSGPACK_OBJECT_POSITIVE_INTEGER)
        return false;
    const msgpack_object_str *name = &items[1].via.str;
    if (!read_role(&items[0], &ret->role) || name->size == 0
        || name->size >= PART_NAME_SIZE || memchr(name->ptr, 0, name->size))
        return false;
    memcpy(ret->name, name->ptr, name->size);
    ret->ref.id = items[2].via.u64;
    return true;
}

static bool
fits(const struct members *self)
{
    const struct member *last = &self->items[self->count - 1];
    unsigned engines = last->role == PART_ENGINE;
    for (uint32_t i = 0; i + 1 < self->count; i++) {
        engines += self->items[i].role == PART_ENGINE;
        if (strcmp(self->items[i].name, last->name) == 0)
            return false;
    }
    return engines <= ENGINES_MAX
           && (self->count == 1 || last[-1].role <= last->role);
}

static const msgpack_object *
find(const msgpack_object *body)
{
    if (body->type != MSGPACK_OBJECT_MAP)
        return NULL;
    for (uint32_t i = 0; i < body->via.map.size; i++) {
        const msgpack_object_kv *it = &body->via.map.ptr[i];
        if (it->key.type == MSGPACK_OBJECT_STR && is_text(&it->key, "members"))
            return it->val.type == MSGPACK_OBJECT_ARRAY ? &it->val : NULL;
    }
    return NULL;
}

int
troupe__members_read(const troupe_message_t *msg, struct members *ret_members)
{
    CHECK(ret_members);
    msgpack_object body;
    *ret_members = (struct members){.count = 0};
    if (troupe_message_object(msg, &body) < 0)
        return -EBADMSG;
    const msgpack_object *list = find(&body);
    if (!list || list->via.array.size > MEMBERS_MAX)
        return -EBADMSG;
    for (uint32_t i = 0; i < list->via.array.size; i++) {
        struct member *member = &ret_members->items[ret_members->count++];
        if (!read_member(&list->via.array.ptr[i], member) || !fits(ret_members))
            return -EBADMSG;
    }
    return 0;
}
