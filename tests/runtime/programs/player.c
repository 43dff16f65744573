/* SPDX-License-Identifier: Apache-2.0 */
/* player.c: a node of a run that does what its arguments say, in order. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "mailbox/post.h"
#include "runtime/letter.h"
#include "runtime/link.h"
#include "runtime/node.h"
#include "runtime/process.h"
#include "runtime/process_adopt.h"
#include "tests/runtime/many.h"
#include "troupe.h"

/* A test that fails must not leave processes behind for long. */
enum { LIFE_S = 120 };

static troupe_t *node;

/* Of one that speaks for itself, without a node. */
static struct {
    char directory[128], user[16], password[128];
    void *context, *socket;
} raw;

static void
log_line(void *data, troupe_level_t level, const char *text)
{
    (void) data, (void) level;
    fprintf(stderr, "%s\n", text);
}

static void
join(const char *unused)
{
    (void) unused;
    troupe_options_t options = troupe_options_default();
    options.workers = 2;
    options.watchdog_ms = 200;
    options.log = log_line;
    int rc = troupe_node_join(&options, &node);
    if (rc < 0) {
        printf("join %s\n", troupe_strerror(rc));
        exit(1);
    }
}

struct nothing {
    char unused;
};

static int
on_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const char *name = NULL, *group = NULL;
    int rc = troupe_unpack(msg, "[s?,s?]", &name, &group);
    (void) state;
    if (rc == 0 && name)
        rc = troupe_register(ctx, name);
    if (rc == 0 && group)
        rc = troupe_join(ctx, group);
    return rc < 0 ? TROUPE_STOP : 0;
}

static int
on_leave(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return TROUPE_STOP;
}

TROUPE_KIND(extra, struct nothing, TROUPE_ON_START(on_start),
            TROUPE_ON("leave", on_leave));

static void
spawn(const char *name, const char *group)
{
    troupe_ref_t ref;
    if (troupe_node_spawn(node, &extra, NULL, &ref, "[s?,s?]", name, group) < 0
        || troupe_settle(node, 60000) < 0)
        exit(2);
    printf("spawned\n");
    fflush(stdout);
}

static void
take_many(const char *count)
{
    many_spawn(node, atoi(count));
}

static void
take_name(const char *name)
{
    spawn(name, NULL);
}

static void
take_group(const char *name)
{
    spawn(NULL, name);
}

/* Until somebody has that name; or, with '!' before it, nobody. */
static void
seek(const char *name)
{
    troupe_ref_t ref;
    bool wanted = name[0] != '!';
    while ((troupe_lookup(node, name + !wanted, &ref) == 0) != wanted)
        sched_yield();
    printf("found %s\n", name);
    fflush(stdout);
}

static void
drop_name(const char *name)
{
    troupe_ref_t ref;
    if (troupe_lookup(node, name, &ref) < 0
        || troupe_node_exit(node, ref, TROUPE_EXIT_SHUTDOWN, 10000) < 0)
        exit(3);
}

static int
on_echo(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    return troupe_reply(ctx, "m", msg);
}

static int
on_hold(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_token_t token;
    (void) state, (void) msg;
    printf("holding\n");
    fflush(stdout);
    return troupe_defer(ctx, &token);
}

TROUPE_KIND(clerk, struct nothing, TROUPE_ON("echo", on_echo),
            TROUPE_ON("hold", on_hold));

static void
be_clerk(const char *name)
{
    troupe_spawn_options_t options = {.name = name};
    if (troupe_node_spawn(node, &clerk, &options, NULL, NULL) < 0)
        exit(9);
}

/* Ask whoever has that name, or will have it. */
static void
ask(const char *name)
{
    troupe_ref_t ref;
    troupe_message_t *reply = NULL;
    int number = 0;
    while (troupe_lookup(node, name, &ref) < 0)
        sched_yield();
    int rc = troupe_node_ask(node, ref, "echo", 60000, &reply, "i", 42);
    if (rc == 0)
        rc = troupe_unpack(reply, "i", &number);
    troupe_message_destroy(&reply);
    printf("answer %d %d\n", rc, number);
    fflush(stdout);
}

static int
on_hang(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    pause(); /* nothing here comes back from a signal */
    return 0;
}

TROUPE_KIND(hanging, struct nothing, TROUPE_ON_START(on_hang));

static void
hang(const char *unused)
{
    (void) unused;
    if (troupe_node_spawn(node, &hanging, NULL, NULL, NULL) < 0)
        exit(8);
}

static void
say(const char *text)
{
    printf("%s\n", text);
    fflush(stdout);
}

static void
wait_for_stop(const char *unused)
{
    (void) unused;
    if (!node)
        for (;;)
            pause();
    troupe_wait(node, 0);
    troupe_destroy(&node);
    exit(0);
}

static void
raise_signal(const char *number)
{
    signal(atoi(number), SIG_DFL);
    raise(atoi(number));
}

static void
leave(const char *code)
{
    _exit(atoi(code));
}

static void
ignore(const char *number)
{
    signal(atoi(number), SIG_IGN);
}

