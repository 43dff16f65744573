/* SPDX-License-Identifier: Apache-2.0 */
/* guest_world.h: a root with guests, and actors that ask and are asked. */
#ifndef TROUPE_TESTS_SUPERVISOR_GUEST_WORLD_H
#define TROUPE_TESTS_SUPERVISOR_GUEST_WORLD_H

#include "supervisor/isolation_world.h"

#define GUEST TROUPE_BUILD_DIR "/tests/guest"

/* How many asks ended so, by troupe_outcome_t, and the words of the last. */
struct outcomes {
    int of[TROUPE_CANCELLED + 1];
    char text[512];
};

/* guest_begin: a root; the other one has no patience with who is silent. */
void guest_begin(void);
void guest_begin_impatient(void);

/* guest_spec: a child "one" that is that program. */
troupe_child_spec_t guest_spec(const troupe_program_t *program);

/* echo_of: what that guest says to 7: 7. */
int echo_of(const char *name);

/* ear_begin: an actor "ear", which a guest knows by name: it answers "echo" and
 * "big" (over 1 MiB) and "large" (half of it), "until" with
 * its deadline, and never "never", of which it logs that it was asked. */
void ear_begin(void);

/* ear_heard: who sent its last "note". */
troupe_ref_t ear_heard(void);

/* asker_begin: an actor that asks many at once. */
void asker_begin(void);
void asker_ask(const char *name, const char *type, int count, int timeout_ms);

/* asker_cancel: it gives up its last ask. */
void asker_cancel(void);

/* asker_outcomes: waits until all asks have ended. */
struct outcomes asker_outcomes(void);

#endif
