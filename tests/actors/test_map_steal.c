/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_map_steal.c: a map whose pools are puppets, so that they die at the worst
 * moments: one that has stolen work, and one that was about to.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "troupe_thread.h"

#include "actors/map_packed.h"

#define IDS_MAX   32
#define TASKS     6
#define WAIT_MS   20000
#define SETTLE_MS 20000

static bool
take_id(struct map_cursor *at, uint64_t *ret_id)
{
    struct packed_task it;
    bool ok = troupe__packed_task_take(at, &it);
    *ret_id = ok ? it.id : 0;
    return ok;
}

/* In the place of a pool: notes what it is given, says what it is told to. */
struct puppet {
    uint64_t ids[IDS_MAX];
    uint32_t count;
    uint64_t robs;
    troupe_token_t waits; /* until it has so much */
    uint64_t wants_ids, wants_robs;
};

static int
tell(troupe_context_t *ctx, struct puppet *self)
{
    struct troupe__text ids = {0};
    if (self->waits.id == 0 || self->count < self->wants_ids
        || self->robs < self->wants_robs)
        return 0;
    troupe__put_array(&ids, self->count);
    for (uint32_t i = 0; i < self->count; i++)
        troupe__put_uint(&ids, self->ids[i]);
    int rc = troupe_reply_to(ctx, &self->waits, "r", ids.data, ids.size);
    self->waits.id = 0;
    troupe__text_free(&ids);
    return rc;
}

/* So many values that are not looked at. */
static bool
pass_over(struct map_cursor *at, int count)
{
    const void *value = NULL;
    size_t size = 0;
    bool ok = true;
    while (ok && count-- > 0)
        ok = troupe__take_any(at, &value, &size);
    return ok;
}

static int
on_work(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct puppet *self = state;
    struct map_cursor at;
    bool ok = troupe__packed_bytes(msg, &at) == 0;
    while (ok && at.at < at.end)
        ok = self->count < IDS_MAX && take_id(&at, &self->ids[self->count++]);
    cr_assert(ok, "it is no work");
    return tell(ctx, self);
}

static int
on_rob(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct puppet *self = state;
    (void) msg;
    self->robs++;
    return tell(ctx, self);
}

static int
on_wait(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct puppet *self = state;
    int rc = troupe_unpack(msg, "{s:U, s:U}", "ids", &self->wants_ids, "robs",
                           &self->wants_robs);
    if (rc == 0)
        rc = troupe_defer(ctx, &self->waits);
    return rc == 0 ? tell(ctx, self) : rc;
}

/* {to: R, type: s, body: any} */
static int
on_say(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const char *type = NULL;
    const void *body = NULL;
    size_t size = 0;
    troupe_ref_t to;
    (void) state;
    int rc = troupe_unpack(msg, "{s:R, s:s, s:r}", "to", &to, "type", &type,
                           "body", &body, &size);
    if (rc == 0)
        rc = troupe_send(ctx, to, type, "r", body, size);
    return rc == 0 ? troupe_reply(ctx, NULL) : rc;
}

TROUPE_KIND(map_puppet, struct puppet, TROUPE_ON("work", on_work),
            TROUPE_ON("rob", on_rob), TROUPE_ON("wait", on_wait),
            TROUPE_ON("say", on_say));

static troupe_t *node;
static troupe_ref_t map;
static uint64_t ids[IDS_MAX]; /* that the puppet of the last wait has */

static troupe_ref_t
puppet_new(uint64_t index)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    cr_assert_eq(troupe_node_spawn(node, &map_puppet, NULL, &ref, NULL), 0);
    cr_assert_eq(troupe_node_ask(node, ref, "say", WAIT_MS, NULL,
                                 "{s:R, s:s, s:[U]}", "to", map, "type",
                                 "ready", "body", index),
                 0);
    return ref;
}

