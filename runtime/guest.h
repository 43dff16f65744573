/* SPDX-License-Identifier: Apache-2.0 */
/* guest.h: an actor in another language that has one socket: the proxy. */
#ifndef TROUPE_RUNTIME_GUEST_H
#define TROUPE_RUNTIME_GUEST_H

#include "runtime/link.h"
#include "runtime/worker.h"

/*
 * A guest is a process that the root started and that speaks over the link
 * alone, as WIRE.md says. An actor on the root stands for it, its proxy: what
 * it is told or asked goes to the guest as letters, and what the guest says
 * comes back as letters, to the proxy by way of the link's thread, as control
 * messages, which nobody else can send. What the guest sends bears the proxy's
 * ref, asks of both sides are asks of the runtime: so there is one outcome,
 * a deadline and a cancel for each.
 *
 * What is given to the guest and not answered yet is bounded. At the bound the
 * proxy rests: its mailbox fills, and senders hear of that as of any other.
 * A number of ours that the guest gives back proves that it has read it.
 */
enum {
    TROUPE__GUEST_GIVEN_MAX = 32,       /* messages that it has not answered */
    TROUPE__GUEST_BYTES_MAX = 4 << 20,  /* of them, before the last one */
    TROUPE__GUEST_ASKS_MAX = 32,        /* of its own, under way */
    TROUPE__GUEST_LETTER_ROOM = 1 << 10 /* of a letter, without its body */
};

struct troupe__guest {
    uint32_t number;            /* of its node, for the hub */
    struct troupe__idmap given; /* ours -> struct troupe__gift * */
    struct troupe__idmap asks;  /* its own number -> struct errand * */
    uint64_t given_bytes;
    uint32_t heard; /* letters that the hub was not told of, and their bytes */
    uint64_t heard_bytes;
    bool is_over;              /* it broke the rules: nothing is heard */
    bool put_aside;            /* there are messages in the stash */
    struct troupe__buffer out; /* the letter that is written */
};

/* A message that the guest has. */
struct troupe__gift {
    uint64_t number;
    size_t size;
    bool is_ask;
    troupe_token_t token;
};

/* guest.c: the proxy; its start is given the number of the guest's node */
extern const troupe_kind_t troupe__guest_kind;

/* troupe__guest_write: make the letter; 0, -EBADMSG or -EMSGSIZE: nothing. */
int troupe__guest_write(struct troupe__guest *self, const char *format, ...);

/* troupe__guest_note: to the hub. */
void troupe__guest_note(troupe_context_t *ctx, const struct troupe__guest *self,
                        enum troupe__note_kind kind, const void *bytes,
                        size_t size);

/* troupe__guest_say: what was written goes to the guest. */
void troupe__guest_say(troupe_context_t *ctx, struct troupe__guest *self);

/* troupe__guest_take: it has answered; NULL: nothing of that number is open.
 * For free(). */
struct troupe__gift *troupe__guest_take(troupe_context_t *ctx,
                                        struct troupe__guest *self,
                                        uint64_t number);

/* guest_hear.c: a letter of the guest's; returns its bytes. */
size_t troupe__guest_hear(troupe_context_t *ctx, struct troupe__guest *self,
                          const troupe_message_t *msg);

/* hub_guest.c: troupe__guest_is: a guest of that number lives; any thread. */
bool troupe__guest_is(troupe_t *root, uint32_t number);

#endif
