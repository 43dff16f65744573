/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture_read.c: the parts of a run, by its trace. A span is an ask of an
 * actor, a task, a call of a model, or the run itself.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tools/findings.h"
#include "tools/picture_run.h"

#define NS_PER_MS 1e6
#define ID_BASE   16
#define HASH_SIZE 16 /* digits */

/* What is looked at of a span. */
struct read {
    const char *kind, *type, *ref, *name, *outcome; /* of an ask */
    const char *engine, *strategy, *option, *model;
    const char *key, *state; /* of a task */
    const char *command, *run;
    double run_ms, cost;
    int64_t number, attempts, tokens[2], code;
};

static const char *
text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* A 64-bit number is a text in OTLP's JSON. */
static int64_t
whole_of(const json_t *value)
{
    const json_t *it = json_object_get(value, "intValue");
    const char *text = json_string_value(it);
    return text ? strtoll(text, NULL, 10) : json_integer_value(it);
}

static void
read_attribute(const char *key, const json_t *value, struct read *ret)
{
    const struct {
        const char *key, **to;
    } texts[] = {{"troupe.actor.kind", &ret->kind},
                 {"troupe.message.type", &ret->type},
                 {"troupe.actor.ref", &ret->ref},
                 {"troupe.actor.name", &ret->name},
                 {"troupe.outcome", &ret->outcome},
                 {"troupe.engine", &ret->engine},
                 {"troupe.decide.strategy", &ret->strategy},
                 {"troupe.decide.option", &ret->option},
                 {"gen_ai.request.model", &ret->model},
                 {"troupe.task.key", &ret->key},
                 {"troupe.state", &ret->state},
                 {"troupe.command", &ret->command},
                 {"troupe.run", &ret->run}};
    const struct {
        const char *key;
        int64_t *to;
    } numbers[] = {{"troupe.task.number", &ret->number},
                   {"troupe.attempts", &ret->attempts},
                   {"gen_ai.usage.input_tokens", &ret->tokens[0]},
                   {"gen_ai.usage.output_tokens", &ret->tokens[1]},
                   {"process.exit.code", &ret->code}};
    const char *text = json_string_value(json_object_get(value, "stringValue"));
    for (size_t i = 0; text && i < sizeof texts / sizeof *texts; i++)
        if (strcmp(key, texts[i].key) == 0)
            *texts[i].to = text;
    for (size_t i = 0; !text && i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(key, numbers[i].key) == 0)
            *numbers[i].to = whole_of(value);
    double real = json_number_value(json_object_get(value, "doubleValue"));
    if (strcmp(key, "troupe.run_ms") == 0)
        ret->run_ms = real;
    else if (strcmp(key, "troupe.cost") == 0)
        ret->cost = real;
}

/* --- what it was ------------------------------------------------------------*/

static uint64_t
hash_of(const char *text, uint64_t hash)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char) *text) * UINT64_C(0x100000001b3);
    return hash;
}

static void
put_hash(uint64_t *set, size_t size, uint64_t hash)
{
    size_t at = hash % size;
    while (set[at] && set[at] != hash)
        at = (at + 1) % size;
    set[at] = hash;
}

/* Each actor of a box is counted once. */
static void
count_actor(struct picture *self, uint32_t box, const char *ref)
{
    uint64_t hash = hash_of(ref, UINT64_C(0xcbf29ce484222325) + box) | 1;
    if (self->actor_count * 2 >= self->actor_size) {
        size_t size = self->actor_size > 0 ? self->actor_size * 2 : 1024;
        uint64_t *set = troupe__grab(size * sizeof *set);
        for (size_t i = 0; i < self->actor_size; i++)
            if (self->actors[i])
                put_hash(set, size, self->actors[i]);
        free(self->actors);
        self->actors = set;
        self->actor_size = size;
    }
    size_t at = hash % self->actor_size;
    while (self->actors[at] && self->actors[at] != hash)
        at = (at + 1) % self->actor_size;
    self->boxes[box].actors += self->actors[at] == 0;
    self->actor_count += self->actors[at] == 0;
    self->actors[at] = hash;
}

