/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_nester.c: the actor that runs graphs for tasks of another one.
 *
 * A coordinator runs one graph at a time, so each that runs has its own, from a
 * stack of those that have none. The item of the list is a task of the graph,
 * `item`, with its value; so is `index`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_children.h"
#include "troupe_lifecycle.h"

#include "actors/graph.h"
#include "actors/graph_nested.h"
#include "mailbox/check.h"

#define WHY_MAX 512

/* One run. */
struct nest {
    struct nest *next;
    struct nester *owner;
    troupe_token_t token;
    troupe_ask_t ask;
    troupe_ref_t coordinator;
    uint64_t deadline_ns;
    troupe_graph_t *graph;
    void *orders; /* of the coordinator; owned */
    size_t size;
};

struct nester {
    troupe_ref_t supervisor;
    troupe_ref_t *idle;         /* coordinators */
    uint32_t idle_count, count; /* of all */
    struct nest *nests;
};

static void
destroy(struct nest *self)
{
    troupe_graph_destroy(&self->graph);
    free(self->orders);
    free(self);
}

static void
nest_free(struct nest *self)
{
    struct nest **at = &self->owner->nests;
    while (*at != self)
        at = &(*at)->next;
    *at = self->next;
    destroy(self);
}

static int
refuse(troupe_context_t *ctx, struct nest *nest, int code, const char *words)
{
    int rc = troupe_reply_error_to(ctx, &nest->token, code, "%s", words);
    nest_free(nest);
    return rc == -ENOMSG ? 0 : rc;
}

/* --- what it is asked -------------------------------------------------------*/

static const msgpack_object *
find(const msgpack_object *map, const char *key)
{
    for (uint32_t i = 0;
         map->type == MSGPACK_OBJECT_MAP && i < map->via.map.size; i++)
        if (troupe__graph_is_key(&map->via.map.ptr[i].key, key, strlen(key)))
            return &map->via.map.ptr[i].val;
    return NULL;
}

/* A "${" of an item is no reference. */
static void
pack_text_as_is(msgpack_packer *packer, const msgpack_object_str *text)
{
    char *copy = troupe__alloc(2 * (size_t) text->size + 1);
    size_t size = 0;
    for (uint32_t i = 0; i < text->size; i++) {
        if (text->ptr[i] == '$' && i + 1 < text->size
            && text->ptr[i + 1] == '{')
            copy[size++] = '$';
        copy[size++] = text->ptr[i];
    }
    msgpack_pack_str_with_body(packer, copy, size);
    free(copy);
}

/* Its depth is that of a result: bounded. */
static void
pack_as_is(msgpack_packer *packer, const msgpack_object *value)
{
    if (value->type == MSGPACK_OBJECT_STR) {
        pack_text_as_is(packer, &value->via.str);
    } else if (value->type == MSGPACK_OBJECT_ARRAY) {
        msgpack_pack_array(packer, value->via.array.size);
        for (uint32_t i = 0; i < value->via.array.size; i++)
            pack_as_is(packer, &value->via.array.ptr[i]);
    } else if (value->type == MSGPACK_OBJECT_MAP) {
        msgpack_pack_map(packer, value->via.map.size);
        for (uint32_t i = 0; i < value->via.map.size; i++) {
            msgpack_pack_object(packer, value->via.map.ptr[i].key);
            pack_as_is(packer, &value->via.map.ptr[i].val);
        }
    } else {
        msgpack_pack_object(packer, *value);
    }
}

static void
pack_task(msgpack_packer *packer, const troupe_graph_task_t *spec,
          const msgpack_object *what)
{
    troupe_graph_task_t task = *spec;
    const msgpack_object *value =
        strcmp(spec->id, "item") == 0 || strcmp(spec->id, "index") == 0
            ? find(what, spec->id)
            : NULL;
    msgpack_sbuffer buffer;
    msgpack_packer body;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&body, &buffer, msgpack_sbuffer_write);
    if (value) {
        pack_as_is(&body, value);
        task.body = buffer.data;
        task.body_size = buffer.size;
    }
    troupe__graph_task_write(packer, &task);
    msgpack_sbuffer_destroy(&buffer);
}

/* The rest of what it is asked is as the coordinator is. */
static void
pack_orders(struct nest *nest, const msgpack_object *body,
            const msgpack_object *what)
{
    static const char *const keys[] = {"parallel", "fail_fast", "resume",
                                       "kept", "prefix"};
    const size_t count = sizeof keys / sizeof *keys;
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, count + 1);
    for (size_t i = 0; i < count; i++) {
        troupe__graph_pack_text(&packer, keys[i]);
        msgpack_pack_object(&packer, *find(body, keys[i]));
    }
    troupe__graph_pack_text(&packer, "tasks");
    msgpack_pack_array(&packer, nest->graph->count);
    for (uint32_t i = 0; i < nest->graph->count; i++)
        pack_task(&packer, &nest->graph->tasks[i].spec, what);
    nest->orders = buffer.data;
    nest->size = buffer.size;
}

