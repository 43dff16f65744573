/* SPDX-License-Identifier: Apache-2.0 */
/* hub_talk.c: what the root's nodes say to it, and what it answers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/hub.h"
#include "runtime/replica.h"
#include "runtime/settle.h"
#include "runtime/worker.h"

enum { WORKERS_MAX = 256, REFUSED_MS = 1000 };
#define NS_PER_MS UINT64_C(1000000)

/* What is in link->out, to one; and it is empty then. */
static void
send_out(struct troupe__hub *self, struct troupe__hub_node *node,
         const uint8_t *bytes, size_t size)
{
    int rc = troupe__post_send(self->link->socket, &node->route, bytes, size);
    if (rc == 0 || node->doomed || node->has_left)
        return;
    if (rc == -EAGAIN) {
        troupe__hub_doom(self, node, "it does not read what the root tells it");
        return;
    }
    /* Most likely its process has ended and the note of that is under way. */
    uint64_t due = troupe__real_ns() + REFUSED_MS * NS_PER_MS;
    if (due < node->due_ns) {
        node->due_ns = due;
        node->due_why = "it left its link to the root";
    }
}

void
troupe__hub_send(struct troupe__hub *self, struct troupe__hub_node *node)
{
    struct troupe__buffer *out = &self->link->out;
    send_out(self, node, out->data, out->size);
    out->size = 0;
}

/* To all that have joined, but for one. */
void
troupe__hub_send_all(struct troupe__hub *self, uint32_t except)
{
    struct troupe__buffer *out = &self->link->out;
    for (uint32_t i = 0; i < self->count; i++) {
        struct troupe__hub_node *node = self->nodes[i];
        if (troupe__hub_is_member(node) && !node->doomed
            && node->facts.number != except)
            send_out(self, node, out->data, out->size);
    }
    out->size = 0;
}

/* ["up", number, name, pid, workers, agent, may it say what only runtimes do,
 * does it live] */
static void
write_up(struct troupe__buffer *out, const struct troupe__peer_facts *facts,
         bool is_live)
{
    troupe__letter_write(out, "[s,I,s,I,I,R,b,b]", "up",
                         (int64_t) facts->number, facts->name,
                         (int64_t) facts->pid, (int64_t) facts->workers,
                         facts->agent, facts->system, is_live);
}

