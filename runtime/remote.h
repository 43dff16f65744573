/* SPDX-License-Identifier: Apache-2.0 */
/* remote.h: what a worker says to workers of other nodes, and hears of them. */
#ifndef TROUPE_RUNTIME_REMOTE_H
#define TROUPE_RUNTIME_REMOTE_H

#include "mailbox/remote.h"
#include "runtime/peers.h"
#include "runtime/worker.h"

/*
 * A regular worker of a node that is a member of a run has a remote inbox.
 * Any worker opens a way to a worker of another node when it first sends
 * there: to the one of the actor or, where that one is no regular worker, to
 * the regular one that passes messages on to it, always the same; so the order
 * of a pair is kept.
 *
 * What is under way to another process cannot be read from a doorbell. So a
 * reader tells each sending worker now and then how many bytes it has taken
 * ("credit"), and a receiver whose mailbox is full tells so ("full"), once for
 * each sending worker; from then on all is as in mute.c.
 */
enum { TROUPE__WAY_SHIFT = TROUPE__NODE_SHIFT - TROUPE__WORKER_BITS };

struct troupe__remotes {
    struct troupe__remote_inbox inbox; /* without a socket: of no regular one */
    struct troupe__remote *nodes[TROUPE__PEER_MAX + 1]; /* that we send to */
    struct troupe__idmap readers; /* sender -> struct reader *; remote.c */
    struct troupe__idmap full;    /* receiver -> enum troupe__pressure */
    struct troupe__idmap quotas;  /* node -> struct quota *; remote_quota.c */
    uint64_t last_way;            /* node and worker, as in a ref */
    struct troupe__outbox *last;  /* the way to there; NULL: none */
    char password[2 * TROUPE__SECRET_SIZE + 1];
    bool has_slept;      /* the worker, since it last took a frame */
    uint32_t sender;     /* of the frame in hand; 0: none is */
    uint64_t told_full;  /* receiver, of which its sender was told already */
    uint64_t logged_ns;  /* when a refusal was last logged */
    uint64_t suppressed; /* refusals since */
};

/* remote.c: frames in and out */
int troupe__remotes_open(struct troupe__worker *self);
void troupe__remotes_close(struct troupe__worker *self);

/* troupe__remotes_source: what the worker is about to wait for; false: there
 * is none. */
bool troupe__remotes_source(struct troupe__worker *self,
                            struct troupe__source *ret_source);

/* troupe__remotes_take: take some frames, if any; looking costs, so who has
 * other work (not `eager`) does it now and then only. Returns how many. */
uint32_t troupe__remotes_take(struct troupe__worker *self, bool eager);

/* troupe__remotes_drop: close the ways to a node that has ended. */
void troupe__remotes_drop(struct troupe__worker *self, uint32_t number);

/* troupe__remotes_outbox: the way to an actor of another node, or NULL. */
struct troupe__outbox *troupe__remotes_outbox(struct troupe__worker *self,
                                              troupe_ref_t to);
struct troupe__outbox *troupe__remotes_known(struct troupe__worker *self,
                                             troupe_ref_t to);

/* remote_flow.c: how much is under way */
void troupe__remotes_took(struct troupe__worker *self, uint32_t sender,
                          size_t size);
void troupe__remotes_credit(struct troupe__worker *self,
                            const struct troupe_message *msg);
uint32_t troupe__remotes_pressure(const struct troupe__worker *self,
                                  troupe_ref_t receiver);
void troupe__remotes_full(struct troupe__worker *self,
                          const struct troupe_message *msg);
void troupe__remotes_has_room(struct troupe__worker *self, uint64_t receiver);
void troupe__remotes_tell_full(struct troupe__worker *self,
                               struct troupe__actor *receiver,
                               const struct troupe_message *msg);
void troupe__remotes_tell_behind(struct troupe__worker *self,
                                 const struct troupe_message *msg,
                                 uint64_t under_way);
bool troupe__remotes_is_flood(const struct troupe__worker *self,
                              const struct troupe__actor *receiver,
                              const struct troupe_message *msg);
void troupe__remotes_flow_lost(struct troupe__worker *self, uint32_t number);

/* remote_quota.c: how many monitors, links, and waits for room of one node's
 * actors the actors of a worker keep. */
enum { TROUPE__HELD_MAX = 65536 };
/* troupe__remotes_may_hold: one more for an actor of that node? Else it has
 * been said in the log. */
bool troupe__remotes_may_hold(struct troupe__worker *self, uint32_t number);
void troupe__remotes_quota_lost(struct troupe__worker *self, uint32_t number);

/* remote_gate.c: what another node may say */

/* troupe__remotes_admits: a message that was parsed. False: it was dropped,
 * or passed on to the worker that it is for. */
bool troupe__remotes_admits(struct troupe__worker *self, uint32_t number,
                            struct troupe_message *msg);

/* troupe__remotes_refused: count it, and log it now and then. */
void troupe__remotes_refused(struct troupe__worker *self, uint32_t number,
                             const char *what);

/* remote_lost.c: "lost": a node has ended */
void troupe__remotes_lost(struct troupe__worker *self, uint32_t number);

/* troupe__remotes_is_lost: true when that actor's node has ended. */
bool troupe__remotes_is_lost(const struct troupe__worker *self,
                             troupe_ref_t ref);

/* troupe__ask_lost: who holds the ask was on a node that has ended. */
void troupe__ask_lost(struct troupe__worker *self, struct troupe__ask *ask);

/* troupe__token_lost: who asked was on a node that has ended. */
void troupe__token_lost(struct troupe__worker *self,
                        const struct troupe__token *token);

/* The runtime of a worker, as a receiver of control messages. */
static inline troupe_ref_t
troupe__runtime_ref(uint32_t node, uint32_t worker)
{
    return troupe__ref_make(node, worker, 0, TROUPE__SLOT_MAX);
}

#endif
