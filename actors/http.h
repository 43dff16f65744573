/* SPDX-License-Identifier: Apache-2.0 */
/* http.h: transfers of libcurl's, and an actor's hold on many of them. */
#ifndef TROUPE_ACTORS_HTTP_H
#define TROUPE_ACTORS_HTTP_H

#include <curl/curl.h>

#include "troupe_ask.h"
#include "troupe_retry.h"

#include "actors/text.h"

/* What came of a transfer; `words` are empty when it went well. */
struct http_outcome {
    troupe_fault_t fault;
    long status; /* of HTTP; 0: there was none */
    uint64_t retry_after_ms;
    bool billable; /* the other side may have done the work */
    char words[320];
};

/* What is sent; lent. */
struct http_request {
    const char *url;
    const char *method;         /* NULL: GET, or POST with a body */
    const char *body;           /* NULL: none */
    const char *key_env;        /* variable with the key; NULL: no key */
    const char *key_header;     /* what stands before the key; NULL:
                                "Authorization: Bearer " */
    const char *const *headers; /* "Name: value" each */
    size_t header_count;
    const char *headers_env; /* variable with more, "a=b,c=d"; NULL: none */
    uint32_t timeout_ms;     /* for the whole of it; 0: none */
    uint64_t size_max;       /* bytes that may come; 0: 4 MiB */
    long redirects;          /* that are followed, to http and https; 0: none */
    bool compressed;   /* the answer may be; size_max counts it unpacked */
    bool public_only;  /* never to a private or local address; all transfers of
                         one multi, which share connections, have it */
    const char *types; /* media types, with a space between, that a good
                                answer has one of; NULL: any */
};

/* One transfer; others begin with it and add to it. */
struct http_transfer {
    struct http_transfer *next;
    CURL *easy;
    struct curl_slist *headers;
    char *body; /* that is sent */
    char *key;  /* to be kept out of words */
    troupe_token_t token;
    struct troupe__text received; /* unless `take` has it */
    uint64_t size_max, size;      /* bytes; that have come */
    char *types;
    bool too_large, wrong_type, is_private;
    bool bad; /* `take` refused what came */
    char error[CURL_ERROR_SIZE];
    /* Of each piece: what it takes, < 0 to end it; NULL: all is kept. */
    int (*take)(struct http_transfer *self, const char *bytes, size_t size);
    /* Called once libcurl is through; answers the token. */
    int (*done)(troupe_context_t *ctx, struct http_transfer *self,
                CURLcode code);
    void (*clear)(struct http_transfer *self); /* of what was added; or NULL */
};

/*
 * troupe__http_new: make ready to send.
 *
 *   size          of the whole, of which a struct http_transfer is the first.
 *   ret_outcome   out on -EINVAL: why.
 *   ret_transfer  out: zeroed but for its head; to be destroyed.
 *   returns       0, or -EINVAL: it cannot be sent
 */
int troupe__http_new(const struct http_request *request, size_t size,
                     struct http_outcome *ret_outcome,
                     struct http_transfer **ret_transfer);

/*
 * troupe__http_headers: add those of a list, "name=value,name=value", with
 * what is percent-encoded decoded.
 *
 *   returns  0, or -EINVAL: it is no such list
 *   source   OpenTelemetry, "OTLP exporter", headers; W3C Baggage
 */
int troupe__http_headers(struct http_transfer *self, const char *list);

/* troupe__http_header: add one; `name` ends with ": ". */
void troupe__http_header(struct http_transfer *self, const char *name,
                         const char *value);

/* troupe__http_headers_free: leave nothing of them in memory. */
void troupe__http_headers_free(struct http_transfer *self);

/* troupe__http_type: the media type that came, as "text/html"; "" for none. */
void troupe__http_type(const struct http_transfer *self, char *ret,
                       size_t size);

/*
 * troupe__http_finish: what came of it, but for the body's sense: with an HTTP
 * status of 200 to 299 the fault is none even where it broke off; see `code`.
 */
struct http_outcome troupe__http_finish(struct http_transfer *self,
                                        CURLcode code);

/* troupe__http_tidy: no key, and no bytes that are not UTF-8, in the words. */
void troupe__http_tidy(const struct http_transfer *self,
                       struct http_outcome *outcome);

/* troupe__http_destroy: no longer in a multi handle; NULL is fine. */
void troupe__http_destroy(struct http_transfer **self_p);

/* The transfers of one actor, by libcurl's multi interface. */
struct http_multi {
    CURLM *multi;
    int epoll;
    struct http_transfer *transfers;
    uint64_t calls, open, connected;
    troupe_context_t *ctx; /* of the handler that runs; else NULL */
};

/* The timer that an actor with a struct http_multi has to hand on, by
 * TROUPE_ON(HTTP_TIME, ...), to troupe__http_multi_time(). */
#define HTTP_TIME "(time)"

/* troupe__http_multi_start: its start; `self` is the state's first member. 0,
 * or -EMFILE, or as troupe_watch(). */
int troupe__http_multi_start(troupe_context_t *ctx, struct http_multi *self,
                             uint64_t connections);
void troupe__http_multi_stop(troupe_context_t *ctx, struct http_multi *self);

/* troupe__http_multi_add: let it begin; it is the multi's then. */
int troupe__http_multi_add(troupe_context_t *ctx, struct http_multi *self,
                           struct http_transfer *transfer);

/* troupe__http_multi_cancel: end the transfer of an ask, if there is one. */
void troupe__http_multi_cancel(troupe_context_t *ctx, struct http_multi *self,
                               const troupe_token_t *token);

/* troupe__http_multi_time: what time makes necessary; returns as a handler. */
int troupe__http_multi_time(troupe_context_t *ctx, struct http_multi *self);

/* troupe__http_left_ms: milliseconds until a deadline; 0: there is none. */
uint32_t troupe__http_left_ms(troupe_context_t *ctx, uint64_t deadline_ns);

#endif