/* A node that is not understood is told so, and then has a moment to end. */
static void refuse(struct troupe__hub *self, struct troupe__hub_node *node,
                   const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
refuse(struct troupe__hub *self, struct troupe__hub_node *node,
       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(node->why, sizeof node->why, format, args);
    va_end(args);
    troupe__letter_write(&self->link->out, "[s,s,i,i]", "refused", node->why,
                         TROUPE__LINK_VERSION, TROUPE__LINK_VERSION);
    troupe__hub_send(self, node);
    node->doomed = true;
    node->due_ns = troupe__real_ns() + REFUSED_MS * NS_PER_MS;
    troupe__log(self->link->node, TROUPE_LOG_WARNING,
                "node %u %s is refused: %s", node->facts.number,
                node->facts.name, node->why);
}

void
troupe__hub_refuse_version(struct troupe__hub *self,
                           struct troupe__hub_node *node, uint64_t version)
{
    refuse(self, node, "it speaks version %llu of the link, the root %d",
           (unsigned long long) version, TROUPE__LINK_VERSION);
}

static void
append_name(void *data, const char *verb, const char *name, troupe_ref_t ref)
{
    troupe__letter_write(data, "[s,s,R]", verb, name, ref);
}

/* Letters that lie behind each other. */
static void
send_each(struct troupe__hub *self, struct troupe__hub_node *node,
          const struct troupe__buffer *letters)
{
    struct troupe__cursor cursor = {letters->data,
                                    letters->data + letters->size};
    while (cursor.at < cursor.end) {
        const uint8_t *start = cursor.at;
        CHECK(troupe__cursor_skip(&cursor));
        send_out(self, node, start, (size_t) (cursor.at - start));
    }
}

/* All that is known so far; what comes later it is told as everybody is. */
static void
welcome(struct troupe__hub *self, struct troupe__hub_node *node)
{
    struct troupe__buffer letters = {0};
    troupe_t *root = self->link->node;
    struct troupe__peer_facts own = {.number = root->id,
                                     .pid = getpid(),
                                     .workers = root->regular,
                                     .agent = self->link->agent,
                                     .system = true};
    memcpy(own.name, root->peers->self.name, sizeof own.name);
    write_up(&letters, &own, true);
    for (uint32_t i = 0; i < self->count; i++) {
        if (troupe__hub_is_member(self->nodes[i])
            && self->nodes[i]->state >= HUB_ANNOUNCED)
            write_up(&letters, &self->nodes[i]->facts,
                     self->nodes[i]->state == HUB_LIVE);
    }
    troupe__replica_each(self->link, append_name, &letters);
    troupe__letter_write(&letters, "[s]", "welcome");
    send_each(self, node, &letters);
    troupe__buffer_free(&letters);
    troupe__hub_set_state(self, node, HUB_JOINED);
}

static bool
read_capabilities(struct troupe__hub_node *node, const void *array, size_t size)
{
    struct troupe__cursor cursor;
    struct troupe__item item;
    int count = troupe__letter_items(array, size, &cursor);
    for (int i = 0; i < count; i++) {
        if (!troupe__cursor_next(&cursor, &item) || item.form != FORM_TEXT)
            return false;
        node->facts.system |= troupe__item_is(&item, "system");
        node->facts.attempts |= troupe__item_is(&item, "attempts");
    }
    return count >= 0;
}

static int
on_hello(struct troupe__hub *self, struct troupe__hub_node *node,
         const struct troupe__letter *letter)
{
    const char *verb = NULL;
    uint64_t version = 0, workers = 0;
    const void *capabilities = NULL;
    size_t size = 0;
    troupe_ref_t agent = TROUPE_NOBODY;
    node->route = self->link->post.route;
    if (troupe__letter_read(letter, "[s,U]", &verb, &version) < 0)
        return -EBADMSG;
    if (version != TROUPE__LINK_VERSION) {
        troupe__hub_refuse_version(self, node, version);
        return 0;
    }
    if (troupe__letter_read(letter, "[s,U,U,R,r!]", &verb, &version, &workers,
                            &agent, &capabilities, &size)
            < 0
        || workers < 1 || workers > WORKERS_MAX
        || (!troupe_ref_is_nobody(agent)
            && troupe__ref_node(agent) != node->facts.number)
        || !read_capabilities(node, capabilities, size))
        return -EBADMSG;
    pthread_mutex_lock(&self->link->lock);
    node->facts.workers = (uint32_t) workers;
    node->facts.agent = agent;
    pthread_mutex_unlock(&self->link->lock);
    welcome(self, node);
    return 0;
}

static void
go(struct troupe__hub *self, struct troupe__hub_node *node)
{
    uint32_t number = node->facts.number;
    struct troupe__buffer *out = &self->link->out;
    troupe__letter_write(out, "[s]", "go");
    troupe__hub_send(self, node);
    if (!node->end_asked)
        node->due_ns = UINT64_MAX;
    troupe__hub_set_state(self, node, HUB_LIVE);
    troupe__letter_write(out, "[s,I]", "live", (int64_t) number);
    troupe__hub_send_all(self, number);
    troupe__log(self->link->node, TROUPE_LOG_INFO, "node %u %s is ready",
                number, node->facts.name);
    if (node->calls.ready)
        node->calls.ready(node->calls_data, number);
    troupe__tell_up(self->link, number, node->facts.name);
}

void
troupe__hub_go_if_known(struct troupe__hub *self, struct troupe__hub_node *node)
{
    uint64_t any = 0;
    for (size_t i = 0; i < sizeof node->awaits / sizeof *node->awaits; i++)
        any |= node->awaits[i];
    if (any == 0 && node->state == HUB_ANNOUNCED && !node->doomed)
        go(self, node);
}

static int
on_ready(struct troupe__hub *self, struct troupe__hub_node *node,
         const struct troupe__letter *letter)
{
    (void) letter;
    if (node->state != HUB_JOINED)
        return -EALREADY;
    int rc = troupe__peer_admit(self->link->node, &node->facts);
    if (rc == 0)
        rc = troupe__peer_route(self->link->node, node->facts.number);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < self->count; i++) {
        const struct troupe__hub_node *other = self->nodes[i];
        uint32_t number = other->facts.number;
        if (other != node && troupe__hub_is_member(other) && !other->doomed
            && !other->is_silent && !other->has_left)
            node->awaits[number / 64] |= UINT64_C(1) << number % 64;
    }
    troupe__hub_set_state(self, node, HUB_ANNOUNCED);
    write_up(&self->link->out, &node->facts, false);
    troupe__hub_send_all(self, node->facts.number);
    troupe__hub_go_if_known(self, node);
    return 0;
}

static int
on_known(struct troupe__hub *self, struct troupe__hub_node *node,
         const struct troupe__letter *letter)
{
    const char *verb = NULL;
    uint64_t about = 0;
    uint32_t number = node->facts.number;
    if (troupe__letter_read(letter, "[s,U!]", &verb, &about) < 0
        || about > TROUPE__PEER_MAX)
        return -EBADMSG;
    struct troupe__hub_node *other = troupe__hub_find(self, (uint32_t) about);
    if (other) {
        other->awaits[number / 64] &= ~(UINT64_C(1) << number % 64);
        troupe__hub_go_if_known(self, other);
    }
    return 0;
}