static uint8_t
type_of(struct picture *self, const char *text)
{
    size_t at = 0;
    while (at < self->type_count && strcmp(self->types[at], text) != 0)
        at++;
    if (at == self->type_count && at == PICTURE_TYPES)
        return 0;
    if (at == self->type_count)
        self->types[self->type_count++] = troupe__copy(text, strlen(text));
    return (uint8_t) at;
}

/* A journal that has no such key yet is all right. */
static enum picture_end
end_of_ask(const struct read *it, bool failed)
{
    bool looks = strcmp(it->type, "find") == 0
                 && strcmp(it->kind, "troupe_journal_actor") == 0;
    if (!failed || (looks && strcmp(it->outcome, "error") == 0))
        return PICTURE_OK;
    return strcmp(it->outcome, "cancelled") == 0
                   || strcmp(it->outcome, "dropped") == 0
               ? PICTURE_CUT
               : PICTURE_BAD;
}

static void
take_ask(struct picture *self, const struct read *it, struct picture_span *span,
         const char *why)
{
    char *both = it->strategy && it->option
                     ? troupe__format("%s: %s", it->strategy, it->option)
                     : NULL;
    const char *name = it->model    ? it->model
                       : it->engine ? it->engine
                       : both       ? both
                       : it->name   ? it->name
                                    : it->kind;
    uint32_t box = troupe__picture_box(self, it->kind, name, false);
    free(both);
    span->box = (int32_t) box;
    span->type = type_of(self, it->type);
    span->end = (uint8_t) end_of_ask(it, why != NULL);
    troupe__picture_ended(&self->boxes[box], (enum picture_end) span->end,
                          span->to_ns - span->from_ns, why);
    if (it->ref)
        count_actor(self, box, it->ref);
}

/* By the id that it was given, which stands behind the hash of its key as JSON,
 * or by its line. To be freed. */
static char *
name_of(const struct read *it)
{
    const char *id = it->key ? strchr(it->key, '=') : NULL;
    if (!id || id - it->key != HASH_SIZE)
        return troupe__format("task %lld", (long long) it->number + 1);
    size_t size = strlen(++id);
    bool is_text = size > 2 && id[0] == '"' && id[size - 1] == '"';
    return is_text ? troupe__format("task %.*s", (int) size - 2, id + 1)
                   : troupe__format("task %s", id);
}

static void
take_task(struct picture *self, const struct read *it,
          struct picture_span *span, const char *why)
{
    bool good = strcmp(it->state, "ok") == 0;
    bool cut = strcmp(it->state, "cancelled") == 0;
    char *name = name_of(it);
    self->task_count++;
    bool alone = self->task_count <= PICTURE_TASKS
                 || (!good && !cut && self->failed_boxes < PICTURE_FAILED);
    self->failed_boxes += alone && !good && !cut;
    uint32_t at = troupe__picture_box(self, alone ? it->state : "task",
                                      alone  ? name
                                      : good ? "tasks that are ok"
                                      : cut  ? "tasks that were cancelled"
                                             : "tasks that failed",
                                      true);
    struct picture_box *box = &self->boxes[at];
    free(name);
    box->is_group = !alone;
    box->retries += it->attempts > 1 ? (uint64_t) it->attempts - 1 : 0;
    span->box = (int32_t) at;
    span->number = (uint64_t) it->number + 1;
    span->is_task = true;
    span->run_ns = (uint64_t) (it->run_ms * NS_PER_MS);
    span->end = (uint8_t) (good ? PICTURE_OK : cut ? PICTURE_CUT : PICTURE_BAD);
    troupe__picture_ended(box, (enum picture_end) span->end, span->run_ns, why);
}

