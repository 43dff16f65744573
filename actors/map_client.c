/* SPDX-License-Identifier: Apache-2.0 */
/* map_client.c: troupe_map_run(): starts a map, and reads what it says. */
#include "troupe_msgpack.h"

#include "actors/map_run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "troupe_child_calls.h"
#include "troupe_thread.h"

#include "mailbox/check.h"

#define LOOK_MS   200
#define STOP_MS   10000
#define BATCH_MIN 16
#define NS_PER_S  1e9

static const char *const modes[] = {[TROUPE_MAP_ASYNC] = "async",
                                    [TROUPE_MAP_THREAD] = "thread",
                                    [TROUPE_MAP_PROCESS] = "process"};

int
troupe__client_fail(struct map_client *self, const troupe_answer_t *answer)
{
    snprintf(self->summary.error, sizeof self->summary.error,
             "the map failed: %s", answer->text);
    return answer->outcome == TROUPE_ERROR ? answer->code : -EHOSTDOWN;
}

/* A text of a result, NUL-ended; its place in `text`. */
static size_t
keep_text(struct map_client *self, const char *text, size_t size)
{
    size_t at = self->text.size;
    troupe__text_put(&self->text, text ? text : "", size);
    troupe__text_putc(&self->text, '\0');
    return at;
}

static bool
take_pool(struct map_cursor *at, uint64_t *ret_pool, bool *ret_has_pool)
{
    const char *none = NULL;
    size_t size = 0;
    *ret_has_pool = troupe__take_uint(at, ret_pool);
    return *ret_has_pool || (troupe__take_text(at, &none, &size) && !none);
}

static int
tell_one(struct map_client *self, struct map_cursor *at)
{
    troupe_map_result_t it = {0};
    const char *key = NULL, *state = NULL, *text = NULL;
    size_t key_size = 0, state_size = 0, text_size = 0;
    uint32_t count = 0;
    uint64_t attempts = 0, pool = 0;
    bool has_pool = false;
    if (!troupe__take_array(at, &count) || (count != 9 && count != 10)
        || !troupe__take_uint(at, &it.number)
        || !troupe__take_text(at, &key, &key_size)
        || !troupe__take_text(at, &state, &state_size)
        || !troupe__take_any(at, &it.value, &it.value_size)
        || !troupe__take_uint(at, &attempts)
        || !troupe__take_real(at, &it.queue_ms)
        || !troupe__take_real(at, &it.run_ms)
        || !take_pool(at, &pool, &has_pool)
        || !troupe__take_text(at, &text, &text_size)
        || (count > 9 && !troupe__take_any(at, &it.votes, &it.votes_size)))
        return -EBADMSG;
    troupe__text_clear(&self->text);
    size_t key_at = keep_text(self, key, key_size);
    size_t state_at = keep_text(self, state, state_size);
    size_t text_at = keep_text(self, text, text_size);
    it.key = self->text.data + key_at;
    it.state = self->text.data + state_at;
    it.text = self->text.data + text_at;
    it.attempts = (uint32_t) attempts;
    it.pool = (uint32_t) pool;
    it.resumed = !has_pool && attempts > 0;
    return self->calls->result(self->calls->data, &it);
}

int
troupe__client_results(struct map_client *self, const troupe_message_t *msg)
{
    struct map_cursor at;
    uint32_t count = 0;
    int rc = troupe__find_list(msg, "results", &at, &count) ? 0 : -EBADMSG;
    for (uint32_t i = 0; i < count && rc == 0; i++)
        rc = tell_one(self, &at);
    return rc;
}

int
troupe__client_summary(struct map_client *self, const troupe_message_t *msg)
{
    troupe_map_summary_t *it = &self->summary;
    uint64_t jobs = 0, peak = 0, halted = 0, deadline = 0;
    double busy_ms = 0;
    const char *error = "";
    int rc = troupe_unpack(
        msg,
        "{s:{s:U,s:U,s:U,s:U,s:U,s:U,s:U,s:U,s:U,s:U,s:U,s:U,s:U,s:f,s:f,s:f,"
        "s:f,s:f,s:s}}",
        "summary", "ok", &it->ok, "failed", &it->failed, "timeout",
        &it->timeout, "lost", &it->lost, "cancelled", &it->cancelled, "skipped",
        &it->skipped, "retried", &it->retried, "stolen", &it->stolen, "resumed",
        &it->resumed, "jobs", &jobs, "peak", &peak, "halted", &halted,
        "deadline_passed", &deadline, "busy_ms", &busy_ms, "p50_ms",
        &it->p50_ms, "p95_ms", &it->p95_ms, "p99_ms", &it->p99_ms,
        "queue_p50_ms", &it->queue_p50_ms, "error", &error);
    it->tasks = it->ok + it->failed + it->timeout + it->lost + it->cancelled
                + it->skipped;
    it->jobs = (uint32_t) jobs;
    it->peak = (uint32_t) peak;
    it->halted = halted != 0;
    it->deadline_passed = deadline != 0;
    it->busy_s = busy_ms / 1000;
    it->wall_s =
        (double) (troupe_now_ns(self->node) - self->began_ns) / NS_PER_S;
    snprintf(it->error, sizeof it->error, "%s", error);
    return rc;
}

