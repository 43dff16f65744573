/* SPDX-License-Identifier: Apache-2.0 */
/* graph_orders.c: what a coordinator is asked, as msgpack. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/graph.h"
#include "actors/graph_wire.h"
#include "mailbox/check.h"

int
troupe_graph_write(struct msgpack_packer *packer, void *request)
{
    const struct troupe_graph_request *self = request;
    const troupe_graph_options_t *options = self->options;
    troupe_graph_options_t defaults = troupe_graph_options_default();
    if (!options)
        options = &defaults;
    msgpack_pack_map(packer, options->journal ? 8 : 6);
    troupe__graph_pack_text(packer, "parallel");
    msgpack_pack_uint32(packer, options->parallel);
    troupe__graph_pack_text(packer, "fail_fast");
    options->fail_fast ? msgpack_pack_true(packer) : msgpack_pack_false(packer);
    troupe__graph_pack_text(packer, "deadline_ms");
    msgpack_pack_uint32(packer, options->deadline_ms);
    troupe__graph_pack_text(packer, "interrupt_fd");
    msgpack_pack_int(packer, options->interrupt_fd);
    troupe__graph_pack_text(packer, "watcher");
    msgpack_pack_uint64(packer, options->watcher.id);
    if (options->journal) {
        troupe__graph_pack_text(packer, "journal");
        troupe__graph_pack_text(packer, options->journal);
        troupe__graph_pack_text(packer, "resume");
        options->resume ? msgpack_pack_true(packer)
                        : msgpack_pack_false(packer);
    }
    troupe__graph_pack_text(packer, "tasks");
    msgpack_pack_array(packer, self->graph->count);
    for (uint32_t i = 0; i < self->graph->count; i++)
        troupe__graph_task_write(packer, &self->graph->tasks[i].spec);
    return 0;
}

static const msgpack_object *
find(const msgpack_object *map, const char *key)
{
    size_t size = strlen(key);
    for (uint32_t i = 0;
         map->type == MSGPACK_OBJECT_MAP && i < map->via.map.size; i++)
        if (troupe__graph_is_key(&map->via.map.ptr[i].key, key, size))
            return &map->via.map.ptr[i].val;
    return NULL;
}

int
troupe__graph_orders_read(const troupe_message_t *msg,
                          struct graph_orders *ret_orders, char why[WIRE_WHY])
{
    struct graph_orders orders = {.interrupt_fd = -1};
    uint64_t parallel = 0, deadline_ms = 0;
    const char *journal = NULL, *prefix = NULL;
    msgpack_object body = {.type = MSGPACK_OBJECT_NIL};
    int rc = troupe_message_object(msg, &body);
    if (rc == 0) {
        rc = troupe_unpack(msg, "{s?U, s?b, s?U, s?i, s?R}", "parallel",
                           &parallel, "fail_fast", &orders.fail_fast,
                           "deadline_ms", &deadline_ms, "interrupt_fd",
                           &orders.interrupt_fd, "watcher", &orders.watcher);
    }
    /* A key that is not there is sought behind all tasks: not for nothing. */
    if (rc == 0 && (find(&body, "journal") || find(&body, "resume"))) {
        rc = troupe_unpack(msg, "{s?s, s?b, s?R, s?s}", "journal", &journal,
                           "resume", &orders.resume, "kept", &orders.kept,
                           "prefix", &prefix);
    }
    const msgpack_object *tasks = rc == 0 ? find(&body, "tasks") : NULL;
    if (rc < 0 || !tasks || tasks->type != MSGPACK_OBJECT_ARRAY
        || parallel > UINT32_MAX / 2 || deadline_ms > UINT32_MAX / 2) {
        snprintf(why, WIRE_WHY, "'run' wants {tasks: [...]}; see GRAPH.md");
        return -EBADMSG;
    }
    orders.parallel = (uint32_t) parallel;
    orders.deadline_ms = (uint32_t) deadline_ms;
    orders.graph = troupe_graph_new();
    orders.journal = journal ? troupe__strdup(journal) : NULL;
    orders.prefix = prefix ? troupe__strdup(prefix) : NULL;
    rc = troupe__graph_tasks_read(tasks, orders.graph, why);
    if (rc < 0)
        troupe__graph_orders_clear(&orders);
    else
        *ret_orders = orders;
    return rc;
}

void
troupe__graph_orders_clear(struct graph_orders *orders)
{
    troupe_graph_destroy(&orders->graph);
    free(orders->journal);
    free(orders->prefix);
    orders->journal = orders->prefix = NULL;
}
