/* SPDX-License-Identifier: Apache-2.0 */
/* decide_codec.c: estimates, tables and scores as bodies of messages. */
#include "actors/decide_codec.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

/* The numbers of an estimate; what is not known is nil. */
static const struct {
    const char *key;
    size_t offset;
} numbers[] = {
    {"ratio", offsetof(struct estimate, ratio)},
    {"payback", offsetof(struct estimate, payback)},
    {"loss", offsetof(struct estimate, loss)},
    {"tail", offsetof(struct estimate, tail)},
    {"least", offsetof(struct estimate, least)},
    {"worst", offsetof(struct estimate, worst)},
    {"mean", offsetof(struct estimate, mean)},
    {"minimum", offsetof(struct estimate, minimum)},
    {"maximum", offsetof(struct estimate, maximum)},
    {"deviation", offsetof(struct estimate, deviation)},
    {"on_time", offsetof(struct estimate, on_time)},
};
#define NUMBER_COUNT (sizeof numbers / sizeof numbers[0])

static void
put_text(msgpack_packer *packer, const char *text)
{
    msgpack_pack_str(packer, strlen(text));
    msgpack_pack_str_body(packer, text, strlen(text));
}

static void
put_real(msgpack_packer *packer, double number)
{
    if (isnan(number))
        msgpack_pack_nil(packer);
    else
        msgpack_pack_double(packer, number);
}

static void
put_bool(msgpack_packer *packer, bool truth)
{
    if (truth)
        msgpack_pack_true(packer);
    else
        msgpack_pack_false(packer);
}

static void
put_range(msgpack_packer *packer, const struct range *range)
{
    msgpack_pack_array(packer, 3);
    put_real(packer, range->low);
    put_real(packer, range->mode);
    put_real(packer, range->high);
}

int
troupe__estimate_write(msgpack_packer *packer, void *estimate)
{
    const struct estimate *it = estimate;
    msgpack_pack_map(packer, NUMBER_COUNT + 3);
    put_text(packer, "enough");
    put_bool(packer, it->enough);
    put_text(packer, "missing");
    put_text(packer, it->missing);
    put_text(packer, "net");
    msgpack_pack_array(packer, VIEW_COUNT);
    for (unsigned i = 0; i < VIEW_COUNT; i++)
        put_range(packer, &it->net[i]);
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        double number = 0;
        memcpy(&number, (const char *) it + numbers[i].offset, sizeof number);
        put_text(packer, numbers[i].key);
        put_real(packer, number);
    }
    return 0;
}

static void
put_column(msgpack_packer *packer, const struct column *column)
{
    msgpack_pack_array(packer, 6);
    put_text(packer, column->id);
    msgpack_pack_uint32(packer, column->group);
    put_bool(packer, column->max);
    put_bool(packer, column->exact);
    msgpack_pack_uint32(packer, column->views);
    put_real(packer, column->weight);
}

int
troupe__table_write(msgpack_packer *packer, void *table)
{
    const struct table *it = table;
    msgpack_pack_map(packer, 4);
    put_text(packer, "options");
    msgpack_pack_array(packer, it->rows);
    for (uint32_t i = 0; i < it->rows; i++)
        put_text(packer, it->ids[i]);
    put_text(packer, "columns");
    msgpack_pack_array(packer, it->column_count);
    for (uint32_t j = 0; j < it->column_count; j++)
        put_column(packer, &it->columns[j]);
    put_text(packer, "cells");
    msgpack_pack_array(packer, (size_t) it->rows * it->column_count);
    for (size_t i = 0; i < (size_t) it->rows * it->column_count; i++)
        put_range(packer, &it->cells[i]);
    put_text(packer, "views");
    msgpack_pack_array(packer, VIEW_COUNT);
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        msgpack_pack_array(packer, GROUP_COUNT + 1);
        put_real(packer, it->views[v].optimism);
        for (unsigned i = 0; i < GROUP_COUNT; i++)
            put_real(packer, it->views[v].weights[i]);
    }
    return 0;
}

int
troupe__scores_write(msgpack_packer *packer, void *scores)
{
    const struct scores *it = scores;
    msgpack_pack_array(packer, it->count);
    for (uint32_t i = 0; i < it->count; i++)
        put_real(packer, it->items[i]);
    return 0;
}

