/* SPDX-License-Identifier: Apache-2.0 */
/* probes.c: the actors that tests supervise. */
#include "supervisor/probes.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/harness.h"

enum { SCRIPTS_MAX = 64, WATCHES_MAX = 256 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct script scripts[SCRIPTS_MAX];
    int count;
    bool unblocked, is_blocked, ending;
} stage = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .changed = PTHREAD_COND_INITIALIZER};

static struct script *
find_script(const char *id)
{
    for (int i = 0; i < stage.count; i++) {
        if (strcmp(stage.scripts[i].id, id) == 0)
            return &stage.scripts[i];
    }
    return NULL;
}

struct script *
script_of(const char *id)
{
    pthread_mutex_lock(&stage.lock);
    struct script *script = find_script(id);
    if (!script) {
        cr_assert_lt(stage.count, SCRIPTS_MAX);
        script = &stage.scripts[stage.count++];
        *script = (struct script){.start_fails = 0};
        snprintf(script->id, sizeof script->id, "%s", id);
    }
    pthread_mutex_unlock(&stage.lock);
    return script;
}

void
harness_block(void)
{
    pthread_mutex_lock(&stage.lock);
    stage.is_blocked = true;
    pthread_cond_broadcast(&stage.changed);
    while (!stage.unblocked)
        pthread_cond_wait(&stage.changed, &stage.lock);
    pthread_mutex_unlock(&stage.lock);
}

void
harness_wait_blocked(void)
{
    pthread_mutex_lock(&stage.lock);
    while (!stage.is_blocked)
        pthread_cond_wait(&stage.changed, &stage.lock);
    pthread_mutex_unlock(&stage.lock);
}

void
harness_unblock(void)
{
    pthread_mutex_lock(&stage.lock);
    stage.unblocked = true;
    pthread_cond_broadcast(&stage.changed);
    pthread_mutex_unlock(&stage.lock);
}

void
scripts_clear(void)
{
    pthread_mutex_lock(&stage.lock);
    stage.count = 0;
    stage.ending = true;
    pthread_mutex_unlock(&stage.lock);
}

bool
harness_is_ending(void)
{
    pthread_mutex_lock(&stage.lock);
    bool ending = stage.ending;
    pthread_mutex_unlock(&stage.lock);
    return ending;
}

struct probe {
    char id[32];
    troupe_token_t token;
};

static int
take_one(const char *id, int *counter_of(struct script *))
{
    int taken = 0;
    pthread_mutex_lock(&stage.lock);
    struct script *script = find_script(id);
    int *counter = script ? counter_of(script) : NULL;
    if (counter && *counter > 0) {
        *counter -= 1;
        taken = 1;
    }
    pthread_mutex_unlock(&stage.lock);
    return taken;
}

static int *
fails_of(struct script *script)
{
    return &script->start_fails;
}

static int *
ignores_of(struct script *script)
{
    return &script->start_ignores;
}

static int *
hangs_of(struct script *script)
{
    return &script->start_hangs;
}

/* A simple one-for-one child may be given [template's, its own]. */
static int
read_id(const troupe_message_t *msg, char id[32])
{
    const char *text = "probe";
    const char *more = NULL;
    if (troupe_unpack(msg, "s", &text) < 0
        && troupe_unpack(msg, "[s,s]", &text, &more) < 0
        && troupe_unpack(msg, "n") < 0)
        return -EBADMSG;
    snprintf(id, 32, "%s%s%s", text, more ? "+" : "", more ? more : "");
    return 0;
}

static int
on_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct probe *self = state;
    if (read_id(msg, self->id) < 0)
        return -EBADMSG;
    journal_add("start %s", self->id);
    if (take_one(self->id, fails_of))
        return troupe_fail(ctx, -EIO, "scripted");
    if (take_one(self->id, ignores_of))
        return TROUPE_IGNORE;
    return take_one(self->id, hangs_of) ? TROUPE_STARTING : 0;
}

static void
on_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx;
    struct probe *self = state;
    if (reason->kind == TROUPE_EXIT_SHUTDOWN)
        journal_add("stop %s", self->id);
    else
        journal_add("stop %s %s", self->id, troupe_exit_name(reason->kind));
}

static int
on_exit_signal(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct probe *self = state;
    journal_add("exit %s", self->id);
    pthread_mutex_lock(&stage.lock);
    const struct script *found = find_script(self->id);
    struct script script = found ? *found : (struct script){.start_fails = 0};
    pthread_mutex_unlock(&stage.lock);
    switch (script.stop) {
    case STOP_OBEYS:
        return troupe_exit(ctx, TROUPE_EXIT_SHUTDOWN, 0, NULL);
    case STOP_REFUSES:
        return 0;
    case STOP_NORMALLY:
        return TROUPE_STOP;
    case STOP_FAILS:
        return troupe_fail(ctx, -EIO, "scripted");
    case STOP_LATE:
        return troupe_timer_set(ctx, "quit", script.stop_after_ms, 0);
    }
    return 0;
}

