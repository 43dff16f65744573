/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c: runs a node's part of a topology in this process.
 *
 * A thread starts everything; the main thread sleeps until a stop is requested,
 * and stops everything. An actor on a thread of its own, the director, requests
 * that stop: for a signal, and when the root supervisor or the actor of
 * `until` has ended for good.
 */
#include "tools/run.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "troupe_lifecycle.h"
#include "troupe_stats.h"
#include "troupe_thread.h"

#include "tools/admin.h"
#include "tools/commands.h"
#include "tools/run_nodes.h"
#include "tools/run_trace.h"

#define LOOKS     20
#define LOOK_MS   100  /* between looks whether an actor comes back */
#define SETTLE_MS 1000 /* for what was under way when `until` ended */
#define HOME_MS   1000 /* between looks after the directory of the run */

/* --- the director -----------------------------------------------------------*/

/* Read by the main thread when the node has stopped. */
struct verdict {
    _Atomic bool by_signal;
    _Atomic bool failed;
    _Atomic bool is_over; /* all are being stopped */
    _Atomic(struct troupe__part *) part;
    struct troupe__admin *admin;
};
static struct verdict verdict;

struct director {
    troupe_ref_t root;
    char until[TROUPE_NAME_MAX + 1]; /* "": none */
    troupe_monitor_t root_monitor;
    int looks; /* at an actor of another process that is not there */
};

static int
on_readable(troupe_context_t *ctx, void *state, int fd, short events)
{
    (void) state, (void) events;
    char byte;
    if (read(fd, &byte, 1) == 1) {
        atomic_store(&verdict.by_signal, true);
        troupe_stop_request(troupe_context_node(ctx));
    }
    return 0;
}

static int
director_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    int fd = -1;
    int rc = troupe_unpack(msg, "i", &fd);
    return rc < 0 ? rc : troupe_watch(ctx, fd, POLLIN, on_readable);
}

/* The end has come; who ends now does so because of it. */
static bool
is_over(void)
{
    return atomic_load(&verdict.is_over) || atomic_load(&verdict.failed)
           || atomic_load(&atomic_load(&verdict.part)->ended_well);
}

static int
end_badly(troupe_context_t *ctx, const char *format, const char *name,
          const char *why)
{
    troupe_log(ctx, TROUPE_LOG_ERROR, format, name, why);
    atomic_store(&verdict.failed, true);
    troupe_stop_request(troupe_context_node(ctx));
    return 0;
}

/* A supervisor above `until` is being restarted: all below have no names yet. */
static bool
is_coming_back(troupe_t *node)
{
    const struct troupe__topology *topology =
        atomic_load(&verdict.part)->topology;
    size_t member = topology->until_member;
    troupe_actor_stats_t stats;
    troupe_ref_t ref;
    while (member != 0) {
        member = topology->members[member].parent;
        const char *name = topology->members[member].key.text;
        if (troupe_lookup(node, name, &ref) == 0
            && troupe_actor_stats_get(node, ref, &stats) == 0) {
            return stats.status == TROUPE_STATUS_STARTING
                   || stats.status == TROUPE_STATUS_WAITING
                   || stats.status == TROUPE_STATUS_STOPPING;
        }
    }
    return false;
}

/* The name of an actor is free only when it is gone for good, or one above it
 * is. */
static int
director_look(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct director *self = state;
    troupe_ref_t ref;
    if (troupe_lookup(troupe_context_node(ctx), self->until, &ref) == 0)
        return troupe_monitor(ctx, ref, NULL);
    if (is_over())
        return 0;
    /* Word of its good end comes by another way than that of its end. */
    bool is_elsewhere = atomic_load(&verdict.part)->has_others;
    if (is_coming_back(troupe_context_node(ctx))
        || (is_elsewhere && self->looks++ < LOOKS))
        return troupe_timer_set(ctx, "look", LOOK_MS, 0);
    return end_badly(ctx, "'%s', which is to end the run, %s", self->until,
                     "is gone for good");
}

/* What is to be looked at; the tree has started. */
static int
director_begin(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct director *self = state;
    const char *until = "";
    int rc = troupe_unpack(msg, "[R, s]", &self->root, &until);
    if (rc < 0)
        return rc;
    snprintf(self->until, sizeof self->until, "%s", until);
    rc = troupe_monitor(ctx, self->root, &self->root_monitor);
    if (rc == 0)
        rc = troupe_timer_set(ctx, "home", HOME_MS, HOME_MS);
    return rc < 0 || !*until ? rc : director_look(ctx, state, msg);
}

