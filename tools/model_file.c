/* SPDX-License-Identifier: Apache-2.0 */
/* model_file.c: reads the file of models, and says what is wrong in it. */
#include "tools/model_file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/fields.h"

#define FILE_MAX   (1 << 20) /* bytes */
#define MODELS_MAX 1000
#define TOKENS_MAX 10000000

#define PROVIDER(member) offsetof(struct troupe__provider, member)
#define MODEL(member)    offsetof(struct troupe__model_entry, member)

/* clang-format off */
#define TEXT(name, member) \
    {.key = (name), .type = TROUPE__FIELD_TEXT, .offset = (member)}
#define NEEDED(name, member) \
    {.key = (name), .type = TROUPE__FIELD_TEXT, .offset = (member), \
     .required = true}
#define COUNT(name, member, most) \
    {.key = (name), .type = TROUPE__FIELD_COUNT, .offset = (member), \
     .min = 1, .max = (most)}
#define OTHER(name) {.key = (name), .type = TROUPE__FIELD_OTHER}
/* clang-format on */

static const struct troupe__field provider_fields[] = {
    NEEDED("url", PROVIDER(url)),
    TEXT("key_env", PROVIDER(key_env)),
    COUNT("requests_per_minute", PROVIDER(requests), 0),
    COUNT("tokens_per_minute", PROVIDER(tokens), 0),
    {.key = NULL}};

static const struct troupe__field model_fields[] = {
    NEEDED("provider", MODEL(provider_name)),
    NEEDED("model", MODEL(model_name)),
    TEXT("family", MODEL(family)),
    TEXT("system", MODEL(system)),
    COUNT("max_tokens", MODEL(max_tokens), TOKENS_MAX),
    OTHER("weight"),
    OTHER("temperature"),
    OTHER("stream"),
    OTHER("price_in"),
    OTHER("price_out"),
    OTHER("hedge"),
    {.key = NULL}};

static const struct troupe__field file_fields[] = {
    {.key = "providers", .type = TROUPE__FIELD_OTHER, .required = true},
    {.key = "models", .type = TROUPE__FIELD_OTHER, .required = true},
    {.key = NULL}};

static const char *
variable(void *data, const char *name)
{
    (void) data;
    return getenv(name);
}

static struct troupe__value *
read_file(struct troupe__findings *findings)
{
    FILE *file = fopen(findings->path, "re");
    char *text = troupe__grab(FILE_MAX + 1);
    size_t size = file ? fread(text, 1, FILE_MAX + 1, file) : 0;
    struct troupe__value *root = NULL;
    if (!file || ferror(file)) {
        troupe__found(findings, (struct troupe__spot){0, 0},
                      "%s; give the path of a file of models", strerror(errno));
    } else if (size > FILE_MAX) {
        troupe__found(findings, (struct troupe__spot){0, 0},
                      "the file is over 1 MiB; that is no file of models");
    } else {
        root = troupe__yaml_parse(text, size, findings, variable, NULL);
    }
    if (file)
        fclose(file);
    free(text);
    return root;
}

static void
read_real(const struct troupe__value *map, const char *key, double max,
          double *ret, struct troupe__findings *findings)
{
    const struct troupe__value *value = troupe__value_get(map, key);
    if (!value)
        return;
    double number = value->type == TROUPE__REAL ? value->real
                    : value->type != TROUPE__INTEGER || value->negative
                        ? (double) NAN
                        : (double) value->natural;
    if (number >= 0 && number <= max)
        *ret = number;
    else
        troupe__wants(findings, value, key, "a number from 0 on, as in 0.5");
}

/* Of a whole address the path would be asked for twice. */
static void
check_url(const struct troupe__word *url, struct troupe__findings *findings)
{
    static const char path[] = "/chat/completions";
    const char *end = strstr(url->text, path);
    const char *rest = end ? end + sizeof path - 1 : "";
    if (strncmp(url->text, "http://", 7) != 0
        && strncmp(url->text, "https://", 8) != 0) {
        troupe__found(findings, url->spot,
                      "'url' is '%s', which is no address; write one such as "
                      "http://127.0.0.1:8080/v1",
                      url->text);
    } else if (end && strspn(rest, "/") == strlen(rest)) {
        troupe__found(findings, url->spot,
                      "'url' ends in '%s', which is added to it; write %.*s",
                      path, (int) (end - url->text), url->text);
    }
}

