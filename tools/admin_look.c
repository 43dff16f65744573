/* SPDX-License-Identifier: Apache-2.0 */
/* admin_look.c: requests of the admin socket that look into the run. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "troupe_children.h"
#include "troupe_nodes.h"

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
    return troupe_ask(ctx, troupe__nodes_agent(pending), "agent.ps",
                      pending->at == 0 ? TROUPE__AGENT_MS : TROUPE__FAR_MS,
                      troupe__pending_answer, pending, "{s:U}", "from",
                      pending->from);
}

/* The last line, or another before it; true when `pending` goes on. */
static bool
say_actors(struct troupe__client *client, struct troupe__pending *pending,
           json_t *actors, bool has_more)
{
    if (!has_more) {
        troupe__client_ok(client, pending->id,
                          json_pack("{s:s, s:O, s:o}", "run",
                                    pending->admin->topology, "actors", actors,
                                    "silent", troupe__nodes_silent(pending)));
        return false;
    }
    troupe__client_say(client, json_pack("{s:O, s:{s:O}}", "id", pending->id,
                                         "more", "actors", actors));
    client->page = pending;
    return true;
}

static bool
answer_ps(troupe_context_t *ctx, struct troupe__client *client,
          struct troupe__pending *pending, json_t *page)
{
    json_t *actors = json_object_get(page, "actors");
    json_t *next = json_object_get(page, "next");
    json_t *actor = NULL;
    size_t i = 0;
    (void) ctx;
    json_array_foreach(actors, i, actor)
    {
        make_actor(pending->admin->node, actor);
        troupe__nodes_label(pending, actor);
    }
    pending->from = (uint64_t) json_integer_value(next);
    return say_actors(client, pending, actors,
                      json_is_integer(next) || troupe__nodes_next(pending));
}

static bool
failed_ps(troupe_context_t *ctx, struct troupe__client *client,
          struct troupe__pending *pending)
{
    (void) ctx;
    troupe__nodes_skip(pending);
    pending->from = 0;
    json_t *none = json_array();
    bool goes_on =
        say_actors(client, pending, none, troupe__nodes_next(pending));
    json_decref(none);
    return goes_on;
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

static void
begin_ps(troupe_context_t *ctx, struct troupe__client *client,
         struct troupe__pending *pending)
{
    client->page = pending;
    troupe__request_more(ctx, pending->admin, client);
}

void
troupe__do_ps(const struct troupe__call *call)
{
    struct troupe__pending *pending = troupe__pending_new(call, answer_ps);
    pending->failed = failed_ps;
    pending->told = begin_ps;
    troupe__nodes_ask(call, pending);
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

/* Its supervisor knows the deputy, and restarts that. */
static void
label_deputy(const struct troupe__pending *pending, json_t *actor)
{
    troupe_actor_stats_t stats;
    char text[TROUPE_REF_TEXT];
    if (troupe_ref_is_nobody(pending->deputy)
        || troupe_actor_stats_get(pending->admin->node, pending->deputy, &stats)
               < 0)
        return;
    json_object_set_new(actor, "incarnation", json_integer(stats.incarnation));
    json_object_set_new(actor, "parent",
                        json_string(troupe_ref_text(stats.parent, text)));
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
    troupe__nodes_label(pending, actor);
    label_deputy(pending, actor);
    if (troupe_ref_is_nobody(pending->deputy) && pending->far_count > 0)
        json_object_set_new(actor, "silent", troupe__nodes_silent(pending));
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
    troupe__reach(call, pending, &stats);
}

/* --- dead letters, counters -------------------------------------------------*/

static bool
ask_tour(troupe_context_t *ctx, struct troupe__client *client,
         struct troupe__pending *pending)
{
    int rc = troupe_ask(ctx, troupe__nodes_agent(pending), pending->verb,
                        pending->at == 0 ? TROUPE__AGENT_MS : TROUPE__FAR_MS,
                        troupe__pending_answer, pending, NULL);
    client->asks += rc == 0;
    if (rc < 0)
        troupe__client_error(client, pending->id, rc, "%s",
                             troupe_strerror(rc));
    return rc == 0;
}

/* True when `pending` goes on, with the next node. */
static bool
go_on(troupe_context_t *ctx, struct troupe__client *client,
      struct troupe__pending *pending)
{
    if (troupe__nodes_next(pending))
        return ask_tour(ctx, client, pending);
    if (pending->json)
        json_object_set_new(pending->json, "silent",
                            troupe__nodes_silent(pending));
    troupe__client_ok(client, pending->id, json_incref(pending->json));
    return false;
}

static bool
failed_tour(troupe_context_t *ctx, struct troupe__client *client,
            struct troupe__pending *pending)
{
    troupe__nodes_skip(pending);
    return go_on(ctx, client, pending);
}

static void
begin_tour(troupe_context_t *ctx, struct troupe__client *client,
           struct troupe__pending *pending)
{
    if (!ask_tour(ctx, client, pending))
        troupe__pending_free(pending);
}

static void
tour(const struct troupe__call *call, const char *verb, troupe__part_fn part)
{
    struct troupe__pending *pending = troupe__pending_new(call, part);
    pending->verb = verb;
    pending->failed = failed_tour;
    pending->told = begin_tour;
    troupe__nodes_ask(call, pending);
}

/* Sums of numbers, and lists one behind the other. */
static void
add_up(json_t *sum, const json_t *more)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *) (uintptr_t) more, key, value)
    {
        json_t *old = json_object_get(sum, key);
        if (json_is_integer(old)) {
            json_integer_set(old, json_integer_value(old)
                                      + json_integer_value(value));
        } else if (json_is_array(old)) {
            json_array_extend(old, value);
        } else {
            json_object_set(sum, key, value);
        }
    }
}

