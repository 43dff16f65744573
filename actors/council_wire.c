/* SPDX-License-Identifier: Apache-2.0 */
/* council_wire.c: what a council is asked, checked, written and read. */
#include "actors/council_wire.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "troupe_msgpack.h"

#include "mailbox/check.h"

#define DEADLINE_MS     60000
#define DEADLINE_MAX_MS 86400000u
#define TOLERANCE       0.01
#define WEIGHT_MAX      1e6

troupe_query_options_t
troupe_query_options_default(void)
{
    return (troupe_query_options_t){
        .tolerance = TOLERANCE, .deadline_ms = DEADLINE_MS, .interrupt_fd = -1};
}

troupe_query_model_t
troupe_query_model_default(const char *name, const char *url, const char *model)
{
    return (troupe_query_model_t){.name = name,
                                  .url = url,
                                  .model = model,
                                  .weight = 1,
                                  .price_in = (double) NAN,
                                  .price_out = (double) NAN,
                                  .temperature = (double) NAN};
}

const char *
troupe__query_family(const troupe_query_model_t *model)
{
    return model->family     ? model->family
           : model->provider ? model->provider
                             : model->name;
}

static bool
is_text(const char *text)
{
    return text && *text && troupe__utf8_is_valid(text, strlen(text));
}

static bool
choices_are_good(const troupe_query_options_t *options)
{
    bool wanted = options->type == TROUPE_QUERY_CHOICE
                  || options->type == TROUPE_QUERY_RANKING;
    if (!wanted)
        return options->choice_count == 0;
    if (options->choice_count < 2 || options->choice_count > COUNCIL_CHOICES_MAX
        || !options->choices)
        return false;
    for (size_t i = 0; i < options->choice_count; i++) {
        if (!is_text(options->choices[i]))
            return false;
        for (size_t j = 0; j < i; j++) {
            if (strcasecmp(options->choices[i], options->choices[j]) == 0)
                return false;
        }
    }
    return true;
}

static bool
model_is_good(const troupe_query_model_t *model)
{
    return is_text(model->name) && is_text(model->url) && is_text(model->model)
           && strlen(model->name) <= TROUPE_NAME_MAX
           && is_text(troupe__query_family(model)) && model->weight >= 0
           && model->weight <= WEIGHT_MAX;
}

static bool
models_are_good(const troupe_query_options_t *options)
{
    if (!options->models || options->model_count == 0
        || options->model_count > COUNCIL_MODELS_MAX
        || options->quorum > options->model_count)
        return false;
    for (size_t i = 0; i < options->model_count; i++) {
        const troupe_query_model_t *model = &options->models[i];
        if (!model_is_good(model))
            return false;
        for (size_t j = 0; j < i; j++) {
            if (strcmp(model->name, options->models[j].name) == 0)
                return false;
        }
    }
    return true;
}

int
troupe__query_check(const troupe_query_options_t *options)
{
    if (!options || !is_text(options->prompt)
        || (unsigned) options->type >= TROUPE_QUERY_TYPE_COUNT
        || (options->type == TROUPE_QUERY_JSON) != (options->field != NULL)
        || (options->field && !is_text(options->field))
        || !(options->tolerance >= 0) || !isfinite(options->tolerance)
        || options->deadline_ms == 0 || options->deadline_ms > DEADLINE_MAX_MS
        || !(options->budget.money >= 0))
        return -EINVAL;
    if (options->judge && !model_is_good(options->judge))
        return -EINVAL;
    return choices_are_good(options) && models_are_good(options) ? 0 : -EINVAL;
}

static void
put_text(msgpack_packer *packer, const char *text)
{
    msgpack_pack_str(packer, strlen(text));
    msgpack_pack_str_body(packer, text, strlen(text));
}

int
troupe__council_models_write(struct msgpack_packer *packer, void *value)
{
    const struct council_request *self = value;
    size_t count = self->options->model_count;
    msgpack_pack_array(packer, count);
    for (size_t i = 0; i < count; i++) {
        const troupe_query_model_t *model = &self->options->models[i];
        msgpack_pack_array(packer, 4);
        put_text(packer, model->name);
        put_text(packer, troupe__query_family(model));
        msgpack_pack_double(packer, model->weight > 0 ? model->weight : 1);
        msgpack_pack_uint64(packer, self->models[i].id);
    }
    return 0;
}

static char *
read_text(const msgpack_object *object)
{
    if (object->type != MSGPACK_OBJECT_STR || object->via.str.size == 0
        || memchr(object->via.str.ptr, '\0', object->via.str.size))
        return NULL;
    char *text = troupe__alloc(object->via.str.size + 1);
    memcpy(text, object->via.str.ptr, object->via.str.size);
    return text;
}

