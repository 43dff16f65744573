/* SPDX-License-Identifier: Apache-2.0 */
/* isolation_world.h: a root whose children run in processes of `crew`. */
#ifndef TROUPE_TESTS_SUPERVISOR_ISOLATION_WORLD_H
#define TROUPE_TESTS_SUPERVISOR_ISOLATION_WORLD_H

#include "supervisor/crook.h"
#include "supervisor/isolated.h"

/* Of the test that runs. */
extern troupe_t *root;
extern troupe_ref_t top; /* its supervisor */

/* isolation_begin: a root; `argument` is crew's, or NULL. */
void isolation_begin(const char *argument, troupe_nodes_options_t nodes);

/* isolation_end: no child, and no socket file may be left. */
void isolation_end(void);

/* wait_line: sleep until the root has logged a line with these words; returns
 * where among all lines the first such one is. */
size_t wait_line(const char *words);

/* has_line: whether it has. */
bool has_line(const char *words);

/* wait_gone: sleep until that process has ended, whose child it ever is. */
void wait_gone(int64_t pid);

/* mate_spec, crook_spec: one with a process and a name of its own. */
troupe_child_spec_t mate_spec(const char *id);
troupe_child_spec_t crook_spec(const char *id);

/* With any number of restarts. */
extern const troupe_supervisor_options_t patient;

/* supervise: start `top`; troupe_node_supervisor_start(). */
int supervise(const troupe_supervisor_options_t *options,
              const troupe_child_spec_t *specs, size_t count);

troupe_ref_t named(const char *name);

/* number_of: what it answers; this waits for as long as a restart takes. */
int64_t number_of(const char *name, const char *what);

/* end_by: an ask that ends with who is asked. */
void end_by(troupe_ref_t ref, const char *verb, int number);

/* end_and_ask_again: of two mates one ends so; it is started again, with its
 * name, its ref, and in another process; the other does not notice. */
void end_and_ask_again(const char *verb, int number);

#endif
