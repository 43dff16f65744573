/* SPDX-License-Identifier: Apache-2.0 */
/* agent.h: what the parts of a node's agent share. */
#ifndef TROUPE_RUNTIME_AGENT_H
#define TROUPE_RUNTIME_AGENT_H

#include "troupe_kind.h"

/* agent_look.c: handlers that only look. */
int troupe__agent_ps(troupe_context_t *ctx, void *state,
                     const troupe_message_t *msg);
int troupe__agent_inspect(troupe_context_t *ctx, void *state,
                          const troupe_message_t *msg);
int troupe__agent_dead(troupe_context_t *ctx, void *state,
                       const troupe_message_t *msg);
int troupe__agent_counters(troupe_context_t *ctx, void *state,
                           const troupe_message_t *msg);

/* troupe__agent_refuse: answer with an error in words; returns 0. */
int troupe__agent_refuse(troupe_context_t *ctx, int code, const char *format,
                         ...) __attribute__((format(printf, 3, 4)));

/* Words of topology files and of answers. */
extern const char *const troupe__overflow_words[];

#endif
