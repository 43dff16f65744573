/* SPDX-License-Identifier: Apache-2.0 */
/* command_request.c: what "run" asks for, read out of its message. */
#include "actors/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "troupe_msgpack.h"
#include "troupe_trace.h"

#include "mailbox/check.h"

#define GRACE_MS   2000
#define TIME_MAX   86400000u /* ms: a day */
#define STDOUT_MAX (8u << 20)
#define STDERR_MAX (1u << 20)
#define KEPT_MAX   (48u << 20) /* what a reply can carry */

/* A text, or bytes that are no UTF-8: both come as `size` bytes at `ptr`. */
static bool
is_text(const msgpack_object *object)
{
    _Static_assert(sizeof(msgpack_object_str) == sizeof(msgpack_object_bin),
                   "they are read as one");
    bool ok = object->type == MSGPACK_OBJECT_STR
              || object->type == MSGPACK_OBJECT_BIN;
    return ok
           && !(object->via.str.size > 0
                && memchr(object->via.str.ptr, '\0', object->via.str.size));
}

/* A text among the texts of a request, by its place: they may move. */
static size_t
put_text(struct troupe__text *texts, const msgpack_object_str *text)
{
    size_t at = texts->size;
    troupe__text_put(texts, text->ptr, text->size);
    troupe__text_putc(texts, '\0');
    return at;
}

/* The texts of a list, as places. */
static bool
put_list(struct troupe__text *texts, const msgpack_object *list,
         size_t *ret_places)
{
    for (uint32_t i = 0; i < list->via.array.size; i++) {
        if (!is_text(&list->via.array.ptr[i]))
            return false;
        ret_places[i] = put_text(texts, &list->via.array.ptr[i].via.str);
    }
    return true;
}

/* Places become pointers when all texts are there. */
struct places {
    size_t *argv;
    size_t *env;
    size_t argc;
    size_t env_count;
    size_t directory; /* SIZE_MAX: none */
};

static bool
same_name(const char *one, const char *other)
{
    size_t size = strcspn(one, "=");
    return strncmp(one, other, size) == 0 && other[size] == '=';
}

static bool
is_replaced(const char *variable, char *const *by, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (same_name(by[i], variable))
            return true;
    return false;
}

static char **
whole_env(char *base, const size_t *places, size_t count)
{
    size_t inherited = 0;
    while (environ[inherited])
        inherited++;
    char **env = troupe__alloc((inherited + count + 1) * sizeof *env);
    size_t kept = 0;
    for (size_t i = count; i-- > 0;)
        if (!is_replaced(base + places[i], env, kept))
            env[kept++] = base + places[i];
    size_t added = kept;
    for (size_t i = 0; i < inherited; i++)
        if (!is_replaced(environ[i], env, added))
            env[kept++] = environ[i];
    return env;
}

static void
resolve(struct command_request *self, const struct places *places)
{
    char *base = self->texts.data;
    self->argv = troupe__alloc((places->argc + 1) * sizeof *self->argv);
    for (size_t i = 0; i < places->argc; i++)
        self->argv[i] = base + places->argv[i];
    if (places->env)
        self->env = whole_env(base, places->env, places->env_count);
    if (places->directory != SIZE_MAX)
        self->directory = base + places->directory;
}

static bool
read_number(const msgpack_object *value, uint64_t most, uint64_t *ret_number)
{
    if (value->type != MSGPACK_OBJECT_POSITIVE_INTEGER || value->via.u64 > most)
        return false;
    *ret_number = value->via.u64;
    return true;
}

static bool
read_input(struct command_request *self, const msgpack_object *value)
{
    if (value->type == MSGPACK_OBJECT_BIN) {
        self->input = value->via.bin.ptr;
        self->input_size = value->via.bin.size;
    } else if (value->type == MSGPACK_OBJECT_STR) {
        self->input = value->via.str.ptr;
        self->input_size = value->via.str.size;
    }
    return value->type == MSGPACK_OBJECT_BIN
           || value->type == MSGPACK_OBJECT_STR;
}

static bool
read_list(struct command_request *self, const msgpack_object *value,
          size_t **ret_places, size_t *ret_count)
{
    if (value->type != MSGPACK_OBJECT_ARRAY || *ret_places)
        return false;
    *ret_count = value->via.array.size;
    *ret_places = troupe__alloc((*ret_count + 1) * sizeof **ret_places);
    return put_list(&self->texts, value, *ret_places);
}

/* "sh", "-c" and the text. */
static bool
read_shell(struct command_request *self, const msgpack_object *value,
           struct places *places)
{
    static const msgpack_object_str words[] = {{7, "/bin/sh"}, {2, "-c"}};
    if (!is_text(value) || places->argv)
        return false;
    places->argc = 3;
    places->argv = troupe__alloc(places->argc * sizeof *places->argv);
    places->argv[0] = put_text(&self->texts, &words[0]);
    places->argv[1] = put_text(&self->texts, &words[1]);
    places->argv[2] = put_text(&self->texts, &value->via.str);
    return true;
}

