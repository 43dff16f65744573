/* SPDX-License-Identifier: Apache-2.0 */
/* graph_wire.c: tasks as msgpack, by a table of their keys. */
#include "actors/graph_wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/graph.h"
#include "mailbox/check.h"

enum field_type { TEXT, TEXTS, NUMBER, BOOL, CHOICE, BODY };

/* `more` is where the size of a body or the count of texts is. */
struct field {
    const char *key;
    size_t key_size;
    enum field_type type;
    size_t at, more;
    const char *const *choices; /* by number, ended by NULL */
    uint32_t usual;             /* the number when nobody says; 0 reads so */
};

static const char *const works[] = {"noop",    "value", "ask",
                                    "command", "graph", NULL};
static const char *const rules[] = {"all_success", "all_done", "one_success",
                                    "none_failed", "quorum",   NULL};

#define AT(member) offsetof(troupe_graph_task_t, member)
#define KEY(text)  (text), sizeof(text) - 1

static const struct field fields[] = {
    {KEY("id"), TEXT, AT(id), 0, NULL, 0},
    {KEY("work"), CHOICE, AT(work), 0, works, 0},
    {KEY("actor"), TEXT, AT(actor), 0, NULL, 0},
    {KEY("type"), TEXT, AT(type), 0, NULL, 0},
    {KEY("body"), BODY, AT(body), AT(body_size), NULL, 0},
    {KEY("needs"), TEXTS, AT(needs), AT(need_count), NULL, 0},
    {KEY("rule"), CHOICE, AT(rule), 0, rules, 0},
    {KEY("quorum"), NUMBER, AT(quorum), 0, NULL, 0},
    {KEY("optional"), BOOL, AT(optional), 0, NULL, 0},
    {KEY("fallback"), TEXT, AT(fallback), 0, NULL, 0},
    {KEY("on_error"), TEXT, AT(on_error), 0, NULL, 0},
    {KEY("when"), TEXT, AT(when), 0, NULL, 0},
    {KEY("writes"), TEXTS, AT(writes), AT(write_count), NULL, 0},
    {KEY("retries"), NUMBER, AT(retries), 0, NULL, 0},
    {KEY("backoff_min_ms"), NUMBER, AT(backoff_min_ms), 0, NULL,
     GRAPH_BACKOFF_MIN},
    {KEY("backoff_max_ms"), NUMBER, AT(backoff_max_ms), 0, NULL,
     GRAPH_BACKOFF_MAX},
    {KEY("timeout_ms"), NUMBER, AT(timeout_ms), 0, NULL, GRAPH_TIMEOUT_MS},
    {KEY("takes_ms"), NUMBER, AT(takes_ms), 0, NULL, 0},
    {KEY("line"), NUMBER, AT(line), 0, NULL, 0},
    {KEY("file"), TEXT, AT(file), 0, NULL, 0},
    {KEY("each"), TEXT, AT(each), 0, NULL, 0},
    {KEY("each_parallel"), NUMBER, AT(each_parallel), 0, NULL, 0},
    {KEY("each_quorum"), NUMBER, AT(each_quorum), 0, NULL, 0},
    {KEY("until"), TEXT, AT(until), 0, NULL, 0},
    {KEY("rounds_max"), NUMBER, AT(rounds_max), 0, NULL, 0},
    {KEY("rounds_enough"), BOOL, AT(rounds_enough), 0, NULL, 0},
};

#define FIELD_COUNT (sizeof fields / sizeof *fields)

static const void *
member(const troupe_graph_task_t *task, size_t at)
{
    return (const char *) task + at;
}

static void *
member_of(troupe_graph_task_t *task, size_t at)
{
    return (char *) task + at;
}

/* --- writing ----------------------------------------------------------------*/

/* A short one is written at once. */
void
troupe__graph_pack_bytes(msgpack_packer *packer, const char *text, size_t size)
{
    char whole[32] = {(char) (0xa0 | size)};
    if (size >= sizeof whole) {
        msgpack_pack_str_with_body(packer, text, size);
        return;
    }
    memcpy(whole + 1, text, size);
    packer->callback(packer->data, whole, size + 1);
}

