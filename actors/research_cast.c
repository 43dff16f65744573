/* SPDX-License-Identifier: Apache-2.0 */
/* research_cast.c: starts the models of a run, and what they draw on. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "troupe_model.h"
#include "troupe_rate.h"

#include "actors/model_pack.h"
#include "actors/research_actors.h"
#include "mailbox/check.h"

#define ATTEMPTS        3
#define RESERVE_PERCENT 20 /* of the budget, for who comes after the planner */

static uint64_t
rest_of(uint64_t limit, uint64_t used)
{
    return limit > used ? limit - used : 0;
}

/* What was spent before counts, and the reserve is of what is left. */
static int
add_budget(struct cast *self)
{
    const troupe_cost_t *limit = &self->options->budget;
    struct research_request *request = self->request;
    troupe_child_spec_t spec =
        troupe__cast_spec("budget", &troupe_budget_keeper, TROUPE_SPREAD);
    troupe_cost_t used = {0};
    bool known = true;
    if (self->options->journal
        && troupe__model_spent(self->options->journal, &used, &known) < 0)
        return -EIO;
    uint64_t calls = rest_of(limit->calls, used.calls);
    request->reserve = (troupe_cost_t){
        .tokens = rest_of(limit->tokens, used.tokens) / 100 * RESERVE_PERCENT,
        .money = fmax(limit->money - used.money, 0) * RESERVE_PERCENT / 100,
        .calls = (calls * RESERVE_PERCENT + 99) / 100};
    int rc = troupe__budget_pack(limit, &used, known, &spec);
    return troupe__cast_start(self, &spec, rc, &request->budget);
}

static int
add_limiter(struct cast *self, const char *id,
            const troupe_query_model_t *model, troupe_ref_t *ret_ref)
{
    troupe_child_spec_t spec =
        troupe__cast_spec(id, &troupe_rate_limiter, TROUPE_SPREAD);
    int rc = troupe_child_spec_pack(
        &spec, "{s:U, s:U}", "requests", (uint64_t) model->requests_per_minute,
        "tokens", (uint64_t) model->tokens_per_minute);
    return troupe__cast_start(self, &spec, rc, ret_ref);
}

static bool
is_same_provider(const troupe_query_model_t *one,
                 const troupe_query_model_t *other)
{
    return one == other
           || (one->provider && other->provider
               && strcmp(one->provider, other->provider) == 0);
}

static int
add_model(struct cast *self, const char *name,
          const troupe_query_model_t *model, const struct model_means *means)
{
    troupe_child_spec_t spec =
        troupe__cast_spec(name, &troupe_model, TROUPE_SPREAD);
    int rc = troupe__model_pack(model, means, ATTEMPTS, &spec);
    return troupe__cast_member(self, name, PART_MODEL, &spec, rc);
}

int
troupe__cast_models(struct cast *self)
{
    const troupe_query_model_t *writer = self->options->writer;
    const troupe_query_model_t *checker =
        self->options->checker ? self->options->checker : writer;
    if (!writer)
        return 0;
    troupe_child_spec_t backend = troupe__cast_spec(
        "model-backend", &troupe_model_backend, TROUPE_SPREAD);
    struct model_means means = {.journal = self->journal};
    int rc = troupe__cast_start(self, &backend, 0, &means.backend);
    if (rc == 0)
        rc = add_budget(self);
    means.budget = self->request->budget;
    if (rc == 0)
        rc = add_limiter(self, "model-rate", writer, &means.limiter);
    if (rc == 0 && self->options->effort != TROUPE_RESEARCH_QUICK)
        rc = add_model(self, "planner", writer, &means);
    means.hedgers = self->options->effort != TROUPE_RESEARCH_QUICK;
    if (rc == 0)
        rc = add_model(self, "writer", writer, &means);
    means.hedgers = writer == checker ? means.hedgers + 1 : 0;
    if (rc == 0 && !is_same_provider(writer, checker))
        rc = add_limiter(self, "model-rate-2", checker, &means.limiter);
    return rc == 0 ? add_model(self, "checker", checker, &means) : rc;
}
