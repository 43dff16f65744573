/* SPDX-License-Identifier: Apache-2.0 */
/* map_task.c: what a line of `troupe map` asks to be done. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/json_value.h"
#include "tools/map.h"

#define PLACE       "{}"
#define TIMEOUT_MAX 86400000.0

static void
pack_text(msgpack_packer *packer, const char *text, size_t size)
{
    char *copy = troupe__copy(text, size);
    bool is_text = strlen(copy) == size && troupe__is_text(copy);
    free(copy);
    if (is_text) {
        msgpack_pack_str(packer, size);
        msgpack_pack_str_body(packer, text, size);
    } else {
        msgpack_pack_bin(packer, size);
        msgpack_pack_bin_body(packer, text, size);
    }
}

static void
pack_key(msgpack_packer *packer, const char *key)
{
    msgpack_pack_str(packer, strlen(key));
    msgpack_pack_str_body(packer, key, strlen(key));
}

/* msgpack-c may not be given nothing where it has nothing yet. */
static void
put(msgpack_sbuffer *to, const char *bytes, size_t size)
{
    if (size > 0)
        msgpack_sbuffer_write(to, bytes, size);
}

/* A text with each {} replaced; quoted for a shell when asked for. */
static void
replace(msgpack_sbuffer *to, const char *text, const char *line, size_t size,
        bool quoted)
{
    const char *place = NULL;
    while ((place = strstr(text, PLACE)) != NULL) {
        put(to, text, (size_t) (place - text));
        if (quoted)
            put(to, "'", 1);
        for (size_t i = 0; i < size && quoted; i++)
            put(to, line[i] == '\'' ? "'\\''" : &line[i],
                line[i] == '\'' ? 4 : 1);
        if (quoted)
            put(to, "'", 1);
        else
            put(to, line, size);
        text = place + strlen(PLACE);
    }
    put(to, text, strlen(text));
}

/* True when a program of that name can be found, so that no shell is needed. */
static bool
is_program(const char *name, size_t size)
{
    const char *path = getenv("PATH");
    bool found = false;
    for (const char *at = path ? path : "/bin:/usr/bin"; *at && !found;) {
        size_t part = strcspn(at, ":");
        char *file =
            troupe__format("%.*s/%.*s", (int) part, at, (int) size, name);
        found = access(file, X_OK) == 0;
        free(file);
        at += part + (at[part] == ':' ? 1 : 0);
    }
    return found;
}

/* One text is for a shell, unless it has plain words alone and begins with a
 * program: then it can be started directly, which is faster. */
static bool
needs_shell(const char *text)
{
    size_t first = strcspn(text, " ");
    char *rest = troupe__copy(text, strlen(text));
    for (char *at = rest; (at = strstr(at, PLACE)) != NULL;)
        at[0] = at[1] = 'x';
    bool plain = !strpbrk(rest, "|&;<>()$`\\\"'*?[]#~=%!{}\t\n") && first > 0;
    free(rest);
    return !plain || memchr(text, '/', first) || !is_program(text, first);
}

/* The words of a plain text, or the arguments as they are. */
static char **
words_of(const struct troupe__map_arguments *it, size_t *ret_count)
{
    char **words =
        troupe__grab(((size_t) it->command_count + 2) * sizeof *words);
    *ret_count = 0;
    if (it->command_count > 1) {
        for (int i = 0; i < it->command_count; i++)
            words[(*ret_count)++] =
                troupe__copy(it->command[i], strlen(it->command[i]));
        return words;
    }
    for (const char *at = it->command[0]; *at;) {
        size_t size = strcspn(at, " ");
        words = troupe__grow(words, *ret_count, sizeof *words);
        if (size > 0)
            words[(*ret_count)++] = troupe__copy(at, size);
        at += size + strspn(at + size, " ");
    }
    return words;
}

static bool
has_place(const struct troupe__map_arguments *it)
{
    for (int i = 0; i < it->command_count; i++)
        if (strstr(it->command[i], PLACE))
            return true;
    return false;
}