/* Until a puppet has been given so many tasks, and asked to rob so often. */
static void
wait_for(troupe_ref_t puppet, uint64_t count, uint64_t robs)
{
    troupe_message_t *reply = NULL;
    cr_assert_eq(troupe_node_ask(node, puppet, "wait", WAIT_MS, &reply,
                                 "{s:U, s:U}", "ids", count, "robs", robs),
                 0, "%u ids, %u robs", (unsigned) count, (unsigned) robs);
    size_t size = 0;
    uint32_t given = 0;
    const uint8_t *body = troupe_message_body(reply, &size);
    struct map_cursor at = {body, body + size};
    cr_assert(troupe__take_array(&at, &given) && given >= count);
    for (uint32_t i = 0; i < given; i++)
        cr_assert(troupe__take_uint(&at, &ids[i]));
    troupe_message_destroy(&reply);
}

/* A puppet has done a task; `word` is what came of it. It took so long that the
 * next piece of work is a small one. */
static void
end_task(troupe_ref_t puppet, uint64_t id, const char *word)
{
    struct troupe__text ends = {0}, value = {0};
    troupe__put_text(&value, word, strlen(word));
    struct map_end end = {.state = "ok",
                          .state_size = 2,
                          .text = "",
                          .value = value.data,
                          .value_size = value.size,
                          .run_ms = 0.5};
    troupe__packed_end_put(&ends, id, &end);
    cr_assert_eq(troupe_node_ask(node, puppet, "say", WAIT_MS, NULL,
                                 "{s:R, s:s, s:[i, B]}", "to", map, "type",
                                 "results", "body", 1, ends.data, ends.size),
                 0);
    troupe__text_free(&value);
    troupe__text_free(&ends);
}

static void
gave(troupe_ref_t victim, troupe_ref_t thief, uint64_t one, uint64_t other)
{
    cr_assert_eq(troupe_node_ask(node, victim, "say", WAIT_MS, NULL,
                                 "{s:R, s:s, s:{s:i, s:R, s:[U, U]}}", "to",
                                 map, "type", "gave", "body", "to", 1, "thief",
                                 thief, "ids", one, other),
                 0);
}

static void
put_tasks(void)
{
    struct troupe__text tasks = {0};
    troupe__put_array(&tasks, TASKS);
    for (int i = 0; i < TASKS; i++) {
        troupe__put_array(&tasks, 4);
        troupe__put_text(&tasks, "fn", 2);
        troupe__put_text(&tasks, "any", 3);
        troupe__put_nil(&tasks);
        troupe__put_nil(&tasks);
    }
    cr_assert_eq(troupe_node_ask(node, map, "put", WAIT_MS, NULL, "{s:r, s:b}",
                                 "tasks", tasks.data, tasks.size, "last", 1),
                 0);
    troupe__text_free(&tasks);
}

/* One result: of a task that had none yet, and not of what came too late. */
static bool
take_result(struct map_cursor *at, bool seen[TASKS])
{
    const char *state = NULL, *value = NULL, *key = NULL;
    size_t size = 0, value_size = 0;
    uint64_t number = 0;
    uint32_t nine = 0;
    bool ok = troupe__take_array(at, &nine) && nine == 9
              && troupe__take_uint(at, &number)
              && troupe__take_text(at, &key, &size)
              && troupe__take_text(at, &state, &size)
              && troupe__take_text(at, &value, &value_size) && pass_over(at, 5)
              && number < TASKS && !seen[number] && value_size == 4
              && memcmp(value, "good", 4) == 0;
    if (ok)
        seen[number] = true;
    return ok;
}

static int
take_some(bool seen[TASKS], uint64_t stolen)
{
    troupe_message_t *reply = NULL;
    const void *results = NULL;
    size_t size = 0;
    uint64_t counted = 0;
    uint32_t some = 0;
    cr_assert_eq(troupe_node_ask(node, map, "take", WAIT_MS, &reply, NULL), 0);
    cr_assert_eq(troupe_unpack(reply, "{s:r, s:{s:U}}", "results", &results,
                               &size, "summary", "stolen", &counted),
                 0);
    cr_assert_eq(counted, stolen);
    struct map_cursor at = {results, (const uint8_t *) results + size};
    bool ok = troupe__take_array(&at, &some);
    for (uint32_t i = 0; i < some && ok; i++)
        ok = take_result(&at, seen);
    cr_assert(ok, "one result each, and no late one");
    troupe_message_destroy(&reply);
    return (int) some;
}