static int
read_graph(struct nest *nest, const msgpack_object *what, char why[WIRE_WHY])
{
    const msgpack_object *bytes = find(what, "graph");
    msgpack_unpacked whole;
    size_t used = 0;
    int rc = -EBADMSG;
    snprintf(why, WIRE_WHY, "a task that is a graph wants {graph, item}");
    if (!bytes || bytes->type != MSGPACK_OBJECT_BIN)
        return rc;
    msgpack_unpacked_init(&whole);
    if (msgpack_unpack_next(&whole, bytes->via.bin.ptr, bytes->via.bin.size,
                            &used)
        == MSGPACK_UNPACK_SUCCESS) {
        const msgpack_object *tasks = find(&whole.data, "tasks");
        nest->graph = troupe_graph_new();
        if (tasks && tasks->type == MSGPACK_OBJECT_ARRAY)
            rc = troupe__graph_tasks_read(tasks, nest->graph, why);
    }
    msgpack_unpacked_destroy(&whole);
    return rc;
}

/* --- what comes of it -------------------------------------------------------*/

/* Of those that none of the others needs or has to stand by. */
static bool
is_last(const troupe_graph_t *graph, uint32_t index)
{
    const char *id = graph->tasks[index].spec.id;
    bool is_given = strcmp(id, "item") == 0 || strcmp(id, "index") == 0;
    for (uint32_t i = 0; i < graph->count && !is_given; i++) {
        const troupe_graph_task_t *it = &graph->tasks[i].spec;
        is_given = (it->fallback && strcmp(it->fallback, id) == 0)
                   || (it->on_error && strcmp(it->on_error, id) == 0);
        for (size_t j = 0; j < it->need_count && !is_given; j++)
            is_given = strcmp(it->needs[j], id) == 0;
    }
    return !is_given;
}

static void
pack_value(msgpack_packer *packer, const troupe_graph_t *graph,
           const troupe_graph_report_t *report)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->count; i++)
        count += is_last(graph, i) && !strchr(graph->tasks[i].spec.id, '/');
    msgpack_pack_map(packer, count);
    for (uint32_t i = 0; i < graph->count; i++) {
        const troupe_graph_ended_t *it = &report->tasks[i];
        if (!is_last(graph, i) || strchr(it->id, '/'))
            continue;
        troupe__graph_pack_text(packer, it->id);
        if (it->result)
            packer->callback(packer->data, it->result, it->result_size);
        else
            msgpack_pack_nil(packer);
    }
}

/* The first task that is to be blamed, and why. */
static void
blame(const troupe_graph_report_t *report, char why[WHY_MAX])
{
    snprintf(why, WHY_MAX, "%s", report->why);
    for (size_t i = 0; i < report->count; i++) {
        const troupe_graph_ended_t *it = &report->tasks[i];
        bool lacks = it->state == TROUPE_GRAPH_OK && *it->why;
        bool is_bad = it->state == TROUPE_GRAPH_FAILED
                      || it->state == TROUPE_GRAPH_TIMEOUT
                      || it->state == TROUPE_GRAPH_LOST;
        if (!lacks && !is_bad)
            continue;
        snprintf(why, WHY_MAX, "'%s' %s: %s", it->id,
                 lacks ? "fell short" : troupe_graph_state_name(it->state),
                 it->why);
        return;
    }
}

static int
answer(troupe_context_t *ctx, struct nest *nest,
       const troupe_graph_report_t *report)
{
    char why[WHY_MAX] = "";
    bool is_good = report->outcome == TROUPE_GRAPH_COMPLETE
                   || report->outcome == TROUPE_GRAPH_DEGRADED;
    if (report->outcome != TROUPE_GRAPH_COMPLETE)
        blame(report, why);
    if (!is_good) {
        int code =
            report->outcome == TROUPE_GRAPH_OVERDUE ? -ETIMEDOUT : -EPROTO;
        return troupe_reply_error_to(ctx, &nest->token, code, "%s", why);
    }
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    pack_value(&packer, nest->graph, report);
    int rc = troupe_reply_to(ctx, &nest->token, "{s:s, s:r}", "why", why,
                             "value", buffer.data, buffer.size);
    msgpack_sbuffer_destroy(&buffer);
    return rc;
}

