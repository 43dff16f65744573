/* SPDX-License-Identifier: Apache-2.0 */
/* test_remote_hostile.c: whatever a client sends, the others are served. */
#include <criterion/criterion.h>

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "mailbox/wire.h"
#include "runtime/far_clerk.h"
#include "runtime/worker.h"
#include "runtime/world.h"

enum { STRANGER = 3, RUNTIME = 4, SIZE_MAX_OF_ALL = 1 << 20 };

/* Nodes with a small limit, and two more, whose frames the tests write: one
 * is a stranger, one passes for a runtime of ours. */
static void
begin(void)
{
    pair_options.message_size_max = SIZE_MAX_OF_ALL;
    pair_begin();
    pair_admit(STRANGER, false);
    pair_admit(RUNTIME, true);
}

TestSuite(remote_hostile, .init = begin, .fini = pair_end, .timeout = 120);

/* --- frames -----------------------------------------------------------------*/

struct letter {
    enum troupe__wire_kind kind;
    troupe_ref_t to, from;
    uint64_t id;
    const char *type;
};

static size_t
write_letter(const struct letter *letter, const void *body, size_t size,
             uint8_t *ret_bytes)
{
    struct troupe__buffer out = {0};
    struct troupe__envelope envelope = {.kind = letter->kind,
                                        .to = letter->to,
                                        .from = letter->from,
                                        .id = letter->id,
                                        .type = letter->type,
                                        .type_size = strlen(letter->type)};
    troupe__wire_begin(&out, &envelope);
    troupe__buffer_put(&out, body, size);
    troupe__wire_end(&out, 0);
    size_t written = out.size;
    memcpy(ret_bytes, out.data, written);
    troupe__buffer_free(&out);
    return written;
}

static void
post(void *socket, const struct letter *letter)
{
    uint8_t bytes[256];
    pair_push(socket, bytes, write_letter(letter, "\x07", 1, bytes));
}

static troupe_ref_t
of_node(uint32_t number)
{
    return troupe__ref_make(number, 0, 1, 5);
}

static uint64_t
refused(void)
{
    troupe_node_stats_t stats;
    troupe_node_stats_get(away, &stats);
    return stats.frames_refused;
}

static int64_t
counted(troupe_ref_t clerk)
{
    int64_t sum = 0, count = 0;
    troupe_message_t *reply = NULL;
    cr_assert_eq(troupe_node_ask(home, clerk, "sum", 30000, &reply, NULL), 0);
    cr_assert_eq(troupe_unpack(reply, "[I, I]", &sum, &count), 0);
    troupe_message_destroy(&reply);
    return count;
}

/* Until what the client pushed before has been looked at. */
static void
until_counted(void *socket, uint32_t number, troupe_ref_t clerk)
{
    const struct letter good = {
        .kind = WIRE_TELL, .to = clerk, .from = of_node(number), .type = "add"};
    int64_t before = counted(clerk);
    post(socket, &good);
    while (counted(clerk) == before)
        sched_yield();
}

static const char *
sender_name(uint32_t number)
{
    return number == STRANGER ? "3.0" : "4.0";
}

/* All of these are refused, each counted, with hardly a word in the log. */
static void
refuses(uint32_t number, const struct letter *letters, size_t count)
{
    troupe_ref_t clerk = spawn_on(away, &far_clerk);
    void *socket = pair_socket(away, sender_name(number), pair_password());
    uint64_t before = refused();
    for (size_t i = 0; i < count; i++) {
        struct letter letter = letters[i];
        if (troupe_ref_is_nobody(letter.to))
            letter.to = clerk;
        if (troupe_ref_is_nobody(letter.from))
            letter.from = of_node(number);
        post(socket, &letter);
        until_counted(socket, number, clerk);
        cr_assert_eq(refused() - before, i + 1, "letter %zu: '%s'", i,
                     letter.type);
    }
    cr_assert_eq(counted(clerk), (int64_t) count);
    pair_socket_close(socket);
}

