/* SPDX-License-Identifier: Apache-2.0 */
/* admin_requests.c: requests of the admin socket, and how they are answered. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_events.h"
#include "troupe_nodes.h"

#include "tools/admin_calls.h"
#include "tools/findings.h"
#include "tools/json_value.h"

void
troupe__call_refuse(const struct troupe__call *call, int code, const char *what)
{
    troupe__client_error(call->client, call->id, code, "%s", what);
}

/* --- pending ----------------------------------------------------------------*/

struct troupe__pending *
troupe__pending_new(const struct troupe__call *call, troupe__part_fn part)
{
    struct troupe__pending *self = troupe__grab(sizeof *self);
    struct troupe__admin *admin = call->admin;
    self->admin = admin;
    self->client = call->client->serial;
    self->id = json_incref((json_t *) (uintptr_t) call->id);
    self->part = part;
    self->next = admin->pending;
    self->link = &admin->pending;
    if (self->next)
        self->next->link = &self->next;
    admin->pending = self;
    return self;
}

void
troupe__pending_free(struct troupe__pending *self)
{
    *self->link = self->next;
    if (self->next)
        self->next->link = self->link;
    json_decref(self->id);
    json_decref(self->json);
    for (size_t i = 0; i < self->far_count; i++)
        json_decref(self->fars[i].deputies);
    free(self->fars);
    free(self);
}

/* The client of a pending request, which has one ask less under way. */
struct troupe__client *
troupe__pending_client(const struct troupe__pending *self)
{
    struct troupe__client *client =
        troupe__client_find(self->admin, self->client);
    if (client && client->asks > 0)
        client->asks--;
    return client;
}

/* After an ask: it is under way, or its client hears why not. */
void
troupe__pending_asked(const struct troupe__call *call,
                      struct troupe__pending *pending, int rc)
{
    if (rc == 0) {
        call->client->asks++;
        return;
    }
    troupe__call_refuse(call, rc, troupe_strerror(rc));
    troupe__pending_free(pending);
}

static void
refuse_by(struct troupe__client *client, const struct troupe__pending *pending,
          const troupe_answer_t *answer)
{
    const char *outcome = troupe_outcome_name(answer->outcome);
    json_t *text = json_string(answer->text);
    troupe__client_say(
        client,
        json_pack("{s:O, s:{s:i, s:s, s:o}}", "id", pending->id, "error",
                  "code", answer->code, "outcome", outcome, "text",
                  text ? text : json_string(troupe_strerror(answer->code))));
}

/* --- courier ----------------------------------------------------------------*/

static int
courier_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    return troupe_unpack(msg, "R", (troupe_ref_t *) state);
}

static int
courier_carry(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int rc = troupe_forward(ctx, *(troupe_ref_t *) state, msg);
    if (rc < 0 && troupe_message_is_ask(msg))
        (void) !troupe_reply_error(ctx, rc, "%s", troupe_strerror(rc));
    return TROUPE_STOP;
}

static const troupe_clause_t courier_clauses[] = {
    TROUPE_ON_START(courier_start),
    TROUPE_ON_FALLBACK(courier_carry),
    {0, NULL, NULL, NULL}};

static const troupe_kind_t courier = {.name = "troupe.courier",
                                      .state_size = sizeof(troupe_ref_t),
                                      .clauses = courier_clauses};

/* On the worker of the one that it goes to: where that one is busy the message
 * would have to wait anyway. */
int
troupe__courier(troupe_context_t *ctx, troupe_ref_t to,
                troupe_ref_t *ret_courier)
{
    char text[TROUPE_REF_TEXT];
    unsigned node = 0, worker = 0;
    troupe_spawn_options_t options = {.place = TROUPE_SPREAD};
    troupe_node_stats_t stats;
    troupe_node_stats_get(troupe_context_node(ctx), &stats);
    if (sscanf(troupe_ref_text(to, text), "<%u.%u.", &node, &worker) == 2
        && worker < stats.workers) {
        options.place = TROUPE_WORKER;
        options.worker = worker;
    }
    return troupe_spawn(ctx, &courier, &options, ret_courier, "R", to);
}

/* --- who is meant -----------------------------------------------------------*/

/* All refs; to be freed. */
static troupe_ref_t *
all_actors(troupe_t *node, size_t *ret_count)
{
    size_t room = troupe_actors(node, NULL, 0) + 64;
    troupe_ref_t *refs = troupe__grab(room * sizeof *refs);
    size_t count = troupe_actors(node, refs, room);
    *ret_count = count < room ? count : room;
    return refs;
}

static void
refuse_name(const struct troupe__call *call, const char *name)
{
    size_t count = 0;
    troupe_ref_t *refs = all_actors(call->admin->node, &count);
    char **names = troupe__grab((count + 1) * sizeof *names);
    troupe_actor_stats_t stats;
    for (size_t i = 0; i < count; i++) {
        if (troupe_actor_stats_get(call->admin->node, refs[i], &stats) == 0
            && stats.name[0])
            names[i] = troupe__copy(stats.name, strlen(stats.name));
    }
    const char *nearest =
        troupe__nearest(name, (const char *const *) names, count);
    if (nearest) {
        troupe__client_error(call->client, call->id, -ENOENT,
                             "there is no actor '%s'; did you mean '%s'?", name,
                             nearest);
    } else {
        troupe__client_error(call->client, call->id, -ENOENT,
                             "there is no actor '%s'; 'troupe ps' lists all",
                             name);
    }
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
    free(refs);
}