/* Something that tidies up may have taken away what others find this by. */
static int
director_home(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    char text[TROUPE_RUN_TEXT];
    if (troupe__admin_check(verdict.admin, text) == 0)
        return 0;
    troupe_log(ctx, TROUPE_LOG_ERROR, "%s", text);
    (void) troupe_timer_clear(ctx, "home"); /* once is enough */
    return 0;
}

/* The actor of `until`, in another process, has ended as it should. */
static int
director_until(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    atomic_store(&atomic_load(&verdict.part)->ended_well, true);
    troupe_stop_request(troupe_context_node(ctx));
    return 0;
}

static int
director_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct director *self = state;
    troupe_down_t down;
    int rc = troupe_down_read(msg, &down);
    if (rc < 0)
        return rc;
    if (is_over())
        return 0;
    if (down.monitor.id == self->root_monitor.id)
        return end_badly(ctx, "the root supervisor %s: %s", "has given up",
                         down.reason.text);
    if (down.reason.kind == TROUPE_EXIT_NORMAL) {
        troupe_stop_request(troupe_context_node(ctx));
        return 0;
    }
    return troupe_timer_set(ctx, "look", LOOK_MS, 0);
}

static const troupe_clause_t director_clauses[] = {
    TROUPE_ON_START(director_start),
    TROUPE_ON("begin", director_begin),
    TROUPE_ON("look", director_look),
    TROUPE_ON("home", director_home),
    TROUPE_ON("until", director_until),
    TROUPE_ON_DOWN(director_down),
    {0, NULL, NULL, NULL}};

/* By that name it is no part of what is traced. */
static const troupe_kind_t director = {
    .name = "troupe.director",
    .state_size = sizeof(struct director),
    .clauses = director_clauses,
};

/* --- a run ------------------------------------------------------------------*/

/* A start waits for each child; on a thread of its own, so that a run can be
 * ended before all have come up. */
struct starter {
    troupe_t *node;
    struct troupe__part *part;
    const struct troupe__run_options *options;
    troupe_ref_t director;
    struct troupe__run_trace trace;
};

static void
begin(const struct starter *self, troupe_ref_t root)
{
    const struct troupe__part *part = self->part;
    const struct troupe__topology *topology = part->topology;
    char until[TROUPE_NAME_MAX + 1] = "";
    if (topology->until_member > 0)
        troupe__member_name(&topology->members[topology->until_member], 0,
                            until);
    troupe__run_say_start(self->options, part);
    int rc = troupe_node_send(self->node, self->director, "begin", "[R, s]",
                              root, until);
    if (rc < 0 && rc != -ESHUTDOWN) { /* else it has ended already */
        troupe__run_say(self->options, TROUPE_LOG_ERROR,
                        "nobody looks after the run: %s", troupe_strerror(rc));
        atomic_store(&verdict.failed, true);
        troupe_stop_request(self->node);
    }
}

static void *
start_tree(void *arg)
{
    struct starter *self = arg;
    struct troupe__part *part = self->part;
    troupe_supervisor_error_t error = {{0}};
    troupe_ref_t root = TROUPE_NOBODY;
    int rc =
        troupe__run_trace_tree(&self->trace, self->node, part, &root, &error);
    if (rc == 0) {
        begin(self, root);
    } else if (!is_over() && !atomic_load(&verdict.by_signal)) {
        troupe__run_say(self->options, TROUPE_LOG_ERROR,
                        "'%s' did not start: %s", part->topology->name,
                        error.text[0] ? error.text : troupe_strerror(rc));
        atomic_store(&verdict.failed, true);
        troupe_stop_request(self->node);
    }
    return NULL;
}

static void
say_end(const struct troupe__part *part,
        const struct troupe__run_options *options, bool in_time)
{
    const struct troupe__topology *topology = part->topology;
    const char *why = atomic_load(&verdict.by_signal) ? "a signal"
                      : atomic_load(&verdict.admin->stop_wanted)
                          ? "by 'troupe stop'"
                      : in_time ? NULL
                                : "the time is over";
    if (why) {
        troupe__run_say(options, TROUPE_LOG_INFO, "%s: '%s' stops", why,
                        topology->name);
    } else if (!atomic_load(&verdict.failed) && topology->until.text) {
        troupe__run_say(options, TROUPE_LOG_INFO, "'%s' has ended: '%s' stops",
                        topology->until.text, topology->name);
    }
}

