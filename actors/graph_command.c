/* SPDX-License-Identifier: Apache-2.0 */
/* graph_command.c: tasks that are shell commands: what is run, and its output. */
#include "actors/graph_command.h"

#include <errno.h>
#include <string.h>

#include "actors/graph_value.h"
#include "actors/graph_wire.h"
#include "actors/text.h"
#include "mailbox/check.h"

#define SHOWN_MAX 200 /* bytes of the last line of standard error */

static const char *const outputs[] = {
    [COMMAND_TEXT] = "text",
    [COMMAND_LINES] = "lines",
    [COMMAND_JSON] = "json",
    [COMMAND_NONE] = "none",
};

static bool
is_text(const msgpack_object *object, const char *text)
{
    size_t size = strlen(text);
    return object->type == MSGPACK_OBJECT_STR && object->via.str.size == size
           && memcmp(object->via.str.ptr, text, size) == 0;
}

/* A program's arguments and variables end at a NUL. */
static bool
is_word(const msgpack_object *object)
{
    return object->type == MSGPACK_OBJECT_STR
           && (object->via.str.size == 0
               || !memchr(object->via.str.ptr, '\0', object->via.str.size));
}

static bool
is_name(const msgpack_object *object)
{
    return is_word(object) && object->via.str.size > 0
           && !memchr(object->via.str.ptr, '=', object->via.str.size);
}

static int
take_output(const msgpack_object *value, struct command *ret)
{
    for (int i = 0; i <= COMMAND_NONE; i++) {
        if (is_text(value, outputs[i])) {
            ret->output = (enum command_output) i;
            return 0;
        }
    }
    return -EINVAL;
}

static int
take_pair(const msgpack_object_kv *pair, struct command *ret)
{
    const msgpack_object *value = &pair->val;
    bool good = true;
    if (is_text(&pair->key, "output"))
        return take_output(value, ret);
    if (is_text(&pair->key, "cmd")) {
        ret->cmd = value;
        good = is_word(value) && value->via.str.size > 0;
    } else if (is_text(&pair->key, "stdin")) {
        ret->input = value;
    } else if (is_text(&pair->key, "directory")) {
        ret->directory = value;
        good = is_word(value);
    } else if (is_text(&pair->key, "args")) {
        ret->args = &value->via.array;
        good = value->type == MSGPACK_OBJECT_ARRAY;
        for (uint32_t i = 0; good && i < ret->args->size; i++)
            good = is_word(&ret->args->ptr[i]);
    } else if (is_text(&pair->key, "env")) {
        ret->env = &value->via.map;
        good = value->type == MSGPACK_OBJECT_MAP;
        for (uint32_t i = 0; good && i < ret->env->size; i++)
            good = is_name(&ret->env->ptr[i].key)
                   && is_word(&ret->env->ptr[i].val);
    } else {
        good = false;
    }
    return good ? 0 : -EINVAL;
}

int
troupe__graph_command_read(const msgpack_object *body, struct command *ret)
{
    int rc = body->type == MSGPACK_OBJECT_MAP ? 0 : -EINVAL;
    *ret = (struct command){.output = COMMAND_TEXT};
    for (uint32_t i = 0; rc == 0 && i < body->via.map.size; i++)
        rc = take_pair(&body->via.map.ptr[i], ret);
    return rc == 0 && !ret->cmd ? -EINVAL : rc;
}

/* The words of a task are arguments of the shell, and never part of what it
 * reads as a program: "$1" in the command is the first one. */
int
troupe__graph_command_write(msgpack_packer *packer, void *order)
{
    static const char *const shell[] = {"/bin/sh", "-c"};
    const struct command_order *self = order;
    const struct command *it = self->command;
    uint32_t args = it->args ? it->args->size : 0;
    uint32_t variables = it->env ? it->env->size : 0;
    msgpack_pack_map(packer,
                     4u + (it->input != NULL) + (it->directory != NULL));
    troupe__graph_pack_text(packer, "argv");
    msgpack_pack_array(packer, 4 + args);
    troupe__graph_pack_text(packer, shell[0]);
    troupe__graph_pack_text(packer, shell[1]);
    msgpack_pack_object(packer, *it->cmd);
    troupe__graph_pack_text(packer, "sh");
    for (uint32_t i = 0; i < args; i++)
        msgpack_pack_object(packer, it->args->ptr[i]);
    troupe__graph_pack_text(packer, "env");
    msgpack_pack_array(packer, variables);
    for (uint32_t i = 0; i < variables; i++) {
        const msgpack_object_str *name = &it->env->ptr[i].key.via.str;
        const msgpack_object_str *value = &it->env->ptr[i].val.via.str;
        msgpack_pack_str(packer, (size_t) name->size + 1 + value->size);
        msgpack_pack_str_body(packer, name->ptr, name->size);
        msgpack_pack_str_body(packer, "=", 1);
        msgpack_pack_str_body(packer, value->ptr, value->size);
    }
    troupe__graph_pack_text(packer, "timeout_ms");
    msgpack_pack_uint32(packer, self->timeout_ms);
    troupe__graph_pack_text(packer, "stdout_max");
    msgpack_pack_uint32(packer, self->output_max);
    if (it->input) {
        troupe__graph_pack_text(packer, "stdin");
        msgpack_pack_object(packer, *it->input);
    }
    if (it->directory) {
        troupe__graph_pack_text(packer, "directory");
        msgpack_pack_object(packer, *it->directory);
    }
    return 0;
}