Test(remote_hostile, what_only_a_worker_says_is_refused_from_anybody)
{
    static const char *const verbs[] = {"quit",     "kill",       "sweep",
                                        "wake",     "lost",       "release",
                                        "released", "quarantine", "nonsense"};
    struct letter letters[32];
    size_t count = 0;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        letters[count++] =
            (struct letter){.kind = WIRE_CONTROL, .type = verbs[i], .id = 2};
    letters[count++] = (struct letter){.kind = WIRE_START, .type = "start"};
    letters[count++] = (struct letter){.kind = WIRE_START, .type = "restart"};
    letters[count++] = (struct letter){.kind = WIRE_CHILD, .type = "child"};
    letters[count++] = (struct letter){.kind = WIRE_STOP, .type = "orphan"};
    letters[count++] =
        (struct letter){.kind = WIRE_TELL, .type = "add", .id = 5};
    letters[count++] =
        (struct letter){.kind = WIRE_TELL, .type = "add", .to = of_node(1)};
    letters[count++] = (struct letter){
        .kind = WIRE_REPLY, .type = "reply", .from = of_node(1), .id = 1};
    refuses(RUNTIME, letters, count);
    refuses(STRANGER, letters, count);
}

Test(remote_hostile, what_only_a_runtime_says_is_refused_from_strangers)
{
    static const struct letter letters[] = {
        {.kind = WIRE_STOP, .type = "exit"},
        {.kind = WIRE_DOWN, .type = "down", .id = 1},
        {.kind = WIRE_EXIT, .type = "exit"},
        {.kind = WIRE_CONTROL, .type = "monitor", .id = 1},
        {.kind = WIRE_CONTROL, .type = "link"},
        {.kind = WIRE_CONTROL, .type = "forwarded", .id = 1},
        {.kind = WIRE_CONTROL, .type = "because", .id = 1},
        {.kind = WIRE_TELL, .type = "add", .from = {UINT64_C(1) << 54}},
        {.kind = WIRE_ASK, .type = "sum", .id = 1, .from = {UINT64_C(1) << 54}},
        {.kind = WIRE_CANCEL,
         .type = "c",
         .id = 1,
         .from = {UINT64_C(1) << 54}},
    };
    refuses(STRANGER, letters, sizeof letters / sizeof *letters);
}

Test(remote_hostile, answers_that_nobody_waits_for_are_dropped)
{
    troupe_ref_t clerk = spawn_on(away, &far_clerk);
    void *socket = pair_socket(away, sender_name(STRANGER), pair_password());
    for (uint64_t id = 1; id < 200; id++) {
        struct letter letter = {.kind = id % 2 ? WIRE_REPLY : WIRE_ERROR,
                                .to = clerk,
                                .from = of_node(STRANGER),
                                .id = id << 32 | id,
                                .type = "reply"};
        post(socket, &letter);
    }
    until_counted(socket, STRANGER, clerk);
    cr_assert_eq(counted(clerk), 1);
    pair_socket_close(socket);
}

/* --- bytes ------------------------------------------------------------------*/

Test(remote_hostile, frames_cut_anywhere_or_with_more_behind_are_refused)
{
    troupe_ref_t clerk = spawn_on(away, &far_clerk);
    void *socket = pair_socket(away, sender_name(STRANGER), pair_password());
    const struct letter good = {WIRE_TELL, clerk, of_node(STRANGER), 0, "sub"};
    uint8_t bytes[256];
    size_t size = write_letter(&good, "\x91\x07", 2, bytes);
    uint64_t before = refused();
    for (size_t cut = 1; cut < size; cut++)
        pair_push(socket, bytes, cut);
    until_counted(socket, STRANGER, clerk);
    cr_assert_eq(refused() - before, size - 1);
    bytes[size] = 0xc1;
    pair_push(socket, bytes, size + 1); /* the first message stands */
    pair_push(socket, bytes, 0);        /* no message is no error */
    until_counted(socket, STRANGER, clerk);
    cr_assert_eq(refused() - before, size);
    cr_assert_leq(pair_logged("refused"), 3);
    pair_socket_close(socket);
}