static bool
answer_dead(troupe_context_t *ctx, struct troupe__client *client,
            struct troupe__pending *pending, json_t *dead)
{
    json_t *letters = json_object_get(dead, "letters");
    json_int_t now = json_integer_value(json_object_get(dead, "now_ns"));
    json_t *letter = NULL;
    char name[TROUPE_NAME_MAX + 1];
    size_t i = 0;
    bool named =
        troupe_node_of(pending->admin->node, troupe__nodes_agent(pending), name)
        == 0;
    json_array_foreach(letters, i, letter)
    {
        json_int_t at = json_integer_value(json_object_get(letter, "at_ns"));
        json_object_set_new(letter, "age_ns", json_integer(now - at));
        json_object_del(letter, "at_ns");
        troupe__ref_as_text(pending->admin->node, letter, "to", "to_name");
        troupe__ref_as_text(pending->admin->node, letter, "from", "from_name");
        if (named)
            json_object_set_new(letter, "node_name", json_string(name));
    }
    json_object_del(dead, "now_ns");
    if (!pending->json)
        pending->json = json_object();
    add_up(pending->json, dead);
    return go_on(ctx, client, pending);
}

void
troupe__do_dead(const struct troupe__call *call)
{
    tour(call, "agent.dead", answer_dead);
}

static bool
answer_counters(troupe_context_t *ctx, struct troupe__client *client,
                struct troupe__pending *pending, json_t *counters)
{
    if (!pending->json)
        pending->json = json_object();
    add_up(pending->json, counters);
    return go_on(ctx, client, pending);
}

void
troupe__do_counters(const struct troupe__call *call)
{
    tour(call, "agent.counters", answer_counters);
}

void
troupe__do_run(const struct troupe__call *call)
{
    const struct troupe__admin *admin = call->admin;
    uint64_t ns = troupe_now_ns(admin->node) - admin->since_ns;
    troupe__client_ok(call->client, call->id,
                      json_pack("{s:s, s:s, s:s, s:i, s:s, s:I}", "run",
                                admin->name, "topology", admin->topology,
                                "file", admin->file, "pid", (int) getpid(),
                                "version", troupe_version(), "up_ns",
                                (json_int_t) ns));
}