/* Somebody who hears of signals, and the start of the tree. */
static int
set_out(struct starter *self, pthread_t *ret_thread)
{
    troupe_spawn_options_t alone = {.name = TROUPE__DIRECTOR,
                                    .place = TROUPE_OWN_THREAD};
    int fd = troupe__run_signals();
    /* First of all, so that it stops last: who looks sees the stop too. */
    int rc = fd < 0 ? fd : troupe__admin_start(verdict.admin, self->node);
    if (rc == 0)
        rc = troupe_node_spawn(self->node, &director, &alone, &self->director,
                               "i", fd);
    if (rc == 0)
        rc = troupe__run_trace_begin(&self->trace, self->options, self->node);
    if (rc == 0)
        rc = pthread_create(ret_thread, NULL, start_tree, self) ? -EIO : 0;
    if (rc < 0)
        troupe__run_say_error(self->options, "the run cannot begin", rc);
    return rc;
}

static int
run_on(troupe_t *node, struct troupe__part *part,
       const struct troupe__run_options *options)
{
    struct starter starter = {.node = node, .part = part, .options = options};
    pthread_t thread = 0;
    int rc = set_out(&starter, &thread);
    if (rc < 0)
        return rc;
    bool in_time = troupe_wait(node, options->for_ms) == 0;
    say_end(part, options, in_time);
    if (atomic_load(&part->ended_well))
        (void) troupe_settle(node, SETTLE_MS);
    atomic_store(&verdict.is_over, true);
    rc = troupe_stop(node, troupe__run_trace_end(
                               &starter.trace, !atomic_load(&verdict.failed),
                               part->topology->stop_timeout_ms));
    pthread_join(thread, NULL);
    if (rc < 0) { /* who did not is in the log */
        troupe__run_say(options, TROUPE_LOG_ERROR,
                        "not all stopped within %u ms",
                        part->topology->stop_timeout_ms);
    }
    troupe__admin_close(&verdict.admin, rc, troupe_stragglers(node));
    if (atomic_load(&part->ended_well))
        return rc;
    return atomic_load(&verdict.failed) ? -EHOSTDOWN : rc;
}

static int
run_node(struct troupe__part *part, const struct troupe__run_options *options,
         const troupe_nodes_options_t *nodes, const char *file)
{
    troupe_t *node = NULL;
    troupe_options_t node_options = part->topology->places[0].options;
    node_options.nodes = nodes;
    troupe__run_log_by(options, &node_options);
    atomic_store(&verdict.by_signal, false);
    atomic_store(&verdict.failed, false);
    atomic_store(&verdict.is_over, false);
    atomic_store(&verdict.part, part);
    int rc = troupe_new(&node_options, &node);
    if (rc < 0) {
        troupe__run_say_error(options, "no node can be started", rc);
        return TROUPE__EXIT_FAILED;
    }
    troupe__guards_set(part);
    for (const troupe_kind_t *const *kind = troupe__part_kinds(part);
         *kind && rc == 0; kind++)
        rc = troupe_kind_register(node, *kind);
    if (rc == 0 && nodes)
        rc = troupe__run_nodes_begin(node, file);
    if (rc == 0)
        rc = run_on(node, part, options);
    if (verdict.admin) /* it did not come to a stop */
        (void) troupe_stop(node, part->topology->stop_timeout_ms);
    int ended = troupe_destroy(&node);
    part->is_left_behind = ended < 0;
    if (ended == 0)
        troupe__guards_set(NULL);
    return rc == 0 && ended == 0 ? TROUPE__EXIT_OK : TROUPE__EXIT_FAILED;
}

static int
run_in(struct troupe__part *part, const struct troupe__run_options *options,
       const char *file)
{
    if (!part->has_others)
        return run_node(part, options, NULL, file);
    troupe_nodes_options_t nodes;
    troupe__run_nodes_open(&nodes, troupe_rundir_directory(verdict.admin->home),
                           part, options);
    int code = run_node(part, options, &nodes, file);
    troupe__run_nodes_close();
    return code;
}

int
troupe__part_run(struct troupe__part *part,
                 const struct troupe__run_options *options)
{
    const struct troupe__topology *topology = part->topology;
    char text[TROUPE_RUN_TEXT] = "";
    char *path = realpath(topology->path, NULL);
    const char *file = path ? path : topology->path;
    int rc = troupe__run_limits(topology, text);
    if (rc == 0)
        rc = troupe__admin_open(topology->name, file, &verdict.admin, text);
    if (text[0])
        troupe__run_say(options, rc < 0 ? TROUPE_LOG_ERROR : TROUPE_LOG_WARNING,
                        "%s", text);
    int code = rc < 0 ? TROUPE__EXIT_FAILED : run_in(part, options, file);
    troupe__admin_close(&verdict.admin, 0, "");
    free(path);
    return code;
}
