/* SPDX-License-Identifier: Apache-2.0 */
/* engine_file.c: reads the file of search engines, and says what is wrong. */
#include "tools/engine_file.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_research.h"

#include "tools/fields.h"

#define ANSWER_MAX (4u << 20) /* bytes */
#define KIND_NAMES "searxng, brave, tavily or json"

/* clang-format off */
#define ENTRY(member) .offset = offsetof(struct troupe__engine_entry, member)
#define TEXT(name, member) \
    {.key = (name), .type = TROUPE__FIELD_TEXT, ENTRY(member)}
#define COUNT(name, member, most) \
    {.key = (name), .type = TROUPE__FIELD_COUNT, ENTRY(member), \
     .min = 1, .max = (most)}
/* clang-format on */

static const struct troupe__field engine_fields[] = {
    {.key = "kind", .type = TROUPE__FIELD_TEXT, ENTRY(kind), .required = true},
    TEXT("url", url),
    TEXT("method", method),
    TEXT("key_env", key_env),
    TEXT("key_header", key_header),
    TEXT("results", results),
    TEXT("title", title),
    TEXT("link", link),
    TEXT("text", text),
    {.key = "headers", .type = TROUPE__FIELD_TEXTS, ENTRY(headers)},
    {.key = "parameters", .type = TROUPE__FIELD_OTHER},
    {.key = "body", .type = TROUPE__FIELD_OTHER},
    {.key = "timeout",
     .type = TROUPE__FIELD_DURATION,
     ENTRY(timeout_ms),
     .min = 1,
     .max = 600000},
    {.key = "size_max",
     .type = TROUPE__FIELD_SIZE,
     ENTRY(size_max),
     .min = 1,
     .max = ANSWER_MAX},
    COUNT("requests_per_minute", requests, 0),
    COUNT("attempts", attempts, 10),
    {.key = NULL}};

static const struct troupe__field file_fields[] = {
    {.key = "engines", .type = TROUPE__FIELD_OTHER, .required = true},
    {.key = NULL}};

static const char *
variable(void *data, const char *name)
{
    (void) data;
    return getenv(name);
}

/* A value of the file as JSON; NULL for what JSON has not. */
static json_t *
json_of(const struct troupe__value *value)
{
    json_t *json = NULL;
    switch (value->type) {
    case TROUPE__NULL:
        return json_null();
    case TROUPE__BOOL:
        return json_boolean(value->boolean);
    case TROUPE__INTEGER:
        return json_integer(value->negative ? (json_int_t) value->integer
                                            : (json_int_t) value->natural);
    case TROUPE__REAL:
        return json_real(value->real);
    case TROUPE__TEXT:
        return json_string(value->text);
    case TROUPE__BINARY:
        return NULL;
    case TROUPE__LIST:
        json = json_array();
        for (size_t i = 0; i < value->count; i++)
            json_array_append_new(json, json_of(value->values[i]));
        return json;
    case TROUPE__MAP:
        json = json_object();
        for (size_t i = 0; i < value->count; i++)
            json_object_set_new(json, value->keys[i]->text,
                                json_of(value->values[i]));
        return json;
    }
    return NULL;
}

static void
read_body(struct troupe__engine_entry *self, const struct troupe__value *map,
          struct troupe__findings *findings)
{
    const struct troupe__value *body = troupe__value_get(map, "body");
    if (!body)
        return;
    if (body->type != TROUPE__MAP) {
        troupe__wants(findings, body, "body", "names and values");
        return;
    }
    json_t *json = json_of(body);
    self->body = json_dumps(json, JSON_COMPACT);
    json_decref(json);
}

static void
read_parameters(struct troupe__engine_entry *self,
                const struct troupe__value *map,
                struct troupe__findings *findings)
{
    const struct troupe__value *list = troupe__value_get(map, "parameters");
    if (!list)
        return;
    if (list->type != TROUPE__MAP) {
        troupe__wants(findings, list, "parameters", "names and values");
        return;
    }
    self->parameters =
        troupe__grab((2 * list->count + 1) * sizeof *self->parameters);
    for (size_t i = 0; i < list->count; i++) {
        const struct troupe__value *value = list->values[i];
        if (value->type == TROUPE__MAP || value->type == TROUPE__LIST)
            troupe__wants(findings, value, list->keys[i]->text, "one value");
        self->parameters[2 * i] = list->keys[i]->text;
        self->parameters[2 * i + 1] = value->text ? value->text : "";
    }
    self->engine.parameters = self->parameters;
    self->engine.parameter_count = 2 * list->count;
}

static void
put_headers(struct troupe__engine_entry *self)
{
    size_t count = self->headers.count;
    if (count == 0)
        return;
    self->header_texts = troupe__grab(count * sizeof *self->header_texts);
    for (size_t i = 0; i < count; i++)
        self->header_texts[i] = self->headers.items[i].text;
    self->engine.headers = self->header_texts;
    self->engine.header_count = count;
}

