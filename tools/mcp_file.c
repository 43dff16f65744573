/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_file.c: reads the file of tools that are engines, and what is wrong. */
#include "tools/mcp_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/fields.h"
#include "tools/json_value.h"

#define TIMEOUT_MAX 86400000u /* ms: a day */
#define SIZE_LIMIT  (16u << 20)

/* clang-format off */
#define ENTRY(member) .offset = offsetof(struct troupe__mcp_entry, member)
#define TEXT(name, member) \
    {.key = (name), .type = TROUPE__FIELD_TEXT, ENTRY(member)}
#define TEXTS(name, member) \
    {.key = (name), .type = TROUPE__FIELD_TEXTS, ENTRY(member)}
/* clang-format on */

static const struct troupe__field engine_fields[] = {
    {.key = "command",
     .type = TROUPE__FIELD_TEXTS,
     ENTRY(command),
     .required = true},
    {.key = "tool", .type = TROUPE__FIELD_TEXT, ENTRY(tool), .required = true},
    TEXTS("env", env),
    TEXT("directory", directory),
    TEXT("query", query),
    TEXT("limit", limit),
    {.key = "arguments", .type = TROUPE__FIELD_OTHER},
    TEXT("results", results),
    TEXT("title", title),
    TEXT("link", link),
    TEXT("text", text),
    {.key = "start",
     .type = TROUPE__FIELD_DURATION,
     ENTRY(start_ms),
     .min = 1,
     .max = TIMEOUT_MAX},
    {.key = "timeout",
     .type = TROUPE__FIELD_DURATION,
     ENTRY(timeout_ms),
     .min = 1,
     .max = TIMEOUT_MAX},
    {.key = "size_max",
     .type = TROUPE__FIELD_SIZE,
     ENTRY(size_max),
     .min = 1,
     .max = SIZE_LIMIT},
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

static const char **
texts_of(const struct troupe__words *words)
{
    const char **texts = troupe__grab((words->count + 1) * sizeof *texts);
    for (size_t i = 0; i < words->count; i++)
        texts[i] = words->items[i].text;
    return texts;
}

static void
read_arguments(struct troupe__mcp_entry *self, const struct troupe__value *map,
               struct troupe__findings *findings)
{
    const struct troupe__value *value = troupe__value_get(map, "arguments");
    void *bytes = NULL;
    size_t size = 0;
    if (!value)
        return;
    if (value->type != TROUPE__MAP) {
        troupe__wants(findings, value, "arguments", "names and values");
        return;
    }
    if (troupe__value_pack(value, findings, &bytes, &size) < 0)
        return;
    json_t *json = troupe__json_of_body(bytes, size);
    self->arguments = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    free(bytes);
}

static troupe_mcp_tool_t
tool_of(const struct troupe__mcp_entry *self, const char *name)
{
    return (troupe_mcp_tool_t){.name = name,
                               .command = self->command_texts,
                               .command_count = self->command.count,
                               .env = self->env_texts,
                               .env_count = self->env.count,
                               .directory = self->directory.text,
                               .tool = self->tool.text,
                               .query = self->query.text,
                               .limit = self->limit.text,
                               .arguments = self->arguments,
                               .results = self->results.text,
                               .title = self->title.text,
                               .link = self->link.text,
                               .text = self->text.text,
                               .start_ms = self->start_ms,
                               .timeout_ms = self->timeout_ms,
                               .size_max = self->size_max};
}

/* The names of other actors of a run are taken. */
static bool
is_taken(const char *name)
{
    static const char *const taken[] = {
        "summariser", "fact_checker", "sentiment", "coordinator",
        "planner",    "writer",       "checker"};
    static const char *const begins[] = {"http",  "page-",  "rate-",
                                         "model", "budget", "journal"};
    troupe_engine_t engine = TROUPE_ENGINE_COUNT;
    bool found = troupe_engine_find(name, &engine) == 0;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        found |= strncmp(name, begins[i], strlen(begins[i])) == 0;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        found |= strcmp(name, taken[i]) == 0;
    return found;
}

static void
read_engine(struct troupe__mcp_file *self, const struct troupe__value *key,
            const struct troupe__value *value,
            struct troupe__findings *findings)
{
    size_t before = findings->count;
    struct troupe__mcp_entry *entry = &self->entries[self->entry_count++];
    char *what = troupe__format("engine '%s'", key->text);
    troupe__fields_read(value, what, engine_fields, entry, findings);
    free(what);
    if (value->type == TROUPE__MAP)
        read_arguments(entry, value, findings);
    entry->command_texts = texts_of(&entry->command);
    entry->env_texts = texts_of(&entry->env);
    troupe_mcp_tool_t *tool = &self->tools[self->count++];
    *tool = tool_of(entry, key->text);
    const char *wrong =
        findings->count == before ? troupe_mcp_tool_check(tool) : NULL;
    if (wrong)
        troupe__found(findings, key->spot, "engine '%s': %s; correct that",
                      key->text, wrong);
    if (is_taken(key->text)) {
        troupe__found(findings, key->spot,
                      "an engine cannot be called '%s': another actor is; "
                      "rename it",
                      key->text);
    }
}

static void
read_engines(struct troupe__mcp_file *self, struct troupe__findings *findings)
{
    const struct troupe__value *map = troupe__value_get(self->root, "engines");
    if (!map)
        return;
    if (map->type != TROUPE__MAP) {
        troupe__wants(findings, map, "engines", "names and values");
        return;
    }
    if (map->count == 0 || map->count > TROUPE_MCP_TOOLS_MAX) {
        troupe__found(findings, map->spot,
                      "there are %zu engines; give 1 to %d", map->count,
                      TROUPE_MCP_TOOLS_MAX);
        return;
    }
    self->entries = troupe__grab(map->count * sizeof *self->entries);
    for (size_t i = 0; i < map->count; i++)
        read_engine(self, map->keys[i], map->values[i], findings);
}

int
troupe__mcp_file_read(struct troupe__findings *findings,
                      struct troupe__mcp_file *ret_file)
{
    struct {
        int unused;
    } nothing;
    *ret_file = (struct troupe__mcp_file){
        .root = troupe__yaml_read("tool", findings, variable, NULL)};
    if (!ret_file->root)
        return -EINVAL;
    troupe__fields_read(ret_file->root, "a file of tools", file_fields,
                        &nothing, findings);
    if (ret_file->root->type == TROUPE__MAP)
        read_engines(ret_file, findings);
    return findings->count > 0 ? -EINVAL : 0;
}

void
troupe__mcp_file_free(struct troupe__mcp_file *self)
{
    for (size_t i = 0; i < self->entry_count; i++) {
        struct troupe__mcp_entry *entry = &self->entries[i];
        troupe__words_free(&entry->command);
        troupe__words_free(&entry->env);
        free(entry->command_texts);
        free(entry->env_texts);
        free(entry->arguments);
    }
    free(self->entries);
    troupe__value_free(self->root);
    *self = (struct troupe__mcp_file){0};
}

void
troupe__mcp_file_choose(struct troupe__mcp_file *self, const char **names,
                        size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->count; i++) {
        bool chosen = false;
        for (size_t j = 0; j < count; j++) {
            if (!names[j] || strcmp(names[j], self->tools[i].name) != 0)
                continue;
            names[j] = NULL;
            chosen = true;
        }
        if (chosen)
            self->tools[kept++] = self->tools[i];
    }
    self->count = kept;
}
