/* SPDX-License-Identifier: Apache-2.0 */
/* link.h: the control link of a node with the others of its run. */
#ifndef TROUPE_RUNTIME_LINK_H
#define TROUPE_RUNTIME_LINK_H

#include <pthread.h>
#include <stdatomic.h>

#include "mailbox/post.h"
#include "runtime/letter.h"
#include "runtime/peers.h"
#include "troupe_nodes.h"

/*
 * One thread per linked node ("troupe-link") has its control socket and the
 * gate of its context. Others hand it notes; it takes them in their order,
 * which for names and groups is the order in which the tables changed: whoever
 * changes them writes the note under names_lock. Locks: names_lock before
 * link->lock before those of the processes. What is said is in NODES.md.
 */
enum { TROUPE__LINK_VERSION = 1 };

enum troupe__note_kind {
    NOTE_NAME, /* names and groups of this node, or, at the root, of all */
    NOTE_UNNAME,
    NOTE_JOIN,
    NOTE_LEAVE,
    NOTE_NAMED,  /* the root's answer to a claim of `number` */
    NOTE_SETTLE, /* see settle.h; `process` is the ask */
    NOTE_SETTLED,
    NOTE_DOWN, /* the root's: a node is lost; its names have left before */
    NOTE_WATCH,
    NOTE_STARTED, /* of a process */
    NOTE_STUCK,
    NOTE_EXITED,
    NOTE_END, /* of a node, by the user */
    NOTE_KILL,
    NOTE_GUEST,  /* a guest has its proxy, `ref` */
    NOTE_LETTER, /* of the proxy's, for the guest */
    NOTE_HEARD,  /* the proxy has heard `count` letters, of `value` bytes */
    NOTE_BLAME   /* the guest broke the rules by that verb */
};

struct troupe__note {
    struct troupe__note *next;
    enum troupe__note_kind kind;
    uint32_t number; /* a node: whose doing it is, or whom it is about */
    troupe_ref_t ref;
    uint64_t process; /* id */
    int64_t value;    /* pid, ms, an exit's code */
    troupe_exit_t exit;
    bool is_permanent;
    bool is_crash; /* by itself: what it had in hand may be the reason */
    uint32_t count;
    size_t size; /* of `text`, which ends in NUL where it is text */
    char text[]; /* a name, words, or the bytes of a letter */
};

enum troupe__link_state {
    LINK_CLOSED,
    LINK_HELLO,  /* said, not answered */
    LINK_JOINED, /* welcome: names are told */
    LINK_LIVE,   /* go: peers are routed */
    LINK_REFUSED
};

/* A kind of log line that somebody else may cause: one a second. */
struct troupe__complaint {
    uint64_t next_ns;
    uint64_t suppressed;
};

struct troupe__link {
    troupe_t *node;
    void *gate, *socket; /* the link's thread */
    int wake_fd;
    pthread_t thread;
    bool runs;
    char hub_path[TROUPE__RUN_PATH_MAX + 16];
    troupe_ref_t agent;                /* set before the thread starts */
    struct troupe__hub *hub;           /* the root's, or NULL */
    void *pending;                     /* see replica.c; under names_lock */
    struct troupe__holdings *holdings; /* so is this; the root's */
    uint64_t changes, settled;         /* and these: settle.h; not the root's */
    struct troupe__post post;          /* the letter in hand */
    struct troupe__arena arena;
    struct troupe__buffer out;
    struct troupe__complaint bad, denied;
    _Atomic uint64_t bad_count, denied_count; /* letters, comers */
    struct troupe__held *held;                /* zap.c; NULL: nobody yet */
    _Atomic uint32_t held_count;
    troupe_ref_t *watchers;
    size_t watcher_count;
    uint64_t live[TROUPE__PEER_MAX / 64 + 1]; /* peers; not at the root */

    pthread_mutex_t lock; /* for what is below */
    pthread_cond_t changed;
    struct troupe__note *first, *last;
    bool quit;
    enum troupe__link_state state;
};

/* link.c */
int troupe__link_open(troupe_t *node, const troupe_nodes_options_t *options);
int troupe__link_start(troupe_t *node);
int troupe__link_wait_live(troupe_t *node, uint32_t timeout_ms);
void troupe__link_stop(troupe_t *node);
void troupe__link_free(troupe_t *node);
struct troupe__note *troupe__note_new(enum troupe__note_kind kind,
                                      const char *text);
struct troupe__note *troupe__note_bytes(enum troupe__note_kind kind,
                                        const void *bytes, size_t size);
void troupe__link_note(struct troupe__link *self, struct troupe__note *note);
void troupe__link_complain(struct troupe__link *self,
                           struct troupe__complaint *complaint,
                           const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * troupe__node_join: troupe_node_join() with a step between: `ready` makes of
 * the node what it shall be before the run knows of it, and says which actor
 * there acts for others; NULL: nothing.
 */
typedef int (*troupe__ready_fn)(troupe_t *node, void *data,
                                troupe_ref_t *ret_agent);
int troupe__node_join(const troupe_options_t *options, troupe__ready_fn ready,
                      void *data, troupe_t **ret_node);

/* zap.c: answer who knocks; who cannot be judged yet waits, and is judged again
 * by troupe__doors_tend() when more may be known. */
void troupe__doors_knock(struct troupe__link *self,
                         struct troupe__knock *knock);
void troupe__doors_tend(struct troupe__link *self);
void troupe__doors_free(struct troupe__link *self);

/* nodes.c: what others hear of nodes */
void troupe__tell_up(struct troupe__link *self, uint32_t number,
                     const char *name);
void troupe__tell_down(struct troupe__link *self,
                       const troupe_node_event_t *event);
void troupe__watch_begin(struct troupe__link *self, troupe_ref_t watcher);

/* member.c: a node that is not the root */
void troupe__member_hello(struct troupe__link *self);
void troupe__member_hear(struct troupe__link *self,
                         const struct troupe__letter *letter);
void troupe__member_note(struct troupe__link *self,
                         const struct troupe__note *note);
void troupe__member_bye(struct troupe__link *self);

#endif
