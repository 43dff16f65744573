/* SPDX-License-Identifier: Apache-2.0 */
/* post.c: the sockets of the control link, and ZeroMQ's gate (ZAP). */
#include "mailbox/post.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <zmq.h>

/* ZeroMQ tries again soon, and gives nobody long to say who he is. */
enum { RECONNECT_MS = 20, RECONNECT_MOST_MS = 500, HANDSHAKE_MS = 2000 };

/* Letters that one node may let lie before it counts as not reading; and those
 * of one that wait for the hub: then its own process has the others. */
enum { UNREAD_MAX = 100000, AHEAD_MAX = 64 };

static int
error_of_socket(void)
{
    return zmq_errno() == EMFILE || zmq_errno() == ENFILE ? -EMFILE : -EIO;
}

static void
set(void *socket, int option, int value)
{
    CHECK(zmq_setsockopt(socket, option, &value, sizeof value) == 0);
}

static void
set_text(void *socket, int option, const char *text)
{
    CHECK(zmq_setsockopt(socket, option, text, strlen(text)) == 0);
}

static void *
socket_new(void *transport, int type)
{
    void *socket = zmq_socket(transport, type);
    int64_t size_max = TROUPE__LETTER_MAX;
    if (!socket)
        return NULL;
    set(socket, ZMQ_LINGER, 0);
    set(socket, ZMQ_RCVHWM, 0);
    set(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
    CHECK(zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &size_max, sizeof size_max)
          == 0);
    return socket;
}

int
troupe__post_bind(void *transport, const char *path, const char *domain,
                  void **ret_socket)
{
    char endpoint[128];
    struct stat status;
    if (lstat(path, &status) == 0)
        return -EEXIST; /* ZeroMQ would remove whatever it is */
    void *socket = socket_new(transport, ZMQ_ROUTER);
    if (!socket)
        return error_of_socket();
    int64_t size_max = TROUPE__LETTER_LONG;
    CHECK(zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &size_max, sizeof size_max)
          == 0);
    set(socket, ZMQ_SNDHWM, UNREAD_MAX);
    set(socket, ZMQ_RCVHWM, AHEAD_MAX);
    set(socket, ZMQ_ROUTER_MANDATORY, 1);
    set(socket, ZMQ_PLAIN_SERVER, 1);
    set_text(socket, ZMQ_ZAP_DOMAIN, domain);
    snprintf(endpoint, sizeof endpoint, "ipc://%s", path);
    if (zmq_bind(socket, endpoint) < 0) {
        int rc = error_of_socket();
        zmq_close(socket);
        return rc;
    }
    *ret_socket = socket;
    return 0;
}

int
troupe__post_connect(void *transport, const char *path, const char *user,
                     const char *password, void **ret_socket)
{
    char endpoint[128];
    void *socket = socket_new(transport, ZMQ_DEALER);
    if (!socket)
        return error_of_socket();
    set(socket, ZMQ_SNDHWM, 0);
    set(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
    set(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MOST_MS);
    set_text(socket, ZMQ_PLAIN_USERNAME, user);
    set_text(socket, ZMQ_PLAIN_PASSWORD, password);
    snprintf(endpoint, sizeof endpoint, "ipc://%s", path);
    if (zmq_connect(socket, endpoint) < 0) {
        int rc = error_of_socket();
        zmq_close(socket);
        return rc;
    }
    *ret_socket = socket;
    return 0;
}

void
troupe__post_close(void *socket, int linger_ms)
{
    if (!socket)
        return;
    set(socket, ZMQ_LINGER, linger_ms);
    zmq_close(socket);
}

static bool
has_more(void *socket)
{
    int more = 0;
    size_t size = sizeof more;
    CHECK(zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0);
    return more != 0;
}

/* The rest of what has more parts than anybody may send. */
static void
pass_over(void *socket)
{
    zmq_msg_t part;
    zmq_msg_init(&part);
    while (has_more(socket) && zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) >= 0)
        continue;
    zmq_msg_close(&part);
}

static bool
take_route(void *socket, struct troupe__route *route)
{
    uint8_t bytes[TROUPE__ROUTE_MAX + 1];
    int size = zmq_recv(socket, bytes, sizeof bytes, ZMQ_DONTWAIT);
    if (size < 0)
        return false;
    CHECK(size > 0 && size <= TROUPE__ROUTE_MAX); /* ZeroMQ's own bound */
    route->size = (uint8_t) size;
    memcpy(route->bytes, bytes, (size_t) size);
    return true;
}

/* libzmq 4.3.4 forgets what it knows of the sender at the first part; the
 * second one still has it. */
static void
take_user(zmq_msg_t *part, char user[TROUPE__USER_MAX + 1])
{
    const char *known = zmq_msg_gets(part, "User-Id");
    user[0] = '\0';
    if (known && strlen(known) <= TROUPE__USER_MAX)
        memcpy(user, known, strlen(known) + 1);
}

