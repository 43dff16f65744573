/* SPDX-License-Identifier: Apache-2.0 */
/* lanes.h: the inboxes of a worker, one for each neighbour. */
#ifndef TROUPE_RUNTIME_LANES_H
#define TROUPE_RUNTIME_LANES_H

#include "mailbox/transport.h"

struct troupe__worker;

/*
 * A PULL socket takes from its senders in turn and puts a sender's pipe to
 * sleep when it finds it empty; the next frame through it then costs system
 * calls on both sides. So that a receive never meets an empty pipe, a worker
 * of the node has a lane, an inbox with one sender, for itself and for each of
 * up to seven of its neighbours, which further ones share, and one more for
 * threads and for actors with a thread of their own. Those themselves have one
 * lane for all. A sender uses one lane of a receiver always: order is kept.
 */

/* troupe__lanes_open: bind them; 0, -EMFILE, or -EIO, and then none is left. */
int troupe__lanes_open(struct troupe__worker *self);

/* troupe__lanes_close: by the worker's own thread. */
void troupe__lanes_close(struct troupe__worker *self);

/* troupe__lane_of: the lane that worker number `from` sends through. */
struct troupe__inbox *troupe__lane_of(struct troupe__worker *self,
                                      uint32_t from);

/* troupe__lanes_under_way: bytes sent and not yet taken; any thread. */
uint64_t troupe__lanes_under_way(struct troupe__worker *self);

/* troupe__lanes_rung: changes with every frame that is sent; any thread. */
uint64_t troupe__lanes_rung(struct troupe__worker *self);

#endif
