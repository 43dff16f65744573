/* SPDX-License-Identifier: Apache-2.0 */
/* graph_work.c: what a task of a graph file does, as its body. */
#include <stdlib.h>
#include <string.h>

#include "troupe_msgpack.h"

#include "tools/fields.h"
#include "tools/graph_file.h"

/* What `ask` holds. */
struct ask {
    struct troupe__word actor, type;
};

static const struct troupe__field ask_fields[] = {
    {.key = "actor",
     .type = TROUPE__FIELD_TEXT,
     .offset = offsetof(struct ask, actor),
     .required = true},
    {.key = "type",
     .type = TROUPE__FIELD_TEXT,
     .offset = offsetof(struct ask, type),
     .required = true},
    {.key = "body", .type = TROUPE__FIELD_OTHER},
    {0}};

static void
pack_text(msgpack_packer *packer, const char *text)
{
    msgpack_pack_str_with_body(packer, text, strlen(text));
}

static bool
is_scalar(const struct troupe__value *value)
{
    return value->type != TROUPE__LIST && value->type != TROUPE__MAP
           && value->type != TROUPE__NULL && value->type != TROUPE__BINARY;
}

/* A number is a word too: the shell knows nothing else. */
static void
pack_word(msgpack_packer *packer, const struct troupe__value *value,
          const char *key, struct troupe__findings *findings)
{
    if (!is_scalar(value))
        troupe__wants(findings, value, key, "texts");
    pack_text(packer, value->text ? value->text : "");
}

static void
pack_args(msgpack_packer *packer, const struct troupe__value *args,
          struct troupe__findings *findings)
{
    if (args->type != TROUPE__LIST) {
        troupe__wants(findings, args, "args", "a list, as in [one, \"${a}\"]");
        msgpack_pack_nil(packer);
        return;
    }
    msgpack_pack_array(packer, args->count);
    for (size_t i = 0; i < args->count; i++)
        pack_word(packer, args->values[i], "args", findings);
}

static void
pack_env(msgpack_packer *packer, const struct troupe__value *env,
         struct troupe__findings *findings)
{
    if (env->type != TROUPE__MAP) {
        troupe__wants(findings, env, "env",
                      "names and values, as in {NAME: \"${a}\"}");
        msgpack_pack_nil(packer);
        return;
    }
    msgpack_pack_map(packer, env->count);
    for (size_t i = 0; i < env->count; i++) {
        if (strchr(env->keys[i]->text, '=') || !*env->keys[i]->text) {
            troupe__found(findings, env->keys[i]->spot,
                          "'%s' cannot be the name of a variable",
                          env->keys[i]->text);
        }
        pack_text(packer, env->keys[i]->text);
        pack_word(packer, env->values[i], "env", findings);
    }
}

static void
pack_output(msgpack_packer *packer, const struct troupe__value *output,
            struct troupe__findings *findings)
{
    static const char *const words[] = {"text", "lines", "json", "none"};
    const char *text = output->text ? output->text : "";
    bool known = false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        known |= strcmp(text, words[i]) == 0;
    const char *near =
        troupe__nearest(text, words, sizeof words / sizeof *words);
    if (!known && near) {
        troupe__found(findings, output->spot,
                      "'output' is one of text, lines, json, none; did you "
                      "mean '%s'?",
                      near);
    } else if (!known) {
        troupe__wants(findings, output, "output",
                      "one of text, lines, json, none");
    }
    pack_text(packer, text);
}

static void
pack_member(msgpack_packer *packer, const char *key,
            const struct troupe__value *value,
            struct troupe__findings *findings)
{
    pack_text(packer, key);
    if (strcmp(key, "args") == 0)
        pack_args(packer, value, findings);
    else if (strcmp(key, "env") == 0)
        pack_env(packer, value, findings);
    else if (strcmp(key, "output") == 0)
        pack_output(packer, value, findings);
    else
        pack_word(packer, value, key, findings);
}

static const char *const command_keys[] = {
    "cmd", "args", "env", "stdin", "directory", "output", NULL};

static void
read_command(struct troupe__graph_entry *entry,
             struct troupe__findings *findings)
{
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    size_t count = 0;
    const struct troupe__value *cmd = troupe__value_get(entry->map, "cmd");
    if (!is_scalar(cmd) || cmd->size == 0)
        troupe__wants(findings, cmd, "cmd", "a command for the shell");
    for (size_t i = 0; command_keys[i]; i++)
        count += troupe__value_get(entry->map, command_keys[i]) != NULL;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, count);
    for (size_t i = 0; command_keys[i]; i++) {
        const struct troupe__value *value =
            troupe__value_get(entry->map, command_keys[i]);
        if (value)
            pack_member(&packer, command_keys[i], value, findings);
    }
    entry->work = TROUPE_GRAPH_COMMAND;
    entry->body = buffer.data;
    entry->body_size = buffer.size;
}

static void
read_ask(struct troupe__graph_entry *entry, struct troupe__findings *findings)
{
    const struct troupe__value *map = troupe__value_get(entry->map, "ask");
    struct ask ask = {0};
    troupe__fields_read(map, "'ask'", ask_fields, &ask, findings);
    const struct troupe__value *body =
        map->type == TROUPE__MAP ? troupe__value_get(map, "body") : NULL;
    entry->work = TROUPE_GRAPH_ASK;
    entry->actor = ask.actor;
    entry->type = ask.type;
    if (ask.type.text && strlen(ask.type.text) > TROUPE_TYPE_MAX) {
        troupe__found(findings, ask.type.spot,
                      "a type has at most %d bytes; choose a shorter one",
                      TROUPE_TYPE_MAX);
    }
    if (body)
        (void) troupe__value_pack(body, findings, &entry->body,
                                  &entry->body_size);
}

/* The keys that belong to a command need one. */
static void
check_command_keys(const struct troupe__graph_entry *entry,
                   struct troupe__findings *findings)
{
    for (size_t i = 1; command_keys[i]; i++) {
        const struct troupe__value *value =
            troupe__value_get(entry->map, command_keys[i]);
        if (value) {
            troupe__found(findings, value->spot,
                          "'%s' is for a task with 'cmd', and '%s' has none",
                          command_keys[i], entry->own);
        }
    }
}

void
troupe__graph_work(struct troupe__graph_entry *entry,
                   struct troupe__findings *findings)
{
    static const char *const works[] = {"cmd", "ask", "value", "graph", "noop"};
    const char *work = NULL;
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        const struct troupe__value *value =
            troupe__value_get(entry->map, works[i]);
        if (value && work) {
            troupe__found(findings, value->spot,
                          "a task does one thing, and '%s' has '%s' and '%s'; "
                          "make two tasks of it",
                          entry->own, work, works[i]);
            return;
        }
        work = value ? works[i] : work;
    }
    if (!work || strcmp(work, "cmd") != 0)
        check_command_keys(entry, findings);
    if (!work) {
        if (entry->needs.count == 0) {
            troupe__found(findings, entry->spot,
                          "task '%s' does nothing; give it 'cmd', 'ask', "
                          "'value', 'graph' or 'noop', or needs to wait for",
                          entry->own);
        }
    } else if (strcmp(work, "cmd") == 0) {
        read_command(entry, findings);
    } else if (strcmp(work, "ask") == 0) {
        read_ask(entry, findings);
    } else if (strcmp(work, "value") == 0) {
        entry->work = TROUPE_GRAPH_VALUE;
        (void) troupe__value_pack(troupe__value_get(entry->map, "value"),
                                  findings, &entry->body, &entry->body_size);
    }
}
