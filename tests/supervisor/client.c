/* SPDX-License-Identifier: Apache-2.0 */
/* client.c: an actor that asks clerks, and notes each outcome. */
#include "supervisor/client.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { SEEN_MAX = 1 << 16 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    troupe_t *node;
    troupe_ref_t ref;
    struct client_note notes[CLIENT_ASKS_MAX];
    char seen[SEEN_MAX];
    size_t seen_size;
    int seen_count;
} desk = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .changed = PTHREAD_COND_INITIALIZER};

struct client {
    troupe_ask_t asks[CLIENT_ASKS_MAX];
};

static void
read_answer(troupe_context_t *ctx, const troupe_answer_t *answer, int64_t n,
            struct client_note *note)
{
    int64_t said = 0;
    uint64_t id = 0;
    troupe_ref_t asker = TROUPE_NOBODY;
    int rc = troupe_unpack(answer->msg, "[I, I, R, U]", &said, &note->attempt,
                           &asker, &id);
    note->is_right = rc == 0 && said == n
                     && troupe_ref_equal(asker, troupe_self(ctx))
                     && id == answer->ask.id;
}

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    int64_t n = (int64_t) (intptr_t) answer->data;
    (void) state;
    pthread_mutex_lock(&desk.lock);
    struct client_note *note = &desk.notes[n];
    note->outcomes++;
    note->outcome = answer->outcome;
    note->code = answer->code;
    snprintf(note->text, sizeof note->text, "%s", answer->text);
    if (answer->outcome == TROUPE_REPLY)
        read_answer(ctx, answer, n, note);
    pthread_cond_broadcast(&desk.changed);
    pthread_mutex_unlock(&desk.lock);
    return 0;
}

static int
on_ask(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct client *self = state;
    troupe_ref_t to;
    const char *verb = NULL;
    int n = 0, k = 0, timeout_ms = 0;
    if (troupe_unpack(msg, "[R, s, i, i, i]", &to, &verb, &n, &k, &timeout_ms)
        < 0)
        return -EBADMSG;
    const troupe_ask_options_t options = {.timeout_ms = (uint32_t) timeout_ms,
                                          .answer = on_answer,
                                          .data = (void *) (intptr_t) n};
    return troupe_ask_with(ctx, to, verb, &options, &self->asks[n], "[i, i]", n,
                           k);
}

static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct client *self = state;
    int n = 0;
    int rc = troupe_unpack(msg, "i", &n);
    return rc == 0 ? troupe_cancel(ctx, self->asks[n]) : rc;
}

static int
on_seen(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int n = 0, attempt = 0;
    (void) ctx, (void) state;
    if (troupe_unpack(msg, "[i, i]", &n, &attempt) < 0)
        return -EBADMSG;
    pthread_mutex_lock(&desk.lock);
    size_t left = sizeof desk.seen - desk.seen_size;
    int size = snprintf(desk.seen + desk.seen_size, left, "%s%d.%d",
                        desk.seen_size ? " " : "", n, attempt);
    if (size > 0 && (size_t) size < left)
        desk.seen_size += (size_t) size;
    desk.seen_count++;
    pthread_cond_broadcast(&desk.changed);
    pthread_mutex_unlock(&desk.lock);
    return 0;
}

static const troupe_clause_t clauses[] = {TROUPE_ON("ask", on_ask),
                                          TROUPE_ON("cancel", on_cancel),
                                          TROUPE_ON("seen", on_seen),
                                          {0, NULL, NULL, NULL}};

static const troupe_kind_t client = {
    .name = "client", .state_size = sizeof(struct client), .clauses = clauses};

void
client_begin(troupe_t *node)
{
    const troupe_spawn_options_t options = {.name = "scribe"};
    desk.node = node;
    memset(desk.notes, 0, sizeof desk.notes);
    desk.seen_size = 0;
    desk.seen_count = 0;
    desk.seen[0] = '\0';
    cr_assert_eq(troupe_node_spawn(node, &client, &options, &desk.ref, NULL),
                 0);
}

void
client_ask(troupe_ref_t to, const char *verb, int n, int k, uint32_t timeout_ms)
{
    cr_assert_eq(troupe_node_send(desk.node, desk.ref, "ask", "[R, s, i, i, i]",
                                  to, verb, n, k, (int) timeout_ms),
                 0);
}

void
client_cancel(int n)
{
    cr_assert_eq(troupe_node_send(desk.node, desk.ref, "cancel", "i", n), 0);
}

struct client_note
client_note(int n)
{
    pthread_mutex_lock(&desk.lock);
    struct client_note note = desk.notes[n];
    pthread_mutex_unlock(&desk.lock);
    return note;
}

struct client_note
client_wait(int n)
{
    pthread_mutex_lock(&desk.lock);
    while (desk.notes[n].outcomes == 0)
        pthread_cond_wait(&desk.changed, &desk.lock);
    struct client_note note = desk.notes[n];
    pthread_mutex_unlock(&desk.lock);
    return note;
}

const char *
client_seen(int count)
{
    static char seen[SEEN_MAX];
    pthread_mutex_lock(&desk.lock);
    while (desk.seen_count < count)
        pthread_cond_wait(&desk.changed, &desk.lock);
    memcpy(seen, desk.seen, sizeof seen);
    pthread_mutex_unlock(&desk.lock);
    return seen;
}
