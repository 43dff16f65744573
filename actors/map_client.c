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
#define STUCK_MS  500 /* instead, where somebody will not end */
#define BATCH_MIN 16
#define NS_PER_S  1e9

static const char *const modes[] = {[TROUPE_MAP_ASYNC] = "async",
                                    [TROUPE_MAP_THREAD] = "thread",
                                    [TROUPE_MAP_PROCESS] = "process",
                                    [TROUPE_MAP_AUTO] = "auto"};

int
troupe__client_fail(struct map_client *self, const troupe_answer_t *answer)
{
    snprintf(self->summary.error, sizeof self->summary.error,
             "the map failed: %s", answer->text);
    return answer->outcome == TROUPE_ERROR ? answer->code : -EHOSTDOWN;
}

static int
tell_one(struct map_client *self, const struct packed_result *from)
{
    troupe_map_result_t it = {
        .number = from->number,
        .key = from->key ? from->key : "",
        .state = from->end.state,
        .text = from->end.text,
        .value = from->end.value,
        .value_size = from->end.value_size,
        .attempts = from->attempts,
        .pool = from->pool,
        .queue_ms = from->queue_ms,
        .run_ms = from->end.run_ms,
        .votes = from->votes,
        .votes_size = from->votes_size,
        .resumed = !from->has_pool && from->attempts > 0,
    };
    return self->calls->result(self->calls->data, &it);
}

int
troupe__client_results(struct map_client *self, const troupe_message_t *msg)
{
    const void *results = NULL;
    size_t size = 0;
    int rc = troupe_unpack(msg, "{s:B}", "results", &results, &size);
    struct map_cursor at = {results, (const uint8_t *) results + size};
    while (rc == 0 && at.at < at.end) {
        struct packed_result it;
        rc = troupe__packed_result_take(&at, &it) ? tell_one(self, &it)
                                                  : -EBADMSG;
    }
    return rc;
}

int
troupe__client_summary(struct map_client *self, const troupe_message_t *msg)
{
    troupe_map_summary_t *it = &self->summary;
    uint64_t jobs = 0, peak = 0, halted = 0, deadline = 0, stuck = 0;
    double busy_ms = 0;
    const char *error = "";
    int rc = troupe_unpack(
        msg,
        "{s:{s:U,s:U,s:U,s:U,s:U,s:U,s:U,s:U,s:U,s:U,s:U,s:U,s:U,s:U,s:f,s:f,"
        "s:f,s:f,s:f,s:s}}",
        "summary", "ok", &it->ok, "failed", &it->failed, "timeout",
        &it->timeout, "lost", &it->lost, "cancelled", &it->cancelled, "skipped",
        &it->skipped, "retried", &it->retried, "stolen", &it->stolen, "resumed",
        &it->resumed, "jobs", &jobs, "peak", &peak, "halted", &halted,
        "deadline_passed", &deadline, "stuck", &stuck, "busy_ms", &busy_ms,
        "p50_ms", &it->p50_ms, "p95_ms", &it->p95_ms, "p99_ms", &it->p99_ms,
        "queue_p50_ms", &it->queue_p50_ms, "error", &error);
    it->tasks = it->ok + it->failed + it->timeout + it->lost + it->cancelled
                + it->skipped;
    it->jobs = (uint32_t) jobs;
    it->peak = (uint32_t) peak;
    it->stuck = (uint32_t) stuck;
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
    troupe_child_spec_t spec = {.id = "map",
                                .kind = &troupe_map,
                                .restart = TROUPE_TEMPORARY,
                                .place = TROUPE_NEAR};
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
    /* Near it is the map: apart, no function keeps it from its clock. */
    troupe_supervisor_options_t options = {.strategy = TROUPE_ONE_FOR_ONE,
                                           .place = TROUPE_PLACE_DEFAULT};
    if (self->options->apart || self->options->mode == TROUPE_MAP_AUTO)
        options.place = TROUPE_OWN_THREAD;
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
                            self->summary.stuck > 0 ? STUCK_MS : STOP_MS);
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
    if ((unsigned) options->mode > TROUPE_MAP_AUTO)
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
    troupe__text_free(&self.body);
    return rc;
}
