/* SPDX-License-Identifier: Apache-2.0 */
/* decide_read_options.c: options, and all that belongs to one, are read. */
#include "actors/decide_reader.h"

#include <math.h>
#include <string.h>

#include "actors/decide_estimate.h"

/* Memory for `count` items that lives with the decision. */
static void *
room(struct reader *self, uint32_t count, size_t size)
{
    return troupe__scratch_alloc(self->decision->scratch,
                                 ((size_t) count + 1) * size);
}

static void
read_values(struct reader *self, const struct spot *at, struct option *into)
{
    if (!troupe__is_map(self, at, DECIDE_COLUMNS_MAX, "criteria with values"))
        return;
    for (uint32_t i = 0; i < troupe__size_of(at); i++) {
        struct spot it = troupe__child(at, i);
        const char *name = troupe__key_text(self, &it);
        uint32_t criterion = troupe__criterion_find(self->decision, name);
        if (criterion != UINT32_MAX)
            into->values[criterion] = troupe__read_range(self, &it);
        else {
            troupe__problem(self, &it, true,
                            "there is no criterion '%s'; add it to 'criteria' "
                            "or correct the name",
                            name);
        }
    }
}

/* Numbers by name, of stakeholders or states. */
static void
read_numbers(struct reader *self, const struct spot *at,
             const struct named_weight *names, uint32_t count, const char *noun,
             double *into)
{
    if (!troupe__is_map(self, at, DECIDE_COLUMNS_MAX, "names with numbers"))
        return;
    for (uint32_t i = 0; i < troupe__size_of(at); i++) {
        struct spot it = troupe__child(at, i);
        const char *name = troupe__key_text(self, &it);
        uint32_t index = troupe__named_find(names, count, name);
        if (index != UINT32_MAX)
            into[index] = troupe__read_real(self, &it, -INFINITY, INFINITY);
        else {
            troupe__problem(self, &it, true,
                            "there is no %s '%s'; add it to '%ss' or correct "
                            "the name",
                            noun, name, noun);
        }
    }
}

static void
read_flows(struct reader *self, const struct spot *at, struct option *into)
{
    if (!troupe__is_list(self, at, DECIDE_FLOWS_MAX,
                         "a list of sums, the first one of period 0"))
        return;
    into->flow_count = troupe__size_of(at);
    into->flows = room(self, into->flow_count, sizeof *into->flows);
    for (uint32_t i = 0; i < into->flow_count; i++) {
        struct spot it = troupe__child(at, i);
        into->flows[i] = troupe__read_range(self, &it);
    }
    if (into->flow_count == 0)
        troupe__problem(self, at, true,
                        "'cash_flow' is empty; add sums, or take it out");
}

static void
read_risk(struct reader *self, const struct spot *at, struct risk *into)
{
    static const char *const keys[] = {"probability", "impact", NULL};
    double *const into_numbers[] = {&into->probability, &into->impact};
    static const double low[] = {0, -INFINITY};
    static const double high[] = {1, INFINITY};
    struct spot it;
    into->id = troupe__key_text(self, at);
    if (!troupe__is_map(self, at, 2, "probability and impact"))
        return;
    troupe__check_keys(self, at, "a risk", keys);
    for (unsigned i = 0; i < 2; i++) {
        if (troupe__find(at, keys[i], &it))
            *into_numbers[i] = troupe__read_real(self, &it, low[i], high[i]);
        else {
            troupe__problem(self, at, true,
                            "the risk '%s' has no '%s'; add one", into->id,
                            keys[i]);
        }
    }
}

static void
read_risks(struct reader *self, const struct spot *at, struct option *into)
{
    if (!troupe__is_map(self, at, DECIDE_RISKS_MAX,
                        "names of risks, each with probability and impact"))
        return;
    into->has_risks = true;
    into->risk_count = troupe__size_of(at);
    into->risks = room(self, into->risk_count, sizeof *into->risks);
    for (uint32_t i = 0; i < into->risk_count; i++) {
        struct spot it = troupe__child(at, i);
        read_risk(self, &it, &into->risks[i]);
    }
}

static void
read_task(struct reader *self, const struct spot *at, struct task *into)
{
    static const char *const keys[] = {"optimistic", "likely", "pessimistic",
                                       "after", NULL};
    double *const times[] = {&into->optimistic, &into->likely,
                             &into->pessimistic};
    struct spot it;
    bool complete = true;
    into->id = troupe__key_text(self, at);
    if (!troupe__is_map(self, at, 4, "optimistic, likely and pessimistic"))
        return;
    troupe__check_keys(self, at, "a task", keys);
    for (unsigned i = 0; i < 3; i++) {
        *times[i] = NAN;
        if (troupe__find(at, keys[i], &it))
            *times[i] = troupe__read_real(self, &it, 0, INFINITY);
        else {
            troupe__problem(self, at, true,
                            "the task '%s' has no '%s'; add one", into->id,
                            keys[i]);
        }
        complete &= !isnan(*times[i]);
    }
    if (complete
        && (into->optimistic > into->likely
            || into->likely > into->pessimistic)) {
        troupe__problem(self, at, true,
                        "the times %g, %g and %g of '%s' are not in order; "
                        "sort them",
                        into->optimistic, into->likely, into->pessimistic,
                        into->id);
    }
}

