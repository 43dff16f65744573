/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_passages.c: what a tool answers, as passages, read with suspicion. */
#include "actors/mcp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

#define RESULTS_MAX 100
#define TITLE_MAX   300  /* bytes; what is longer is cut */
#define LINK_MAX    2000 /* bytes; without it when it is longer */
#define TEXT_MAX    4000 /* bytes; what is longer is cut */
#define NAME_SIZE   128

/* What stands at a path of names with "." between; borrowed, or NULL. */
static json_t *
find(json_t *value, const char *path, size_t size)
{
    char name[NAME_SIZE];
    for (size_t at = 0; value && at < size;) {
        size_t length = strcspn(path + at, ".");
        if (length > size - at)
            length = size - at;
        if (length >= sizeof name)
            return NULL;
        memcpy(name, path + at, length);
        name[length] = '\0';
        value = json_object_get(value, name);
        at += length + 1;
    }
    return value;
}

/* The first text among alternatives, or NULL. */
static const char *
find_text(json_t *item, const char *paths)
{
    const char *text = NULL;
    while (!text && *paths) {
        size_t size = strcspn(paths, "|");
        text = json_string_value(find(item, paths, size));
        if (text && !*text)
            text = NULL;
        paths += size + (paths[size] == '|');
    }
    return text;
}

/* A copy of at most so many bytes, clean, without half a character. */
static struct troupe__text
clean(const char *text, size_t most)
{
    const char *note = "";
    struct troupe__text copy = {0};
    size_t size = strlen(text);
    if (size > most) {
        for (size = most;
             size > 0 && ((unsigned char) text[size] & 0xc0) == 0x80;)
            size--;
    }
    troupe__text_put(&copy, text, size);
    if (troupe__text_decode(&copy, &note) < 0)
        troupe__text_clear(&copy);
    return copy;
}

static void
add(const struct mcp_mapping *mapping, const char *link, const char *title,
    const char *text, troupe_passages_t *list)
{
    struct troupe__text shown = clean(text, TEXT_MAX);
    struct troupe__text called = clean(title ? title : "", TITLE_MAX);
    struct troupe__text path = {0};
    if (link && strlen(link) <= LINK_MAX)
        path = clean(link, LINK_MAX);
    if (path.size == 0)
        troupe__text_printf(&path, "mcp:%s/%zu", mapping->name,
                            troupe_passages_count(list) + 1);
    for (size_t i = 0; i < called.size; i++)
        if (called.data[i] == '\n')
            called.data[i] = ' ';
    const troupe_passage_t passage = {
        .path = path.data,
        .title = called.size > 0 ? called.data : path.data,
        .text = shown.data,
        .end = shown.size,
        .score = 1.0 / (double) (troupe_passages_count(list) + 1)};
    if (shown.size > 0) {
        int rc = troupe_passages_add(list, &passage);
        CHECK(rc == 0);
    }
    troupe__text_free(&shown);
    troupe__text_free(&called);
    troupe__text_free(&path);
}

/* The texts of an answer, the first of them with what the server failed on. */
static const char *
text_at(const json_t *content, size_t index)
{
    const json_t *item = json_array_get(content, index);
    const char *text = json_string_value(json_object_get(item, "text"));
    return text ? text
                : json_string_value(
                    json_object_get(json_object_get(item, "resource"), "text"));
}

static void
add_texts(const struct mcp_mapping *mapping, const json_t *content,
          uint64_t limit, troupe_passages_t *list)
{
    for (size_t i = 0; i < json_array_size(content) && i < limit; i++) {
        const json_t *item = json_array_get(content, i);
        const json_t *resource = json_object_get(item, "resource");
        const char *text = text_at(content, i);
        if (text)
            add(mapping, json_string_value(json_object_get(resource, "uri")),
                mapping->tool, text, list);
    }
}

/* The list of results: of the structured answer, or of its text as JSON. */
static json_t *
find_results(const struct mcp_mapping *mapping, const json_t *result)
{
    const char *path = mapping->results;
    json_t *list =
        find(json_object_get(result, "structuredContent"), path, strlen(path));
    if (json_is_array(list))
        return json_incref(list);
    const char *text = text_at(json_object_get(result, "content"), 0);
    json_t *parsed = text ? json_loads(text, 0, NULL) : NULL;
    list = find(parsed, path, strlen(path));
    list = json_is_array(list) ? json_incref(list) : NULL;
    json_decref(parsed);
    return list;
}

static int
refuse(char words[MCP_WORDS_SIZE], int code, const char *what,
       const char *which)
{
    (void) snprintf(words, MCP_WORDS_SIZE, "%s%.160s", what, which);
    for (char *at = words; *at; at++) /* it may be cut within a letter */
        if ((unsigned char) *at < ' ' || (unsigned char) *at >= 0x7f)
            *at = '?';
    return code;
}

static int
add_results(const struct mcp_mapping *mapping, const json_t *result,
            uint64_t limit, char words[MCP_WORDS_SIZE], troupe_passages_t *list)
{
    json_t *results = find_results(mapping, result);
    if (!results)
        return refuse(words, -EBADMSG, "its answer has no list at ",
                      *mapping->results ? mapping->results : "its top");
    size_t count = json_array_size(results);
    for (size_t i = 0; i < count && i < limit; i++) {
        json_t *item = json_array_get(results, i);
        const char *text = json_is_string(item)
                               ? json_string_value(item)
                               : find_text(item, mapping->text);
        if (text)
            add(mapping, find_text(item, mapping->link),
                find_text(item, mapping->title), text, list);
    }
    json_decref(results);
    if (count > 0 && troupe_passages_count(list) == 0)
        return refuse(words, -EBADMSG, "none of its results has a text at ",
                      mapping->text);
    return 0;
}

int
troupe__mcp_passages(const struct mcp_mapping *mapping, const json_t *result,
                     uint64_t limit, char words[MCP_WORDS_SIZE],
                     troupe_passages_t **ret_list)
{
    CHECK(mapping && result && ret_list);
    const json_t *content = json_object_get(result, "content");
    if (json_is_true(json_object_get(result, "isError"))) {
        const char *text = text_at(content, 0);
        return refuse(words, -EPROTO, "its server says: ", text ? text : "");
    }
    if (limit > RESULTS_MAX)
        limit = RESULTS_MAX;
    troupe_passages_t *list = troupe_passages_new();
    int rc = 0;
    if (mapping->results)
        rc = add_results(mapping, result, limit, words, list);
    else if (json_is_array(content))
        add_texts(mapping, content, limit, list);
    else
        rc = refuse(words, -EBADMSG, "its answer has no content", "");
    if (rc < 0)
        troupe_passages_destroy(&list);
    else
        *ret_list = list;
    return rc;
}