static void
pack_words(struct troupe__map_input *self, msgpack_packer *packer,
           const char *line, size_t size)
{
    const struct troupe__map_arguments *it = self->arguments;
    size_t count = 0;
    char **words = words_of(it, &count);
    bool appended = !has_place(it);
    pack_key(packer, "argv");
    msgpack_pack_array(packer, count + (appended ? 1 : 0));
    for (size_t i = 0; i < count; i++) {
        msgpack_sbuffer word;
        msgpack_sbuffer_init(&word);
        replace(&word, words[i], line, size, false);
        pack_text(packer, word.data ? word.data : "", word.size);
        msgpack_sbuffer_destroy(&word);
        free(words[i]);
    }
    if (appended)
        pack_text(packer, line, size);
    free(words);
}

void
troupe__map_command(struct troupe__map_input *self, const char *line,
                    size_t size)
{
    const struct troupe__map_arguments *it = self->arguments;
    msgpack_packer packer;
    msgpack_packer_init(&packer, &self->body, msgpack_sbuffer_write);
    if (!self->use_shell) {
        self->use_shell = troupe__grab(sizeof *self->use_shell);
        *self->use_shell =
            it->command_count == 1 && needs_shell(it->command[0]);
    }
    msgpack_pack_map(&packer, 1);
    if (!*self->use_shell) {
        pack_words(self, &packer, line, size);
        return;
    }
    char *text = has_place(it)
                     ? troupe__copy(it->command[0], strlen(it->command[0]))
                     : troupe__format("%s " PLACE, it->command[0]);
    msgpack_sbuffer shell;
    msgpack_sbuffer_init(&shell);
    replace(&shell, text, line, size, true);
    pack_key(&packer, "shell");
    pack_text(&packer, shell.data ? shell.data : "", shell.size);
    msgpack_sbuffer_destroy(&shell);
    free(text);
}

/* What is wrong with a task, in words that are freed. */
static bool
refuse(struct troupe__map_input *self, const char *format, const char *what)
{
    free(self->words);
    self->words = troupe__format(format, what);
    return false;
}

static bool
is_known(const struct troupe__map_input *self, const char *resource)
{
    const struct troupe__map_arguments *arguments = self->arguments;
    for (size_t i = 0; i < arguments->resource_count; i++)
        if (strcmp(arguments->resources[i].name, resource) == 0)
            return true;
    return false;
}

static bool
take_numbers(struct troupe__map_input *self, const json_t *task,
             troupe_map_task_t *ret_task)
{
    const json_t *timeout = json_object_get(task, "timeout");
    const json_t *retries = json_object_get(task, "retries");
    double seconds = json_number_value(timeout);
    if (timeout
        && !(json_is_number(timeout) && seconds > 0
             && seconds * 1000 <= TIMEOUT_MAX))
        return refuse(self, "'%s' wants seconds, over 0", "timeout");
    ret_task->timeout_ms = (uint32_t) (seconds * 1000);
    if (timeout && ret_task->timeout_ms == 0)
        ret_task->timeout_ms = 1;
    if (retries
        && !(json_is_integer(retries) && json_integer_value(retries) >= 0
             && json_integer_value(retries) <= INT32_MAX))
        return refuse(self, "'%s' wants a whole number", "retries");
    if (retries)
        ret_task->retries = json_integer_value(retries);
    const json_t *priority = json_object_get(task, "priority");
    const json_t *resource = json_object_get(task, "resource");
    if (priority
        && !(json_is_integer(priority) && json_integer_value(priority) >= 0
             && json_integer_value(priority) <= INT32_MAX))
        return refuse(self, "'%s' wants a whole number, 0 or more", "priority");
    size_t size = json_string_length(resource);
    if (resource && (size == 0 || size > TROUPE_NAME_MAX))
        return refuse(self, "'%s' wants a name", "resource");
    if (resource && !is_known(self, json_string_value(resource))) {
        return refuse(self,
                      "there is no resource '%s': give it tokens by "
                      "--resource NAME=N",
                      json_string_value(resource));
    }
    free(self->resource);
    self->resource =
        resource ? troupe__copy(json_string_value(resource), size) : NULL;
    ret_task->priority = (uint32_t) json_integer_value(priority);
    ret_task->resource = self->resource;
    return true;
}

