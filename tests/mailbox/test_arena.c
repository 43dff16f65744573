/* SPDX-License-Identifier: Apache-2.0 */
/* test_arena.c: memory that is given back all at once. */
#include <criterion/criterion.h>
#include <stdint.h>

#include "mailbox/arena.h"

Test(arena, gives_aligned_memory_that_does_not_overlap)
{
    enum { COUNT = 5000 };
    struct troupe__arena arena = {0};
    static uint8_t *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = i % 97;
        blocks[i] = troupe__arena_alloc(&arena, size);
        cr_assert_not_null(blocks[i]);
        cr_assert_eq((uintptr_t) blocks[i] % 8, 0);
        memset(blocks[i], (int) (i & 0xff), size);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < i % 97; j++)
            cr_assert_eq(blocks[i][j], (i & 0xff), "block %zu byte %zu", i, j);
    troupe__arena_free(&arena);
}

Test(arena, after_a_reset_the_same_memory_serves_again)
{
    struct troupe__arena arena = {0};
    void *first = troupe__arena_alloc(&arena, 100);
    cr_assert(arena.dirty);
    troupe__arena_reset(&arena);
    cr_assert_not(arena.dirty);
    for (int i = 0; i < 1000; i++) {
        cr_assert_eq(troupe__arena_alloc(&arena, 100), first);
        troupe__arena_reset(&arena);
    }
    troupe__arena_free(&arena);
    cr_assert_null(arena.chunk);
}

Test(arena, a_big_block_is_not_kept_over_a_reset)
{
    struct troupe__arena arena = {0};
    memset(troupe__arena_alloc(&arena, 1 << 20), 1, 1 << 20);
    memset(troupe__arena_alloc(&arena, 64), 2, 64);
    troupe__arena_reset(&arena);
    cr_assert_null(arena.chunk);
    memset(troupe__arena_alloc(&arena, 64), 3, 64);
    cr_assert_not_null(arena.chunk);
    troupe__arena_free(&arena);
}

Test(arena, the_zone_is_made_once_and_goes_with_the_arena)
{
    struct troupe__arena arena = {0};
    void *zone = troupe__arena_zone(&arena);
    cr_assert_not_null(zone);
    cr_assert(arena.dirty);
    troupe__arena_reset(&arena);
    cr_assert_eq(troupe__arena_zone(&arena), zone);
    troupe__arena_free(&arena);
    cr_assert_null(arena.zone);
}

Test(arena, an_empty_one_can_be_reset_and_freed)
{
    struct troupe__arena arena = {0};
    troupe__arena_reset(&arena);
    troupe__arena_free(&arena);
    troupe__arena_free(&arena);
    cr_assert_null(arena.chunk);
}
