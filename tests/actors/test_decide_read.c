/* SPDX-License-Identifier: Apache-2.0 */
/* test_decide_read.c: decisions that are wrong, and where it is said. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_decide.h"

/* The first problem that is of a pointer, and how many there are. */
struct seen {
    const char *pointer;
    const char *words;
    bool at_key;
    bool found;
    unsigned count;
    char all[2000];
};

static void
on_problem(void *context, const char *pointer, bool at_key, const char *text)
{
    struct seen *seen = context;
    size_t used = strlen(seen->all);
    snprintf(seen->all + used, sizeof seen->all - used, "%s%s: %s\n", pointer,
             at_key ? " (key)" : "", text);
    seen->count += 1;
    if (strcmp(pointer, seen->pointer) == 0 && strstr(text, seen->words)) {
        seen->found = true;
        seen->at_key = at_key;
    }
    /* Each says what is wrong, and the cure. */
    cr_assert(strpbrk(text, ";"), "no cure: %s", text);
}

static int
check(const char *json, struct seen *seen)
{
    troupe_decide_options_t options = troupe_decide_options_default();
    options.json = json;
    options.problem = on_problem;
    options.context = seen;
    return troupe_decide_check(&options);
}

struct wrong {
    const char *json;
    const char *pointer;
    const char *words;
    bool at_key;
};

static void
assert_wrong(const struct wrong *wrong, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct seen seen = {.pointer = wrong[i].pointer,
                            .words = wrong[i].words};
        int rc = check(wrong[i].json, &seen);
        cr_assert_eq(rc, -EINVAL, "%s", wrong[i].json);
        cr_assert(seen.found, "%s wants %s: '%s', has\n%s", wrong[i].json,
                  wrong[i].pointer, wrong[i].words, seen.all);
        cr_assert_eq(seen.at_key, wrong[i].at_key, "%s", wrong[i].words);
    }
}

#define HEAD     "{\"problem\": \"p\", "
#define CRITERIA "\"criteria\": {\"price\": {\"direction\": \"min\"}}, "
#define OPTIONS                                                                \
    "\"options\": {\"a\": {\"values\": {\"price\": 1}}, "                      \
    "\"b\": {\"values\": {\"price\": 2}}}}"
/* An option beside a good one. */
#define WITH(option)                                                           \
    HEAD CRITERIA "\"options\": {\"b\": {\"values\": {\"price\": 2}}, "        \
                  "\"a\": " option "}}"

Test(decide_read, a_decision_that_is_well_has_no_problem)
{
    struct seen seen = {.pointer = "", .words = ""};
    cr_assert_eq(check(HEAD CRITERIA OPTIONS, &seen), 0, "%s", seen.all);
    cr_assert_eq(seen.count, 0);
}

Test(decide_read, what_is_wrong_at_the_top_is_told)
{
    static const struct wrong wrong[] = {
        {"[]", "", "wants keys", false},
        {"{", "", "no JSON: line 1", false},
        {"{\"a\": 1, \"a\": 2}", "", "duplicate", false},
        {"{" CRITERIA OPTIONS, "", "no 'problem'", false},
        {HEAD "\"optoins\": {}}", "/optoins", "has no key 'optoins'", true},
        {HEAD CRITERIA "\"money\": 1}", "", "no 'options'", false},
        {HEAD "\"options\": {}}", "/options", "0 option is no choice", true},
        {HEAD "\"options\": {\"a\": {\"cash_flow\": [1]}}}", "/options",
         "1 option is no choice", true},
        {HEAD "\"options\": [1]}", "/options", "not a list", false},
        {HEAD "\"margin\": 2, " CRITERIA OPTIONS, "/margin", "within 0 and 1",
         false},
        {HEAD "\"deadline\": -1, " CRITERIA OPTIONS, "/deadline", "below 0",
         false},
        {HEAD "\"problem2\": 1, \"~/\": 1, " CRITERIA OPTIONS, "/~0~1",
         "has no key '~/'", true},
        {HEAD "\"weights\": {\"luck\": 1}, " CRITERIA OPTIONS, "/weights/luck",
         "has no key 'luck'", true},
        {HEAD "\"weights\": {\"criteria\": -1}, " CRITERIA OPTIONS,
         "/weights/criteria", "below 0", false},
        {HEAD "\"perspectives\": {\"short_term\": {\"optimism\": 2}}, " CRITERIA
             OPTIONS,
         "/perspectives/short_term/optimism", "within 0 and 1", false},
        {HEAD "\"states\": {\"sun\": 0.5, \"rain\": 0.4}, " CRITERIA OPTIONS,
         "/states", "add up to 0.9", true},
    };
    assert_wrong(wrong, sizeof wrong / sizeof wrong[0]);
}

