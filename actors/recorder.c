/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorder.c: a request goes through three asks: the journal (find), the one
 * that makes the call, the journal again (append). It is freed where its last
 * step ends.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_ask.h"
#include "troupe_recorder.h"

#include "mailbox/check.h"

#define JOURNAL_MS 30000
#define KEY_SIZE   40
#define TYPE_SIZE  32

/* One request on its way. */
struct request {
    struct request *next;
    struct recorder *recorder;
    troupe_token_t token;
    troupe_message_t *msg;   /* kept; NULL once it was passed on */
    troupe_message_t *reply; /* kept, until it is on the disk; or NULL */
    uint64_t deadline_ns;
    char type[TYPE_SIZE], key[KEY_SIZE];
    troupe_ask_t ask; /* of the step that it is at */
};

struct recorder {
    troupe_ref_t to, journal;
    struct request *requests;
};

static int
recorder_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct recorder *self = state;
    int rc = troupe_unpack(msg, "{s:R, s:R}", "to", &self->to, "journal",
                           &self->journal);
    return rc < 0 ? troupe_fail(ctx, rc, "a recorder wants to and journal") : 0;
}

static void
request_destroy(struct request *request)
{
    troupe_message_destroy(&request->msg);
    troupe_message_destroy(&request->reply);
    free(request);
}

static void
request_free(struct request *request)
{
    struct request **at = &request->recorder->requests;
    while (*at && *at != request)
        at = &(*at)->next;
    CHECK(*at);
    *at = request->next;
    request_destroy(request);
}

static int
fail(troupe_context_t *ctx, struct request *request, int code,
     const char *words)
{
    int rc = troupe_reply_error_to(ctx, &request->token, code, "%s", words);
    request_free(request);
    return rc == -ENOMSG ? 0 : rc;
}

static int
fail_step(troupe_context_t *ctx, struct request *request,
          const troupe_answer_t *answer)
{
    int code = answer->outcome == TROUPE_TIMEOUT ? -ETIMEDOUT
               : answer->code < 0                ? answer->code
                                                 : -EIO;
    return fail(ctx, request, code, answer->text ? answer->text : "");
}

static int
on_kept(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct request *request = answer->data;
    (void) state;
    if (answer->outcome != TROUPE_REPLY)
        return fail(ctx, request, -EIO, "the journal cannot be written");
    int rc = troupe_reply_to(ctx, &request->token, "m", request->reply);
    request_free(request);
    return rc == -ENOMSG ? 0 : rc;
}

static int
keep(troupe_context_t *ctx, struct request *request)
{
    size_t size = 0;
    const void *body = troupe_message_body(request->reply, &size);
    troupe_ask_options_t options = {.timeout_ms = JOURNAL_MS,
                                    .answer = on_kept,
                                    .data = request,
                                    .detached = true};
    int rc = troupe_ask_with(ctx, request->recorder->journal, "append",
                             &options, &request->ask, "{s:[{s:s, s:s, s:B}]}",
                             "entries", "key", request->key, "state", "ok",
                             "value", body, size);
    return rc < 0 ? fail(ctx, request, rc, "the journal cannot be asked") : 0;
}

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct request *request = answer->data;
    uint64_t fault = 0;
    (void) state;
    if (answer->outcome != TROUPE_REPLY)
        return fail_step(ctx, request, answer);
    if (troupe_unpack(answer->msg, "{s:U}", "fault", &fault) < 0 || fault > 0) {
        int rc = troupe_reply_to(ctx, &request->token, "m", answer->msg);
        request_free(request);
        return rc == -ENOMSG ? 0 : rc;
    }
    int rc = troupe_message_keep(answer->msg, &request->reply);
    return rc < 0 ? fail(ctx, request, rc, "the answer cannot be kept")
                  : keep(ctx, request);
}

static int
pass_on(troupe_context_t *ctx, struct request *request)
{
    troupe_ask_options_t options = {.deadline_ns = request->deadline_ns,
                                    .answer = on_answer,
                                    .data = request,
                                    .detached = true};
    if (!troupe_token_is_open(ctx, request->token))
        return fail(ctx, request, -ECANCELED, "nobody waits for it");
    int rc = troupe_ask_with(ctx, request->recorder->to, request->type,
                             &options, &request->ask, "m", request->msg);
    troupe_message_destroy(&request->msg);
    return rc < 0 ? fail(ctx, request, rc, "the call cannot be made") : 0;
}

static int
on_found(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct request *request = answer->data;
    const void *value = NULL;
    size_t size = 0;
    (void) state;
    if (answer->outcome == TROUPE_REPLY
        && troupe_unpack(answer->msg, "{s:B}", "value", &value, &size) == 0) {
        int rc = troupe_reply_to(ctx, &request->token, "r", value, size);
        request_free(request);
        return rc == -ENOMSG ? 0 : rc;
    }
    if (answer->outcome == TROUPE_REPLY || answer->code == -ENOENT)
        return pass_on(ctx, request);
    return fail_step(ctx, request, answer);
}

/* FNV-1a, twice with different beginnings: what is asked, in 128 bits. */
static uint64_t
hash(uint64_t value, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++)
        value = (value ^ at[i]) * UINT64_C(0x100000001b3);
    return value;
}

static void
write_key(const troupe_message_t *msg, char key[KEY_SIZE])
{
    size_t size = 0;
    const char *type = troupe_message_type(msg);
    const void *body = troupe_message_body(msg, &size);
    uint64_t one = hash(UINT64_C(0xcbf29ce484222325), type, strlen(type));
    uint64_t other = hash(UINT64_C(0x9e3779b97f4a7c15), type, strlen(type));
    (void) snprintf(key, KEY_SIZE, "%c-%016" PRIx64 "%016" PRIx64, *type,
                    hash(one, body, size), hash(other, body, size));
}

static int
on_request(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct recorder *self = state;
    struct request *request = troupe__alloc(sizeof *request);
    if (troupe_defer(ctx, &request->token) < 0) {
        free(request); /* a tell: nobody waits for it */
        return 0;
    }
    request->recorder = self;
    request->deadline_ns = troupe_message_deadline_ns(msg);
    request->next = self->requests;
    self->requests = request;
    (void) snprintf(request->type, TYPE_SIZE, "%s", troupe_message_type(msg));
    write_key(msg, request->key);
    int rc = troupe_message_keep(msg, &request->msg);
    troupe_ask_options_t options = {.timeout_ms = JOURNAL_MS,
                                    .answer = on_found,
                                    .data = request,
                                    .detached = true};
    if (rc == 0)
        rc = troupe_ask_with(ctx, self->journal, "find", &options,
                             &request->ask, "{s:s}", "key", request->key);
    return rc < 0 ? fail(ctx, request, rc, "the journal cannot be asked") : 0;
}

/* What it waits for is given up; the answer to that ends the request. */
static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct recorder *self = state;
    troupe_token_t token = troupe_token_read(msg);
    for (struct request *it = self->requests; it; it = it->next) {
        if (it->token.id == token.id) {
            (void) troupe_cancel(ctx, it->ask);
            break;
        }
    }
    return 0;
}

static void
recorder_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct recorder *self = state;
    (void) ctx, (void) reason;
    for (struct request *it = self->requests, *next = NULL; it; it = next) {
        next = it->next;
        request_destroy(it);
    }
}

TROUPE_KIND(troupe_recorder, struct recorder, TROUPE_ON_START(recorder_start),
            TROUPE_ON("fetch", on_request), TROUPE_ON_CANCEL(on_cancel),
            TROUPE_ON_STOP(recorder_stop));
