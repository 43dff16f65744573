/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper.c: the actor that keeps another one's answers; see troupe_keeper.h.
 * An ask goes through three of ours: find, the ask itself, append; it is freed
 * where its last step ends.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_ask.h"
#include "troupe_keeper.h"
#include "troupe_lifecycle.h"
#include "troupe_msgpack.h"
#include "troupe_trace.h"

#include "mailbox/check.h"

#define ABOUT_MAX  200
#define KEY_SIZE   300
#define JOURNAL_MS 60000
#define FOREVER_MS 4000000000u /* 46 days: the ask has a deadline of its own */
#define NS_PER_MS  1000000.0
#define FNV_PRIME  1099511628211u

struct keeper {
    troupe_ref_t journal, to;
    char about[ABOUT_MAX + 1];
    char zero[TROUPE_NAME_MAX + 1]; /* "": all replies are kept */
    uint64_t hashes[2];             /* of start and about */
    void *start;                    /* of its own actor; NULL: it has none */
    size_t start_size;
};

/* An ask on its way. */
struct kept {
    troupe_token_t token;
    troupe_message_t *msg;   /* the ask; NULL when it is made */
    troupe_message_t *reply; /* while it is being written down */
    char key[KEY_SIZE];
};

static void
kept_free(void *data)
{
    struct kept *self = data;
    troupe_message_destroy(&self->msg);
    troupe_message_destroy(&self->reply);
    free(self);
}

/* FNV-1a, from two beginnings: 128 bits. */
static void
hash(uint64_t hashes[2], const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++)
        for (int j = 0; j < 2; j++)
            hashes[j] = (hashes[j] ^ at[i]) * FNV_PRIME;
}

static void
make_key(const struct keeper *self, const troupe_message_t *msg,
         char key[KEY_SIZE])
{
    uint64_t hashes[2] = {self->hashes[0], self->hashes[1]};
    const char *type = troupe_message_type(msg), *id = NULL;
    size_t size = 0;
    const void *body = troupe_message_body(msg, &size);
    hash(hashes, type, strlen(type) + 1);
    hash(hashes, body, size);
    if (troupe_unpack(msg, "{s?s?}", "id", &id) < 0 || !id
        || strlen(id) > ABOUT_MAX)
        id = self->about;
    snprintf(key, KEY_SIZE, "%s:%s:%016llx%016llx", id, type,
             (unsigned long long) hashes[0], (unsigned long long) hashes[1]);
}

static int
give(troupe_context_t *ctx, struct kept *kept, const void *value, size_t size)
{
    int rc = troupe_reply_to(ctx, &kept->token, "r", value, size);
    if (rc == -EBADMSG) /* the journal is older, or damaged */
        rc = troupe_reply_error_to(ctx, &kept->token, -EIO,
                                   "what the journal has is no answer");
    kept_free(kept);
    return rc == -ENOMSG ? 0 : rc; /* nobody waits any more: it is kept */
}

static int
fail(troupe_context_t *ctx, struct kept *kept, int code, const char *words)
{
    int rc = troupe_reply_error_to(ctx, &kept->token, code, "%s", words);
    kept_free(kept);
    return rc == -ENOMSG ? 0 : rc;
}

static int
on_appended(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct kept *kept = answer->data;
    size_t size = 0;
    char words[512];
    (void) state;
    if (answer->outcome == TROUPE_REPLY) {
        const void *body = troupe_message_body(kept->reply, &size);
        return give(ctx, kept, body, size);
    }
    snprintf(words, sizeof words, "the journal cannot be written: %s",
             answer->text);
    return fail(ctx, kept, -EIO, words);
}

/* Not what failed, though it was answered. */
static bool
is_to_keep(const struct keeper *self, const troupe_message_t *reply)
{
    uint64_t number = 1;
    return !self->zero[0]
           || (troupe_unpack(reply, "{s:U}", self->zero, &number) == 0
               && number == 0);
}

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct keeper *self = state;
    struct kept *kept = answer->data;
    size_t size = 0;
    if (answer->outcome != TROUPE_REPLY) {
        return fail(ctx, kept,
                    answer->outcome == TROUPE_TIMEOUT ? -ETIMEDOUT
                                                      : answer->code,
                    answer->text);
    }
    const void *body = troupe_message_body(answer->msg, &size);
    if (!is_to_keep(self, answer->msg))
        return give(ctx, kept, body, size);
    troupe_ask_options_t options = {.timeout_ms = JOURNAL_MS,
                                    .answer = on_appended,
                                    .data = kept,
                                    .drop = kept_free,
                                    .detached = true};
    int rc = troupe_message_keep(answer->msg, &kept->reply);
    if (rc == 0) {
        rc = troupe_ask_with(
            ctx, self->journal, "append", &options, NULL,
            "{s:[{s:s, s:s, s:U, s:f, s:B}]}", "entries", "key", kept->key,
            "state", "ok", "attempt", UINT64_C(1), "ms",
            (double) answer->latency_ns / NS_PER_MS, "value", body, size);
    }
    return rc < 0 ? fail(ctx, kept, -EIO, "the journal cannot be asked") : 0;
}

