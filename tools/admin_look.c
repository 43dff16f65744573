/* SPDX-License-Identifier: Apache-2.0 */
/* admin_look.c: requests of the admin socket that look into the run. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "troupe_children.h"

#include "tools/admin_calls.h"
#include "tools/findings.h"

#define LOOK_MS 1000 /* then a busy supervisor is told about without children */

static void
make_actor(troupe_t *node, json_t *actor)
{
    troupe__ref_as_text(node, actor, "ref", NULL);
    troupe__ref_as_text(node, actor, "parent", NULL);
    const char *name = json_string_value(json_object_get(actor, "name"));
    if (name && !*name)
        json_object_set_new(actor, "name", json_null());
}

/* --- ps ---------------------------------------------------------------------*/

static int
ask_page(troupe_context_t *ctx, struct troupe__pending *pending)
{
    return troupe_ask(ctx, pending->admin->agent, "agent.ps", TROUPE__AGENT_MS,
                      troupe__pending_answer, pending, "{s:U}", "from",
                      pending->from);
}

/* True when more is to come, and `pending` goes on. */
static bool
answer_ps(troupe_context_t *ctx, struct troupe__client *client,
          struct troupe__pending *pending, json_t *page)
{
    json_t *actors = json_object_get(page, "actors");
    json_t *next = json_object_get(page, "next");
    json_t *actor = NULL;
    size_t i = 0;
    json_array_foreach(actors, i, actor)
        make_actor(pending->admin->node, actor);
    if (!json_is_integer(next)) {
        troupe__client_ok(client, pending->id,
                          json_pack("{s:s, s:O}", "run",
                                    pending->admin->topology, "actors",
                                    actors));
        return false;
    }
    pending->from = (uint64_t) json_integer_value(next);
    troupe__client_say(client, json_pack("{s:O, s:{s:O}}", "id", pending->id,
                                         "more", "actors", actors));
    client->page = pending;
    (void) ctx;
    return true;
}

void
troupe__request_more(troupe_context_t *ctx, struct troupe__admin *self,
                     struct troupe__client *client)
{
    struct troupe__pending *pending = client->page;
    const struct troupe__call call = {
        .ctx = ctx, .admin = self, .client = client, .id = pending->id};
    client->page = NULL;
    troupe__pending_asked(&call, pending, ask_page(ctx, pending));
}

void
troupe__do_ps(const struct troupe__call *call)
{
    struct troupe__pending *pending = troupe__pending_new(call, answer_ps);
    troupe__pending_asked(call, pending, ask_page(call->ctx, pending));
}

/* --- inspect ----------------------------------------------------------------*/

static int
on_children(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) state;
    struct troupe__pending *pending = answer->data;
    struct troupe__admin *admin = pending->admin;
    struct troupe__client *client = troupe__pending_client(pending);
    json_t *list = answer->outcome == TROUPE_REPLY ? json_array() : json_null();
    int count = answer->outcome == TROUPE_REPLY
                    ? troupe_child_infos_read(answer->msg, NULL, 0)
                    : 0;
    if (count > 0) {
        troupe_child_info_t *infos =
            troupe__grab((size_t) count * sizeof *infos);
        (void) !troupe_child_infos_read(answer->msg, infos, (size_t) count);
        for (int i = count - 1; i >= 0; i--) { /* the newest come first */
            char ref[TROUPE_REF_TEXT];
            bool is_there = !troupe_ref_is_nobody(infos[i].ref);
            json_array_append_new(
                list,
                json_pack("{s:s, s:s, s:b, s:i, s:o}", "id", infos[i].id,
                          "status", troupe_child_status_name(infos[i].status),
                          "supervisor", infos[i].supervisor, "restarts",
                          (int) infos[i].restarts, "ref",
                          is_there
                              ? json_string(troupe_ref_text(infos[i].ref, ref))
                              : json_null()));
        }
        free(infos);
    }
    json_object_set_new(pending->json, "children", list);
    if (client) {
        troupe__client_ok(client, pending->id, json_incref(pending->json));
        troupe__client_turn(ctx, admin, client);
    }
    troupe__pending_free(pending);
    return 0;
}

