/* SPDX-License-Identifier: Apache-2.0 */
/* troupe.h: the runtime, supervision and gather in one; see README. */
#ifndef TROUPE_H
#define TROUPE_H

/*
 * A pointer may be NULL only where its header says so, and in every
 * troupe_x_destroy(). Elsewhere NULL for a context, a node, a message or an
 * out-parameter is a bug of the caller: the process ends at once, with a line
 * that names the check.
 */

#include "troupe_actor.h"
#include "troupe_agent.h"
#include "troupe_ask.h"
#include "troupe_base.h"
#include "troupe_child_calls.h"
#include "troupe_children.h"
#include "troupe_delivery.h"
#include "troupe_events.h"
#include "troupe_gather.h"
#include "troupe_isolation.h"
#include "troupe_kind.h"
#include "troupe_lifecycle.h"
#include "troupe_message.h"
#include "troupe_node.h"
#include "troupe_nodes.h"
#include "troupe_rundir.h"
#include "troupe_stats.h"
#include "troupe_supervisor.h"
#include "troupe_thread.h"
#include "troupe_trace.h"

#endif
