/* SPDX-License-Identifier: Apache-2.0 */
/* command_map.c: `troupe map`, many tasks at once. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "troupe_nodes.h"
#include "troupe_runs.h"

#include "tools/call.h"
#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/journal.h"
#include "tools/map.h"
#include "tools/progress.h"

#define LOOK_MS     100
#define STUCK_MS    200 /* for a stop that will not be whole */
#define EXIT_SIGNAL 130
#define SERVED_MAX  (32 << 20) /* bytes of results that a call keeps */

/* A signal handler can reach nothing else. */
static volatile sig_atomic_t interrupts;

/* Once: begin no more; twice: end what runs; then: the end. */
static void
on_signal(int number)
{
    (void) number;
    if (++interrupts > 2)
        _exit(EXIT_SIGNAL);
}

static void
catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

struct whole {
    struct troupe__map_input input;
    struct troupe__map_output output;
    struct troupe__call *call;
    bool is_large; /* its results are too much to be served */
};

static int
next(void *data, troupe_map_task_t *ret_task)
{
    struct whole *self = data;
    return troupe__map_next(&self->input, ret_task);
}

static int
result(void *data, const troupe_map_result_t *it)
{
    struct whole *self = data;
    int rc = self->input.arguments->in_order
                 ? troupe__map_result_in_order(&self->output, it)
                 : troupe__map_result(&self->output, it);
    self->is_large = self->call->served && ftell(self->output.out) > SERVED_MAX;
    return rc == 0 && self->is_large ? -EFBIG : rc;
}

static int
look(void *data, const troupe_map_summary_t *so_far)
{
    struct whole *self = data;
    struct troupe__call *call = self->call;
    if (!call->served) {
        troupe__map_progress(&self->output, so_far);
        return interrupts;
    }
    unsigned long long done = self->output.done, all = call->tasks;
    char *what = troupe__format("%llu of %llu tasks are done", done, all);
    call->tell(call->data, (double) done / (double) all, what);
    free(what);
    return troupe__call_interrupted(call) ? 2 : 0;
}

static int
finish(struct whole *self, int rc, const troupe_map_summary_t *summary,
       const char *run)
{
    int written = troupe__map_results_end(&self->output);
    self->output.interrupted = interrupts > 0;
    if (rc == 0)
        rc = written;
    if (self->input.error) {
        fprintf(troupe__errors(), "troupe map: %s:%llu: %s\n", self->input.name,
                (unsigned long long) self->input.line + 1,
                strerror(self->input.error));
        return TROUPE__EXIT_FAILED;
    }
    if (self->is_large) {
        fprintf(troupe__errors(),
                "troupe map: the results are over %d MiB; give fewer tasks, or "
                "let them write to files\n",
                SERVED_MAX >> 20);
        return TROUPE__EXIT_FAILED;
    }
    if (self->output.held.error) {
        fprintf(troupe__errors(),
                "troupe map: results that are not to be shown yet: %s; set "
                "TMPDIR to a folder with room\n",
                strerror(self->output.held.error));
        return TROUPE__EXIT_FAILED;
    }
    if (rc < 0 || summary->error[0]) {
        fprintf(troupe__errors(), "troupe map: %s\n",
                summary->error[0] ? summary->error : troupe_strerror(rc));
        return TROUPE__EXIT_FAILED;
    }
    if (self->call->served)
        troupe__map_serve(&self->output, summary, self->call);
    else
        troupe__map_summary(&self->output, summary, run);
    return troupe__map_exit_code(&self->output, summary);
}

/* Threads that do not return are left behind, and named. */
static void
end_stuck(const struct whole *self, const troupe_map_summary_t *summary)
{
    troupe_t *node = self->call->node;
    if (summary->stuck == 0 || self->call->served
        || troupe_stop(node, STUCK_MS) == 0)
        return;
    const char *at = troupe_stragglers(node);
    for (size_t size = strcspn(at, "\n"); *at; size = strcspn(at, "\n")) {
        fprintf(stderr, "troupe map: %.*s\n", (int) size, at);
        at += size + (at[size] == '\n');
    }
}

