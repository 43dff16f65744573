/* SPDX-License-Identifier: Apache-2.0 */
/* agent.c: the actor that answers for its node: what it does for others. */
#include "runtime/agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/worker.h"
#include "troupe_agent.h"

enum { LOOK_MS = 1, PATIENCE_NS = 1000000000 };

const char *const troupe__overflow_words[] = {
    [TROUPE_OVERFLOW_DEFAULT] = "default",
    [TROUPE_OVERFLOW_MUTE] = "mute",
    [TROUPE_OVERFLOW_REJECT] = "reject",
    [TROUPE_OVERFLOW_DROP_NEWEST] = "drop_newest",
    [TROUPE_OVERFLOW_DROP_OLDEST] = "drop_oldest",
    NULL,
};

static const char *const place_words[] = {
    [TROUPE_PLACE_DEFAULT] = "default", [TROUPE_NEAR] = "near",
    [TROUPE_SPREAD] = "spread",         [TROUPE_WORKER] = "worker",
    [TROUPE_OWN_THREAD] = "own_thread", NULL,
};

int
troupe__agent_refuse(troupe_context_t *ctx, int code, const char *format, ...)
{
    char text[TROUPE__WORDS_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void) !troupe_reply_error(ctx, code, "%s", text);
    return 0;
}

/* --- spawn ------------------------------------------------------------------*/