Test(decide_read, what_is_wrong_with_criteria_is_told)
{
    static const struct wrong wrong[] = {
        {HEAD "\"criteria\": {\"price\": {}}, " OPTIONS, "/criteria/price",
         "no direction", true},
        {HEAD "\"criteria\": {\"price\": {\"direction\": \"up\"}}, " OPTIONS,
         "/criteria/price/direction", "write min or max", false},
        {HEAD "\"criteria\": {\"price\": {\"direction\": \"min\", \"weight\": "
              "-2}}, " OPTIONS,
         "/criteria/price/weight", "'weight' is -2, below 0", false},
        {HEAD "\"criteria\": {\"price\": {\"direction\": \"min\", \"weight\": "
              "\"two\"}}, " OPTIONS,
         "/criteria/price/weight", "wants a number, not a text", false},
        {HEAD "\"criteria\": {\"price\": {\"direction\": \"min\", \"weight\": "
              "0}}, " OPTIONS,
         "/criteria", "all weights are 0", true},
        {HEAD "\"criteria\": {\"price\": {\"direction\": \"min\", \"weight\": "
              "1}, \"size\": {\"direction\": \"max\"}}, " OPTIONS,
         "/criteria/size", "has no weight while others", true},
        {HEAD "\"comparisons\": [[\"price\", \"size\", 3]], " CRITERIA OPTIONS,
         "/comparisons/0/1", "no criterion 'size'", false},
        {HEAD "\"comparisons\": [[\"price\", 3]], " CRITERIA OPTIONS,
         "/comparisons/0", "[one, other, times]", false},
        {HEAD "\"comparisons\": [[\"price\", \"price\", 3]], " CRITERIA OPTIONS,
         "/comparisons/0", "the same", false},
        {HEAD "\"criteria\": {\"price\": {\"direction\": \"min\"}, \"size\": "
              "{\"direction\": \"max\"}}, \"comparisons\": [], " OPTIONS,
         "/comparisons", "'price' and 'size' are not compared", false},
        {HEAD "\"criteria\": {\"price\": {\"direction\": \"min\"}, \"size\": "
              "{\"direction\": \"max\"}}, \"comparisons\": [[\"price\", "
              "\"size\", 12]], " OPTIONS,
         "/comparisons/0/2", "within", false},
        {HEAD "\"weighting\": \"guess\", " CRITERIA OPTIONS, "/weighting",
         "given or entropy", false},
    };
    assert_wrong(wrong, sizeof wrong / sizeof wrong[0]);
}

Test(decide_read, what_is_wrong_with_an_option_is_told)
{
    static const struct wrong wrong[] = {
        {WITH("{}"), "/options/a", "has no data", true},
        {WITH("{\"title\": \"A\"}"), "/options/a", "has no data", true},
        {WITH("{\"values\": {\"price\": null}}"), "/options/a/values/price",
         "not nothing; fill it in", false},
        {WITH("{\"values\": {\"prize\": 1}}"), "/options/a/values/prize",
         "no criterion 'prize'", true},
        {WITH("{\"values\": {\"price\": true}}"), "/options/a/values/price",
         "wants a number or {low, mode, high}", false},
        {WITH("{\"values\": {\"price\": {\"low\": 1, \"high\": 2}}}"),
         "/options/a/values/price", "has no 'mode'", false},
        {WITH("{\"values\": {\"price\": {\"low\": 3, \"mode\": 2, \"high\": "
              "4}}}"),
         "/options/a/values/price", "not in order", false},
        {WITH("{\"cash_flow\": []}"), "/options/a/cash_flow", "is empty", true},
        {WITH("{\"cash_flow\": [-1, 2]}"), "", "wants a 'discount_rate'",
         false},
        {WITH("{\"cash_flow\": [-1, \"two\"]}"), "/options/a/cash_flow/1",
         "'cash_flow' wants a number", false},
        {WITH("{\"scores\": {\"staff\": 1}}"), "/options/a/scores/staff",
         "no stakeholder 'staff'", true},
        {WITH("{\"payoffs\": {\"rain\": 1}}"), "/options/a/payoffs/rain",
         "no state 'rain'", true},
        {WITH("{\"risks\": {\"fire\": {\"probability\": 1.5, \"impact\": 1}}}"),
         "/options/a/risks/fire/probability", "within 0 and 1", false},
        {WITH("{\"risks\": {\"fire\": {\"probability\": 0.5}}}"),
         "/options/a/risks/fire", "has no 'impact'", true},
        {WITH("{\"schedule\": {\"t\": {\"optimistic\": 2, \"likely\": 1, "
              "\"pessimistic\": 3}}}"),
         "/options/a/schedule/t", "not in order", true},
        {WITH("{\"schedule\": {\"t\": {\"optimistic\": 1, \"likely\": 1}}}"),
         "/options/a/schedule/t", "has no 'pessimistic'", true},
        {WITH("{\"schedule\": {\"t\": {\"optimistic\": 1, \"likely\": 1, "
              "\"pessimistic\": 1, \"after\": [\"u\"]}}}"),
         "/options/a/schedule/t/after/0", "no task 'u'", false},
        {WITH("{\"schedule\": {\"t\": {\"optimistic\": 1, \"likely\": 1, "
              "\"pessimistic\": 1, \"after\": [\"t\"]}}}"),
         "/options/a/schedule", "'t' waits for itself", true},
    };
    assert_wrong(wrong, sizeof wrong / sizeof wrong[0]);
}

Test(decide_read, everything_that_is_wrong_is_told_at_once)
{
    struct seen seen = {.pointer = "", .words = ""};
    cr_assert_eq(check("{\"criteria\": {\"x\": 1, \"y\": {\"direction\": "
                       "\"min\", \"weight\": -1}}, \"extra\": 1, "
                       "\"options\": {\"a\": {}, \"b\": 3}}",
                       &seen),
                 -EINVAL);
    cr_assert_geq(seen.count, 6, "%s", seen.all);
}

Test(decide_read, wrong_options_of_a_check_are_refused)
{
    troupe_decide_options_t options = troupe_decide_options_default();
    cr_assert_eq(troupe_decide_check(NULL), -EINVAL);
    cr_assert_eq(troupe_decide_check(&options), -EINVAL);
    options.decision = "\x81\xa1"; /* a map that is cut off */
    options.decision_size = 2;
    cr_assert_eq(troupe_decide_check(&options), -EINVAL);
}
