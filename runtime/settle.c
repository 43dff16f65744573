/* SPDX-License-Identifier: Apache-2.0 */
/* settle.c: to know that all of a run know the names of a node. */
#include "runtime/settle.h"

#include <errno.h>

#include "runtime/hub.h"
#include "runtime/worker.h"

/* The note goes behind those of all changes, which are written under the same
 * lock. */
static void
write_note(struct troupe__link *self, enum troupe__note_kind kind,
           uint32_t number, troupe_ref_t asker, uint64_t ask, uint64_t changes)
{
    struct troupe__note *note = troupe__note_new(kind, "");
    note->number = number;
    note->ref = asker;
    note->process = ask;
    note->value = (int64_t) changes;
    troupe__link_note(self, note);
}

int
troupe__settle(troupe_context_t *ctx, bool if_changed,
               const troupe_ask_options_t *options)
{
    struct troupe__worker *worker = ctx->worker;
    troupe_t *node = worker->node;
    struct troupe__link *link = node->link;
    struct troupe__ask *ask = NULL;
    if (!link || link->hub)
        return 0;
    pthread_mutex_lock(&node->names_lock);
    bool waits = !if_changed || link->changes != link->settled;
    int rc = waits ? troupe__ask_open(worker, ctx->actor, ctx->actor->ref,
                                      options, &ask)
                   : 0;
    if (ask) {
        ask->local = true;
        write_note(link, NOTE_SETTLE, node->id, ctx->actor->ref, ask->id,
                   link->changes);
    }
    pthread_mutex_unlock(&node->names_lock);
    return rc < 0 ? rc : waits;
}

static void
write_letter(struct troupe__link *self, const char *verb,
             const struct troupe__note *note)
{
    troupe__letter_write(&self->out, "[s,R,U,U]", verb, note->ref,
                         note->process, (uint64_t) note->value);
}

void
troupe__settle_write(struct troupe__link *self, const struct troupe__note *note)
{
    write_letter(self, "settle", note);
}

int
troupe__settle_hear(struct troupe__hub *self, struct troupe__hub_node *node,
                    const struct troupe__letter *letter)
{
    const char *verb = NULL;
    troupe_ref_t asker = TROUPE_NOBODY;
    uint64_t ask = 0, changes = 0;
    if (troupe__letter_read(letter, "[s,R,U,U!]", &verb, &asker, &ask, &changes)
        < 0)
        return -EBADMSG;
    pthread_mutex_t *lock = &self->link->node->names_lock;
    pthread_mutex_lock(lock);
    write_note(self->link, NOTE_SETTLED, node->facts.number, asker, ask,
               changes);
    pthread_mutex_unlock(lock);
    return 0;
}

void
troupe__settled_tell(struct troupe__hub *self, const struct troupe__note *note)
{
    struct troupe__hub_node *node = troupe__hub_find(self, note->number);
    if (!node)
        return;
    write_letter(self->link, "settled", note);
    troupe__hub_send(self, node);
}

int
troupe__settled_hear(struct troupe__link *self,
                     const struct troupe__letter *letter)
{
    const char *verb = NULL;
    troupe_ref_t asker = TROUPE_NOBODY;
    uint64_t ask = 0, changes = 0;
    troupe_t *node = self->node;
    struct troupe__worker *port = NULL;
    if (troupe__letter_read(letter, "[s,R,U,U!]", &verb, &asker, &ask, &changes)
        < 0)
        return -EBADMSG;
    pthread_mutex_lock(&node->names_lock);
    if (changes > self->settled)
        self->settled = changes;
    pthread_mutex_unlock(&node->names_lock);
    if (troupe__port_enter(node, true, &port) < 0)
        return 0;
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_REPLY, asker, TROUPE_NOBODY, "reply");
    envelope.id = ask;
    (void) troupe__emitf(port, &envelope, NULL);
    troupe__port_leave(port);
    return 0;
}
