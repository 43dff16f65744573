/* SPDX-License-Identifier: Apache-2.0 */
/* guest.c: a guest by WIRE.md: a good one, or one with the habit it is told. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "mailbox/message.h"
#include "mailbox/pack.h"
#include "mailbox/post.h"
#include "runtime/letter.h"
#include "runtime/process.h"
#include "runtime/process_adopt.h"
#include "troupe.h"

/* A test that fails must not leave processes behind for long. */
enum { LIFE_S = 120, HELD_MAX = 64, WINDOW = 32 };

static void *hub;
static struct troupe__buffer out;
static struct troupe__post post;
static struct troupe__arena arena;
static struct troupe__letter letter;

/* What it has of others and has not answered, with verb "hold". */
static uint64_t held[HELD_MAX];
static int held_count;

static void
say(const char *format, ...)
{
    va_list args;
    out.size = 0;
    va_start(args, format);
    if (troupe__pack(&out, format, &args) < 0)
        exit(10);
    va_end(args);
    if (zmq_send(hub, out.data, out.size, 0) < 0) /* waits where it is full */
        exit(11);
}

static void
connect_hub(void)
{
    uint8_t hello[TROUPE__HELLO_MAX];
    char path[128], user[16], password[80];
    size_t size = 0, secret_size = 0;
    const void *secret = NULL;
    const char *directory = NULL;
    int64_t number = 0;
    struct troupe_message msg = {.arena = &arena};
    if (troupe__process_adopt(hello, sizeof hello, &size) < 0)
        exit(4);
    msg.body = hello;
    msg.body_size = size;
    if (troupe_unpack(&msg, "{s:I,s:s,s:B}", "node", &number, "directory",
                      &directory, "secret", &secret, &secret_size)
        < 0)
        exit(5);
    snprintf(path, sizeof path, "ipc://%s/hub", directory);
    snprintf(user, sizeof user, "%d", (int) number);
    for (size_t i = 0; i < secret_size; i++)
        snprintf(password + 2 * i, 3, "%02x", ((const uint8_t *) secret)[i]);
    hub = zmq_socket(zmq_ctx_new(), ZMQ_DEALER);
    zmq_setsockopt(hub, ZMQ_PLAIN_USERNAME, user, strlen(user));
    zmq_setsockopt(hub, ZMQ_PLAIN_PASSWORD, password, strlen(password));
    if (zmq_connect(hub, path) < 0)
        exit(6);
}

/* The next letter. */
static const char *
hear(void)
{
    troupe__arena_reset(&arena);
    do
        troupe__post_wait(hub, NULL, -1, -1);
    while (!troupe__post_take(hub, false, &post));
    if (!troupe__letter_open_deep(&letter, post.letter.data, post.letter.size,
                                  &arena))
        exit(7);
    return letter.verb;
}

static void
hear_until(const char *verb)
{
    while (strcmp(hear(), verb) != 0)
        continue;
}

/* A ping is answered. */
static void
beat(void)
{
    const char *verb = NULL;
    uint64_t number = 0;
    if (strcmp(letter.verb, "ping") == 0
        && troupe__letter_read(&letter, "[s,U]", &verb, &number) == 0)
        say("[s,U]", "beat", number);
}

/* --- what a good one does ---------------------------------------------------*/

struct message {
    uint64_t number, deadline, attempt; /* 0: of a tell */
    troupe_ref_t from;
    const char *type;
    const void *body;
    size_t size;
};

/* All at once when the window is full; it is told of no message more. */
static void
on_hold(const struct message *msg)
{
    held[held_count++] = msg->number;
    if (held_count == 1)
        fprintf(stderr, "holds one\n");
    if (held_count > WINDOW)
        exit(20);
    if (held_count < WINDOW)
        return;
    while (held_count > 0)
        say("[s,U,n]", "reply", held[--held_count]);
}

