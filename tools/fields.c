/* SPDX-License-Identifier: Apache-2.0 */
/* fields.c: maps of a file read into structs by tables of their keys. */
#include "tools/fields.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_supervisor.h"

#include "tools/topology.h"

#define SHOWN_MAX 40 /* characters of a wrong value that are shown */

/* Numbers at the end of uint32_t have meanings of their own. */
#define NUMBER_MAX (UINT32_MAX - 16)

void
troupe__words_free(struct troupe__words *words)
{
    free(words->items);
    *words = (struct troupe__words){0};
}

void
troupe__wants(struct troupe__findings *findings,
              const struct troupe__value *value, const char *key,
              const char *wanted)
{
    if (value->text && value->type != TROUPE__BINARY && value->size > 0) {
        troupe__found(findings, value->spot, "'%s' wants %s, not '%.*s'", key,
                      wanted, SHOWN_MAX, value->text);
    } else {
        troupe__found(findings, value->spot, "'%s' wants %s, not %s", key,
                      wanted, troupe__type_name(value->type));
    }
}

static bool
is_word(const struct troupe__value *value)
{
    return value->type == TROUPE__TEXT && value->size > 0;
}

static void
read_text(const struct troupe__value *value, const struct troupe__field *field,
          struct troupe__word *ret, struct troupe__findings *findings)
{
    if (is_word(value))
        *ret = (struct troupe__word){value->text, value->spot};
    else if (value->text && value->size > 0 && value->type != TROUPE__BINARY) {
        troupe__found(findings, value->spot,
                      "'%s' wants a text; put quotes around it: \"%.*s\"",
                      field->key, SHOWN_MAX, value->text);
    } else {
        troupe__wants(findings, value, field->key, "a text");
    }
}

static void
read_texts(const struct troupe__value *value, const struct troupe__field *field,
           struct troupe__words *ret, struct troupe__findings *findings)
{
    bool one = is_word(value);
    if (!one && value->type != TROUPE__LIST) {
        troupe__wants(findings, value, field->key,
                      "a list of texts, as in [one, other]");
        return;
    }
    for (size_t i = 0; one ? i < 1 : i < value->count; i++) {
        struct troupe__word word = {0};
        read_text(one ? value : value->values[i], field, &word, findings);
        if (!word.text)
            continue;
        ret->items = troupe__grow(ret->items, ret->count, sizeof *ret->items);
        ret->items[ret->count++] = word;
    }
}

struct unit {
    const char *name;
    double factor;
};

static const struct unit durations[] = {{"ms", 1},      {"s", 1000},
                                        {"m", 60000},   {"min", 60000},
                                        {"h", 3600000}, {NULL, 0}};
static const struct unit sizes[] = {
    {"B", 1},     {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824},
    {"kB", 1000}, {"KB", 1000},  {"MB", 1000000},  {"GB", 1000000000},
    {NULL, 0}};
static const struct unit percents[] = {{"%", 1}, {NULL, 0}};
static const struct unit factors[] = {{"", 100}, {NULL, 0}};
static const struct unit counts[] = {{"", 1}, {NULL, 0}};

/* A number and its unit; 0 needs none. */
static bool
read_units(const char *text, const struct unit *units, double *ret)
{
    size_t size = strspn(text, "0123456789.");
    char *end = NULL;
    double number = strtod(text, &end);
    if (size == 0 || end != text + size)
        return false;
    const char *rest = end + strspn(end, " ");
    for (; units->name; units++) {
        if (strcmp(rest, units->name) == 0 || (number == 0 && !*rest)) {
            *ret = number * units->factor;
            return true;
        }
    }
    return false;
}

/* Of each type: its units, an example of it and the smallest step. */
static const struct unit *
units_of(const struct troupe__field *field, const char **ret_example)
{
    static const char *const examples[] = {
        [TROUPE__FIELD_DURATION] = "a time with its unit, as in 500ms, 2s, 1m",
        [TROUPE__FIELD_SIZE] = "a size with its unit, as in 64KiB, 8MiB",
        [TROUPE__FIELD_PERCENT] = "a percentage, as in 20%",
        [TROUPE__FIELD_FACTOR] = "a number, as in 1.5",
        [TROUPE__FIELD_COUNT] = "a whole number",
    };
    *ret_example = examples[field->type];
    return field->type == TROUPE__FIELD_DURATION  ? durations
           : field->type == TROUPE__FIELD_SIZE    ? sizes
           : field->type == TROUPE__FIELD_PERCENT ? percents
           : field->type == TROUPE__FIELD_FACTOR  ? factors
                                                  : counts;
}

static void
wants_bounds(const struct troupe__value *value,
             const struct troupe__field *field,
             struct troupe__findings *findings)
{
    static const char *const names[] = {[TROUPE__FIELD_DURATION] = "ms",
                                        [TROUPE__FIELD_SIZE] = "B",
                                        [TROUPE__FIELD_PERCENT] = "%",
                                        [TROUPE__FIELD_FACTOR] = "",
                                        [TROUPE__FIELD_COUNT] = ""};
    const char *unit = names[field->type];
    uint32_t by = field->type == TROUPE__FIELD_FACTOR ? 100 : 1;
    uint32_t max = field->max ? field->max : NUMBER_MAX;
    troupe__found(findings, value->spot,
                  "'%s' is '%.*s', which is not within %u%s and %u%s; choose "
                  "one that is",
                  field->key, SHOWN_MAX, value->text, field->min / by, unit,
                  max / by, unit);
}

