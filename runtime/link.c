/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.c: the thread of a node that speaks with the other nodes' links.
 *
 * It never waits for code of users: letters come and go by sockets that drop
 * nothing and block nobody, and what it has to tell actors goes into their
 * mailboxes, full or not.
 */
#include "runtime/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "runtime/hub.h"
#include "runtime/replica.h"
#include "runtime/worker.h"

enum { LETTERS_A_TURN = 256, BYE_MS = 200 };
#define NS_PER_S UINT64_C(1000000000)

struct troupe__note *
troupe__note_new(enum troupe__note_kind kind, const char *text)
{
    return troupe__note_bytes(kind, text, strlen(text) + 1);
}

struct troupe__note *
troupe__note_bytes(enum troupe__note_kind kind, const void *bytes, size_t size)
{
    struct troupe__note *note = troupe__alloc(sizeof *note + size);
    note->kind = kind;
    note->size = size;
    memcpy(note->text, bytes, size);
    return note;
}

void
troupe__link_note(struct troupe__link *self, struct troupe__note *note)
{
    const uint64_t one = 1;
    pthread_mutex_lock(&self->lock);
    bool was_empty = !self->first;
    if (was_empty)
        self->first = note;
    else
        self->last->next = note;
    self->last = note;
    pthread_mutex_unlock(&self->lock);
    if (was_empty)
        (void) !write(self->wake_fd, &one, sizeof one);
}

void
troupe__link_complain(struct troupe__link *self,
                      struct troupe__complaint *complaint, const char *format,
                      ...)
{
    char text[256];
    char more[48] = "";
    uint64_t now = troupe__real_ns();
    if (now < complaint->next_ns) {
        complaint->suppressed++;
        return;
    }
    if (complaint->suppressed > 0)
        snprintf(more, sizeof more, " (and %llu like it)",
                 (unsigned long long) complaint->suppressed);
    complaint->next_ns = now + NS_PER_S;
    complaint->suppressed = 0;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    troupe__log(self->node, TROUPE_LOG_WARNING, "%s%s", text, more);
}

static void
take_knocks(struct troupe__link *self)
{
    struct troupe__knock knock;
    for (int i = 0; i < LETTERS_A_TURN && troupe__gate_take(self->gate, &knock);
         i++)
        troupe__doors_knock(self, &knock);
}

static void
take_letters(struct troupe__link *self)
{
    struct troupe__letter letter;
    struct troupe__post *post = &self->post;
    bool is_hub = self->hub != NULL;
    for (int i = 0; i < LETTERS_A_TURN; i++) {
        if (!troupe__post_take(self->socket, is_hub, post))
            return;
        bool readable = post->is_whole
                        && post->letter.size <= TROUPE__LETTER_MAX
                        && troupe__letter_open(&letter, post->letter.data,
                                               post->letter.size, &self->arena);
        if (is_hub)
            troupe__hub_hear(self->hub, post, readable ? &letter : NULL);
        else if (readable)
            troupe__member_hear(self, &letter);
        troupe__arena_reset(&self->arena);
    }
}

/* A member says nothing of its names before it is welcome. */
static struct troupe__note *
take_all_notes(struct troupe__link *self)
{
    pthread_mutex_lock(&self->lock);
    struct troupe__note *notes = NULL;
    if (self->hub || self->state >= LINK_JOINED) {
        notes = self->first;
        self->first = self->last = NULL;
    }
    pthread_mutex_unlock(&self->lock);
    return notes;
}

static void
take_notes(struct troupe__link *self)
{
    struct troupe__note *note = take_all_notes(self);
    while (note) {
        struct troupe__note *next = note->next;
        if (note->kind == NOTE_WATCH)
            troupe__watch_begin(self, note->ref);
        else if (self->hub)
            troupe__hub_note(self->hub, note);
        else
            troupe__member_note(self, note);
        free(note);
        note = next;
    }
}

static bool
goes_on(struct troupe__link *self)
{
    pthread_mutex_lock(&self->lock);
    bool quit = self->quit;
    pthread_mutex_unlock(&self->lock);
    return !quit;
}

static void *
link_main(void *data)
{
    struct troupe__link *self = data;
    uint64_t rings = 0;
    pthread_setname_np(pthread_self(), "troupe-link");
    if (!self->hub)
        troupe__member_hello(self);
    while (goes_on(self)) {
        long ms = self->hub ? troupe__hub_time(self->hub) : -1;
        troupe__post_wait(self->socket, self->gate, self->wake_fd, ms);
        (void) !read(self->wake_fd, &rings, sizeof rings);
        take_knocks(self);
        take_letters(self);
        take_notes(self);
        troupe__doors_tend(self);
    }
    take_notes(self);
    if (!self->hub)
        troupe__member_bye(self);
    return NULL;
}

