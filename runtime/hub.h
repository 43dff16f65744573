/* SPDX-License-Identifier: Apache-2.0 */
/* hub.h: the root's side of the control link: the nodes that it started. */
#ifndef TROUPE_RUNTIME_HUB_H
#define TROUPE_RUNTIME_HUB_H

#include "runtime/link.h"

struct troupe__processes;

/*
 * A node is started, joins by its hello, is announced by its "ready" to all
 * others, which admit it, and is live when they have said so. It is gone when
 * its process is: then, and once, it is lost for everybody.
 */
enum troupe__hub_state { HUB_STARTING, HUB_JOINED, HUB_ANNOUNCED, HUB_LIVE };

/* For code of the library that starts nodes; on the link's thread, which must
 * not wait. Each may be NULL. */
struct troupe__node_calls {
    void (*ready)(void *data, uint32_t number);
    void (*ended)(void *data, const troupe_node_event_t *event);
};

/* What is under way to and from a guest; see hub_guest.c. */
struct troupe__hub_guest {
    bool is_one; /* written under link->lock */
    troupe_ref_t proxy;
    uint64_t sent, read;    /* bytes, ever; `read` is proved */
    uint64_t ping, ping_at; /* the question that is open, or 0; `sent` then */
    uint32_t unheard;       /* letters that its proxy has not heard of */
    uint64_t unheard_bytes;
};

struct troupe__hub_node {
    struct troupe__peer_facts facts; /* number and name from the start */
    uint64_t process;
    enum troupe__hub_state state; /* written under link->lock, as facts are */
    bool is_silent;               /* so is this */
    struct troupe__node_calls calls;
    void *calls_data;
    struct troupe__route route;
    bool doomed;     /* its process shall end; it is not listened to */
    bool end_asked;  /* in order */
    bool has_left;   /* it said so; its process is about to end */
    char why[256];   /* it is doomed; or "" */
    uint64_t due_ns; /* then it is doomed; UINT64_MAX: never */
    const char *due_why;
    uint32_t missed;                            /* questions */
    uint64_t reports;                           /* of its watchdog */
    uint64_t awaits[TROUPE__PEER_MAX / 64 + 1]; /* who has not admitted it */
    struct troupe__hub_guest guest;
};

/* It has joined, and is a peer of others. */
static inline bool
troupe__hub_is_member(const struct troupe__hub_node *node)
{
    return node->state >= HUB_JOINED && !node->guest.is_one;
}

/* Nodes in the order of their start: any thread appends, the link's removes,
 * both under link->lock, as what troupe_node_list() reads is changed. */
struct troupe__hub {
    struct troupe__link *link;
    troupe_nodes_options_t options; /* all filled in; no pointers but line's */
    struct troupe__processes *processes;
    struct troupe__hub_node *nodes[TROUPE__PEER_MAX];
    _Atomic uint32_t count;
    uint32_t next_number;
    uint64_t ping_due_ns, ping;
    bool is_homeless; /* the directory of its sockets is gone */
};

/* join.c: when all sockets of the root are closed */
void troupe__rundir_drop(troupe_t *node);

/* hub.c */
int troupe__hub_open(struct troupe__link *link,
                     const troupe_nodes_options_t *options);
void troupe__hub_close(struct troupe__hub *self);
struct troupe__hub_node *troupe__hub_find(struct troupe__hub *self,
                                          uint32_t number);
/* troupe__hub_has: true while the process of that node is there. Threads: any. */
bool troupe__hub_has(troupe_t *root, uint32_t number);
void troupe__hub_note(struct troupe__hub *self,
                      const struct troupe__note *note);
long troupe__hub_time(struct troupe__hub *self);
void troupe__hub_doom(struct troupe__hub *self, struct troupe__hub_node *node,
                      const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void troupe__hub_set_state(struct troupe__hub *self,
                           struct troupe__hub_node *node,
                           enum troupe__hub_state state);
bool troupe__hub_stop_all(troupe_t *node, uint64_t deadline_ns);

/* hub_start.c */
int troupe__hub_start(troupe_t *root, const troupe_node_spec_t *spec,
                      const struct troupe__node_calls *calls, void *data,
                      uint32_t *ret_number);
int troupe__hub_processes(struct troupe__hub *self);

/* hub_end.c */
/* troupe__hub_note_suspects: what that node has in hand may be why it ends;
 * it is known before anybody hears of the end. */
void troupe__hub_note_suspects(struct troupe__hub *self,
                               const struct troupe__hub_node *node);
void troupe__hub_ended(struct troupe__hub *self, struct troupe__hub_node *node,
                       const struct troupe__note *note);
void troupe__hub_do_not_await(struct troupe__hub *self, uint32_t number);

/* hub_talk.c: letters; NULL: what came is none */
void troupe__hub_hear(struct troupe__hub *self, const struct troupe__post *post,
                      const struct troupe__letter *letter);
void troupe__hub_send(struct troupe__hub *self, struct troupe__hub_node *node);
void troupe__hub_send_all(struct troupe__hub *self, uint32_t except);
void troupe__hub_go_if_known(struct troupe__hub *self,
                             struct troupe__hub_node *node);

void troupe__hub_is_alive(struct troupe__hub *self,
                          struct troupe__hub_node *node);
int troupe__hub_bye(struct troupe__hub *self, struct troupe__hub_node *node,
                    const struct troupe__letter *letter);
void troupe__hub_refuse_version(struct troupe__hub *self,
                                struct troupe__hub_node *node,
                                uint64_t version);

/* hub_guest.c: as hub_talk.c does; 0 or a negative errno */
int troupe__hub_guest_hello(struct troupe__hub *self,
                            struct troupe__hub_node *node,
                            const struct troupe__letter *letter);
int troupe__hub_guest_hear(struct troupe__hub *self,
                           struct troupe__hub_node *node,
                           const struct troupe__letter *letter);
/* troupe__hub_guest_go: let it speak and hear; `proxy` nobody: it has none, and
 * what it says goes to nobody. */
void troupe__hub_guest_go(struct troupe__hub *self,
                          struct troupe__hub_node *node, troupe_ref_t proxy);
void troupe__hub_guest_ping(struct troupe__hub *self,
                            struct troupe__hub_node *node);
void troupe__hub_guest_note(struct troupe__hub *self,
                            const struct troupe__note *note);

/* zap.c */
enum troupe__verdict troupe__hub_judge(struct troupe__hub *self,
                                       uint32_t number, pid_t pid);

#endif
