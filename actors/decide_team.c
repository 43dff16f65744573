/* SPDX-License-Identifier: Apache-2.0 */
/* decide_team.c: the actors of a run: started, named, looked at. */
#include "actors/decide.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_children.h"
#include "troupe_keeper.h"
#include "troupe_msgpack.h"
#include "troupe_stats.h"

#include "actors/decide_codec.h"
#include "mailbox/check.h"

#define INTENSITY      100000 /* restarts of all children within the period */
#define CHILD_RESTARTS 8      /* of one child; then it stays down */
#define BACKOFF_MIN_MS 5
#define BACKOFF_MAX_MS 100
#define START_MS       30000

void
troupe__cell_id(uint32_t option, enum group strategy, char *id)
{
    snprintf(id, TROUPE_NAME_MAX + 1, "%s:%u", troupe__group_name(strategy),
             option);
}

void
troupe__sampler_id(uint32_t index, char *id)
{
    snprintf(id, TROUPE_NAME_MAX + 1, SAMPLER ":%u", index);
}

size_t
troupe__team_name(const char *id)
{
    return strcspn(id, ":");
}

/* The line of a name in progress; TEAM_LINES for none. */
static unsigned
line_of(const char *name, size_t size)
{
    for (unsigned i = 0; i + 1 < TEAM_LINES; i++) {
        const char *line =
            i < STRATEGY_COUNT ? troupe__group_name((enum group)(i + 1))
            : i < STRATEGY_COUNT + PERSPECTIVE_COUNT ? troupe__perspective_name(
                  (enum perspective_index)(i - STRATEGY_COUNT))
                                                     : SAMPLER;
        if (strlen(line) == size && memcmp(line, name, size) == 0)
            return i;
    }
    return TEAM_LINES;
}

bool
troupe__is_team_name(const char *name)
{
    return line_of(name, strlen(name)) < TEAM_LINES;
}

/* --- the request --------------------------------------------------------- */

int
troupe__decide_faults_write(msgpack_packer *packer, void *value)
{
    const struct decide_request *request = value;
    msgpack_pack_array(packer, request->fault_count);
    for (uint32_t i = 0; i < request->fault_count; i++) {
        const struct fault *fault = &request->faults[i];
        msgpack_pack_array(packer, 2);
        msgpack_pack_str(packer, strlen(fault->name));
        msgpack_pack_str_body(packer, fault->name, strlen(fault->name));
        msgpack_pack_uint64(packer, fault->times);
    }
    return 0;
}