static int
open_sockets(struct troupe__link *self)
{
    const struct troupe__membership *own = &self->node->peers->self;
    char user[TROUPE__USER_MAX + 1];
    char password[2 * TROUPE__SECRET_SIZE + 1];
    int rc = troupe__gate_open(self->node->transport, &self->gate);
    if (rc < 0)
        return rc;
    snprintf(self->hub_path, sizeof self->hub_path, "%s/hub", own->directory);
    if (own->number == TROUPE__ROOT)
        return troupe__post_bind(self->node->transport, self->hub_path, "hub",
                                 &self->socket);
    snprintf(user, sizeof user, "%u", own->number);
    troupe__secret_text(own, password);
    rc = troupe__post_connect(self->node->transport, self->hub_path, user,
                              password, &self->socket);
    explicit_bzero(password, sizeof password);
    return rc;
}

/* Before the workers: their inboxes want the gate. */
int
troupe__link_open(troupe_t *node, const troupe_nodes_options_t *options)
{
    struct troupe__link *self = troupe__alloc(sizeof *self);
    pthread_condattr_t monotonic;
    self->node = node;
    self->state = LINK_CLOSED;
    CHECK(pthread_mutex_init(&self->lock, NULL) == 0);
    CHECK(pthread_condattr_init(&monotonic) == 0);
    CHECK(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&self->changed, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
    troupe__replica_init(self);
    node->link = self;
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->wake_fd < 0)
        return -EMFILE;
    int rc = open_sockets(self);
    if (rc == 0 && node->id == TROUPE__ROOT)
        rc = troupe__hub_open(self, options);
    return rc;
}

int
troupe__link_start(troupe_t *node)
{
    struct troupe__link *self = node->link;
    self->state = LINK_HELLO;
    int rc = troupe__thread_start(&self->thread, link_main, self);
    self->runs = rc == 0;
    return rc;
}

/* 0, -EPROTO: refused, or -ETIMEDOUT. */
int
troupe__link_wait_live(troupe_t *node, uint32_t timeout_ms)
{
    struct troupe__link *self = node->link;
    uint64_t until = troupe__real_ns() + timeout_ms * (NS_PER_S / 1000);
    struct timespec at = {(time_t) (until / NS_PER_S),
                          (long) (until % NS_PER_S)};
    int rc = 0;
    pthread_mutex_lock(&self->lock);
    while (self->state < LINK_LIVE && rc == 0)
        rc = pthread_cond_timedwait(&self->changed, &self->lock, &at);
    enum troupe__link_state state = self->state;
    pthread_mutex_unlock(&self->lock);
    return state == LINK_LIVE      ? 0
           : state == LINK_REFUSED ? -EPROTO
                                   : -ETIMEDOUT;
}

/* With the node's workers gone, or never there. */
void
troupe__link_stop(troupe_t *node)
{
    struct troupe__link *self = node->link;
    const uint64_t one = 1;
    if (!self || !self->runs)
        return;
    pthread_mutex_lock(&self->lock);
    self->quit = true;
    pthread_mutex_unlock(&self->lock);
    (void) !write(self->wake_fd, &one, sizeof one);
    pthread_join(self->thread, NULL);
    self->runs = false;
}

/* The sockets go before the node's context ends. */
void
troupe__link_free(troupe_t *node)
{
    struct troupe__link *self = node->link;
    if (!self)
        return;
    troupe__link_stop(node);
    troupe__hub_close(self->hub);
    troupe__post_close(self->socket, self->hub ? 0 : BYE_MS);
    troupe__post_close(self->gate, 0);
    if (self->hub)
        (void) unlink(self->hub_path); /* ZeroMQ may have done it */
    for (struct troupe__note *note = self->first, *next; note; note = next) {
        next = note->next;
        free(note);
    }
    if (self->wake_fd >= 0)
        close(self->wake_fd);
    free(self->hub);
    free(self->watchers);
    troupe__doors_free(self);
    troupe__buffer_free(&self->post.letter);
    troupe__buffer_free(&self->out);
    troupe__arena_free(&self->arena);
    troupe__replica_free(self);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
    node->link = NULL;
}
