/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deputy.c: stands in for a child that runs in another process.
 *
 * Its start is done when the child's is. From then on it forwards, and waits
 * for one of two ends: the child's own, which the host tells; or that of its
 * process, which the warden does. What comes between that end and the whole
 * word of it is kept for the next incarnation: the host says at once that the
 * child has ended, and how when its names are free.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/peers.h"
#include "runtime/settle.h"
#include "runtime/worker.h"
#include "supervisor/deputy.h"
#include "troupe_events.h"
#include "troupe_stats.h"

enum { START_TIMEOUT_MS = 3600 * 1000 }; /* the supervisor's bound is the one */

int
troupe__deputy_pack(const struct troupe__child *child, void **ret_bytes,
                    size_t *ret_size)
{
    const troupe_child_spec_t *spec = child->spec;
    size_t size = 0;
    void *arguments = troupe__child_arguments(child, &size);
    static const uint8_t nil = 0xc0;
    msgpack_sbuffer program;
    msgpack_sbuffer_init(&program);
    troupe__program_pack(spec->program, &program);
    int rc = troupe__bytes_packf(
        ret_bytes, ret_size, "[s?, s, s?, s, i, i, I, I, i, r, r]", spec->node,
        spec->id, spec->name, spec->kind->name, (int) spec->place,
        (int) spec->worker, (int64_t) spec->mailbox.messages_max,
        (int64_t) spec->mailbox.bytes_max, (int) spec->mailbox.overflow,
        arguments ? arguments : (const void *) &nil, arguments ? size : 1,
        program.data, program.size);
    msgpack_sbuffer_destroy(&program);
    free(arguments);
    return rc;
}

/* What the plan says. */
struct plan {
    const char *node, *id, *name, *kind;
    int place, worker, overflow;
    int64_t messages_max, bytes_max;
    const void *arguments, *program;
    size_t arguments_size, program_size;
};

static int
plan_read(const troupe_message_t *msg, struct plan *ret)
{
    return troupe_unpack(msg, "[s?, s, s?, s, i, i, I, I, i, r, r]", &ret->node,
                         &ret->id, &ret->name, &ret->kind, &ret->place,
                         &ret->worker, &ret->messages_max, &ret->bytes_max,
                         &ret->overflow, &ret->arguments, &ret->arguments_size,
                         &ret->program, &ret->program_size);
}

static bool
plan_is_program(const struct plan *plan)
{
    return strcmp(plan->kind, TROUPE__PROGRAM_KIND) == 0;
}

/* The names that it has there are known here; or they will be, much later. */
static int
on_settled(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) state, (void) answer;
    return troupe_started(ctx);
}

static int
on_spawned(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct troupe__deputy *self = state;
    if (troupe__deputy_is_lost(ctx, self, answer))
        return 0;
    if (answer->outcome != TROUPE_REPLY)
        return troupe_exit(ctx, TROUPE_EXIT_ERROR, answer->code, "%s",
                           answer->text);
    const troupe_ask_options_t options = {.timeout_ms = TROUPE__SETTLE_MS,
                                          .answer = on_settled};
    int rc = troupe_unpack(answer->msg, "R", &self->real);
    if (rc == 0)
        rc = troupe__settle(ctx, false, &options);
    if (rc > 0)
        return 0;
    return rc < 0 ? rc : troupe_started(ctx);
}

static int
ask_host(troupe_context_t *ctx, troupe_ref_t host, const struct plan *plan)
{
    int rc = troupe_ask(ctx, host, "spawn", START_TIMEOUT_MS, on_spawned, NULL,
                        "[s, I, i, i, I, I, i, s, r]", plan->kind,
                        (int64_t) troupe_incarnation(ctx), plan->place,
                        plan->worker, plan->messages_max, plan->bytes_max,
                        plan->overflow, plan->name ? plan->name : plan->id,
                        plan->arguments, plan->arguments_size);
    return rc < 0 ? rc : troupe__deputy_watch(ctx, host);
}