void
troupe__graph_pack_text(msgpack_packer *packer, const char *text)
{
    troupe__graph_pack_bytes(packer, text, strlen(text));
}

/* Whether a field differs from what it is when nobody says. */
static bool
is_said(const troupe_graph_task_t *task, const struct field *field)
{
    const void *at = member(task, field->at);
    switch (field->type) {
    case TEXT:
    case BODY:
        return *(const void *const *) at != NULL;
    case TEXTS:
        return *(const size_t *) member(task, field->more) > 0;
    case NUMBER:
    case CHOICE:
        return *(const uint32_t *) at > 0
               && *(const uint32_t *) at != field->usual;
    case BOOL:
        return *(const bool *) at;
    }
    return false;
}

static void
write_field(msgpack_packer *packer, const troupe_graph_task_t *task,
            const struct field *field)
{
    const void *at = member(task, field->at);
    size_t count = 0;
    troupe__graph_pack_bytes(packer, field->key, field->key_size);
    switch (field->type) {
    case TEXT:
        troupe__graph_pack_text(packer, *(const char *const *) at);
        return;
    case TEXTS:
        count = *(const size_t *) member(task, field->more);
        msgpack_pack_array(packer, count);
        for (size_t i = 0; i < count; i++)
            troupe__graph_pack_text(packer,
                                    (*(const char *const *const *) at)[i]);
        return;
    case NUMBER:
        msgpack_pack_uint32(packer, *(const uint32_t *) at);
        return;
    case BOOL:
        msgpack_pack_true(packer);
        return;
    case CHOICE:
        troupe__graph_pack_text(packer, field->choices[*(const uint32_t *) at]);
        return;
    case BODY:
        packer->callback(packer->data, *(const char *const *) at,
                         *(const size_t *) member(task, field->more));
        return;
    }
}

