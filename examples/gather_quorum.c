/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gather_quorum.c: one ask to five replicas, of which three must answer. One
 * is broken and one is slow; the answer comes all the same, without them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <troupe.h>

enum { REPLICAS = 5, NEEDED = 3 };

enum health { WELL, BROKEN, SLOW };

struct replica {
    int health;
    troupe_token_t promise;
};

static int
replica_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    struct replica *self = state;
    return troupe_unpack(msg, "i", &self->health);
}

static int
on_read(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct replica *self = state;
    if (self->health == BROKEN)
        return troupe_reply_error(ctx, -EIO, "the disk is broken");
    if (self->health == SLOW) /* kept for later, and later never comes */
        return troupe_defer(ctx, &self->promise);
    return troupe_reply(ctx, "{s:i}", "value", 42);
}

TROUPE_KIND(replica, struct replica, TROUPE_ON_START(replica_start),
            TROUPE_ON("read", on_read));

/* The result names what became of each target, in their order. */
static void
print_result(const troupe_gather_t *result)
{
    printf("%s: %s, after %" PRIu64 " us\n", result->met ? "met" : "not met",
           result->why, result->latency_ns / 1000);
    for (size_t i = 0; i < result->count; i++) {
        const troupe_gather_part_t *part = &result->parts[i];
        printf("  replica %zu: %-9s %s\n", i + 1,
               troupe_outcome_name(part->outcome), part->text);
    }
}

static size_t
count_of(const troupe_gather_t *result, troupe_outcome_t outcome)
{
    size_t count = 0;
    for (size_t i = 0; i < result->count; i++)
        count += result->parts[i].outcome == outcome;
    return count;
}

static bool
show(troupe_t *node)
{
    static const int health[REPLICAS] = {WELL, BROKEN, WELL, SLOW, WELL};
    troupe_ref_t replicas[REPLICAS];
    for (int i = 0; i < REPLICAS; i++) {
        int rc = troupe_node_spawn(node, &replica, NULL, &replicas[i], "i",
                                   health[i]);
        if (rc < 0)
            return false;
    }

    const troupe_gather_options_t options = {
        .policy = TROUPE_GATHER_QUORUM,
        .k = NEEDED,
        .timeout_ms = 10000,
    };
    troupe_gather_t *result = NULL;
    int rc = troupe_node_gather(node, replicas, REPLICAS, "read", &options,
                                &result, NULL);
    if (rc < 0) {
        fprintf(stderr, "gather_quorum: %s\n", troupe_strerror(rc));
        return false;
    }
    print_result(result);

    /* Nobody waited for the slow one: its ask was cancelled. Whether the
     * broken one was heard before the third reply depends on the order. */
    bool shown = result->met && count_of(result, TROUPE_REPLY) == NEEDED
                 && count_of(result, TROUPE_CANCELLED) >= 1;
    troupe_gather_destroy(&result);
    return shown;
}

int
main(void)
{
    troupe_t *node = NULL;
    bool shown = troupe_new(NULL, &node) == 0 && show(node);
    return troupe_destroy(&node) == 0 && shown ? 0 : 1;
}
