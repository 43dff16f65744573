/* SPDX-License-Identifier: Apache-2.0 */
/* journal_actor.c: a journal that many actors write to at once. */
#include "actors/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_ask.h"
#include "troupe_msgpack.h"

#include "mailbox/check.h"

/*
 * Group commit: the first append of a turn begins a transaction and sends the
 * actor "(commit)". What came in before that is handled, and its appends are in
 * the same transaction; then one fsync answers them all.
 */
#define COMMIT "(commit)"

struct journal_actor {
    troupe_journal_t *journal;
    troupe_token_t *waiting; /* for the commit */
    size_t waiting_count, waiting_size;
    bool is_open; /* a transaction, with "(commit)" under way */
};

static int
actor_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct journal_actor *self = state;
    const char *path = NULL;
    int mode = 0;
    troupe_journal_error_t error;
    int rc = troupe_unpack(msg, "{s:s, s:i!}", "path", &path, "mode", &mode);
    if (rc < 0 || mode < TROUPE_JOURNAL_CREATE || mode > TROUPE_JOURNAL_READ)
        return troupe_fail(ctx, -EINVAL, "a journal wants path and mode");
    /* Its next incarnation goes on with what is there. */
    if (mode == TROUPE_JOURNAL_CREATE && troupe_incarnation(ctx) > 1)
        mode = TROUPE_JOURNAL_RESUME;
    rc = troupe_journal_open(path, (troupe_journal_mode_t) mode, &self->journal,
                             &error);
    return rc < 0 ? troupe_fail(ctx, rc, "%s", error.text) : 0;
}

static void
put_waiting(struct journal_actor *self, troupe_token_t token)
{
    if (self->waiting_count == self->waiting_size) {
        self->waiting_size = self->waiting_size * 2 + 16;
        self->waiting = troupe__realloc(
            self->waiting, self->waiting_size * sizeof *self->waiting);
    }
    self->waiting[self->waiting_count++] = token;
}

/* All that wait get the same answer. */
static int
answer_all(troupe_context_t *ctx, struct journal_actor *self, int code)
{
    int rc = 0;
    const char *words = troupe_journal_words(self->journal);
    for (size_t i = 0; i < self->waiting_count; i++) {
        int told = code < 0 ? troupe_reply_error_to(ctx, &self->waiting[i],
                                                    code, "%s", words)
                            : troupe_reply_to(ctx, &self->waiting[i], NULL);
        rc = told < 0 && told != -ENOMSG ? told : rc;
    }
    self->waiting_count = 0;
    self->is_open = false;
    return rc;
}

/* A text of the tree as a string in `texts`; its place. */
static bool
read_text(const msgpack_object *value, struct troupe__text *texts,
          const char **ret_text)
{
    if (value->type != MSGPACK_OBJECT_STR)
        return false;
    troupe__text_clear(texts);
    troupe__text_put(texts, value->via.str.ptr, value->via.str.size);
    *ret_text = texts->data ? texts->data : "";
    return strlen(*ret_text) == value->via.str.size;
}

struct line {
    troupe_journal_entry_t entry;
    struct troupe__text key, state;
};

static bool
is_key(const msgpack_object *key, const char *text)
{
    return key->via.str.size == strlen(text)
           && memcmp(key->via.str.ptr, text, key->via.str.size) == 0;
}

static bool
read_number(const msgpack_object *value, uint64_t most, uint64_t *ret_number)
{
    if (value->type != MSGPACK_OBJECT_POSITIVE_INTEGER || value->via.u64 > most)
        return false;
    *ret_number = value->via.u64;
    return true;
}

static bool
read_member(struct line *line, const msgpack_object_kv *it)
{
    uint64_t number = 0;
    bool ok = it->key.type == MSGPACK_OBJECT_STR;
    if (!ok)
        return false;
    if (is_key(&it->key, "key"))
        return read_text(&it->val, &line->key, &line->entry.key);
    if (is_key(&it->key, "state"))
        return read_text(&it->val, &line->state, &line->entry.state);
    if (is_key(&it->key, "what")) {
        ok = read_number(&it->val, TROUPE_JOURNAL_NOTE, &number);
        line->entry.what = (troupe_journal_what_t) number;
        return ok;
    }
    if (is_key(&it->key, "attempt")) {
        ok = read_number(&it->val, UINT32_MAX, &number);
        line->entry.attempt = (uint32_t) number;
        return ok;
    }
    if (is_key(&it->key, "ms")) {
        ok = it->val.type == MSGPACK_OBJECT_FLOAT64
             || it->val.type == MSGPACK_OBJECT_FLOAT32;
        line->entry.ms = ok ? it->val.via.f64 : 0;
        return ok || read_number(&it->val, UINT32_MAX, &number);
    }
    if (is_key(&it->key, "value") && it->val.type == MSGPACK_OBJECT_BIN) {
        line->entry.value = it->val.via.bin.ptr;
        line->entry.value_size = it->val.via.bin.size;
        return true;
    }
    return false;
}

