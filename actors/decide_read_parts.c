/* SPDX-License-Identifier: Apache-2.0 */
/* decide_read_parts.c: criteria, named weights and perspectives are read. */
#include "actors/decide_reader.h"

#include <math.h>
#include <string.h>

#define SCALE_MAX 9 /* of comparisons (Saaty 1980) */

uint32_t
troupe__criterion_find(const struct decision *self, const char *id)
{
    for (uint32_t i = 0; i < self->criterion_count; i++)
        if (strcmp(self->criteria[i].id, id) == 0)
            return i;
    return UINT32_MAX;
}

uint32_t
troupe__named_find(const struct named_weight *items, uint32_t count,
                   const char *id)
{
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(items[i].id, id) == 0)
            return i;
    return UINT32_MAX;
}

static void
read_direction(struct reader *self, const struct spot *at,
               struct criterion *into)
{
    const char *word = troupe__read_text(self, at);
    into->max = strcmp(word, "max") == 0;
    if (*word && !into->max && strcmp(word, "min") != 0)
        troupe__problem(self, at, false,
                        "'direction' is '%s'; write min or max", word);
}

static void
read_criterion(struct reader *self, const struct spot *at,
               struct criterion *into)
{
    static const char *const keys[] = {"direction", "unit", "weight", "limit",
                                       NULL};
    *into = (struct criterion){.id = troupe__key_text(self, at),
                               .unit = "",
                               .weight = NAN,
                               .limit = NAN};
    if (!troupe__is_map(self, at, 4, "keys such as direction and weight"))
        return;
    struct spot it;
    troupe__check_keys(self, at, "a criterion", keys);
    if (troupe__find(at, "direction", &it))
        read_direction(self, &it, into);
    else {
        troupe__problem(self, at, true,
                        "'%s' has no direction; add 'direction: min' or "
                        "'direction: max'",
                        into->id);
    }
    if (troupe__find(at, "unit", &it))
        into->unit = troupe__read_text(self, &it);
    if (troupe__find(at, "weight", &it))
        into->weight = troupe__read_real(self, &it, 0, INFINITY);
    if (troupe__find(at, "limit", &it))
        into->limit = troupe__read_real(self, &it, -INFINITY, INFINITY);
}

/* [one, other, times]: `one` is so many times as important as `other`. */
static void
read_comparison(struct reader *self, const struct spot *at)
{
    struct decision *decision = self->decision;
    uint32_t n = decision->criterion_count;
    uint32_t pair[2];
    if (!troupe__is_list(self, at, 3, "[one, other, times]")
        || troupe__size_of(at) != 3) {
        troupe__problem(self, at, false,
                        "a comparison wants [one, other, times]; write it "
                        "as in [price, comfort, 3]");
        return;
    }
    for (uint32_t i = 0; i < 2; i++) {
        struct spot it = troupe__child(at, i);
        const char *name = troupe__read_text(self, &it);
        pair[i] = troupe__criterion_find(decision, name);
        if (pair[i] == UINT32_MAX) {
            if (*name) {
                troupe__problem(self, &it, false,
                                "there is no criterion '%s'; name one of "
                                "'criteria'",
                                name);
            }
            return;
        }
    }
    struct spot it = troupe__child(at, 2);
    double times = troupe__read_real(self, &it, 1.0 / SCALE_MAX, SCALE_MAX);
    double *there = &decision->comparisons[(size_t) pair[0] * n + pair[1]];
    if (pair[0] == pair[1] || *there > 0) {
        troupe__problem(
            self, at, false, "'%s' and '%s' are %s; take this one out",
            decision->criteria[pair[0]].id, decision->criteria[pair[1]].id,
            pair[0] == pair[1] ? "the same" : "compared already");
        return;
    }
    *there = times;
    decision->comparisons[(size_t) pair[1] * n + pair[0]] = 1 / times;
}

static void
read_comparisons(struct reader *self, const struct spot *at)
{
    struct decision *decision = self->decision;
    uint32_t n = decision->criterion_count;
    decision->weighting = WEIGHTING_AHP;
    if (!troupe__is_list(self, at, n * n, "a list of [one, other, times]"))
        return;
    uint32_t before = self->problems->count;
    decision->comparisons = troupe__scratch_alloc(
        decision->scratch, ((size_t) n * n + 1) * sizeof(double));
    for (uint32_t i = 0; i < n; i++)
        decision->comparisons[(size_t) i * n + i] = 1;
    for (uint32_t i = 0; i < troupe__size_of(at); i++) {
        struct spot it = troupe__child(at, i);
        read_comparison(self, &it);
    }
    for (uint32_t i = 0; i < n && self->problems->count == before; i++) {
        for (uint32_t j = i + 1; j < n; j++) {
            if (decision->comparisons[(size_t) i * n + j] <= 0) {
                troupe__problem(
                    self, at, false,
                    "'%s' and '%s' are not compared; add "
                    "[%s, %s, 1 to 9]",
                    decision->criteria[i].id, decision->criteria[j].id,
                    decision->criteria[i].id, decision->criteria[j].id);
            }
        }
    }
}

static void
read_weighting(struct reader *self, const struct spot *at)
{
    const char *word = troupe__read_text(self, at);
    if (strcmp(word, "entropy") == 0)
        self->decision->weighting = WEIGHTING_ENTROPY;
    else if (*word && strcmp(word, "given") != 0) {
        troupe__problem(self, at, false,
                        "'weighting' is '%s'; write given or entropy, or add "
                        "'comparisons'",
                        word);
    }
}