/* By "to"; false: the client was told. */
static bool
find_target(const struct troupe__call *call, troupe_actor_stats_t *ret_stats)
{
    const char *name = json_string_value(json_object_get(call->request, "to"));
    troupe_t *node = call->admin->node;
    troupe_ref_t ref;
    if (!name) {
        troupe__call_refuse(call, -EINVAL,
                            "'to' must say which actor is meant");
        return false;
    }
    char its_node[TROUPE_NAME_MAX + 1];
    bool by_ref = name[0] == '<';
    int rc =
        by_ref ? troupe_ref_parse(name, &ref) : troupe_lookup(node, name, &ref);
    if (rc == 0 && troupe_actor_stats_get(node, ref, ret_stats) < 0) {
        *ret_stats = (troupe_actor_stats_t){
            /* on another node */
            .ref = ref,
            .kind = "",
            .limits = {.messages_max = UINT32_MAX, .bytes_max = UINT32_MAX}};
        snprintf(ret_stats->name, sizeof ret_stats->name, "%s", name);
        if (by_ref && !troupe__ref_is_near(call->admin, ref))
            rc = troupe_node_of(node, ref, its_node);
        else if (by_ref)
            rc = -ESRCH;
    }
    if (rc < 0)
        refuse_name(call, name);
    return rc == 0;
}

bool
troupe__target(const struct troupe__call *call, bool own,
               troupe_actor_stats_t *ret_stats)
{
    if (!find_target(call, ret_stats))
        return false;
    if (!own || !*ret_stats->kind || !troupe_ref_is_nobody(ret_stats->parent))
        return true;
    troupe__client_error(
        call->client, call->id, -EPERM,
        "'%s' has no supervisor: it belongs to the run itself; 'troupe stop' "
        "ends the run",
        ret_stats->name[0] ? ret_stats->name : ret_stats->kind);
    return false;
}

/* --- what the agent says, as JSON -------------------------------------------*/

troupe_ref_t
troupe__ref_of(const json_t *number)
{
    const json_t *big = json_object_get(number, "$uint");
    return (troupe_ref_t){big ? strtoull(json_string_value(big), NULL, 10)
                              : (uint64_t) json_integer_value(number)};
}

/* Numbers of refs are for programs here, and too large for JSON elsewhere. */
void
troupe__ref_as_text(troupe_t *node, json_t *object, const char *key,
                    const char *name)
{
    troupe_ref_t ref = troupe__ref_of(json_object_get(object, key));
    troupe_actor_stats_t stats;
    char text[TROUPE_REF_TEXT];
    bool is_there = !troupe_ref_is_nobody(ref);
    json_object_set_new(object, key,
                        is_there ? json_string(troupe_ref_text(ref, text))
                                 : json_null());
    if (!name)
        return;
    bool named = is_there && troupe_actor_stats_get(node, ref, &stats) == 0
                 && stats.name[0];
    json_object_set_new(object, name,
                        named ? json_string(stats.name) : json_null());
}

json_t *
troupe__answer_json(const troupe_answer_t *answer)
{
    size_t size = 0;
    const void *body = troupe_message_body(answer->msg, &size);
    json_t *json = troupe__json_of_body(body, size);
    return json ? json : json_null();
}

/* --- answers ----------------------------------------------------------------*/

int
troupe__pending_answer(troupe_context_t *ctx, void *state,
                       const troupe_answer_t *answer)
{
    (void) state;
    struct troupe__pending *pending = answer->data;
    struct troupe__admin *admin = pending->admin;
    struct troupe__client *client = troupe__pending_client(pending);
    bool goes_on = false;
    if (client && answer->outcome == TROUPE_REPLY) {
        json_t *body = troupe__answer_json(answer);
        if (pending->part)
            goes_on = pending->part(ctx, client, pending, body);
        else
            troupe__client_ok(client, pending->id, json_incref(body));
        json_decref(body);
    } else if (client && pending->failed) {
        goes_on = pending->failed(ctx, client, pending);
    } else if (client) {
        refuse_by(client, pending, answer);
    }
    if (!goes_on)
        troupe__pending_free(pending);
    if (client)
        troupe__client_turn(ctx, admin, client);
    return 0;
}

#define AS_ROW(name) {#name, troupe__do_##name},
static const struct {
    const char *name;
    void (*run)(const struct troupe__call *call);
} verbs[] = {TROUPE__REQUESTS(AS_ROW)};

void
troupe__request(troupe_context_t *ctx, struct troupe__admin *self,
                struct troupe__client *client, const char *line, size_t size)
{
    json_error_t error;
    json_t *request =
        json_loadb(line, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    const json_t *id = json_object_get(request, "id");
    const char *verb = json_string_value(json_object_get(request, "do"));
    json_t *none = json_null();
    const struct troupe__call call = {ctx, self, client, request,
                                      id ? id : none};
    size_t i = 0, count = sizeof verbs / sizeof *verbs;
    while (verb && i < count && strcmp(verbs[i].name, verb) != 0)
        i++;
    if (!request) {
        troupe__client_error(client, none, -EBADMSG, "this is no JSON: %s",
                             error.text);
    } else if (!verb) {
        troupe__call_refuse(
            &call, -EBADMSG,
            "a request is an object on one line: {\"id\": 1, \"do\": "
            "\"ps\"}");
    } else if (i == count) {
        troupe__client_error(client, call.id, -EOPNOTSUPP,
                             "there is no request '%.31s'", verb);
    } else {
        verbs[i].run(&call);
    }
    json_decref(request);
}
