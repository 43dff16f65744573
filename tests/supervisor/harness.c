/* SPDX-License-Identifier: Apache-2.0 */
/* harness.c: the node, the journal and the calls that every test makes. */
#include "supervisor/harness.h"

#include <criterion/criterion.h>

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/probes.h"

TestSuite(supervisor, .init = world_begin, .fini = world_end, .timeout = 60);
TestSuite(bonds, .init = world_begin, .fini = world_end, .timeout = 60);
TestSuite(gather, .init = world_begin, .fini = world_end, .timeout = 60);

enum { JOURNAL_MAX = 8192, LINE_MAX_BYTES = 96, SETTLE_MS = 30000 };

static struct {
    pthread_mutex_t lock;
    char lines[JOURNAL_MAX][LINE_MAX_BYTES];
    int count;
    char log[JOURNAL_MAX][LINE_MAX_BYTES * 2];
    int log_count;
} journal = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct {
    troupe_t *node;
    troupe_ref_t watcher, caller;
    char *arguments[256];
    int argument_count;
} world;

static void
log_line(void *data, troupe_level_t level, const char *text)
{
    (void) data;
    (void) level;
    pthread_mutex_lock(&journal.lock);
    if (journal.log_count < JOURNAL_MAX)
        snprintf(journal.log[journal.log_count++], sizeof journal.log[0], "%s",
                 text);
    pthread_mutex_unlock(&journal.lock);
}

static void
begin(bool manual_clock)
{
    troupe_options_t options = troupe_options_default();
    options.workers = 2;
    options.manual_clock = manual_clock;
    options.seed = 7;
    options.watchdog_ms = 0;
    options.log = log_line;
    options.log_level = TROUPE_LOG_DEBUG;
    cr_assert_eq(troupe_new(&options, &world.node), 0);
    cr_assert_eq(
        troupe_node_spawn(world.node, &watcher, NULL, &world.watcher, NULL), 0);
    cr_assert_eq(
        troupe_node_spawn(world.node, &caller, NULL, &world.caller, NULL), 0);
}

void
world_begin(void)
{
    begin(true);
}

void
world_begin_real(void)
{
    cr_assert_eq(troupe_destroy(&world.node), 0);
    begin(false);
}

void
world_end(void)
{
    harness_unblock();
    scripts_clear(); /* so that all obey the node's stop */
    cr_assert_eq(troupe_destroy(&world.node), 0);
    for (int i = 0; i < world.argument_count; i++)
        free(world.arguments[i]);
    world.argument_count = 0;
}

troupe_t *
world_node(void)
{
    return world.node;
}

void
world_settle(void)
{
    cr_assert_eq(troupe_settle(world.node, SETTLE_MS), 0);
}

void
world_advance(uint32_t by_ms)
{
    world_settle();
    cr_assert_eq(troupe_clock_advance(world.node, by_ms * UINT64_C(1000000)),
                 0);
    world_settle();
}

void
journal_add(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pthread_mutex_lock(&journal.lock);
    if (journal.count < JOURNAL_MAX)
        vsnprintf(journal.lines[journal.count++], sizeof journal.lines[0],
                  format, args);
    pthread_mutex_unlock(&journal.lock);
    va_end(args);
}

static int
by_text(const void *one, const void *other)
{
    return strcmp(one, other);
}

void
journal_sort(void)
{
    world_settle();
    pthread_mutex_lock(&journal.lock);
    qsort(journal.lines, (size_t) journal.count, sizeof journal.lines[0],
          by_text);
    pthread_mutex_unlock(&journal.lock);
}

void
journal_take(char *text, size_t size)
{
    world_settle();
    size_t at = 0;
    text[0] = '\0';
    pthread_mutex_lock(&journal.lock);
    for (int i = 0; i < journal.count && at < size; i++)
        at += (size_t) snprintf(text + at, size - at, "%s%s", i ? ", " : "",
                                journal.lines[i]);
    journal.count = 0;
    pthread_mutex_unlock(&journal.lock);
}

int
journal_count(const char *line)
{
    world_settle();
    int count = 0;
    pthread_mutex_lock(&journal.lock);
    for (int i = 0; i < journal.count; i++)
        count += strcmp(journal.lines[i], line) == 0;
    pthread_mutex_unlock(&journal.lock);
    return count;
}

int
log_count(const char *text)
{
    world_settle();
    int count = 0;
    pthread_mutex_lock(&journal.lock);
    for (int i = 0; i < journal.log_count; i++)
        count += strstr(journal.log[i], text) != NULL;
    pthread_mutex_unlock(&journal.lock);
    return count;
}

