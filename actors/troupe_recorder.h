/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_recorder.h: an actor that remembers what another one answered. */
#ifndef TROUPE_RECORDER_H
#define TROUPE_RECORDER_H

#include "troupe_kind.h"

/*
 * troupe_recorder: stands before a troupe_http, and is asked as that is. An
 * answer without a fault is in a journal, and on the disk, before anybody has
 * it; the same request gets it from there, also after a crash. Faults are
 * passed on and not kept. Models keep their own answers (troupe_model.h).
 *
 *   start   {to: R, journal: R}: the journal is a troupe_journal_actor
 *   fetch   as troupe_http
 */
TROUPE_API const troupe_kind_t troupe_recorder;

#endif