/* False when the value of a key is not as it should be. */
static bool
read_member(struct command_request *self, const char *key,
            const msgpack_object *value, struct places *places)
{
    if (strcmp(key, "argv") == 0)
        return read_list(self, value, &places->argv, &places->argc)
               && places->argc > 0;
    if (strcmp(key, "shell") == 0)
        return read_shell(self, value, places);
    if (strcmp(key, "env") == 0)
        return read_list(self, value, &places->env, &places->env_count);
    if (strcmp(key, "stdin") == 0)
        return read_input(self, value);
    if (strcmp(key, "directory") == 0) {
        if (is_text(value))
            places->directory = put_text(&self->texts, &value->via.str);
        return is_text(value);
    }
    if (strcmp(key, "timeout_ms") == 0)
        return read_number(value, TIME_MAX, &self->timeout_ms);
    if (strcmp(key, "grace_ms") == 0)
        return read_number(value, TIME_MAX, &self->grace_ms);
    if (strcmp(key, "stdout_max") == 0)
        return read_number(value, KEPT_MAX, &self->most[0]);
    if (strcmp(key, "stderr_max") == 0)
        return read_number(value, KEPT_MAX, &self->most[1]);
    return false;
}

/* What "run" knows, and what it wants there. */
static const struct key {
    const char *name, *wants;
} keys[] = {{"argv", "a list of texts, or shell a text: one of them"},
            {"shell", "a text, or argv a list: one of them"},
            {"env", "a list of NAME=VALUE"},
            {"stdin", "a text or bytes"},
            {"directory", "a text"},
            {"timeout_ms", "a number of ms, to a day"},
            {"grace_ms", "a number of ms, to a day"},
            {"stdout_max", "a number of bytes, to 48 MiB"},
            {"stderr_max", "a number of bytes, to 48 MiB"}};

static const struct key *
known_key(const msgpack_object *key)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (key->type == MSGPACK_OBJECT_STR
            && key->via.str.size == strlen(keys[i].name)
            && memcmp(key->via.str.ptr, keys[i].name, key->via.str.size) == 0)
            return &keys[i];
    }
    return NULL;
}

static bool
has_nul(const msgpack_object *value)
{
    bool has = false;
    if (value->type == MSGPACK_OBJECT_ARRAY) {
        for (uint32_t i = 0; i < value->via.array.size && !has; i++)
            has = has_nul(&value->via.array.ptr[i]);
    } else if (value->type == MSGPACK_OBJECT_STR
               || value->type == MSGPACK_OBJECT_BIN) {
        has = value->via.str.size > 0
              && memchr(value->via.str.ptr, '\0', value->via.str.size);
    }
    return has;
}

static const char *
say_wrong(struct command_request *self, const struct key *key,
          const msgpack_object *value)
{
    snprintf(self->wrong, sizeof self->wrong, "run: '%s' %s%s", key->name,
             has_nul(value) ? "has a NUL in it" : "wants ",
             has_nul(value) ? "" : key->wants);
    return self->wrong;
}

static const char *
read_members(struct command_request *self, const msgpack_object_map *map,
             struct places *places)
{
    for (uint32_t i = 0; i < map->size; i++) {
        const struct key *key = known_key(&map->ptr[i].key);
        if (!key)
            return "run knows argv, shell, stdin, timeout_ms, grace_ms, env, "
                   "directory, stdout_max and stderr_max";
        if (!read_member(self, key->name, &map->ptr[i].val, places))
            return say_wrong(self, key, &map->ptr[i].val);
    }
    if (!places->argv)
        return "run wants argv or shell";
    for (size_t i = 0; i < places->env_count; i++) {
        if (strcspn(self->texts.data + places->env[i], "=") == 0
            || !strchr(self->texts.data + places->env[i], '='))
            return "run: 'env' wants a list of NAME=VALUE";
    }
    return NULL;
}

/* A program that knows W3C's "traceparent" goes on with our trace. */
static void
put_trace(struct command_request *self, const troupe_message_t *msg,
          struct places *places)
{
    troupe_trace_t trace;
    char text[TROUPE_TRACE_TEXT];
    if (!troupe_message_trace(msg, &trace))
        return;
    places->env = troupe__realloc(places->env, (places->env_count + 1)
                                                   * sizeof *places->env);
    places->env[places->env_count++] = self->texts.size;
    troupe__text_puts(&self->texts, "TRACEPARENT=");
    troupe__text_puts(&self->texts, troupe_trace_text(&trace, text));
    troupe__text_putc(&self->texts, '\0');
}

/* `msg`: whose trace goes on, or NULL. */
static int
read_object(const msgpack_object *body, const troupe_message_t *msg,
            struct command_request *ret_request, const char **ret_what)
{
    *ret_request = (struct command_request){
        .input_fd = -1, .grace_ms = GRACE_MS, .most = {STDOUT_MAX, STDERR_MAX}};
    *ret_what = "run wants a map";
    struct places places = {.directory = SIZE_MAX};
    if (body->type != MSGPACK_OBJECT_MAP)
        return -EBADMSG;
    *ret_what = read_members(ret_request, &body->via.map, &places);
    if (!*ret_what && msg)
        put_trace(ret_request, msg, &places); /* the request's own counts */
    if (!*ret_what)
        resolve(ret_request, &places);
    free(places.argv);
    free(places.env);
    return *ret_what ? -EBADMSG : 0;
}

int
troupe__command_read(const troupe_message_t *msg,
                     struct command_request *ret_request, const char **ret_what)
{
    msgpack_object body;
    if (troupe_message_object(msg, &body) < 0)
        body.type = MSGPACK_OBJECT_NIL;
    return read_object(&body, msg, ret_request, ret_what);
}

int
troupe__command_read_object(const msgpack_object *body,
                            struct command_request *ret_request,
                            const char **ret_what)
{
    return read_object(body, NULL, ret_request, ret_what);
}

void
troupe__command_clear(struct command_request *self)
{
    free(self->argv);
    free(self->env);
    troupe__text_free(&self->texts);
    *self = (struct command_request){0};
}
