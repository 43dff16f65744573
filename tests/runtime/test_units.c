/* SPDX-License-Identifier: Apache-2.0 */
/* test_units.c: the small tables of the runtime against plain models. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "mailbox/pool.h"
#include "runtime/idmap.h"
#include "runtime/slots.h"
#include "runtime/wheel.h"
#include "runtime/worker.h"

TestSuite(units, .timeout = 30);

/* xorshift64* (Vigna 2016): the same numbers in each run. */
static uint64_t
next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

enum { IDS = 700, STEPS = 200000 };

Test(units, idmap_agrees_with_an_array)
{
    static uint64_t values[IDS + 1];
    static bool there[IDS + 1];
    struct troupe__idmap map = {0};
    uint64_t state = 42;
    uint32_t count = 0;
    for (int i = 0; i < STEPS; i++) {
        uint64_t random = next_random(&state), value = 0;
        /* Mostly growing for a while, then mostly shrinking. */
        bool add = random % 100 < (i / 20000 % 2 ? 30U : 70U);
        uint64_t id = 1 + (random >> 8) % IDS;
        uint64_t key = id << 24; /* as refs of one worker are alike */
        if (add) {
            count += !there[id];
            there[id] = true;
            values[id] = random;
            troupe__idmap_set(&map, key, random);
        } else {
            bool removed = troupe__idmap_remove(&map, key, &value);
            cr_assert_eq(removed, there[id]);
            cr_assert(!removed || value == values[id]);
            count -= there[id];
            there[id] = false;
        }
        cr_assert_eq(map.count, count);
        uint64_t other = 1 + (random >> 32) % IDS;
        bool found = troupe__idmap_get(&map, other << 24, &value);
        cr_assert_eq(found, there[other]);
        cr_assert(!found || value == values[other]);
        cr_assert_eq(troupe__idmap_any(&map) != NULL, count > 0);
    }
    troupe__idmap_free(&map);
}

Test(units, idmap_gives_its_memory_back)
{
    struct troupe__idmap map = {0};
    for (uint64_t id = 1; id <= 10000; id++)
        troupe__idmap_set(&map, id * 4096, id);
    for (uint64_t id = 1; id < 10000; id++)
        cr_assert(troupe__idmap_remove(&map, id * 4096, NULL));
    cr_assert_leq(map.capacity, 16);
    cr_assert(troupe__idmap_remove(&map, UINT64_C(10000) * 4096, NULL));
    cr_assert_null(map.entries);
}

Test(units, ids_of_the_past_find_nothing)
{
    struct troupe__ids ids = {0};
    static uint64_t old[1000];
    int object = 0;
    for (int i = 0; i < 1000; i++) {
        old[i] = troupe__ids_add(&ids, &object);
        cr_assert_neq(old[i], 0);
        cr_assert_eq(troupe__ids_find(&ids, old[i]), &object);
        if (i % 3) /* some stay, so that places are used again and not */
            troupe__ids_remove(&ids, old[i]);
    }
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(troupe__ids_find(&ids, old[i]),
                     i % 3 ? NULL : (void *) &object);
    cr_assert_null(troupe__ids_find(&ids, 0));
    cr_assert_null(troupe__ids_find(&ids, UINT64_MAX));
    free(ids.entries);
}

enum { ALARMS = 300 };

struct model {
    struct troupe__alarm alarm;
    uint64_t due; /* tick; 0: unset */
};

/* All that the model has due by `now` fire, no other, in order of ticks. */
static void
fire_all(struct troupe__wheel *wheel, struct model *model, uint64_t now)
{
    struct troupe__alarm *alarm;
    uint64_t last = 0;
    while ((alarm = troupe__wheel_due(wheel, now * TROUPE__TICK_NS))) {
        struct model *fired = (struct model *) (void *) alarm;
        cr_assert_gt(fired->due, 0);
        cr_assert_leq(fired->due, now);
        cr_assert_geq(fired->due, last);
        last = fired->due;
        fired->due = 0;
    }
    uint64_t next = UINT64_MAX;
    for (int i = 0; i < ALARMS; i++) {
        cr_assert(model[i].due == 0 || model[i].due > now);
        if (model[i].due && model[i].due < next)
            next = model[i].due;
    }
    uint64_t said = troupe__wheel_next_ns(wheel);
    cr_assert_eq(said == UINT64_MAX, next == UINT64_MAX);
    cr_assert(next == UINT64_MAX
              || (said <= next * TROUPE__TICK_NS
                  && said > (now - 1) * TROUPE__TICK_NS));
}

static uint64_t
random_delay(uint64_t *state)
{
    uint64_t random = next_random(state);
    unsigned bits = (unsigned) (random % 36); /* from none to two years */
    return (random >> 8) & ((UINT64_C(1) << bits) - 1);
}

