/* SPDX-License-Identifier: Apache-2.0 */
/* test_blob.c: large payloads are moved, and kept without a copy. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdint.h>

#include "runtime/world.h"

TestSuite(blob, .init = world_begin, .fini = world_end, .timeout = 30);

enum { LARGE = 64 << 20 };

static const uint8_t *sent_from;
static troupe_message_t *kept;

struct taker {
    char unused;
};

/* The bytes lie where the sender wrote them. */
static int
take(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const void *bytes = NULL;
    size_t size = 0;
    (void) ctx, (void) state;
    int rc = troupe_unpack(msg, "B", &bytes, &size);
    if (rc < 0)
        return rc;
    const uint8_t *at = bytes;
    note("%zu bytes %s, %d %d", size, at == sent_from ? "moved" : "copied",
         at[0], at[size - 1]);
    return troupe_message_is(msg, "keep") ? troupe_message_keep(msg, &kept) : 0;
}

static int
stash_once(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_stash(ctx);
}

extern const troupe_kind_t taker;

static int
open_stash(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    int rc = troupe_become(ctx, &taker);
    return rc < 0 ? rc : troupe_unstash(ctx);
}

TROUPE_KIND(taker, struct taker, TROUPE_ON("take", take),
            TROUPE_ON("keep", take));
TROUPE_KIND(stasher, struct taker, TROUPE_ON("take", stash_once),
            TROUPE_ON("open", open_stash));

struct parcel {
    troupe_ref_t to;
    const char *type;
    size_t size;
};

static int
send_blob(troupe_context_t *ctx, void *arg)
{
    const struct parcel *parcel = arg;
    uint8_t *bytes = troupe_blob_new(parcel->size);
    if (!bytes)
        return -ENOSPC;
    bytes[0] = 17;
    bytes[parcel->size - 1] = 71;
    sent_from = bytes;
    void *blob = bytes;
    int rc =
        troupe_send_blob(ctx, parcel->to, parcel->type, &blob, parcel->size);
    if (rc == 0 && blob)
        return -EIO;
    troupe_blob_free(blob);
    return rc;
}

Test(blob, of_64_mib_is_moved_between_workers_and_on_one)
{
    troupe_ref_t from = probe_on(0);
    for (uint32_t i = 0; i < 2; i++) {
        const troupe_spawn_options_t options = {.place = TROUPE_WORKER,
                                                .worker = i};
        struct parcel parcel = {spawn(&taker, &options), "take", LARGE};
        cr_assert_eq(inside(from, send_blob, &parcel), 0);
        assert_notes("67108864 bytes moved, 17 71");
    }
}

Test(blob, that_is_kept_shares_its_bytes)
{
    struct parcel parcel = {spawn(&taker, NULL), "keep", LARGE};
    cr_assert_eq(inside(probe_on(0), send_blob, &parcel), 0);
    assert_notes("67108864 bytes moved, 17 71");
    const void *bytes = NULL;
    size_t size = 0;
    cr_assert_eq(troupe_unpack(kept, "B", &bytes, &size), 0);
    cr_assert_eq(bytes, sent_from);
    cr_assert_eq(size, LARGE);
    tell(parcel.to, "unknown"); /* the worker has gone on to other frames */
    settle();
    cr_assert_eq(((const uint8_t *) bytes)[LARGE - 1], 71);
    troupe_message_destroy(&kept);
    cr_assert_null(kept);
}

/* Parked and stashed messages hold their frame, too. */
Test(blob, that_waits_is_not_copied)
{
    struct parcel parcel = {spawn(&stasher, NULL), "take", 1 << 20};
    cr_assert_eq(inside(probe_on(0), send_blob, &parcel), 0);
    settle();
    tell(parcel.to, "open");
    assert_notes("1048576 bytes moved, 17 71");
}

Test(blob, over_the_limit_is_refused_and_stays_the_callers)
{
    troupe_options_t options = world_options();
    options.message_size_max = 100000;
    world_reopen(&options);
    struct parcel parcel = {spawn(&taker, NULL), "take", 100001};
    troupe_ref_t from = probe_on(0);
    cr_assert_eq(inside(from, send_blob, &parcel), -EMSGSIZE);
    parcel.size = 90000;
    cr_assert_eq(inside(from, send_blob, &parcel), 0);
    assert_notes("90000 bytes moved, 17 71");
}

Test(blob, to_nobody_is_given_back)
{
    troupe_ref_t gone = probe_on(1);
    end_actor(gone, TROUPE_EXIT_KILLED);
    struct parcel parcel = {gone, "take", 1 << 20};
    cr_assert_eq(inside(probe_on(0), send_blob, &parcel), 0);
    parcel.to.id ^= UINT64_C(1) << 54; /* not even of this node */
    cr_assert_eq(inside(probe_on(0), send_blob, &parcel), 0);
    cr_assert_eq(dead(TROUPE_DEAD_NO_ACTOR), 2);
}

static int
send_wrongly(troupe_context_t *ctx, void *arg)
{
    void *blob = troupe_blob_new(10), *before = blob;
    troupe_ref_t self = troupe_self(ctx);
    (void) arg;
    note("%d", troupe_send_blob(ctx, TROUPE_NOBODY, "a", &blob, 10));
    note("%d", troupe_send_blob(ctx, self, NULL, &blob, 10));
    note("%d", troupe_send_blob(ctx, self, "", &blob, 10));
    note("%d", troupe_send_blob(ctx, self, "a", NULL, 10));
    int rc = blob == before ? 0 : -EIO;
    troupe_blob_free(blob);
    blob = NULL;
    note("%d", troupe_send_blob(ctx, self, "a", &blob, 10));
    note("%d", troupe_blob_new(SIZE_MAX) == NULL);
    troupe_blob_free(NULL);
    return rc;
}

Test(blob, wrong_arguments_are_refused)
{
    cr_assert_eq(inside(probe_new(), send_wrongly, NULL), 0);
    assert_notes("-22, -22, -22, -22, -22, 1");
}
