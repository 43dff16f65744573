/* SPDX-License-Identifier: Apache-2.0 */
/* admin_do.c: requests of the admin socket that do something. */
#include <errno.h>
#include <string.h>

#include "troupe_children.h"
#include "troupe_trace.h"

#include "tools/admin_calls.h"
#include "tools/json_value.h"

#define RENEW_MS   60000 /* a stop and a start may take long */
#define TIMEOUT_MS 86400000

/* --- ask, send --------------------------------------------------------------*/

/* Type and body of a message; false: the client was told. */
static bool
read_message(const struct troupe__call *call, const char **ret_type,
             msgpack_sbuffer *body)
{
    const json_t *json = json_object_get(call->request, "body");
    const char *type =
        json_string_value(json_object_get(call->request, "type"));
    msgpack_packer packer;
    msgpack_packer_init(&packer, body, msgpack_sbuffer_write);
    int rc =
        json ? troupe__json_pack(json, &packer) : msgpack_pack_nil(&packer);
    if (!type) {
        troupe__call_refuse(call, -EINVAL,
                            "'type' must say of which type the message is");
    } else if (rc < 0) {
        troupe__call_refuse(
            call, rc,
            "'body' has a $bin, $ext, $uint, $float or $map that is none");
    }
    *ret_type = type;
    return type && rc == 0;
}

static bool
has_room(const struct troupe__call *call, const troupe_actor_stats_t *stats)
{
    if (stats->mailbox_depth < stats->limits.messages_max)
        return true;
    troupe__client_error(call->client, call->id, -ENOBUFS,
                         "the mailbox of '%s' is full: %u messages wait",
                         stats->name[0] ? stats->name : stats->kind,
                         stats->mailbox_depth);
    return false;
}

static bool
answer_body(troupe_context_t *ctx, struct troupe__client *client,
            struct troupe__pending *pending, json_t *body)
{
    (void) ctx;
    troupe__client_ok(client, pending->id, json_pack("{s:O}", "body", body));
    return false;
}

/* What comes from outside is a trace of its own. */
static void
begin_trace(troupe_context_t *ctx, const char *type)
{
    troupe_span_t span;
    if (!troupe_span_begin_trace(ctx, &span))
        return;
    troupe_trace_set(ctx, &span.at);
    troupe_span_end(ctx, &span, "troupe ask", TROUPE_SPAN_INTERNAL, NULL,
                    "{s:s}", "troupe.message.type", type);
}

static void
carry(const struct troupe__call *call, bool is_ask)
{
    troupe_actor_stats_t stats;
    const char *type = NULL;
    troupe_ref_t to;
    json_int_t ms =
        json_integer_value(json_object_get(call->request, "timeout_ms"));
    if (!troupe__target(call, false, &stats) || !has_room(call, &stats))
        return;
    msgpack_sbuffer body;
    msgpack_sbuffer_init(&body);
    if (read_message(call, &type, &body)) {
        int rc = troupe__courier(call->ctx, stats.ref, &to);
        if (!is_ask) {
            if (rc == 0)
                begin_trace(call->ctx, type);
            if (rc == 0)
                rc =
                    troupe_send(call->ctx, to, type, "r", body.data, body.size);
            if (rc == 0)
                troupe__client_ok(call->client, call->id, NULL);
            else
                troupe__call_refuse(call, rc, troupe_strerror(rc));
        } else {
            struct troupe__pending *pending =
                troupe__pending_new(call, answer_body);
            if (rc == 0) {
                begin_trace(call->ctx, type);
                rc = troupe_ask(call->ctx, to, type,
                                ms > 0 && ms <= TIMEOUT_MS ? (uint32_t) ms : 0,
                                troupe__pending_answer, pending, "r", body.data,
                                body.size);
            }
            troupe__pending_asked(call, pending, rc);
        }
    }
    msgpack_sbuffer_destroy(&body);
}

void
troupe__do_ask(const struct troupe__call *call)
{
    carry(call, true);
}

void
troupe__do_send(const struct troupe__call *call)
{
    carry(call, false);
}

/* --- restart, suspend, resume, stop, run ------------------------------------*/

static bool
answer_nothing(troupe_context_t *ctx, struct troupe__client *client,
               struct troupe__pending *pending, json_t *body)
{
    (void) ctx, (void) body;
    troupe__client_ok(client, pending->id, NULL);
    return false;
}

