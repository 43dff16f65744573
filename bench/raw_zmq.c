/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw_zmq: the floor, what libzmq alone costs without any actor above it.
 *
 *   raw_zmq [--variant NAME] [--quick] | --list | --version
 *
 * Threads: the main thread binds and receives (or asks), one other thread, or
 * process where two are compared, connects and sends (or answers). The main
 * thread closes both sockets, the other one after its thread has been joined:
 * over ipc, libzmq 4.3.4 loses what the kernel still holds when a sender closes
 * while the receiver is at its high-water mark, and the receiver would wait for
 * it without end.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum shape {
    PUSH_PULL,
    PAIR,       /* there and back counts as two messages */
    ROUND_TRIP, /* between two processes; the median of all */
    SELF_LOOP,
};

struct variant {
    const char *name;
    enum shape shape;
    bool over_ipc;
    size_t size;   /* bytes of each message */
    int64_t count; /* messages of a full run */
};

static const struct variant variants[] = {
    {"push-pull inproc 32 B", PUSH_PULL, false, 32, 10000000},
    {"push-pull inproc 64 B", PUSH_PULL, false, 64, 5000000},
    {"push-pull inproc 6 KiB", PUSH_PULL, false, 6144, 2000000},
    {"push-pull ipc 32 B", PUSH_PULL, true, 32, 5000000},
    {"push-pull ipc 64 B", PUSH_PULL, true, 64, 5000000},
    {"push-pull ipc 6 KiB", PUSH_PULL, true, 6144, 300000},
    {"pair ping-pong inproc", PAIR, false, 32, 100000},
    {"pair ping-pong ipc", PAIR, true, 32, 50000},
    {"round trip ipc", ROUND_TRIP, true, 32, 50000},
    {"self-loop 32 B", SELF_LOOP, false, 32, 10000000},
};

enum { VARIANT_COUNT = sizeof variants / sizeof variants[0] };

/* One run of one variant, shared by the two threads. */
struct run {
    const struct variant *what;
    int64_t count;
    void *zmq;
    void *other; /* the second thread's socket; the main thread's once joined */
    char endpoint[64];
};

/* A wrong or failed call has no time: say which and end. */
static void
need(bool truth, const char *what)
{
    if (truth)
        return;
    fprintf(stderr, "raw_zmq: %s: %s\n", what, zmq_strerror(errno));
    exit(1);
}