/* What the root handed down, and a context, but no node. */
static void
adopt(const char *unused)
{
    uint8_t hello[TROUPE__HELLO_MAX];
    size_t size = 0, directory_size = 0, secret_size = 0;
    const void *secret = NULL;
    const char *directory = NULL;
    int64_t number = 0;
    struct troupe_message msg = {0};
    (void) unused;
    if (troupe__process_adopt(hello, sizeof hello, &size) < 0)
        exit(4);
    msg.body = hello;
    msg.body_size = size;
    if (troupe_unpack(&msg, "{s:I,s:s%,s:B}", "node", &number, "directory",
                      &directory, &directory_size, "secret", &secret,
                      &secret_size)
        < 0)
        exit(5);
    snprintf(raw.directory, sizeof raw.directory, "%.*s/hub",
             (int) directory_size, directory);
    snprintf(raw.user, sizeof raw.user, "%d", (int) number);
    for (size_t i = 0; i < secret_size; i++)
        snprintf(raw.password + 2 * i, 3, "%02x",
                 ((const uint8_t *) secret)[i]);
    raw.context = zmq_ctx_new();
}

static void
wrong_secret(const char *unused)
{
    (void) unused;
    raw.password[0] = raw.password[0] == '0' ? '1' : '0';
}

static void
user(const char *text)
{
    snprintf(raw.user, sizeof raw.user, "%s", text);
}

static void
connect_raw(const char *unused)
{
    (void) unused;
    if (troupe__post_connect(raw.context, raw.directory, raw.user, raw.password,
                             &raw.socket)
        < 0)
        exit(6);
}

static void
send_bytes(const void *bytes, size_t size)
{
    if (troupe__post_send(raw.socket, NULL, bytes, size) < 0)
        exit(7);
}

/* Say hello as a runtime of that version does. */
static void
hello(const char *version)
{
    struct troupe__buffer out = {0};
    troupe__letter_write(&out, "[s,i,i,R,[]]", "hello", atoi(version), 1,
                         TROUPE_NOBODY);
    send_bytes(out.data, out.size);
    troupe__buffer_free(&out);
}

/* A letter of a verb alone. */
static void
letter(const char *verb)
{
    struct troupe__buffer out = {0};
    troupe__letter_write(&out, "[s]", verb);
    send_bytes(out.data, out.size);
    troupe__buffer_free(&out);
}

static void
garbage(const char *text)
{
    send_bytes(text, strlen(text));
}

static void
parts(const char *count)
{
    for (int i = atoi(count); i > 0; i--)
        zmq_send(raw.socket, "x", 1, i > 1 ? ZMQ_SNDMORE : 0);
}

/* Claim a name for an actor of another node. */
static void
claim(const char *name)
{
    struct troupe__buffer out = {0};
    troupe__letter_write(&out, "[s,s,U]", "name", name, UINT64_C(1) << 54 | 1);
    send_bytes(out.data, out.size);
    troupe__buffer_free(&out);
}

/* Until the root says that. */
static void
hear(const char *verb)
{
    struct troupe__post post = {0};
    struct troupe__letter got;
    struct troupe__arena arena = {0};
    for (;;) {
        troupe__post_wait(raw.socket, NULL, -1, -1);
        if (troupe__post_take(raw.socket, false, &post)
            && troupe__letter_open(&got, post.letter.data, post.letter.size,
                                   &arena)
            && strcmp(got.verb, verb) == 0)
            break;
    }
    troupe__buffer_free(&post.letter);
    printf("heard %s\n", verb);
    fflush(stdout);
}

static const struct {
    const char *word;
    void (*act)(const char *argument);
    bool takes_argument;
} acts[] = {{"join", join, false},
            {"name", take_name, true},
            {"group", take_group, true},
            {"many", take_many, true},
            {"seek", seek, true},
            {"drop", drop_name, true},
            {"say", say, true},
            {"hang", hang, false},
            {"wait", wait_for_stop, false},
            {"raise", raise_signal, true},
            {"exit", leave, true},
            {"ignore", ignore, true},
            {"adopt", adopt, false},
            {"wrong-secret", wrong_secret, false},
            {"user", user, true},
            {"connect", connect_raw, false},
            {"hello", hello, true},
            {"letter", letter, true},
            {"garbage", garbage, true},
            {"parts", parts, true},
            {"claim", claim, true},
            {"hear", hear, true},
            {"clerk", be_clerk, true},
            {"ask", ask, true}};

int
main(int argc, char **argv)
{
    alarm(LIFE_S);
    for (int i = 1; i < argc; i++) {
        size_t at = 0;
        while (at < sizeof acts / sizeof *acts
               && strcmp(argv[i], acts[at].word) != 0)
            at++;
        if (at == sizeof acts / sizeof *acts
            || (acts[at].takes_argument && i + 1 == argc)) {
            fprintf(stderr, "player: what is '%s'?\n", argv[i]);
            return 64;
        }
        acts[at].act(acts[at].takes_argument ? argv[++i] : NULL);
    }
    return 0;
}
