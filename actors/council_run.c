/* SPDX-License-Identifier: Apache-2.0 */
/* council_run.c: starts the actors of a query, waits for it, stops them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_child_calls.h"
#include "troupe_journal.h"
#include "troupe_model.h"
#include "troupe_query.h"
#include "troupe_rate.h"
#include "troupe_trace.h"

#include "actors/council_wire.h"
#include "actors/model_pack.h"
#include "mailbox/check.h"

#define INTENSITY      100 /* restarts of all children within the period */
#define CHILD_RESTARTS 4   /* of one child; then it stays down */
#define STOP_MS        2000
#define PROGRESS_MS    50   /* between two looks */
#define GRACE_MS       2000 /* beyond the deadline, to count and write */
#define ID_SIZE        (TROUPE_NAME_MAX + 1)

struct troupe_query {
    troupe_query_outcome_t outcome;
    char *text;
    char *json;
};

/* A run as its caller's thread sees it. */
struct drive {
    troupe_t *node;
    const troupe_query_options_t *options;
    troupe_ref_t supervisor, journal, backend, budget, judge, council;
    troupe_ref_t *limiters; /* by model; those of a provider are one */
    troupe_ref_t *models;
    uint64_t begun_ns, ended; /* models that the caller has heard of */
    int rc;
    troupe_query_t *result;
};

static troupe_child_spec_t
spec_of(const char *id, const troupe_kind_t *kind)
{
    return (troupe_child_spec_t){
        .id = id,
        .kind = kind,
        .budget = {.restarts = CHILD_RESTARTS, .then = TROUPE_GIVE_UP}};
}

/* Start a child; its arguments are packed, and are cleared. */
static int
add_child(struct drive *self, troupe_child_spec_t *spec, int rc,
          troupe_ref_t *ret_ref)
{
    if (rc == 0)
        rc = troupe_supervisor_start_child(self->node, self->supervisor, spec,
                                           ret_ref, NULL);
    troupe_child_spec_clear(spec);
    return rc;
}

static bool
same_provider(const troupe_query_model_t *one,
              const troupe_query_model_t *other)
{
    return one->provider && other->provider
           && strcmp(one->provider, other->provider) == 0;
}

static int
start_limiter(struct drive *self, const char *id,
              const troupe_query_model_t *model, troupe_ref_t *ret_ref)
{
    troupe_child_spec_t spec = spec_of(id, &troupe_rate_limiter);
    int rc = troupe_child_spec_pack(
        &spec, "{s:U, s:U}", "requests", (uint64_t) model->requests_per_minute,
        "tokens", (uint64_t) model->tokens_per_minute);
    return add_child(self, &spec, rc, ret_ref);
}

static int
add_limiter(struct drive *self, size_t index)
{
    const troupe_query_model_t *model = &self->options->models[index];
    for (size_t i = 0; i < index; i++) {
        if (!same_provider(&self->options->models[i], model))
            continue;
        self->limiters[index] = self->limiters[i];
        return 0;
    }
    char id[ID_SIZE];
    (void) snprintf(id, sizeof id, "rate-%zu", index);
    return start_limiter(self, id, model, &self->limiters[index]);
}

/* How many of the first `count` ask the same model, and may hedge. */
static uint64_t
count_hedgers(const struct drive *self, size_t count,
              const troupe_query_model_t *model)
{
    uint64_t hedgers = 0;
    for (size_t i = 0; i < count; i++) {
        const troupe_query_model_t *other = &self->options->models[i];
        hedgers += other->hedge && strcmp(other->url, model->url) == 0
                   && strcmp(other->model, model->model) == 0;
    }
    return hedgers;
}

/* Each answers once, and so hedges once: who comes behind `before` others of
 * its model leaves them theirs. */
static int
pack_model(const struct drive *self, const troupe_query_model_t *model,
           size_t before, troupe_ref_t limiter, troupe_child_spec_t *spec)
{
    const struct model_means means = {.backend = self->backend,
                                      .limiter = limiter,
                                      .budget = self->budget,
                                      .journal = self->journal,
                                      .hedgers =
                                          count_hedgers(self, before, model)};
    return troupe__model_pack(model, &means, self->options->attempts, spec);
}

/* The newest comes first. */
static int
find_models(struct drive *self, troupe_ref_t supervisor)
{
    size_t count = self->options->model_count;
    troupe_child_info_t *infos = troupe__alloc(count * sizeof *infos);
    int found =
        troupe_supervisor_which_children(self->node, supervisor, infos, count);
    for (size_t i = 0; found == (int) count && i < count; i++)
        self->models[i] = infos[count - 1 - i].ref;
    free(infos);
    return found == (int) count ? 0 : found < 0 ? found : -EHOSTDOWN;
}