static int
on_report(troupe_context_t *ctx, void *state, const troupe_answer_t *it)
{
    struct nester *self = state;
    struct nest *nest = it->data;
    troupe_graph_report_t *report = NULL;
    if (it->outcome != TROUPE_DOWN)
        self->idle[self->idle_count++] = nest->coordinator;
    if (it->outcome != TROUPE_REPLY)
        return refuse(ctx, nest, it->code, it->text);
    int rc = troupe_graph_report_read(it->msg, nest->graph, &report);
    if (rc < 0)
        return refuse(ctx, nest, rc, "its report cannot be read");
    rc = answer(ctx, nest, report);
    troupe_graph_report_destroy(&report);
    nest_free(nest);
    return rc == -ENOMSG ? 0 : rc;
}

/* --- its coordinator --------------------------------------------------------*/

static int
begin(troupe_context_t *ctx, struct nest *nest)
{
    troupe_ask_options_t options = {.timeout_ms = UINT32_MAX - 1,
                                    .deadline_ns = nest->deadline_ns,
                                    .answer = on_report,
                                    .data = nest,
                                    .detached = true};
    if (!troupe_token_is_open(ctx, nest->token)) {
        struct nester *self = nest->owner;
        self->idle[self->idle_count++] = nest->coordinator;
        nest_free(nest);
        return 0;
    }
    int rc = troupe_ask_with(ctx, nest->coordinator, "run", &options,
                             &nest->ask, "r", nest->orders, nest->size);
    return rc < 0 ? refuse(ctx, nest, rc, troupe_strerror(rc)) : 0;
}

static int
on_child(troupe_context_t *ctx, void *state, const troupe_answer_t *it)
{
    struct nester *self = state;
    struct nest *nest = it->data;
    troupe_child_info_t info;
    if (it->outcome != TROUPE_REPLY
        || troupe_child_info_read(it->msg, &info) < 0)
        return refuse(ctx, nest, -EHOSTDOWN, "no coordinator could be started");
    self->idle = troupe__realloc(self->idle, self->count * sizeof *self->idle);
    nest->coordinator = info.ref;
    return begin(ctx, nest);
}

static int
start_child(troupe_context_t *ctx, struct nester *self, struct nest *nest)
{
    char id[32];
    troupe_supervisor_options_t options = {.strategy = TROUPE_ONE_FOR_ONE,
                                           .intensity = 10};
    snprintf(id, sizeof id, "coordinator-%u", ++self->count);
    troupe_child_spec_t spec = {
        .id = id, .kind = &troupe_graph_coordinator, .place = TROUPE_SPREAD};
    troupe_child_request_t request = {.verb = TROUPE_START_CHILD,
                                      .spec = &spec};
    int rc = troupe_ref_is_nobody(self->supervisor) ? troupe_supervisor_start(
                 ctx, &options, NULL, 0, &self->supervisor, NULL)
                                                    : 0;
    if (rc == 0)
        rc = troupe_supervisor_ask(ctx, self->supervisor, &request, 0, on_child,
                                   nest);
    return rc < 0 ? refuse(ctx, nest, rc, "no coordinator can be started") : 0;
}

/* --- the actor --------------------------------------------------------------*/

static int
on_run(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct nester *self = state;
    char why[WIRE_WHY];
    msgpack_object body;
    if (!troupe_message_is_ask(msg))
        return 0;
    struct nest *nest = troupe__alloc(sizeof *nest);
    nest->owner = self;
    nest->next = self->nests;
    self->nests = nest;
    nest->deadline_ns = troupe_message_deadline_ns(msg);
    int rc = troupe_defer(ctx, &nest->token);
    CHECK(rc == 0); /* it is an ask, and not answered */
    rc = troupe_message_object(msg, &body);
    CHECK(rc == 0); /* our coordinator wrote it */
    const msgpack_object *what = find(&body, "what");
    rc = read_graph(nest, what, why);
    if (rc < 0)
        return refuse(ctx, nest, rc, why);
    pack_orders(nest, &body, what);
    if (self->idle_count == 0)
        return start_child(ctx, self, nest);
    nest->coordinator = self->idle[--self->idle_count];
    return begin(ctx, nest);
}

static int
on_cancel(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct nester *self = state;
    uint64_t id = troupe_token_read(msg).id;
    for (struct nest *it = self->nests; it; it = it->next)
        if (it->token.id == id && it->ask.id != 0)
            (void) troupe_cancel(ctx, it->ask);
    return 0;
}

static void
nester_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    struct nester *self = state;
    (void) ctx, (void) reason;
    for (struct nest *it = self->nests, *next; it; it = next) {
        next = it->next;
        destroy(it);
    }
    free(self->idle);
}

TROUPE_KIND(troupe__graph_nester, struct nester, TROUPE_ON("run", on_run),
            TROUPE_ON_CANCEL(on_cancel), TROUPE_ON_STOP(nester_stop));