/* What we ask it from now on has the parts that WIRE.md tells of. */
static int
introduce(troupe_context_t *ctx, troupe_ref_t to)
{
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_CONTROL, to, troupe_self(ctx), "deputy");
    return troupe__ref_node(to) == TROUPE__ROOT
               ? 0 /* a guest's proxy */
               : troupe__emitf(ctx->worker, &envelope, NULL);
}

/* The node is there: the child is to be spawned on it, or it has it itself. */
static int
meet(troupe_context_t *ctx, struct troupe__deputy *self,
     const troupe_message_t *msg, troupe_ref_t ref, bool is_child)
{
    struct plan plan;
    int rc = plan_read(msg, &plan);
    if (rc < 0)
        return rc;
    if (is_child && !plan_is_program(&plan)) {
        return troupe_fail(ctx, -EOPNOTSUPP,
                           "the program of its node has no kind '%s', as it "
                           "is not built on Troupe: give a child that is such "
                           "a program no kind",
                           plan.kind);
    }
    if (!is_child && plan_is_program(&plan)) {
        return troupe_fail(ctx, -EOPNOTSUPP,
                           "its program has actors of many kinds: say in the "
                           "child's spec which");
    }
    self->is_program = is_child;
    if (!is_child) {
        self->host = ref;
        return ask_host(ctx, ref, &plan);
    }
    self->real = ref;
    rc = self->is_shown ? introduce(ctx, ref) : 0;
    return rc < 0 ? rc : troupe_started(ctx);
}

/* The plan is the data of the ask, so that it goes with the incarnation. */
static int
on_node(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct troupe__deputy *self = state;
    troupe_message_t *plan = answer->data;
    troupe_ref_t host;
    bool is_child = false;
    int number = 0, rc = -EBADMSG;
    if (answer->outcome != TROUPE_REPLY) {
        rc = troupe_exit(ctx, TROUPE_EXIT_ERROR, answer->code, "%s",
                         answer->text);
    } else if (troupe_unpack(answer->msg, "[i, R, b, b]", &number, &host,
                             &is_child, &self->is_shown)
               == 0) {
        self->node = (uint32_t) number;
        rc = meet(ctx, self, plan, host, is_child);
    }
    troupe__deputy_drop(plan);
    return rc;
}

/* How the process ended, from the warden. Whose start it was cannot have ended
 * normally. */
static int
on_lost(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    const struct troupe__deputy *self = state;
    int kind = TROUPE_EXIT_ERROR, code = -EHOSTDOWN;
    uint64_t life = 0;
    const char *text = answer->text;
    char type[TROUPE_TYPE_MAX + 1] = "";
    uint64_t fingerprint = 0;
    if (answer->outcome == TROUPE_REPLY
        && troupe_unpack(answer->msg, "[i, i, s, U]", &kind, &code, &text,
                         &life)
               < 0)
        text = "an end that cannot be read";
    if (answer->outcome == TROUPE_REPLY)
        fingerprint = troupe__suspects_find(answer->msg, self->real, type);
    troupe__context_cause(ctx, life);
    if (self->stops) {
        kind = TROUPE_EXIT_SHUTDOWN;
    } else if (self->node == 0) {
        kind = TROUPE_EXIT_ERROR;
        code = code < 0 ? code : -EHOSTDOWN;
    } else if (fingerprint) {
        troupe__context_blame(ctx, type, fingerprint);
    }
    return troupe_exit(ctx, (troupe_exit_t) kind, code, "%s", text);
}

/* A node for this child alone is called as the child is; ids are unique among
 * siblings only. */
static const char *
node_name(const troupe_context_t *ctx, const struct plan *plan,
          char name[TROUPE_NAME_MAX + 1])
{
    char ref[TROUPE_REF_TEXT];
    if (plan->node)
        return plan->node;
    if (plan->name)
        return plan->name;
    bool is_short = strlen(plan->id) < TROUPE_NAME_MAX - TROUPE_REF_TEXT;
    snprintf(name, TROUPE_NAME_MAX + 1, "%s %s", is_short ? plan->id : "child",
             troupe_ref_text(troupe_self(ctx), ref));
    return name;
}

