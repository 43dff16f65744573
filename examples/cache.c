/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.c: a cache before a slow actor. A hundred ask for the same square at
 * once, and one more later: the one who knows is asked once.
 */
#include <stdio.h>

#include <troupe.h>

#include "troupe_cache.h"

enum { ASKERS = 100 };

struct slow {
    troupe_token_t asker;
    int64_t number, asked;
};

static int
slow_end(troupe_context_t *ctx, void *state, void *data)
{
    struct slow *self = state;
    (void) data;
    return troupe_reply_to(ctx, &self->asker, "I", self->number * self->number);
}

static int
slow_square(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct slow *self = state;
    self->asked += 1;
    int rc = troupe_unpack(msg, "I", &self->number);
    if (rc == 0)
        rc = troupe_defer(ctx, &self->asker);
    return rc < 0 ? rc : troupe_call_after(ctx, 50, slow_end, NULL, NULL, NULL);
}

static int
slow_asked(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct slow *self = state;
    (void) msg;
    return troupe_reply(ctx, "I", self->asked);
}

TROUPE_KIND(slow, struct slow, TROUPE_ON("square", slow_square),
            TROUPE_ON("asked", slow_asked));

struct crowd {
    troupe_token_t done;
    int64_t left, sum;
};

static int
crowd_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct crowd *self = state;
    int64_t square = 0;
    if (answer->outcome != TROUPE_REPLY)
        return troupe_fail(ctx, answer->code, "%s", answer->text);
    int rc = troupe_unpack(answer->msg, "I", &square);
    self->sum += square;
    self->left -= 1;
    return rc < 0 || self->left > 0
               ? rc
               : troupe_reply_to(ctx, &self->done, "I", self->sum);
}

static int
crowd_go(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct crowd *self = state;
    troupe_ref_t cache;
    int rc = troupe_unpack(msg, "R", &cache);
    if (rc == 0)
        rc = troupe_defer(ctx, &self->done);
    for (int i = 0; i < ASKERS && rc == 0; i++, self->left++)
        rc = troupe_ask(ctx, cache, "square", 0, crowd_answer, NULL, "I",
                        INT64_C(7));
    return rc;
}

TROUPE_KIND(crowd, struct crowd, TROUPE_ON("go", crowd_go));

static int
ask(troupe_t *node, troupe_ref_t to, const char *type, troupe_ref_t with,
    int64_t *ret)
{
    troupe_message_t *reply = NULL;
    int rc = troupe_node_ask(node, to, type, 0, &reply, "R", with);
    if (rc == 0)
        rc = troupe_unpack(reply, "I", ret);
    troupe_message_destroy(&reply);
    return rc;
}

int
main(void)
{
    troupe_t *node = NULL;
    troupe_ref_t source, cache, askers;
    int64_t sum = 0, again = 0, asked = 0;
    int rc = troupe_new(NULL, &node);
    if (rc == 0)
        rc = troupe_node_spawn(node, &slow, NULL, &source, NULL);
    if (rc == 0)
        rc = troupe_node_spawn(node, &troupe_cache, NULL, &cache, "{s:R, s:U}",
                               "backend", source, "ttl_ms", UINT64_C(60000));
    if (rc == 0)
        rc = troupe_node_spawn(node, &crowd, NULL, &askers, NULL);
    if (rc == 0)
        rc = ask(node, askers, "go", cache, &sum);
    if (rc == 0)
        rc = ask(node, askers, "go", cache, &again);
    if (rc == 0)
        rc = ask(node, source, "asked", TROUPE_NOBODY, &asked);
    if (rc < 0)
        fprintf(stderr, "cache: %s\n", troupe_strerror(rc));
    else
        printf("%d answers, twice; asked for %lld time(s)\n", ASKERS,
               (long long) asked);
    bool right = rc == 0 && sum == INT64_C(49) * ASKERS && asked == 1;
    return troupe_destroy(&node) == 0 && right ? 0 : 1;
}
