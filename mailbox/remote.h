/* SPDX-License-Identifier: Apache-2.0 */
/* remote.h: the inbox for frames of other processes, and ways to theirs. */
#ifndef TROUPE_MAILBOX_REMOTE_H
#define TROUPE_MAILBOX_REMOTE_H

#include "mailbox/transport.h"

/*
 * A PULL socket bound to a socket file. Whoever connects says which worker of
 * which node he is ("7.0", proved by the run's password); the node's ZAP
 * handler grants or denies it, and each frame then says from whom it came.
 * Here a sender is one number: the node's << TROUPE__WORKER_BITS | the worker.
 */
struct troupe__remote_inbox {
    void *socket;
    int fd;               /* its descriptor */
    bool armed;           /* as an inbox's */
    char path[108];       /* of the socket file: ours, and removed at the end */
    uint64_t tried_ticks; /* the worker's: when it last found nothing */
};

/* troupe__remote_domain: what the ZAP handler knows such inboxes by. */
#define TROUPE__ZAP_DATA "data"

/*
 * troupe__remote_inbox_open: bind.
 *
 *   path      of the socket file; nothing may stand there.
 *   size_max  bytes of a frame; who sends a larger one is cut off.
 *   returns   0, -EEXIST (something stands there), -ENAMETOOLONG, -EMFILE, or
 *             -EIO
 */
int troupe__remote_inbox_open(struct troupe__remote_inbox *self,
                              void *transport, const char *path,
                              size_t size_max);
void troupe__remote_inbox_close(struct troupe__remote_inbox *self);

/*
 * troupe__remote_inbox_take: receive one frame into an empty one.
 *
 *   ret_sender  out: whom it came from; 0: nobody that is known.
 *   returns     false: there is none.
 */
bool troupe__remote_inbox_take(struct troupe__remote_inbox *self,
                               struct troupe__frame *frame,
                               uint32_t *ret_sender);

/*
 * troupe__remote_outbox_open: connect to the inbox at that path.
 *
 *   sender, password  who we are, and its proof.
 *   returns           0, -EMFILE, or -EIO
 */
int troupe__remote_outbox_open(struct troupe__outbox *self, void *transport,
                               const char *path, uint32_t sender,
                               const char *password,
                               const struct troupe__tap *tap,
                               struct troupe__spares *spares);

/* troupe__remote_outbox_drop: close it; what was not sent is lost. */
void troupe__remote_outbox_drop(struct troupe__outbox *self);

#endif
