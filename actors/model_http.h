/* SPDX-License-Identifier: Apache-2.0 */
/* model_http.h: one call to a model's server. */
#ifndef TROUPE_ACTORS_MODEL_HTTP_H
#define TROUPE_ACTORS_MODEL_HTTP_H

#include "actors/http.h"
#include "actors/model_answer.h"

/* What "complete" asks for; lent. */
struct model_request {
    const char *url;
    const char *model;
    const char *key_env; /* NULL: no key */
    const char *system;  /* NULL: none */
    const char *prompt;
    const char *schema; /* NULL: none */
    uint64_t max_tokens;
    double temperature; /* not a number: not sent */
    bool stream;
    uint64_t size_max;
    const char *traceparent; /* NULL: none */
};

struct transfer {
    struct http_transfer http; /* first: it is one of them */
    struct model_answer answer;
};

/*
 * troupe__transfer_new: make ready to send; `done` is still to be set.
 *
 *   timeout_ms    for the whole of it; 0: none.
 *   ret_outcome   out on -EINVAL: why.
 *   ret_transfer  out: the transfer; troupe__http_destroy() frees it.
 *   returns       0, or -EINVAL: it cannot be sent
 */
int troupe__transfer_new(const struct model_request *request,
                         uint32_t timeout_ms, struct http_outcome *ret_outcome,
                         struct transfer **ret_transfer);

/* troupe__transfer_finish: what came of it, once libcurl is through. */
struct http_outcome troupe__transfer_finish(struct transfer *self,
                                            CURLcode code);

#endif