static int
index_of(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

struct order {
    const char *kind, *name, *place, *overflow;
    const void *arguments;
    size_t arguments_size;
    uint64_t worker, messages_max, bytes_max;
};

static int
read_order(const troupe_message_t *msg, struct order *ret)
{
    *ret = (struct order){.place = "default",
                          .overflow = "default",
                          .arguments = "\xc0", /* nil */
                          .arguments_size = 1};
    return troupe_unpack(msg, "{s:s, s?s?, s?s, s?s, s?r, s?U, s?U, s?U}",
                         "kind", &ret->kind, "name", &ret->name, "place",
                         &ret->place, "overflow", &ret->overflow, "arguments",
                         &ret->arguments, &ret->arguments_size, "worker",
                         &ret->worker, "messages_max", &ret->messages_max,
                         "bytes_max", &ret->bytes_max);
}

/* -1 when a word or a number is none. */
static int
make_options(const struct order *order, troupe_spawn_options_t *ret)
{
    int place = index_of(place_words, order->place);
    int overflow = index_of(troupe__overflow_words, order->overflow);
    if (place < 0 || overflow < 0 || order->worker > UINT32_MAX
        || order->messages_max > UINT32_MAX || order->bytes_max > UINT32_MAX)
        return -1;
    bool anywhere = place == TROUPE_PLACE_DEFAULT || place == TROUPE_NEAR;
    *ret = (troupe_spawn_options_t){
        .name = order->name,
        .place = anywhere ? TROUPE_SPREAD : (troupe_place_t) place,
        .worker = (uint32_t) order->worker,
        .mailbox = {.messages_max = (uint32_t) order->messages_max,
                    .bytes_max = (uint32_t) order->bytes_max,
                    .overflow = (troupe_overflow_t) overflow}};
    return 0;
}

static int
on_spawn(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    struct order order;
    const troupe_kind_t *kind = NULL;
    troupe_spawn_options_t options;
    troupe_ref_t ref;
    int rc = read_order(msg, &order);
    if (rc < 0)
        return troupe__agent_refuse(ctx, rc, "spawn wants {kind: NAME, ...}");
    if (make_options(&order, &options) < 0) {
        return troupe__agent_refuse(ctx, -EINVAL,
                                    "spawn: a place, an overflow or a number "
                                    "is none that there is");
    }
    rc = troupe_kind_find(troupe_context_node(ctx), order.kind, &kind);
    if (rc < 0)
        return troupe__agent_refuse(ctx, rc, "this node knows no kind '%s'",
                                    order.kind);
    rc = troupe_spawn(ctx, kind, &options, &ref, "r", order.arguments,
                      order.arguments_size);
    if (rc < 0)
        return troupe__agent_refuse(ctx, rc, "%s cannot be spawned: %s",
                                    order.kind, troupe_strerror(rc));
    return troupe_reply(ctx, "{s:R}", "ref", ref);
}

/* --- exit, suspend, resume --------------------------------------------------*/

/* The actor that a body names, if it may be told what to do. */
static int
read_target(troupe_context_t *ctx, const troupe_message_t *msg,
            troupe_ref_t *ret_ref)
{
    troupe_actor_stats_t stats;
    if (troupe_unpack(msg, "{s:R}", "ref", ret_ref) < 0) {
        (void) troupe__agent_refuse(ctx, -EBADMSG, "this wants {ref: REF}");
        return -EBADMSG;
    }
    int rc = troupe_ref_equal(*ret_ref, troupe_self(ctx))
                 ? -EPERM
                 : troupe_actor_stats_get(troupe_context_node(ctx), *ret_ref,
                                          &stats);
    if (rc < 0)
        (void) troupe__agent_refuse(ctx, rc, "%s", troupe_strerror(rc));
    return rc;
}

static int
on_exit_order(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    static const char *const words[] = {"normal", "shutdown", "killed", "error",
                                        NULL};
    troupe_ref_t ref;
    const char *kind = "shutdown", *text = "";
    int code = 0;
    if (read_target(ctx, msg, &ref) < 0)
        return 0;
    int rc = troupe_unpack(msg, "{s?s, s?i, s?s}", "kind", &kind, "code", &code,
                           "text", &text);
    int exit = rc < 0 ? -1 : index_of(words, kind);
    if (exit < 1
        || troupe_exit_send(ctx, ref, (troupe_exit_t) exit, code, text) < 0) {
        return troupe__agent_refuse(ctx, -EINVAL,
                                    "kind is shutdown, error or killed, code "
                                    "is not above 0");
    }
    return troupe_reply(ctx, NULL);
}

/* An answer that waits until an actor has a status, or for a second. */
struct patience {
    troupe_token_t token;
    troupe_ref_t ref;
    uint64_t until_ns;
    bool rests;
};

static int
look(troupe_context_t *ctx, void *state, void *data)
{
    (void) state;
    struct patience *self = data;
    troupe_t *node = troupe_context_node(ctx);
    troupe_actor_stats_t stats = {.status = TROUPE_STATUS_STOPPING};
    int rc = troupe_actor_stats_get(node, self->ref, &stats);
    bool rests = stats.status == TROUPE_STATUS_SUSPENDED;
    if (rc == 0 && rests != self->rests && troupe_now_ns(node) < self->until_ns)
        return troupe_call_after(ctx, LOOK_MS, look, data, free, NULL);
    if (rc < 0) {
        (void) !troupe_reply_error_to(ctx, &self->token, rc, "%s",
                                      troupe_strerror(rc));
    } else {
        (void) !troupe_reply_to(ctx, &self->token, "{s:s}", "status",
                                troupe_status_name(stats.status));
    }
    free(self);
    return 0;
}

static int
change(troupe_context_t *ctx, const troupe_message_t *msg, bool rests)
{
    troupe_ref_t ref;
    if (read_target(ctx, msg, &ref) < 0)
        return 0;
    struct patience *self = troupe__alloc(sizeof *self);
    *self = (struct patience){
        .ref = ref,
        .rests = rests,
        .until_ns = troupe_now_ns(troupe_context_node(ctx)) + PATIENCE_NS};
    int rc = rests ? troupe_suspend(ctx, ref) : troupe_resume(ctx, ref);
    if (rc == 0)
        rc = troupe_defer(ctx, &self->token);
    if (rc < 0) { /* it was told, not asked */
        free(self);
        return 0;
    }
    return troupe_call_after(ctx, LOOK_MS, look, self, free, NULL);
}

static int
on_suspend(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    return change(ctx, msg, true);
}

static int
on_resume(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    return change(ctx, msg, false);
}

/* --- the actor --------------------------------------------------------------*/

static int
on_stranger(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    if (!troupe_message_is_ask(msg))
        return 0;
    return troupe__agent_refuse(ctx, -EOPNOTSUPP, "an agent does not know '%s'",
                                troupe_message_type(msg));
}

static const troupe_clause_t clauses[] = {
    TROUPE_ON("agent.ps", troupe__agent_ps),
    TROUPE_ON("agent.inspect", troupe__agent_inspect),
    TROUPE_ON("agent.dead", troupe__agent_dead),
    TROUPE_ON("agent.counters", troupe__agent_counters),
    TROUPE_ON("agent.spawn", on_spawn),
    TROUPE_ON("agent.exit", on_exit_order),
    TROUPE_ON("agent.suspend", on_suspend),
    TROUPE_ON("agent.resume", on_resume),
    TROUPE_ON_FALLBACK(on_stranger),
    {0, NULL, NULL, NULL},
};

static const troupe_kind_t agent_kind = {
    .name = "troupe.agent", .state_size = 1, .clauses = clauses};

int
troupe_agent(troupe_t *node, troupe_ref_t *ret_ref)
{
    CHECK(node && ret_ref);
    pthread_mutex_lock(&node->agent_lock);
    troupe_ref_t ref = {atomic_load(&node->agent)};
    const troupe_spawn_options_t options = {.place = TROUPE_OWN_THREAD};
    int rc = 0;
    if (troupe_ref_is_nobody(ref))
        rc = troupe_node_spawn(node, &agent_kind, &options, &ref, NULL);
    if (rc == 0)
        atomic_store(&node->agent, ref.id);
    pthread_mutex_unlock(&node->agent_lock);
    if (rc == 0)
        *ret_ref = ref;
    return rc;
}
