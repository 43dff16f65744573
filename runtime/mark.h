/* SPDX-License-Identifier: Apache-2.0 */
/* mark.h: which messages a process had in hand when it ended. */
#ifndef TROUPE_RUNTIME_MARK_H
#define TROUPE_RUNTIME_MARK_H

#include "runtime/worker.h"

/*
 * A node that runs children of others has a small file, DIRECTORY/n7.marks,
 * mapped into its memory: one mark for each worker, which says what an actor
 * of a deputy's has in hand, set before its handler is called and cleared
 * behind it. What was written there outlives the process, however it ends. The
 * root reads it then, once, and removes it.
 */
struct troupe__mark {
    _Atomic uint64_t ref; /* the actor; 0: it has nothing in hand */
    uint64_t fingerprint; /* of the message, and its type */
    char type[TROUPE_TYPE_MAX + 1];
    uint8_t unused[16]; /* a line of the cache for each worker */
};

/* What was found in one. */
struct troupe__suspect {
    troupe_ref_t ref;
    uint64_t fingerprint;
    char type[TROUPE_TYPE_MAX + 1];
};

/*
 * troupe__marks_open: this node is to have them.
 *
 *   returns  0, or -errno of a file that cannot be made: then nobody will
 *            know what was in hand
 *   threads  before the node has actors of deputies
 */
int troupe__marks_open(troupe_t *node);

/* troupe__marks_close: remove them; a node without any is fine. */
void troupe__marks_close(troupe_t *node);

/* troupe__mark_set, troupe__mark_clear: around a handler. */
void troupe__mark_set(struct troupe__worker *self,
                      const struct troupe__actor *actor,
                      const struct troupe_message *msg);
void troupe__mark_clear(struct troupe__worker *self);

/*
 * troupe__marks_read: what the process of a node has left behind.
 *
 *   ret_suspects  out: for free(); NULL where there is nothing.
 *   returns       how many
 */
size_t troupe__marks_read(const char *directory, uint32_t number,
                          struct troupe__suspect **ret_suspects);

/* troupe__marks_remove: the file of a node that has ended. */
void troupe__marks_remove(const char *directory, uint32_t number);

#endif