static void
read_provider(struct troupe__model_file *self, const struct troupe__value *key,
              const struct troupe__value *value,
              struct troupe__findings *findings)
{
    self->providers = troupe__grow(self->providers, self->provider_count,
                                   sizeof *self->providers);
    struct troupe__provider *provider =
        &self->providers[self->provider_count++];
    *provider = (struct troupe__provider){.key = {key->text, key->spot}};
    char *what = troupe__format("provider '%s'", key->text);
    troupe__fields_read(value, what, provider_fields, provider, findings);
    free(what);
    if (provider->url.text)
        check_url(&provider->url, findings);
}

static void
find_provider(struct troupe__model_file *self,
              struct troupe__model_entry *model,
              struct troupe__findings *findings)
{
    const struct troupe__word *word = &model->provider_name;
    const char *names[MODELS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < self->provider_count; i++) {
        names[count] = self->providers[i].key.text;
        count += count + 1 < MODELS_MAX;
        if (word->text && strcmp(self->providers[i].key.text, word->text) == 0)
            model->provider = &self->providers[i];
    }
    if (!word->text || model->provider)
        return;
    const char *near = troupe__nearest(word->text, names, count);
    troupe__found(findings, word->spot, "there is no provider '%s'; %s%s%s",
                  word->text, near ? "did you mean '" : "add it to 'providers'",
                  near ? near : "", near ? "'?" : "");
}

static void
read_model(struct troupe__model_file *self, const struct troupe__value *key,
           const struct troupe__value *value, struct troupe__findings *findings)
{
    self->models =
        troupe__grow(self->models, self->model_count, sizeof *self->models);
    struct troupe__model_entry *model = &self->models[self->model_count++];
    *model = (struct troupe__model_entry){.key = {key->text, key->spot},
                                          .weight = 1,
                                          .price_in = (double) NAN,
                                          .price_out = (double) NAN,
                                          .temperature = (double) NAN};
    char *what = troupe__format("model '%s'", key->text);
    troupe__fields_read(value, what, model_fields, model, findings);
    const struct troupe__value *hedge =
        value->type == TROUPE__MAP ? troupe__value_get(value, "hedge") : NULL;
    if (hedge)
        troupe__model_hedge_read(hedge, what, model, findings);
    free(what);
    if (value->type != TROUPE__MAP)
        return;
    read_real(value, "weight", 1e6, &model->weight, findings);
    read_real(value, "temperature", 10, &model->temperature, findings);
    read_real(value, "price_in", 1e9, &model->price_in, findings);
    read_real(value, "price_out", 1e9, &model->price_out, findings);
    const struct troupe__value *stream = troupe__value_get(value, "stream");
    if (stream && stream->type == TROUPE__BOOL)
        model->stream = stream->boolean;
    else if (stream)
        troupe__wants(findings, stream, "stream", "true or false");
    if (strlen(key->text) > TROUPE_NAME_MAX || !*key->text) {
        troupe__found(findings, key->spot,
                      "a model's name has 1 to %d bytes; choose one that has",
                      TROUPE_NAME_MAX);
    }
    if (model->weight <= 0) {
        troupe__found(findings, key->spot,
                      "model '%s' has the weight 0; leave it out instead",
                      key->text);
    }
    find_provider(self, model, findings);
}

static void
read_maps(struct troupe__model_file *self, struct troupe__findings *findings)
{
    const struct troupe__value *providers =
        troupe__value_get(self->root, "providers");
    const struct troupe__value *models =
        troupe__value_get(self->root, "models");
    if (providers && providers->type != TROUPE__MAP)
        troupe__wants(findings, providers, "providers", "names and values");
    if (models && models->type != TROUPE__MAP)
        troupe__wants(findings, models, "models", "names and values");
    if (!providers || providers->type != TROUPE__MAP || !models
        || models->type != TROUPE__MAP)
        return;
    self->models_spot = models->spot;
    for (size_t i = 0; i < providers->count; i++)
        read_provider(self, providers->keys[i], providers->values[i], findings);
    for (size_t i = 0; i < models->count && i < MODELS_MAX; i++)
        read_model(self, models->keys[i], models->values[i], findings);
    if (models->count == 0 || models->count > MODELS_MAX) {
        troupe__found(findings, models->spot,
                      "there are %zu models; give 1 to %d", models->count,
                      MODELS_MAX);
    }
}

