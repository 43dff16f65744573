/* SPDX-License-Identifier: Apache-2.0 */
/* graph_wire.c: tasks and orders as msgpack, by a table of their keys. */
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
    enum field_type type;
    size_t at, more;
    const char *const *choices; /* by number, ended by NULL */
};

static const char *const works[] = {"noop", "value", "ask", "command", NULL};
static const char *const rules[] = {"all_success", "all_done", "one_success",
                                    "none_failed", "quorum",   NULL};

#define AT(member) offsetof(troupe_graph_task_t, member)

static const struct field fields[] = {
    {"id", TEXT, AT(id), 0, NULL},
    {"work", CHOICE, AT(work), 0, works},
    {"actor", TEXT, AT(actor), 0, NULL},
    {"type", TEXT, AT(type), 0, NULL},
    {"body", BODY, AT(body), AT(body_size), NULL},
    {"needs", TEXTS, AT(needs), AT(need_count), NULL},
    {"rule", CHOICE, AT(rule), 0, rules},
    {"quorum", NUMBER, AT(quorum), 0, NULL},
    {"optional", BOOL, AT(optional), 0, NULL},
    {"fallback", TEXT, AT(fallback), 0, NULL},
    {"on_error", TEXT, AT(on_error), 0, NULL},
    {"when", TEXT, AT(when), 0, NULL},
    {"writes", TEXTS, AT(writes), AT(write_count), NULL},
    {"retries", NUMBER, AT(retries), 0, NULL},
    {"backoff_min_ms", NUMBER, AT(backoff_min_ms), 0, NULL},
    {"backoff_max_ms", NUMBER, AT(backoff_max_ms), 0, NULL},
    {"timeout_ms", NUMBER, AT(timeout_ms), 0, NULL},
    {"takes_ms", NUMBER, AT(takes_ms), 0, NULL},
    {"line", NUMBER, AT(line), 0, NULL},
    {"file", TEXT, AT(file), 0, NULL},
    {"each", TEXT, AT(each), 0, NULL},
    {"each_parallel", NUMBER, AT(each_parallel), 0, NULL},
    {"each_quorum", NUMBER, AT(each_quorum), 0, NULL},
    {"until", TEXT, AT(until), 0, NULL},
    {"rounds_max", NUMBER, AT(rounds_max), 0, NULL},
    {"rounds_enough", BOOL, AT(rounds_enough), 0, NULL},
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

void
troupe__graph_pack_text(msgpack_packer *packer, const char *text)
{
    msgpack_pack_str_with_body(packer, text, strlen(text));
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
        return *(const uint32_t *) at > 0;
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
    troupe__graph_pack_text(packer, field->key);
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

static void
write_task(msgpack_packer *packer, const troupe_graph_task_t *task)
{
    size_t count = 0;
    for (size_t i = 0; i < FIELD_COUNT; i++)
        count += is_said(task, &fields[i]);
    msgpack_pack_map(packer, count);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (is_said(task, &fields[i]))
            write_field(packer, task, &fields[i]);
}

int
troupe_graph_write(struct msgpack_packer *packer, void *request)
{
    const struct troupe_graph_request *self = request;
    const troupe_graph_options_t *options = self->options;
    troupe_graph_options_t defaults = troupe_graph_options_default();
    if (!options)
        options = &defaults;
    msgpack_pack_map(packer, options->journal ? 8 : 6);
    troupe__graph_pack_text(packer, "parallel");
    msgpack_pack_uint32(packer, options->parallel);
    troupe__graph_pack_text(packer, "fail_fast");
    options->fail_fast ? msgpack_pack_true(packer) : msgpack_pack_false(packer);
    troupe__graph_pack_text(packer, "deadline_ms");
    msgpack_pack_uint32(packer, options->deadline_ms);
    troupe__graph_pack_text(packer, "interrupt_fd");
    msgpack_pack_int(packer, options->interrupt_fd);
    troupe__graph_pack_text(packer, "watcher");
    msgpack_pack_uint64(packer, options->watcher.id);
    if (options->journal) {
        troupe__graph_pack_text(packer, "journal");
        troupe__graph_pack_text(packer, options->journal);
        troupe__graph_pack_text(packer, "resume");
        options->resume ? msgpack_pack_true(packer)
                        : msgpack_pack_false(packer);
    }
    troupe__graph_pack_text(packer, "tasks");
    msgpack_pack_array(packer, self->graph->count);
    for (uint32_t i = 0; i < self->graph->count; i++)
        write_task(packer, &self->graph->tasks[i].spec);
    return 0;
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

static int
read_task(struct reader *self, const msgpack_object *object,
          troupe_graph_t *graph)
{
    troupe_graph_task_t task = {0};
    if (object->type != MSGPACK_OBJECT_MAP)
        return is_wrong(self, "tasks", "maps");
    for (uint32_t i = 0; i < object->via.map.size; i++) {
        const char *key = text_of(self, &object->via.map.ptr[i].key);
        size_t at = 0;
        while (key && at < FIELD_COUNT && strcmp(fields[at].key, key) != 0)
            at++;
        if (!key || at == FIELD_COUNT) {
            return is_wrong(self, key ? key : "?",
                            "to be taken out: there is "
                            "no such key");
        }
        int rc =
            read_field(self, &object->via.map.ptr[i].val, &fields[at], &task);
        if (rc < 0)
            return rc;
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

static int
read_tasks(const msgpack_object *list, troupe_graph_t *graph, char *why)
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

static const msgpack_object *
find(const msgpack_object *map, const char *key)
{
    size_t size = strlen(key);
    for (uint32_t i = 0;
         map->type == MSGPACK_OBJECT_MAP && i < map->via.map.size; i++) {
        const msgpack_object *it = &map->via.map.ptr[i].key;
        if (it->type == MSGPACK_OBJECT_STR && it->via.str.size == size
            && memcmp(it->via.str.ptr, key, size) == 0)
            return &map->via.map.ptr[i].val;
    }
    return NULL;
}

int
troupe__graph_orders_read(const troupe_message_t *msg,
                          struct graph_orders *ret_orders, char why[WIRE_WHY])
{
    struct graph_orders orders = {.interrupt_fd = -1};
    uint64_t parallel = 0, deadline_ms = 0;
    const char *journal = NULL;
    msgpack_object body = {.type = MSGPACK_OBJECT_NIL};
    int rc = troupe_unpack(
        msg, "{s?U, s?b, s?U, s?i, s?R, s?s, s?b}", "parallel", &parallel,
        "fail_fast", &orders.fail_fast, "deadline_ms", &deadline_ms,
        "interrupt_fd", &orders.interrupt_fd, "watcher", &orders.watcher,
        "journal", &journal, "resume", &orders.resume);
    if (rc == 0)
        rc = troupe_message_object(msg, &body);
    const msgpack_object *tasks = rc == 0 ? find(&body, "tasks") : NULL;
    if (rc < 0 || !tasks || tasks->type != MSGPACK_OBJECT_ARRAY
        || parallel > UINT32_MAX / 2 || deadline_ms > UINT32_MAX / 2) {
        snprintf(why, WIRE_WHY, "'run' wants {tasks: [...]}; see GRAPH.md");
        return -EBADMSG;
    }
    orders.parallel = (uint32_t) parallel;
    orders.deadline_ms = (uint32_t) deadline_ms;
    orders.graph = troupe_graph_new();
    orders.journal = journal ? troupe__strdup(journal) : NULL;
    rc = read_tasks(tasks, orders.graph, why);
    if (rc < 0)
        troupe__graph_orders_clear(&orders);
    else
        *ret_orders = orders;
    return rc;
}

void
troupe__graph_orders_clear(struct graph_orders *orders)
{
    troupe_graph_destroy(&orders->graph);
    free(orders->journal);
    orders->journal = NULL;
}