/* All criteria have a weight, or none has one. */
static void
check_weights(struct reader *self, const struct spot *criteria)
{
    const struct decision *decision = self->decision;
    bool other = decision->weighting != WEIGHTING_GIVEN;
    bool any = false;
    double sum = 0;
    for (uint32_t i = 0; i < decision->criterion_count; i++) {
        any |= !isnan(decision->criteria[i].weight);
        sum += decision->criteria[i].weight;
    }
    for (uint32_t i = 0; any && i < decision->criterion_count; i++) {
        struct spot it = troupe__child(criteria, i);
        struct spot weight;
        bool has = troupe__find(&it, "weight", &weight);
        if (has && other) {
            troupe__problem(self, &weight, true,
                            "a weight beside comparisons or entropy; take one "
                            "of the two out");
        } else if (!has && !other) {
            troupe__problem(self, &it, true,
                            "'%s' has no weight while others have one; add one",
                            decision->criteria[i].id);
        }
    }
    if (any && sum <= 0)
        troupe__problem(self, criteria, true,
                        "all weights are 0; make one greater");
}

void
troupe__read_criteria(struct reader *self, const struct spot *root)
{
    struct decision *decision = self->decision;
    struct spot at;
    struct spot it;
    bool has = troupe__find(root, "criteria", &at);
    if (has
        && !troupe__is_map(self, &at, DECIDE_COLUMNS_MAX,
                           "names of criteria, each with a direction"))
        return;
    uint32_t count = has ? troupe__size_of(&at) : 0;
    decision->criteria = troupe__scratch_alloc(
        decision->scratch, (count + 1) * sizeof *decision->criteria);
    for (uint32_t i = 0; i < count; i++) {
        it = troupe__child(&at, i);
        read_criterion(self, &it, &decision->criteria[i]);
    }
    decision->criterion_count = count;
    if (troupe__find(root, "weighting", &it))
        read_weighting(self, &it);
    if (troupe__find(root, "comparisons", &it))
        read_comparisons(self, &it);
    if (has)
        check_weights(self, &at);
}

void
troupe__read_named(struct reader *self, const struct spot *root,
                   const char *key, double most,
                   struct named_weight **ret_items, uint32_t *ret_count)
{
    struct spot at;
    if (!troupe__find(root, key, &at)
        || !troupe__is_map(self, &at, DECIDE_COLUMNS_MAX,
                           "names, each with a number"))
        return;
    uint32_t count = troupe__size_of(&at);
    struct named_weight *items = troupe__scratch_alloc(
        self->decision->scratch, (count + 1) * sizeof *items);
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct spot it = troupe__child(&at, i);
        items[i].id = troupe__key_text(self, &it);
        items[i].weight = troupe__read_real(self, &it, 0, most);
        sum += items[i].weight;
    }
    if (count > 0 && sum <= 0)
        troupe__problem(self, &at, true, "all of '%s' are 0; make one greater",
                        key);
    *ret_items = items;
    *ret_count = count;
}

static void
read_group_weights(struct reader *self, const struct spot *at, double *into)
{
    const char *keys[GROUP_COUNT + 1] = {NULL};
    double sum = 0;
    struct spot it;
    for (unsigned i = 0; i < GROUP_COUNT; i++)
        keys[i] = troupe__group_name((enum group) i);
    if (!troupe__is_map(self, at, GROUP_COUNT, "names of strategies"))
        return;
    troupe__check_keys(self, at, "weights", keys);
    for (unsigned i = 0; i < GROUP_COUNT; i++) {
        if (troupe__find(at, keys[i], &it))
            into[i] = troupe__read_real(self, &it, 0, INFINITY);
        sum += into[i];
    }
    if (sum <= 0)
        troupe__problem(self, at, true, "all weights are 0; make one greater");
}

static void
read_perspective(struct reader *self, const struct spot *at,
                 struct perspective *into)
{
    static const char *const keys[] = {"discount_rate", "optimism", "weights",
                                       NULL};
    struct spot it;
    if (!troupe__is_map(self, at, 3, "discount_rate, optimism or weights"))
        return;
    troupe__check_keys(self, at, "a perspective", keys);
    if (troupe__find(at, "discount_rate", &it))
        into->rate = troupe__read_real(self, &it, -0.99, 100);
    if (troupe__find(at, "optimism", &it))
        into->optimism = troupe__read_real(self, &it, 0, 1);
    if (troupe__find(at, "weights", &it))
        read_group_weights(self, &it, into->weights);
}

void
troupe__read_perspectives(struct reader *self, const struct spot *root)
{
    struct decision *decision = self->decision;
    const char *keys[PERSPECTIVE_COUNT + 1] = {NULL};
    struct spot at;
    struct spot it;
    if (troupe__find(root, "weights", &at))
        read_group_weights(self, &at, decision->weights);
    for (unsigned i = 0; i < PERSPECTIVE_COUNT; i++)
        keys[i] = troupe__perspective_name((enum perspective_index) i);
    if (!troupe__find(root, "perspectives", &at)
        || !troupe__is_map(self, &at, PERSPECTIVE_COUNT, "perspectives"))
        return;
    troupe__check_keys(self, &at, "perspectives", keys);
    for (unsigned i = 0; i < PERSPECTIVE_COUNT; i++)
        if (troupe__find(&at, keys[i], &it))
            read_perspective(self, &it, &decision->perspectives[i]);
}