static void
take_cost(struct picture *self, const struct read *it)
{
    self->costs =
        troupe__grow(self->costs, self->cost_count, sizeof *self->costs);
    struct picture_cost *cost = &self->costs[self->cost_count++];
    *cost = (struct picture_cost){.span = self->span_count,
                                  .has_tokens = it->tokens[0] >= 0,
                                  .has_cost = it->cost >= 0,
                                  .cost = it->cost};
    for (int i = 0; i < 2; i++)
        cost->tokens[i] = it->tokens[i] > 0 ? (uint64_t) it->tokens[i] : 0;
    cost->retries = it->attempts > 1 ? (uint64_t) it->attempts - 1 : 0;
}

static void
take_run(struct picture *self, const struct read *it,
         const struct picture_span *span, const char *why)
{
    struct picture_box *box = &self->boxes[0];
    free(box->name);
    box->name = troupe__format("troupe %s", it->command);
    box->why = why ? troupe__copy(why, strlen(why)) : NULL;
    self->code = (int) it->code;
    self->wall_ns = span->to_ns - span->from_ns;
    if (it->run && !self->run)
        self->run = troupe__copy(it->run, strlen(it->run));
}

static void
take_span(struct picture *self, const json_t *json)
{
    struct read it = {.tokens = {-1, -1}, .cost = -1};
    const json_t *status = json_object_get(json, "status");
    const json_t *value = NULL;
    size_t i = 0;
    json_array_foreach(json_object_get(json, "attributes"), i, value)
    {
        read_attribute(text_of(value, "key"), json_object_get(value, "value"),
                       &it);
    }
    bool failed = json_integer_value(json_object_get(status, "code")) == 2;
    const char *why = failed ? text_of(status, "message") : NULL;
    struct picture_span span = {
        .id = strtoull(text_of(json, "spanId"), NULL, ID_BASE),
        .parent = strtoull(text_of(json, "parentSpanId"), NULL, ID_BASE),
        .from_ns = strtoull(text_of(json, "startTimeUnixNano"), NULL, 10),
        .to_ns = strtoull(text_of(json, "endTimeUnixNano"), NULL, 10),
        .box = PICTURE_NONE};
    if (self->begin_ns == 0 || span.from_ns < self->begin_ns)
        self->begin_ns = span.from_ns;
    if (self->span_count >= PICTURE_SPANS && !it.command) {
        self->unseen++;
        return;
    }
    if (it.command) {
        take_run(self, &it, &span, why);
        span.box = 0;
    } else if (it.kind && it.type && it.outcome) {
        take_ask(self, &it, &span, why);
    } else if (it.state) {
        take_task(self, &it, &span, why);
    } else if (it.model) {
        take_cost(self, &it);
    }
    self->spans =
        troupe__grow(self->spans, self->span_count, sizeof *self->spans);
    self->spans[self->span_count++] = span;
}

/* One line of the file: a batch. */
static void
take_batch(struct picture *self, const json_t *line)
{
    size_t i = 0, j = 0, k = 0;
    const json_t *of = NULL, *in = NULL, *span = NULL;
    json_array_foreach(json_object_get(line, "resourceSpans"), i, of)
    {
        json_array_foreach(json_object_get(of, "scopeSpans"), j, in)
        {
            json_array_foreach(json_object_get(in, "spans"), k, span)
            {
                take_span(self, span);
            }
        }
    }
}

int
troupe__picture_read(struct picture *self, FILE *trace)
{
    char *text = NULL;
    size_t room = 0;
    bool is_good = true;
    for (size_t i = 0; i < PICTURE_BUCKETS; i++)
        self->buckets[i] = PICTURE_NONE;
    (void) troupe__picture_box(self, "", "the run", false);
    self->actor_boxes = 0;
    while (is_good && getline(&text, &room, trace) > 0) {
        json_t *line = json_loads(text, 0, NULL);
        is_good = line != NULL;
        take_batch(self, line);
        json_decref(line);
    }
    free(text);
    return is_good ? 0 : -EBADMSG;
}
