/* SPDX-License-Identifier: Apache-2.0 */
/* post.h: letters between processes, and who may come in to write them. */
#ifndef TROUPE_MAILBOX_POST_H
#define TROUPE_MAILBOX_POST_H

#include <stdbool.h>
#include <sys/types.h>

#include "mailbox/buffer.h"

/*
 * What carries little and must be sure: the control link of a run. A post is
 * a ROUTER at its hub and a DEALER elsewhere; both say who they are by PLAIN,
 * and a gate (the ZAP handler of a context) decides who is let in. A letter is
 * one ZeroMQ message of one part. Each socket belongs to one thread.
 */
enum {
    TROUPE__LETTER_MAX = 65536,    /* bytes, of a node */
    TROUPE__LETTER_LONG = 1 << 20, /* of a guest; who sends more to a hub is
                                      disconnected */
    TROUPE__ROUTE_MAX = 255,
    TROUPE__USER_MAX = 15,
    TROUPE__PASSWORD_MAX = 127
};

/* Where a letter came from, as the hub's socket numbers it. */
struct troupe__route {
    uint8_t size; /* 0: nowhere */
    uint8_t bytes[TROUPE__ROUTE_MAX];
};

struct troupe__post {
    struct troupe__route route;      /* at the hub */
    char user[TROUPE__USER_MAX + 1]; /* whom the gate let in; at the hub */
    struct troupe__buffer letter;    /* its bytes; reused */
    bool is_whole;                   /* one part, as it must be */
};

/*
 * troupe__post_bind: the hub's socket. The gate of `transport` is asked about
 * each comer, with this domain.
 *
 *   ret_socket  out: end it with troupe__post_close().
 *   returns     0, -EMFILE, -EEXIST (something lies at that path) or -EIO
 */
int troupe__post_bind(void *transport, const char *path, const char *domain,
                      void **ret_socket);

/* troupe__post_connect: the other side. 0, -EMFILE or -EIO. */
int troupe__post_connect(void *transport, const char *path, const char *user,
                         const char *password, void **ret_socket);

/*
 * troupe__post_close: `linger_ms` is for what was sent last: it is how long
 * the end of the context may wait for it.
 */
void troupe__post_close(void *socket, int linger_ms);

/* troupe__post_take: one letter, if one is there. */
bool troupe__post_take(void *socket, bool is_hub, struct troupe__post *post);

/*
 * troupe__post_send: a letter; `route` NULL where there is but one way.
 *
 *   returns  0, -EAGAIN (the other side does not read) or -EHOSTUNREACH
 */
int troupe__post_send(void *socket, const struct troupe__route *route,
                      const void *bytes, size_t size);

/* troupe__post_wait: until a letter, a knock (NULL: no gate) or the
 * descriptor; -1: without end. */
void troupe__post_wait(void *socket, void *gate, int fd, long timeout_ms);

/* Who asks to be let in; what does not fit, or is not PLAIN, is empty. */
struct troupe__knock {
    char domain[16];
    char user[TROUPE__USER_MAX + 1];
    char password[TROUPE__PASSWORD_MAX + 1];
    uid_t uid; /* as the kernel says; (uid_t) -1: it does not */
    pid_t pid;
    /* The gate's: of the request, and of the way back to who knocks. */
    char id[32];
    uint8_t way[8];
    size_t way_size;
};

enum troupe__verdict {
    TROUPE__LET_IN,
    TROUPE__TURN_AWAY,
    TROUPE__NOT_YET /* it will try again by itself, when its hand-shake has
                     * taken too long: 2 s later */
};

/* troupe__gate_open: before any socket that asks it. 0, -EMFILE or -EIO. */
int troupe__gate_open(void *transport, void **ret_gate);

/* troupe__gate_take: one who knocks, if there is one; to be answered once, in any
 * order. */
bool troupe__gate_take(void *gate, struct troupe__knock *ret_knock);
void troupe__gate_answer(void *gate, const struct troupe__knock *knock,
                         enum troupe__verdict verdict);

#endif