/* --- what it wrote ----------------------------------------------------------*/

void
troupe__graph_pack_lines(msgpack_packer *packer, const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += text[i] == '\n';
    count += size > 0 && text[size - 1] != '\n';
    msgpack_pack_array(packer, count);
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t line = end ? (size_t) (end - text) : size;
        msgpack_pack_str_with_body(packer, text, line);
        text += line + (end != NULL);
        size -= line + (end != NULL);
    }
}

static int
take_text(enum command_output output, const char *text, size_t size,
          void **ret_bytes, size_t *ret_size)
{
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    if (output == COMMAND_NONE) {
        msgpack_pack_nil(&packer);
    } else if (!troupe__utf8_is_valid(text, size)) {
        msgpack_pack_bin_with_body(&packer, text, size);
    } else if (output == COMMAND_LINES) {
        troupe__graph_pack_lines(&packer, text, size);
    } else {
        while (size > 0 && text[size - 1] == '\n')
            size--;
        msgpack_pack_str_with_body(&packer, text, size);
    }
    *ret_bytes = buffer.data;
    *ret_size = buffer.size;
    return 0;
}

/* The last line of standard error says most, most of the time. */
static void
say_failure(const char *words, const char *text, size_t size,
            char why[COMMAND_WHY])
{
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == ' '))
        size--;
    size_t begin = size;
    while (begin > 0 && text[begin - 1] != '\n')
        begin--;
    size_t shown = size - begin < SHOWN_MAX ? size - begin : SHOWN_MAX;
    while (shown > 0 && !troupe__utf8_is_valid(text + begin, shown))
        shown--;
    snprintf(why, COMMAND_WHY, "%s%s%.*s", words, shown > 0 ? ": " : "",
             (int) shown, text + begin);
}

troupe_graph_state_t
troupe__graph_command_result(const troupe_message_t *reply,
                             enum command_output output, size_t output_max,
                             void **ret_bytes, size_t *ret_size,
                             char why[COMMAND_WHY])
{
    const char *state = "", *words = "";
    const void *out = NULL, *err = NULL;
    size_t out_size = 0, err_size = 0;
    uint64_t wrote = 0;
    int rc = troupe_unpack(reply, "{s:s, s:s, s:B, s:B, s:U}", "state", &state,
                           "text", &words, "stdout", &out, &out_size, "stderr",
                           &err, &err_size, "stdout_size", &wrote);
    if (rc < 0) {
        snprintf(why, COMMAND_WHY, "what became of it cannot be read");
        return TROUPE_GRAPH_FAILED;
    }
    if (strcmp(state, "ok") != 0) {
        say_failure(words, err, err_size, why);
        return strcmp(state, "timeout") == 0 ? TROUPE_GRAPH_TIMEOUT
                                             : TROUPE_GRAPH_FAILED;
    }
    if (wrote > output_max && output != COMMAND_NONE) {
        snprintf(why, COMMAND_WHY,
                 "it wrote %llu bytes, over %zu; let it write to a file and "
                 "print the path, or give it 'output: none'",
                 (unsigned long long) wrote, output_max);
        return TROUPE_GRAPH_FAILED;
    }
    if (output != COMMAND_JSON)
        rc = take_text(output, out, out_size, ret_bytes, ret_size);
    else
        rc = troupe__graph_json_value(out, out_size, ret_bytes, ret_size);
    if (rc == 0)
        return TROUPE_GRAPH_OK;
    snprintf(why, COMMAND_WHY, "what it wrote is no JSON");
    return TROUPE_GRAPH_FAILED;
}
