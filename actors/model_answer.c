/* SPDX-License-Identifier: Apache-2.0 */
/* model_answer.c: reads what chat completions say, in one piece or many. */
#include "actors/model_answer.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "mailbox/check.h"

void
troupe__answer_init(struct model_answer *self)
{
    *self = (struct model_answer){.prompt_tokens = -1, .completion_tokens = -1};
}

void
troupe__answer_free(struct model_answer *self)
{
    troupe__text_free(&self->text);
    troupe__text_free(&self->line);
    troupe__text_free(&self->data);
}

static void
take_usage(struct model_answer *self, const json_t *root)
{
    const json_t *usage = json_object_get(root, "usage");
    const json_t *in = json_object_get(usage, "prompt_tokens");
    const json_t *out = json_object_get(usage, "completion_tokens");
    const char *model = json_string_value(json_object_get(root, "model"));
    if (model && strlen(model) < sizeof self->model) /* whole, or not */
        memcpy(self->model, model, strlen(model) + 1);
    if (json_is_integer(in) && json_integer_value(in) >= 0)
        self->prompt_tokens = json_integer_value(in);
    if (json_is_integer(out) && json_integer_value(out) >= 0)
        self->completion_tokens = json_integer_value(out);
}

/* The words of {"error": {"message": ...}} or {"error": ...}, on one line. */
static bool
take_error(struct model_answer *self, const json_t *root)
{
    const json_t *error = json_object_get(root, "error");
    const char *words = json_string_value(error);
    if (!words)
        words = json_string_value(json_object_get(error, "message"));
    if (!error || json_is_null(error))
        return false;
    if (!words || !*words)
        words = "an error without words";
    size_t size = 0;
    while (words[size]) {
        size_t step = troupe__utf8_size(words + size, strlen(words + size));
        if (step == 0 || size + step >= sizeof self->error)
            break;
        memcpy(self->error + size, words + size, step);
        size += step;
    }
    self->error[size] = '\0';
    for (char *at = self->error; *at; at++)
        *at = *at == '\n' || *at == '\r' || *at == '\t' ? ' ' : *at;
    return true;
}

/* The first choice: its "message" or, of a stream, its "delta". */
static bool
take_choice(struct model_answer *self, const json_t *root, const char *key)
{
    const json_t *choices = json_object_get(root, "choices");
    if (!json_is_array(choices))
        return false;
    const json_t *choice = json_array_get(choices, 0);
    const json_t *part = json_object_get(choice, key);
    const json_t *content = json_object_get(part, "content");
    const json_t *finish = json_object_get(choice, "finish_reason");
    if (json_is_string(content)) {
        troupe__text_put(&self->text, json_string_value(content),
                         json_string_length(content));
    } else if (content && !json_is_null(content)) {
        return false;
    }
    if (json_is_string(finish))
        (void) snprintf(self->finish, sizeof self->finish, "%s",
                        json_string_value(finish));
    return true;
}

static int
take_event(struct model_answer *self)
{
    if (self->data.size == 0)
        return 0;
    if (strcmp(self->data.data, "[DONE]") == 0) {
        self->done = true;
        troupe__text_clear(&self->data);
        return 0;
    }
    json_t *root = json_loadb(self->data.data, self->data.size, 0, NULL);
    troupe__text_clear(&self->data);
    bool good = json_is_object(root);
    if (good && !take_error(self, root)) {
        take_usage(self, root);
        good = take_choice(self, root, "delta");
    }
    json_decref(root);
    return good ? 0 : -EBADMSG;
}

/* One line without its end: "data: ...", a comment, another field, or the
 * empty one that ends an event. */
static int
take_line(struct model_answer *self)
{
    const char *line = troupe__text_string(&self->line);
    size_t size = self->line.size;
    if (size > 0 && line[size - 1] == '\r')
        size -= 1;
    if (size == 0)
        return take_event(self);
    if (size < 5 || memcmp(line, "data:", 5) != 0)
        return 0;
    size_t at = size > 5 && line[5] == ' ' ? 6 : 5;
    if (self->data.size > 0)
        troupe__text_putc(&self->data, '\n');
    troupe__text_put(&self->data, line + at, size - at);
    return 0;
}

int
troupe__answer_feed(struct model_answer *self, const char *bytes, size_t size)
{
    CHECK(self && (bytes || size == 0));
    int rc = 0;
    while (size > 0 && rc == 0) {
        const char *end = memchr(bytes, '\n', size);
        size_t part = end ? (size_t) (end - bytes) : size;
        troupe__text_put(&self->line, bytes, part);
        bytes += part;
        size -= part;
        if (!end)
            return 0;
        bytes += 1;
        size -= 1;
        rc = take_line(self);
        troupe__text_clear(&self->line);
    }
    return rc;
}

int
troupe__answer_read(struct model_answer *self, const char *bytes, size_t size)
{
    CHECK(self && (bytes || size == 0));
    json_t *root = json_loadb(bytes ? bytes : "", size, 0, NULL);
    bool good = json_is_object(root);
    if (good && !take_error(self, root)) {
        take_usage(self, root);
        good = take_choice(self, root, "message")
               && json_array_size(json_object_get(root, "choices")) > 0;
    }
    json_decref(root);
    self->done = good;
    return good ? 0 : -EBADMSG;
}

void
troupe__answer_read_error(struct model_answer *self, const char *bytes,
                          size_t size)
{
    json_t *root = json_loadb(bytes ? bytes : "", size, 0, NULL);
    (void) take_error(self, root);
    json_decref(root);
}
