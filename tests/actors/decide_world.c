/* SPDX-License-Identifier: Apache-2.0 */
/* decide_world.c: decisions made in tests, and what their reports say. */
#include "decide_world.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

troupe_decide_t *
decide_run(troupe_t *node, const char *json,
           const troupe_decide_options_t *options)
{
    char *text = strdup(json);
    cr_assert_not_null(text);
    for (char *at = text; (at = strchr(at, '\'')); at++)
        *at = '"';
    troupe_decide_options_t it = *options;
    troupe_decide_t *decide = NULL;
    it.json = text;
    int rc = troupe_decide_run(node, &it, &decide);
    cr_assert_eq(rc, 0, "%s: %s", troupe_strerror(rc), text);
    free(text);
    return decide;
}

json_t *
decide_json(const troupe_decide_t *decide)
{
    json_error_t error;
    json_t *report = json_loads(troupe_decide_json(decide), 0, &error);
    cr_assert_not_null(report, "%s", error.text);
    return report;
}

json_t *
decide_report(troupe_t *node, const char *json)
{
    troupe_decide_options_t options = troupe_decide_options_default();
    troupe_decide_t *decide = decide_run(node, json, &options);
    json_t *report = decide_json(decide);
    cr_assert(json_is_false(json_object_get(report, "degraded")), "%s",
              troupe_decide_markdown(decide));
    troupe_decide_destroy(&decide);
    return report;
}

const char *
text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    cr_assert_not_null(text, "no text '%s'", key);
    return text;
}

double
real_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    cr_assert(json_is_number(value), "no number '%s'", key);
    return json_number_value(value);
}

static json_t *
item_of(json_t *list, const char *key, const char *id)
{
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(list, index, item)
    {
        if (strcmp(text_at(item, key), id) == 0)
            return item;
    }
    cr_assert(false, "no '%s'", id);
    return NULL;
}

json_t *
option_of(const json_t *report, const char *id)
{
    return item_of(json_object_get(report, "options"), "id", id);
}

json_t *
cell_of(const json_t *report, const char *id, const char *strategy)
{
    return json_object_get(json_object_get(option_of(report, id), "strategies"),
                           strategy);
}

json_t *
perspective_of(const json_t *report, const char *name)
{
    return item_of(json_object_get(report, "perspectives"), "name", name);
}

double
share_of(const json_t *report, const char *id, size_t rank)
{
    const json_t *shares =
        json_object_get(json_object_get(option_of(report, id), "ranking"),
                        "rank_acceptability");
    cr_assert_lt(rank, json_array_size(shares));
    return json_number_value(json_array_get(shares, rank));
}

bool
limits_say(const json_t *report, const char *words)
{
    size_t index = 0;
    json_t *line = NULL;
    json_array_foreach(json_object_get(report, "limits"), index, line)
    {
        if (strstr(json_string_value(line), words))
            return true;
    }
    return false;
}