static void
take_all(uint64_t stolen)
{
    bool seen[TASKS] = {false};
    for (int count = 0; count < TASKS;)
        count += take_some(seen, stolen);
}

/* The victim has four tasks, the thief none; it was asked to rob. */
static void
begin_theft(troupe_ref_t *ret_victim, troupe_ref_t *ret_thief)
{
    troupe_options_t options = troupe_options_default();
    options.workers = 2;
    cr_assert_eq(troupe_new(&options, &node), 0);
    cr_assert_eq(
        troupe_node_spawn(node, &troupe_map, NULL, &map, "{s:i}", "jobs", 2),
        0);
    cr_assert_eq(troupe_settle(node, SETTLE_MS), 0); /* its own are ready */
    *ret_victim = puppet_new(0);
    *ret_thief = puppet_new(1);
    cr_assert_eq(troupe_settle(node, SETTLE_MS), 0); /* and the map knows */
    put_tasks();
    wait_for(*ret_victim, 1, 0);
    wait_for(*ret_thief, 1, 0);
    end_task(*ret_thief, ids[0], "good");
    wait_for(*ret_thief, 2, 0);
    end_task(*ret_thief, ids[1], "good");
    wait_for(*ret_thief, 2, 1);
    wait_for(*ret_victim, 4, 0);
}

/* What is left: two with the victim, two that were begun anew somewhere. */
static void
end_theft(troupe_ref_t victim, troupe_ref_t heir, const uint64_t *kept,
          const uint64_t *lost)
{
    cr_assert_eq(troupe_settle(node, SETTLE_MS), 0);
    uint32_t anew = 0;
    troupe_ref_t holders[] = {victim, heir};
    for (size_t i = 0; i < 2; i++) {
        memset(ids, 0, sizeof ids);
        wait_for(holders[i], 0, 0);
        for (size_t j = 0; j < IDS_MAX && ids[j] != 0; j++) {
            bool is_old = ids[j] == kept[0] || ids[j] == kept[1]
                          || ids[j] == lost[0] || ids[j] == lost[1];
            if (is_old)
                continue;
            end_task(holders[i], ids[j], "good");
            anew++;
        }
    }
    cr_assert_eq(anew, 2, "%u were begun anew", anew);
    end_task(victim, kept[0], "good");
    end_task(victim, kept[1], "good");
}

Test(map_steal, what_a_thief_had_when_it_died_is_done_again, .timeout = 120)
{
    troupe_ref_t victim, thief;
    begin_theft(&victim, &thief);
    uint64_t kept[] = {ids[0], ids[1]}, lost[] = {ids[2], ids[3]};
    gave(victim, thief, lost[0], lost[1]);
    cr_assert_eq(troupe_settle(node, SETTLE_MS), 0);
    troupe_ref_t heir = puppet_new(1); /* it has begun anew */
    cr_assert_eq(troupe_settle(node, SETTLE_MS), 0);
    end_task(heir, lost[0], "late"); /* its ref stays when it begins anew */
    end_theft(victim, heir, kept, lost);
    take_all(2);
    cr_assert_eq(troupe_destroy(&node), 0);
}

Test(map_steal, what_was_sent_to_a_thief_that_died_is_done_again,
     .timeout = 120)
{
    troupe_ref_t victim, thief;
    begin_theft(&victim, &thief);
    uint64_t kept[] = {ids[0], ids[1]}, lost[] = {ids[2], ids[3]};
    troupe_ref_t heir = puppet_new(1); /* before the map hears of the theft */
    wait_for(heir, 0, 1);
    gave(victim, thief, lost[0], lost[1]);
    cr_assert_eq(troupe_settle(node, SETTLE_MS), 0);
    end_task(heir, lost[1], "late");
    end_theft(victim, heir, kept, lost);
    take_all(0);
    cr_assert_eq(troupe_destroy(&node), 0);
}