Test(remote_hostile, bombs_and_deep_nests_are_refused)
{
    static const char *const bombs[] = {
        "\xdd\xff\xff\xff\xff", "\xdf\xff\xff\xff\xff", "\xc6\xff\xff\xff\xff",
        "\xdb\xff\xff\xff\xff", "\xc9\xff\xff\xff\xff", "\xc1"};
    troupe_ref_t clerk = spawn_on(away, &far_clerk);
    void *socket = pair_socket(away, sender_name(STRANGER), pair_password());
    const struct letter letter = {WIRE_TELL, clerk, of_node(STRANGER), 0,
                                  "add"};
    uint8_t *bytes = malloc(SIZE_MAX_OF_ALL);
    uint8_t *nest = malloc(SIZE_MAX_OF_ALL / 2);
    uint64_t before = refused();
    for (size_t i = 0; i < 6; i++)
        pair_push(socket, bytes,
                  write_letter(&letter, bombs[i], strlen(bombs[i]), bytes));
    memset(nest, 0x91, SIZE_MAX_OF_ALL / 2);
    pair_push(socket, bytes,
              write_letter(&letter, nest, SIZE_MAX_OF_ALL / 2, bytes));
    nest[33] = 0xc0;
    pair_push(socket, bytes, write_letter(&letter, nest, 34, bytes));
    until_counted(socket, STRANGER, clerk);
    cr_assert_eq(refused() - before, 8);
    free(nest);
    free(bytes);
    pair_socket_close(socket);
}

/* As pair_socket, but what it could not send is dropped at its end. */
static void *
outsider(void *context, const char *name, const char *password)
{
    char endpoint[128];
    int zero = 0;
    void *socket = zmq_socket(context, ZMQ_PUSH);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/n2.w0", pair_directory);
    zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(socket, ZMQ_PLAIN_USERNAME, name, strlen(name));
    zmq_setsockopt(socket, ZMQ_PLAIN_PASSWORD, password, strlen(password));
    cr_assert_eq(zmq_connect(socket, endpoint), 0);
    return socket;
}

Test(remote_hostile, parts_and_frames_that_are_too_large_are_dropped)
{
    troupe_ref_t clerk = spawn_on(away, &far_clerk);
    void *good = pair_socket(away, sender_name(RUNTIME), pair_password());
    void *context = zmq_ctx_new();
    void *bad = outsider(context, "3.0", pair_password());
    for (int i = 0; i < 50; i++)
        for (int part = 0; part < 20; part++)
            cr_assert_geq(zmq_send(bad, "x", 1, part < 19 ? ZMQ_SNDMORE : 0),
                          0);
    until_counted(good, RUNTIME, clerk);
    char *huge = calloc(1, 2 * SIZE_MAX_OF_ALL);
    for (int i = 0; i < 4; i++)
        cr_assert_geq(zmq_send(bad, huge, 2 * SIZE_MAX_OF_ALL, 0), 0);
    free(huge);
    for (int i = 0; i < 20; i++)
        until_counted(good, RUNTIME, clerk);
    cr_assert_eq(counted(clerk), 21);
    zmq_close(bad);
    zmq_ctx_term(context);
    pair_socket_close(good);
}

/* --- connections ------------------------------------------------------------*/

