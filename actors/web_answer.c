/* SPDX-License-Identifier: Apache-2.0 */
/* web_answer.c: what an engine of the web answers, read with suspicion. */
#include "actors/web.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

#define RESULTS_MAX   100
#define TITLE_MAX     300         /* bytes */
#define TEXT_MAX      (64u << 10) /* bytes of one result */
#define SNIPPET_MAX   1500        /* bytes; what is longer is cut */
#define PASSAGES_EACH 4           /* of a result that is cut */
#define PATH_MAX_SIZE 128

/* What stands at a path of names with "." between; borrowed, or NULL. */
static json_t *
find(json_t *value, const char *path, size_t size)
{
    char name[PATH_MAX_SIZE];
    size_t at = 0;
    while (value && at < size) {
        size_t length = 0;
        while (at + length < size && path[at + length] != '.')
            length += 1;
        if (length >= sizeof name)
            return NULL;
        memcpy(name, path + at, length);
        name[length] = '\0';
        value = json_object_get(value, name);
        at += length + 1;
    }
    return value;
}

/* A text, or the texts of a list, appended; lines as they are. */
static void
put_texts(struct troupe__text *to, const json_t *value)
{
    size_t index = 0;
    json_t *item = NULL;
    if (json_is_string(value) && json_string_length(value) > 0) {
        if (to->size > 0)
            troupe__text_putc(to, '\n');
        troupe__text_put(to, json_string_value(value),
                         json_string_length(value));
    }
    json_array_foreach(value, index, item)
    {
        if (json_is_string(item))
            put_texts(to, item);
    }
}

/* The first of the alternatives that is there. */
static void
put_first(struct troupe__text *to, json_t *item, const char *paths)
{
    while (to->size == 0 && *paths) {
        size_t size = strcspn(paths, "|");
        put_texts(to, find(item, paths, size));
        paths += size + (paths[size] == '|');
    }
}

/* At most so many bytes, and no half character. */
static void
shorten(struct troupe__text *text, size_t size)
{
    if (text->size <= size)
        return;
    while (size > 0 && ((unsigned char) text->data[size] & 0xc0) == 0x80)
        size -= 1;
    text->data[size] = '\0';
    text->size = size;
}

/* Snippets have marks in them: <strong>, &amp;. */
static bool
has_marks(const struct troupe__text *text)
{
    for (size_t i = 0; i + 2 < text->size; i++) {
        const char *at = text->data + i;
        if (at[0] == '<' && (strchr("/!?", at[1]) || (at[1] | 32) >= 'a')
            && memchr(at, '>', text->size - i))
            return true;
        if (at[0] == '&'
            && memchr(at, ';', text->size - i < 12 ? text->size - i : 12))
            return true;
    }
    return false;
}

/* On one line, without marks and control characters. */
static void
flatten(struct troupe__text *text)
{
    if (has_marks(text)) {
        struct troupe_document *document = troupe__document_new();
        troupe__html_read(document, text->data, text->size, "UTF-8");
        struct troupe__text plain = document->text;
        document->text = *text;
        *text = plain;
        troupe_document_destroy(&document);
    }
    size_t to = 0;
    for (size_t i = 0; i < text->size; i++) {
        unsigned char c = (unsigned char) text->data[i];
        char put = c <= ' ' || c == 0x7f ? ' ' : (char) c;
        if (put != ' ' || (to > 0 && text->data[to - 1] != ' '))
            text->data[to++] = put;
    }
    while (to > 0 && text->data[to - 1] == ' ')
        to -= 1;
    text->size = to;
    if (text->data)
        text->data[to] = '\0';
}

static void
add_snippet(const char *url, const char *title, struct troupe__text *text,
            troupe_passages_t *list)
{
    flatten(text);
    if (text->size == 0 || !troupe__utf8_is_valid(text->data, text->size))
        return;
    const troupe_passage_t passage = {
        .path = url, .title = title, .text = text->data, .end = text->size};
    int rc = troupe_passages_add(list, &passage);
    CHECK(rc == 0);
}

static void
add_result(const struct web_engine *engine, const char *question, json_t *item,
           troupe_passages_t *list)
{
    struct troupe__text title = {0}, link = {0}, text = {0};
    put_first(&link, item, engine->link);
    char *url = link.size > 0 && link.size == strlen(link.data)
                    ? troupe__web_address(link.data)
                    : NULL;
    put_first(&title, item, engine->title);
    put_first(&text, item, engine->text);
    shorten(&title, TITLE_MAX);
    shorten(&text, TEXT_MAX);
    flatten(&title);
    if (url && text.size == 0)
        troupe__text_put(&text, title.data ? title.data : "", title.size);
    const char *name = title.size > 0 ? title.data : url;
    if (url && text.size > SNIPPET_MAX) {
        troupe__web_passages(url, name, TROUPE__KIND_TEXT, &text, question,
                             PASSAGES_EACH, list);
    } else if (url && text.size > 0) {
        add_snippet(url, name, &text, list);
    }
    troupe__text_free(&title);
    troupe__text_free(&link);
    troupe__text_free(&text);
    free(url);
}

static int
refuse(char words[160], const char *what, const char *path)
{
    (void) snprintf(words, 160, "%s%.80s", what, path);
    return -EBADMSG;
}

int
troupe__web_read(const struct web_engine *engine, const char *question,
                 uint64_t limit, const char *bytes, size_t size,
                 char words[160], troupe_passages_t **ret_list)
{
    CHECK(engine && bytes && ret_list);
    json_t *root = json_loadb(bytes, size, JSON_ALLOW_NUL, NULL);
    if (!root)
        return refuse(words, "its answer is no JSON", "");
    json_t *results = find(root, engine->results, strlen(engine->results));
    if (!json_is_array(results)) {
        json_decref(root);
        return refuse(words, "its answer has no list at ",
                      *engine->results ? engine->results : "its top");
    }
    troupe_passages_t *list = troupe_passages_new();
    size_t count = json_array_size(results);
    if (limit > RESULTS_MAX)
        limit = RESULTS_MAX;
    for (size_t i = 0; i < count && i < limit; i++)
        add_result(engine, question, json_array_get(results, i), list);
    bool unusable = count > 0 && troupe_passages_count(list) == 0;
    json_decref(root);
    if (unusable) {
        troupe_passages_destroy(&list);
        return refuse(words, "none of its results has an address and a text",
                      "");
    }
    *ret_list = list;
    return 0;
}
