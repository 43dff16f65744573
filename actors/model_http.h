/* SPDX-License-Identifier: Apache-2.0 */
/* model_http.h: one call to a server, as a transfer of libcurl's. */
#ifndef TROUPE_ACTORS_MODEL_HTTP_H
#define TROUPE_ACTORS_MODEL_HTTP_H

#include <curl/curl.h>

#include "troupe_ask.h"
#include "troupe_retry.h"

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

/* What "post" asks for; lent. */
struct post_request {
    const char *url;         /* whole */
    const char *headers_env; /* NULL: none; names "a=b,c=d" */
    const char *body;        /* JSON */
};

/* What came of it; `words` are empty when it went well. */
struct model_outcome {
    troupe_fault_t fault;
    long status; /* of HTTP; 0: there was none */
    uint64_t retry_after_ms;
    bool billable;
    char words[320];
};

struct transfer {
    struct transfer *next;
    CURL *easy;
    struct curl_slist *headers;
    char *request; /* the body that is sent */
    char *key;     /* to be kept out of words */
    troupe_token_t token;
    struct model_answer answer;
    struct troupe__text body; /* unless it is a stream */
    uint64_t size_max, received;
    bool too_large;
    bool bad;   /* the stream cannot be read */
    bool plain; /* no chat completion: its answer is for who posts */
    char error[CURL_ERROR_SIZE];
};

/*
 * troupe__transfer_new: make ready to send.
 *
 *   timeout_ms    for the whole of it; 0: none.
 *   ret_outcome   out on -EINVAL: why.
 *   ret_transfer  out: the transfer, to be destroyed.
 *   returns       0, or -EINVAL: it cannot be sent
 */
int troupe__transfer_new(const struct model_request *request,
                         uint32_t timeout_ms, struct model_outcome *ret_outcome,
                         struct transfer **ret_transfer);

/* troupe__transfer_post: the same for any JSON; the answer is in `body`. */
int troupe__transfer_post(const struct post_request *request,
                          uint32_t timeout_ms,
                          struct model_outcome *ret_outcome,
                          struct transfer **ret_transfer);

/* troupe__transfer_finish: what came of it, once libcurl is through. */
struct model_outcome troupe__transfer_finish(struct transfer *self,
                                             CURLcode code);

/* troupe__transfer_destroy: no longer in a multi handle; NULL is fine. */
void troupe__transfer_destroy(struct transfer **self_p);

#endif
