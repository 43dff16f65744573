/* SPDX-License-Identifier: Apache-2.0 */
/* client.h: an actor that asks clerks, and notes each outcome. */
#ifndef TROUPE_TESTS_SUPERVISOR_CLIENT_H
#define TROUPE_TESTS_SUPERVISOR_CLIENT_H

#include <troupe.h>

enum { CLIENT_ASKS_MAX = 4096 };

/* What became of ask n. */
struct client_note {
    int outcomes; /* how many: 1 when all is well */
    troupe_outcome_t outcome;
    int code;
    int64_t attempt; /* as the clerk said it */
    bool is_right;   /* the answer's n, asker and id are those of the ask */
    char text[160];
};

/* client_begin: start it on a node, with the name "scribe" too. */
void client_begin(troupe_t *node);

/* client_ask: ask `to` with [n, k]; returns at once. */
void client_ask(troupe_ref_t to, const char *verb, int n, int k,
                uint32_t timeout_ms);
void client_cancel(int n);

/* client_note: what is known of ask n now. */
struct client_note client_note(int n);

/* client_wait: sleep until ask n has its outcome. */
struct client_note client_wait(int n);

/* client_seen: sleep until the clerks have told of so many asks in hand; then
 * which, in order: "1.1 2.1 1.2" is ask 1 at attempt 1, ask 2, ask 1 again. */
const char *client_seen(int count);

#endif
