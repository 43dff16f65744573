/* SPDX-License-Identifier: Apache-2.0 */
/* graph_report.c: reports on their way out, and the words in them. */
#include <endian.h>
#include <string.h>
#include <unistd.h>

#include "actors/graph_each.h"
#include "mailbox/check.h"

static const char *const states[] = {
    [0] = "",
    [TROUPE_GRAPH_OK] = "ok",
    [TROUPE_GRAPH_FAILED] = "failed",
    [TROUPE_GRAPH_TIMEOUT] = "timeout",
    [TROUPE_GRAPH_LOST] = "lost",
    [TROUPE_GRAPH_CANCELLED] = "cancelled",
    [TROUPE_GRAPH_SKIPPED] = "skipped",
    [TROUPE_GRAPH_NOT_NEEDED] = "not needed",
};

static const char *const outcomes[] = {
    [0] = "",
    [TROUPE_GRAPH_COMPLETE] = "complete",
    [TROUPE_GRAPH_DEGRADED] = "degraded",
    [TROUPE_GRAPH_BROKEN] = "broken",
    [TROUPE_GRAPH_INTERRUPTED] = "interrupted",
    [TROUPE_GRAPH_OVERDUE] = "overdue",
    [TROUPE_GRAPH_STALLED] = "stalled",
};

const char *
troupe_graph_state_name(troupe_graph_state_t state)
{
    return state <= TROUPE_GRAPH_NOT_NEEDED ? states[state] : "";
}

const char *
troupe_graph_outcome_name(troupe_graph_outcome_t outcome)
{
    return outcome <= TROUPE_GRAPH_STALLED ? outcomes[outcome] : "";
}

uint32_t
troupe__graph_cores(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (uint32_t) count : 1;
}

troupe_graph_options_t
troupe_graph_options_default(void)
{
    return (troupe_graph_options_t){.interrupt_fd = -1};
}

/* --- writing ----------------------------------------------------------------*/

static void
pack_number(msgpack_packer *packer, const char *key, uint64_t number)
{
    troupe__graph_pack_text(packer, key);
    msgpack_pack_uint64(packer, number);
}

static void
pack_pair(msgpack_packer *packer, const char *key, const char *text)
{
    troupe__graph_pack_text(packer, key);
    troupe__graph_pack_text(packer, text);
}

/* Nil is what it is when nothing is said. */
static bool
has_result(const troupe_graph_ended_t *it)
{
    return it->result
           && (it->result_size > 1 || *(const char *) it->result != '\xc0');
}

/* Members whose keys are constants, so that they are written at once. */
struct members {
    char bytes[160];
    size_t size;
};

static void
add_bytes(struct members *self, const void *bytes, size_t size)
{
    CHECK(size <= sizeof self->bytes - self->size);
    memcpy(self->bytes + self->size, bytes, size);
    self->size += size;
}

/* `key` with its head, and then a short text. */
#define ADD_TEXT(self, key, text)                                              \
    (add_bytes(self, key, sizeof(key) - 1), add_text(self, text))
static void
add_text(struct members *self, const char *text)
{
    size_t size = strlen(text);
    CHECK(size < 32);
    char head = (char) (0xa0 | size);
    add_bytes(self, &head, 1);
    add_bytes(self, text, size);
}

/* `key` with its head, and the first byte of a number of 64 bits. */
#define ADD_NUMBER(self, key, number)                                          \
    (add_bytes(self, key "\xcf", sizeof(key)), add_number(self, number))
static void
add_number(struct members *self, uint64_t number)
{
    uint64_t bytes = htobe64(number);
    add_bytes(self, &bytes, sizeof bytes);
}

static void
pack_task(msgpack_packer *packer, const troupe_graph_ended_t *it)
{
    struct members members = {.size = 0};
    char head[] = "\x80\xa2id";
    head[0] = (char) (0x87 + (*it->why != '\0') + it->resumed + it->recovered
                      + has_result(it) + (it->part_count > 0));
    packer->callback(packer->data, head, sizeof head - 1);
    troupe__graph_pack_text(packer, it->id);
    ADD_TEXT(&members, "\xa5state", troupe_graph_state_name(it->state));
    ADD_NUMBER(&members,
               "\xa8"
               "attempts",
               it->attempts);
    ADD_NUMBER(&members, "\xa8ready_ns", it->ready_ns);
    ADD_NUMBER(&members, "\xaastarted_ns", it->started_ns);
    ADD_NUMBER(&members,
               "\xa8"
               "ended_ns",
               it->ended_ns);
    ADD_NUMBER(&members, "\xa8spent_ns", it->spent_ns);
    packer->callback(packer->data, members.bytes, members.size);
    if (*it->why)
        pack_pair(packer, "why", it->why);
    if (it->resumed) {
        troupe__graph_pack_text(packer, "resumed");
        msgpack_pack_true(packer);
    }
    if (it->recovered) {
        troupe__graph_pack_text(packer, "recovered");
        msgpack_pack_true(packer);
    }
    if (has_result(it)) {
        troupe__graph_pack_text(packer, "result");
        packer->callback(packer->data, it->result, it->result_size);
    }
    if (it->part_count > 0) {
        troupe__graph_pack_text(packer, "parts");
        troupe__graph_pack_parts(packer, it->parts, it->part_count);
    }
}

int
troupe__graph_report_tell(msgpack_packer *packer, void *report)
{
    const troupe_graph_report_t *self = report;
    msgpack_pack_map(packer, 6);
    pack_pair(packer, "outcome", troupe_graph_outcome_name(self->outcome));
    pack_pair(packer, "why", self->why);
    pack_number(packer, "parallel", self->parallel);
    pack_number(packer, "parallel_most", self->parallel_most);
    pack_number(packer, "wall_ns", self->wall_ns);
    troupe__graph_pack_text(packer, "tasks");
    msgpack_pack_array(packer, self->count);
    for (size_t i = 0; i < self->count; i++)
        pack_task(packer, &self->tasks[i]);
    return 0;
}
