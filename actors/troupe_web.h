/* SPDX-License-Identifier: Apache-2.0 */
/* Search engines of the web, and its pages, as actors. */
#ifndef TROUPE_WEB_H
#define TROUPE_WEB_H

#include "troupe_supervisor.h"

/*
 * A search engine that answers a question with JSON over HTTP. In url, in the
 * values of parameters and in body "{query}" stands for the question, escaped
 * as the place wants it, and "{limit}" for how many results are wished for.
 * Everything is borrowed; start from troupe_web_engine_preset().
 */
typedef struct troupe_web_engine {
    const char *name;              /* of its own, unique; 1 .. 31 bytes */
    const char *url;               /* http or https */
    const char *method;            /* NULL: GET, or POST with a body */
    const char *const *parameters; /* name and value in turn, for the url */
    size_t parameter_count;        /* of both together */
    const char *const *headers;    /* "Name: value" */
    size_t header_count;
    const char *body;       /* JSON; NULL: none */
    const char *key_env;    /* variable with its key; NULL: no key */
    const char *key_header; /* that goes before the key; NULL:
                               "Authorization: Bearer " */
    /* Paths in the answer: names with "." between; of `text` alternatives with
     * "|" between, the first that is there counts. */
    const char *results;             /* a list; "": the answer itself is one */
    const char *title, *link, *text; /* in each of its items */
    uint32_t timeout_ms;             /* of one attempt; 0: 10,000 */
    uint32_t size_max; /* bytes of an answer; 0: 1 MiB; at most 4 MiB */
    uint32_t requests_per_minute; /* 0: no limit */
    uint32_t attempts;            /* with retries; 0: 3 */
} troupe_web_engine_t;

/*
 * troupe_web_engine_preset: what is known of a kind of engine.
 *
 *   kind        "searxng" (needs its url, as in http://127.0.0.1:8888/search),
 *               "brave", "tavily", or "json", of which nothing is.
 *   ret_engine  out: all but its name; the texts are static.
 *   returns     0 or -ENOENT
 */
TROUPE_MUST int troupe_web_engine_preset(const char *kind,
                                         troupe_web_engine_t *ret_engine);

/*
 * troupe_web_engine_check: can it be asked?
 *
 *   returns  NULL, or what is wrong, as "its url is no http or https address"
 */
TROUPE_API const char *
troupe_web_engine_check(const troupe_web_engine_t *engine);

/*
 * troupe_web_search: the actor of one engine. It waits for its rate limiter,
 * opens its breaker when most calls fail, and tries again what may heal, with
 * full jitter and within the deadline. A question's failure is an error as the
 * reply, in words; its start arguments are made by troupe_web_engine_pack().
 *
 *   search  {question: s, limit: U} -> {passages: [...]}; see REPORT.md
 *
 *   -ETIMEDOUT  the deadline passes before the rate limit, or a further
 *               attempt, allows it
 *   -EBUSY      the breaker is open
 *   -EPROTO     the engine refuses it, or its answer cannot be used
 *   -EIO        all attempts failed
 */
TROUPE_API const troupe_kind_t troupe_web_search;

/*
 * troupe_web_engine_pack: make it the arguments of a child.
 *
 *   http      a troupe_http.
 *   limiter   a troupe_rate_limiter, or nobody.
 *   ret_spec  as of troupe_child_spec_pack().
 *   returns   0, or -EINVAL: see troupe_web_engine_check()
 */
TROUPE_MUST int troupe_web_engine_pack(const troupe_web_engine_t *engine,
                                       troupe_ref_t http, troupe_ref_t limiter,
                                       troupe_child_spec_t *ret_spec);

/*
 * troupe_page_reader: fetches a page and finds the passages of it that are
 * about a question. HTML, plain text and Markdown of up to 2 MiB, with at most
 * 5 redirects. Give it a troupe_http that has public_only, as pages link to
 * where they like.
 *
 *   start  {http: R, index: U, fail: U}
 *   read   {question: s, urls: [s], limit: U} -> {passages: [...]}: of the
 *          page at urls[index]; errors as above
 */
TROUPE_API const troupe_kind_t troupe_page_reader;

#endif
