/* SPDX-License-Identifier: Apache-2.0 */
/* model_file.h: the file that says which models there are; see QUERY.md. */
#ifndef TROUPE_TOOLS_MODEL_FILE_H
#define TROUPE_TOOLS_MODEL_FILE_H

#include "troupe_query.h"

#include "tools/topology.h"

struct troupe__provider {
    struct troupe__word key; /* its name */
    struct troupe__word url, key_env;
    uint32_t requests, tokens;
};

/* One model of the file; `model` points into it. */
struct troupe__model_entry {
    struct troupe__word key;
    struct troupe__word provider_name, model_name, family, system;
    const struct troupe__provider *provider;
    uint32_t max_tokens;
    double weight, price_in, price_out, temperature;
    bool stream, hedges;
    troupe_hedge_t hedge; /* where it hedges: how, and what is known */
};

struct troupe__model_file {
    struct troupe__value *root;
    struct troupe__spot models_spot;
    struct troupe__provider *providers;
    size_t provider_count;
    struct troupe__model_entry *models;
    size_t model_count;
};

/*
 * troupe__model_file_read: read and check it.
 *
 *   findings  begins with its path; what is wrong is added.
 *   returns   0 or -EINVAL; ret_file is to be freed either way
 */
int troupe__model_file_read(struct troupe__findings *findings,
                            struct troupe__model_file *ret_file);
void troupe__model_file_free(struct troupe__model_file *self);

/* troupe__model_hedge_read: the value of 'hedge'; what is wrong is found. */
void troupe__model_hedge_read(const struct troupe__value *value,
                              const char *what,
                              struct troupe__model_entry *model,
                              struct troupe__findings *findings);

/* troupe__model_history: what the journals of earlier runs tell of latencies,
 * for the models that hedge; those of the newest runs alone. */
void troupe__model_history(struct troupe__model_file *self);

/*
 * troupe__model_file_choose: those of some names; all for count 0. What a
 * run would fail on is found: no such model, a key that is not set, and,
 * where money counts, a price that is not there.
 *
 *   judge       one more, and the last; not among all; NULL: none.
 *   ret_models  out: an array to be freed; it points into the file.
 *   returns     how many, or -EINVAL after findings
 */
int troupe__model_file_choose(const struct troupe__model_file *self,
                              const char *const *names, size_t count,
                              const char *judge, bool money,
                              struct troupe__findings *findings,
                              troupe_query_model_t **ret_models);

#endif
