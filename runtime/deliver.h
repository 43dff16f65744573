/* SPDX-License-Identifier: Apache-2.0 */
/* deliver.h: messages that arrive, and the callbacks that they cause. */
#ifndef TROUPE_RUNTIME_DELIVER_H
#define TROUPE_RUNTIME_DELIVER_H

#include "runtime/worker.h"

/* deliver.c: messages that arrive */
void troupe__deliver_frame(struct troupe__worker *self, const uint8_t *data,
                           size_t size, struct troupe__frame *frame);
void troupe__deliver_remote(struct troupe__worker *self, uint32_t number,
                            struct troupe__frame *frame);
void troupe__run_actor(struct troupe__worker *self,
                       struct troupe__actor *actor);
void troupe__enqueue(struct troupe__worker *self, struct troupe__actor *actor);
void troupe__settle_direct(struct troupe__actor *actor);
void troupe__park(struct troupe__worker *self, struct troupe__actor *actor,
                  const struct troupe_message *msg);

/* suspend.c: actors that were told to rest */
void troupe__suspend_arrived(struct troupe__worker *self,
                             struct troupe__actor *actor);
void troupe__resume_arrived(struct troupe__worker *self,
                            struct troupe__actor *actor);
struct troupe__parcel *troupe__take_event(struct troupe__worker *self,
                                          struct troupe__actor *actor);

/* handle.c: callbacks of actors */
void troupe__handle(struct troupe__worker *self, struct troupe__actor *actor,
                    struct troupe_message *msg);
void troupe__refuse(struct troupe__worker *self, struct troupe__actor *actor,
                    const struct troupe_message *msg, troupe_dead_t why);
uint64_t troupe__fingerprint(const struct troupe_message *msg);

/* system.c: messages of the runtime itself */
void troupe__system(struct troupe__worker *self, struct troupe__actor *actor,
                    struct troupe_message *msg);
void troupe__system_nobody(struct troupe__worker *self,
                           struct troupe_message *msg);
void troupe__send_exit(struct troupe__worker *self, troupe_ref_t to,
                       troupe_ref_t from, const char *type,
                       const troupe_reason_t *reason);

void troupe__event(struct troupe__worker *self, struct troupe__actor *actor,
                   struct troupe_message *msg);

/* dead.c */
void troupe__dead(struct troupe__worker *self, const struct troupe_message *msg,
                  troupe_dead_t why);

#endif