static void
read_after(struct reader *self, const struct spot *task, struct option *option,
           struct task *into)
{
    struct spot at;
    if (!troupe__find(task, "after", &at)
        || !troupe__is_list(self, &at, DECIDE_TASKS_MAX,
                            "a list of tasks that come first"))
        return;
    into->after = room(self, troupe__size_of(&at), sizeof *into->after);
    for (uint32_t i = 0; i < troupe__size_of(&at); i++) {
        struct spot it = troupe__child(&at, i);
        const char *name = troupe__read_text(self, &it);
        uint32_t j = 0;
        while (j < option->task_count && strcmp(option->tasks[j].id, name) != 0)
            j += 1;
        if (j < option->task_count)
            into->after[into->after_count++] = j;
        else if (*name) {
            troupe__problem(self, &it, false,
                            "there is no task '%s' in this schedule; add it or "
                            "correct the name",
                            name);
        }
    }
}

static void
read_schedule(struct reader *self, const struct spot *at, struct option *into)
{
    if (!troupe__is_map(self, at, DECIDE_TASKS_MAX, "names of tasks"))
        return;
    uint32_t count = troupe__size_of(at);
    into->tasks = room(self, count, sizeof *into->tasks);
    for (; into->task_count < count; into->task_count++) {
        struct spot it = troupe__child(at, into->task_count);
        read_task(self, &it, &into->tasks[into->task_count]);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct spot it = troupe__child(at, i);
        if (it.object->type == MSGPACK_OBJECT_MAP)
            read_after(self, &it, into, &into->tasks[i]);
    }
    uint32_t cycle = troupe__tasks_cycle(into->tasks, count);
    if (cycle != UINT32_MAX) {
        troupe__problem(self, at, true,
                        "the task '%s' waits for itself by way of 'after'; "
                        "take one of these out",
                        into->tasks[cycle].id);
    }
    if (count == 0)
        troupe__problem(self, at, true,
                        "'schedule' is empty; add tasks, or take it out");
}

static void
read_option(struct reader *self, const struct spot *at, struct option *into)
{
    static const char *const keys[] = {"title",   "values", "cash_flow",
                                       "scores",  "risks",  "schedule",
                                       "payoffs", NULL};
    const struct decision *decision = self->decision;
    struct spot it;
    if (!troupe__is_map(self, at, 7, "keys such as title and values"))
        return;
    troupe__check_keys(self, at, "an option", keys);
    if (troupe__find(at, "title", &it))
        into->title = troupe__read_text(self, &it);
    if (troupe__find(at, "values", &it))
        read_values(self, &it, into);
    if (troupe__find(at, "cash_flow", &it))
        read_flows(self, &it, into);
    if (troupe__find(at, "scores", &it))
        read_numbers(self, &it, decision->stakeholders,
                     decision->stakeholder_count, "stakeholder", into->scores);
    if (troupe__find(at, "payoffs", &it))
        read_numbers(self, &it, decision->states, decision->state_count,
                     "state", into->payoffs);
    if (troupe__find(at, "risks", &it))
        read_risks(self, &it, into);
    if (troupe__find(at, "schedule", &it))
        read_schedule(self, &it, into);
    uint32_t data = 0;
    for (unsigned i = 1; i + 1 < sizeof keys / sizeof *keys; i++)
        data += troupe__find(at, keys[i], &it) && troupe__size_of(&it) > 0;
    if (data == 0 && !self->part) {
        troupe__problem(self, at, true,
                        "the option '%s' has no data; add values, cash_flow, "
                        "scores, risks, schedule or payoffs",
                        into->id);
    }
}

/* Everything is unknown until it is read. */
static void
begin_option(struct reader *self, const struct spot *at, struct option *into)
{
    const struct decision *decision = self->decision;
    into->id = into->title = troupe__key_text(self, at);
    into->values = room(self, decision->criterion_count, sizeof *into->values);
    into->scores =
        room(self, decision->stakeholder_count, sizeof *into->scores);
    into->payoffs = room(self, decision->state_count, sizeof *into->payoffs);
    for (uint32_t i = 0; i < decision->criterion_count; i++)
        into->values[i] = (struct range){NAN, NAN, NAN};
    for (uint32_t i = 0; i < decision->stakeholder_count; i++)
        into->scores[i] = NAN;
    for (uint32_t i = 0; i < decision->state_count; i++)
        into->payoffs[i] = NAN;
}

void
troupe__read_options(struct reader *self, const struct spot *root)
{
    struct decision *decision = self->decision;
    struct spot at;
    if (!troupe__find(root, "options", &at)) {
        troupe__problem(self, root, false,
                        "a decision has no 'options'; add two or more");
        return;
    }
    if (!troupe__is_map(self, &at, DECIDE_OPTIONS_MAX, "names of options"))
        return;
    uint32_t count = troupe__size_of(&at);
    if (count < 2 && !self->part) {
        troupe__problem(self, &at, true,
                        "%u option is no choice; add another, if only to do "
                        "nothing",
                        count);
    }
    decision->options = room(self, count, sizeof *decision->options);
    for (uint32_t i = 0; i < count; i++) {
        struct spot it = troupe__child(&at, i);
        begin_option(self, &it, &decision->options[i]);
        read_option(self, &it, &decision->options[i]);
    }
    decision->option_count = count;
}
