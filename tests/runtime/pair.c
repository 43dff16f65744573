/* SPDX-License-Identifier: Apache-2.0 */
/* pair.c: two nodes, and a gatekeeper for each that grants who is known. */
#include "runtime/pair.h"

#include <criterion/criterion.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "runtime/worker.h"
#include "runtime/world.h"

enum { LOG_MAX = 1 << 16, PARTS_MAX = 8, PART_MAX = 128 };

troupe_t *home, *away;
char pair_directory[64];
troupe_options_t pair_options;

static char log_text[LOG_MAX];
static size_t log_size;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void
log_line(void *data, troupe_level_t level, const char *text)
{
    (void) data, (void) level;
    pthread_mutex_lock(&log_lock);
    if (log_size < LOG_MAX)
        log_size += (size_t) snprintf(log_text + log_size, LOG_MAX - log_size,
                                      "%s\n", text);
    pthread_mutex_unlock(&log_lock);
}

int
pair_logged(const char *text)
{
    int count = 0;
    pthread_mutex_lock(&log_lock);
    for (const char *at = log_text; (at = strstr(at, text)); at++)
        count++;
    pthread_mutex_unlock(&log_lock);
    return count;
}

/* --- gatekeepers ------------------------------------------------------------*/

struct gatekeeper {
    troupe_t *node;
    void *socket;
    pthread_t thread;
};

static struct gatekeeper keepers[2];

/* The parts of a request are: version, id, domain, address, identity,
 * mechanism, name, password. */
static size_t
read_request(void *socket, char parts[PARTS_MAX][PART_MAX])
{
    size_t count = 0;
    int more = 1;
    size_t size = sizeof more;
    while (more) {
        char rest[PART_MAX];
        char *part = count < PARTS_MAX ? parts[count] : rest;
        int got = zmq_recv(socket, part, PART_MAX - 1, 0);
        if (got < 0)
            return 0;
        part[got < PART_MAX ? got : PART_MAX - 1] = '\0';
        count++;
        zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size);
    }
    return count;
}

static void *
keep_gate(void *data)
{
    struct gatekeeper *self = data;
    char parts[PARTS_MAX][PART_MAX], password[2 * TROUPE__SECRET_SIZE + 1];
    troupe__secret_text(&self->node->peers->self, password);
    while (read_request(self->socket, parts) == PARTS_MAX) {
        uint32_t number = (uint32_t) strtoul(parts[6], NULL, 10);
        bool granted = strcmp(parts[7], password) == 0
                       && troupe__peer_grants(self->node, number, getpid());
        const char *answer[] = {"1.0",
                                parts[1],
                                granted ? "200" : "400",
                                "",
                                granted ? parts[6] : "",
                                ""};
        for (size_t i = 0; i < 6; i++)
            zmq_send(self->socket, answer[i], strlen(answer[i]),
                     i < 5 ? ZMQ_SNDMORE : 0);
    }
    zmq_close(self->socket);
    return NULL;
}

static void
gatekeeper_start(struct gatekeeper *self, troupe_t *of)
{
    self->node = of;
    self->socket = zmq_socket(of->transport, ZMQ_REP);
    cr_assert(self->socket);
    cr_assert_eq(zmq_bind(self->socket, "inproc://zeromq.zap.01"), 0);
    cr_assert_eq(pthread_create(&self->thread, NULL, keep_gate, self), 0);
}

/* A request of another form ends it. */
static void
gatekeeper_stop(struct gatekeeper *self)
{
    void *socket = zmq_socket(self->node->transport, ZMQ_REQ);
    cr_assert_eq(zmq_connect(socket, "inproc://zeromq.zap.01"), 0);
    cr_assert_eq(zmq_send(socket, "end", 3, 0), 3);
    pthread_join(self->thread, NULL);
    int zero = 0;
    zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof zero);
    zmq_close(socket);
}

/* --- the nodes --------------------------------------------------------------*/

