/* SPDX-License-Identifier: Apache-2.0 */
/* admin.c: the actor at the admin socket of a run: its start and its end. */
#include "tools/admin.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "troupe_agent.h"
#include "troupe_events.h"

#include "tools/findings.h"

#define FAREWELL_MS 500 /* for the last lines of all clients together */

struct admin_state {
    struct troupe__admin *self;
};

/* --- clients come -----------------------------------------------------------*/

/* The kernel says who it is: this user, or root. */
static bool
is_ours(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0
           && (peer.uid == geteuid() || peer.uid == 0);
}

/* A free place, or that of the one who has been silent longest. */
static struct troupe__client *
find_place(troupe_context_t *ctx, struct troupe__admin *self)
{
    struct troupe__client *silent = NULL;
    for (size_t i = 0; i < TROUPE__CLIENTS_MAX; i++) {
        struct troupe__client *at = &self->clients[i];
        if (at->fd < 0)
            return at;
        if (at->asks == 0 && !at->waits
            && (!silent || at->heard_ns < silent->heard_ns))
            silent = at;
    }
    if (silent)
        troupe__client_drop(ctx, silent);
    return silent;
}

static void
refuse(int fd)
{
    static const char line[] =
        "{\"id\":null,\"error\":{\"code\":-16,\"text\":\"too many clients wait "
        "for answers: try again later\"}}\n";
    (void) !send(fd, line, sizeof line - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(fd);
}

/* No descriptor for it: it would wait, and be announced, for ever. */
static void
turn_away(struct troupe__admin *self)
{
    if ((errno != EMFILE && errno != ENFILE) || self->spare < 0)
        return;
    close(self->spare);
    int fd = accept4(self->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        refuse(fd);
    self->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int
on_client(troupe_context_t *ctx, void *state, int listener, short events)
{
    (void) events;
    struct troupe__admin *self = ((struct admin_state *) state)->self;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        turn_away(self);
        return 0;
    }
    if (!is_ours(fd)) {
        close(fd);
        return 0;
    }
    struct troupe__client *client = find_place(ctx, self);
    if (!client) {
        refuse(fd);
        return 0;
    }
    *client = (struct troupe__client){
        .fd = fd, .serial = ++self->serial, .heard_ns = troupe_time_ns(ctx)};
    troupe__client_turn(ctx, self, client);
    return 0;
}

/* --- the actor --------------------------------------------------------------*/

static int
on_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    uint64_t pointer = 0;
    int rc = troupe_unpack(msg, "U", &pointer);
    if (rc < 0)
        return rc;
    struct troupe__admin *self = (void *) (uintptr_t) pointer;
    ((struct admin_state *) state)->self = self;
    return troupe_watch(ctx, self->listener, POLLIN, on_client);
}

static const troupe_clause_t clauses[] = {TROUPE_ON_START(on_start),
                                          {0, NULL, NULL, NULL}};

static const troupe_kind_t admin_kind = {.name = "troupe.admin",
                                         .state_size =
                                             sizeof(struct admin_state),
                                         .clauses = clauses};

bool
troupe__is_operator(const troupe_actor_stats_t *stats)
{
    return stats->kind == admin_kind.name;
}

int
troupe__admin_start(struct troupe__admin *self, troupe_t *node)
{
    const troupe_spawn_options_t alone = {.place = TROUPE_OWN_THREAD};
    self->node = node;
    self->since_ns = troupe_now_ns(node);
    int rc = troupe_agent(node, &self->agent);
    if (rc == 0)
        rc = troupe_node_spawn(node, &admin_kind, &alone, &self->ref, "U",
                               (uint64_t) (uintptr_t) self);
    return rc;
}

/* --- open and close ---------------------------------------------------------*/

static int
listen_at(const char *path, const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (bind(fd, (const struct sockaddr *) address, sizeof *address) < 0
        || chmod(path, 0600) < 0 || listen(fd, SOMAXCONN) < 0) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

/* Returns a descriptor, or a negative errno with words. */
static int
open_listener(const char *directory, char text[TROUPE_RUN_TEXT])
{
    char path[TROUPE_RUN_PATH];
    struct sockaddr_un address;
    int rc = troupe_rundir_socket(directory, "admin", path, text);
    if (rc < 0)
        return rc;
    rc = troupe__run_socket(directory, &address);
    int fd = rc < 0 ? rc : listen_at(path, &address);
    if (fd < 0)
        snprintf(text, TROUPE_RUN_TEXT, "%s cannot be listened on: %s", path,
                 strerror(-fd));
    return fd;
}

int
troupe__admin_open(const char *topology, const char *file,
                   struct troupe__admin **ret_admin, char text[TROUPE_RUN_TEXT])
{
    troupe_rundir_t *home = NULL;
    struct sockaddr_un address;
    char ignored[TROUPE_RUN_TEXT];
    int rc = troupe__run_claim(topology, &home, text);
    if (rc < 0)
        return rc;
    const char *directory = troupe_rundir_directory(home);
    int fd = open_listener(directory, text[0] ? ignored : text);
    if (fd < 0) {
        troupe_rundir_close(&home, ignored);
        return fd;
    }
    struct troupe__admin *self = troupe__grab(sizeof *self);
    self->home = home;
    self->name = troupe__run_name(topology);
    self->topology = topology;
    self->file = file;
    self->listener = fd;
    if (troupe__run_socket(directory, &address) == 0)
        self->socket_id = troupe_rundir_socket_id(address.sun_path);
    self->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < TROUPE__CLIENTS_MAX; i++)
        self->clients[i].fd = -1;
    *ret_admin = self;
    return 0;
}

int
troupe__admin_check(const struct troupe__admin *self,
                    char text[TROUPE_RUN_TEXT])
{
    struct sockaddr_un address;
    const char *directory = troupe_rundir_directory(self->home);
    int rc = troupe_rundir_check(self->home, text);
    if (rc == 0)
        rc = troupe__run_socket(directory, &address);
    if (rc < 0 || troupe_rundir_socket_id(address.sun_path) == self->socket_id)
        return rc;
    snprintf(text, TROUPE_RUN_TEXT,
             "%s was removed or exchanged: nobody can look into this run any "
             "more; start it again, where nothing tidies up",
             address.sun_path);
    return -ESTALE;
}

/* The node is gone, so waiting hurts nobody but those who wait. */
static void
write_rest(struct troupe__client *client, int *wait_ms)
{
    while (client->out_sent < client->out_size) {
        ssize_t size = send(client->fd, client->out + client->out_sent,
                            client->out_size - client->out_sent,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size > 0) {
            client->out_sent += (size_t) size;
            continue;
        }
        struct pollfd fd = {.fd = client->fd, .events = POLLOUT};
        if (errno != EAGAIN || *wait_ms <= 0)
            return;
        *wait_ms -= 50;
        (void) poll(&fd, 1, 50);
    }
}

static void
say_farewell(struct troupe__client *client, int code, const char *stragglers,
             int *wait_ms)
{
    if (client->waits && code == 0) {
        troupe__client_ok(client, client->stop_id,
                          json_pack("{s:b}", "stopped", 1));
    } else if (client->waits) {
        troupe__client_error(client, client->stop_id, code,
                             "not all stopped in time%s%s",
                             *stragglers ? ": " : "", stragglers);
    }
    write_rest(client, wait_ms);
}

void
troupe__admin_close(struct troupe__admin **self_p, int code,
                    const char *stragglers)
{
    struct troupe__admin *self = *self_p;
    char left[TROUPE_RUN_TEXT];
    int wait_ms = FAREWELL_MS;
    if (!self)
        return;
    for (struct troupe__pending *at = self->pending; at; at = at->next) {
        struct troupe__client *client = troupe__client_find(self, at->client);
        if (client)
            troupe__client_error(client, at->id, -ESHUTDOWN, "the run stops");
    }
    for (size_t i = 0; i < TROUPE__CLIENTS_MAX; i++) {
        if (self->clients[i].fd < 0)
            continue;
        say_farewell(&self->clients[i], code, stragglers, &wait_ms);
        troupe__client_drop(NULL, &self->clients[i]);
    }
    while (self->pending)
        troupe__pending_free(self->pending);
    close(self->listener);
    if (self->spare >= 0)
        close(self->spare);
    troupe_rundir_close(&self->home, left);
    if (left[0])
        fprintf(stderr, "troupe: %s\n", left);
    free(self->name);
    free(self);
    *self_p = NULL;
}
