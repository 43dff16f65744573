/* SPDX-License-Identifier: Apache-2.0 */
/* old.c: as if it had been built with another Troupe. */
#include <troupe.h>

#undef TROUPE_VERSION
#define TROUPE_VERSION "0.0.9"

static int
old_message(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return 0;
}

TROUPE_KIND(old, char, TROUPE_ON("x", old_message));
TROUPE_KINDS(&old);
