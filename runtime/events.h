/* SPDX-License-Identifier: Apache-2.0 */
/* events.h: timers, descriptors and muting. */
#ifndef TROUPE_RUNTIME_EVENTS_H
#define TROUPE_RUNTIME_EVENTS_H

#include "runtime/worker.h"

/* timers.c, watch.c */
void troupe__timers_due(struct troupe__worker *self);
void troupe__timers_drop(struct troupe__worker *self,
                         struct troupe__actor *actor);
void troupe__calls_resume(struct troupe__worker *self,
                          struct troupe__actor *actor);
bool troupe__timer_take(struct troupe__worker *self,
                        struct troupe__actor *actor, uint64_t id);
void troupe__watches_list(const struct troupe__worker *self,
                          struct troupe__looks *ret_looks);
void troupe__watches_ready(struct troupe__worker *self,
                           const struct troupe__looks *looks);
void troupe__watches_drop(struct troupe__worker *self,
                          struct troupe__actor *actor);

/* mute.c */
void troupe__mute_apply(struct troupe__worker *self,
                        struct troupe__actor *actor);
void troupe__mute_go(struct troupe__worker *self, uint64_t receiver);
void troupe__mute_wanted(struct troupe__worker *self,
                         struct troupe__actor *receiver,
                         const struct troupe_message *msg);
void troupe__mute_relieve(struct troupe__worker *self,
                          struct troupe__actor *receiver);
void troupe__mute_forget(struct troupe__worker *self,
                         struct troupe__actor *actor);
void troupe__pressure_update(struct troupe__worker *self,
                             struct troupe__actor *actor);
bool troupe__mute_look(struct troupe__worker *self);
void troupe__mutes_free(struct troupe__worker *self);

#endif