int
troupe__model_file_read(struct troupe__findings *findings,
                        struct troupe__model_file *ret_file)
{
    *ret_file = (struct troupe__model_file){.root = read_file(findings)};
    if (!ret_file->root)
        return -EINVAL;
    struct {
        int unused;
    } nothing;
    troupe__fields_read(ret_file->root, "a file of models", file_fields,
                        &nothing, findings);
    if (ret_file->root->type == TROUPE__MAP)
        read_maps(ret_file, findings);
    return findings->count > 0 ? -EINVAL : 0;
}

void
troupe__model_file_free(struct troupe__model_file *self)
{
    free(self->providers);
    free(self->models);
    troupe__value_free(self->root);
    *self = (struct troupe__model_file){0};
}

static const struct troupe__model_entry *
find_model(const struct troupe__model_file *self, const char *name,
           struct troupe__findings *findings)
{
    const char *names[MODELS_MAX];
    const struct troupe__model_entry *models = self->models;
    for (size_t i = 0; models && i < self->model_count; i++) {
        names[i] = models[i].key.text;
        if (strcmp(names[i], name) == 0)
            return &models[i];
    }
    const char *near = troupe__nearest(name, names, self->model_count);
    troupe__found(findings, self->models_spot, "there is no model '%s'; %s%s%s",
                  name, near ? "did you mean '" : "add it here, or ask another",
                  near ? near : "", near ? "'?" : "");
    return NULL;
}

static void
check_model(const struct troupe__model_entry *model, bool money,
            struct troupe__findings *findings)
{
    const struct troupe__word *key = &model->provider->key_env;
    const char *value = key->text ? getenv(key->text) : NULL;
    if (key->text && (!value || !*value)) {
        troupe__found(findings, key->spot,
                      "the environment variable %s, with the key of provider "
                      "'%s', is not set; export it, or leave out its models",
                      key->text, model->provider->key.text);
    }
    if (money && (isnan(model->price_in) || isnan(model->price_out))) {
        troupe__found(findings, model->key.spot,
                      "model '%s' has no %s, and a budget of money counts on "
                      "it; add it (for a million tokens; 0 is a price too)",
                      model->key.text,
                      isnan(model->price_in) ? "price_in" : "price_out");
    }
}

static troupe_query_model_t
model_of(const struct troupe__model_entry *entry)
{
    const struct troupe__provider *provider = entry->provider;
    return (troupe_query_model_t){.name = entry->key.text,
                                  .provider = provider->key.text,
                                  .url = provider->url.text,
                                  .model = entry->model_name.text,
                                  .key_env = provider->key_env.text,
                                  .system = entry->system.text,
                                  .family = entry->family.text,
                                  .weight = entry->weight,
                                  .price_in = entry->price_in,
                                  .price_out = entry->price_out,
                                  .temperature = entry->temperature,
                                  .max_tokens = entry->max_tokens,
                                  .stream = entry->stream,
                                  .requests_per_minute = provider->requests,
                                  .tokens_per_minute = provider->tokens,
                                  .hedge =
                                      entry->hedges ? &entry->hedge : NULL};
}

static void
take_model(const struct troupe__model_entry *entry, bool money,
           struct troupe__findings *findings, troupe_query_model_t *ret)
{
    if (!entry)
        return;
    check_model(entry, money, findings);
    *ret = model_of(entry);
}

int
troupe__model_file_choose(const struct troupe__model_file *self,
                          const char *const *names, size_t count,
                          const char *judge, bool money,
                          struct troupe__findings *findings,
                          troupe_query_model_t **ret_models)
{
    size_t all = count > 0 ? count : self->model_count, taken = 0;
    troupe_query_model_t *models = troupe__grab((all + 1) * sizeof *models);
    for (size_t i = 0; i < all; i++) {
        const struct troupe__model_entry *entry =
            count > 0 ? find_model(self, names[i], findings) : &self->models[i];
        bool judges = entry && judge && strcmp(entry->key.text, judge) == 0;
        if (judges && count > 0) {
            troupe__found(findings, entry->key.spot,
                          "model '%s' cannot both vote and judge; name another "
                          "judge",
                          judge);
        } else if (!judges) {
            take_model(entry, money, findings, &models[taken++]);
        }
    }
    if (judge)
        take_model(find_model(self, judge, findings), money, findings,
                   &models[taken++]);
    if (findings->count == 0) {
        *ret_models = models;
        return (int) taken;
    }
    free(models);
    return -EINVAL;
}