static int
on_crash(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    (void) msg;
    return troupe_fail(ctx, -EIO, "told to crash");
}

static int
on_done(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    (void) state;
    (void) msg;
    return TROUPE_STOP;
}

static int
on_quit(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    (void) msg;
    return troupe_exit(ctx, TROUPE_EXIT_SHUTDOWN, 0, "told to quit");
}

static int
on_ping(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    (void) msg;
    return troupe_reply(ctx, "I", (int64_t) troupe_incarnation(ctx));
}

static int
on_poison(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct probe *self = state;
    const char *text = "";
    if (troupe_unpack(msg, "s", &text) < 0)
        return -EBADMSG;
    journal_add("%s got %s", self->id, text);
    if (strcmp(text, "bad") == 0)
        return troupe_fail(ctx, -EIO, "poisoned");
    return troupe_message_is_ask(msg) ? troupe_reply(ctx, "s", text) : 0;
}

static int
on_wait(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct probe *self = state;
    return troupe_defer(ctx, &self->token);
}

static int
on_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct probe *self = state;
    if (!troupe_token_is_open(ctx, self->token)) {
        journal_add("%s was not needed", self->id);
        return 0;
    }
    return troupe_reply_to(ctx, &self->token, "s", self->id);
}

static int
on_block(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    (void) state;
    (void) msg;
    harness_block();
    return 0;
}

/* clang-format off */
#define PROBE_CLAUSES                                                          \
    TROUPE_ON_START(on_start), TROUPE_ON_STOP(on_stop),                        \
    TROUPE_ON("crash", on_crash), TROUPE_ON("done", on_done),                  \
    TROUPE_ON("quit", on_quit), TROUPE_ON("ping", on_ping),                    \
    TROUPE_ON("poison", on_poison), TROUPE_ON("wait", on_wait),                \
    TROUPE_ON("go", on_go), TROUPE_ON("block", on_block)
/* clang-format on */

TROUPE_KIND(plain, struct probe, PROBE_CLAUSES);
TROUPE_KIND(trapping, struct probe, PROBE_CLAUSES,
            TROUPE_ON_EXIT(on_exit_signal));

struct watcher {
    struct {
        troupe_monitor_t monitor;
        char label[32];
    } watches[WATCHES_MAX];
    int count;
};

static int
on_watch(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct watcher *self = state;
    const char *label = NULL;
    troupe_ref_t target = TROUPE_NOBODY;
    int rc =
        troupe_unpack(msg, "{s:R,s:s}", "target", &target, "label", &label);
    if (rc < 0)
        return rc;
    int at = self->count++ % WATCHES_MAX;
    snprintf(self->watches[at].label, sizeof self->watches[at].label, "%s",
             label);
    return troupe_monitor(ctx, target, &self->watches[at].monitor);
}

static int
on_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    const struct watcher *self = state;
    troupe_down_t down;
    int rc = troupe_down_read(msg, &down);
    for (int i = 0; rc == 0 && i < WATCHES_MAX; i++) {
        if (self->watches[i].monitor.id == down.monitor.id)
            journal_add("down %s %s", self->watches[i].label,
                        troupe_exit_name(down.reason.kind));
    }
    return rc;
}

TROUPE_KIND(watcher, struct watcher, TROUPE_ON("watch", on_watch),
            TROUPE_ON_DOWN(on_down));

struct calling {
    char id[TROUPE_NAME_MAX + 1];
};

static int
on_called(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) ctx;
    (void) state;
    struct calling *calling = answer->data;
    journal_add("%s: %d", calling->id, answer->code);
    free(calling);
    return 0;
}

static int
on_call(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    const char *id = NULL;
    int verb = 0;
    troupe_ref_t supervisor = TROUPE_NOBODY;
    int rc = troupe_unpack(msg, "{s:R,s:i,s:s}", "supervisor", &supervisor,
                           "verb", &verb, "id", &id);
    if (rc < 0)
        return rc;
    struct calling *calling = calloc(1, sizeof *calling);
    snprintf(calling->id, sizeof calling->id, "%s", id);
    troupe_child_spec_t spec = child_of(id);
    const troupe_child_request_t request = {
        .verb = (troupe_child_verb_t) verb,
        .id = id,
        .spec = verb == TROUPE_START_CHILD ? &spec : NULL};
    return troupe_supervisor_ask(ctx, supervisor, &request, 100000000,
                                 on_called, calling);
}

TROUPE_KIND(caller, char, TROUPE_ON("call", on_call));