/* Each line of an append: checked, or, with `journal`, put into its open
 * transaction. */
static int
walk(const msgpack_object *list, troupe_journal_t *journal)
{
    struct line line = {0};
    int rc = 0;
    for (uint32_t i = 0; i < list->via.array.size && rc == 0; i++) {
        const msgpack_object *item = &list->via.array.ptr[i];
        line.entry = (troupe_journal_entry_t){.what = TROUPE_JOURNAL_DONE};
        bool ok = item->type == MSGPACK_OBJECT_MAP;
        for (uint32_t k = 0; ok && k < item->via.map.size; k++)
            ok = read_member(&line, &item->via.map.ptr[k]);
        if (!ok || !troupe__journal_is_valid(&line.entry))
            rc = -EBADMSG;
        else if (journal)
            rc = troupe__journal_insert(journal, &line.entry);
    }
    troupe__text_free(&line.key);
    troupe__text_free(&line.state);
    return rc;
}

static const msgpack_object *
entries_of(const msgpack_object *body)
{
    if (body->type != MSGPACK_OBJECT_MAP || body->via.map.size != 1)
        return NULL;
    const msgpack_object_kv *it = body->via.map.ptr;
    bool ok = it->key.type == MSGPACK_OBJECT_STR && is_key(&it->key, "entries")
              && it->val.type == MSGPACK_OBJECT_ARRAY;
    return ok ? &it->val : NULL;
}

/* All are checked first: a bad one must not cost the others of the transaction
 * theirs. */
static int
on_append(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct journal_actor *self = state;
    msgpack_object body;
    int rc = troupe_message_object(msg, &body);
    const msgpack_object *list = rc < 0 ? NULL : entries_of(&body);
    if (!list || walk(list, NULL) < 0) {
        return troupe_message_is_ask(msg) ? troupe_reply_error(
                   ctx, -EBADMSG, "append wants entries, each with a key")
                                          : 0;
    }
    if (!self->is_open) {
        rc = troupe__journal_begin(self->journal);
        if (rc == 0)
            rc = troupe_send(ctx, troupe_self(ctx), COMMIT, NULL);
        self->is_open = rc == 0;
    }
    troupe_token_t token = {0};
    if (troupe_message_is_ask(msg) && troupe_defer(ctx, &token) == 0)
        put_waiting(self, token);
    if (rc == 0)
        rc = walk(list, self->journal);
    return rc < 0 ? answer_all(ctx, self, rc) : 0;
}

static int
on_commit(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct journal_actor *self = state;
    if (!self->is_open)
        return 0; /* an insert failed, and all have been told */
    return answer_all(ctx, self, troupe__journal_commit(self->journal));
}

static int
on_find(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct journal_actor *self = state;
    troupe_journal_entry_t entry;
    const char *key = NULL;
    int rc = troupe_unpack(msg, "{s:s!}", "key", &key);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "find wants a key");
    rc = troupe_journal_find(self->journal, key, &entry);
    if (rc < 0) {
        return troupe_reply_error(ctx, rc, "%s",
                                  rc == -ENOENT
                                      ? "no such key"
                                      : troupe_journal_words(self->journal));
    }
    return troupe_reply(ctx, "{s:s, s:U, s:f, s:B}", "state", entry.state,
                        "attempt", (uint64_t) entry.attempt, "ms", entry.ms,
                        "value", entry.value ? entry.value : "",
                        entry.value_size);
}

static int
on_set(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct journal_actor *self = state;
    const char *name = NULL, *text = NULL;
    int rc = troupe_unpack(msg, "{s:s, s:s!}", "name", &name, "text", &text);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "set wants name and text");
    if (self->is_open) { /* a transaction at a time */
        rc = answer_all(ctx, self, troupe__journal_commit(self->journal));
        if (rc < 0)
            return rc;
    }
    rc = troupe_journal_set(self->journal, name, text);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "%s",
                                  troupe_journal_words(self->journal));
    return troupe_reply(ctx, NULL);
}

static int
on_get(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct journal_actor *self = state;
    const char *name = NULL;
    int rc = troupe_unpack(msg, "{s:s!}", "name", &name);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "get wants a name");
    char *text = troupe_journal_get(self->journal, name);
    rc = text ? troupe_reply(ctx, "{s:s}", "text", text)
              : troupe_reply_error(ctx, -ENOENT, "no such name");
    free(text);
    return rc;
}

static void
actor_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) reason;
    struct journal_actor *self = state;
    if (self->is_open)
        (void) answer_all(ctx, self, troupe__journal_commit(self->journal));
    troupe_journal_destroy(&self->journal);
    free(self->waiting);
}

TROUPE_KIND(troupe_journal_actor, struct journal_actor,
            TROUPE_ON_START(actor_start), TROUPE_ON("append", on_append),
            TROUPE_ON(COMMIT, on_commit), TROUPE_ON("find", on_find),
            TROUPE_ON("set", on_set), TROUPE_ON("get", on_get),
            TROUPE_ON_STOP(actor_stop));
