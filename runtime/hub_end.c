/* SPDX-License-Identifier: Apache-2.0 */
/* hub_end.c: a node of the root's is gone. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mailbox/pack.h"
#include "runtime/hub.h"
#include "runtime/mark.h"
#include "runtime/process.h"
#include "runtime/replica.h"
#include "runtime/worker.h"
#include "troupe_rundir.h"

enum { WORKERS_MAX = 256 }; /* of a node; see peers.h */

/* Who was killed could not remove its sockets. It may not have said how many
 * it had; and to look for them takes a descriptor, of which none may be left. */
static void
remove_sockets(const char *directory, uint32_t number)
{
    char path[TROUPE_RUN_PATH];
    for (uint32_t i = 0; i < WORKERS_MAX; i++) {
        snprintf(path, sizeof path, "%s/n%u.w%u", directory, number, i);
        (void) unlink(path);
    }
    troupe__marks_remove(directory, number);
}

static void
take_off_the_list(struct troupe__hub *self, const struct troupe__hub_node *node)
{
    uint32_t at = 0;
    pthread_mutex_lock(&self->link->lock);
    while (self->nodes[at] != node)
        at++;
    memmove(&self->nodes[at], &self->nodes[at + 1],
            (self->count - at - 1) * sizeof(struct troupe__hub_node *));
    self->count--;
    pthread_mutex_unlock(&self->link->lock);
}

/* Nobody is to wait for the word of that node any more. */
void
troupe__hub_do_not_await(struct troupe__hub *self, uint32_t number)
{
    for (uint32_t i = 0; i < self->count; i++) {
        struct troupe__hub_node *other = self->nodes[i];
        other->awaits[number / 64] &= ~(UINT64_C(1) << number % 64);
        troupe__hub_go_if_known(self, other);
    }
}

/* It goes into letters and messages, which are UTF-8; and it may be cut. */
static void
make_text(char *text)
{
    bool is_text = troupe__utf8((const uint8_t *) text, strlen(text));
    for (; !is_text && *text != '\0'; text++)
        if ((unsigned char) *text >= 0x80)
            *text = '?';
}

static void
say_why(const struct troupe__hub_node *node, const struct troupe__note *note,
        char *text, size_t size, troupe_reason_t *ret_reason)
{
    bool is_orderly =
        node->end_asked && node->why[0] == '\0'
        && (note->exit == TROUPE_EXIT_NORMAL
            || (note->exit == TROUPE_EXIT_KILLED && note->value == SIGTERM));
    int printed = snprintf(text, size, "%s%s%s", node->why,
                           node->why[0] ? "; " : "", note->text);
    CHECK(printed >= 0); /* what does not fit is left out */
    make_text(text);
    *ret_reason =
        (troupe_reason_t){is_orderly ? TROUPE_EXIT_SHUTDOWN : note->exit,
                          (int) note->value, text};
    if (is_orderly)
        ret_reason->code = 0;
}

void
troupe__hub_note_suspects(struct troupe__hub *self,
                          const struct troupe__hub_node *node)
{
    struct troupe__suspect *suspects = NULL;
    troupe_t *root = self->link->node;
    size_t count = troupe__marks_read(root->peers->self.directory,
                                      node->facts.number, &suspects);
    troupe__peer_suspect(root, node->facts.number, suspects, count);
}

static void
lose(struct troupe__hub *self, const struct troupe__hub_node *node,
     const troupe_reason_t *reason)
{
    struct troupe__note *down = troupe__note_new(NOTE_DOWN, reason->text);
    down->number = node->facts.number;
    down->exit = reason->kind;
    down->value = reason->code;
    troupe__peer_lost(self->link->node, node->facts.number, reason);
    troupe__replica_purge(self->link, node->facts.number, down);
}

/* Once for each node: it is not in the list after that. */
void
troupe__hub_ended(struct troupe__hub *self, struct troupe__hub_node *node,
                  const struct troupe__note *note)
{
    char text[256]; /* as much as peers remember */
    struct troupe__link *link = self->link;
    troupe_node_event_t event = {.name = node->facts.name,
                                 .number = node->facts.number,
                                 .was_ready = node->state == HUB_LIVE,
                                 .is_permanent = note->is_permanent};
    say_why(node, note, text, sizeof text, &event.reason);
    bool is_fine = event.reason.kind <= TROUPE_EXIT_SHUTDOWN;
    troupe__log(link->node, is_fine ? TROUPE_LOG_INFO : TROUPE_LOG_WARNING,
                "node %u %s %s: %s", event.number, event.name,
                event.was_ready ? "has ended" : "ended before it was ready",
                text);
    take_off_the_list(self, node);
    if (troupe__hub_is_member(node) && note->is_crash && !node->end_asked)
        troupe__hub_note_suspects(self, node);
    if (troupe__hub_is_member(node))
        lose(self, node, &event.reason);
    remove_sockets(link->node->peers->self.directory, event.number);
    troupe__hub_do_not_await(self, event.number);
    if (node->calls.ended)
        node->calls.ended(node->calls_data, &event);
    troupe__tell_down(link, &event);
    free(node);
    pthread_mutex_lock(&link->lock);
    pthread_cond_broadcast(&link->changed);
    pthread_mutex_unlock(&link->lock);
}
