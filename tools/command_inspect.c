/* SPDX-License-Identifier: Apache-2.0 */
/* command_inspect.c: `troupe inspect` and `troupe dead`. */
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/look.h"
#include "tools/table.h"

static const char inspect_help[] =
    "usage: troupe inspect [OPTION]... NAME\n"
    "\n"
    "Everything about one actor of a topology that runs; of a supervisor its\n"
    "children too. NAME may be a ref, as ps shows it: '<1.0.254.1>'.\n"
    "\n" TROUPE__LOOK_OPTIONS "\n"
    "Exit codes: 0 told; 1 nothing runs, or there is no such actor; 2 usage.\n";

static const char dead_help[] =
    "usage: troupe dead [OPTION]...\n"
    "\n"
    "The last messages that nobody handled, the newest first, and why.\n"
    "\n" TROUPE__LOOK_OPTIONS "\n"
    "Exit codes: 0 told; 1 nothing runs, or it does not answer; 2 usage.\n";

/* --- inspect ----------------------------------------------------------------*/

static void
print_list(const char *label, const json_t *list)
{
    printf("%-12s", label);
    for (size_t i = 0; i < json_array_size(list); i++)
        printf("%s%s", i ? ", " : "",
               json_string_value(json_array_get(list, i)));
    puts(json_array_size(list) ? "" : "-");
}

static void
print_children(const json_t *actor)
{
    const json_t *children = json_object_get(actor, "children");
    static const char *const heads[] = {"CHILD", "STATUS", ">RESTARTS", "REF"};
    struct troupe__table table = {0};
    if (!children)
        return;
    if (!json_is_array(children)) {
        puts("children    not told: the supervisor is busy");
        return;
    }
    for (size_t i = 0; i < 4; i++)
        troupe__table_add(&table, heads[i]);
    table.columns = 4;
    for (size_t i = 0; i < json_array_size(children); i++) {
        const json_t *child = json_array_get(children, i);
        troupe__table_add(&table, troupe__text_of(child, "id"));
        troupe__table_add(&table, troupe__text_of(child, "status"));
        troupe__table_number(&table, troupe__number_of(child, "restarts"));
        troupe__table_add(&table, troupe__text_of(child, "ref"));
    }
    putchar('\n');
    troupe__table_print(&table, 0, stdout);
    troupe__table_free(&table);
}

static void
print_actor(const json_t *actor)
{
    static const char *const texts[] = {"name",     "kind",     "status",
                                        "handling", "ref",      "parent",
                                        "deputy",   "node_name"};
    static const char *const numbers[] = {"node",     "worker",   "incarnation",
                                          "received", "handled",  "failed",
                                          "dropped",  "deadlocks"};
    char time[32], age[32];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (i < 6 || json_object_get(actor, texts[i])) /* else: of one node */
            printf("%-12s%s\n", texts[i], troupe__text_of(actor, texts[i]));
    print_list("names", json_object_get(actor, "names"));
    print_list("groups", json_object_get(actor, "groups"));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        printf("%-12s%llu\n", numbers[i],
               (unsigned long long) troupe__number_of(actor, numbers[i]));
    printf("%-12s%s\n", "in handlers",
           troupe__time_text(troupe__number_of(actor, "handler_ns"), time));
    printf("%-12s%llu of %llu messages, %llu of %llu bytes, %s; the first has "
           "waited %s\n",
           "mailbox", (unsigned long long) troupe__number_of(actor, "depth"),
           (unsigned long long) troupe__number_of(actor, "messages_max"),
           (unsigned long long) troupe__number_of(actor, "bytes"),
           (unsigned long long) troupe__number_of(actor, "bytes_max"),
           troupe__text_of(actor, "overflow"),
           troupe__time_text(troupe__number_of(actor, "age_ns"), age));
    print_children(actor);
}

int
troupe__command_inspect(int argc, char **argv)
{
    struct troupe__look look = {.command = "inspect",
                                .help = inspect_help,
                                .takes = "",
                                .arguments_min = 1,
                                .arguments_max = 1,
                                .wants = "the name of one actor"};
    int code = troupe__look_begin(&look, argc, argv);
    if (code >= 0)
        return code;
    json_t *actor = troupe__look_ask(
        &look, TROUPE__LOOK_MS,
        json_pack("{s:s, s:s}", "do", "inspect", "to", look.arguments[0]));
    troupe__look_end(&look);
    troupe__look_name_silent(&look, actor);
    if (actor && look.json)
        troupe__look_print_json(json_incref(actor));
    else if (actor)
        print_actor(actor);
    json_decref(actor);
    return actor ? TROUPE__EXIT_OK : TROUPE__EXIT_FAILED;
}

/* --- dead -------------------------------------------------------------------*/

/* The name of one who is still there, or the ref. */
static const char *
who(const json_t *letter, const char *name, const char *ref)
{
    bool named = json_is_string(json_object_get(letter, name));
    return troupe__text_of(letter, named ? name : ref);
}

static void
print_letters(const json_t *dead)
{
    static const char *const heads[] = {">AGE", "NODE", "WHY",   "TYPE",
                                        "FROM", "TO",   ">BYTES"};
    const json_t *letters = json_object_get(dead, "letters");
    struct troupe__table table = {0};
    char age[32];
    bool has_nodes = troupe__has_nodes(letters);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (i != 1 || has_nodes)
            troupe__table_add(&table, heads[i]);
    table.columns = table.count;
    for (size_t i = 0; i < json_array_size(letters); i++) {
        const json_t *letter = json_array_get(letters, i);
        troupe__table_add(
            &table,
            troupe__time_text(troupe__number_of(letter, "age_ns"), age));
        if (has_nodes)
            troupe__table_add(&table, troupe__text_of(letter, "node_name"));
        troupe__table_add(&table, troupe__text_of(letter, "why"));
        troupe__table_add(&table, troupe__text_of(letter, "type"));
        troupe__table_add(&table, who(letter, "from_name", "from"));
        troupe__table_add(&table, who(letter, "to_name", "to"));
        troupe__table_number(&table, troupe__number_of(letter, "size"));
    }
    if (json_array_size(letters) > 0)
        troupe__table_print(&table, 0, stdout);
    printf("%llu dead letters in all\n",
           (unsigned long long) troupe__number_of(dead, "total"));
    troupe__table_free(&table);
}

int
troupe__command_dead(int argc, char **argv)
{
    struct troupe__look look = {.command = "dead",
                                .help = dead_help,
                                .takes = "",
                                .wants = "no argument"};
    int code = troupe__look_begin(&look, argc, argv);
    if (code >= 0)
        return code;
    json_t *dead = troupe__look_ask(&look, TROUPE__LOOK_MS,
                                    json_pack("{s:s}", "do", "dead"));
    troupe__look_name_silent(&look, dead);
    troupe__look_end(&look);
    if (dead && look.json)
        troupe__look_print_json(json_incref(dead));
    else if (dead)
        print_letters(dead);
    json_decref(dead);
    return dead ? TROUPE__EXIT_OK : TROUPE__EXIT_FAILED;
}