int
troupe__counts_write(msgpack_packer *packer, void *counts)
{
    const struct counts *it = counts;
    msgpack_pack_array(packer, it->count);
    for (uint32_t i = 0; i < it->count; i++)
        msgpack_pack_uint32(packer, it->items[i]);
    return 0;
}

/* --- reading ------------------------------------------------------------- */

static const msgpack_object *
member(const msgpack_object *map, const char *key)
{
    if (!map || map->type != MSGPACK_OBJECT_MAP)
        return NULL;
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object_kv *it = &map->via.map.ptr[i];
        if (it->key.type == MSGPACK_OBJECT_STR
            && it->key.via.str.size == strlen(key)
            && memcmp(it->key.via.str.ptr, key, strlen(key)) == 0)
            return &it->val;
    }
    return NULL;
}

static const msgpack_object *
value_of(const troupe_message_t *msg, msgpack_object *body, const char *key)
{
    return troupe_message_object(msg, body) < 0 ? NULL : member(body, key);
}

static bool
is_list(const msgpack_object *object, size_t size)
{
    return object && object->type == MSGPACK_OBJECT_ARRAY
           && object->via.array.size == size;
}

/* A finite number, or NAN for nil. */
static bool
read_real(const msgpack_object *object, double *ret)
{
    if (!object)
        return false;
    if (object->type == MSGPACK_OBJECT_NIL)
        *ret = NAN;
    else if (object->type == MSGPACK_OBJECT_FLOAT64
             || object->type == MSGPACK_OBJECT_FLOAT32)
        *ret = object->via.f64;
    else if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
        *ret = (double) object->via.u64;
    else if (object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
        *ret = (double) object->via.i64;
    else
        return false;
    return object->type == MSGPACK_OBJECT_NIL || isfinite(*ret);
}

static bool
read_small(const msgpack_object *object, uint32_t most, uint32_t *ret)
{
    if (!object || object->type != MSGPACK_OBJECT_POSITIVE_INTEGER
        || object->via.u64 > most)
        return false;
    *ret = (uint32_t) object->via.u64;
    return true;
}

static bool
read_bool(const msgpack_object *object, bool *ret)
{
    if (!object || object->type != MSGPACK_OBJECT_BOOLEAN)
        return false;
    *ret = object->via.boolean;
    return true;
}

static bool
read_text(const msgpack_object *object, char *ret, size_t size)
{
    if (!object || object->type != MSGPACK_OBJECT_STR
        || object->via.str.size >= size)
        return false;
    memcpy(ret, object->via.str.ptr, object->via.str.size);
    ret[object->via.str.size] = '\0';
    return true;
}

static bool
read_range(const msgpack_object *object, struct range *ret)
{
    return is_list(object, 3) && read_real(&object->via.array.ptr[0], &ret->low)
           && read_real(&object->via.array.ptr[1], &ret->mode)
           && read_real(&object->via.array.ptr[2], &ret->high);
}

int
troupe__estimate_read(const troupe_message_t *msg, struct estimate *ret)
{
    CHECK(ret);
    msgpack_object body;
    struct estimate it = {.enough = false};
    const msgpack_object *map = value_of(msg, &body, "estimate");
    const msgpack_object *net = member(map, "net");
    bool good =
        read_bool(member(map, "enough"), &it.enough)
        && read_text(member(map, "missing"), it.missing, sizeof it.missing)
        && is_list(net, VIEW_COUNT);
    for (unsigned i = 0; good && i < VIEW_COUNT; i++)
        good = read_range(&net->via.array.ptr[i], &it.net[i]);
    for (size_t i = 0; good && i < NUMBER_COUNT; i++) {
        double number = NAN;
        good = read_real(member(map, numbers[i].key), &number);
        memcpy((char *) &it + numbers[i].offset, &number, sizeof number);
    }
    if (!good)
        return -EBADMSG;
    *ret = it;
    return 0;
}

static bool
read_column(struct scratch *scratch, const msgpack_object *object,
            struct column *ret)
{
    char id[TROUPE_NAME_MAX + 1];
    if (!is_list(object, 6))
        return false;
    const msgpack_object *items = object->via.array.ptr;
    bool good = read_text(&items[0], id, sizeof id)
                && read_small(&items[1], GROUP_COUNT - 1, &ret->group)
                && read_bool(&items[2], &ret->max)
                && read_bool(&items[3], &ret->exact)
                && read_small(&items[4], UINT32_MAX, &ret->views)
                && read_real(&items[5], &ret->weight) && ret->weight >= 0;
    if (good)
        ret->id = troupe__scratch_text(scratch, id, strlen(id));
    return good;
}

static bool
read_rows(struct table *self, const msgpack_object *options,
          const msgpack_object *columns, const msgpack_object *cells)
{
    bool good = true;
    for (uint32_t i = 0; good && i < self->rows; i++) {
        char id[TROUPE_NAME_MAX + 1];
        good = read_text(&options->via.array.ptr[i], id, sizeof id);
        if (good)
            self->ids[i] = troupe__scratch_text(self->scratch, id, strlen(id));
    }
    for (uint32_t j = 0; good && j < self->column_count; j++)
        good = read_column(self->scratch, &columns->via.array.ptr[j],
                           &self->columns[j]);
    size_t count = (size_t) self->rows * self->column_count;
    for (size_t i = 0; good && i < count; i++) {
        good = read_range(&cells->via.array.ptr[i], &self->cells[i])
               && !isnan(self->cells[i].low + self->cells[i].mode
                         + self->cells[i].high);
    }
    return good;
}

static bool
read_view(const msgpack_object *object, struct view *ret)
{
    bool good = is_list(object, GROUP_COUNT + 1)
                && read_real(&object->via.array.ptr[0], &ret->optimism);
    for (unsigned i = 0; good && i < GROUP_COUNT; i++)
        good = read_real(&object->via.array.ptr[i + 1], &ret->weights[i])
               && ret->weights[i] >= 0;
    return good;
}

int
troupe__table_read(const troupe_message_t *msg, struct table *ret_table)
{
    CHECK(ret_table);
    msgpack_object body;
    const msgpack_object *map = value_of(msg, &body, "table");
    const msgpack_object *options = member(map, "options");
    const msgpack_object *columns = member(map, "columns");
    const msgpack_object *cells = member(map, "cells");
    const msgpack_object *views = member(map, "views");
    if (!options || options->type != MSGPACK_OBJECT_ARRAY
        || options->via.array.size > DECIDE_OPTIONS_MAX || !columns
        || columns->type != MSGPACK_OBJECT_ARRAY
        || columns->via.array.size > TABLE_COLUMNS_MAX
        || !is_list(cells,
                    (size_t) options->via.array.size * columns->via.array.size)
        || !is_list(views, VIEW_COUNT))
        return -EBADMSG;
    struct table table = troupe__table_new(options->via.array.size);
    table.column_count = columns->via.array.size;
    bool good = read_rows(&table, options, columns, cells);
    for (unsigned v = 0; good && v < VIEW_COUNT; v++)
        good = read_view(&views->via.array.ptr[v], &table.views[v]);
    if (!good) {
        troupe__table_clear(&table);
        return -EBADMSG;
    }
    *ret_table = table;
    return 0;
}

int
troupe__scores_read(const troupe_message_t *msg, uint32_t count, double *ret)
{
    msgpack_object body;
    const msgpack_object *list = value_of(msg, &body, "scores");
    bool good = is_list(list, count);
    for (uint32_t i = 0; good && i < count; i++)
        good = read_real(&list->via.array.ptr[i], &ret[i]);
    return good ? 0 : -EBADMSG;
}

int
troupe__samples_add(const troupe_message_t *msg, uint32_t rows,
                    uint32_t *counts, uint32_t *samples)
{
    msgpack_object body;
    const msgpack_object *list = value_of(msg, &body, "ranks");
    uint32_t more = 0;
    uint32_t count = 0;
    bool good = is_list(list, (size_t) rows * rows)
                && read_small(member(&body, "samples"), UINT32_MAX, &more);
    for (uint32_t i = 0; good && i < rows * rows; i++)
        good = read_small(&list->via.array.ptr[i], more, &count);
    if (!good)
        return -EBADMSG;
    for (uint32_t i = 0; i < rows * rows; i++)
        counts[i] += (uint32_t) list->via.array.ptr[i].via.u64;
    *samples += more;
    return 0;
}

const msgpack_object *
troupe__decision_object(const troupe_message_t *msg, msgpack_object *body)
{
    return value_of(msg, body, "decision");
}
