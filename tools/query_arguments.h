/* SPDX-License-Identifier: Apache-2.0 */
/* query_arguments.h: what stands on the command line of `troupe query`. */
#ifndef TROUPE_TOOLS_QUERY_ARGUMENTS_H
#define TROUPE_TOOLS_QUERY_ARGUMENTS_H

#include "troupe_query.h"

#include "tools/trace.h"

#define TROUPE__QUERY_MODELS_MAX  1000
#define TROUPE__QUERY_CHOICES_MAX 64

struct troupe__query_arguments {
    const char *prompt;
    const char *file; /* of models; NULL: the mock */
    const char *models[TROUPE__QUERY_MODELS_MAX];
    size_t model_count;
    char *lists[TROUPE__QUERY_MODELS_MAX]; /* which they stand in */
    size_t list_count;
    const char *judge; /* NULL: nobody */
    const char *choices[TROUPE__QUERY_CHOICES_MAX];
    size_t choice_count;
    size_t seed; /* of the mock */
    struct troupe__trace_options trace;
    bool mock;
    bool json;
    bool typed;      /* --type was given */
    bool toleranced; /* --tolerance was */
    bool no_journal, quiet;
    const char *resume; /* a run, or NULL */
};

/* troupe__query_arguments: -1 to go on, or an exit code after having said why;
 * fills in the options, but for prompt and models. */
int troupe__query_arguments(int argc, char **argv,
                            struct troupe__query_arguments *ret,
                            troupe_query_options_t *options);

/* troupe__query_arguments_free: what was read, whatever came of it. */
void troupe__query_arguments_free(struct troupe__query_arguments *self);

#endif