static troupe_t *
node_new(uint32_t number, const char *name)
{
    troupe_t *made = NULL;
    struct troupe__membership member = {
        .number = number, .secret = {1, 2, 3}, .unlinked = true};
    snprintf(member.name, sizeof member.name, "%s", name);
    snprintf(member.directory, sizeof member.directory, "%s", pair_directory);
    cr_assert_eq(troupe__node_new(&pair_options, &member, &made), 0);
    return made;
}

static void
know(troupe_t *who, uint32_t number, const char *name, bool system)
{
    struct troupe__peer_facts facts = {.number = number,
                                       .pid = getpid(),
                                       .workers = pair_options.workers,
                                       .system = system};
    snprintf(facts.name, sizeof facts.name, "%s", name);
    cr_assert_eq(troupe__peer_admit(who, &facts), 0);
    cr_assert_eq(troupe__peer_route(who, number), 0);
}

__attribute__((constructor)) static void
set_options(void)
{
    pair_options = troupe_options_default();
    pair_options.workers = 2;
    pair_options.seed = 7;
    pair_options.watchdog_ms = 0;
    pair_options.log = log_line;
}

void
pair_begin(void)
{
    snprintf(pair_directory, sizeof pair_directory, "/tmp/troupe-pair-XXXXXX");
    cr_assert(mkdtemp(pair_directory));
    home = node_new(1, "home");
    away = node_new(2, "away");
    gatekeeper_start(&keepers[0], home);
    gatekeeper_start(&keepers[1], away);
    know(home, 2, "away", true);
    know(away, 1, "home", true);
    node = home;
}

/* What came for this thread while it was away is taken. */
static void
look_in(troupe_t *at)
{
    struct troupe__worker *port = NULL;
    if (troupe__port_enter(at, false, &port) == 0)
        troupe__port_leave(port);
}

static void
settle_both(void)
{
    look_in(home);
    look_in(away);
    cr_assert_eq(troupe_settle(home, 30000), 0);
    cr_assert_eq(troupe_settle(away, 30000), 0);
}

void
pair_settle(void)
{
    uint64_t before = 0;
    for (;;) {
        troupe_node_stats_t here, there;
        settle_both();
        troupe_node_stats_get(home, &here);
        troupe_node_stats_get(away, &there);
        uint64_t sent = here.messages_sent + there.messages_sent;
        if (sent == here.messages_received + there.messages_received
            && sent == before)
            return;
        before = sent;
    }
}

void
pair_lose(troupe_t *of, const char *why)
{
    troupe_reason_t reason = {TROUPE_EXIT_KILLED, -9, why};
    troupe__peer_lost(of, of == home ? 2 : 1, &reason);
}

void
pair_admit(uint32_t number, bool system)
{
    know(home, number, "third", system);
    know(away, number, "third", system);
}

void
pair_end(void)
{
    gatekeeper_stop(&keepers[0]);
    gatekeeper_stop(&keepers[1]);
    if (home)
        cr_assert_eq(troupe_destroy(&home), 0);
    if (away)
        cr_assert_eq(troupe_destroy(&away), 0);
    cr_assert_eq(rmdir(pair_directory), 0); /* no socket file is left */
}

/* --- a client of the tests' own ---------------------------------------------*/

static void *client_context;

const char *
pair_password(void)
{
    static char text[2 * TROUPE__SECRET_SIZE + 1];
    troupe__secret_text(&away->peers->self, text);
    return text;
}

void *
pair_socket(troupe_t *to, const char *sender, const char *password)
{
    char endpoint[128];
    int linger = 1000;
    client_context = zmq_ctx_new();
    void *socket = zmq_socket(client_context, ZMQ_PUSH);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/n%u.w0", pair_directory,
             to->id);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(socket, ZMQ_PLAIN_USERNAME, sender, strlen(sender));
    zmq_setsockopt(socket, ZMQ_PLAIN_PASSWORD, password, strlen(password));
    cr_assert_eq(zmq_connect(socket, endpoint), 0);
    return socket;
}

void
pair_push(void *socket, const void *bytes, size_t size)
{
    cr_assert_eq(zmq_send(socket, bytes, size, 0), (int) size);
}

void
pair_socket_close(void *socket)
{
    zmq_close(socket);
    zmq_ctx_term(client_context);
}
