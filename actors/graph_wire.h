/* SPDX-License-Identifier: Apache-2.0 */
/* graph_wire.h: graphs and reports as bodies of messages; see GRAPH.md. */
#ifndef TROUPE_ACTORS_GRAPH_WIRE_H
#define TROUPE_ACTORS_GRAPH_WIRE_H

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
    char *journal; /* owned; or NULL */
    bool resume;   /* the journal is there, with what is done already */
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

/* troupe__graph_report_tell: write a report's body; for the format "*"; `report` is
 * a const troupe_graph_report_t *. */
int troupe__graph_report_tell(msgpack_packer *packer, void *report);

/* troupe__graph_pack_text: a text of C. */
void troupe__graph_pack_text(msgpack_packer *packer, const char *text);

/* troupe__graph_cores: how many there are, 1 or more. */
uint32_t troupe__graph_cores(void);

#endif
