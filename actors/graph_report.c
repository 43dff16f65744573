/* SPDX-License-Identifier: Apache-2.0 */
/* graph_report.c: reports as messages, and what is measured of a run. */
#include <errno.h>
#include <stdlib.h>
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

static void
pack_task(msgpack_packer *packer, const troupe_graph_ended_t *it)
{
    msgpack_pack_map(packer, 7u + (*it->why != '\0') + it->resumed
                                 + it->recovered + has_result(it)
                                 + (it->part_count > 0));
    pack_pair(packer, "id", it->id);
    pack_pair(packer, "state", troupe_graph_state_name(it->state));
    pack_number(packer, "attempts", it->attempts);
    pack_number(packer, "ready_ns", it->ready_ns);
    pack_number(packer, "started_ns", it->started_ns);
    pack_number(packer, "ended_ns", it->ended_ns);
    pack_number(packer, "spent_ns", it->spent_ns);
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

/* --- reading ----------------------------------------------------------------*/

/* A report and what it points to. */
struct owned {
    troupe_graph_report_t report; /* first: it is what users hold */
    char **whys;                  /* by task; NULL where there is none */
    troupe_graph_ended_t *tasks;
    uint32_t *path;
    char *why;
};

static bool
is_key(const msgpack_object *key, const char *name)
{
    size_t size = strlen(name);
    return key->type == MSGPACK_OBJECT_STR && key->via.str.size == size
           && memcmp(key->via.str.ptr, name, size) == 0;
}

static uint32_t
word_of(const msgpack_object *value, const char *const *words, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        if (is_key(value, words[i]))
            return i;
    return 0;
}

static char *
copy_text(const msgpack_object *value)
{
    const msgpack_object_str *text = &value->via.str;
    if (value->type != MSGPACK_OBJECT_STR)
        return NULL;
    char *copy = troupe__alloc((size_t) text->size + 1);
    if (text->size > 0)
        memcpy(copy, text->ptr, text->size);
    return copy;
}

/* A buffer of msgpack-c's begins with 8 KiB: one for all, and a copy. */
static void
keep_result(const msgpack_object *value, msgpack_sbuffer *buffer,
            troupe_graph_ended_t *it)
{
    msgpack_packer packer;
    msgpack_sbuffer_clear(buffer);
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    msgpack_pack_object(&packer, *value);
    void *copy = troupe__alloc(buffer->size);
    memcpy(copy, buffer->data, buffer->size);
    free((void *) (uintptr_t) it->result);
    it->result = copy;
    it->result_size = buffer->size;
}

static int
read_pair(const msgpack_object_kv *pair, msgpack_sbuffer *buffer,
          troupe_graph_ended_t *it, char **why)
{
    static const struct {
        const char *key;
        size_t at;
    } numbers[] = {{"ready_ns", offsetof(troupe_graph_ended_t, ready_ns)},
                   {"started_ns", offsetof(troupe_graph_ended_t, started_ns)},
                   {"ended_ns", offsetof(troupe_graph_ended_t, ended_ns)},
                   {"spent_ns", offsetof(troupe_graph_ended_t, spent_ns)}};
    bool is_number = pair->val.type == MSGPACK_OBJECT_POSITIVE_INTEGER;
    for (size_t i = 0; is_number && i < sizeof numbers / sizeof *numbers; i++) {
        uint64_t *at = (uint64_t *) (void *) ((char *) it + numbers[i].at);
        if (is_key(&pair->key, numbers[i].key))
            *at = pair->val.via.u64;
    }
    if (is_key(&pair->key, "attempts") && is_number) {
        it->attempts = (uint32_t) pair->val.via.u64;
    } else if (is_key(&pair->key, "state")) {
        it->state = (troupe_graph_state_t) word_of(
            &pair->val, states, sizeof states / sizeof *states);
    } else if (is_key(&pair->key, "resumed")) {
        it->resumed = true;
    } else if (is_key(&pair->key, "recovered")) {
        it->recovered = true;
    } else if (is_key(&pair->key, "result")) {
        keep_result(&pair->val, buffer, it);
    } else if (is_key(&pair->key, "why")) {
        free(*why);
        *why = copy_text(&pair->val);
    } else if (is_key(&pair->key, "parts")) {
        troupe__graph_parts_free((void *) (uintptr_t) it->parts,
                                 it->part_count);
        return troupe__graph_read_parts(
            &pair->val, (troupe_graph_part_t **) (uintptr_t) &it->parts,
            &it->part_count);
    }
    return 0;
}

static int
read_task(struct owned *self, const msgpack_object *from, uint32_t index,
          msgpack_sbuffer *buffer)
{
    troupe_graph_ended_t *it = &self->tasks[index];
    if (from->type != MSGPACK_OBJECT_MAP)
        return -EBADMSG;
    int rc = 0;
    for (uint32_t i = 0; i < from->via.map.size && rc == 0; i++)
        rc = read_pair(&from->via.map.ptr[i], buffer, it, &self->whys[index]);
    it->why = self->whys[index] ? self->whys[index] : "";
    self->report.states[it->state]++;
    return rc == 0 && it->state == 0 ? -EBADMSG : rc;
}

static int
read_tasks(struct owned *self, const msgpack_object *list,
           const troupe_graph_t *graph)
{
    int rc = 0;
    msgpack_sbuffer buffer;
    if (list->type != MSGPACK_OBJECT_ARRAY
        || list->via.array.size != graph->count)
        return -EBADMSG;
    msgpack_sbuffer_init(&buffer);
    for (uint32_t i = 0; i < graph->count && rc == 0; i++) {
        self->tasks[i].id = graph->tasks[i].spec.id;
        rc = read_task(self, &list->via.array.ptr[i], i, &buffer);
    }
    msgpack_sbuffer_destroy(&buffer);
    return rc;
}

static int
read_report(struct owned *self, const msgpack_object *body,
            const troupe_graph_t *graph)
{
    int rc = -EBADMSG;
    for (uint32_t i = 0;
         body->type == MSGPACK_OBJECT_MAP && i < body->via.map.size; i++) {
        const msgpack_object_kv *pair = &body->via.map.ptr[i];
        uint64_t number = pair->val.type == MSGPACK_OBJECT_POSITIVE_INTEGER
                              ? pair->val.via.u64
                              : 0;
        if (is_key(&pair->key, "outcome")) {
            self->report.outcome = (troupe_graph_outcome_t) word_of(
                &pair->val, outcomes, sizeof outcomes / sizeof *outcomes);
        } else if (is_key(&pair->key, "why")) {
            free(self->why);
            self->why = copy_text(&pair->val);
        } else if (is_key(&pair->key, "parallel")) {
            self->report.parallel = (uint32_t) number;
        } else if (is_key(&pair->key, "parallel_most")) {
            self->report.parallel_most = (uint32_t) number;
        } else if (is_key(&pair->key, "wall_ns")) {
            self->report.wall_ns = number;
        } else if (is_key(&pair->key, "tasks")) {
            rc = read_tasks(self, &pair->val, graph);
        }
    }
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
    msgpack_object body = {.type = MSGPACK_OBJECT_NIL};
    int rc = troupe_graph_check(graph, NULL, NULL);
    if (rc == 0)
        rc = troupe_message_object(msg, &body);
    if (rc < 0)
        return rc;
    struct owned *self = troupe__alloc(sizeof *self);
    self->tasks = troupe__alloc(graph->count * sizeof *self->tasks);
    self->whys = troupe__alloc(graph->count * sizeof *self->whys);
    self->report.count = graph->count;
    self->report.tasks = self->tasks;
    rc = read_report(self, &body, graph);
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
