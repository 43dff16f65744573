/* SPDX-License-Identifier: Apache-2.0 */
/* relay.h: what actors share that stand before others. */
#ifndef TROUPE_ACTORS_RELAY_H
#define TROUPE_ACTORS_RELAY_H

#include "troupe_ask.h"

/*
 * troupe__read_ref: a ref, or the name of an actor, under a key of the body.
 *
 *   ret      untouched where the key is not there.
 *   returns  0, or as troupe_fail(), with words that name `what` and the key
 */
int troupe__read_ref(troupe_context_t *ctx, const troupe_message_t *msg,
                     const char *what, const char *key, troupe_ref_t *ret);

/*
 * troupe__relay_answer: answer a deferred ask as another one was answered.
 *
 *   returns  0, also when its asker has given up, or as troupe_reply_to()
 */
int troupe__relay_answer(troupe_context_t *ctx, troupe_token_t *token,
                         const troupe_answer_t *answer);

/* troupe__relay_error: the same with an error; words as printf. */
int troupe__relay_error(troupe_context_t *ctx, troupe_token_t *token, int code,
                        const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* troupe__u32: a number of a body that has to fit, else false. */
static inline bool
troupe__u32(uint64_t number, uint32_t *ret)
{
    if (number > UINT32_MAX)
        return false;
    *ret = (uint32_t) number;
    return true;
}

#endif