static bool
read_model(const msgpack_object *object, struct vote *ret)
{
    const msgpack_object *items = object->via.array.ptr;
    if (object->type == MSGPACK_OBJECT_STR) {
        ret->name = read_text(object);
        ret->family = ret->name ? troupe__strdup(ret->name) : NULL;
        return ret->name != NULL;
    }
    if (object->type != MSGPACK_OBJECT_ARRAY || object->via.array.size != 4)
        return false;
    ret->name = read_text(&items[0]);
    ret->family = read_text(&items[1]);
    if (items[2].type == MSGPACK_OBJECT_FLOAT64
        || items[2].type == MSGPACK_OBJECT_FLOAT32)
        ret->weight = items[2].via.f64;
    else if (items[2].type == MSGPACK_OBJECT_POSITIVE_INTEGER)
        ret->weight = (double) items[2].via.u64;
    if (items[3].type == MSGPACK_OBJECT_POSITIVE_INTEGER)
        ret->model.id = items[3].via.u64;
    return ret->name && ret->family && ret->weight > 0
           && ret->weight <= WEIGHT_MAX;
}

static const msgpack_object *
find_models(const msgpack_object *body)
{
    static const char key[] = "models";
    for (uint32_t i = 0;
         body->type == MSGPACK_OBJECT_MAP && i < body->via.map.size; i++) {
        const msgpack_object_kv *it = &body->via.map.ptr[i];
        if (it->key.type == MSGPACK_OBJECT_STR
            && it->key.via.str.size == sizeof key - 1
            && memcmp(it->key.via.str.ptr, key, sizeof key - 1) == 0
            && it->val.type == MSGPACK_OBJECT_ARRAY
            && it->val.via.array.size >= 1
            && it->val.via.array.size <= COUNCIL_MODELS_MAX)
            return &it->val;
    }
    return NULL;
}

static int
read_models(const troupe_message_t *msg, struct council **ret_council)
{
    msgpack_object body;
    int rc = troupe_message_object(msg, &body);
    const msgpack_object *models = rc == 0 ? find_models(&body) : NULL;
    if (!models)
        return -EBADMSG;
    struct council *self = troupe__council_new(models->via.array.size);
    for (uint32_t i = 0; i < self->count && rc == 0; i++)
        rc = read_model(&models->via.array.ptr[i], &self->votes[i]) ? 0
                                                                    : -EBADMSG;
    if (rc < 0)
        troupe__council_destroy(&self);
    *ret_council = self;
    return rc;
}

static bool
read_type(const char *name, troupe_query_type_t *ret)
{
    for (unsigned i = 0; i < TROUPE_QUERY_TYPE_COUNT; i++) {
        *ret = (troupe_query_type_t) i;
        if (strcmp(name, troupe_query_type_name(*ret)) == 0)
            return true;
    }
    return false;
}

static int
read_choices(const troupe_message_t *msg, struct council *self)
{
    const void *bytes = NULL;
    size_t size = 0;
    struct texts choices = {0};
    int rc = 0;
    if (troupe_unpack(msg, "{s:r}", "choices", &bytes, &size) == 0)
        rc = troupe__texts_read(msg, "choices", &choices);
    self->choices = choices.items;
    self->choice_count = choices.count;
    bool listed =
        self->type == TROUPE_QUERY_RANKING || self->type == TROUPE_QUERY_CHOICE;
    bool good = listed ? choices.count >= 2 : choices.count == 0;
    for (uint32_t i = 0; i < choices.count; i++)
        good = good && *choices.items[i];
    return rc < 0 || !good || choices.count > COUNCIL_CHOICES_MAX ? -EBADMSG
                                                                  : 0;
}

static int
read_settings(const troupe_message_t *msg, struct council *self,
              struct council_company *ret)
{
    const char *prompt = NULL, *field = NULL, *type = "text";
    uint64_t quorum = 0, deadline_ms = DEADLINE_MS;
    int64_t interrupt = -1;
    self->tolerance = TOLERANCE;
    int rc = troupe_unpack(
        msg, "{s:s, s?s, s?s?, s?f, s?b, s?U, s?U, s?b, s?R, s?R, s?I}",
        "prompt", &prompt, "type", &type, "field", &field, "tolerance",
        &self->tolerance, "absolute", &self->absolute, "quorum", &quorum,
        "deadline_ms", &deadline_ms, "ask_all", &self->ask_all, "budget",
        &ret->budget, "judge", &ret->judge, "interrupt_fd", &interrupt);
    if (rc < 0 || !read_type(type, &self->type) || quorum > self->count
        || deadline_ms < 1 || deadline_ms > DEADLINE_MAX_MS
        || interrupt > INT32_MAX || !(self->tolerance >= 0)
        || (self->type == TROUPE_QUERY_JSON && !field))
        return -EBADMSG;
    self->quorum = quorum > 0 ? (uint32_t) quorum : self->count / 2 + 1;
    self->deadline_ms = (uint32_t) deadline_ms;
    self->prompt = troupe__strdup(prompt);
    self->field = field ? troupe__strdup(field) : NULL;
    ret->interrupt_fd = interrupt < 0 ? -1 : (int) interrupt;
    return read_choices(msg, self);
}

int
troupe__council_request_read(const troupe_message_t *msg,
                             struct council_company *ret_company,
                             struct council **ret_council)
{
    struct council *self = NULL;
    *ret_company = (struct council_company){.interrupt_fd = -1};
    int rc = read_models(msg, &self);
    if (rc == 0)
        rc = read_settings(msg, self, ret_company);
    if (rc < 0)
        troupe__council_destroy(&self);
    *ret_council = self;
    return rc;
}
