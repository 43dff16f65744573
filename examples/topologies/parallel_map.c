/* SPDX-License-Identifier: Apache-2.0 */
/* parallel_map.c: kinds of parallel-map.yaml: a task, and who gives it out. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <troupe.h>

#define PATIENCE_MS 60000

/* square: a number's square; 3 is more than its process can bear. */
static int
on_square(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    uint64_t number = 0;
    int rc = troupe_unpack(msg, "U", &number);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "square wants a number");
    if (number == 3)
        __builtin_trap();
    return troupe_reply(ctx, "U", number * number);
}

TROUPE_KIND(square, char, TROUPE_ON("call", on_square));

/* giver: {map: NAME} has four squares and a command done at once. */
static int
on_results(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) state;
    const char *states[5];
    uint64_t numbers[2] = {0, 0};
    if (answer->outcome != TROUPE_REPLY)
        return troupe_fail(ctx, answer->code, "%s", answer->text);
    int rc = troupe_unpack(
        answer->msg, "{s:[[insU], [insU], [ins], [ins], [ins]]}", "results",
        &(int){0}, &states[0], &numbers[0], &(int){0}, &states[1], &numbers[1],
        &(int){0}, &states[2], &(int){0}, &states[3], &(int){0}, &states[4]);
    if (rc < 0)
        return troupe_fail(ctx, rc, "not the results that were wanted");
    printf("1: %s %" PRIu64 "\n2: %s %" PRIu64 "\n3: %s\n4: %s\ntrue: %s\n",
           states[0], numbers[0], states[1], numbers[1], states[2], states[3],
           states[4]);
    bool right = numbers[1] == 4 && strcmp(states[2], "ok") != 0
                 && strcmp(states[3], "ok") == 0
                 && strcmp(states[4], "ok") == 0;
    return right ? TROUPE_STOP
                 : troupe_fail(ctx, -EPROTO, "the results are wrong");
}

static int
giver_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    const char *name = NULL;
    troupe_ref_t map = TROUPE_NOBODY;
    int rc = troupe_unpack(msg, "{s:s}", "map", &name);
    if (rc == 0)
        rc = troupe_lookup(troupe_context_node(ctx), name, &map);
    if (rc < 0)
        return troupe_fail(ctx, rc, "a giver wants {map: NAME}");
    return troupe_ask(ctx, map, "map", PATIENCE_MS, on_results, NULL,
                      "{s:[[ssni], [ssni], [ssni], [ssni], [snn{s:[s]}]]}",
                      "tasks", "fn", "square", 1, "fn", "square", 2, "fn",
                      "square", 3, "fn", "square", 4, "command", "argv",
                      "true");
}

TROUPE_KIND(giver, char, TROUPE_ON_START(giver_start));

TROUPE_KINDS(&square, &giver);
