/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blocking_library.c: SQLite's calls block, and a worker that waits runs
 * nobody else. So the actor that owns the connection has a thread of its own;
 * whoever sends to it need not know. (For single calls: blocking_function.c)
 */
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>

#include <troupe.h>

/* The connection begins and ends with its actor, also when it is restarted. */
struct store {
    sqlite3 *db;
};

static int
store_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct store *self = state;
    if (sqlite3_open(":memory:", &self->db) == SQLITE_OK)
        return 0;
    int rc = troupe_fail(ctx, -EIO, "SQLite: %s", sqlite3_errmsg(self->db));
    sqlite3_close(self->db);
    return rc;
}

static void
store_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx, (void) reason;
    struct store *self = state;
    sqlite3_close(self->db);
}

/* A query that takes its time: SQLite counts to `limit`. */
static int
count_to(sqlite3 *db, int64_t limit, int64_t *ret_count)
{
    static const char text[] =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        " WHERE i < ?) SELECT count(*) FROM n";
    sqlite3_stmt *query = NULL;
    int rc = -EIO;
    if (sqlite3_prepare_v2(db, text, -1, &query, NULL) == SQLITE_OK
        && sqlite3_bind_int64(query, 1, limit) == SQLITE_OK
        && sqlite3_step(query) == SQLITE_ROW) {
        *ret_count = sqlite3_column_int64(query, 0);
        rc = 0;
    }
    sqlite3_finalize(query);
    return rc;
}

static int
on_count(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct store *self = state;
    int64_t limit = 0;
    int64_t count = 0;
    int rc = troupe_unpack(msg, "I", &limit);
    if (rc == 0)
        rc = count_to(self->db, limit, &count);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "%s", sqlite3_errmsg(self->db));
    return troupe_reply(ctx, "I", count);
}

TROUPE_KIND(store, struct store, TROUPE_ON_START(store_start),
            TROUPE_ON_STOP(store_stop), TROUPE_ON("count", on_count));

/* The pulse lives on the only worker of the node, and shows that it runs. */
struct pulse {
    int64_t beats;
};

static int
pulse_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_timer_set(ctx, "beat", 0, 1);
}

static int
on_beat(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx, (void) msg;
    struct pulse *self = state;
    self->beats += 1;
    return 0;
}

static int
on_beats(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    const struct pulse *self = state;
    return troupe_reply(ctx, "I", self->beats);
}

TROUPE_KIND(pulse, struct pulse, TROUPE_ON_START(pulse_start),
            TROUPE_ON("beat", on_beat), TROUPE_ON("beats", on_beats));

static int
ask_number(troupe_t *node, troupe_ref_t ref, const char *type, int64_t number,
           int64_t *ret_number)
{
    troupe_message_t *reply = NULL;
    int rc = troupe_node_ask(node, ref, type, 40000, &reply, "I", number);
    if (rc == 0)
        rc = troupe_unpack(reply, "I", ret_number);
    troupe_message_destroy(&reply);
    return rc;
}

int
main(void)
{
    const int64_t limit = 1000000;
    const troupe_spawn_options_t own = {.place = TROUPE_OWN_THREAD};
    troupe_options_t options = troupe_options_default();
    options.workers = 1;
    int64_t before = 0;
    int64_t count = 0;
    int64_t after = 0;
    troupe_t *node = NULL;
    troupe_ref_t store_ref;
    troupe_ref_t pulse_ref;
    int rc = troupe_new(&options, &node);
    if (rc == 0)
        rc = troupe_node_spawn(node, &store, &own, &store_ref, NULL);
    if (rc == 0)
        rc = troupe_node_spawn(node, &pulse, NULL, &pulse_ref, NULL);
    if (rc == 0)
        rc = ask_number(node, pulse_ref, "beats", 0, &before);
    if (rc == 0)
        rc = ask_number(node, store_ref, "count", limit, &count);
    if (rc == 0)
        rc = ask_number(node, pulse_ref, "beats", 0, &after);
    if (rc < 0)
        fprintf(stderr, "blocking_library: %s\n", troupe_strerror(rc));
    printf("SQLite counted to %" PRId64 "; meanwhile the only worker's pulse "
           "beat %" PRId64 " times\n",
           count, after - before);
    bool shown = rc == 0 && count == limit && after > before;
    return troupe_destroy(&node) == 0 && shown ? 0 : 1;
}