/* All models under a supervisor of their own, in one step. */
static int
add_models(struct drive *self)
{
    size_t count = self->options->model_count;
    const troupe_supervisor_options_t options = {.intensity = INTENSITY};
    troupe_child_spec_t *specs = troupe__alloc(count * sizeof *specs);
    char(*ids)[ID_SIZE] = troupe__alloc(count * sizeof *ids);
    troupe_ref_t supervisor = TROUPE_NOBODY;
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        (void) snprintf(ids[i], ID_SIZE, "%s", self->options->models[i].name);
        specs[i] = spec_of(ids[i], &troupe_model);
        rc = add_limiter(self, i);
        if (rc == 0)
            rc = pack_model(self, &self->options->models[i], i,
                            self->limiters[i], &specs[i]);
    }
    troupe_child_spec_t spec = {.id = "models",
                                .supervisor = &options,
                                .children = specs,
                                .child_count = count};
    rc = add_child(self, &spec, rc, &supervisor);
    if (rc == 0)
        rc = find_models(self, supervisor);
    for (size_t i = 0; i < count; i++)
        troupe_child_spec_clear(&specs[i]);
    free(specs);
    free(ids);
    return rc;
}

/* One more model, that is no voter. */
static int
add_judge(struct drive *self)
{
    const troupe_query_model_t *judge = self->options->judge;
    troupe_ref_t limiter = TROUPE_NOBODY;
    if (!judge)
        return 0;
    for (size_t i = 0; i < self->options->model_count; i++) {
        if (same_provider(&self->options->models[i], judge))
            limiter = self->limiters[i];
    }
    int rc = 0;
    if (troupe_ref_is_nobody(limiter))
        rc = start_limiter(self, "rate-judge", judge, &limiter);
    troupe_child_spec_t spec = spec_of("judge", &troupe_model);
    if (rc == 0)
        rc =
            pack_model(self, judge, self->options->model_count, limiter, &spec);
    return add_child(self, &spec, rc, &self->judge);
}

/* What was spent before counts. */
static int
add_budget(struct drive *self)
{
    const troupe_query_options_t *options = self->options;
    troupe_child_spec_t spec = spec_of("budget", &troupe_budget_keeper);
    troupe_cost_t used = {0};
    bool known = true;
    if (options->journal && options->resume
        && troupe__model_spent(options->journal, &used, &known) < 0)
        return -EIO;
    int rc = troupe__budget_pack(&options->budget, &used, known, &spec);
    return add_child(self, &spec, rc, &self->budget);
}

static int
add_journal(struct drive *self)
{
    const troupe_query_options_t *options = self->options;
    if (!options->journal)
        return 0;
    troupe_child_spec_t spec = {.id = "journal",
                                .kind = &troupe_journal_actor,
                                .restart = TROUPE_TEMPORARY,
                                .place = TROUPE_OWN_THREAD};
    int rc = troupe_child_spec_pack(
        &spec, "{s:s, s:U}", "path", options->journal, "mode",
        (uint64_t) (options->resume ? TROUPE_JOURNAL_RESUME
                                    : TROUPE_JOURNAL_CREATE));
    return add_child(self, &spec, rc, &self->journal) < 0 ? -EIO : 0;
}

static int
start_actors(struct drive *self)
{
    troupe_supervisor_options_t options = {.strategy = TROUPE_ONE_FOR_ONE,
                                           .intensity = INTENSITY,
                                           .place = TROUPE_SPREAD};
    int rc = troupe_node_supervisor_start(self->node, &options, NULL, 0,
                                          &self->supervisor, NULL);
    troupe_child_spec_t backend = spec_of("backend", &troupe_model_backend);
    troupe_child_spec_t council = spec_of("council", &troupe_council);
    if (rc == 0)
        rc = add_child(self, &backend, 0, &self->backend);
    if (rc == 0)
        rc = add_journal(self);
    if (rc == 0)
        rc = add_budget(self);
    if (rc == 0)
        rc = add_models(self);
    if (rc == 0)
        rc = add_judge(self);
    if (rc == 0)
        rc = add_child(self, &council, 0, &self->council);
    return rc;
}

