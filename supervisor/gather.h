/* SPDX-License-Identifier: Apache-2.0 */
/* gather.h: what a gather under way is made of. */
#ifndef TROUPE_SUPERVISOR_GATHER_H
#define TROUPE_SUPERVISOR_GATHER_H

#include <stdarg.h>

#include "troupe_gather.h"

/*
 * Every open ask and every timer holds the gathering, and so does the fact
 * that it is not finished. Whatever ends one of them lets go, so that it is
 * freed after the last answer, or with the actor.
 */
struct troupe__slot;

/* One ask of a slot's: to the target, or to the spare of its hedge. */
struct troupe__try {
    struct troupe__slot *slot;
    troupe_ref_t to;
    troupe_ask_t ask; /* 0: not open */
};

/* One target on its way to an outcome; its part of the result is beside. */
struct troupe__slot {
    struct troupe_gathering *gathering;
    struct troupe__try main, hedge;
    troupe_timer_t timer; /* for the hedge */
    uint64_t asked_ns;
    bool settled;
    size_t same_as; /* MAJORITY: the index of the first such reply */
    size_t shares;  /* of the first such reply: how many there are */
};

/* A result and all that it points to; begins with what users see. */
struct troupe__gathered {
    troupe_gather_t shown;
    troupe_gather_part_t *parts;
    char why[128];
};

struct troupe_gathering {
    troupe_gather_options_t options; /* spares are its own copy */
    troupe_ref_t *spares;
    size_t spare_next;
    char type[TROUPE_TYPE_MAX + 1];
    void *body;
    size_t body_size;
    uint64_t begun_ns, deadline_ns;
    struct troupe__slot *slots;
    size_t open; /* slots that are not settled */
    struct troupe__gathered *result;
    bool finished;
    uint32_t holders;
    char **ids; /* gather over children: whom to ask; NULL: all */
    size_t id_count;
};

/*
 * troupe__gathering_new: check and copy what a gather is given.
 *
 *   targets  how many there will be; 0: not known yet.
 */
int troupe__gathering_new(troupe_context_t *ctx, size_t targets,
                          const char *type,
                          const troupe_gather_options_t *options,
                          const char *format, va_list *args,
                          struct troupe_gathering **ret_self);

/* troupe__gathering_let_go: one holder fewer; the last one frees it. */
void troupe__gathering_let_go(struct troupe_gathering *self);

/* troupe__gathering_drop: a holder ended with the actor. */
void troupe__gathering_drop(struct troupe_gathering *self);

/* troupe__gather_targets: make room for `count` slots and parts. */
void troupe__gather_targets(struct troupe_gathering *self, size_t count);

/*
 * troupe__gather_begin: ask them all; slots that are settled stay so.
 *
 *   returns  0, or the error of the first ask: then nobody was asked
 */
int troupe__gather_begin(troupe_context_t *ctx, struct troupe_gathering *self);

/* troupe__slot_fail: settle it without a reply; the text is copied. */
void troupe__slot_fail(troupe_context_t *ctx, struct troupe__slot *slot,
                       troupe_outcome_t outcome, int code, const char *text);

/* troupe__gather_finish: cancel what is open, and hand the result over. */
int troupe__gather_finish(troupe_context_t *ctx, void *state,
                          struct troupe_gathering *self);

/* troupe__gather_finish_later: the same after the present handler. */
void troupe__gather_finish_later(troupe_context_t *ctx,
                                 struct troupe_gathering *self);

/* troupe__gather_classify: a usable reply has come: find its equals. */
void troupe__gather_classify(struct troupe_gathering *self,
                             struct troupe__slot *slot);

/* troupe__gather_judge: true when there is nothing left to wait for. */
bool troupe__gather_judge(struct troupe_gathering *self);

/* troupe__gather_conclude: met or not, why, and which parts were chosen. */
void troupe__gather_conclude(struct troupe_gathering *self);

static inline troupe_gather_part_t *
troupe__slot_part(const struct troupe__slot *slot)
{
    size_t index = (size_t) (slot - slot->gathering->slots);
    return &slot->gathering->result->parts[index];
}

#endif
