/* SPDX-License-Identifier: Apache-2.0 */
/* council_read.c: what a model's words come to: a choice, a number, ... */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "actors/council.h"
#include "mailbox/check.h"

static void __attribute__((format(printf, 2, 3)))
refuse(struct vote *vote, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vote->state = VOTE_UNUSABLE;
    (void) vsnprintf(vote->reason, sizeof vote->reason, format, args);
    va_end(args);
}

static void
accept(struct vote *vote, char *answer)
{
    vote->state = VOTE_USABLE;
    vote->answer = answer;
}

static bool
is_word(char c)
{
    return isalnum((unsigned char) c) || (c & 0x80) || c == '_';
}

/* Where a choice stands as words of its own, case ignored; or NULL. */
static const char *
find_choice(const char *text, const char *choice)
{
    size_t size = strlen(choice);
    for (const char *at = text; *at; at++) {
        if (strncasecmp(at, choice, size) != 0)
            continue;
        bool begins = at == text || !is_word(at[-1]) || !is_word(choice[0]);
        bool ends = !is_word(at[size]) || !is_word(choice[size - 1]);
        if (begins && ends)
            return at;
    }
    return NULL;
}

/* Whether a choice is found only within longer ones: "A" in "Plan A". */
static bool
is_within_longer(const struct council *self, uint32_t index, const char *at)
{
    for (uint32_t i = 0; i < self->choice_count; i++) {
        const char *other = self->choices[i];
        if (i == index || strlen(other) <= strlen(self->choices[index]))
            continue;
        const char *start = find_choice(other, self->choices[index]);
        if (!start)
            continue;
        size_t before = (size_t) (start - other);
        bool room = true;
        for (size_t j = 1; j <= before && room; j++)
            room = at[-(ptrdiff_t) j] != '\0';
        if (room && strncasecmp(at - before, other, strlen(other)) == 0)
            return true;
    }
    return false;
}

/* The text with a NUL before it as well, so that one may look back. */
static char *
guarded(const char *text, char **ret_memory)
{
    size_t size = strlen(text) + 1;
    *ret_memory = troupe__alloc(size + 1);
    memcpy(*ret_memory + 1, text, size);
    return *ret_memory + 1;
}

static const char *
place_of(const struct council *self, const char *text, uint32_t index)
{
    const char *at = find_choice(text, self->choices[index]);
    while (at
           && (is_within_longer(self, index, at)
               || (self->type == TROUPE_QUERY_CHOICE
                   && !troupe__choice_is_meant(at, self->choices[index]))))
        at = find_choice(at + strlen(self->choices[index]),
                         self->choices[index]);
    return at;
}

static void
read_choice(const struct council *self, struct vote *vote, const char *text)
{
    uint32_t found = 0, which = 0;
    bool denied = false;
    for (uint32_t i = 0; i < self->choice_count; i++) {
        const char *at = place_of(self, text, i);
        if (!at)
            continue;
        which = i;
        found += 1;
        denied |= troupe__choice_is_denied(at);
    }
    if (found == 1 && denied)
        refuse(vote, "it only says which it is not");
    else if (found == 0)
        refuse(vote, "it names none of the choices");
    else if (found > 1)
        refuse(vote, "it names %u of the choices", found);
    else
        accept(vote, troupe__strdup(self->choices[which]));
}

static char *
write_number(double number)
{
    struct troupe__text text = {0};
    troupe__text_printf(&text, "%.15g", number);
    return text.data;
}

/* One number, or the one after the last "answer" or "=". */
static void
read_number(struct vote *vote, const char *text)
{
    const char *from = text, *at;
    for (at = text; *at; at++) {
        if (strncasecmp(at, "answer", 6) == 0)
            from = at + 6;
        else if (*at == '=')
            from = at + 1;
    }
    double first = 0, number = 0;
    unsigned count = 0;
    for (int again = from == text ? 1 : 0; again < 2 && count == 0; again++) {
        at = again ? text : from;
        while (troupe__number_next(&at, &number)) {
            if (count == 0)
                first = number;
            count += count == 0 || number != first;
        }
    }
    if (count == 0) {
        refuse(vote, "there is no number in it");
    } else if (count > 1) {
        refuse(vote, "there are several numbers in it");
    } else {
        vote->number = first;
        accept(vote, write_number(first));
    }
}

/* The object within the text: models like to put ``` and words around it. */
static json_t *
find_object(const char *text)
{
    for (const char *at = strchr(text, '{'); at; at = strchr(at + 1, '{')) {
        json_t *root = json_loadb(at, strlen(at), JSON_DISABLE_EOF_CHECK, NULL);
        if (json_is_object(root))
            return root;
        json_decref(root);
    }
    return NULL;
}