/* "forward": ask who is named for what it has, and answer with the answer. */
static void
forward(const struct message *msg, const char *type, uint64_t deadline)
{
    const char *verb = NULL, *text = NULL;
    uint64_t number = 0;
    const void *body = NULL;
    size_t size = 0;
    int outcome = 0, code = 0;
    say("[s,i,s,s,r,U,U]", "ask", 1, "ear", type, msg->body, msg->size,
        deadline, msg->number);
    while (strcmp(hear(), "reply") != 0 && strcmp(letter.verb, "error") != 0)
        beat();
    if (troupe__letter_read(&letter, "[s,U,i,i,s]", &verb, &number, &outcome,
                            &code, &text)
        == 0) {
        fprintf(stderr, "its ask came to %d %s\n", outcome, text);
        say("[s,U,i,s]", "error", msg->number, code, text);
    } else if (troupe__letter_read(&letter, "[s,U,r]", &verb, &number, &body,
                                   &size)
               == 0) {
        say("[s,U,r]", "reply", msg->number, body, size);
    }
}

/* "until": far beyond what its asker has. */
static void
on_other(const struct message *msg) /* "forward", "big", "never", "until" */
{
    forward(msg, strcmp(msg->type, "forward") ? msg->type : "echo",
            strcmp(msg->type, "until") ? 0 : UINT64_MAX / 2);
}

static void
on_again(const struct message *msg)
{
    if (msg->attempt == 1)
        raise(SIGKILL);
    say("[s,U,[U,R]]", "reply", msg->number, msg->attempt, msg->from);
}

/* When its asker has given up. */
static void
on_late(const struct message *msg)
{
    struct message late = {.number = msg->number, .body = "\xc0", .size = 1};
    fprintf(stderr, "is late\n");
    hear_until("cancel");
    forward(&late, "never", 0);
}

static void
on_pid(const struct message *msg)
{
    say("[s,U,i]", "reply", msg->number, (int) getpid());
}

static void
on_break(const struct message *msg)
{
    if (strcmp(msg->type, "die") == 0)
        raise(SIGKILL);
    if (strcmp(msg->type, "break") == 0)
        say("[s,U]", "done", msg->number);
    else
        say("[s,U,i,s]", "error", msg->number, -5, "the ink has run out");
}

static void
on_tell(const struct message *msg)
{
    say("[s,i,s,s,r]", "tell", 1, "ear", "note", msg->body, msg->size);
    hear_until("done");
    say("[s,U,n]", "reply", msg->number);
}

static void
on_echo(const struct message *msg)
{
    say("[s,U,r]", "reply", msg->number, msg->body, msg->size);
}

static const struct {
    const char *type;
    void (*handle)(const struct message *msg);
} verbs[] = {{"forward", on_other}, {"big", on_other},   {"never", on_other},
             {"late", on_late},     {"until", on_other}, {"pid", on_pid},
             {"hold", on_hold},     {"die", on_break},   {"break", on_break},
             {"fail", on_break},    {"tell", on_tell},   {"echo", on_echo},
             {"again", on_again}};

static void
handle(const struct message *msg)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(msg->type, verbs[i].type) == 0) {
            verbs[i].handle(msg);
            return;
        }
    }
    say("[s,U,i,s]", "error", msg->number, -95, "no such verb");
}

static void
serve(void)
{
    const char *verb = NULL;
    for (;;) {
        struct message msg = {.number = 0};
        hear();
        beat();
        if (strcmp(letter.verb, "stop") == 0)
            exit(0);
        if (strcmp(letter.verb, "cancel") == 0)
            fprintf(stderr, "cancelled\n");
        else if (troupe__letter_read(&letter, "[s,U,R,s,r,U,U]", &verb,
                                     &msg.number, &msg.from, &msg.type,
                                     &msg.body, &msg.size, &msg.deadline,
                                     &msg.attempt)
                     == 0
                 || troupe__letter_read(&letter, "[s,U,R,s,r]", &verb,
                                        &msg.number, &msg.from, &msg.type,
                                        &msg.body, &msg.size)
                        == 0)
            handle(&msg);
    }
}