void
troupe__graph_task_write(msgpack_packer *packer,
                         const troupe_graph_task_t *task)
{
    const struct field *said[FIELD_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (is_said(task, &fields[i]))
            said[count++] = &fields[i];
    msgpack_pack_map(packer, count);
    for (size_t i = 0; i < count; i++)
        write_field(packer, task, said[i]);
}

/* --- reading ----------------------------------------------------------------*/

struct reader {
    msgpack_zone zone; /* of texts that end in NUL */
    msgpack_sbuffer body;
    char *why;
    size_t index; /* of the task */
};

static int
is_wrong(const struct reader *self, const char *key, const char *wanted)
{
    snprintf(self->why, WIRE_WHY, "task %zu: '%s' wants %s", self->index, key,
             wanted);
    return -EBADMSG;
}

static char *
text_of(struct reader *self, const msgpack_object *object)
{
    const msgpack_object_str *text = &object->via.str;
    if (object->type != MSGPACK_OBJECT_STR
        || (text->size > 0 && memchr(text->ptr, '\0', text->size)))
        return NULL;
    char *copy = msgpack_zone_malloc(&self->zone, (size_t) text->size + 1);
    if (!copy)
        troupe__out_of_memory(text->size);
    if (text->size > 0)
        memcpy(copy, text->ptr, text->size);
    copy[text->size] = '\0';
    return copy;
}

static int
read_texts(struct reader *self, const msgpack_object *object, const char *key,
           const char *const **ret_texts, size_t *ret_count)
{
    if (object->type != MSGPACK_OBJECT_ARRAY)
        return is_wrong(self, key, "a list of texts");
    size_t count = object->via.array.size;
    const char **texts =
        msgpack_zone_malloc(&self->zone, (count + 1) * sizeof *texts);
    if (!texts)
        troupe__out_of_memory(count);
    for (size_t i = 0; i < count; i++) {
        texts[i] = text_of(self, &object->via.array.ptr[i]);
        if (!texts[i])
            return is_wrong(self, key, "a list of texts");
    }
    *ret_texts = texts;
    *ret_count = count;
    return 0;
}

static int
read_choice(struct reader *self, const msgpack_object *object,
            const struct field *field, uint32_t *ret)
{
    const char *text = text_of(self, object);
    for (uint32_t i = 0; text && field->choices[i]; i++) {
        if (strcmp(field->choices[i], text) == 0) {
            *ret = i;
            return 0;
        }
    }
    return is_wrong(self, field->key, "one of the words of GRAPH.md");
}

static int
read_body(struct reader *self, const msgpack_object *object,
          troupe_graph_task_t *task)
{
    msgpack_packer packer;
    msgpack_sbuffer_clear(&self->body);
    msgpack_packer_init(&packer, &self->body, msgpack_sbuffer_write);
    msgpack_pack_object(&packer, *object);
    task->body = self->body.data;
    task->body_size = self->body.size;
    return 0;
}

static int
read_field(struct reader *self, const msgpack_object *object,
           const struct field *field, troupe_graph_task_t *task)
{
    void *at = member_of(task, field->at);
    char *text = NULL;
    switch (field->type) {
    case TEXT:
        text = text_of(self, object);
        if (!text)
            return is_wrong(self, field->key, "a text");
        *(const char **) at = text;
        return 0;
    case TEXTS:
        return read_texts(self, object, field->key, at,
                          member_of(task, field->more));
    case NUMBER:
        if (object->type != MSGPACK_OBJECT_POSITIVE_INTEGER
            || object->via.u64 >= UINT32_MAX)
            return is_wrong(self, field->key, "a whole number");
        *(uint32_t *) at = (uint32_t) object->via.u64;
        return 0;
    case BOOL:
        if (object->type != MSGPACK_OBJECT_BOOLEAN)
            return is_wrong(self, field->key, "true or false");
        *(bool *) at = object->via.boolean;
        return 0;
    case CHOICE:
        return read_choice(self, object, field, at);
    case BODY:
        return read_body(self, object, task);
    }
    return -EBADMSG;
}

/* Ours come in the order of the table: the next is looked at first. */
static size_t
field_of(const msgpack_object *key, size_t next)
{
    for (size_t i = 0; i < FIELD_COUNT; i++, next++) {
        next = next < FIELD_COUNT ? next : 0;
        if (troupe__graph_is_key(key, fields[next].key, fields[next].key_size))
            return next;
    }
    return FIELD_COUNT;
}

static int
read_task(struct reader *self, const msgpack_object *object,
          troupe_graph_t *graph)
{
    troupe_graph_task_t task = {0};
    size_t next = 0;
    if (object->type != MSGPACK_OBJECT_MAP)
        return is_wrong(self, "tasks", "maps");
    for (uint32_t i = 0; i < object->via.map.size; i++) {
        const msgpack_object_kv *pair = &object->via.map.ptr[i];
        size_t at = field_of(&pair->key, next);
        if (at == FIELD_COUNT) {
            const char *key = text_of(self, &pair->key);
            return is_wrong(self, key ? key : "?",
                            "to be taken out: there is "
                            "no such key");
        }
        int rc = read_field(self, &pair->val, &fields[at], &task);
        if (rc < 0)
            return rc;
        next = at + 1;
    }
    int rc = troupe_graph_add(graph, &task);
    if (rc < 0) {
        snprintf(self->why, WIRE_WHY, "task %zu, '%.127s': %s", self->index,
                 task.id ? task.id : "",
                 rc == -ENOSPC ? "too many tasks or needs"
                               : "its id or another member is wrong");
    }
    return rc;
}

int
troupe__graph_tasks_read(const msgpack_object *list, troupe_graph_t *graph,
                         char why[WIRE_WHY])
{
    struct reader reader = {.why = why};
    int rc = 0;
    if (!msgpack_zone_init(&reader.zone, MSGPACK_ZONE_CHUNK_SIZE))
        troupe__out_of_memory(MSGPACK_ZONE_CHUNK_SIZE);
    msgpack_sbuffer_init(&reader.body);
    for (; reader.index < list->via.array.size && rc == 0; reader.index++)
        rc = read_task(&reader, &list->via.array.ptr[reader.index], graph);
    msgpack_sbuffer_destroy(&reader.body);
    msgpack_zone_destroy(&reader.zone);
    return rc;
}