static void
read_json(const struct council *self, struct vote *vote, const char *text)
{
    json_t *root = find_object(text);
    if (!root) {
        refuse(vote, "there is no JSON object in it");
        return;
    }
    const json_t *value = root;
    char *path = troupe__strdup(self->field), *rest = NULL;
    for (char *name = strtok_r(path, ".", &rest); name && value;
         name = strtok_r(NULL, ".", &rest))
        value = json_object_get(value, name);
    if (value && !json_is_null(value)) {
        accept(vote, json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS
                                           | JSON_COMPACT));
    } else {
        refuse(vote, "its object has no field '%s'", self->field);
    }
    free(path);
    json_decref(root);
}

struct placed {
    const char *at;
    uint8_t choice;
};

static int
by_place(const void *one, const void *other)
{
    const struct placed *a = one, *b = other;
    return a->at < b->at ? -1 : a->at > b->at;
}

static void
read_ranking(const struct council *self, struct vote *vote, const char *text)
{
    struct placed placed[COUNCIL_CHOICES_MAX] = {0};
    for (uint32_t i = 0; i < self->choice_count; i++) {
        const char *at = place_of(self, text, i);
        placed[i] = (struct placed){at, (uint8_t) i};
        if (at)
            continue;
        refuse(vote, "it does not name '%s'", self->choices[i]);
        return;
    }
    qsort(placed, self->choice_count, sizeof *placed, by_place);
    struct troupe__text order = {0};
    for (uint32_t i = 0; i < self->choice_count; i++) {
        vote->order[i] = placed[i].choice;
        troupe__text_printf(&order, "%s%s", i > 0 ? " > " : "",
                            self->choices[placed[i].choice]);
    }
    accept(vote, order.data);
}

void
troupe__vote_read(const struct council *self, struct vote *vote)
{
    CHECK(self && vote && vote->text);
    char *memory = NULL;
    const char *text = guarded(vote->text, &memory);
    text += strspn(text, " \t\r\n");
    if (!*text) {
        refuse(vote, "it is empty%s",
               vote->truncated ? ", cut off by max_tokens" : "");
    } else {
        switch (self->type) {
        case TROUPE_QUERY_CHOICE:
            read_choice(self, vote, text);
            break;
        case TROUPE_QUERY_NUMBER:
            read_number(vote, text);
            break;
        case TROUPE_QUERY_JSON:
            read_json(self, vote, text);
            break;
        case TROUPE_QUERY_RANKING:
            read_ranking(self, vote, text);
            break;
        case TROUPE_QUERY_TEXT:
        case TROUPE_QUERY_TYPE_COUNT:
            accept(vote, troupe__strdup(text));
        }
    }
    free(memory);
}

static void
list_choices(const struct council *self, struct troupe__text *to)
{
    for (uint32_t i = 0; i < self->choice_count; i++)
        troupe__text_printf(to, "%s %s", i > 0 ? ";" : "", self->choices[i]);
}

char *
troupe__council_prompt(const struct council *self)
{
    struct troupe__text text = {0};
    troupe__text_puts(&text, self->prompt);
    switch (self->type) {
    case TROUPE_QUERY_CHOICE:
        troupe__text_puts(&text, "\n\nAnswer with exactly one of these:");
        list_choices(self, &text);
        troupe__text_puts(&text, "\nWrite nothing else.");
        break;
    case TROUPE_QUERY_RANKING:
        troupe__text_puts(&text, "\n\nPut these in order, best first:");
        list_choices(self, &text);
        troupe__text_puts(&text, "\nWrite each once, with > between them, and "
                                 "nothing else.");
        break;
    case TROUPE_QUERY_NUMBER:
        troupe__text_puts(&text,
                          "\n\nAnswer with one number.\nWrite nothing else.");
        break;
    case TROUPE_QUERY_JSON:
        troupe__text_printf(&text,
                            "\n\nAnswer with a JSON object that has the field "
                            "\"%s\".\nWrite nothing else.",
                            self->field);
        break;
    case TROUPE_QUERY_TEXT:
    case TROUPE_QUERY_TYPE_COUNT:
        break;
    }
    return text.data;
}

/* {"a": {"b": anything}} for "a.b". */
static json_t *
schema_of(const char *field)
{
    const char *dot = strchr(field, '.');
    size_t size = dot ? (size_t) (dot - field) : strlen(field);
    json_t *inner = dot ? schema_of(dot + 1) : json_object();
    return json_pack("{s:s, s:{s%:o}, s:[s%]}", "type", "object", "properties",
                     field, size, inner, "required", field, size);
}

char *
troupe__council_schema(const struct council *self)
{
    json_t *schema = self->type == TROUPE_QUERY_JSON && self->field
                         ? schema_of(self->field)
                         : NULL;
    char *text = schema ? json_dumps(schema, JSON_COMPACT) : NULL;
    json_decref(schema);
    return text;
}