/* What the file says goes before what is known of the kind. */
static void
put_texts(struct troupe__engine_entry *self)
{
    troupe_web_engine_t *engine = &self->engine;
    const struct {
        const char **to;
        const char *from;
    } texts[] = {{&engine->url, self->url.text},
                 {&engine->method, self->method.text},
                 {&engine->key_env, self->key_env.text},
                 {&engine->key_header, self->key_header.text},
                 {&engine->results, self->results.text},
                 {&engine->title, self->title.text},
                 {&engine->link, self->link.text},
                 {&engine->text, self->text.text},
                 {&engine->body, self->body}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].from)
            *texts[i].to = texts[i].from;
    engine->name = self->key.text;
    engine->timeout_ms = self->timeout_ms;
    engine->size_max = self->size_max;
    engine->requests_per_minute = self->requests;
    engine->attempts = self->attempts;
}

static bool
read_kind(struct troupe__engine_entry *self, struct troupe__findings *findings)
{
    static const char *const kinds[] = {"searxng", "brave", "tavily", "json"};
    const char *kind = self->kind.text;
    if (!kind)
        return false;
    if (troupe_web_engine_preset(kind, &self->engine) == 0)
        return true;
    const char *near =
        troupe__nearest(kind, kinds, sizeof kinds / sizeof *kinds);
    troupe__found(findings, self->kind.spot, "there is no kind '%s'; %s%s%s",
                  kind, near ? "did you mean '" : "give " KIND_NAMES,
                  near ? near : "", near ? "'?" : "");
    return false;
}

static void
check_engine(const struct troupe__engine_entry *self,
             struct troupe__findings *findings)
{
    const char *key = self->engine.key_env;
    const char *value = key ? getenv(key) : NULL;
    const char *wrong = troupe_web_engine_check(&self->engine);
    struct troupe__spot spot = self->url.text ? self->url.spot : self->key.spot;
    if (!self->engine.url) {
        troupe__found(findings, self->key.spot,
                      "engine '%s' has no url; add one such as "
                      "http://127.0.0.1:8888/search",
                      self->key.text);
    } else if (wrong) {
        troupe__found(findings, spot, "engine '%s': %s; correct that",
                      self->key.text, wrong);
    } else if (key && (!value || !*value)) {
        troupe__found(findings,
                      self->key_env.text ? self->key_env.spot : self->key.spot,
                      "the environment variable %s, with the key of engine "
                      "'%s', is not set; export it, or leave the engine out",
                      key, self->key.text);
    }
}

static void
read_engine(struct troupe__engine_file *self, const struct troupe__value *key,
            const struct troupe__value *value,
            struct troupe__findings *findings)
{
    size_t before = findings->count;
    struct troupe__engine_entry *entry = &self->entries[self->count++];
    entry->key = (struct troupe__word){key->text, key->spot};
    char *what = troupe__format("engine '%s'", key->text);
    troupe__fields_read(value, what, engine_fields, entry, findings);
    free(what);
    if (value->type != TROUPE__MAP || !read_kind(entry, findings))
        return;
    read_parameters(entry, value, findings);
    read_body(entry, value, findings);
    put_headers(entry);
    put_texts(entry);
    if (findings->count == before)
        check_engine(entry, findings);
}

static void
read_engines(struct troupe__engine_file *self,
             struct troupe__findings *findings)
{
    const struct troupe__value *map = troupe__value_get(self->root, "engines");
    if (!map)
        return;
    if (map->type != TROUPE__MAP) {
        troupe__wants(findings, map, "engines", "names and values");
        return;
    }
    if (map->count == 0 || map->count > TROUPE_RESEARCH_WEB_MAX) {
        troupe__found(findings, map->spot,
                      "there are %zu engines; give 1 to %d", map->count,
                      TROUPE_RESEARCH_WEB_MAX);
        return;
    }
    self->entries = troupe__grab(map->count * sizeof *self->entries);
    for (size_t i = 0; i < map->count; i++)
        read_engine(self, map->keys[i], map->values[i], findings);
}

int
troupe__engine_file_read(struct troupe__findings *findings,
                         struct troupe__engine_file *ret_file)
{
    *ret_file = (struct troupe__engine_file){
        .root = troupe__yaml_read("search engine", findings, variable, NULL)};
    if (!ret_file->root)
        return -EINVAL;
    struct {
        int unused;
    } nothing;
    troupe__fields_read(ret_file->root, "a file of search engines", file_fields,
                        &nothing, findings);
    if (ret_file->root->type == TROUPE__MAP)
        read_engines(ret_file, findings);
    return findings->count > 0 ? -EINVAL : 0;
}

void
troupe__engine_file_free(struct troupe__engine_file *self)
{
    for (size_t i = 0; i < self->count; i++) {
        troupe__words_free(&self->entries[i].headers);
        free(self->entries[i].parameters);
        free(self->entries[i].header_texts);
        free(self->entries[i].body);
    }
    free(self->entries);
    troupe__value_free(self->root);
    *self = (struct troupe__engine_file){0};
}

const troupe_web_engine_t *
troupe__engine_file_find(const struct troupe__engine_file *self,
                         const char *name)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp(self->entries[i].key.text, name) == 0)
            return &self->entries[i].engine;
    return NULL;
}
