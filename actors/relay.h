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

/* An ask that is passed on as it came: it waits for that, or is under way. */
struct relayed {
    struct relayed *next, **link;
    troupe_token_t token;
    troupe_ask_t ask;
    uint64_t deadline_ns; /* 0: none */
    void *data;           /* of who passes it on */
    uint8_t *body;        /* until it is passed on */
    size_t size;
    char type[TROUPE_TYPE_MAX + 1];
};

/* In the order of adding; begin with troupe__relays_open(). */
struct relays {
    struct relayed *first, **end;
    uint64_t count;
};

void troupe__relays_open(struct relays *self);
void troupe__relays_add(struct relays *self, struct relayed *it);
void troupe__relays_remove(struct relays *self, struct relayed *it);
struct relayed *troupe__relays_find(const struct relays *self,
                                    troupe_token_t token);

/* troupe__relays_free: free all that are there, without a word to anybody. */
void troupe__relays_free(struct relays *self);

/* troupe__relayed_new: the ask that is handled, deferred; in no list yet. */
struct relayed *troupe__relayed_new(troupe_context_t *ctx,
                                    const troupe_message_t *msg);
void troupe__relayed_free(struct relayed *it);

/*
 * troupe__relayed_ask: pass it on, with its own deadline; `it` is the data of
 * the answer.
 *
 *   returns  0, or as troupe_ask(); then nobody was asked
 */
int troupe__relayed_ask(troupe_context_t *ctx, struct relayed *it,
                        troupe_ref_t to, troupe_answer_fn answer);

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