void
troupe__hub_is_alive(struct troupe__hub *self, struct troupe__hub_node *node)
{
    node->missed = 0;
    if (!node->is_silent)
        return;
    pthread_mutex_lock(&self->link->lock);
    node->is_silent = false;
    pthread_mutex_unlock(&self->link->lock);
    troupe__log(self->link->node, TROUPE_LOG_INFO, "node %u %s answers again",
                node->facts.number, node->facts.name);
}

static int
on_beat(struct troupe__hub *self, struct troupe__hub_node *node,
        const struct troupe__letter *letter)
{
    const char *verb = NULL;
    uint64_t ping = 0, reports = 0, hanging_ms = 0;
    const void *turns = NULL;
    size_t size = 0;
    struct troupe__cursor cursor;
    if (troupe__letter_read(letter, "[s,U,U,r]", &verb, &ping, &reports, &turns,
                            &size)
            < 0
        || troupe__letter_items(turns, size, &cursor) < 0)
        return -EBADMSG;
    (void) troupe__letter_read(letter, "[s,U,U,r,U]", &verb, &ping, &reports,
                               &turns, &size, &hanging_ms);
    troupe__hub_is_alive(self, node);
    if (reports > node->reports) {
        troupe__log(self->link->node, TROUPE_LOG_WARNING,
                    "node %u %s: a handler there does not return; its own log "
                    "names it",
                    node->facts.number, node->facts.name);
    }
    node->reports = reports;
    if (self->options.stuck_ms && hanging_ms >= self->options.stuck_ms) {
        troupe__hub_note_suspects(self, node);
        troupe__hub_doom(self, node, "a handler did not return for %llu ms",
                         (unsigned long long) hanging_ms);
    }
    return 0;
}

static int
on_name(struct troupe__hub *self, struct troupe__hub_node *node,
        const struct troupe__letter *letter)
{
    const char *verb = NULL, *name = NULL;
    troupe_ref_t ref = TROUPE_NOBODY;
    uint32_t number = node->facts.number;
    if (troupe__letter_read(letter, "[s,s,R!]", &verb, &name, &ref) < 0
        || !troupe__name_is_valid(name) || troupe__ref_node(ref) != number)
        return -EBADMSG;
    if (strcmp(verb, "name") == 0 || strcmp(verb, "unname") == 0)
        troupe__replica_claim(self->link, number, verb[0] == 'n', name, ref);
    else
        troupe__replica_group(self->link, number, verb[0] == 'j', name, ref);
    return 0;
}

int
troupe__hub_bye(struct troupe__hub *self, struct troupe__hub_node *node,
                const struct troupe__letter *letter)
{
    (void) letter;
    uint64_t due = troupe__real_ns() + self->options.hang_ms * NS_PER_MS;
    if (due < node->due_ns) {
        node->due_ns = due;
        node->due_why = "it had left, but its process did not end";
    }
    node->has_left = true;
    return 0;
}

static const struct {
    const char *verb;
    int (*hear)(struct troupe__hub *self, struct troupe__hub_node *node,
                const struct troupe__letter *letter);
} verbs[] = {{"beat", on_beat},
             {"name", on_name},
             {"unname", on_name},
             {"join", on_name},
             {"leave", on_name},
             {"settle", troupe__settle_hear},
             {"known", on_known},
             {"bye", troupe__hub_bye},
             {"ready", on_ready},
             {"hello", on_hello},
             {"guest", troupe__hub_guest_hello}};

static int
hear(struct troupe__hub *self, struct troupe__hub_node *node,
     const struct troupe__letter *letter)
{
    if (node->guest.is_one)
        return troupe__hub_guest_hear(self, node, letter);
    if (!letter)
        return -EBADMSG;
    bool is_hello = strcmp(letter->verb, "hello") == 0
                    || strcmp(letter->verb, "guest") == 0;
    if (is_hello != (node->state == HUB_STARTING))
        return -EALREADY;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(letter->verb, verbs[i].verb) == 0)
            return verbs[i].hear(self, node, letter);
    return -EBADMSG;
}

void
troupe__hub_hear(struct troupe__hub *self, const struct troupe__post *post,
                 const struct troupe__letter *letter)
{
    uint32_t number = (uint32_t) strtoul(post->user, NULL, 10);
    struct troupe__hub_node *node = troupe__hub_find(self, number);
    const struct troupe__route *route = &post->route;
    const char *what = NULL;
    if (!node || node->doomed)
        return; /* what was under way when it ended */
    if (node->state != HUB_STARTING
        && (route->size != node->route.size
            || memcmp(route->bytes, node->route.bytes, route->size) != 0))
        what = "it spoke over a second connection";
    else if (hear(self, node, letter) < 0)
        what = letter ? "it may not say that, or not so:"
                      : "what it said is no letter";
    if (!what)
        return;
    atomic_fetch_add(&self->link->bad_count, 1);
    troupe__hub_doom(self, node, "it broke the rules of the link: %s%s%s", what,
                     letter ? " " : "", letter ? letter->verb : "");
}
