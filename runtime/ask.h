/* SPDX-License-Identifier: Apache-2.0 */
/* ask.h: both sides of an ask. */
#ifndef TROUPE_RUNTIME_ASK_H
#define TROUPE_RUNTIME_ASK_H

#include "runtime/worker.h"

/* ids.c */
void *troupe__ids_find(const struct troupe__ids *self, uint64_t id);
uint64_t troupe__ids_add(struct troupe__ids *self, void *object);
void troupe__ids_remove(struct troupe__ids *self, uint64_t id);

/* ask.c */
void troupe__answer_arrived(struct troupe__worker *self,
                            struct troupe__actor *actor,
                            struct troupe_message *msg);
void troupe__answer_handle(struct troupe__worker *self,
                           struct troupe__actor *actor,
                           struct troupe_message *msg);
void troupe__ask_send_cancel(struct troupe__worker *self,
                             const struct troupe__ask *ask);
void troupe__ask_finish(struct troupe__worker *self, struct troupe__ask *ask,
                        troupe_outcome_t outcome, int code, const char *text);
void troupe__asks_drop(struct troupe__worker *self,
                       struct troupe__actor *actor);
bool troupe__asks_tell(struct troupe__worker *self);
int troupe__ask_open(struct troupe__worker *self, struct troupe__actor *actor,
                     troupe_ref_t to, const troupe_ask_options_t *options,
                     struct troupe__ask **ret_ask);
void troupe__ask_undo(struct troupe__worker *self, struct troupe__ask *ask);
void troupe__ask_cancel(struct troupe__worker *self, struct troupe__ask *ask);

/* forward.c */
troupe_ref_t troupe__ask_holder(const struct troupe__ask *ask);
void troupe__hops_free(struct troupe__worker *self, struct troupe__ask *ask);
void troupe__hops_cancel(struct troupe__worker *self,
                         const struct troupe__ask *ask);
void troupe__ask_forwarded(struct troupe__worker *self,
                           const struct troupe_message *msg);
void troupe__cancel_onwards(struct troupe__worker *self,
                            const struct troupe_message *msg);

/* waiting.c */
enum { TROUPE__PLACE_MAX = 100 };
void troupe__waiting_add(struct troupe__worker *self,
                         const struct troupe_message *msg,
                         struct troupe__parcel *parcel);
void troupe__waiting_remove(struct troupe__worker *self,
                            const struct troupe_message *msg,
                            const struct troupe__parcel *parcel);
void troupe__waiting_cancel(struct troupe__worker *self,
                            const struct troupe_message *cancel);
struct troupe__parcel *troupe__waiting_find(struct troupe__worker *self,
                                            troupe_ref_t asker, uint64_t ask_id,
                                            struct troupe_message *ret_msg);
uint32_t troupe__waiting_place(struct troupe__worker *self, troupe_ref_t asker,
                               uint64_t ask_id);

/* token.c */
uint64_t troupe__ask_key(troupe_ref_t asker, uint64_t ask_id);
struct troupe__token *troupe__token_find(struct troupe__worker *self,
                                         troupe_ref_t asker, uint64_t ask_id);
struct troupe__token *troupe__token_open(struct troupe__worker *self,
                                         struct troupe__actor *actor,
                                         const struct troupe_message *msg);
void troupe__token_close(struct troupe__worker *self,
                         struct troupe__token *token);
void troupe__tokens_break(struct troupe__worker *self,
                          struct troupe__actor *actor,
                          const troupe_reason_t *reason, bool restarts);
void troupe__token_cancel(struct troupe__worker *self,
                          struct troupe__token *token);
void troupe__send_outcome(struct troupe__worker *self, troupe_ref_t asker,
                          uint64_t ask_id, troupe_ref_t from,
                          uint32_t incarnation, troupe_outcome_t outcome,
                          int code, const char *text);

/* why.c */
enum { TROUPE__ALARM_ASK = 1 };
void troupe__ask_due(struct troupe__worker *self, struct troupe__ask *ask);
void troupe__why(struct troupe__worker *self, struct troupe__actor *actor,
                 const struct troupe_message *msg);
void troupe__because(struct troupe__worker *self,
                     const struct troupe_message *msg);

#endif