static int
run(struct whole *self, const troupe_map_options_t *options, const char *id)
{
    const struct troupe__map_arguments *arguments = self->input.arguments;
    troupe_map_calls_t calls = {.next = next,
                                .result = result,
                                .look = look,
                                .look_ms = LOOK_MS,
                                .input_fd = self->input.fd,
                                .data = self};
    troupe_map_summary_t summary = {0};
    troupe_t *node = self->call->node;
    char *file = NULL;
    bool isolated =
        options->mode == TROUPE_MAP_PROCESS && arguments->library_count > 0;
    char name[32]; /* others of this user may run a map, too */
    snprintf(name, sizeof name, "map-%d", (int) getpid());
    troupe_nodes_options_t nodes = {.name = name};
    troupe_options_t node_options = troupe_options_default();
    node_options.nodes = isolated ? &nodes : NULL;
    if (!arguments->ask && arguments->library_count == 0)
        node_options.spin_us = 0; /* commands need the cores */
    int rc = node ? 0 : troupe_new(&node_options, &node);
    if (rc < 0) {
        fprintf(troupe__errors(), "troupe map: %s\n", troupe_strerror(rc));
        return TROUPE__EXIT_FAILED;
    }
    self->call->node = node; /* whose end is the call's */
    struct troupe__trace trace = {.taker = TROUPE_NOBODY};
    int code = arguments->ask ? troupe__map_ask_begin(arguments, node) : -1;
    if (code < 0)
        code = troupe__map_libraries(arguments, node);
    if (code < 0 && isolated)
        code = troupe__map_isolate(arguments, node, &file);
    if (code < 0 && !self->call->served)
        code = troupe__trace_begin(&trace, &arguments->trace, "map", node);
    if (code < 0) {
        rc = troupe_map_run(node, options, &calls, &summary);
        code = finish(self, rc, &summary, options->journal ? id : NULL);
    }
    code = troupe__trace_end(&trace, code, options->journal ? id : NULL);
    end_stuck(self, &summary);
    if (file) {
        troupe_destroy(&self->call->node); /* its processes read the file */
        unlink(file);
    }
    free(file);
    return code;
}

static int
open_files(struct whole *self, const struct troupe__map_arguments *arguments)
{
    const char *path = arguments->input;
    int rc = troupe__map_input_open(&self->input, arguments);
    self->output =
        (struct troupe__map_output){.arguments = arguments,
                                    .input = &self->input,
                                    .out = stdout,
                                    .terminal = isatty(STDERR_FILENO),
                                    .began_ns = troupe__monotonic_ns(),
                                    .told_ns = troupe__monotonic_ns()};
    if (rc == 0 && self->call->served) {
        self->input.name = "/arguments/tasks";
        self->output.out =
            open_memstream(&self->output.kept, &self->output.kept_size);
        rc = self->output.out ? 0 : -errno;
    }
    if (rc == 0 && arguments->joblog) {
        path = arguments->joblog;
        self->output.joblog = fopen(path, arguments->resume ? "ae" : "we");
        rc = self->output.joblog ? 0 : -errno;
    }
    if (rc == 0)
        return -1;
    fprintf(troupe__errors(), "troupe map: %s: %s\n", path, strerror(-rc));
    return TROUPE__EXIT_FAILED;
}

static void
close_files(struct whole *self)
{
    if (self->output.out && self->output.out != stdout)
        fclose(self->output.out);
    troupe__map_held_free(&self->output.held);
    free(self->output.kept);
    troupe__map_input_close(&self->input);
}

static bool
is_cut(const struct troupe__call *call)
{
    return interrupts || (call->served && troupe__call_interrupted(call));
}

int
troupe__call_map(struct troupe__call *call, int argc, char **argv)
{
    struct troupe__map_arguments arguments;
    struct whole self = {.input.fd = -1, .call = call};
    struct troupe__journal journal = {.path = NULL};
    troupe__call_parse_begin();
    int code = troupe__map_parse(argc, argv, &arguments);
    troupe__call_parse_end();
    if (code >= 0)
        return code;
    if (!call->served)
        catch_signals();
    code = open_files(&self, &arguments);
    if (code < 0) {
        code =
            arguments.no_journal
                ? 0
                : troupe__journal_find(arguments.resume, argc, argv, &journal);
    }
    if (code == 0) {
        arguments.options.journal = journal.path;
        code = run(&self, &arguments.options, journal.id);
        troupe__journal_end(&journal, code, is_cut(call));
    }
    if (self.output.joblog && fclose(self.output.joblog) != 0) {
        fprintf(troupe__errors(), "troupe map: %s: %s\n", arguments.joblog,
                strerror(errno));
        code = TROUPE__EXIT_FAILED;
    }
    close_files(&self);
    free(journal.path);
    return code;
}

int
troupe__command_map(int argc, char **argv)
{
    return troupe__call_run("map", troupe__call_map, argc, argv);
}