static int
deputy_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct troupe__deputy *self = state;
    struct plan plan;
    char name[TROUPE_NAME_MAX + 1];
    int rc = plan_read(msg, &plan);
    if (rc < 0)
        return rc;
    if (plan_is_program(&plan) && plan.arguments_size > 1) /* nil has one */
        return troupe_fail(ctx, -EINVAL,
                           "arguments are for a kind; a program has its argv");
    if (troupe_lookup(troupe_context_node(ctx), TROUPE__WARDEN, &self->warden)
        < 0) {
        return troupe_fail(ctx, -ENOTCONN,
                           "nobody starts processes: call "
                           "troupe_isolation_begin() on the root of the run");
    }
    /* There is no actor behind it that others could look into. */
    rc = plan_is_program(&plan) ? troupe_become(ctx, &troupe__program_kind) : 0;
    if (rc == 0)
        rc = troupe_monitor(ctx, self->warden, NULL);
    troupe_message_t *kept = NULL;
    if (rc == 0)
        rc = troupe_message_keep(msg, &kept);
    troupe_ask_options_t options = {.timeout_ms = START_TIMEOUT_MS,
                                    .answer = on_node,
                                    .data = kept,
                                    .drop = troupe__deputy_drop};
    const char *node = node_name(ctx, &plan, name);
    if (rc == 0) {
        rc = troupe_ask_with(ctx, self->warden, "node", &options, NULL,
                             "[s, b, r]", node, (int) !plan.node, plan.program,
                             plan.program_size);
    }
    if (rc < 0)
        troupe__deputy_drop(kept);
    options =
        (troupe_ask_options_t){.deadline_ns = UINT64_MAX, .answer = on_lost};
    if (rc == 0)
        rc = troupe_ask_with(ctx, self->warden, "end", &options, NULL, "s",
                             node);
    return rc < 0 ? rc : TROUPE_STARTING;
}

/* It monitors the warden only. */
static int
deputy_down(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_exit(ctx, TROUPE_EXIT_ERROR, -ENOTCONN,
                       "the root of the run has ended");
}

/* Where the way there is full it is tried again. */
static int
ask_to_stop(troupe_context_t *ctx, void *state, void *data)
{
    const struct troupe__deputy *self = state;
    (void) data;
    int rc = self->is_program ? troupe_send(ctx, self->warden, "stop", NULL)
                              : troupe_send(ctx, self->host, "stop", "[I, i]",
                                            (int64_t) troupe_incarnation(ctx),
                                            (int) self->exit_kind);
    return rc == -EAGAIN ? troupe_call_after(ctx, TROUPE__RETRY_MS, ask_to_stop,
                                             NULL, NULL, NULL)
                         : rc;
}

/* To end in order takes the child's end; its supervisor's patience is the
 * bound. */
static int
deputy_exit(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct troupe__deputy *self = state;
    troupe_down_t exit;
    int rc = troupe_down_read(msg, &exit);
    if (rc < 0)
        return rc;
    if (troupe_ref_is_nobody(self->host) && !self->is_program)
        return troupe_exit(ctx, exit.reason.kind, exit.reason.code, "%s",
                           exit.reason.text);
    self->stops = true;
    self->exit_kind = exit.reason.kind;
    return ask_to_stop(ctx, state, NULL);
}

static const troupe_clause_t clauses[] = {
    TROUPE_ON_START(deputy_start),
    TROUPE_ON_FALLBACK(troupe__deputy_pass_on),
    TROUPE_ON_DOWN(deputy_down),
    TROUPE_ON_EXIT(deputy_exit),
    {0, NULL, NULL, NULL}};

const troupe_kind_t troupe__deputy_kind = {
    .name = "troupe.deputy",
    .state_size = sizeof(struct troupe__deputy),
    .clauses = clauses,
};

/* A child that is a program has no kind: its spec has this one. */
const troupe_kind_t troupe__program_kind = {
    .name = TROUPE__PROGRAM_KIND,
    .state_size = sizeof(struct troupe__deputy),
    .clauses = clauses,
};
