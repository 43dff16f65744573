/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hub_guest.c: guests at the hub: their letters come and go here unread.
 *
 * A guest is nobody's peer and has no names: others know its proxy alone. Here
 * is counted how much is under way: what it has said and its proxy has not
 * heard, and what it was sent and has not read. The latter a ping tells that
 * it answers, for its number cannot be guessed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "runtime/guest.h"
#include "runtime/hub.h"
#include "runtime/worker.h"

enum {
    UNHEARD_MAX = 256,        /* letters; it may have some hundred under way */
    UNHEARD_BYTES = 80 << 20, /* of them */
    UNREAD_BYTES = 96 << 20,  /* twice what it may have under way */
    PING_BYTES = 1 << 20      /* sent since the last question: ask again */
};

bool
troupe__guest_is(troupe_t *root, uint32_t number)
{
    struct troupe__link *link = root->link;
    if (!link || !link->hub)
        return false;
    pthread_mutex_lock(&link->lock);
    const struct troupe__hub_node *node = troupe__hub_find(link->hub, number);
    bool is_guest = node && node->guest.is_one;
    pthread_mutex_unlock(&link->lock);
    return is_guest;
}

/* ["guest", version] */
int
troupe__hub_guest_hello(struct troupe__hub *self, struct troupe__hub_node *node,
                        const struct troupe__letter *letter)
{
    const char *verb = NULL;
    uint64_t version = 0;
    if (troupe__letter_read(letter, "[s,U]", &verb, &version) < 0)
        return -EBADMSG;
    node->route = self->link->post.route;
    if (version != TROUPE__LINK_VERSION) {
        troupe__hub_refuse_version(self, node, version);
        return 0;
    }
    pthread_mutex_lock(&self->link->lock);
    node->guest.is_one = true;
    pthread_mutex_unlock(&self->link->lock);
    troupe__hub_set_state(self, node, HUB_JOINED);
    troupe__tell_up(self->link, node->facts.number, node->facts.name);
    return 0;
}

/* Something for the guest; it counts until it is known to be read. */
static void
send_counted(struct troupe__hub *self, struct troupe__hub_node *node)
{
    struct troupe__hub_guest *guest = &node->guest;
    guest->sent += self->link->out.size;
    troupe__hub_send(self, node);
    if (guest->sent - guest->read > UNREAD_BYTES)
        troupe__hub_doom(self, node, "it does not read what it is sent");
}

void
troupe__hub_guest_ping(struct troupe__hub *self, struct troupe__hub_node *node)
{
    struct troupe__hub_guest *guest = &node->guest;
    uint64_t number = 0;
    if (guest->ping)
        return; /* one is open */
    CHECK(getrandom(&number, sizeof number, 0) == sizeof number);
    guest->ping = number >> 12 | 1;
    guest->ping_at = guest->sent;
    troupe__letter_write(&self->link->out, "[s,U]", "ping", guest->ping);
    send_counted(self, node);
}

static int
on_beat(struct troupe__hub *self, struct troupe__hub_node *node,
        const struct troupe__letter *letter)
{
    const char *verb = NULL;
    uint64_t number = 0;
    struct troupe__hub_guest *guest = &node->guest;
    if (troupe__letter_read(letter, "[s,U]", &verb, &number) < 0 || number == 0
        || number != guest->ping)
        return -EBADMSG;
    guest->read = guest->ping_at;
    guest->ping = 0;
    troupe__hub_is_alive(self, node);
    return 0;
}

/* To its proxy, which knows what it means. */
static int
pass_in(struct troupe__hub *self, struct troupe__hub_node *node)
{
    struct troupe__hub_guest *guest = &node->guest;
    const struct troupe__buffer *bytes = &self->link->post.letter;
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_CONTROL, guest->proxy, TROUPE_NOBODY, "letter");
    struct troupe__worker *port = NULL;
    if (node->state != HUB_LIVE)
        return -EALREADY; /* it was not told to go */
    if (troupe_ref_is_nobody(guest->proxy))
        return 0; /* it was told to stop before it had one */
    guest->unheard++;
    guest->unheard_bytes += bytes->size;
    if (guest->unheard > UNHEARD_MAX || guest->unheard_bytes > UNHEARD_BYTES) {
        troupe__hub_doom(self, node, "it says more than it may have under way");
        return 0;
    }
    if (troupe__port_enter(self->link->node, true, &port) < 0)
        return 0; /* the root ends */
    int rc = troupe__emitf(port, &envelope, "B", bytes->data, bytes->size);
    troupe__port_leave(port);
    return rc;
}

int
troupe__hub_guest_hear(struct troupe__hub *self, struct troupe__hub_node *node,
                       const struct troupe__letter *letter)
{
    bool is_short = letter != NULL; /* else it is long, or deep, or nothing */
    if (is_short && strcmp(letter->verb, "beat") == 0)
        return on_beat(self, node, letter);
    if (is_short && strcmp(letter->verb, "bye") == 0)
        return troupe__hub_bye(self, node, letter);
    return self->link->post.is_whole ? pass_in(self, node) : -EBADMSG;
}

void
troupe__hub_guest_go(struct troupe__hub *self, struct troupe__hub_node *node,
                     troupe_ref_t proxy)
{
    node->guest.proxy = proxy;
    troupe__hub_set_state(self, node, HUB_LIVE);
    troupe__letter_write(&self->link->out, "[s]", "go");
    send_counted(self, node);
}

/* Its proxy is there: it may speak, and will be spoken to. */
static void
is_ready(struct troupe__hub *self, struct troupe__hub_node *node,
         troupe_ref_t proxy)
{
    troupe__hub_guest_go(self, node, proxy);
    node->due_ns = UINT64_MAX;
    troupe__log(self->link->node, TROUPE_LOG_INFO, "node %u %s is ready",
                node->facts.number, node->facts.name);
    if (node->calls.ready)
        node->calls.ready(node->calls_data, node->facts.number);
}

static void
pass_out(struct troupe__hub *self, struct troupe__hub_node *node,
         const struct troupe__note *note)
{
    struct troupe__hub_guest *guest = &node->guest;
    if (node->doomed || node->has_left)
        return;
    troupe__buffer_put(&self->link->out, note->text, note->size);
    send_counted(self, node);
    if (guest->sent - guest->ping_at > PING_BYTES)
        troupe__hub_guest_ping(self, node);
}

static void
heard(struct troupe__hub_guest *guest, const struct troupe__note *note)
{
    guest->unheard -= note->count;
    guest->unheard_bytes -= (uint64_t) note->value;
}

void
troupe__hub_guest_note(struct troupe__hub *self,
                       const struct troupe__note *note)
{
    struct troupe__hub_node *node = troupe__hub_find(self, note->number);
    bool is_new = note->kind == NOTE_GUEST;
    if (!node || !node->guest.is_one
        || (is_new ? node->state != HUB_JOINED
                   : !troupe_ref_equal(node->guest.proxy, note->ref)))
        return; /* it is gone, or its number is another's now */
    if (is_new)
        is_ready(self, node, note->ref);
    else if (note->kind == NOTE_LETTER)
        pass_out(self, node, note);
    else if (note->kind == NOTE_HEARD)
        heard(&node->guest, note);
    else {
        troupe__hub_doom(self, node, "it broke the rules of the link: %s%s",
                         note->text[0] ? "it may not say that, or not so: "
                                       : "what it said is no letter",
                         note->text);
    }
}
