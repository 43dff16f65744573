/* SPDX-License-Identifier: Apache-2.0 */
/* test_remote.c: actors of two nodes: the same promises as within one. */
#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/far_clerk.h"
#include "runtime/world.h"

TestSuite(remote, .init = pair_begin, .fini = pair_end, .timeout = 60);

Test(remote, a_tell_and_an_ask_of_a_thread_arrive_at_another_node)
{
    int64_t sum = 0, count = 0;
    troupe_message_t *reply = NULL;
    troupe_ref_t ref = spawn_on(away, &far_clerk);
    cr_assert_eq(troupe_node_send(home, ref, "add", "I", INT64_C(5)), 0);
    int rc = troupe_node_ask(home, ref, "sum", 5000, &reply, NULL);
    cr_assert_eq(rc, 0, "%s", troupe_node_ask_words());
    cr_assert_eq(troupe_unpack(reply, "[I, I]", &sum, &count), 0);
    cr_assert_eq(sum, 5);
    cr_assert_eq(count, 1);
    troupe_message_destroy(&reply);
}

/* --- order ------------------------------------------------------------------*/

#ifdef TROUPE_SLOW_BUILD
enum { EACH = 100 };
#else
enum { EACH = 300 };
#endif

enum { WRITERS = 8, READERS = 3, SHARE = 40, KEEP_EVERY = 16 };

/* Byte `i` of the body number `number`: so that a byte out of place shows. */
static uint8_t
byte_at(int64_t number, size_t i)
{
    return (uint8_t) ((uint64_t) number * 31 + i * 7 + i / 251);
}

static size_t
size_of(int64_t number)
{
    static const size_t sizes[] = {0, 3, 40, 700, 5000, 17000, 66000, 140000};
    return sizes[(number * 5 + number / 8) % 8];
}

static bool
is_as_written(const troupe_message_t *msg, int64_t number)
{
    const void *bytes = NULL;
    size_t size = 0;
    int64_t writer = 0, read = 0;
    if (troupe_unpack(msg, "[I, I, B]", &writer, &read, &bytes, &size) < 0
        || read != number || size != size_of(number))
        return false;
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++)
        if (at[i] != byte_at(number, i))
            return false;
    return true;
}

/* Counts what each writer wrote; notes what is out of order or damaged. */
struct reader {
    int64_t next[2 * WRITERS];
    uint32_t count, kept;
    troupe_message_t *keep[2 * WRITERS * EACH / KEEP_EVERY + 1];
};

static int
reader_line(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct reader *self = state;
    int64_t writer = 0, number = 0;
    (void) ctx;
    int rc = troupe_unpack(msg, "[I, I]", &writer, &number);
    if (rc < 0)
        return rc;
    if (number != self->next[writer])
        note("writer %d: %d, not %d", (int) writer, (int) number,
             (int) self->next[writer]);
    if (!is_as_written(msg, number))
        note("writer %d: %d is damaged", (int) writer, (int) number);
    self->next[writer] = number + 1;
    if (self->count % KEEP_EVERY == 0)
        troupe_message_keep(msg, &self->keep[self->kept++]);
    if (++self->count == WRITERS * EACH)
        note("all");
    return 0;
}

static int
reader_check(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct reader *self = state;
    int good = 0;
    (void) msg;
    for (uint32_t i = 0; i < self->kept; i++) {
        int64_t writer = 0, number = 0;
        if (troupe_unpack(self->keep[i], "[I, I]", &writer, &number) == 0)
            good += is_as_written(self->keep[i], number);
        troupe_message_destroy(&self->keep[i]);
    }
    return troupe_reply(ctx, "b", good == (int) self->kept);
}

TROUPE_KIND(reader, struct reader, TROUPE_ON("line", reader_line),
            TROUPE_ON("check", reader_check));

struct writer {
    int64_t index, next;
    troupe_ref_t readers[READERS];
    int64_t told[READERS];
};

enum { LINE_BYTES = 140000 }; /* room for any line */

static int
writer_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct writer *self = state;
    int rc = troupe_unpack(msg, "[I, R, R, R]", &self->index, &self->readers[0],
                           &self->readers[1], &self->readers[2]);
    return rc < 0 ? rc : troupe_send(ctx, troupe_self(ctx), "write", NULL);
}

/* One line to one reader; -EAGAIN: not now. */
static int
write_line(troupe_context_t *ctx, struct writer *self, int to)
{
    uint8_t body[LINE_BYTES];
    int64_t number = self->told[to];
    for (size_t i = 0; i < size_of(number); i++)
        body[i] = byte_at(number, i);
    int rc = troupe_send(ctx, self->readers[to], "line", "[I, I, B]",
                         self->index, number, body, size_of(number));
    self->told[to] += rc == 0;
    return rc;
}

static int
writer_write(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct writer *self = state;
    (void) msg;
    for (int i = 0; i < SHARE && self->told[READERS - 1] < EACH; i++) {
        int rc = 0;
        for (int to = 0; rc == 0 && to < READERS; to++)
            if (to == 0 || self->told[to] < self->told[to - 1])
                rc = write_line(ctx, self, to);
        if (rc == -EAGAIN)
            break;
        if (rc < 0)
            return rc;
    }
    return self->told[READERS - 1] < EACH
               ? troupe_send(ctx, troupe_self(ctx), "write", NULL)
               : TROUPE_STOP;
}

