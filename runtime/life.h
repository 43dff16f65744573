/* SPDX-License-Identifier: Apache-2.0 */
/* life.h: how actors begin, are bound to each other, and end. */
#ifndef TROUPE_RUNTIME_LIFE_H
#define TROUPE_RUNTIME_LIFE_H

#include "runtime/worker.h"

/* spawn.c, actor.c: begin and end */
struct troupe__actor *troupe__actor_new(struct troupe__worker *self,
                                        const struct troupe__kind *kind);
void troupe__place_leave(troupe_t *node, uint32_t worker);
void troupe__actor_publish(struct troupe__worker *self,
                           struct troupe__actor *actor, uint32_t worker,
                           uint32_t slot);
int troupe__spawn(struct troupe__worker *self, struct troupe__actor *parent,
                  const troupe_kind_t *kind,
                  const troupe_spawn_options_t *options, troupe_ref_t *ret_ref,
                  const char *format, va_list *args);
void troupe__actor_start(struct troupe__worker *self,
                         struct troupe__actor *actor);
void troupe__actor_end(struct troupe__worker *self, struct troupe__actor *actor,
                       const troupe_reason_t *reason,
                       const struct troupe_message *broken_by);
void troupe__actor_release(struct troupe__worker *self,
                           struct troupe__actor *actor,
                           const troupe_reason_t *reason);
void troupe__actor_free(struct troupe__worker *self,
                        struct troupe__actor *actor);
void troupe__actor_started(struct troupe__worker *self,
                           struct troupe__actor *actor);
void troupe__actor_orphaned(struct troupe__worker *self,
                            struct troupe__actor *actor);
void troupe__child_is_gone(struct troupe__worker *self,
                           struct troupe__actor *actor, troupe_ref_t child);
void troupe__unqueue(struct troupe__worker *self, struct troupe__actor *actor);
void troupe__stash_return(struct troupe__actor *actor);
void troupe__sweep(struct troupe__worker *self, bool kill);

/* lifecycle.c: monitors and links */
void troupe__tell_the_end(struct troupe__worker *self,
                          struct troupe__actor *actor,
                          const troupe_reason_t *reason);

/* groups.c, names.c */
void troupe__groups_leave_all(struct troupe__worker *self,
                              struct troupe__actor *actor);

/* port.c */
extern const troupe_kind_t troupe__thread_kind;
int troupe__port_enter(troupe_t *node, bool even_stopping,
                       struct troupe__worker **ret_port);
void troupe__port_leave(struct troupe__worker *port);
void troupe__port_end_guest(struct troupe__worker *port);
void troupe__control_worker(struct troupe__worker *port, uint32_t index,
                            const char *verb, uint64_t id);

#endif