static int
read_fault(const msgpack_object *object, struct fault *ret)
{
    if (object->type != MSGPACK_OBJECT_ARRAY || object->via.array.size != 2)
        return -EBADMSG;
    const msgpack_object *name = &object->via.array.ptr[0];
    const msgpack_object *times = &object->via.array.ptr[1];
    if (name->type != MSGPACK_OBJECT_STR
        || name->via.str.size >= sizeof ret->name
        || times->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
        return -EBADMSG;
    memcpy(ret->name, name->via.str.ptr, name->via.str.size);
    ret->name[name->via.str.size] = '\0';
    ret->times = times->via.u64;
    return 0;
}

static int
read_faults(const troupe_message_t *msg, struct decide_request *ret)
{
    msgpack_object body;
    int rc = troupe_message_object(msg, &body);
    for (uint32_t i = 0; rc == 0 && i < body.via.map.size; i++) {
        const msgpack_object_kv *it = &body.via.map.ptr[i];
        if (it->key.type != MSGPACK_OBJECT_STR || it->key.via.str.size != 6
            || memcmp(it->key.via.str.ptr, "faults", 6) != 0)
            continue;
        if (it->val.type != MSGPACK_OBJECT_ARRAY
            || it->val.via.array.size > DECIDE_FAULTS_MAX)
            return -EBADMSG;
        for (uint32_t j = 0; rc == 0 && j < it->val.via.array.size; j++)
            rc = read_fault(&it->val.via.array.ptr[j],
                            &ret->faults[ret->fault_count++]);
    }
    return rc;
}

int
troupe__decide_request_read(const troupe_message_t *msg,
                            struct decide_request *ret_request)
{
    CHECK(ret_request);
    struct decide_request it = {.samples = 10000, .seed = 1, .samplers = 2};
    int rc = troupe_unpack(msg, "{s?U, s?U, s?U, s?U, s?U, s?R}", "samples",
                           &it.samples, "seed", &it.seed, "samplers",
                           &it.samplers, "deadline_ms", &it.deadline_ms,
                           "failures", &it.failures, "journal", &it.journal);
    if (rc == 0)
        rc = read_faults(msg, &it);
    if (rc == 0
        && (it.samples > DECIDE_SAMPLES_MAX || it.samplers == 0
            || it.samplers > DECIDE_SAMPLERS_MAX
            || it.deadline_ms > UINT32_MAX - DECIDE_GRACE_MS))
        rc = -ERANGE;
    *ret_request = it;
    return rc;
}

/* --- the start ----------------------------------------------------------- */

struct team {
    const struct decide_request *request;
    troupe_child_spec_t *specs;
    char (*ids)[TROUPE_NAME_MAX + 1];
    size_t count;
};

static uint64_t
fail_of(const struct team *self, const char *id)
{
    for (uint32_t i = 0; i < self->request->fault_count; i++) {
        const struct fault *fault = &self->request->faults[i];
        if (strlen(fault->name) == troupe__team_name(id)
            && memcmp(fault->name, id, strlen(fault->name)) == 0)
            return fault->times;
    }
    return 0;
}

static troupe_child_spec_t *
add(struct team *self, const troupe_kind_t *kind, troupe_place_t place)
{
    CHECK(self->count < DECIDE_TEAM_MAX);
    troupe_child_spec_t *spec = &self->specs[self->count];
    *spec = (troupe_child_spec_t){
        .id = self->ids[self->count],
        .kind = kind,
        .place = place,
        .backoff = {.min_ms = BACKOFF_MIN_MS, .max_ms = BACKOFF_MAX_MS},
        .budget = {.restarts = CHILD_RESTARTS, .then = TROUPE_GIVE_UP},
        .poison_max = TROUPE_INFINITE, /* the gather counts its attempts */
    };
    self->count += 1;
    return spec;
}

/* With a journal a keeper stands before it, and starts it. */
static int
keep(const struct team *self, troupe_child_spec_t *spec, int rc)
{
    troupe_child_spec_t own = *spec;
    if (rc < 0 || troupe_ref_is_nobody(self->request->journal))
        return rc;
    spec->kind = &troupe_keeper;
    spec->arguments = NULL;
    spec->arguments_size = 0;
    /* What an interrupt cut short is given, not kept. */
    rc = troupe_child_spec_pack(
        spec, "{s:R, s:s, s:s, s:r, s:s}", "journal", self->request->journal,
        "about", spec->id, "kind", own.kind->name, "start", own.arguments,
        own.arguments_size, "zero",
        own.kind == &troupe_decision_sampler ? "cut" : "");
    troupe_child_spec_clear(&own);
    return rc;
}

/* The cells of a strategy. */
static int
add_cells(struct team *self, enum group strategy,
          const msgpack_object *decision, uint32_t options)
{
    int rc = 0;
    for (uint32_t i = 0; i < options && rc == 0; i++) {
        char *id = self->ids[self->count];
        troupe__cell_id(i, strategy, id);
        struct decision_part part = {decision, strategy, i};
        troupe_child_spec_t *spec =
            add(self, &troupe_decision_cell, TROUPE_NEAR);
        rc = troupe_child_spec_pack(spec, "{s:s, s:U, s:*}", "strategy",
                                    troupe__group_name(strategy), "fail",
                                    fail_of(self, id), "decision",
                                    troupe__decision_part_write, &part);
        rc = keep(self, spec, rc);
    }
    return rc;
}

/* Perspectives and samplers. */
static int
add_others(struct team *self)
{
    int rc = 0;
    for (unsigned v = 0; v < PERSPECTIVE_COUNT && rc == 0; v++) {
        const char *name = troupe__perspective_name((enum perspective_index) v);
        char *id = self->ids[self->count];
        snprintf(id, TROUPE_NAME_MAX + 1, "%s", name);
        troupe_child_spec_t *spec =
            add(self, &troupe_decision_perspective, TROUPE_NEAR);
        rc = troupe_child_spec_pack(spec, "{s:s, s:U}", "perspective", name,
                                    "fail", fail_of(self, id));
        rc = keep(self, spec, rc);
    }
    uint64_t step = self->request->samplers;
    for (uint32_t i = 0; i < step && rc == 0; i++) {
        char *id = self->ids[self->count];
        troupe__sampler_id(i, id);
        troupe_child_spec_t *spec =
            add(self, &troupe_decision_sampler, TROUPE_SPREAD);
        rc = troupe_child_spec_pack(spec, "{s:U, s:U, s:U}", "first",
                                    (uint64_t) i, "step", step, "fail",
                                    fail_of(self, id));
        rc = keep(self, spec, rc);
    }
    return rc;
}

int
troupe__team_start(troupe_context_t *ctx, unsigned index,
                   const msgpack_object *decision, uint32_t options,
                   const struct decide_request *request, troupe_answer_fn ready,
                   troupe_ref_t *ret_supervisor)
{
    /* Each team on a worker of its own where there are some; its children near
     * it, so that a start of many is no matter of waking workers. */
    static const troupe_supervisor_options_t how = {.strategy =
                                                        TROUPE_ONE_FOR_ONE,
                                                    .intensity = INTENSITY,
                                                    .place = TROUPE_SPREAD};
    /* A change waits until all children have started; this one is none. */
    static const troupe_child_request_t barrier = {
        .verb = TROUPE_CHANGE_OPTIONS, .options = &how};
    struct team team = {
        .request = request,
        .specs = troupe__alloc(DECIDE_TEAM_MAX * sizeof *team.specs),
        .ids = troupe__alloc(DECIDE_TEAM_MAX * sizeof *team.ids)};
    int rc = index < STRATEGY_COUNT
                 ? add_cells(&team, (enum group)(index + 1), decision, options)
                 : add_others(&team);
    if (rc == 0)
        rc = troupe_supervisor_start(ctx, &how, team.specs, team.count,
                                     ret_supervisor, NULL);
    if (rc == 0)
        rc = troupe_supervisor_ask(ctx, *ret_supervisor, &barrier, START_MS,
                                   ready, NULL);
    for (size_t i = 0; i < team.count; i++)
        troupe_child_spec_clear(&team.specs[i]);
    free(team.specs);
    free(team.ids);
    return rc;
}

/* --- progress ------------------------------------------------------------ */

void
troupe__team_read(struct team_view *self, const troupe_message_t *msg)
{
    troupe_child_info_t *infos = troupe__alloc(DECIDE_TEAM_MAX * sizeof *infos);
    int count = troupe_child_infos_read(msg, infos, DECIDE_TEAM_MAX);
    for (int i = 0;
         i < count && i < DECIDE_TEAM_MAX && self->count < DECIDE_ACTORS_MAX;
         i++) {
        unsigned line = line_of(infos[i].id, troupe__team_name(infos[i].id));
        if (line == TEAM_LINES || troupe_ref_is_nobody(infos[i].ref))
            continue;
        self->refs[self->count] = infos[i].ref;
        self->lines[self->count++] = (uint8_t) line;
    }
    free(infos);
}

/* One actor into the line that it belongs to. */
static void
look_at(troupe_t *node, troupe_ref_t ref, troupe_research_actor_t *line)
{
    troupe_actor_stats_t stats;
    if (troupe_actor_stats_get(node, ref, &stats) < 0)
        return;
    uint32_t restarts = stats.incarnation > 0 ? stats.incarnation - 1 : 0;
    uint64_t starts = restarts + 1;
    line->failed += stats.failed;
    line->restarts += restarts;
    line->handled += stats.handled > starts ? stats.handled - starts : 0;
    bool busy = stats.received > stats.handled + stats.failed + stats.dropped;
    if (stats.status == TROUPE_STATUS_WAITING)
        line->state = "restarting";
    else if (busy && strcmp(line->state, "restarting") != 0)
        line->state = "working";
    else if (stats.handled > starts && strcmp(line->state, "waiting") == 0)
        line->state = "done";
}

void
troupe__team_look(const struct team_view *self, troupe_t *node,
                  troupe_research_actor_t *ret_lines)
{
    for (unsigned i = 0; i < TEAM_LINES; i++) {
        bool strategy = i < STRATEGY_COUNT;
        bool perspective = !strategy && i < STRATEGY_COUNT + PERSPECTIVE_COUNT;
        ret_lines[i] = (troupe_research_actor_t){
            .name = strategy      ? troupe__group_name((enum group)(i + 1))
                    : perspective ? troupe__perspective_name(
                          (enum perspective_index)(i - STRATEGY_COUNT))
                    : i + 1 < TEAM_LINES ? SAMPLER
                                         : DECIDER,
            .role = strategy             ? "strategy"
                    : perspective        ? "perspective"
                    : i + 1 < TEAM_LINES ? "sampler"
                                         : "decider",
            .state = "waiting"};
    }
    for (size_t i = 0; i < self->count; i++)
        look_at(node, self->refs[i], &ret_lines[self->lines[i]]);
    /* A sampler draws on when it has handled what asked for it. */
    if (strcmp(ret_lines[TEAM_LINES - 2].state, "done") == 0)
        ret_lines[TEAM_LINES - 2].state = "working";
}