/* {"cmd": "text" or [words], "stdin", "env", "directory"} as "run" wants it. */
static bool
take_command(struct troupe__map_input *self, const json_t *task,
             const json_t *cmd, msgpack_packer *packer)
{
    static const char *const keys[] = {"stdin", "env", "directory"};
    json_t *body = json_object();
    if (!json_is_string(cmd) && !(json_is_array(cmd) && json_array_size(cmd))) {
        json_decref(body);
        return refuse(self, "'%s' wants a text or a list of texts", "cmd");
    }
    json_object_set(body, json_is_string(cmd) ? "shell" : "argv",
                    (json_t *) (uintptr_t) cmd);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_object_get(task, keys[i]))
            json_object_set(body, keys[i], json_object_get(task, keys[i]));
    int rc = troupe__json_pack(body, packer);
    json_decref(body);
    return rc == 0 || refuse(self, "%s", "it has a {\"$...\"} that is wrong");
}

static bool
take_function(struct troupe__map_input *self, const json_t *task,
              troupe_map_task_t *ret_task, msgpack_packer *packer)
{
    const char *target = json_string_value(json_object_get(task, "fn"));
    const json_t *type = json_object_get(task, "type");
    json_t *args = json_object_get(task, "args");
    size_t size = type ? json_string_length(type) : 1;
    if (!target || !*target || strlen(target) > TROUPE_NAME_MAX)
        return refuse(self, "'%s' wants the name of a kind", "fn");
    if (type && (!json_is_string(type) || size == 0 || size > TROUPE_TYPE_MAX))
        return refuse(self, "'%s' wants the type of a message", "type");
    free(self->target);
    free(self->type);
    self->target = troupe__copy(target, strlen(target));
    self->type = type ? troupe__copy(json_string_value(type), size) : NULL;
    ret_task->target = self->target;
    ret_task->type = self->type ? self->type : self->arguments->type;
    json_t *nothing = json_null();
    return troupe__json_pack(args ? args : nothing, packer) == 0
           || refuse(self, "%s", "it has a {\"$...\"} that is wrong");
}

static bool
take_task(struct troupe__map_input *self, const json_t *task,
          troupe_map_task_t *ret_task)
{
    static const char *const known[] = {
        "id",      "cmd",   "fn",  "args",      "type",     "timeout",
        "retries", "stdin", "env", "directory", "priority", "resource"};
    msgpack_packer packer;
    msgpack_packer_init(&packer, &self->body, msgpack_sbuffer_write);
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *) (uintptr_t) task, key, value)
    {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            found |= strcmp(key, known[i]) == 0;
        if (!found)
            return refuse(self, "a task has no '%s'", key);
    }
    const json_t *cmd = json_object_get(task, "cmd");
    bool has_fn = json_object_get(task, "fn") != NULL;
    if ((cmd != NULL) == has_fn)
        return refuse(self, "%s", "a task has either cmd or fn");
    if (!take_numbers(self, task, ret_task))
        return false;
    ret_task->how = cmd ? TROUPE_MAP_COMMAND : TROUPE_MAP_FN;
    return cmd ? take_command(self, task, cmd, &packer)
               : take_function(self, task, ret_task, &packer);
}

bool
troupe__map_json(struct troupe__map_input *self, const char *line, size_t size,
                 troupe_map_task_t *ret_task, json_t **ret_id)
{
    json_error_t error;
    size_t blank = 0;
    while (blank < size && (line[blank] == ' ' || line[blank] == '\t'))
        blank++;
    if (blank == size || line[blank] != '{') { /* a command, as it stands */
        msgpack_packer packer;
        msgpack_packer_init(&packer, &self->body, msgpack_sbuffer_write);
        ret_task->how = TROUPE_MAP_COMMAND;
        msgpack_pack_map(&packer, 1);
        pack_key(&packer, "shell");
        pack_text(&packer, line, size);
        return true;
    }
    json_t *task = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);
    if (!task)
        return refuse(self, "it is no JSON: %s", error.text);
    bool ok = take_task(self, task, ret_task);
    *ret_id = json_incref(json_object_get(task, "id"));
    json_decref(task);
    return ok;
}
