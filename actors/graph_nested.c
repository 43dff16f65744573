/* SPDX-License-Identifier: Apache-2.0 */
/* graph_nested.c: a task that is a run of another graph, to its coordinator. */
#include "actors/graph_nested.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/graph_each.h"
#include "mailbox/check.h"

/* Of what the run may do at once, its share: with all items that are done at
 * once they are not more than that. */
static uint32_t
share_of(const struct graph_job *job)
{
    const struct graph_run *run = job->run;
    const troupe_graph_task_t *spec = &run->orders.graph->tasks[job->task].spec;
    uint32_t most = run->orders.parallel, at_once = 1;
    if (job->item) {
        at_once = job->item->whole->each->count;
        if (spec->each_parallel > 0 && spec->each_parallel < at_once)
            at_once = spec->each_parallel;
    }
    return at_once < most ? most / at_once : 1;
}

/* What its tasks are called in the journal begins so: they are those of this
 * item, also when another one of them has changed. */
static void
write_prefix(struct graph_job *job, char prefix[GRAPH_KEY])
{
    char key[GRAPH_KEY];
    msgpack_unpacked body;
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    size_t used = 0;
    uint64_t hash = 14695981039346656037u; /* FNV-1a, 64 bits */
    troupe__graph_journal_key(job, key);
    msgpack_unpacked_init(&body);
    int rc = msgpack_unpack_next(&body, job->body, job->body_size, &used);
    CHECK(rc == MSGPACK_UNPACK_SUCCESS);
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    for (uint32_t i = 0;
         body.data.type == MSGPACK_OBJECT_MAP && i < body.data.via.map.size;
         i++) {
        const msgpack_object_kv *it = &body.data.via.map.ptr[i];
        if (it->val.type != MSGPACK_OBJECT_BIN)
            msgpack_pack_object(&packer, it->val);
    }
    for (size_t i = 0; i < buffer.size; i++)
        hash = (hash ^ (unsigned char) buffer.data[i]) * 1099511628211u;
    snprintf(prefix, GRAPH_KEY, "%.*s:%016" PRIx64, (int) strcspn(key, ":"),
             key, hash);
    msgpack_sbuffer_destroy(&buffer);
    msgpack_unpacked_destroy(&body);
}

int
troupe__graph_nested_ask(troupe_context_t *ctx, struct coordinator *self,
                         struct graph_job *job,
                         const troupe_ask_options_t *options)
{
    const struct graph_run *run = job->run;
    char prefix[GRAPH_KEY];
    write_prefix(job, prefix);
    return troupe_ask_with(ctx, self->nester, "run", options, &job->ask,
                           "{s:r, s:U, s:b, s:b, s:R, s:s}", "what", job->body,
                           job->body_size, "parallel", (uint64_t) share_of(job),
                           "fail_fast", (int) run->orders.fail_fast, "resume",
                           (int) run->orders.resume, "kept", run->journal,
                           "prefix", prefix);
}

/* What it went well without is said each time: such a result is not kept, but
 * those of its tasks are. */
void
troupe__graph_nested_take(troupe_context_t *ctx, struct graph_job *job,
                          const troupe_message_t *reply)
{
    const char *why = NULL;
    const void *value = NULL;
    size_t size = 0;
    char **whose = job->item ? &job->item->why : &job->run->whys[job->task];
    int rc =
        troupe_unpack(reply, "{s:s, s:r}", "why", &why, "value", &value, &size);
    CHECK(rc == 0); /* it is ours */
    job->lacks = *why != '\0';
    if (job->lacks) {
        free(*whose);
        *whose = troupe__strdup(why);
    }
    troupe__graph_job_result(ctx, job, value, size);
}