static int
ask(troupe_context_t *ctx, struct keeper *self, struct kept *kept)
{
    troupe_ask_options_t options = {.timeout_ms = FOREVER_MS,
                                    .deadline_ns =
                                        troupe_message_deadline_ns(kept->msg),
                                    .answer = on_answer,
                                    .data = kept,
                                    .drop = kept_free};
    int rc = troupe_ask_with(ctx, self->to, troupe_message_type(kept->msg),
                             &options, NULL, "m", kept->msg);
    troupe_message_destroy(&kept->msg);
    return rc < 0 ? fail(ctx, kept, rc, "it cannot be asked") : 0;
}

static int
on_found(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct kept *kept = answer->data;
    const void *value = NULL;
    size_t size = 0;
    if (answer->outcome == TROUPE_REPLY
        && troupe_unpack(answer->msg, "{s:B}", "value", &value, &size) == 0) {
        troupe_trace_note(ctx, "{s:b}", "troupe.resumed", 1);
        return give(ctx, kept, value, size);
    }
    if (answer->outcome == TROUPE_CANCELLED
        || answer->outcome == TROUPE_TIMEOUT)
        return fail(ctx, kept, answer->code, answer->text);
    return ask(ctx, state, kept); /* it is not there */
}

static int
on_any(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct keeper *self = state;
    if (!troupe_message_is_ask(msg))
        return troupe_forward(ctx, self->to, msg);
    struct kept *kept = troupe__alloc(sizeof *kept);
    make_key(self, msg, kept->key);
    troupe_ask_options_t options = {.timeout_ms = JOURNAL_MS,
                                    .answer = on_found,
                                    .data = kept,
                                    .drop = kept_free};
    int rc = troupe_message_keep(msg, &kept->msg);
    if (rc == 0)
        rc = troupe_defer(ctx, &kept->token);
    if (rc == 0)
        rc = troupe_ask_with(ctx, self->journal, "find", &options, NULL,
                             "{s:s}", "key", kept->key);
    return rc < 0 ? fail(ctx, kept, rc, "the journal cannot be asked") : 0;
}

/* Whoever asked has heard of it, and asks again. One that cannot even start
 * is for our supervisor. */
static int
on_child(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct keeper *self = state;
    troupe_child_t child;
    if (troupe_child_read(msg, &child) < 0 || child.event != TROUPE_CHILD_ENDED)
        return 0;
    if (child.in_start || child.reason.kind != TROUPE_EXIT_ERROR) {
        return troupe_fail(ctx,
                           child.reason.code < 0 ? child.reason.code : -EIO,
                           "the actor behind it ended: %s", child.reason.text);
    }
    return troupe_child_restart(ctx, self->to, "r", self->start,
                                self->start_size);
}

static void
keeper_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx, (void) reason;
    free(((struct keeper *) state)->start);
}

/* The one behind it ends with it. */
static int
start_own(troupe_context_t *ctx, struct keeper *self,
          const troupe_message_t *msg, const char *name)
{
    static const uint8_t nil = 0xc0;
    const troupe_kind_t *kind = NULL;
    const void *start = &nil;
    size_t size = 1;
    troupe_spawn_options_t options = {.place = TROUPE_NEAR, .supervised = true};
    int rc = troupe_kind_find(troupe_context_node(ctx), name, &kind);
    if (rc == 0)
        rc = troupe_unpack(msg, "{s?r}", "start", &start, &size);
    if (rc < 0)
        return rc;
    hash(self->hashes, start, size);
    self->start = troupe__alloc(size);
    self->start_size = size;
    memcpy(self->start, start, size);
    return troupe_spawn(ctx, kind, &options, &self->to, "r", start, size);
}

static int
keeper_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct keeper *self = state;
    const char *about = NULL, *kind = NULL, *zero = "";
    int rc = troupe_unpack(msg, "{s:R, s:s, s?R, s?s, s?s}", "journal",
                           &self->journal, "about", &about, "to", &self->to,
                           "kind", &kind, "zero", &zero);
    if (rc < 0 || strlen(about) > ABOUT_MAX || strlen(zero) > TROUPE_NAME_MAX
        || troupe_ref_is_nobody(self->to) == (kind == NULL))
        return troupe_fail(ctx, -EINVAL,
                           "a keeper wants what troupe_keeper.h lists");
    snprintf(self->about, sizeof self->about, "%s", about);
    snprintf(self->zero, sizeof self->zero, "%s", zero);
    self->hashes[0] = 14695981039346656037u;
    self->hashes[1] = 0x9e3779b97f4a7c15u;
    hash(self->hashes, about, strlen(about) + 1);
    rc = kind ? start_own(ctx, self, msg, kind) : 0;
    return rc < 0 ? troupe_fail(ctx, rc, "the actor behind it: %s",
                                troupe_strerror(rc))
                  : 0;
}

TROUPE_KIND(troupe_keeper, struct keeper, TROUPE_ON_START(keeper_start),
            TROUPE_ON_CHILD(on_child), TROUPE_ON_STOP(keeper_stop),
            TROUPE_ON_FALLBACK(on_any));
