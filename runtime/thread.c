/* SPDX-License-Identifier: Apache-2.0 */
/* thread.c: the calls of ordinary threads, each driven on a port. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/handle.h"
#include "runtime/trace.h"
#include "troupe_thread.h"

enum { NS_PER_MS = 1000000 };

/* Threads wait in real time, whatever the node's clock is. */
static uint64_t
until_after(uint32_t timeout_ms)
{
    if (timeout_ms == 0)
        return UINT64_MAX;
    return troupe__real_ns() + (uint64_t) timeout_ms * NS_PER_MS;
}

/* Drive the port until its guest has ended. */
static int
drive(struct troupe__worker *port, uint64_t until, bool even_stopping)
{
    while (port->guest) {
        if (!even_stopping && atomic_load(&port->node->stopping))
            return -ECANCELED;
        if (troupe__worker_turn(port))
            continue;
        if (!port->guest)
            break;
        if (troupe__real_ns() >= until)
            return -ETIMEDOUT;
        troupe__worker_sleep(port, until);
    }
    return port->guest_rc;
}

/* Call `begin` as a callback of the guest, and live until the guest ends. */
static int
run(struct troupe__worker *port, troupe_call_fn begin, void *data,
    uint64_t until, bool even_stopping)
{
    struct troupe__actor *guest = port->guest;
    void *own_state = guest->state;
    guest->state = data;
    port->guest_rc = 0;
    port->guest_state = own_state;
    troupe__context_begin(port, guest);
    troupe__run_mark(port, guest, "(begin)");
    int rc = begin(&port->ctx, data, data);
    troupe__context_end(port, guest, rc);
    rc = drive(port, until, even_stopping);
    troupe__port_end_guest(port);
    return rc;
}

int
troupe_node_run(troupe_t *node, troupe_call_fn begin, void *data,
                uint32_t timeout_ms)
{
    struct troupe__worker *port = NULL;
    if (!begin)
        return -EINVAL;
    int rc = troupe__port_enter(node, false, &port);
    if (rc < 0)
        return rc;
    rc = run(port, begin, data, until_after(timeout_ms), false);
    troupe__port_leave(port);
    return rc;
}

int
troupe_node_spawn(troupe_t *node, const troupe_kind_t *kind,
                  const troupe_spawn_options_t *options, troupe_ref_t *ret_ref,
                  const char *format, ...)
{
    struct troupe__worker *port = NULL;
    if (options && (options->supervised || options->linked))
        return -EINVAL;
    int rc = troupe__port_enter(node, false, &port);
    if (rc < 0)
        return rc;
    va_list args;
    va_start(args, format);
    rc =
        troupe__spawn(port, port->guest, kind, options, ret_ref, format, &args);
    va_end(args);
    troupe__port_leave(port);
    return rc;
}

/* Wait until the receiver has room, as a muted actor does. */
static int
wait_for_room(struct troupe__worker *port, troupe_ref_t to)
{
    uint64_t until = until_after(port->node->options.ask_timeout_ms);
    for (;;) {
        struct troupe__actor *guest = port->guest;
        troupe__context_begin(port, guest);
        int rc = troupe__guard(&port->ctx, to);
        if (rc == 0 && port->ctx.mute_count == 0)
            return 0;
        troupe__mute_apply(port, guest);
        while (guest->muted_on > 0) {
            bool stopping = atomic_load(&port->node->stopping);
            if (!stopping && troupe__worker_turn(port))
                continue;
            if (stopping || troupe__real_ns() >= until) {
                troupe__mute_forget(port, guest);
                troupe__settle_direct(guest);
                return stopping ? -ESHUTDOWN : -EAGAIN;
            }
            troupe__worker_sleep(port, until);
        }
    }
}

/* The thread's port, when a callback of its troupe_node_run() calls: there it
 * is an actor already, and sends as one does, without waiting. */
static struct troupe__worker *
port_within(const troupe_t *node)
{
    struct troupe__worker *here = troupe__here;
    return here && here->node == node && here->is_port && here->guest ? here
                                                                      : NULL;
}

int
troupe_node_send(troupe_t *node, troupe_ref_t to, const char *type,
                 const char *format, ...)
{
    struct troupe__worker *port = port_within(node);
    bool within = port != NULL;
    if (troupe_ref_is_nobody(to) || troupe__type_size(type) == 0)
        return -EINVAL;
    int rc = within ? 0 : troupe__port_enter(node, false, &port);
    if (rc < 0)
        return rc;
    rc = within ? troupe__guard(&port->ctx, to) : wait_for_room(port, to);
    if (rc == 0) {
        struct troupe__envelope envelope =
            troupe__envelope(WIRE_TELL, to, port->guest->ref, type);
        envelope.trace = port->base_trace;
        va_list args;
        va_start(args, format);
        rc = troupe__emit(port, &envelope, format, &args);
        va_end(args);
    }
    if (!within)
        troupe__port_leave(port);
    return rc;
}

