/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_recorder.h: an actor that remembers what another one answered. */
#ifndef TROUPE_RECORDER_H
#define TROUPE_RECORDER_H

#include "troupe_kind.h"

/*
 * troupe_recorder: stands before a troupe_http or a troupe_model_backend, and
 * is asked as that is. An answer without a fault is in a journal, and on the
 * disk, before anybody has it; the same request gets it from there, also after
 * a crash: what was paid for once is not paid for again. Faults are passed on
 * and not kept.
 *
 *   start     {to: R, journal: R}: the journal is a troupe_journal_actor
 *   fetch     as troupe_http
 *   complete  as troupe_model_backend
 */
TROUPE_API const troupe_kind_t troupe_recorder;

#endif
