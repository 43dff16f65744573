/* SPDX-License-Identifier: Apache-2.0 */
/* graph_report_read.c: reads reports, and measures what a run was. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actors/graph_each.h"
#include "actors/map_wire.h"
#include "mailbox/check.h"

/* A report and what it points to. */
struct owned {
    troupe_graph_report_t report; /* first: it is what users hold */
    char **whys;                  /* by task; NULL where there is none */
    troupe_graph_ended_t *tasks;
    uint32_t *path;
    char *why;
};

/* Numbers from ATTEMPTS to SPENT. */
enum member {
    STATE,
    ATTEMPTS,
    READY,
    STARTED,
    ENDED,
    SPENT,
    WHY,
    RESUMED,
    RECOVERED,
    RESULT,
    PARTS,
    MEMBERS
};

#define KEY(text)                                                              \
    {                                                                          \
        (text), sizeof(text) - 1                                               \
    }

struct key {
    const char *text;
    size_t size;
};

static const struct key keys[MEMBERS] = {
    [STATE] = KEY("state"),
    [ATTEMPTS] = KEY("attempts"),
    [READY] = KEY("ready_ns"),
    [STARTED] = KEY("started_ns"),
    [ENDED] = KEY("ended_ns"),
    [SPENT] = KEY("spent_ns"),
    [WHY] = KEY("why"),
    [RESUMED] = KEY("resumed"),
    [RECOVERED] = KEY("recovered"),
    [RESULT] = KEY("result"),
    [PARTS] = KEY("parts"),
};

/* A key that is no text is NULL. */
static bool
take_key(struct map_cursor *at, struct key *ret)
{
    const void *passed = NULL;
    size_t size = 0;
    return troupe__take_text(at, &ret->text, &ret->size)
           || troupe__take_any(at, &passed, &size);
}

static bool
is_same(const struct key *key, const char *text, size_t size)
{
    return key->size == size && key->text && memcmp(key->text, text, size) == 0;
}

static enum member
member_of(const struct key *key)
{
    unsigned i = 0;
    while (i < MEMBERS && !is_same(key, keys[i].text, keys[i].size))
        i++;
    return (enum member) i;
}

static char *
copy_text(struct map_cursor value)
{
    struct key text;
    if (!troupe__take_text(&value, &text.text, &text.size) || !text.text)
        return NULL;
    char *copy = troupe__alloc(text.size + 1);
    if (text.size > 0)
        memcpy(copy, text.text, text.size);
    return copy;
}

static void
keep_result(struct map_cursor value, troupe_graph_ended_t *it)
{
    size_t size = (size_t) (value.end - value.at);
    void *copy = troupe__alloc(size);
    memcpy(copy, value.at, size);
    free((void *) (uintptr_t) it->result);
    it->result = copy;
    it->result_size = size;
}

/* Few tasks have some: they are read as objects. */
static int
read_parts(struct map_cursor value, troupe_graph_ended_t *it)
{
    msgpack_unpacked unpacked;
    msgpack_unpacked_init(&unpacked);
    troupe__graph_parts_free((void *) (uintptr_t) it->parts, it->part_count);
    it->parts = NULL;
    it->part_count = 0;
    int rc = msgpack_unpack_next(&unpacked, (const char *) value.at,
                                 (size_t) (value.end - value.at), NULL)
                     == MSGPACK_UNPACK_SUCCESS
                 ? 0
                 : -EBADMSG;
    if (rc == 0) {
        rc = troupe__graph_read_parts(
            &unpacked.data, (troupe_graph_part_t **) (uintptr_t) &it->parts,
            &it->part_count);
    }
    msgpack_unpacked_destroy(&unpacked);
    return rc;
}

static troupe_graph_state_t
state_of(struct map_cursor value)
{
    struct key text;
    if (!troupe__take_text(&value, &text.text, &text.size))
        return 0;
    for (unsigned i = 1; i <= TROUPE_GRAPH_NOT_NEEDED; i++) {
        const char *name = troupe_graph_state_name((troupe_graph_state_t) i);
        if (is_same(&text, name, strlen(name)))
            return (troupe_graph_state_t) i;
    }
    return 0;
}

