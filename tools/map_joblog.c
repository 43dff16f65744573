/* SPDX-License-Identifier: Apache-2.0 */
/* map_joblog.c: the commands of tasks, until the log of jobs names them. */
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/map.h"
#include "tools/map_joblog.h"

/* A word of a command on the one line that it has. */
static void
put_word(FILE *out, const msgpack_object *word)
{
    bool is_text = word->type == MSGPACK_OBJECT_STR;
    if (!is_text && word->type != MSGPACK_OBJECT_BIN)
        return;
    const char *bytes = is_text ? word->via.str.ptr : word->via.bin.ptr;
    size_t size = is_text ? word->via.str.size : word->via.bin.size;
    for (size_t i = 0; i < size; i++)
        fputc((unsigned char) bytes[i] < ' ' ? ' ' : bytes[i], out);
}

/* {"shell": text} or {"argv": [words]}. */
static void
put_command(FILE *out, const msgpack_object *body)
{
    for (uint32_t i = 0; i < body->via.map.size; i++) {
        const msgpack_object *key = &body->via.map.ptr[i].key;
        const msgpack_object *value = &body->via.map.ptr[i].val;
        bool named = key->type == MSGPACK_OBJECT_STR;
        if (named && key->via.str.size == 5
            && memcmp(key->via.str.ptr, "shell", 5) == 0)
            put_word(out, value);
        if (!named || key->via.str.size != 4
            || memcmp(key->via.str.ptr, "argv", 4) != 0
            || value->type != MSGPACK_OBJECT_ARRAY)
            continue;
        for (uint32_t j = 0; j < value->via.array.size; j++) {
            if (j > 0)
                fputc(' ', out);
            put_word(out, &value->via.array.ptr[j]);
        }
    }
}

/* NULL: it cannot be said. */
static char *
text_of(const troupe_map_task_t *task, const char *line, size_t size)
{
    char *text = NULL;
    size_t text_size = 0, at = 0;
    msgpack_unpacked body;
    FILE *out = open_memstream(&text, &text_size);
    if (!out)
        return NULL;
    msgpack_unpacked_init(&body);
    msgpack_object whole = {.type = MSGPACK_OBJECT_BIN,
                            .via.bin = {.ptr = line, .size = (uint32_t) size}};
    if (task->how == TROUPE_MAP_COMMAND
        && msgpack_unpack_next(&body, task->body, task->body_size, &at)
               == MSGPACK_UNPACK_SUCCESS
        && body.data.type == MSGPACK_OBJECT_MAP)
        put_command(out, &body.data);
    else
        put_word(out, &whole);
    msgpack_unpacked_destroy(&body);
    fclose(out);
    return text;
}

void
troupe__map_note(struct troupe__map_input *self, const troupe_map_task_t *task,
                 const char *line, size_t size)
{
    if (!self->arguments->joblog)
        return;
    self->commands = troupe__grow(self->commands, (size_t) self->given,
                                  sizeof *self->commands);
    self->commands[self->given] = text_of(task, line, size);
    self->noted = self->given + 1;
}

const char *
troupe__map_noted(const struct troupe__map_input *self, uint64_t number)
{
    return number < self->noted && self->commands[number]
               ? self->commands[number]
               : "";
}

void
troupe__map_forget(struct troupe__map_input *self, uint64_t number)
{
    if (number >= self->noted)
        return;
    free(self->commands[number]);
    self->commands[number] = NULL;
}
