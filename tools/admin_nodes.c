/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_nodes.c: the other nodes of a run, for requests of the admin socket.
 *
 * A request that is about all of them, or about an actor that may be anywhere,
 * first asks the hosts of all nodes at once: who is your agent, and for which
 * deputies do you run actors? Who has not answered in a moment is silent.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_nodes.h"

#include "tools/admin_calls.h"
#include "tools/findings.h"

static unsigned
number_of(troupe_ref_t ref)
{
    char text[TROUPE_REF_TEXT];
    return (unsigned) strtoul(troupe_ref_text(ref, text) + 1, NULL, 10);
}

bool
troupe__ref_is_near(const struct troupe__admin *admin, troupe_ref_t ref)
{
    return number_of(ref) == number_of(admin->agent);
}

bool
troupe__is_far(const troupe_actor_stats_t *stats)
{
    return !*stats->kind || strcmp(stats->kind, "troupe.deputy") == 0;
}

/* --- who is there -----------------------------------------------------------*/

/* [agent, [[deputy, actor]...]] */
static void
take_answer(struct troupe__far *far, const troupe_answer_t *answer)
{
    char deputy[TROUPE_REF_TEXT], actor[TROUPE_REF_TEXT];
    json_t *body = troupe__answer_json(answer);
    json_t *pair = NULL;
    size_t i = 0;
    far->agent = troupe__ref_of(json_array_get(body, 0));
    json_array_foreach(json_array_get(body, 1), i, pair)
    {
        troupe_ref_text(troupe__ref_of(json_array_get(pair, 0)), deputy);
        troupe_ref_text(troupe__ref_of(json_array_get(pair, 1)), actor);
        json_object_set_new(far->deputies, actor, json_string(deputy));
    }
    json_decref(body);
}

static int
on_far(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) state;
    struct troupe__far *far = answer->data;
    struct troupe__pending *pending = far->pending;
    struct troupe__admin *admin = pending->admin;
    if (answer->outcome == TROUPE_REPLY)
        take_answer(far, answer);
    if (--pending->far_waits > 0)
        return 0;
    struct troupe__client *client = troupe__pending_client(pending);
    if (!client) {
        troupe__pending_free(pending);
        return 0;
    }
    pending->told(ctx, client, pending);
    troupe__client_turn(ctx, admin, client);
    return 0;
}

/* All that are ready and have actors, but this one. */
static void
list_others(struct troupe__pending *pending, troupe_node_info_t **ret_infos)
{
    troupe_t *node = pending->admin->node;
    size_t room = troupe_node_list(node, NULL, 0) + 8;
    troupe_node_info_t *infos = troupe__grab(room * sizeof *infos);
    size_t count = troupe_node_list(node, infos, room), kept = 0;
    for (size_t i = 0; i < count && i < room; i++) {
        if (infos[i].state == TROUPE_NODE_READY && infos[i].workers > 0
            && infos[i].number != number_of(pending->admin->agent))
            infos[kept++] = infos[i];
    }
    pending->far_count = kept;
    *ret_infos = infos;
}

void
troupe__nodes_ask(const struct troupe__call *call,
                  struct troupe__pending *pending)
{
    troupe_node_info_t *infos = NULL;
    list_others(pending, &infos);
    pending->fars =
        troupe__grab((pending->far_count + 1) * sizeof *pending->fars);
    for (size_t i = 0; i < pending->far_count; i++) {
        struct troupe__far *far = &pending->fars[i];
        far->pending = pending;
        far->number = infos[i].number;
        memcpy(far->name, infos[i].name, sizeof far->name);
        far->deputies = json_object();
        if (!troupe_ref_is_nobody(infos[i].agent)
            && troupe_ask(call->ctx, infos[i].agent, "look", TROUPE__FAR_MS,
                          on_far, far, NULL)
                   == 0)
            pending->far_waits++;
    }
    free(infos);
    if (pending->far_waits > 0)
        call->client->asks++;
    else
        pending->told(call->ctx, call->client, pending);
}

/* --- one after the other ----------------------------------------------------*/

bool
troupe__nodes_next(struct troupe__pending *pending)
{
    while (pending->at < pending->far_count) {
        pending->at++;
        if (!troupe_ref_is_nobody(pending->fars[pending->at - 1].agent))
            return true;
    }
    return false;
}

