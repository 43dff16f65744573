/* SPDX-License-Identifier: Apache-2.0 */
/* world.c: the node of a test, notes of what happened, a way into actors. */
#include "runtime/world.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 1 << 16, SETTLE_MS = 30000 };

troupe_t *node;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t noted;
    char notes[TEXT_MAX], taken[TEXT_MAX], log[TEXT_MAX];
    size_t notes_size, log_size;
    int notes_count;
} book = {.lock = PTHREAD_MUTEX_INITIALIZER, .noted = PTHREAD_COND_INITIALIZER};

static void
add_v(char *text, size_t *size, const char *joint, const char *format,
      va_list args)
{
    pthread_mutex_lock(&book.lock);
    if (*size < TEXT_MAX - 1)
        *size += (size_t) snprintf(text + *size, TEXT_MAX - *size, "%s",
                                   *size ? joint : "");
    if (*size < TEXT_MAX - 1)
        *size +=
            (size_t) vsnprintf(text + *size, TEXT_MAX - *size, format, args);
    pthread_mutex_unlock(&book.lock);
}

void
note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_v(book.notes, &book.notes_size, ", ", format, args);
    va_end(args);
    pthread_mutex_lock(&book.lock);
    book.notes_count++;
    pthread_cond_broadcast(&book.noted);
    pthread_mutex_unlock(&book.lock);
}

static void log_add(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

static void
log_add(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_v(book.log, &book.log_size, "\n", format, args);
    va_end(args);
}

static void
log_line(void *data, troupe_level_t level, const char *text)
{
    (void) data, (void) level;
    log_add("%s", text);
}

const char *
notes_after(int count)
{
    pthread_mutex_lock(&book.lock);
    while (book.notes_count < count)
        pthread_cond_wait(&book.noted, &book.lock);
    memcpy(book.taken, book.notes, sizeof book.taken);
    book.notes[0] = '\0';
    book.notes_size = 0;
    book.notes_count = 0;
    pthread_mutex_unlock(&book.lock);
    return book.taken;
}

const char *
notes(void)
{
    settle();
    return notes_after(0);
}

int
logged(const char *text)
{
    int count = 0;
    pthread_mutex_lock(&book.lock);
    for (const char *at = book.log; (at = strstr(at, text)); at++)
        count++;
    pthread_mutex_unlock(&book.lock);
    return count;
}

troupe_options_t
world_options(void)
{
    troupe_options_t options = troupe_options_default();
    options.workers = 2;
    options.manual_clock = true;
    options.seed = 7;
    options.watchdog_ms = 0;
    options.log = log_line;
    options.log_level = TROUPE_LOG_DEBUG;
    return options;
}

void
world_begin(void)
{
    troupe_options_t options = world_options();
    cr_assert_eq(troupe_new(&options, &node), 0);
}

void
world_end(void)
{
    int rc = troupe_destroy(&node);
    cr_assert_eq(rc, 0, "%d", rc);
}

void
world_reopen(const troupe_options_t *options)
{
    world_end();
    cr_assert_eq(troupe_new(options, &node), 0);
}

void
settle(void)
{
    cr_assert_eq(troupe_settle(node, SETTLE_MS), 0);
}

void
advance(uint32_t by_ms)
{
    cr_assert_eq(troupe_clock_advance(node, by_ms * UINT64_C(1000000)), 0);
    settle();
}

int
do_inside(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    uint64_t call = 0, arg = 0;
    (void) state;
    if (troupe_unpack(msg, "[U, U]", &call, &arg) < 0)
        return -EBADMSG;
    int rc = ((inside_fn) (uintptr_t) call)(ctx, (void *) (uintptr_t) arg);
    if (!troupe_message_is_ask(msg))
        return rc;
    /* -ENOMSG: the function has answered, or put the ask off, by itself. */
    int sent = troupe_reply(ctx, "i", rc);
    return sent == -ENOMSG ? 0 : sent;
}

int
note_message(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int64_t number = 0;
    const char *text = NULL;
    (void) ctx, (void) state;
    if (troupe_unpack(msg, "I", &number) == 0)
        note("%s:%lld", troupe_message_type(msg), (long long) number);
    else if (troupe_unpack(msg, "s", &text) == 0)
        note("%s:%s", troupe_message_type(msg), text);
    else
        note("%s", troupe_message_type(msg));
    return 0;
}

int
note_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    const char *name = troupe_outcome_name(answer->outcome);
    const char *label = answer->data ? answer->data : "";
    int64_t number = 0;
    (void) ctx, (void) state;
    if (answer->outcome != TROUPE_REPLY)
        note("%s%s %d", label, name, answer->code);
    else if (troupe_unpack(answer->msg, "I", &number) == 0)
        note("%s%s:%lld", label, name, (long long) number);
    else
        note("%s%s", label, name);
    return 0;
}

