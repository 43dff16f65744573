/* SPDX-License-Identifier: Apache-2.0 */
/* graph_wire.h: graphs and reports as bodies of messages; see GRAPH.md. */
#ifndef TROUPE_ACTORS_GRAPH_WIRE_H
#define TROUPE_ACTORS_GRAPH_WIRE_H

#include <string.h>

#include "troupe_graph_run.h"
#include "troupe_msgpack.h"

#define WIRE_WHY 256 /* bytes that say what is wrong */

/* What a coordinator is asked; `journal` lives in the object that was read. */
struct graph_orders {
    troupe_graph_t *graph; /* owned */
    uint32_t parallel;
    bool fail_fast;
    uint32_t deadline_ms;
    int interrupt_fd;
    troupe_ref_t watcher;
    char *journal;     /* owned; or NULL */
    bool resume;       /* the journal is there, with what is done already */
    troupe_ref_t kept; /* instead: a journal that another one has; or nobody */
    char *prefix;      /* of keys in that; owned; or NULL */
};

/*
 * troupe__graph_orders_read: read the body of a "run".
 *
 *   why      out, on error: what is wrong.
 *   returns  0 and orders, to be cleared; or -EBADMSG, -EINVAL, -ENOSPC
 */
int troupe__graph_orders_read(const troupe_message_t *msg,
                              struct graph_orders *ret_orders,
                              char why[WIRE_WHY]);
void troupe__graph_orders_clear(struct graph_orders *orders);

/* troupe__graph_task_write: one task; what it is by itself is left out. */
void troupe__graph_task_write(msgpack_packer *packer,
                              const troupe_graph_task_t *task);

/* troupe__graph_tasks_read: add the tasks of a list; as orders are read. */
int troupe__graph_tasks_read(const msgpack_object *list, troupe_graph_t *graph,
                             char why[WIRE_WHY]);

/* troupe__graph_is_key: whether a key is a text of that name. */
static inline bool
troupe__graph_is_key(const msgpack_object *key, const char *name, size_t size)
{
    return key->type == MSGPACK_OBJECT_STR && key->via.str.size == size
           && memcmp(key->via.str.ptr, name, size) == 0;
}

/* troupe__graph_report_tell: write a report's body; for the format "*"; `report` is
 * a const troupe_graph_report_t *. */
int troupe__graph_report_tell(msgpack_packer *packer, void *report);

/* troupe__graph_pack_text: a text of C; troupe__graph_pack_bytes: of a size. */
void troupe__graph_pack_text(msgpack_packer *packer, const char *text);
void troupe__graph_pack_bytes(msgpack_packer *packer, const char *text,
                              size_t size);

/* troupe__graph_cores: how many there are, 1 or more. */
uint32_t troupe__graph_cores(void);

#endif
