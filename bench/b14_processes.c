/* SPDX-License-Identifier: Apache-2.0 */
/* b14_processes: children in processes of their own: begun, killed, many. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/common.h"

enum { STARTS = 20, KILLS = 30, MANY = 16 };

static int
on_pid(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, "i", (int) getpid());
}

TROUPE_KIND(worker, int64_t, TROUPE_ON("pid", on_pid));

struct run {
    char directory[32];
    troupe_t *node;
};

static int
run_begin(struct run *self)
{
    troupe_options_t options = troupe_options_default();
    troupe_nodes_options_t nodes = {0};
    snprintf(self->directory, sizeof self->directory, "/tmp/b14-XXXXXX");
    nodes.directory = mkdtemp(self->directory);
    options.nodes = &nodes;
    self->node = NULL;
    if (!nodes.directory)
        return -errno;
    int rc = troupe_new(&options, &self->node);
    return rc < 0 ? rc : troupe_isolation_begin(self->node, NULL);
}

static void
run_end(struct run *self)
{
    troupe_destroy(&self->node);
    rmdir(self->directory);
}

/* A supervisor of so many, all of them ready; they are named by number. */
static int
supervise(const struct run *self, size_t count, troupe_ref_t *ret_top)
{
    troupe_child_spec_t specs[MANY];
    char ids[MANY][16];
    troupe_supervisor_error_t error = {""};
    for (size_t i = 0; i < count; i++) {
        snprintf(ids[i], sizeof ids[i], "child-%zu", i);
        specs[i] = (troupe_child_spec_t){.id = ids[i],
                                         .name = ids[i],
                                         .kind = &worker,
                                         .isolation = TROUPE_OWN_PROCESS};
    }
    int rc = troupe_node_supervisor_start(self->node, NULL, specs, count,
                                          ret_top, &error);
    if (rc < 0)
        fprintf(stderr, "b14: %s\n", error.text);
    return rc;
}

static int
ask_pid(const struct run *self, troupe_ref_t ref, int *ret_pid)
{
    troupe_message_t *reply = NULL;
    int rc = troupe_node_ask(self->node, ref, "pid", 0, &reply, NULL);
    if (rc == 0)
        rc = troupe_unpack(reply, "i", ret_pid);
    troupe_message_destroy(&reply);
    return rc;
}

/* With its process gone: what is measured next would wait for that, as who has
 * the same name starts after the other has ended. */
static int
end(const struct run *self, troupe_ref_t top)
{
    troupe_ref_t ref;
    int pid = 0;
    int rc = troupe_lookup(self->node, "child-0", &ref);
    if (rc == 0)
        rc = ask_pid(self, ref, &pid);
    if (rc == 0)
        rc = troupe_node_exit(self->node, top, TROUPE_EXIT_SHUTDOWN, 10000);
    while (rc == 0 && kill(pid, 0) == 0)
        usleep(200);
    return rc;
}

static int
compare(const void *one, const void *other)
{
    double a = *(const double *) one, b = *(const double *) other;
    return (a > b) - (a < b);
}

/* Kill it, and ask until one that is started again answers. */
static int
kill_one(const struct run *self, double *ret_seconds)
{
    troupe_ref_t ref;
    int before = 0, after = 0;
    int rc = troupe_lookup(self->node, "child-0", &ref);
    if (rc == 0)
        rc = ask_pid(self, ref, &before);
    double start = bench_now();
    if (rc == 0 && kill(before, SIGKILL) < 0)
        rc = -errno;
    while (rc == 0 && (after == 0 || after == before)) {
        rc = ask_pid(self, ref, &after);
        if (rc == -ESRCH || rc == -EHOSTDOWN) /* it was under way */
            rc = 0;
    }
    *ret_seconds = bench_now() - start;
    return rc;
}

static int
measure(int rounds, bool kills)
{
    struct run self = {.node = NULL};
    double seconds[KILLS];
    int rc = run_begin(&self);
    for (int i = 0; i < rounds && rc == 0; i++) {
        troupe_ref_t top;
        double start = bench_now();
        rc = supervise(&self, 1, &top);
        seconds[i] = bench_now() - start;
        if (rc == 0 && kills)
            rc = kill_one(&self, &seconds[i]);
        if (rc == 0)
            rc = end(&self, top);
    }
    run_end(&self);
    if (rc < 0)
        return rc;
    qsort(seconds, (size_t) rounds, sizeof *seconds, compare);
    bench_result(kills ? "kill p50" : "start p50", seconds[rounds / 2] * 1e3,
                 "ms", rounds);
    bench_result(kills ? "kill p99" : "start p99",
                 seconds[(rounds * 99 + 99) / 100 - 1] * 1e3, "ms", rounds);
    return 0;
}

static int
start(bool quick)
{
    return measure(quick ? 2 : STARTS, false);
}

static int
killed(bool quick)
{
    return measure(quick ? 3 : KILLS, true);
}

static int
many(bool quick)
{
    struct run self = {.node = NULL};
    troupe_ref_t top;
    size_t count = quick ? 2 : MANY;
    double begin = bench_now();
    int rc = run_begin(&self);
    if (rc == 0)
        rc = supervise(&self, count, &top);
    double seconds = bench_now() - begin;
    run_end(&self);
    if (rc == 0)
        bench_result(NULL, seconds * 1e3, "ms", (int64_t) count);
    return rc;
}

/* The same program, linked and loaded, that does nothing and ends. */
static int
bare_one(double *ret_seconds)
{
    char name[] = "b14", option[] = "--bare";
    char *const argv[] = {name, option, NULL};
    pid_t pid;
    int status = 0;
    double start = bench_now();
    int rc = -posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ);
    if (rc == 0 && (waitpid(pid, &status, 0) != pid || status != 0))
        rc = -EIO;
    *ret_seconds = bench_now() - start;
    return rc;
}

/* What the system needs, without Troupe. */
static int
bare(bool quick)
{
    double seconds[STARTS] = {0};
    int rounds = quick ? 2 : STARTS, rc = 0;
    for (int i = 0; i < rounds && rc == 0; i++)
        rc = bare_one(&seconds[i]);
    if (rc < 0)
        return rc;
    qsort(seconds, (size_t) rounds, sizeof *seconds, compare);
    bench_result("bare p50", seconds[rounds / 2] * 1e3, "ms", rounds);
    return 0;
}

int
main(int argc, char **argv)
{
    static const troupe_kind_t *const kinds[] = {&worker, NULL};
    static const struct bench_variant variants[] = {{"start", start},
                                                    {"kill", killed},
                                                    {"sixteen", many},
                                                    {"bare", bare},
                                                    {NULL, NULL}};
    if (argc == 2 && strcmp(argv[1], "--bare") == 0)
        return EXIT_SUCCESS;
    int rc = troupe_isolation_serve(NULL, kinds);
    if (rc != -ENODATA)
        return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    return bench_main(argc, argv, "B14", variants);
}