static void
read_number(const struct troupe__value *value,
            const struct troupe__field *field, uint32_t *ret,
            struct troupe__findings *findings)
{
    const char *example = NULL;
    const struct unit *units = units_of(field, &example);
    double number = 0;
    bool is_scalar = value->type == TROUPE__INTEGER
                     || value->type == TROUPE__REAL
                     || value->type == TROUPE__TEXT;
    if (is_scalar && field->endless
        && strcmp(value->text, field->endless) == 0) {
        *ret = TROUPE_INFINITE;
        return;
    }
    if (value->type == TROUPE__INTEGER && !value->negative && units == counts)
        number = (double) value->natural; /* 0x10, for instance */
    else if (!is_scalar || !read_units(value->text, units, &number)
             || (units == counts && number != floor(number))) {
        if (value->type == TROUPE__INTEGER && units == durations) {
            troupe__found(findings, value->spot,
                          "'%s' has no unit; write %sms or %ss", field->key,
                          value->text, value->text);
        } else if (value->type == TROUPE__INTEGER && units == sizes) {
            troupe__found(findings, value->spot,
                          "'%s' has no unit; write %sB or %sKiB", field->key,
                          value->text, value->text);
        } else {
            troupe__wants(findings, value, field->key, example);
        }
        return;
    }
    uint32_t max = field->max ? field->max : NUMBER_MAX;
    if (number < field->min || number > max || (number > 0 && number < 1))
        wants_bounds(value, field, findings);
    else
        *ret = number == 0 && field->zero ? field->zero : (uint32_t) number;
}

static void
read_choice(const struct troupe__value *value,
            const struct troupe__field *field, void *ret,
            struct troupe__findings *findings)
{
    size_t count = 0;
    char *list = NULL;
    for (; field->choices[count]; count++) {
        if (!*field->choices[count])
            continue;
        if (value->text && strcmp(field->choices[count], value->text) == 0) {
            unsigned index = (unsigned) count; /* an enum of ours is one */
            memcpy(ret, &index, sizeof index);
            free(list);
            return;
        }
        char *longer = troupe__format("%s%s%s", list ? list : "",
                                      list ? ", " : "", field->choices[count]);
        free(list);
        list = longer;
    }
    const char *near = value->text
                           ? troupe__nearest(value->text, field->choices, count)
                           : NULL;
    char *wanted =
        near && *near
            ? troupe__format("one of %s (did you mean '%s'?)", list, near)
            : troupe__format("one of %s", list);
    troupe__wants(findings, value, field->key, wanted);
    free(wanted);
    free(list);
}

static void
read_field(const struct troupe__value *value, const struct troupe__field *field,
           void *ret_struct, struct troupe__findings *findings)
{
    void *at = (char *) ret_struct + field->offset;
    switch (field->type) {
    case TROUPE__FIELD_TEXT:
        read_text(value, field, at, findings);
        break;
    case TROUPE__FIELD_TEXTS:
        read_texts(value, field, at, findings);
        break;
    case TROUPE__FIELD_CHOICE:
        read_choice(value, field, at, findings);
        break;
    case TROUPE__FIELD_MAP:
        troupe__fields_read(value, field->key, field->fields, ret_struct,
                            findings);
        break;
    case TROUPE__FIELD_OTHER:
        break;
    default:
        read_number(value, field, at, findings);
    }
}

static void
unknown_key(const struct troupe__value *key, const char *what,
            const struct troupe__field *fields,
            struct troupe__findings *findings)
{
    const char *names[64];
    size_t count = 0;
    char *list = troupe__copy("", 0);
    for (; fields[count].key; count++) {
        char *longer = troupe__format("%s%s%s", list, count ? ", " : "",
                                      fields[count].key);
        free(list);
        list = longer;
        names[count] = fields[count].key;
    }
    const char *near = troupe__nearest(key->text, names, count);
    if (near) {
        troupe__found(findings, key->spot,
                      "%s has no key '%s'; did you mean '%s'?", what, key->text,
                      near);
    } else {
        troupe__found(findings, key->spot, "%s has no key '%s'; there are %s",
                      what, key->text, list);
    }
    free(list);
}

void
troupe__fields_read(const struct troupe__value *map, const char *what,
                    const struct troupe__field *fields, void *ret_struct,
                    struct troupe__findings *findings)
{
    if (map->type != TROUPE__MAP) {
        troupe__found(findings, map->spot, "%s wants keys and values, not %s",
                      what, troupe__type_name(map->type));
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        const struct troupe__field *field = fields;
        while (field->key && strcmp(field->key, map->keys[i]->text) != 0)
            field++;
        if (!field->key)
            unknown_key(map->keys[i], what, fields, findings);
        else
            read_field(map->values[i], field, ret_struct, findings);
    }
    for (const struct troupe__field *field = fields; field->key; field++) {
        if (field->required && !troupe__value_get(map, field->key))
            troupe__found(findings, map->spot, "%s has no '%s'; add one", what,
                          field->key);
    }
}