static void
set_number(troupe_graph_ended_t *it, enum member member, uint64_t number)
{
    if (member == READY)
        it->ready_ns = number;
    else if (member == STARTED)
        it->started_ns = number;
    else if (member == ENDED)
        it->ended_ns = number;
    else if (member == SPENT)
        it->spent_ns = number;
    else
        it->attempts = (uint32_t) number;
}

static int
read_member(enum member member, struct map_cursor value,
            troupe_graph_ended_t *it, char **why)
{
    if (member == STATE) {
        it->state = state_of(value);
    } else if (member == RESUMED) {
        it->resumed = true;
    } else if (member == RECOVERED) {
        it->recovered = true;
    } else if (member == RESULT) {
        keep_result(value, it);
    } else if (member == WHY) {
        free(*why);
        *why = copy_text(value);
    } else if (member == PARTS) {
        return read_parts(value, it);
    }
    return 0;
}

static int
read_pair(struct map_cursor *at, troupe_graph_ended_t *it, char **why)
{
    struct key key = {0};
    const void *value = NULL;
    size_t size = 0;
    uint64_t number = 0;
    if (!take_key(at, &key))
        return -EBADMSG;
    enum member member = member_of(&key);
    if (member >= ATTEMPTS && member <= SPENT
        && troupe__take_uint(at, &number)) {
        set_number(it, member, number);
        return 0;
    }
    if (!troupe__take_any(at, &value, &size))
        return -EBADMSG;
    const uint8_t *first = value;
    return read_member(member, (struct map_cursor){first, first + size}, it,
                       why);
}

static inline bool
take_bytes(struct map_cursor *at, const char *bytes, size_t size)
{
    if ((size_t) (at->end - at->at) < size || memcmp(at->at, bytes, size) != 0)
        return false;
    at->at += size;
    return true;
}

#define TAKE(at, bytes) take_bytes(at, bytes, sizeof(bytes) - 1)
#define TAKE_NUMBER(at, key, number)                                           \
    (TAKE(at, key "\xcf") && take_8(at, number))

static inline bool
take_8(struct map_cursor *at, uint64_t *ret)
{
    if (at->end - at->at < 8)
        return false;
    memcpy(ret, at->at, sizeof *ret);
    *ret = be64toh(*ret);
    at->at += sizeof *ret;
    return true;
}

enum { USUAL = 7 };

/* What most say, in the bytes in which graph_report.c writes it; false: it is
 * something else, and nothing was read. */
static bool
read_usual(struct map_cursor *self, troupe_graph_ended_t *it)
{
    struct map_cursor at = *self;
    struct key id;
    uint64_t attempts = 0;
    if (!TAKE(&at, "\xa2id") || !troupe__take_text(&at, &id.text, &id.size)
        || !TAKE(&at, "\xa5state\xa2ok")
        || !TAKE_NUMBER(&at,
                        "\xa8"
                        "attempts",
                        &attempts)
        || !TAKE_NUMBER(&at, "\xa8ready_ns", &it->ready_ns)
        || !TAKE_NUMBER(&at, "\xaastarted_ns", &it->started_ns)
        || !TAKE_NUMBER(&at,
                        "\xa8"
                        "ended_ns",
                        &it->ended_ns)
        || !TAKE_NUMBER(&at, "\xa8spent_ns", &it->spent_ns))
        return false;
    it->state = TROUPE_GRAPH_OK;
    it->attempts = (uint32_t) attempts;
    *self = at;
    return true;
}

static int
read_task(struct owned *self, struct map_cursor *at, uint32_t index)
{
    troupe_graph_ended_t *it = &self->tasks[index];
    uint32_t count = 0;
    if (!troupe__take_map(at, &count))
        return -EBADMSG;
    int rc = 0;
    uint32_t i = count >= USUAL && read_usual(at, it) ? USUAL : 0;
    for (; i < count && rc == 0; i++)
        rc = read_pair(at, it, &self->whys[index]);
    it->why = self->whys[index] ? self->whys[index] : "";
    self->report.states[it->state]++;
    return rc == 0 && it->state == 0 ? -EBADMSG : rc;
}

static int
read_tasks(struct owned *self, struct map_cursor at,
           const troupe_graph_t *graph)
{
    uint32_t count = 0;
    int rc = 0;
    if (!troupe__take_array(&at, &count) || count != graph->count)
        return -EBADMSG;
    for (uint32_t i = 0; i < count && rc == 0; i++) {
        self->tasks[i].id = graph->tasks[i].spec.id;
        rc = read_task(self, &at, i);
    }
    return rc;
}