static int
noisy_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    note("start %u", troupe_incarnation(ctx));
    return 0;
}

static void
noisy_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx, (void) state;
    note("stop %s", troupe_exit_name(reason->kind));
}

static int
noisy_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_down_t down;
    (void) ctx, (void) state;
    int rc = troupe_down_read(msg, &down);
    if (rc == 0)
        note("%s %s %d %s", down.monitor.id ? "down" : "exit",
             troupe_exit_name(down.reason.kind), down.reason.code,
             down.reason.text);
    return rc;
}

static int
noisy_child(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    troupe_child_t child;
    (void) ctx, (void) state;
    int rc = troupe_child_read(msg, &child);
    if (rc == 0 && child.event == TROUPE_CHILD_STARTED)
        note("child %u started", child.incarnation);
    else if (rc == 0)
        note("child %u ended %s%s%s%s", child.incarnation,
             troupe_exit_name(child.reason.kind),
             child.in_start ? " in start" : "", child.had_message ? " on " : "",
             child.type);
    return rc;
}

struct probe_state {
    char unused;
};

TROUPE_KIND(probe, struct probe_state, TROUPE_ON("do", do_inside),
            TROUPE_ON_FALLBACK(note_message));

TROUPE_KIND(noisy, struct probe_state, TROUPE_ON("do", do_inside),
            TROUPE_ON_START(noisy_start), TROUPE_ON_STOP(noisy_stop),
            TROUPE_ON_DOWN(noisy_down), TROUPE_ON_CHILD(noisy_child),
            TROUPE_ON_FALLBACK(note_message));

TROUPE_KIND(trapping, struct probe_state, TROUPE_ON("do", do_inside),
            TROUPE_ON_EXIT(noisy_down), TROUPE_ON_FALLBACK(note_message));

troupe_ref_t
spawn(const troupe_kind_t *kind, const troupe_spawn_options_t *options)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    int rc = troupe_node_spawn(node, kind, options, &ref, NULL);
    cr_assert_eq(rc, 0, "%d", rc);
    return ref;
}

troupe_ref_t
probe_new(void)
{
    return spawn(&probe, NULL);
}

troupe_ref_t
probe_on(uint32_t worker)
{
    const troupe_spawn_options_t options = {.place = TROUPE_WORKER,
                                            .worker = worker};
    return spawn(&probe, &options);
}

int
inside(troupe_ref_t ref, inside_fn call, void *arg)
{
    troupe_message_t *reply = NULL;
    int result = 0;
    int rc = troupe_node_ask(node, ref, "do", UINT32_MAX, &reply, "[U, U]",
                             (uint64_t) (uintptr_t) call,
                             (uint64_t) (uintptr_t) arg);
    cr_assert_eq(rc, 0, "%d", rc);
    cr_assert_eq(troupe_unpack(reply, "i", &result), 0);
    troupe_message_destroy(&reply);
    return result;
}

void
inside_later(troupe_ref_t ref, inside_fn call, void *arg)
{
    cr_assert_eq(troupe_node_send(node, ref, "do", "[U, U]",
                                  (uint64_t) (uintptr_t) call,
                                  (uint64_t) (uintptr_t) arg),
                 0);
}

void
tell(troupe_ref_t to, const char *type)
{
    cr_assert_eq(troupe_node_send(node, to, type, NULL), 0);
}

void
end_actor(troupe_ref_t ref, troupe_exit_t kind)
{
    cr_assert_eq(troupe_node_exit(node, ref, kind, UINT32_MAX), 0);
}

troupe_actor_stats_t
stats_of(troupe_ref_t ref)
{
    troupe_actor_stats_t stats = {.received = 0};
    settle();
    cr_assert_eq(troupe_actor_stats_get(node, ref, &stats), 0);
    return stats;
}

troupe_node_stats_t
node_stats(void)
{
    troupe_node_stats_t stats;
    settle();
    troupe_node_stats_get(node, &stats);
    return stats;
}

int
dead(troupe_dead_t why)
{
    static troupe_dead_letter_t letters[1024];
    int found = 0;
    settle();
    size_t count = troupe_dead_letters(node, letters, 1024);
    for (size_t i = 0; i < count; i++)
        found += letters[i].why == why;
    return found;
}

bool
alive(troupe_ref_t ref)
{
    troupe_actor_stats_t stats;
    settle();
    return troupe_actor_stats_get(node, ref, &stats) == 0;
}
