/* SPDX-License-Identifier: Apache-2.0 */
/* test_map_bound.c: a map holds so many bytes of results, and then goes on. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "map_tasks.h"
#include "troupe_thread.h"

#include "actors/map_packed.h"

#define WAIT_MS 60000
#define SIZE    (8u << 20) /* of a result */
#define TASKS   16
#define LATE    5   /* results that are taken when all are there, */
#define PART    2   /* and so many fit into an answer */
#define VOTED   20  /* at most 17 are begun when 9 are enough */
#define LOOKS   100 /* so that what is on its way has arrived */

static _Atomic bool released;

/* The first one fails once, when it is let; the others answer much at once. */
static int
on_wait(troupe_context_t *ctx, void *state, void *data)
{
    (void) data;
    if (!atomic_load(&released))
        return troupe_call_after(ctx, 2, on_wait, NULL, NULL, NULL);
    return troupe_reply_error_to(ctx, state, -EIO, "the first time");
}

static int
on_call(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    uint64_t number = 0;
    int rc = troupe_unpack(msg, "U", &number);
    if (rc < 0)
        return rc;
    atomic_fetch_add(&calls, 1);
    if (number == 0 && !atomic_load(&released)) {
        rc = troupe_defer(ctx, state);
        return rc < 0 ? rc : on_wait(ctx, state, NULL);
    }
    void *bytes = calloc(1, SIZE);
    rc = troupe_reply(ctx, "B", bytes, (size_t) SIZE);
    free(bytes);
    return rc;
}

TROUPE_KIND(big, troupe_token_t, TROUPE_ON("call", on_call));

static void
begin(void)
{
    map_begin();
    cr_assert_eq(troupe_kind_register(node, &big), 0);
    atomic_store(&released, false);
}

TestSuite(map_bound, .init = begin, .fini = map_end, .timeout = 120);

static void
put_one(troupe_ref_t map, uint64_t number, bool last)
{
    cr_assert_eq(troupe_node_send(node, map, "put", "{s:[[ssnUUU]], s:b}",
                                  "tasks", "fn", "big", number, UINT64_C(0),
                                  UINT64_C(1), "last", (int) last),
                 0);
}

/* Tasks with the numbers from `first` on. */
static void
put_all(troupe_ref_t map, uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        put_one(map, first + i, i + 1 == count);
}

static uint64_t
count_ok(troupe_ref_t map)
{
    troupe_message_t *reply = NULL;
    uint64_t ok = 0;
    cr_assert_eq(troupe_node_ask(node, map, "stat", WAIT_MS, &reply, NULL), 0);
    cr_assert_eq(troupe_unpack(reply, "{s:U}", "ok", &ok), 0);
    troupe_message_destroy(&reply);
    return ok;
}

/* So many that the bound is reached, and not all of them. */
static void
wait_until_full(troupe_ref_t map, uint32_t count)
{
    while (count_ok(map) * SIZE < (64u << 20))
        continue;
    for (int i = 0; i < LOOKS; i++)
        (void) count_ok(map);
    cr_assert_lt(count_ok(map), count);
}

/* Whether that were the last ones. */
static bool
take_some(troupe_ref_t map)
{
    bool over = false;
    troupe_message_t *reply = NULL;
    cr_assert_eq(troupe_node_ask(node, map, "take", WAIT_MS, &reply, NULL), 0,
                 "%s", troupe_node_ask_words());
    cr_assert_eq(troupe_unpack(reply, "{s:b}", "over", &over), 0);
    troupe_message_destroy(&reply);
    return over;
}

static void
take_all(troupe_ref_t map, uint32_t count)
{
    while (!take_some(map))
        continue;
    cr_assert_eq(count_ok(map), count);
}

Test(map_bound, it_goes_on_when_results_are_taken)
{
    troupe_ref_t map;
    cr_assert_eq(troupe_node_spawn(node, &troupe_map, NULL, &map, "{s:U}",
                                   "jobs", UINT64_C(2)),
                 0);
    put_all(map, 1, TASKS);
    wait_until_full(map, TASKS);
    take_all(map, TASKS);
}

Test(map_bound, in_order_the_first_one_runs_again_all_the_same)
{
    troupe_ref_t map;
    cr_assert_eq(troupe_node_spawn(node, &troupe_map, NULL, &map,
                                   "{s:U, s:b, s:U}", "jobs", UINT64_C(2),
                                   "ordered", 1, "backoff_ms", UINT64_C(1)),
                 0);
    put_all(map, 0, TASKS);
    wait_until_full(map, TASKS);
    atomic_store(&released, true);
    take_all(map, TASKS);
    cr_assert_eq(atomic_load(&calls), TASKS + 1);
}

/* What is held of votes counts too; who waits for one must not wait for room,
 * nor for a pool that has given another one. */
Test(map_bound, votes_are_held_within_it_and_go_on)
{
    troupe_ref_t map;
    cr_assert_eq(troupe_node_spawn(node, &troupe_map, NULL, &map,
                                   "{s:U, s:b, s:U}", "jobs", UINT64_C(2),
                                   "ordered", 1, "replicas", UINT64_C(3)),
                 0);
    put_all(map, 1, VOTED);
    wait_until_full(map, VOTED);
    take_all(map, VOTED);
    cr_assert_eq(atomic_load(&calls), 2 * VOTED);
}

/* The numbers of packed results, each a bit; 0: they are not whole, or too
 * many. */
static uint32_t
numbers_of(const uint8_t *results, size_t size)
{
    struct map_cursor at = {results, results + size};
    uint32_t seen = 0, count = 0;
    while (at.at < at.end) {
        struct packed_result it;
        if (!troupe__packed_result_take(&at, &it) || it.end.value_size < SIZE
            || (seen & 1u << it.number) != 0 || ++count > PART)
            return 0;
        seen |= 1u << it.number;
    }
    return seen;
}

static uint32_t
take_part(troupe_ref_t map, bool *ret_over)
{
    troupe_message_t *reply = NULL;
    const void *results = NULL;
    size_t size = 0;
    cr_assert_eq(troupe_node_ask(node, map, "take", WAIT_MS, &reply, "{s:b}",
                                 "packed", 1),
                 0);
    cr_assert_eq(troupe_unpack(reply, "{s:b, s:B}", "over", ret_over, "results",
                               &results, &size),
                 0);
    uint32_t seen = numbers_of(results, size);
    troupe_message_destroy(&reply);
    return seen;
}

Test(map_bound, what_is_taken_late_comes_in_parts_and_each_once)
{
    troupe_ref_t map;
    bool over = false;
    uint32_t seen = 0;
    cr_assert_eq(troupe_node_spawn(node, &troupe_map, NULL, &map, "{s:U}",
                                   "jobs", UINT64_C(2)),
                 0);
    put_all(map, 1, LATE);
    while (count_ok(map) < LATE)
        continue;
    for (int i = 0; i < LATE && !over; i++) {
        uint32_t part = take_part(map, &over);
        cr_assert_eq(seen & part, 0);
        seen |= part;
    }
    cr_assert(over);
    cr_assert_eq(seen, (1u << LATE) - 1);
}
