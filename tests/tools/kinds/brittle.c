/* SPDX-License-Identifier: Apache-2.0 */
/* brittle.c: a kind whose shared object ends every process of a run but the
 * first as soon as it is loaded, before that is a node. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <troupe.h>

static void __attribute__((constructor)) break_nodes(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "node") == 0) {
        fprintf(stderr, "the reactor is too hot\n");
        abort();
    }
}

static int
brittle_message(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    return troupe_message_is_ask(msg) ? troupe_reply(ctx, NULL) : 0;
}

TROUPE_KIND(brittle, char, TROUPE_ON_FALLBACK(brittle_message));

TROUPE_KINDS(&brittle);