/* --- and what others do -----------------------------------------------------*/

static void
garbage(void)
{
    (void) troupe__post_send(hub, NULL, "\xdd\xff\xff\xff\xff", 5);
}

/* A message of WIRE.md in another's name. */
static void
forged(void)
{
    say("[i,i,U,U,i,i,s,n,n]", 0x11, 0, UINT64_C(1) << 54 | 1,
        UINT64_C(1) << 54 | 2, 0, 0, "note");
}

static void
parts(void)
{
    zmq_send(hub, "x", 1, ZMQ_SNDMORE);
    zmq_send(hub, "y", 1, 0);
}

static void
oversized(void)
{
    static uint8_t much[2 << 20];
    (void) troupe__post_send(hub, NULL, much, sizeof much);
}

/* An array in an array in an array ... */
static void
deep(void)
{
    uint8_t bytes[64];
    memset(bytes, 0x91, sizeof bytes);
    memcpy(bytes, "\x93\xa5reply\x01", 8);
    bytes[sizeof bytes - 1] = 0xc0;
    (void) troupe__post_send(hub, NULL, bytes, sizeof bytes);
}

static void
no_number(void)
{
    say("[s,i,s,s,n]", "tell", 0, "ear", "note");
}

/* Asks for what is large and never shows that it has read it. */
static void
greedy(void)
{
    for (uint64_t i = 1;; i++) {
        say("[s,U,s,s,n]", "ask", i, "ear", "large");
        hear_until("reply");
    }
}

static void
many_asks(void)
{
    for (int i = 1; i <= WINDOW + 1; i++)
        say("[s,i,s,s,n]", "ask", i, "ear", "never");
}

static void
flood(void)
{
    for (uint64_t i = 1;; i++)
        say("[s,U,s,s,n]", "tell", i, "ear", "note");
}

static void
lie(void)
{
    for (int i = 0; i < 40; i++) {
        say("[s,i,s]", "reply", i, "a lie");
        say("[s,i,i,s]", "error", i, -5, "a lie");
        say("[s,i]", "done", i);
        say("[s,i]", "cancel", i);
    }
}

/* It goes on well after that. */
static void
liar(void)
{
    lie();
    serve();
}

/* It is being stopped, and goes only when all of it has been heard: a second
 * ping comes behind the answer to the first. */
static void
gossip(void)
{
    lie();
    hear_until("ping");
    beat();
    hear_until("ping");
    exit(0);
}

static void
deaf(void)
{
    for (;;)
        pause();
}

static const struct {
    const char *word;
    void (*act)(void);
} habits[] = {
    {"good", serve},          {"garbage", garbage},     {"forged", forged},
    {"parts", parts},         {"oversized", oversized}, {"deep", deep},
    {"no-number", no_number}, {"greedy", greedy},       {"flood", flood},
    {"many-asks", many_asks}, {"liar", liar},           {"gossip", gossip}};

/* What others say, by habit. */
static const char *const rude[][2] = {
    {"second", "guest"}, {"unknown", "frobnicate"}, {"beats", "beat"}};

int
main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "good";
    alarm(LIFE_S);
    connect_hub();
    if (strcmp(word, "early") == 0)
        say("[s,i,s,s,n]", "tell", 1, "ear", "note");
    say("[s,i]", "guest", strcmp(word, "version") == 0 ? 2 : 1);
    if (strcmp(word, "eager") == 0) /* before it is told to go */
        say("[s,i,s,s,n]", "tell", 1, "ear", "note");
    hear_until(strcmp(word, "version") == 0 ? "refused" : "go");
    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++)
        if (strcmp(word, habits[i].word) == 0)
            habits[i].act();
    for (size_t i = 0; i < sizeof rude / sizeof *rude; i++)
        if (strcmp(word, rude[i][0]) == 0)
            say("[s,i]", rude[i][1], 1);
    deaf();
    return 0;
}
