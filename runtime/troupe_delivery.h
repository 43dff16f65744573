/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_delivery.h: what becomes of asks when who was asked is restarted. */
#ifndef TROUPE_DELIVERY_H
#define TROUPE_DELIVERY_H

#include "troupe_message.h"

/*
 * At most once, the default: an ask whose actor ends before it has answered
 * ends with an error or TROUPE_DOWN. The asker decides what is next; it cannot
 * know whether the work was done.
 *
 * At least once, for children of supervisors: the runtime keeps each ask from
 * when it is handed to the actor until it is answered. When the incarnation
 * ends first, by a failure, a crash of its process or a stop, what it had not
 * answered is handed to the next one: in the old order, before what waits,
 * with the deadline that it had. The actor sees it in troupe_message_attempt().
 * The asker sees nothing of it but time:
 *
 *   - there is one outcome for each ask, the first that arrives; the answer
 *     that an earlier incarnation still gives is dropped
 *   - after `attempts_max` times it is TROUPE_ERROR, -EHOSTDOWN, "given up
 *     after 5 attempts: ..."; and a dead letter, TROUPE_DEAD_ATTEMPTS. Where
 *     another message is known to have ended the incarnation it is not counted
 *   - a message that breaks the actor too often is quarantined before that
 *     (poison_max in troupe_supervisor.h): TROUPE_ERROR, -EBADMSG
 *   - where the bounds below are reached it is TROUPE_OVERLOAD, at once
 *   - of an actor that is not started again: TROUPE_DOWN, as ever
 *
 * What the actor has forwarded is with whom it went to; a child in another
 * process is asked again when it ends before that one has answered. To such a
 * child a body may nest one level less deep than elsewhere. Tells are delivered
 * at most once, always.
 *
 * Effectively once is a matter of the actor's: no runtime can undo what a
 * handler did before it crashed. The recipe: in one transaction of a database
 * do the work and write the reply down, under the sender and
 * troupe_message_ask_id(); when an ask comes whose attempt is over 1, look
 * there first, and if it is there, answer with that. It holds as far as the
 * effect lies inside the transaction, while the database does, and for this
 * ask: an asker that asks anew, because its own process crashed say, has
 * another id, so work that must not be done twice even then needs a key of its
 * own in the body. Without such a transaction it is at least once.
 */
typedef enum troupe_delivery_mode {
    TROUPE_AT_MOST_ONCE = 0,
    TROUPE_AT_LEAST_ONCE
} troupe_delivery_mode_t;

/* For each number 0 takes the default. */
typedef struct troupe_delivery {
    troupe_delivery_mode_t mode;
    uint32_t attempts_max;   /* the first included; 5; over 65,535: no bound */
    uint32_t open_max;       /* asks in the actor's hands at once; 1024 */
    uint32_t open_bytes_max; /* their bytes; 8 MiB; one is always taken */
} troupe_delivery_t;

#endif