static troupe_graph_outcome_t
outcome_of(const char *text)
{
    for (unsigned i = 1; i <= TROUPE_GRAPH_STALLED; i++) {
        troupe_graph_outcome_t outcome = (troupe_graph_outcome_t) i;
        if (strcmp(text, troupe_graph_outcome_name(outcome)) == 0)
            return outcome;
    }
    return 0;
}

/* The list is the last that is written: it is passed over at most once. */
static int
read_report(struct owned *self, const troupe_message_t *msg,
            const troupe_graph_t *graph)
{
    const char *outcome = "", *why = "";
    uint64_t parallel = 0, most = 0;
    struct map_cursor tasks;
    int rc =
        troupe_unpack(msg, "{s:s, s?s, s?U, s?U, s?U}", "outcome", &outcome,
                      "why", &why, "parallel", &parallel, "parallel_most",
                      &most, "wall_ns", &self->report.wall_ns);
    if (rc < 0 || !troupe__find_value(msg, "tasks", &tasks))
        return -EBADMSG;
    self->report.outcome = outcome_of(outcome);
    self->report.parallel = (uint32_t) parallel;
    self->report.parallel_most = (uint32_t) most;
    self->why = troupe__strdup(why);
    rc = read_tasks(self, tasks, graph);
    return rc == 0 && self->report.outcome == 0 ? -EBADMSG : rc;
}

/* With enough at once a list takes as long as its longest item. */
static uint64_t
longest_of(const troupe_graph_ended_t *task)
{
    uint64_t longest_ns = 0;
    for (size_t i = 0; i < task->part_count; i++)
        if (task->parts[i].spent_ns > longest_ns)
            longest_ns = task->parts[i].spent_ns;
    return longest_ns;
}

static void
measure(struct owned *self, const troupe_graph_t *graph)
{
    troupe_graph_report_t *report = &self->report;
    uint64_t *lengths = troupe__alloc((graph->count + 1) * sizeof *lengths);
    for (uint32_t i = 0; i < graph->count; i++) {
        report->work_ns += self->tasks[i].spent_ns;
        lengths[i] = graph->tasks[i].spec.each ? longest_of(&self->tasks[i])
                                               : self->tasks[i].spent_ns;
    }
    self->path = troupe__graph_path(graph, lengths, &report->path_count);
    for (size_t i = 0; i < report->path_count; i++)
        report->span_ns += lengths[self->path[i]];
    free(lengths);
    report->path = self->path;
    if (report->wall_ns > 0)
        report->speedup = (double) report->work_ns / (double) report->wall_ns;
    if (report->parallel > 0)
        report->efficiency = report->speedup / report->parallel;
}

int
troupe_graph_report_read(const troupe_message_t *msg, troupe_graph_t *graph,
                         troupe_graph_report_t **ret_report)
{
    CHECK(graph);
    CHECK(ret_report);
    int rc = troupe_graph_check(graph, NULL, NULL);
    if (rc < 0)
        return rc;
    struct owned *self = troupe__alloc(sizeof *self);
    self->tasks = troupe__alloc(graph->count * sizeof *self->tasks);
    self->whys = troupe__alloc(graph->count * sizeof *self->whys);
    self->report.count = graph->count;
    self->report.tasks = self->tasks;
    rc = read_report(self, msg, graph);
    self->report.why = self->why ? self->why : "";
    troupe_graph_report_t *report = &self->report;
    if (rc < 0) {
        troupe_graph_report_destroy(&report);
        return rc;
    }
    measure(self, graph);
    *ret_report = report;
    return 0;
}

void
troupe_graph_report_destroy(troupe_graph_report_t **report_p)
{
    if (!report_p || !*report_p)
        return;
    struct owned *self = (struct owned *) (void *) *report_p;
    for (size_t i = 0; i < self->report.count; i++) {
        free((void *) (uintptr_t) self->tasks[i].result);
        troupe__graph_parts_free(
            (troupe_graph_part_t *) (uintptr_t) self->tasks[i].parts,
            self->tasks[i].part_count);
        free(self->whys[i]);
    }
    free(self->tasks);
    free(self->whys);
    free(self->path);
    free(self->why);
    free(self);
    *report_p = NULL;
}