static int64_t
now_ns(void)
{
    struct timespec now;
    need(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "clock_gettime");
    return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

/* From the kernel's count of this very program; getrusage's also holds what
 * the program was that started it. */
static long
peak_kib(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    need(status != NULL, "/proc/self/status");
    char line[256];
    long kib = 0;
    while (kib == 0 && fgets(line, sizeof line, status))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    fclose(status);
    return kib;
}

static void *
open_socket(const struct run *run, int type, bool binds)
{
    void *socket = zmq_socket(run->zmq, type);
    need(socket != NULL, "zmq_socket");
    int rc = binds ? zmq_bind(socket, run->endpoint)
                   : zmq_connect(socket, run->endpoint);
    need(rc == 0, binds ? "zmq_bind" : "zmq_connect");
    return socket;
}

/* A fresh message each time, as every sender has to make one. */
static void
send_one(void *socket, size_t size)
{
    zmq_msg_t msg;
    need(zmq_msg_init_size(&msg, size) == 0, "zmq_msg_init_size");
    memset(zmq_msg_data(&msg), 1, size);
    need(zmq_msg_send(&msg, socket, 0) == (int) size, "zmq_msg_send");
}

static void
receive_one(void *socket, zmq_msg_t *msg, size_t size)
{
    need(zmq_msg_recv(msg, socket, 0) == (int) size, "zmq_msg_recv");
}

static void *
push_all(void *arg)
{
    struct run *run = arg;
    run->other = open_socket(run, ZMQ_PUSH, false);
    for (int64_t i = 0; i < run->count; i++)
        send_one(run->other, run->what->size);
    return NULL;
}

static void *
answer_all(void *arg)
{
    struct run *run = arg;
    run->other = open_socket(run, ZMQ_PAIR, false);
    zmq_msg_t msg;
    zmq_msg_init(&msg);
    for (int64_t i = 0; i < run->count / 2; i++) {
        receive_one(run->other, &msg, run->what->size);
        send_one(run->other, run->what->size);
    }
    zmq_msg_close(&msg);
    return NULL;
}

/* From the first message's arrival, so that starting a thread is not in it. */
static int64_t
pull_all(const struct run *run, void *socket, zmq_msg_t *msg)
{
    receive_one(socket, msg, run->what->size);
    int64_t start = now_ns();
    for (int64_t i = 1; i < run->count; i++)
        receive_one(socket, msg, run->what->size);
    return now_ns() - start;
}

static int64_t
ask_all(const struct run *run, void *socket, zmq_msg_t *msg)
{
    int64_t start = now_ns();
    for (int64_t i = 0; i < run->count / 2; i++) {
        send_one(socket, run->what->size);
        receive_one(socket, msg, run->what->size);
    }
    return now_ns() - start;
}

/* Both ends in one thread. Every receive follows a send and finds it there. */
static int64_t
loop_all(const struct run *run, void *pull, zmq_msg_t *msg)
{
    void *push = open_socket(run, ZMQ_PUSH, false);
    int64_t start = now_ns();
    for (int64_t i = 0; i < run->count; i++) {
        send_one(push, run->what->size);
        receive_one(pull, msg, run->what->size);
    }
    int64_t spent = now_ns() - start;
    zmq_close(push);
    return spent;
}

static int
shorter_first(const void *one, const void *other)
{
    int64_t a = *(const int64_t *) one, b = *(const int64_t *) other;
    return a < b ? -1 : a > b;
}

/* The median of `count` round trips. */
static int64_t
time_each(const struct run *run, void *socket)
{
    int64_t *times = calloc((size_t) run->count, sizeof *times);
    need(times != NULL, "calloc");
    zmq_msg_t msg;
    zmq_msg_init(&msg);
    for (int64_t i = 0; i < run->count; i++) {
        int64_t start = now_ns();
        send_one(socket, run->what->size);
        receive_one(socket, &msg, run->what->size);
        times[i] = now_ns() - start;
    }
    zmq_msg_close(&msg);
    qsort(times, (size_t) run->count, sizeof *times, shorter_first);
    int64_t median = times[run->count / 2];
    free(times);
    return median;
}

/* The answering process; it ends with the last answer sent. */
static void
answer_and_exit(struct run *run)
{
    run->zmq = zmq_ctx_new();
    need(run->zmq != NULL, "zmq_ctx_new");
    run->count *= 2; /* there and back */
    answer_all(run);
    zmq_close(run->other);
    zmq_ctx_term(run->zmq);
    exit(0);
}

/* As if each round trip had taken as long as the median one. */
static int64_t
measure_processes(struct run *run)
{
    /* libzmq's context does not survive a fork: each process has its own. */
    pid_t other = fork();
    need(other >= 0, "fork");
    if (other == 0)
        answer_and_exit(run);
    run->zmq = zmq_ctx_new();
    need(run->zmq != NULL, "zmq_ctx_new");
    void *socket = open_socket(run, ZMQ_PAIR, true);
    int64_t median = time_each(run, socket);
    int status = 0;
    need(waitpid(other, &status, 0) == other && status == 0, "the other end");
    zmq_close(socket);
    return median * run->count;
}

static int64_t
measure(struct run *run)
{
    run->zmq = zmq_ctx_new();
    need(run->zmq != NULL, "zmq_ctx_new");
    bool pair = run->what->shape == PAIR;
    void *socket = open_socket(run, pair ? ZMQ_PAIR : ZMQ_PULL, true);
    zmq_msg_t msg;
    zmq_msg_init(&msg);
    int64_t spent = 0;
    if (run->what->shape == SELF_LOOP) {
        spent = loop_all(run, socket, &msg);
    } else {
        pthread_t other;
        int rc =
            pthread_create(&other, NULL, pair ? answer_all : push_all, run);
        need(rc == 0, "pthread_create");
        spent = pair ? ask_all(run, socket, &msg) : pull_all(run, socket, &msg);
        pthread_join(other, NULL);
        zmq_close(run->other);
    }
    zmq_msg_close(&msg);
    zmq_close(socket);
    return spent;
}

static void
run_variant(const struct variant *what, bool quick)
{
    struct run run = {.what = what,
                      .count = quick ? what->count / 10 : what->count};
    char directory[] = "/tmp/raw_zmq-XXXXXX";
    char path[sizeof directory + 2] = "";
    if (what->over_ipc) {
        need(mkdtemp(directory) != NULL, "mkdtemp");
        snprintf(path, sizeof path, "%s/s", directory);
        snprintf(run.endpoint, sizeof run.endpoint, "ipc://%s", path);
    } else {
        snprintf(run.endpoint, sizeof run.endpoint, "inproc://floor");
    }

    bool alone = what->shape == ROUND_TRIP;
    int64_t spent = alone ? measure_processes(&run) : measure(&run);
    zmq_ctx_term(run.zmq);
    if (what->over_ipc) {
        unlink(path); /* libzmq may have done so; then this fails, unheard */
        rmdir(directory);
    }

    printf("{\"bench\":\"floor\",\"variant\":\"%s\",\"system\":\"libzmq\","
           "\"value\":%.3f,\"unit\":\"%s\",\"count\":%lld,"
           "\"peak_kib\":%ld}\n",
           what->name, (double) spent / (double) run.count,
           alone ? "ns" : "ns/message", (long long) run.count, peak_kib());
    fflush(stdout);
}

static void
show_list(void)
{
    for (size_t i = 0; i < VARIANT_COUNT; i++)
        puts(variants[i].name);
}

static void
show_version(void)
{
    int major, minor, patch;
    zmq_version(&major, &minor, &patch);
    printf("libzmq %d.%d.%d\n", major, minor, patch);
}

int
main(int argc, char **argv)
{
    const char *name = NULL;
    bool quick = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            show_list();
            return 0;
        } else if (strcmp(argv[i], "--version") == 0) {
            show_version();
            return 0;
        } else if (strcmp(argv[i], "--quick") == 0) {
            quick = true;
        } else if (strcmp(argv[i], "--variant") == 0 && i + 1 < argc) {
            name = argv[++i];
        } else {
            fprintf(stderr, "raw_zmq: cannot read the option %s\n", argv[i]);
            return 2;
        }
    }
    bool found = false;
    for (size_t i = 0; i < VARIANT_COUNT; i++) {
        if (name && strcmp(name, variants[i].name) != 0)
            continue;
        run_variant(&variants[i], quick);
        found = true;
    }
    if (!found)
        fprintf(stderr, "raw_zmq: no variant %s; see --list\n", name);
    return found ? 0 : 2;
}
