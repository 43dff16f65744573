/* SPDX-License-Identifier: Apache-2.0 */
/* command_ps.c: `troupe ps`, the actors of a run. */
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/look.h"
#include "tools/table.h"

static const char help[] =
    "usage: troupe ps [OPTION]...\n"
    "\n"
    "List the actors of a topology that runs: what they are, how often they\n"
    "were restarted, how many messages wait for them, came, were handled, "
    "made\n"
    "them fail or were refused, the time they have spent in handlers, and "
    "what\n"
    "they were at a moment ago.\n"
    "\n"
    "  --all          those of the run itself, too\n" TROUPE__LOOK_OPTIONS "\n"
    "Exit codes: 0 listed; 1 nothing runs, or it does not answer; 2 usage.\n";

static int
by_name(const void *one, const void *other)
{
    const json_t *a = *(json_t *const *) one, *b = *(json_t *const *) other;
    bool has_a = json_is_string(json_object_get(a, "name"));
    bool has_b = json_is_string(json_object_get(b, "name"));
    if (has_a != has_b)
        return has_a ? -1 : 1;
    int order = strcmp(troupe__text_of(a, "name"), troupe__text_of(b, "name"));
    return order ? order
                 : strcmp(troupe__text_of(a, "ref"), troupe__text_of(b, "ref"));
}

/* Those to be shown, sorted; takes the list. */
static json_t *
sort(json_t *actors, bool all)
{
    size_t count = json_array_size(actors), kept = 0;
    json_t **items = troupe__grab((count + 1) * sizeof(void *));
    json_t *sorted = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *actor = json_array_get(actors, i);
        if (all || !troupe__is_of_the_run(actor))
            items[kept++] = actor;
    }
    qsort(items, kept, sizeof(void *), by_name);
    for (size_t i = 0; i < kept; i++)
        json_array_append(sorted, items[i]);
    free(items);
    json_decref(actors);
    return sorted;
}

static void
print(const json_t *actors)
{
    static const char *const heads[] = {
        "NAME",     "NODE",      "KIND",     "STATUS",  ">RESTARTS",
        ">WAITING", ">RECEIVED", ">HANDLED", ">FAILED", ">DROPPED",
        ">BUSY",    "REF",       "HANDLING"};
    static const char *const numbers[] = {"depth", "received", "handled",
                                          "failed", "dropped"};
    struct troupe__table table = {0};
    char time[32];
    size_t columns = sizeof heads / sizeof *heads;
    bool has_nodes = troupe__has_nodes(actors);
    for (size_t i = 0; i < columns; i++)
        if (i != 1 || has_nodes)
            troupe__table_add(&table, heads[i]);
    table.columns = table.count;
    for (size_t i = 0; i < json_array_size(actors); i++) {
        const json_t *actor = json_array_get(actors, i);
        troupe__table_add(&table, troupe__text_of(actor, "name"));
        if (has_nodes)
            troupe__table_add(&table, troupe__text_of(actor, "node_name"));
        troupe__table_add(&table, troupe__text_of(actor, "kind"));
        troupe__table_add(&table, troupe__text_of(actor, "status"));
        troupe__table_number(&table,
                             troupe__number_of(actor, "incarnation") - 1);
        for (size_t j = 0; j < sizeof numbers / sizeof *numbers; j++)
            troupe__table_number(&table, troupe__number_of(actor, numbers[j]));
        troupe__table_add(
            &table,
            troupe__time_text(troupe__number_of(actor, "handler_ns"), time));
        troupe__table_add(&table, troupe__text_of(actor, "ref"));
        troupe__table_add(&table, troupe__text_of(actor, "handling"));
    }
    troupe__table_print(&table, 0, stdout);
    troupe__table_free(&table);
}

int
troupe__command_ps(int argc, char **argv)
{
    struct troupe__look look = {
        .command = "ps", .help = help, .takes = "a", .wants = "no argument"};
    int code = troupe__look_begin(&look, argc, argv);
    if (code >= 0)
        return code;
    json_t *answer = troupe__look_actors(&look);
    troupe__look_end(&look);
    if (!answer)
        return TROUPE__EXIT_FAILED;
    json_t *actors =
        sort(json_incref(json_object_get(answer, "actors")), look.all);
    if (look.json) {
        json_object_set(answer, "actors", actors);
        troupe__look_print_json(json_incref(answer));
    } else {
        print(actors);
    }
    json_decref(actors);
    json_decref(answer);
    return TROUPE__EXIT_OK;
}
