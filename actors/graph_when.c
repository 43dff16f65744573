/* SPDX-License-Identifier: Apache-2.0 */
/* graph_when.c: conditions, such as "${count.errors} > 3". */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/graph.h"
#include "actors/graph_value.h"
#include "mailbox/check.h"

/* [not] operand [== | != | < | <= | > | >= operand] */
struct reader {
    const char *at;
    known_fn known;
    void *data;
    void (*seen)(void *data, const struct reference *reference);
    msgpack_zone zone;
    char *why;
};

enum comparison { NONE, EQUAL, OTHER, LESS, LESS_EQUAL, MORE, MORE_EQUAL };

static int
is_wrong(struct reader *self, const char *what)
{
    snprintf(self->why, REFERENCE_WHY,
             "%s at '%.40s'; write ${id.field} == 3, or < <= > >= !=, or "
             "${id} alone, or not ${id}",
             what, self->at);
    return -EINVAL;
}

static void
skip_spaces(struct reader *self)
{
    self->at += strspn(self->at, " \t\n");
}

static int
read_reference(struct reader *self, msgpack_object *ret)
{
    struct reference reference;
    size_t size =
        troupe__graph_reference_read(self->at, strlen(self->at), &reference);
    if (size == 0)
        return is_wrong(self, "no reference");
    self->at += size;
    if (self->seen)
        self->seen(self->data, &reference);
    return self->known ? troupe__graph_reference_value(
               &reference, self->known, self->data, &self->zone, ret, self->why)
                       : 0;
}

static void
take_text(msgpack_object *ret, const char *text, size_t size)
{
    ret->type = MSGPACK_OBJECT_STR;
    ret->via.str.ptr = text;
    ret->via.str.size = (uint32_t) size;
}

/* A number, true, false, null, or a word that stands for itself. */
static void
take_word(msgpack_object *ret, const char *text, size_t size)
{
    char *end = NULL;
    double number = strtod(text, &end);
    take_text(ret, text, size);
    if (end == text + size) {
        ret->type = MSGPACK_OBJECT_FLOAT64;
        ret->via.f64 = number;
    } else if (size == 4 && memcmp(text, "null", size) == 0) {
        ret->type = MSGPACK_OBJECT_NIL;
    } else if ((size == 4 && memcmp(text, "true", size) == 0)
               || (size == 5 && memcmp(text, "false", size) == 0)) {
        ret->type = MSGPACK_OBJECT_BOOLEAN;
        ret->via.boolean = size == 4;
    }
}

static int
read_operand(struct reader *self, msgpack_object *ret)
{
    skip_spaces(self);
    *ret = (msgpack_object){.type = MSGPACK_OBJECT_NIL};
    if (strncmp(self->at, "${", 2) == 0)
        return read_reference(self, ret);
    if (*self->at == '"' || *self->at == '\'') {
        const char *end = strchr(self->at + 1, *self->at);
        if (!end)
            return is_wrong(self, "no closing quote");
        take_text(ret, self->at + 1, (size_t) (end - self->at - 1));
        self->at = end + 1;
        return 0;
    }
    size_t size = strcspn(self->at, " \t\n=!<>\"'$(){}&|");
    if (size == 0)
        return is_wrong(self, "nothing to compare");
    take_word(ret, self->at, size);
    self->at += size;
    return 0;
}

static enum comparison
read_comparison(struct reader *self)
{
    static const struct {
        const char *text;
        enum comparison is;
    } all[] = {{"==", EQUAL},      {"!=", OTHER}, {"<=", LESS_EQUAL},
               {">=", MORE_EQUAL}, {"<", LESS},   {">", MORE}};
    skip_spaces(self);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t size = strlen(all[i].text);
        if (strncmp(self->at, all[i].text, size) == 0) {
            self->at += size;
            return all[i].is;
        }
    }
    return NONE;
}

/* NaN for what is no number; a text may hold one. */
static double
number_of(const msgpack_object *object)
{
    char text[64];
    char *end = NULL;
    switch (object->type) {
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return (double) object->via.u64;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return (double) object->via.i64;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        return object->via.f64;
    case MSGPACK_OBJECT_STR:
        if (object->via.str.size == 0 || object->via.str.size >= sizeof text)
            return NAN;
        memcpy(text, object->via.str.ptr, object->via.str.size);
        text[object->via.str.size] = '\0';
        double number = strtod(text, &end);
        return *end ? NAN : number;
    default:
        return NAN;
    }
}

static bool
is_same_text(const msgpack_object *one, const msgpack_object *other)
{
    char *texts[2] = {NULL, NULL};
    size_t sizes[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        FILE *out = troupe__graph_text_open(&texts[i], &sizes[i]);
        troupe__graph_value_text(i == 0 ? one : other, out);
        troupe__graph_text_close(out);
    }
    bool same =
        sizes[0] == sizes[1] && memcmp(texts[0], texts[1], sizes[0]) == 0;
    free(texts[0]);
    free(texts[1]);
    return same;
}

static bool
is_true(const msgpack_object *object)
{
    switch (object->type) {
    case MSGPACK_OBJECT_NIL:
        return false;
    case MSGPACK_OBJECT_BOOLEAN:
        return object->via.boolean;
    case MSGPACK_OBJECT_STR:
        return object->via.str.size > 0;
    case MSGPACK_OBJECT_BIN:
        return object->via.bin.size > 0;
    case MSGPACK_OBJECT_ARRAY:
        return object->via.array.size > 0;
    case MSGPACK_OBJECT_MAP:
        return object->via.map.size > 0;
    default:
        return number_of(object) != 0;
    }
}

static int
compare(struct reader *self, const msgpack_object *one, enum comparison how,
        const msgpack_object *other)
{
    double a = number_of(one), b = number_of(other);
    bool numbers = !isnan(a) && !isnan(b);
    if (how == EQUAL || how == OTHER) {
        bool same = numbers ? a == b : is_same_text(one, other);
        return same == (how == EQUAL);
    }
    if (!numbers && self->known) {
        snprintf(self->why, REFERENCE_WHY,
                 "it compares what is no number by size");
        return -EINVAL;
    }
    return how == LESS         ? a < b
           : how == LESS_EQUAL ? a <= b
           : how == MORE       ? a > b
                               : a >= b;
}

static int
read_all(struct reader *self)
{
    msgpack_object one, other;
    skip_spaces(self);
    bool negate = strncmp(self->at, "not ", 4) == 0;
    self->at += negate ? 4 : 0;
    int rc = read_operand(self, &one);
    if (rc < 0)
        return rc;
    enum comparison how = read_comparison(self);
    if (how != NONE)
        rc = read_operand(self, &other);
    skip_spaces(self);
    if (rc == 0 && *self->at)
        rc = is_wrong(self, "more than one comparison");
    if (rc < 0)
        return rc;
    rc = how == NONE ? is_true(&one) : compare(self, &one, how, &other);
    return rc < 0 ? rc : rc != negate;
}

int
troupe__graph_when(const char *text, known_fn known, void *data,
                   void (*seen)(void *data, const struct reference *reference),
                   char why[REFERENCE_WHY])
{
    CHECK(text);
    struct reader reader = {
        .at = text, .known = known, .data = data, .seen = seen, .why = why};
    if (!msgpack_zone_init(&reader.zone, MSGPACK_ZONE_CHUNK_SIZE))
        troupe__out_of_memory(MSGPACK_ZONE_CHUNK_SIZE);
    int rc = read_all(&reader);
    msgpack_zone_destroy(&reader.zone);
    return rc;
}