troupe_child_spec_t
child_of(const char *id)
{
    troupe_child_spec_t spec = {
        .id = id,
        .kind = &plain,
        .backoff = {.min_ms = TROUPE_ZERO},
        .poison_max = TROUPE_INFINITE,
    };
    cr_assert_eq(troupe_child_spec_pack(&spec, "s", id), 0);
    cr_assert_lt(world.argument_count, 256);
    world.arguments[world.argument_count++] =
        (char *) (uintptr_t) spec.arguments;
    return spec;
}

troupe_ref_t
start_supervisor(const troupe_supervisor_options_t *options,
                 const troupe_child_spec_t *specs, size_t count)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    troupe_supervisor_error_t error = {{0}};
    int rc = troupe_node_supervisor_start(world.node, options, specs, count,
                                          &ref, &error);
    cr_assert_eq(rc, 0, "%d: %s", rc, error.text);
    return ref;
}

troupe_ref_t
start_group(troupe_strategy_t strategy, const char *const ids[], size_t count)
{
    troupe_child_spec_t specs[16];
    cr_assert_leq(count, 16);
    for (size_t i = 0; i < count; i++)
        specs[i] = child_of(ids[i]);
    const troupe_supervisor_options_t options = {.strategy = strategy,
                                                 .intensity = 1000};
    return start_supervisor(&options, specs, count);
}

struct call {
    troupe_ref_t supervisor;
    const troupe_child_request_t *request;
    troupe_message_t *reply;
    int code;
};

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) ctx;
    struct call *self = state;
    self->code = answer->code;
    if (answer->outcome == TROUPE_REPLY)
        (void) troupe_message_keep(answer->msg, &self->reply);
    return TROUPE_STOP;
}

static int
begin_call(troupe_context_t *ctx, void *state, void *data)
{
    (void) data;
    struct call *self = state;
    return troupe_supervisor_ask(ctx, self->supervisor, self->request, 0,
                                 on_answer, NULL);
}

int
ask_supervisor(troupe_ref_t supervisor, const troupe_child_request_t *request,
               troupe_message_t **ret_reply)
{
    struct call self = {.supervisor = supervisor, .request = request};
    int rc = troupe_node_run(world.node, begin_call, &self, 0);
    if (ret_reply)
        *ret_reply = self.reply;
    else
        troupe_message_destroy(&self.reply);
    return rc < 0 ? rc : self.code;
}

void
call_later(troupe_ref_t supervisor, troupe_child_verb_t verb, const char *id)
{
    cr_assert_eq(troupe_node_send(world.node, world.caller, "call",
                                  "{s:R,s:i,s:s}", "supervisor", supervisor,
                                  "verb", (int) verb, "id", id),
                 0);
    world_settle();
}

void
tell(troupe_ref_t to, const char *verb)
{
    cr_assert_eq(troupe_node_send(world.node, to, verb, NULL), 0);
    world_settle();
}

void
tell_text(troupe_ref_t to, const char *verb, const char *text)
{
    cr_assert_eq(troupe_node_send(world.node, to, verb, "s", text), 0);
    world_settle();
}

void
kill_actor(troupe_ref_t to)
{
    cr_assert_eq(troupe_node_exit(world.node, to, TROUPE_EXIT_KILLED, 0), 0);
    world_settle();
}

void
shut_down(troupe_ref_t supervisor)
{
    cr_assert_eq(
        troupe_node_exit(world.node, supervisor, TROUPE_EXIT_SHUTDOWN, 0), 0);
    world_settle();
}

void
watch(troupe_ref_t target, const char *label)
{
    cr_assert_eq(troupe_node_send(world.node, world.watcher, "watch",
                                  "{s:R,s:s}", "target", target, "label",
                                  label),
                 0);
    world_settle();
}

troupe_ref_t
ref_of(troupe_ref_t supervisor, const char *id)
{
    troupe_child_info_t info;
    int rc = troupe_supervisor_which_child(world.node, supervisor, id, &info);
    return rc == 0 ? info.ref : TROUPE_NOBODY;
}

troupe_child_status_t
status_of(troupe_ref_t supervisor, const char *id)
{
    troupe_child_info_t info = {.status = TROUPE_CHILD_DOWN};
    int rc = troupe_supervisor_which_child(world.node, supervisor, id, &info);
    cr_assert_eq(rc, 0, "child %s: %d", id, rc);
    return info.status;
}

bool
is_alive(troupe_ref_t ref)
{
    troupe_actor_stats_t stats;
    world_settle();
    return troupe_actor_stats_get(world.node, ref, &stats) == 0
           && stats.status != TROUPE_STATUS_WAITING;
}

uint32_t
incarnation_of(troupe_ref_t ref)
{
    troupe_actor_stats_t stats = {.incarnation = 0};
    world_settle();
    int rc = troupe_actor_stats_get(world.node, ref, &stats);
    return rc == 0 ? stats.incarnation : 0;
}
