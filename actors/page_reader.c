/* SPDX-License-Identifier: Apache-2.0 */
/* page_reader.c: the actor that fetches one page and cuts it into passages. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_ask.h"
#include "troupe_web.h"

#include "actors/research.h"
#include "actors/web.h"
#include "actors/web_call.h"
#include "mailbox/check.h"

#define TIMEOUT_MS 15000u
#define ATTEMPTS   2
#define PAGE_MAX   (2u << 20) /* bytes */
#define REDIRECTS  5
#define TYPES                                                                  \
    "text/html application/xhtml+xml text/plain text/markdown text/x-markdown"

struct page_reader {
    struct web_caller caller;
    uint64_t index;
    uint64_t fail; /* first incarnations that fail */
};

static int
reader_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct page_reader *self = state;
    int rc = troupe_unpack(msg, "{s:R, s:U, s:U}", "http", &self->caller.http,
                           "index", &self->index, "fail", &self->fail);
    if (rc < 0)
        return troupe_fail(ctx, rc, "a page reader wants http, index, fail");
    return troupe__web_caller_init(&self->caller, TIMEOUT_MS, ATTEMPTS);
}

static enum troupe__kind
kind_of(const char *type)
{
    if (strcmp(type, "text/plain") == 0)
        return TROUPE__KIND_TEXT;
    return strstr(type, "markdown") ? TROUPE__KIND_MARKDOWN : TROUPE__KIND_HTML;
}

/* Passages are filed under the address that was asked for, by which the
 * engines found them. */
static int
on_answer(troupe_context_t *ctx, struct web_call *call,
          const struct web_answer *answer, char words[160])
{
    struct troupe__text source = {0};
    troupe_passages_t *found = troupe_passages_new();
    troupe__text_put(&source, answer->body, answer->size);
    troupe__web_passages(call->url, NULL, kind_of(answer->type), &source,
                         call->question, call->limit, found);
    int rc = -EBADMSG;
    if (troupe_passages_count(found) == 0)
        (void) snprintf(words, 160, "there is no text in it");
    else
        rc = troupe_reply_to(ctx, &call->token, "{s:*}", "passages",
                             troupe__passages_write, found);
    troupe_passages_destroy(&found);
    return rc;
}

static int
read_page(troupe_context_t *ctx, struct page_reader *self,
          const troupe_message_t *msg, const char *question, uint64_t limit,
          const char *url)
{
    struct web_call *call = troupe__web_call_new(ctx, &self->caller, msg);
    if (!call)
        return 0;
    call->url = troupe__strdup(url);
    call->question = troupe__strdup(question);
    call->limit = limit;
    call->types = TYPES;
    call->size_max = PAGE_MAX;
    call->redirects = REDIRECTS;
    call->done = on_answer;
    return troupe__web_call_begin(ctx, call);
}

static int
on_read(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct page_reader *self = state;
    const char *question = NULL;
    uint64_t limit = 0;
    struct texts urls = {0};
    int rc = troupe__fail_on_request(ctx, self->fail);
    if (rc < 0)
        return rc;
    rc = troupe_unpack(msg, "{s:s, s:U}", "question", &question, "limit",
                       &limit);
    if (rc == 0)
        rc = troupe__texts_read(msg, "urls", &urls);
    if (rc == 0 && self->index >= urls.count)
        rc = -ERANGE;
    if (rc == 0) {
        rc =
            read_page(ctx, self, msg, question, limit, urls.items[self->index]);
    } else {
        rc = troupe_reply_error(ctx, rc, "read wants question, limit, urls");
    }
    troupe__texts_clear(&urls);
    return rc;
}

static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct page_reader *self = state;
    return troupe__web_call_cancel(ctx, &self->caller, msg);
}

static void
reader_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx;
    (void) reason;
    troupe__web_caller_clear(&((struct page_reader *) state)->caller);
}

TROUPE_KIND(troupe_page_reader, struct page_reader,
            TROUPE_ON_START(reader_start), TROUPE_ON("read", on_read),
            TROUPE_ON_CANCEL(on_cancel), TROUPE_ON_STOP(reader_stop));