static int
renew(troupe_context_t *ctx, struct troupe__pending *pending, troupe_ref_t ref,
      troupe_ref_t supervisor)
{
    const troupe_child_request_t request = {.verb = TROUPE_RENEW_CHILD,
                                            .ref = ref};
    troupe_ref_t to;
    pending->part = answer_nothing;
    int rc = troupe__courier(ctx, supervisor, &to);
    return rc < 0 ? rc
                  : troupe_supervisor_ask(ctx, to, &request, RENEW_MS,
                                          troupe__pending_answer, pending);
}

/* After an ask in an answer; true when `pending` goes on. */
static bool
goes_on(struct troupe__client *client, const struct troupe__pending *pending,
        int rc)
{
    client->asks += rc == 0;
    if (rc < 0)
        troupe__client_error(client, pending->id, rc, "%s",
                             troupe_strerror(rc));
    return rc == 0;
}

/* One on another node, with its supervisor there or, of a deputy, anywhere. */
static bool
restart_far(troupe_context_t *ctx, struct troupe__client *client,
            struct troupe__pending *pending, json_t *actor)
{
    troupe_ref_t ref = pending->ref;
    troupe_ref_t parent = troupe__ref_of(json_object_get(actor, "parent"));
    troupe_actor_stats_t stats;
    if (!troupe_ref_is_nobody(pending->deputy)) {
        ref = pending->deputy;
        parent = TROUPE_NOBODY;
        if (troupe_actor_stats_get(pending->admin->node, ref, &stats) == 0)
            parent = stats.parent;
    }
    if (!troupe_ref_is_nobody(parent))
        return goes_on(client, pending, renew(ctx, pending, ref, parent));
    troupe__client_error(client, pending->id, -EPERM,
                         "its supervisor is not known here: restart that one");
    return false;
}

void
troupe__do_restart(const struct troupe__call *call)
{
    troupe_actor_stats_t stats;
    if (!troupe__target(call, true, &stats))
        return;
    struct troupe__pending *pending = troupe__pending_new(call, restart_far);
    if (!*stats.kind) {
        troupe__reach(call, pending, &stats);
        return;
    }
    pending->ref = stats.ref;
    troupe__pending_asked(call, pending,
                          renew(call->ctx, pending, stats.ref, stats.parent));
}

static bool
answer_status(troupe_context_t *ctx, struct troupe__client *client,
              struct troupe__pending *pending, json_t *body)
{
    (void) ctx;
    troupe__client_ok(client, pending->id, json_incref(body));
    return false;
}

static bool
change_it(troupe_context_t *ctx, struct troupe__client *client,
          struct troupe__pending *pending, json_t *actor)
{
    const char *kind = json_string_value(json_object_get(actor, "kind"));
    if (kind && strcmp(kind, "supervisor") == 0) {
        troupe__client_error(client, pending->id, -EPERM,
                             "a supervisor does not rest: suspend its "
                             "children");
        return false;
    }
    if (kind && strcmp(kind, "troupe.deputy") == 0) {
        troupe__client_error(client, pending->id, -EHOSTUNREACH,
                             "its process is not started, or does not answer");
        return false;
    }
    pending->part = answer_status;
    return goes_on(client, pending,
                   troupe_ask(ctx, pending->agent, pending->verb,
                              TROUPE__AGENT_MS, troupe__pending_answer, pending,
                              "{s:R}", "ref", pending->ref));
}

static void
change(const struct troupe__call *call, const char *verb)
{
    troupe_actor_stats_t stats;
    if (!troupe__target(call, true, &stats))
        return;
    struct troupe__pending *pending = troupe__pending_new(call, change_it);
    pending->verb = verb;
    troupe__reach(call, pending, &stats);
}

void
troupe__do_suspend(const struct troupe__call *call)
{
    change(call, "agent.suspend");
}

void
troupe__do_resume(const struct troupe__call *call)
{
    change(call, "agent.resume");
}

void
troupe__do_stop(const struct troupe__call *call)
{
    struct troupe__client *client = call->client;
    if (client->waits) {
        troupe__call_refuse(call, -EALREADY, "you wait for the stop already");
        return;
    }
    client->waits = true;
    client->stop_id = json_incref((json_t *) (uintptr_t) call->id);
    atomic_store(&call->admin->stop_wanted, true);
    troupe_stop_request(call->admin->node);
}