/* True when its children are asked for, and `pending` goes on. */
static bool
answer_inspect(troupe_context_t *ctx, struct troupe__client *client,
               struct troupe__pending *pending, json_t *actor)
{
    const char *kind = json_string_value(json_object_get(actor, "kind"));
    const troupe_child_request_t request = {.verb = TROUPE_WHICH_CHILDREN};
    troupe_ref_t to;
    make_actor(pending->admin->node, actor);
    if (kind && strcmp(kind, "supervisor") == 0
        && troupe__courier(ctx, pending->ref, &to) == 0
        && troupe_supervisor_ask(ctx, to, &request, LOOK_MS, on_children,
                                 pending)
               == 0) {
        pending->json = json_incref(actor);
        client->asks++;
        return true;
    }
    troupe__client_ok(client, pending->id, json_incref(actor));
    return false;
}

void
troupe__do_inspect(const struct troupe__call *call)
{
    troupe_actor_stats_t stats;
    if (!troupe__target(call, false, &stats))
        return;
    struct troupe__pending *pending = troupe__pending_new(call, answer_inspect);
    pending->ref = stats.ref;
    troupe__pending_asked(call, pending,
                          troupe_ask(call->ctx, call->admin->agent,
                                     "agent.inspect", TROUPE__AGENT_MS,
                                     troupe__pending_answer, pending, "{s:R}",
                                     "ref", stats.ref));
}

/* --- dead letters, counters -------------------------------------------------*/

static bool
answer_dead(troupe_context_t *ctx, struct troupe__client *client,
            struct troupe__pending *pending, json_t *dead)
{
    (void) ctx;
    json_t *letters = json_object_get(dead, "letters");
    json_int_t now = json_integer_value(json_object_get(dead, "now_ns"));
    json_t *letter = NULL;
    size_t i = 0;
    json_array_foreach(letters, i, letter)
    {
        json_int_t at = json_integer_value(json_object_get(letter, "at_ns"));
        json_object_set_new(letter, "age_ns", json_integer(now - at));
        json_object_del(letter, "at_ns");
        troupe__ref_as_text(pending->admin->node, letter, "to", "to_name");
        troupe__ref_as_text(pending->admin->node, letter, "from", "from_name");
    }
    json_object_del(dead, "now_ns");
    troupe__client_ok(client, pending->id, json_incref(dead));
    return false;
}

void
troupe__do_dead(const struct troupe__call *call)
{
    struct troupe__pending *pending = troupe__pending_new(call, answer_dead);
    troupe__pending_asked(call, pending,
                          troupe_ask(call->ctx, call->admin->agent,
                                     "agent.dead", TROUPE__AGENT_MS,
                                     troupe__pending_answer, pending, NULL));
}

void
troupe__do_counters(const struct troupe__call *call)
{
    struct troupe__pending *pending = troupe__pending_new(call, NULL);
    troupe__pending_asked(call, pending,
                          troupe_ask(call->ctx, call->admin->agent,
                                     "agent.counters", TROUPE__AGENT_MS,
                                     troupe__pending_answer, pending, NULL));
}

void
troupe__do_run(const struct troupe__call *call)
{
    const struct troupe__admin *admin = call->admin;
    uint64_t ns = troupe_now_ns(admin->node) - admin->since_ns;
    troupe__client_ok(call->client, call->id,
                      json_pack("{s:s, s:s, s:s, s:i, s:s, s:I}", "run",
                                admin->venue.name, "topology", admin->topology,
                                "file", admin->file, "pid", (int) getpid(),
                                "version", troupe_version(), "up_ns",
                                (json_int_t) ns));
}
