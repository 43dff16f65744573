/* SPDX-License-Identifier: Apache-2.0 */
/* remote.c: frames between processes, over ZeroMQ's ipc. */
#include "mailbox/remote.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mailbox/ref.h"
#include "mailbox/socket.h"

enum {
    HANDSHAKE_MS = 2000, /* who connects and stays silent is cut off */
    READ_AHEAD = 256,    /* frames of a connection that wait to be taken */
    LINGER_MS = 500,     /* at an orderly end, for what is on its way */
    RECONNECT_MS = 20
};

static void
set_int(void *socket, int option, int value)
{
    CHECK(zmq_setsockopt(socket, option, &value, sizeof value) == 0);
}

/*
 * ZeroMQ allocates each frame that arrives, and the worker that has read it
 * frees it. glibc would give so much free memory at the end of a heap back to
 * the system again and again, and page faults cost more than the messages.
 * By its own rule (mallopt(3), M_MMAP_THRESHOLD) it keeps twice as much as the
 * largest block that was ever mapped and freed.
 */
static void
keep_memory(void)
{
    enum { BLOCK = 4 << 20 };
    void *volatile block = malloc(BLOCK);
    free(block);
}

static int
endpoint_of(const char *path, char *endpoint, size_t size)
{
    int printed = snprintf(endpoint, size, "ipc://%s", path);
    return printed > 0 && (size_t) printed < size ? 0 : -ENAMETOOLONG;
}

int
troupe__remote_inbox_open(struct troupe__remote_inbox *self, void *transport,
                          const char *path, size_t size_max)
{
    char endpoint[sizeof self->path + 8];
    struct stat there;
    int64_t most = (int64_t) size_max;
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    CHECK(!self->socket);
    CHECK(pthread_once(&once, keep_memory) == 0);
    if (strlen(path) >= sizeof self->path
        || endpoint_of(path, endpoint, sizeof endpoint) < 0)
        return -ENAMETOOLONG;
    if (lstat(path, &there) == 0) /* ZeroMQ would unlink it, whatever it is */
        return -EEXIST;
    void *socket = troupe__socket_new(transport, ZMQ_PULL);
    if (!socket)
        return troupe__socket_error();
    set_int(socket, ZMQ_PLAIN_SERVER, 1);
    set_int(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
    set_int(socket, ZMQ_RCVHWM, READ_AHEAD);
    CHECK(zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, TROUPE__ZAP_DATA,
                         strlen(TROUPE__ZAP_DATA))
          == 0);
    CHECK(zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &most, sizeof most) == 0);
    if (zmq_bind(socket, endpoint) < 0) {
        int rc = troupe__socket_error();
        zmq_close(socket);
        return rc;
    }
    snprintf(self->path, sizeof self->path, "%s", path);
    self->socket = socket;
    self->fd = troupe__socket_descriptor(socket);
    self->armed = false;
    return 0;
}

void
troupe__remote_inbox_close(struct troupe__remote_inbox *self)
{
    if (!self->socket)
        return;
    zmq_close(self->socket);
    self->socket = NULL;
    (void) unlink(self->path);
}

/* The ZAP handler granted a name, which every frame carries since. */
static uint32_t
sender_of(zmq_msg_t *message)
{
    const char *text = zmq_msg_gets(message, "User-Id");
    char *end = NULL;
    unsigned long number = text ? strtoul(text, &end, 10) : 0;
    unsigned long worker =
        number && *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
    if (number > 1023 || worker > TROUPE__WORKER_MAX)
        return 0;
    return (uint32_t) (number << TROUPE__WORKER_BITS | worker);
}

bool
troupe__remote_inbox_take(struct troupe__remote_inbox *self,
                          struct troupe__frame *frame, uint32_t *ret_sender)
{
    zmq_msg_t *message = troupe__frame_message(frame);
    int size = zmq_msg_recv(message, self->socket, ZMQ_DONTWAIT);
    self->armed = size < 0 && zmq_errno() == EAGAIN;
    if (size < 0)
        return false;
    frame->data = zmq_msg_data(message);
    frame->size = size < INT_MAX ? (size_t) size : zmq_msg_size(message);
    /* A frame has one part; the parts of something else are not looked at. */
    *ret_sender = zmq_msg_more(message) ? 0 : sender_of(message);
    for (bool more = zmq_msg_more(message); more;) {
        zmq_msg_t rest;
        zmq_msg_init(&rest);
        more = zmq_msg_recv(&rest, self->socket, ZMQ_DONTWAIT) >= 0
               && zmq_msg_more(&rest);
        zmq_msg_close(&rest);
    }
    return true;
}

int
troupe__remote_outbox_open(struct troupe__outbox *self, void *transport,
                           const char *path, uint32_t sender,
                           const char *password, const struct troupe__tap *tap,
                           struct troupe__spares *spares)
{
    char endpoint[128], name[16];
    CHECK(!self->socket);
    if (endpoint_of(path, endpoint, sizeof endpoint) < 0)
        return -EIO;
    void *socket = troupe__socket_new(transport, ZMQ_PUSH);
    if (!socket)
        return troupe__socket_error();
    snprintf(name, sizeof name, "%u.%u", sender >> TROUPE__WORKER_BITS,
             sender & TROUPE__WORKER_MAX);
    set_int(socket, ZMQ_LINGER, LINGER_MS);
    set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
    CHECK(zmq_setsockopt(socket, ZMQ_PLAIN_USERNAME, name, strlen(name)) == 0);
    CHECK(zmq_setsockopt(socket, ZMQ_PLAIN_PASSWORD, password, strlen(password))
          == 0);
    if (zmq_connect(socket, endpoint) < 0) {
        int rc = troupe__socket_error();
        zmq_close(socket);
        return rc;
    }
    self->socket = socket;
    self->to = NULL;
    self->full = TROUPE__REMOTE_FULL;
    self->tap = tap;
    self->spares = spares;
    return 0;
}

void
troupe__remote_outbox_drop(struct troupe__outbox *self)
{
    if (self->socket)
        set_int(self->socket, ZMQ_LINGER, 0);
    troupe__outbox_close(self);
}