/* Words for what is wrong with the journal come from opening it here. */
static int
start_journal(struct map_client *self, troupe_ref_t *ret_ref)
{
    const troupe_map_options_t *options = self->options;
    troupe_journal_error_t error = {""};
    troupe_journal_t *journal = NULL;
    int rc = troupe_journal_open(options->journal,
                                 options->resume ? TROUPE_JOURNAL_RESUME
                                                 : TROUPE_JOURNAL_CREATE,
                                 &journal, &error);
    troupe_journal_destroy(&journal);
    if (rc == 0 && options->resume)
        rc = troupe_journal_open(options->journal, TROUPE_JOURNAL_READ,
                                 &self->reader, &error);
    if (rc < 0) {
        snprintf(self->summary.error, sizeof self->summary.error, "%s",
                 error.text);
        return rc;
    }
    troupe_child_spec_t spec = {.id = "journal",
                                .kind = &troupe_journal_actor,
                                .place = TROUPE_OWN_THREAD};
    rc = troupe_child_spec_pack(&spec, "{s:s, s:i}", "path", options->journal,
                                "mode", TROUPE_JOURNAL_RESUME);
    if (rc == 0)
        rc = troupe_supervisor_start_child(self->node, self->supervisor, &spec,
                                           ret_ref, NULL);
    troupe_child_spec_clear(&spec);
    return rc;
}

/* What it was given is gone with it, so that it is not started again. */
static int
write_resources(msgpack_packer *packer, void *data)
{
    const troupe_map_options_t *it = data;
    msgpack_pack_map(packer, it->resource_count);
    for (size_t i = 0; i < it->resource_count; i++) {
        const char *name = it->resources[i].name;
        msgpack_pack_str_with_body(packer, name, strlen(name));
        msgpack_pack_uint32(packer, it->resources[i].count);
    }
    return 0;
}

static int
start_map(struct map_client *self, troupe_ref_t journal)
{
    const troupe_map_options_t *it = self->options;
    troupe_child_spec_t spec = {
        .id = "map", .kind = &troupe_map, .restart = TROUPE_TEMPORARY};
    int rc = troupe_child_spec_pack(
        &spec,
        "{s:U, s:s, s:b, s:U, s:U, s:U, s:U, s:U, s:U, s:b, s:U, s:U, s:f, "
        "s:*, s:U, s:R}",
        "jobs", (uint64_t) it->jobs, "mode", modes[it->mode], "ordered",
        (int) it->ordered, "timeout_ms", (uint64_t) it->timeout_ms,
        "timeout_percent", (uint64_t) it->timeout_percent, "retries",
        (uint64_t) it->retries, "backoff_ms", (uint64_t) it->backoff_ms,
        "deadline_ms", (uint64_t) it->deadline_ms, "halt_on",
        (uint64_t) it->halt.on, "halt_now", (int) it->halt.now, "halt_count",
        (uint64_t) it->halt.count, "halt_percent", (uint64_t) it->halt.percent,
        "load", it->load, "resources", write_resources, (void *) (uintptr_t) it,
        "replicas", (uint64_t) it->replicas, "journal", journal);
    if (rc == 0)
        rc = troupe_supervisor_start_child(self->node, self->supervisor, &spec,
                                           &self->map, NULL);
    troupe_child_spec_clear(&spec);
    return rc;
}

static int
run(struct map_client *self)
{
    troupe_supervisor_options_t options = {.strategy = TROUPE_ONE_FOR_ONE};
    troupe_ref_t journal = TROUPE_NOBODY;
    int rc = troupe_node_supervisor_start(self->node, &options, NULL, 0,
                                          &self->supervisor, NULL);
    if (rc < 0)
        return rc;
    if (self->options->journal)
        rc = start_journal(self, &journal);
    if (rc == 0)
        rc = start_map(self, journal);
    if (rc == 0)
        rc = troupe_node_run(self->node, troupe__client_begin, self, 0);
    (void) troupe_node_exit(self->node, self->supervisor, TROUPE_EXIT_SHUTDOWN,
                            STOP_MS);
    return rc == -ECANCELED ? -ESHUTDOWN : rc;
}

int
troupe_map_run(troupe_t *node, const troupe_map_options_t *options,
               const troupe_map_calls_t *calls,
               troupe_map_summary_t *ret_summary)
{
    CHECK(node);
    CHECK(options);
    CHECK(calls && calls->next && calls->result);
    if ((unsigned) options->mode > TROUPE_MAP_PROCESS)
        return -EINVAL;
    struct map_client self = {.node = node,
                              .options = options,
                              .calls = calls,
                              .look_ms =
                                  calls->look_ms ? calls->look_ms : LOOK_MS,
                              .batch = BATCH_MIN,
                              .began_ns = troupe_now_ns(node)};
    int rc = run(&self);
    if (ret_summary)
        *ret_summary = self.summary;
    troupe_journal_destroy(&self.reader);
    troupe__text_free(&self.tasks);
    troupe__text_free(&self.text);
    return rc;
}
