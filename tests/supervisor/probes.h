/* SPDX-License-Identifier: Apache-2.0 */
/* probes.h: the actors of the harness's own. */
#ifndef TROUPE_TESTS_SUPERVISOR_PROBES_H
#define TROUPE_TESTS_SUPERVISOR_PROBES_H

#include <troupe.h>

/* Monitors whom it is told to watch, and journals their ends. */
extern const troupe_kind_t watcher;

/* Calls supervisors, and journals their answers. */
extern const troupe_kind_t caller;

#endif