Test(units, the_wheel_agrees_with_a_naive_model)
{
    static struct model model[ALARMS];
    static struct troupe__wheel wheel;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        uint64_t state = seed * 77, now = 1000 + seed;
        memset(model, 0, sizeof model);
        memset(&wheel, 0, sizeof wheel);
        wheel.tick = now;
        for (int i = 0; i < 40000; i++) {
            struct model *one = &model[next_random(&state) % ALARMS];
            if (next_random(&state) % 4 == 0) {
                now += random_delay(&state) / 16;
                fire_all(&wheel, model, now);
                continue;
            }
            troupe__wheel_clear(&wheel, &one->alarm);
            one->due = 0;
            if (next_random(&state) % 3 == 0)
                continue;
            one->due = now + 1 + random_delay(&state);
            troupe__wheel_set(&wheel, &one->alarm, one->due * TROUPE__TICK_NS);
        }
        fire_all(&wheel, model, now + (UINT64_C(1) << 40));
        cr_assert_eq(wheel.count, 0);
    }
}

Test(units, blocks_of_a_pool_are_each_ones_own)
{
    enum { BLOCKS = 5000 };
    static uint8_t *blocks[BLOCKS];
    static size_t sizes[BLOCKS];
    struct troupe__depot depot;
    struct troupe__pool pools[2] = {{.depot = &depot}, {.depot = &depot}};
    uint64_t state = 3;
    troupe__depot_init(&depot);
    for (int i = 0; i < STEPS; i++) {
        uint64_t random = next_random(&state);
        size_t at = random % BLOCKS;
        /* Given back to the other pool, as actors of other workers are. */
        struct troupe__pool *pool = &pools[random >> 32 & 1];
        if (!blocks[at]) {
            sizes[at] = 1 + (random >> 16) % TROUPE__POOL_LARGEST;
            blocks[at] = troupe__pool_get(pool, sizes[at]);
            memset(blocks[at], (int) (at % 251), sizes[at]);
            continue;
        }
        for (size_t k = 0; k < sizes[at]; k++)
            cr_assert_eq(blocks[at][k], at % 251);
        troupe__pool_put(pool, blocks[at], sizes[at]);
        blocks[at] = NULL;
    }
    uint64_t slabs = atomic_load(&depot.slab_count);
    cr_assert_lt(slabs * TROUPE__POOL_CHAIN,
                 3 * BLOCKS + 8 * TROUPE__POOL_CLASSES * TROUPE__POOL_CHAIN);
    troupe__pool_close(&pools[0]);
    troupe__pool_close(&pools[1]);
    troupe__depot_free(&depot);
}

Test(units, slots_are_given_to_one_at_a_time)
{
    enum { PLACES = 2000 };
    static bool taken[PLACES * 4];
    static uint32_t held[PLACES];
    struct troupe__slots *slots = calloc(1, sizeof *slots);
    static struct troupe__slot_cache caches[2];
    uint64_t state = 5;
    uint32_t count = 0;
    troupe__slots_init(slots, 0);
    for (int i = 0; i < STEPS; i++) {
        uint64_t random = next_random(&state);
        struct troupe__slot_cache *cache = &caches[random & 1];
        if (count < PLACES && random % 100 < (i / 20000 % 2 ? 30U : 70U)) {
            uint32_t slot = 0;
            cr_assert(troupe__slot_take(slots, cache, &slot));
            cr_assert_lt(slot, (uint32_t) PLACES * 4);
            cr_assert_not(taken[slot]);
            taken[slot] = true;
            held[count++] = slot;
        } else if (count > 0) {
            uint32_t at = (uint32_t) (random >> 8) % count;
            uint32_t before = troupe__slot_at(slots, held[at])->generation;
            troupe__slot_give(slots, cache, held[at]);
            cr_assert_gt(troupe__slot_at(slots, held[at])->generation, before);
            taken[held[at]] = false;
            held[at] = held[--count];
        }
    }
    troupe__slot_cache_close(slots, &caches[0]);
    troupe__slot_cache_close(slots, &caches[1]);
    troupe__slots_free(slots);
    free(slots);
}

/* After a million tenants a slot retires: no old ref may look like a new. */
Test(units, a_worn_out_slot_is_not_used_again)
{
    struct troupe__slots *slots = calloc(1, sizeof *slots);
    static struct troupe__slot_cache cache;
    uint32_t slot = 0, again = 0;
    troupe__slots_init(slots, 0);
    cr_assert(troupe__slot_take(slots, &cache, &slot));
    atomic_store(&troupe__slot_at(slots, slot)->generation,
                 TROUPE__GENERATION_MAX);
    troupe__slot_give(slots, &cache, slot);
    for (int i = 0; i < 1000; i++) {
        cr_assert(troupe__slot_take(slots, &cache, &again));
        cr_assert_neq(again, slot);
    }
    troupe__slots_free(slots);
    free(slots);
}