static int
bare_connect(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(fd, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s/n2.w0", pair_directory);
    cr_assert_eq(connect(fd, (struct sockaddr *) &to, sizeof to), 0);
    return fd;
}

/* ZeroMQ hangs up on both: on garbage at once, on silence when the time that
 * a handshake may take is over. */
static void
is_hung_up(int fd)
{
    char rest[256];
    ssize_t got;
    while ((got = read(fd, rest, sizeof rest)) > 0)
        continue;
    close(fd);
}

Test(remote_hostile, garbage_and_silence_are_hung_up_on)
{
    troupe_ref_t clerk = spawn_on(away, &far_clerk);
    int silent = bare_connect(), loud = bare_connect();
    static const char greeting[] = "GET / HTTP/1.1\r\nHost: here\r\n\r\n"
                                   "and a good many bytes more, so that it is "
                                   "longer than any greeting";
    cr_assert_gt(send(loud, greeting, sizeof greeting, MSG_NOSIGNAL), 0);
    is_hung_up(loud);
    cr_assert_eq(troupe_node_send(home, clerk, "add", "i", 1), 0);
    cr_assert_eq(counted(clerk), 1);
    is_hung_up(silent);
}

Test(remote_hostile, who_is_not_admitted_is_not_heard)
{
    static const char *const names[] = {"9.0", "2.0", "0.0", "4096.0", "x", ""};
    troupe_ref_t clerk = spawn_on(away, &far_clerk);
    void *good = pair_socket(away, sender_name(RUNTIME), pair_password());
    struct letter letter = {.kind = WIRE_TELL, .to = clerk, .type = "add"};
    void *context = zmq_ctx_new(), *sockets[7];
    for (size_t i = 0; i < 7; i++) {
        const char *name = i < 6 ? names[i] : "3.0";
        const char *password = i < 6 ? pair_password() : "a wrong one";
        sockets[i] = outsider(context, name, password);
        post(sockets[i], &letter);
    }
    for (int i = 0; i < 50; i++)
        until_counted(good, RUNTIME, clerk);
    cr_assert_eq(counted(clerk), 50);
    for (size_t i = 0; i < 7; i++)
        zmq_close(sockets[i]);
    zmq_ctx_term(context);
    pair_socket_close(good);
}

/* --- floods -----------------------------------------------------------------*/

/* It asks for much and takes nothing: the answers must not pile up here. */
Test(remote_hostile, answers_to_who_takes_none_are_dropped_at_a_bound)
{
    enum { ASKS = 1400, BODY = 60000 };
    const troupe_spawn_options_t first = {.place = TROUPE_WORKER};
    troupe_ref_t clerk;
    cr_assert_eq(troupe_node_spawn(away, &far_clerk, &first, &clerk, NULL), 0);
    void *socket = pair_socket(away, sender_name(STRANGER), pair_password());
    static uint8_t bytes[BODY + 256]; /* bin 16 */
    static uint8_t body[BODY] = {0xc5, (BODY - 3) >> 8, (BODY - 3) & 255};
    for (uint64_t i = 1; i <= ASKS; i++) {
        const struct letter letter = {.kind = WIRE_ASK,
                                      .to = clerk,
                                      .from = of_node(STRANGER),
                                      .id = i,
                                      .type = "echo"};
        pair_push(socket, bytes, write_letter(&letter, body, BODY, bytes));
    }
    struct letter add = {.kind = WIRE_TELL, .to = clerk, .type = "add"};
    add.from = of_node(STRANGER);
    do /* it may be dropped, too */
        post(socket, &add);
    while (counted(clerk) == 0);
    troupe_node_stats_t stats;
    troupe_node_stats_get(away, &stats);
    cr_assert_gt(stats.late_replies, 0);
    cr_assert_lt(stats.bytes_sent, (64 << 20) + (4 << 20));
    pair_socket_close(socket);
}

/* "full" is said in vain. */
Test(remote_hostile, a_flood_of_small_messages_stays_within_the_mailbox)
{
    enum { ROOM = 16, FLOOD = 5000 };
    extern const troupe_kind_t closed;
    troupe_ref_t sink, clerk = spawn_on(away, &far_clerk);
    troupe_actor_stats_t stats;
    const troupe_spawn_options_t options = {
        .place = TROUPE_WORKER, .worker = 1, .mailbox = {.messages_max = ROOM}};
    cr_assert_eq(troupe_node_spawn(away, &closed, &options, &sink, NULL), 0);
    void *socket = pair_socket(away, sender_name(STRANGER), pair_password());
    const struct letter letter = {.kind = WIRE_TELL,
                                  .to = sink,
                                  .from = of_node(STRANGER),
                                  .type = "job"};
    for (int i = 0; i < FLOOD; i++)
        post(socket, &letter);
    until_counted(socket, STRANGER, clerk);
    cr_assert_eq(troupe_settle(away, 30000), 0);
    cr_assert_eq(troupe_actor_stats_get(away, sink, &stats), 0);
    cr_assert_leq(stats.mailbox_depth, TROUPE__HARD_FACTOR * ROOM);
    pair_socket_close(socket);
}
