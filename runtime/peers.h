/* SPDX-License-Identifier: Apache-2.0 */
/* peers.h: the other nodes of a run, as the workers of this one know them. */
#ifndef TROUPE_RUNTIME_PEERS_H
#define TROUPE_RUNTIME_PEERS_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "mailbox/ref.h"
#include "troupe_events.h"
#include "troupe_kind.h"

/*
 * A run has one root, node TROUPE__ROOT, and others, each a process. A number
 * names one life of one process: whoever is started again gets another, and
 * what still comes from a number that is lost, or is meant for it, is nobody's.
 * Numbers are given in turn, and again only when they have rested for long.
 *
 * The link (link.h) decides who is who and calls what is below; the workers
 * read. A peer is first admitted (what it sends is taken), then routed (it is
 * sent to), then lost.
 */
enum {
    TROUPE__ROOT = 1,
    TROUPE__PEER_MAX = 1023,
    TROUPE__SECRET_SIZE = 32,
    TROUPE__PEER_REST_MS = 30000, /* a lost number is nobody's for so long */
    TROUPE__RUN_PATH_MAX = 92 /* with "/n1023.w255" it fits a socket's name */
};

struct troupe__suspect; /* mark.h */

/* What a node is in its run; the same for all but number and name. */
struct troupe__membership {
    uint32_t number; /* TROUPE__ROOT .. TROUPE__PEER_MAX */
    char name[TROUPE_NAME_MAX + 1];
    char directory[TROUPE__RUN_PATH_MAX]; /* of the sockets, absolute */
    uint8_t secret[TROUPE__SECRET_SIZE];
    bool unlinked; /* without a link: who made the node does its work */
};

/* What is known of another node. */
struct troupe__peer_facts {
    uint32_t number;
    pid_t pid;
    uint32_t workers;   /* with an inbox each, 1 .. 256 */
    troupe_ref_t agent; /* an actor there that spawns for others; or nobody */
    bool system;        /* a runtime of ours: may send system messages */
    bool attempts;      /* who is none, but takes asks with their attempt */
    char name[TROUPE_NAME_MAX + 1];
};

enum troupe__peer_state { PEER_NONE, PEER_ADMITTED, PEER_ROUTED, PEER_LOST };

struct troupe__peer {
    _Atomic uint32_t state; /* enum troupe__peer_state */
    struct troupe__peer_facts facts;
    troupe_exit_t lost_kind; /* why, once it is lost */
    int lost_code;
    char lost_text[256];
    uint64_t lost_ns;                 /* when; 0: never */
    struct troupe__suspect *suspects; /* the root's, of one that crashed */
    size_t suspect_count;
};

struct troupe__peers {
    struct troupe__membership self;
    pthread_mutex_t lock;  /* for changes, and for facts that others read */
    uint32_t suspect_most; /* the greatest number that had suspects */
    struct troupe__peer all[TROUPE__PEER_MAX + 1];
};

/* troupe__peers_new: of a node that is a member of a run. */
struct troupe__peers *
troupe__peers_new(const struct troupe__membership *membership);
void troupe__peers_free(struct troupe__peers *self);

/*
 * troupe__peer_admit: frames of that node are taken from now on.
 *
 *   returns  0, -EINVAL (a value is out of range, or it is this node itself),
 *            or -EEXIST (it is there already, or it was and is lost)
 *   threads  any
 */
int troupe__peer_admit(troupe_t *node, const struct troupe__peer_facts *facts);

/* troupe__peer_route: workers may send to it. 0, or -ENOENT: not admitted. */
int troupe__peer_route(troupe_t *node, uint32_t number);

/*
 * troupe__peer_lost: the node has ended. What still comes of it is dropped;
 * the workers end asks that it holds with `down`, tell monitors and links, and
 * let go of what was meant for it. A second call changes nothing.
 *
 *   reason   why, in words; copied.
 *   threads  any but the node's own workers
 */
void troupe__peer_lost(troupe_t *node, uint32_t number,
                       const troupe_reason_t *reason);

/*
 * troupe__peer_suspect: messages that its process had in hand when it crashed;
 * to be said before troupe__peer_lost().
 *
 *   suspects  malloc'ed; the table's from then on.
 */
void troupe__peer_suspect(troupe_t *node, uint32_t number,
                          struct troupe__suspect *suspects, size_t count);

/*
 * troupe__peer_suspects: the same again, of a node that is lost.
 *
 *   ret_suspects  out: a copy, for free(); NULL where there are none.
 *   returns       how many
 *   threads       any
 */
size_t troupe__peer_suspects(troupe_t *node, uint32_t number,
                             struct troupe__suspect **ret_suspects);

/*
 * troupe__peer_facts: what is known of a node that is admitted or routed.
 *
 *   returns  0, or -ENOENT
 *   threads  any
 */
int troupe__peer_facts(troupe_t *node, uint32_t number,
                       struct troupe__peer_facts *ret_facts);

/* troupe__peer_is_free: true when nobody has that number, nor had it within
 * twice TROUPE__PEER_REST_MS, so that all nodes take it for free. */
bool troupe__peer_is_free(troupe_t *node, uint32_t number);

/* troupe__peer_is_lost: true when that node has ended. Threads: any. */
bool troupe__peer_is_lost(const troupe_t *node, uint32_t number);

/*
 * troupe__peer_grants: may a process connect to our inboxes as that number?
 * The process is the one that the kernel names.
 *
 *   threads  any
 */
bool troupe__peer_grants(troupe_t *node, uint32_t number, pid_t pid);

/* troupe__secret_text: the secret as a password: hex, lower case. */
void troupe__secret_text(const struct troupe__membership *self,
                         char text[2 * TROUPE__SECRET_SIZE + 1]);

#endif