TROUPE_KIND(writer, struct writer, TROUPE_ON_START(writer_start),
            TROUPE_ON("write", writer_write));

static void
start_readers(troupe_t *at, troupe_ref_t readers[READERS])
{
    for (uint32_t i = 0; i < READERS; i++) {
        const troupe_spawn_options_t options = {
            .place = i < 2 ? TROUPE_WORKER : TROUPE_OWN_THREAD,
            .worker = i % 2};
        cr_assert_eq(
            troupe_node_spawn(at, &reader, &options, &readers[i], NULL), 0);
    }
}

/* Some on workers, some on threads of their own; two are left for threads. */
static void
start_writers(troupe_t *at, const troupe_ref_t readers[READERS])
{
    for (uint32_t i = 0; i < WRITERS - 2; i++) {
        const troupe_spawn_options_t options = {
            .place = i < 4 ? TROUPE_WORKER : TROUPE_OWN_THREAD,
            .worker = i % 2};
        cr_assert_eq(troupe_node_spawn(at, &writer, &options, NULL,
                                       "[I, R, R, R]", (int64_t) i, readers[0],
                                       readers[1], readers[2]),
                     0);
    }
}

struct scribe {
    troupe_t *at;
    int64_t index;
    const troupe_ref_t *readers;
    pthread_t thread;
};

static void *
scribe_main(void *data)
{
    const struct scribe *self = data;
    uint8_t *body = malloc(LINE_BYTES);
    for (int64_t number = 0; number < EACH; number++)
        for (int to = 0; to < READERS; to++) {
            for (size_t i = 0; i < size_of(number); i++)
                body[i] = byte_at(number, i);
            int rc = -EAGAIN; /* on a slow machine a reader is full for long */
            while (rc == -EAGAIN)
                rc = troupe_node_send(self->at, self->readers[to], "line",
                                      "[I, I, B]", self->index, number, body,
                                      size_of(number));
            if (rc < 0)
                note("thread %d: %s", (int) self->index, troupe_strerror(rc));
        }
    free(body);
    return NULL;
}

static void
check_kept(troupe_ref_t ref)
{
    bool good = false;
    troupe_message_t *reply = NULL;
    cr_assert_eq(troupe_node_ask(home, ref, "check", 30000, &reply, NULL), 0);
    cr_assert_eq(troupe_unpack(reply, "b", &good), 0);
    cr_assert(good);
    troupe_message_destroy(&reply);
}

Test(remote, whoever_sends_and_receives_order_and_bytes_are_kept)
{
    troupe_ref_t here[READERS], there[READERS];
    struct scribe scribes[4];
    start_readers(home, here);
    start_readers(away, there);
    start_writers(home, there);
    start_writers(away, here);
    for (int i = 0; i < 4; i++) {
        scribes[i] = (struct scribe){.at = i < 2 ? home : away,
                                     .index = WRITERS - 1 - i % 2,
                                     .readers = i < 2 ? there : here};
        pthread_create(&scribes[i].thread, NULL, scribe_main, &scribes[i]);
    }
    cr_assert_str_eq(notes_after(2 * READERS), "all, all, all, all, all, all");
    for (int i = 0; i < 4; i++)
        pthread_join(scribes[i].thread, NULL);
    for (int i = 0; i < READERS; i++) {
        check_kept(here[i]);
        check_kept(there[i]);
    }
}

/* --- a large blob -----------------------------------------------------------*/

enum { BLOB_SIZE = 64 << 20 };

struct blobs {
    char unused;
};

static int
blob_taken(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const void *bytes = NULL;
    size_t size = 0, good = 0;
    (void) ctx, (void) state;
    int rc = troupe_unpack(msg, "B", &bytes, &size);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < size; i++)
        good += ((const uint8_t *) bytes)[i] == byte_at(7, i);
    note(good == BLOB_SIZE ? "whole" : "damaged");
    return 0;
}

static int
after_blob(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) state, (void) msg;
    note("after");
    return 0;
}

TROUPE_KIND(blobs, struct blobs, TROUPE_ON("blob", blob_taken),
            TROUPE_ON("after", after_blob));

static int
send_blob(troupe_context_t *ctx, void *arg)
{
    const troupe_ref_t *to = arg;
    void *blob = troupe_blob_new(BLOB_SIZE);
    uint8_t *at = blob;
    for (size_t i = 0; i < BLOB_SIZE; i++)
        at[i] = byte_at(7, i);
    int rc = troupe_send_blob(ctx, *to, "blob", &blob, BLOB_SIZE);
    troupe_blob_free(blob);
    return rc < 0 ? rc : troupe_send(ctx, *to, "after", NULL);
}

Test(remote, a_large_blob_arrives_whole_and_in_its_place)
{
    troupe_ref_t to = spawn_on(away, &blobs);
    troupe_ref_t from = spawn_on(home, &probe);
    cr_assert_eq(inside(from, send_blob, &to), 0);
    cr_assert_str_eq(notes_after(2), "whole, after");
}
