/* SPDX-License-Identifier: Apache-2.0 */
/* twin.c: a kind of a name that another library has too. */
#include <troupe.h>

static int
echo_message(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    return 0;
}

TROUPE_KIND(echo, char, TROUPE_ON_FALLBACK(echo_message));
TROUPE_KINDS(&echo);
