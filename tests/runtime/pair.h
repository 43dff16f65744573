/* SPDX-License-Identifier: Apache-2.0 */
/* pair.h: two nodes of one run, in one process, with real sockets between. */
#ifndef TROUPE_TESTS_RUNTIME_PAIR_H
#define TROUPE_TESTS_RUNTIME_PAIR_H

#include "runtime/peers.h"
#include "troupe.h"

/* Nodes 1 and 2, which know each other; the first is world.h's `node` too. */
extern troupe_t *home, *away;

/* The directory of their sockets. */
extern char pair_directory[];

/* pair_options: what pair_begin starts both with; change it before. */
extern troupe_options_t pair_options;

/* Before and after each test. */
void pair_begin(void);
void pair_end(void);

/* pair_settle: wait until both nodes are at rest and all that was sent between
 * them has arrived; not where one of them has lost the other. */
void pair_settle(void);

/* pair_lose: that node hears that the other one has ended, and why. */
void pair_lose(troupe_t *of, const char *why);

/* pair_admit: both nodes know a third, whose frames a test writes itself. */
void pair_admit(uint32_t number, bool system);

/* pair_logged: how many log lines held `text`. */
int pair_logged(const char *text);

/* pair_socket: a PUSH socket that is connected to worker 0 of the node, as
 * that sender ("3.0"); made by ZeroMQ's own calls. pair_push sends a frame. */
void *pair_socket(troupe_t *to, const char *sender, const char *password);
void pair_push(void *socket, const void *bytes, size_t size);
void pair_socket_close(void *socket);

/* pair_password: the run's, as text. */
const char *pair_password(void);

#endif
