/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_keeper.h: answers that are kept in a journal, before they count. */
#ifndef TROUPE_KEEPER_H
#define TROUPE_KEEPER_H

#include "troupe_kind.h"

/*
 * troupe_keeper: stands before another actor. Each ask is looked for in a
 * journal first; what is not there is asked, with the deadline and the cancel
 * of the ask, and the reply is on the disk before it is given. So a run that is
 * killed and begun again asks nothing twice that was answered.
 *
 *   start  {journal: R, about: s, to?: R, kind?: s, start?: any, zero?: s}
 *   any    -> as the actor behind it
 *
 * The journal is a troupe_journal_actor; about is for people: keys begin with
 * it, or with the text `id` of an ask that has one. Behind it is the actor `to`
 * or, where that is missing, one of its own of the registered kind `kind`, which
 * gets `start`, and is started again when it fails. Two asks are the same when type, body,
 * start and about are. zero: a reply in which that number is another one is
 * given, but not kept. A reply that cannot be written down is an error: -EIO.
 */
TROUPE_API const troupe_kind_t troupe_keeper;

#endif
