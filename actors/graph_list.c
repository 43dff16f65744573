/* SPDX-License-Identifier: Apache-2.0 */
/* graph_list.c: the list of a task with `each`, and what came of its items. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/graph_command.h"
#include "actors/graph_each.h"
#include "actors/text.h"
#include "mailbox/check.h"

#define SHOWN_MAX 48 /* bytes of what is no list */

static const troupe_graph_task_t *
spec_of(const struct graph_job *job)
{
    return &job->run->orders.graph->tasks[job->task].spec;
}

size_t
troupe__graph_cut(const char *text, size_t size)
{
    while (size > 0 && !troupe__utf8_is_valid(text, size))
        size--;
    return size;
}

/* What is no list, in words; to be freed. */
static char *
describe(const msgpack_object *found)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = troupe__graph_text_open(&text, &size);
    fputs(found->type == MSGPACK_OBJECT_MAP ? "a map, " : "", out);
    fputs(found->type == MSGPACK_OBJECT_BIN ? "bytes that are no text, " : "",
          out);
    troupe__graph_value_json(found, out);
    troupe__graph_text_close(out);
    if (size > SHOWN_MAX + 3) /* so that there is room for the dots */
        memcpy(text + troupe__graph_cut(text, SHOWN_MAX), "...", 4);
    return text;
}

/* The list as bytes, which become what is kept of the task. */
static int
pack_list(struct graph_job *job, const msgpack_object *found)
{
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    bool is_text = found->type == MSGPACK_OBJECT_STR;
    if (!is_text && found->type != MSGPACK_OBJECT_ARRAY)
        return -EINVAL;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    if (is_text) {
        troupe__graph_pack_lines(&packer, found->via.str.ptr,
                                 found->via.str.size);
    } else {
        msgpack_pack_object(&packer, *found);
    }
    job->body = job->filled = buffer.data;
    job->body_size = buffer.size;
    return 0;
}

/* "g.yaml:7: " */
static void
write_place(const troupe_graph_task_t *spec, char place[WIRE_WHY])
{
    place[0] = '\0';
    if (spec->file && spec->line > 0)
        snprintf(place, WIRE_WHY, "%s:%u: ", spec->file, spec->line);
    else if (spec->file)
        snprintf(place, WIRE_WHY, "%s: ", spec->file);
    else if (spec->line > 0)
        snprintf(place, WIRE_WHY, "line %u: ", spec->line);
}

static int
find_list(struct graph_job *job, char why[WIRE_WHY])
{
    const char *text = spec_of(job)->each;
    struct reference reference;
    msgpack_zone zone;
    msgpack_object found;
    size_t size = troupe__graph_reference_read(text, strlen(text), &reference);
    CHECK(size > 0); /* it was checked */
    if (!msgpack_zone_init(&zone, MSGPACK_ZONE_CHUNK_SIZE))
        troupe__out_of_memory(MSGPACK_ZONE_CHUNK_SIZE);
    int rc = troupe__graph_reference_value(&reference, troupe__graph_job_known,
                                           job, &zone, &found, why);
    if (rc == 0) {
        rc = pack_list(job, &found);
        char *words = rc < 0 ? describe(&found) : NULL;
        if (rc < 0) {
            snprintf(why, WIRE_WHY,
                     "'each' wants a list, or text for its lines, and %.100s "
                     "is %s",
                     text, words);
        }
        free(words);
    }
    msgpack_zone_destroy(&zone);
    return rc;
}

static int
open_list(struct graph_job *job, char why[WIRE_WHY])
{
    struct graph_run *run = job->run;
    struct graph_each *each = job->each;
    size_t used = 0;
    int rc = msgpack_unpack_next(&each->list, job->body, job->body_size, &used);
    CHECK(rc == MSGPACK_UNPACK_SUCCESS);
    uint32_t count = each->list.data.via.array.size;
    if (count > TROUPE_GRAPH_PARTS_MAX - run->part_count) {
        snprintf(why, WIRE_WHY,
                 "%s has %u items, and with those of other tasks a run has at "
                 "most %d; let one item be several things",
                 spec_of(job)->each, count, TROUPE_GRAPH_PARTS_MAX);
        return -ENOSPC;
    }
    if (count < spec_of(job)->each_quorum) {
        snprintf(why, WIRE_WHY, "%s has %u items, and its quorum is %u",
                 spec_of(job)->each, count, spec_of(job)->each_quorum);
        return -EINVAL;
    }
    run->part_count += count;
    each->count = each->first_bad = count;
    each->items = troupe__alloc((count + 1) * sizeof *each->items);
    each->again = troupe__alloc((count + 1) * sizeof *each->again);
    return 0;
}

int
troupe__graph_list_open(struct graph_job *job, char why[LIST_WHY])
{
    char words[WIRE_WHY] = "", place[WIRE_WHY];
    int rc = find_list(job, words);
    if (rc == 0)
        rc = open_list(job, words);
    if (rc == 0)
        return 0;
    write_place(spec_of(job), place);
    snprintf(why, LIST_WHY, "%s%s", place, words);
    return rc;
}

/* --- what came of it --------------------------------------------------------*/

troupe_graph_part_t *
troupe__graph_each_parts(const struct graph_each *self)
{
    troupe_graph_part_t *parts =
        troupe__alloc((self->count + 1) * sizeof *parts);
    for (uint32_t i = 0; i < self->count; i++) {
        const struct graph_item *item = &self->items[i];
        const struct graph_job *job = &item->job;
        parts[i] = (troupe_graph_part_t){
            .state = (troupe_graph_state_t) item->state,
            .attempts = job->attempts,
            .resumed = job->resumed,
            .started_ns = job->started_ns,
            .ended_ns = job->ended_ns,
            .spent_ns = job->spent_ns,
            .why = item->why ? item->why : "",
        };
    }
    return parts;
}

void
troupe__graph_each_destroy(struct graph_each **self_p)
{
    struct graph_each *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; self->items && i < self->count; i++) {
        struct graph_item *item = &self->items[i];
        free(item->job.filled);
        free(item->job.result);
        free(item->bytes);
        free(item->why);
        troupe__graph_rounds_destroy(&item->job.rounds);
    }
    msgpack_unpacked_destroy(&self->list);
    free(self->items);
    free(self->again);
    free(self);
    *self_p = NULL;
}