bool
troupe__post_take(void *socket, bool is_hub, struct troupe__post *post)
{
    zmq_msg_t part;
    post->route.size = 0;
    post->user[0] = '\0';
    post->letter.size = 0;
    post->is_whole = false;
    if (is_hub && !take_route(socket, &post->route))
        return false;
    if (is_hub && !has_more(socket))
        return true;
    zmq_msg_init(&part);
    bool taken = zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) >= 0;
    if (taken) {
        take_user(&part, post->user);
        post->is_whole = !has_more(socket);
        troupe__buffer_put(&post->letter, zmq_msg_data(&part),
                           zmq_msg_size(&part));
        pass_over(socket);
    }
    zmq_msg_close(&part);
    return taken;
}

int
troupe__post_send(void *socket, const struct troupe__route *route,
                  const void *bytes, size_t size)
{
    if (route
        && zmq_send(socket, route->bytes, route->size,
                    ZMQ_DONTWAIT | ZMQ_SNDMORE)
               < 0)
        return zmq_errno() == EAGAIN ? -EAGAIN : -EHOSTUNREACH;
    if (zmq_send(socket, bytes, size, ZMQ_DONTWAIT) < 0)
        return zmq_errno() == EAGAIN ? -EAGAIN : -EHOSTUNREACH;
    return 0;
}

void
troupe__post_wait(void *socket, void *gate, int fd, long timeout_ms)
{
    zmq_pollitem_t items[3];
    int count = 0;
    items[count++] = (zmq_pollitem_t){NULL, fd, ZMQ_POLLIN, 0};
    if (socket)
        items[count++] = (zmq_pollitem_t){socket, -1, ZMQ_POLLIN, 0};
    if (gate)
        items[count++] = (zmq_pollitem_t){gate, -1, ZMQ_POLLIN, 0};
    (void) zmq_poll(items, count, timeout_ms);
}

int
troupe__gate_open(void *transport, void **ret_gate)
{
    void *gate = zmq_socket(transport, ZMQ_ROUTER);
    if (!gate)
        return error_of_socket();
    set(gate, ZMQ_LINGER, 0);
    if (zmq_bind(gate, "inproc://zeromq.zap.01") < 0) {
        int rc = error_of_socket();
        zmq_close(gate);
        return rc;
    }
    *ret_gate = gate;
    return 0;
}

/* The parts of a request, in their order: a ROUTER's two, then RFC 27's. */
enum {
    WAY,
    DELIMITER,
    VERSION,
    REQUEST,
    DOMAIN,
    ADDRESS,
    IDENTITY,
    MECHANISM,
    USER,
    PASSWORD
};

static void
take_address(struct troupe__knock *knock, const char *address)
{
    unsigned uid = 0;
    int pid = 0;
    char rest = 0;
    if (sscanf(address, "localhost:%u:%*u:%d%c", &uid, &pid, &rest) != 2)
        return;
    knock->uid = uid;
    knock->pid = pid;
}

static void
take_field(struct troupe__knock *knock, int field, const char *text,
           size_t size)
{
    char address[64] = "";
    if (field == WAY && size <= sizeof knock->way) {
        memcpy(knock->way, text, size);
        knock->way_size = size;
    }
    struct {
        char *to;
        size_t room;
    } places[] = {[REQUEST] = {knock->id, sizeof knock->id},
                  [DOMAIN] = {knock->domain, sizeof knock->domain},
                  [ADDRESS] = {address, sizeof address},
                  [USER] = {knock->user, sizeof knock->user},
                  [PASSWORD] = {knock->password, sizeof knock->password}};
    if ((size_t) field >= sizeof places / sizeof *places || !places[field].to
        || size >= places[field].room || memchr(text, '\0', size))
        return;
    memcpy(places[field].to, text, size);
    places[field].to[size] = '\0';
    if (field == ADDRESS)
        take_address(knock, address);
}

bool
troupe__gate_take(void *gate, struct troupe__knock *ret_knock)
{
    zmq_msg_t part;
    bool any = false;
    *ret_knock = (struct troupe__knock){.uid = (uid_t) -1, .pid = -1};
    zmq_msg_init(&part);
    for (int field = 0; zmq_msg_recv(&part, gate, ZMQ_DONTWAIT) >= 0; field++) {
        any = true;
        take_field(ret_knock, field, zmq_msg_data(&part), zmq_msg_size(&part));
        if (!has_more(gate))
            break;
    }
    zmq_msg_close(&part);
    return any;
}

void
troupe__gate_answer(void *gate, const struct troupe__knock *knock,
                    enum troupe__verdict verdict)
{
    static const char *const codes[] = {"200", "400", "300"};
    const char *parts[] = {"1.0", knock->id, codes[verdict], "", "", ""};
    enum { COUNT = sizeof parts / sizeof *parts, USER_ID = 4 };
    enum { MORE = ZMQ_DONTWAIT | ZMQ_SNDMORE };
    if (verdict == TROUPE__LET_IN)
        parts[USER_ID] = knock->user;
    if (zmq_send(gate, knock->way, knock->way_size, MORE) < 0)
        return;
    (void) zmq_send(gate, "", 0, MORE);
    for (int i = 0; i < COUNT; i++)
        (void) zmq_send(gate, parts[i], strlen(parts[i]),
                        i + 1 < COUNT ? MORE : ZMQ_DONTWAIT);
}