troupe_ref_t
troupe__nodes_agent(const struct troupe__pending *pending)
{
    return pending->at == 0 ? pending->admin->agent
                            : pending->fars[pending->at - 1].agent;
}

void
troupe__nodes_skip(struct troupe__pending *pending)
{
    if (pending->at > 0)
        pending->fars[pending->at - 1].agent = TROUPE_NOBODY;
}

void
troupe__nodes_label(const struct troupe__pending *pending, json_t *actor)
{
    troupe_t *node = pending->admin->node;
    char name[TROUPE_NAME_MAX + 1];
    const char *text = json_string_value(json_object_get(actor, "ref"));
    troupe_ref_t ref = TROUPE_NOBODY;
    if (!text || troupe_ref_parse(text, &ref) < 0)
        return;
    json_object_set_new(actor, "node", json_integer(number_of(ref)));
    if (troupe_node_of(node, ref, name) == 0)
        json_object_set_new(actor, "node_name", json_string(name));
    for (size_t i = 0; i < pending->far_count; i++) {
        json_t *deputy = json_object_get(pending->fars[i].deputies, text);
        if (deputy)
            json_object_set(actor, "deputy", deputy);
    }
}

json_t *
troupe__nodes_silent(const struct troupe__pending *pending)
{
    json_t *names = json_array();
    for (size_t i = 0; i < pending->far_count; i++)
        if (troupe_ref_is_nobody(pending->fars[i].agent))
            json_array_append_new(names, json_string(pending->fars[i].name));
    return names;
}

/* --- one actor, wherever it is ----------------------------------------------*/

static void
ask_agent(const struct troupe__call *call, struct troupe__pending *pending)
{
    troupe__pending_asked(call, pending,
                          troupe_ask(call->ctx, pending->agent, "agent.inspect",
                                     TROUPE__AGENT_MS, troupe__pending_answer,
                                     pending, "{s:R}", "ref", pending->ref));
}

/* The actor that is meant, by its own ref or by that of its deputy. */
static struct troupe__far *
find_stay(struct troupe__pending *pending)
{
    char text[TROUPE_REF_TEXT];
    const char *actor = NULL;
    json_t *deputy = NULL;
    troupe_ref_text(pending->ref, text);
    for (size_t i = 0; i < pending->far_count; i++) {
        json_object_foreach(pending->fars[i].deputies, actor, deputy)
        {
            const char *owner = json_string_value(deputy);
            if (strcmp(actor, text) != 0 && strcmp(owner, text) != 0)
                continue;
            (void) !troupe_ref_parse(owner, &pending->deputy);
            (void) !troupe_ref_parse(actor, &pending->ref);
            return &pending->fars[i];
        }
    }
    return NULL;
}

static void
reach_far(troupe_context_t *ctx, struct troupe__client *client,
          struct troupe__pending *pending)
{
    const struct troupe__call call = {.ctx = ctx,
                                      .admin = pending->admin,
                                      .client = client,
                                      .id = pending->id};
    const struct troupe__far *far = find_stay(pending);
    pending->agent = pending->admin->agent;
    if (!far && troupe__ref_is_near(pending->admin, pending->ref)) {
        ask_agent(&call, pending); /* it is not started, or cannot be asked */
        return;
    }
    for (size_t i = 0; pending->fars && i < pending->far_count && !far; i++)
        if (pending->fars[i].number == number_of(pending->ref))
            far = &pending->fars[i];
    if (far && !troupe_ref_is_nobody(far->agent)) {
        pending->agent = far->agent;
        ask_agent(&call, pending);
        return;
    }
    troupe__client_error(client, pending->id, -EHOSTUNREACH,
                         "node '%s', where it is, does not answer",
                         far ? far->name : "?");
    troupe__pending_free(pending);
}

void
troupe__reach(const struct troupe__call *call, struct troupe__pending *pending,
              const troupe_actor_stats_t *stats)
{
    pending->ref = stats->ref;
    pending->agent = call->admin->agent;
    pending->told = reach_far;
    if (troupe__is_far(stats))
        troupe__nodes_ask(call, pending);
    else
        ask_agent(call, pending);
}