/* What the last ask of this thread ended with, in words. */
static _Thread_local char ask_words[TROUPE__WORDS_MAX];

const char *
troupe_node_ask_words(void)
{
    return ask_words;
}

struct ask_call {
    troupe_message_t *reply;
    bool done;
    int code;
};

static int
ask_answered(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct ask_call *call = answer->data;
    (void) ctx, (void) state;
    call->done = true;
    call->code = answer->code;
    snprintf(ask_words, sizeof ask_words, "%s", answer->text);
    if (answer->outcome == TROUPE_REPLY)
        troupe_message_keep(answer->msg, &call->reply);
    return 0;
}

static int
ask_and_wait(struct troupe__worker *port, troupe_ref_t to, const char *type,
             uint32_t timeout_ms, struct ask_call *call, const char *format,
             va_list *args)
{
    troupe_ask_options_t options = {
        .timeout_ms = timeout_ms, .answer = ask_answered, .data = call};
    struct troupe__ask *ask = NULL;
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_ASK, to, port->guest->ref, type);
    int rc = troupe__ask_open(port, port->guest, to, &options, &ask);
    if (rc < 0)
        return rc;
    uint64_t id = ask->id;
    envelope.id = id;
    envelope.deadline = ask->deadline;
    if (port->base_trace)
        troupe__trace_ask(port, ask, &envelope);
    rc = troupe__emit(port, &envelope, format, args);
    if (rc < 0) {
        troupe__ask_undo(port, ask);
        return rc;
    }
    while (!call->done) {
        if (troupe__worker_turn(port))
            continue;
        ask = troupe__ids_find(&port->asks, id);
        if (atomic_load(&port->node->stopping) && ask && ask->outcome == 0)
            troupe__ask_cancel(port, ask);
        else if (!call->done)
            troupe__worker_sleep(port, UINT64_MAX);
    }
    return call->code;
}

int
troupe_node_ask(troupe_t *node, troupe_ref_t to, const char *type,
                uint32_t timeout_ms, troupe_message_t **ret_reply,
                const char *format, ...)
{
    struct troupe__worker *port = NULL;
    struct ask_call call = {0};
    ask_words[0] = '\0';
    if (ret_reply)
        *ret_reply = NULL;
    if (troupe_ref_is_nobody(to) || troupe__type_size(type) == 0)
        return -EINVAL;
    int rc = troupe__port_enter(node, false, &port);
    if (rc < 0)
        return rc;
    rc = wait_for_room(port, to);
    if (rc == 0) {
        va_list args;
        va_start(args, format);
        rc = ask_and_wait(port, to, type, timeout_ms, &call, format, &args);
        va_end(args);
    }
    troupe__port_leave(port);
    if (ret_reply)
        *ret_reply = call.reply;
    else
        troupe_message_destroy(&call.reply);
    return rc;
}

struct exit_call {
    troupe_ref_t to;
    troupe_reason_t reason;
    bool wait;
};

static int
exit_begin(troupe_context_t *ctx, void *state, void *data)
{
    struct exit_call *call = data;
    (void) state;
    if (call->wait)
        troupe_monitor(ctx, call->to, NULL);
    troupe__send_exit(ctx->worker, call->to, TROUPE_NOBODY, "exit",
                      &call->reason);
    return call->wait ? 0 : TROUPE_STOP;
}

/* troupe_node_exit() for the end of a node too, with the words given. */
int
troupe__exit_and_wait(troupe_t *node, troupe_ref_t to, troupe_exit_t kind,
                      const char *text, uint32_t timeout_ms, bool even_stopping)
{
    struct troupe__worker *port = NULL;
    struct exit_call call = {to, {kind, 0, text}, timeout_ms > 0};
    int rc = troupe__port_enter(node, even_stopping, &port);
    if (rc < 0)
        return rc;
    rc = run(port, exit_begin, &call, until_after(timeout_ms), even_stopping);
    troupe__port_leave(port);
    return rc;
}

int
troupe_node_exit(troupe_t *node, troupe_ref_t to, troupe_exit_t kind,
                 uint32_t timeout_ms)
{
    if (troupe_ref_is_nobody(to) || kind > TROUPE_EXIT_KILLED)
        return -EINVAL;
    return troupe__exit_and_wait(node, to, kind, "", timeout_ms, false);
}
