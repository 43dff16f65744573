/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_tool.c: the description of a tool, checked and packed. */
#include "actors/mcp.h"

#include <errno.h>
#include <string.h>

#include "troupe_msgpack.h"
#include "troupe_supervisor.h"

#include "mailbox/check.h"

#define NAME_BYTES_MAX 31
#define WORDS_MAX      256
#define START_MS       10000
#define TIMEOUT_MS     30000
#define TIMEOUT_MAX    86400000u /* ms: a day */
#define SIZE_MAX_BYTES (4u << 20)
#define SIZE_LIMIT     (16u << 20)
#define TITLE_PATHS    "title"
#define LINK_PATHS     "url|uri|link|path"
#define TEXT_PATHS     "text|content|snippet|description"

static bool
is_text(const char *text)
{
    return text && troupe__utf8_is_valid(text, strlen(text));
}

static bool
is_text_or_null(const char *text)
{
    return !text || is_text(text);
}

static bool
are_texts(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!texts || !is_text(texts[i]))
            return false;
    return count <= WORDS_MAX;
}

static bool
are_variables(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (texts[i][0] == '=' || !strchr(texts[i], '='))
            return false;
    return true;
}

static const char *
check_arguments(const troupe_mcp_tool_t *tool)
{
    if (!tool->arguments)
        return NULL;
    json_t *json = json_loads(tool->arguments, JSON_REJECT_DUPLICATES, NULL);
    bool good = json_is_object(json);
    json_decref(json);
    return good ? NULL : "its arguments are no object in JSON";
}

const char *
troupe_mcp_tool_check(const troupe_mcp_tool_t *tool)
{
    CHECK(tool);
    if (!is_text(tool->name) || !*tool->name
        || strlen(tool->name) > NAME_BYTES_MAX)
        return "its name is not a text of 1 to 31 bytes";
    if (tool->command_count == 0
        || !are_texts(tool->command, tool->command_count) || !*tool->command[0])
        return "its command is no list of texts, a program first";
    if (!are_texts(tool->env, tool->env_count)
        || !are_variables(tool->env, tool->env_count))
        return "its env is no list of NAME=VALUE";
    if (!is_text(tool->tool) || !*tool->tool)
        return "it names no tool";
    if (!is_text_or_null(tool->directory) || !is_text_or_null(tool->query)
        || !is_text_or_null(tool->limit) || !is_text_or_null(tool->results)
        || !is_text_or_null(tool->title) || !is_text_or_null(tool->link)
        || !is_text_or_null(tool->text))
        return "one of its texts is not UTF-8";
    if (tool->start_ms > TIMEOUT_MAX)
        return "its start is over a day";
    if (tool->timeout_ms > TIMEOUT_MAX)
        return "its timeout is over a day";
    if (tool->size_max > SIZE_LIMIT)
        return "its size_max is over 16 MiB";
    return check_arguments(tool);
}

static void
put_text(msgpack_packer *packer, const char *text)
{
    msgpack_pack_str(packer, strlen(text));
    msgpack_pack_str_body(packer, text, strlen(text));
}

static void
put_list(msgpack_packer *packer, const char *key, const char *const *texts,
         size_t count)
{
    put_text(packer, key);
    msgpack_pack_array(packer, count);
    for (size_t i = 0; i < count; i++)
        put_text(packer, texts[i]);
}

/* As "run" of a command has it. */
static int
write_run(msgpack_packer *packer, void *value)
{
    const troupe_mcp_tool_t *tool = value;
    msgpack_pack_map(packer, tool->directory ? 3 : 2);
    put_list(packer, "argv", tool->command, tool->command_count);
    put_list(packer, "env", tool->env, tool->env_count);
    if (tool->directory) {
        put_text(packer, "directory");
        put_text(packer, tool->directory);
    }
    return 0;
}

int
troupe_mcp_tool_pack(const troupe_mcp_tool_t *tool,
                     struct troupe_child_spec *ret_spec)
{
    CHECK(ret_spec);
    if (troupe_mcp_tool_check(tool))
        return -EINVAL;
    ret_spec->id = tool->name;
    ret_spec->kind = &troupe_mcp_engine;
    ret_spec->place = TROUPE_OWN_THREAD; /* its stop waits for the server */
    return troupe_child_spec_pack(
        ret_spec,
        "{s:s, s:s, s:*, s:s, s:s?, s:s?, s:s?, s:s, s:s, s:s, s:U, s:U, s:U}",
        "name", tool->name, "tool", tool->tool, "run", write_run,
        (void *) (uintptr_t) tool, "query", tool->query ? tool->query : "query",
        "limit", tool->limit, "arguments", tool->arguments, "results",
        tool->results, "title", tool->title ? tool->title : TITLE_PATHS, "link",
        tool->link ? tool->link : LINK_PATHS, "text",
        tool->text ? tool->text : TEXT_PATHS, "start_ms",
        (uint64_t) (tool->start_ms ? tool->start_ms : START_MS), "timeout_ms",
        (uint64_t) (tool->timeout_ms ? tool->timeout_ms : TIMEOUT_MS),
        "size_max",
        (uint64_t) (tool->size_max ? tool->size_max : SIZE_MAX_BYTES));
}