static int
take_result(struct drive *self, const troupe_message_t *msg)
{
    const char *text = NULL, *json = NULL;
    uint64_t outcome = 0;
    int rc = troupe_unpack(msg, "{s:U, s:s, s:s}", "outcome", &outcome, "text",
                           &text, "json", &json);
    if (rc < 0 || outcome < TROUPE_QUERY_COMPLETE
        || outcome > TROUPE_QUERY_NO_QUORUM)
        return -EBADMSG;
    self->result = troupe__alloc(sizeof *self->result);
    self->result->outcome = (troupe_query_outcome_t) outcome;
    self->result->text = troupe__strdup(text);
    self->result->json = troupe__strdup(json);
    return 0;
}

static int
on_result(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct drive *self = state;
    (void) ctx;
    self->rc = answer->outcome == TROUPE_REPLY ? take_result(self, answer->msg)
                                               : -EHOSTDOWN;
    return TROUPE_STOP;
}

static int
on_ended(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct drive *self = state;
    const troupe_query_options_t *options = self->options;
    uint64_t ended = 0, count = 0;
    (void) ctx;
    if (answer->outcome != TROUPE_REPLY
        || troupe_unpack(answer->msg, "{s:U, s:U}", "ended", &ended, "count",
                         &count)
               < 0
        || ended <= self->ended)
        return 0;
    self->ended = ended;
    options->progress(options->context, (size_t) ended, (size_t) count);
    return 0;
}

static int
on_tick(troupe_context_t *ctx, void *state, void *data)
{
    struct drive *self = state;
    troupe_trace_set(ctx, NULL); /* a look is no part of the run */
    int rc = troupe_ask(ctx, self->council, "state", PROGRESS_MS, on_ended,
                        NULL, NULL);
    return rc < 0
               ? rc
               : troupe_call_after(ctx, PROGRESS_MS, on_tick, data, NULL, NULL);
}

static int
begin(troupe_context_t *ctx, void *state, void *data)
{
    struct drive *self = state;
    const troupe_query_options_t *options = self->options;
    uint64_t spent_ms =
        (troupe_now_ns(self->node) - self->begun_ns) / UINT64_C(1000000);
    uint32_t all_ms = options->deadline_ms;
    struct council_request request = {
        .options = options,
        .models = self->models,
        .budget = self->budget,
        .judge = self->judge,
        .deadline_ms = spent_ms < all_ms ? all_ms - (uint32_t) spent_ms : 1,
        .choices = {.items = (char **) (uintptr_t) options->choices,
                    .count = (uint32_t) options->choice_count}};
    int rc = troupe_ask(ctx, self->council, "query",
                        request.deadline_ms + GRACE_MS, on_result, NULL,
                        COUNCIL_REQUEST, COUNCIL_REQUEST_ARGUMENTS(&request));
    return rc < 0 || !options->progress
               ? rc
               : troupe_call_after(ctx, PROGRESS_MS, on_tick, data, NULL, NULL);
}

int
troupe_query_run(troupe_t *node, const troupe_query_options_t *options,
                 troupe_query_t **ret_query)
{
    CHECK(ret_query);
    int rc = node ? troupe__query_check(options) : -EINVAL;
    if (rc < 0)
        return rc;
    size_t size = options->model_count * sizeof(troupe_ref_t);
    struct drive self = {.node = node,
                         .options = options,
                         .limiters = troupe__alloc(size),
                         .models = troupe__alloc(size),
                         .begun_ns = troupe_now_ns(node)};
    rc = start_actors(&self);
    if (rc == 0) {
        rc = troupe_node_run(node, begin, &self, 0);
        rc = rc < 0 ? rc : self.rc;
    }
    if (!troupe_ref_is_nobody(self.supervisor))
        (void) troupe_node_exit(node, self.supervisor, TROUPE_EXIT_SHUTDOWN,
                                STOP_MS);
    free(self.limiters);
    free(self.models);
    if (rc == 0)
        *ret_query = self.result;
    return rc;
}

troupe_query_outcome_t
troupe_query_outcome(const troupe_query_t *self)
{
    CHECK(self);
    return self->outcome;
}

const char *
troupe_query_text(const troupe_query_t *self)
{
    CHECK(self);
    return self->text;
}

const char *
troupe_query_json(const troupe_query_t *self)
{
    CHECK(self);
    return self->json;
}

void
troupe_query_destroy(troupe_query_t **self_p)
{
    if (!self_p || !*self_p)
        return;
    free((*self_p)->text);
    free((*self_p)->json);
    free(*self_p);
    *self_p = NULL;
}
