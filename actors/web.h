/* SPDX-License-Identifier: Apache-2.0 */
/* web.h: what questions to engines, their answers and pages are made of. */
#ifndef TROUPE_ACTORS_WEB_H
#define TROUPE_ACTORS_WEB_H

#include "troupe_passage.h"

#include "actors/codec.h"
#include "actors/document.h"

#define WEB_URL_MAX 2048 /* bytes */

/* An engine as its actor has it; all owned. */
struct web_engine {
    char *name, *url, *method, *body, *key_env, *key_header;
    struct texts parameters, headers;
    char *results, *title, *link, *text;
    uint64_t size_max;
};

/* troupe__web_engine_pack: as the public one; the first so many incarnations
 * fail on each question. */
struct troupe_child_spec;
struct troupe_web_engine;
int troupe__web_engine_pack(const struct troupe_web_engine *engine,
                            troupe_ref_t http, troupe_ref_t limiter,
                            uint64_t fail, struct troupe_child_spec *ret_spec);

void troupe__web_engine_clear(struct web_engine *self);

/*
 * troupe__web_request: the address, and the body, that a question goes to.
 *
 *   ret_url, ret_body  out: to be freed; the body is NULL when there is none.
 *   returns            0, or -EINVAL: the body is no JSON
 */
int troupe__web_request(const struct web_engine *engine, const char *question,
                        uint64_t limit, char **ret_url, char **ret_body);

/*
 * troupe__web_read: the passages of an engine's answer; what has no address,
 * or no word, is passed over.
 *
 *   bytes     anything at all.
 *   words     out on error: why.
 *   ret_list  out: owned by the caller.
 *   returns   0 or -EBADMSG
 */
int troupe__web_read(const struct web_engine *engine, const char *question,
                     uint64_t limit, const char *bytes, size_t size,
                     char words[160], troupe_passages_t **ret_list);

/*
 * troupe__web_address: an address in the form in which two of the same page
 * are equal: no fragment, no name or password, no "utm_" parameters.
 *
 *   returns  text to be freed, or NULL: it is none of http or https
 */
char *troupe__web_address(const char *url);

/* troupe__web_is_page: true for a path that is an address of the web. */
bool troupe__web_is_page(const char *path);

/* troupe__web_host: the host of an address, lent; "" for other paths. */
const char *troupe__web_host(const char *path, size_t *ret_size);

/*
 * troupe__web_passages: add the passages of a document that are most about a
 * question to a list, with their scores, best first.
 *
 *   source  consumed.
 *   limit   of passages.
 */
void troupe__web_passages(const char *url, const char *title,
                          enum troupe__kind kind, struct troupe__text *source,
                          const char *question, uint64_t limit,
                          troupe_passages_t *list);

/* Why a page is not read that is where only this network can go. */
#define TROUPE__PRIVATE_ADDRESS "it is at a private address"

#endif
