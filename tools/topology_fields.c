/* SPDX-License-Identifier: Apache-2.0 */
/* topology_fields.c: the keys of a topology file, and what they are read to. */
#include <stdlib.h>
#include <string.h>

#include "tools/fields.h"
#include "tools/topology.h"
#include "tools/topology_delivery.h"

/* The reader's own struct for the keys at the top. */
struct top {
    struct troupe__word name;
    struct troupe__words libraries;
    struct troupe__word until;
    uint32_t stop_timeout_ms;
    uint32_t hang_timeout_ms;
    uint32_t processes_max;
};

/* Nodes have the numbers 1 to 1023, of which the first is the root's. */
enum { PROCESSES_MAX = 1022 };

#define AT(type, member) .offset = offsetof(type, member)

static const char *const overflows[] = {
    "", "mute", "reject", "drop_newest", "drop_oldest", NULL};
static const char *const strategies[] = {"one_for_one", "one_for_all",
                                         "rest_for_one", NULL};
static const char *const restarts[] = {"permanent", "transient", "temporary",
                                       0};
static const char *const places[] = {"", "near",       "spread",
                                     "", "own_thread", NULL};
static const char *const isolations[] = {"none", "process", NULL};
static const char *const verdicts[] = {"escalate", "give_up", NULL};

/* A mailbox is the same thing at two places. */
#define MAILBOX_FIELDS(start)                                                  \
    {.key = "messages",                                                        \
     .type = TROUPE__FIELD_COUNT,                                              \
     .offset = (start) + offsetof(troupe_limits_t, messages_max),              \
     .min = 1},                                                                \
        {.key = "bytes",                                                       \
         .type = TROUPE__FIELD_SIZE,                                           \
         .offset = (start) + offsetof(troupe_limits_t, bytes_max),             \
         .min = 1024},                                                         \
        {.key = "overflow",                                                    \
         .type = TROUPE__FIELD_CHOICE,                                         \
         .offset = (start) + offsetof(troupe_limits_t, overflow),              \
         .choices = overflows},                                                \
    {                                                                          \
        0                                                                      \
    }

static const struct troupe__field node_mailbox[] = {
    MAILBOX_FIELDS(offsetof(struct troupe__place, options.mailbox))};

static const struct troupe__field actor_mailbox[] = {
    MAILBOX_FIELDS(offsetof(struct troupe__member, spec.mailbox))};

#define NODE_DURATION(name, member)                                            \
    .key = (name), .type = TROUPE__FIELD_DURATION,                             \
    AT(struct troupe__place, options.member)
static const struct troupe__field node_fields[] = {
    {.key = "workers",
     .type = TROUPE__FIELD_COUNT,
     AT(struct troupe__place, options.workers),
     .min = 1,
     .max = 256},
    {.key = "mailbox", .type = TROUPE__FIELD_MAP, .fields = node_mailbox},
    {NODE_DURATION("watchdog", watchdog_ms)},
    {NODE_DURATION("ask_timeout", ask_timeout_ms), .min = 1},
    {NODE_DURATION("deadlock", deadlock_ms)},
    {.key = "message_size",
     .type = TROUPE__FIELD_SIZE,
     AT(struct troupe__place, options.message_size_max),
     .min = 65536,
     .max = 128u << 20},
    {.key = "actors",
     .type = TROUPE__FIELD_COUNT,
     AT(struct troupe__place, options.actors_max),
     .min = 1,
     .max = 16777215},
    {.key = "dead_letters",
     .type = TROUPE__FIELD_COUNT,
     AT(struct troupe__place, options.dead_letters_max)},
    {.key = "helpers",
     .type = TROUPE__FIELD_COUNT,
     AT(struct troupe__place, options.helpers_max),
     .min = 1,
     .max = 1024},
    {0}};

static const struct troupe__field backoff_fields[] = {
    {.key = "min",
     .type = TROUPE__FIELD_DURATION,
     AT(struct troupe__member, spec.backoff.min_ms),
     .zero = TROUPE_ZERO},
    {.key = "max",
     .type = TROUPE__FIELD_DURATION,
     AT(struct troupe__member, spec.backoff.max_ms),
     .min = 1},
    {.key = "factor",
     .type = TROUPE__FIELD_FACTOR,
     AT(struct troupe__member, spec.backoff.factor_percent),
     .min = 100,
     .max = 10000},
    {.key = "jitter",
     .type = TROUPE__FIELD_PERCENT,
     AT(struct troupe__member, spec.backoff.jitter_percent),
     .max = 100,
     .zero = TROUPE_ZERO},
    {.key = "reset",
     .type = TROUPE__FIELD_DURATION,
     AT(struct troupe__member, spec.backoff.reset_ms),
     .zero = TROUPE_ZERO},
    {0}};

static const struct troupe__field budget_fields[] = {
    {.key = "restarts",
     .type = TROUPE__FIELD_COUNT,
     AT(struct troupe__member, spec.budget.restarts),
     .min = 1,
     .required = true},
    {.key = "period",
     .type = TROUPE__FIELD_DURATION,
     AT(struct troupe__member, spec.budget.period_ms),
     .min = 1},
    {.key = "then",
     .type = TROUPE__FIELD_CHOICE,
     AT(struct troupe__member, spec.budget.then),
     .choices = verdicts},
    {0}};

/* What a child has, be it an actor or a supervisor. */
#define CHILD_FIELDS                                                           \
    {.key = "node",                                                            \
     .type = TROUPE__FIELD_TEXT,                                               \
     AT(struct troupe__member, node_name)},                                    \
        {.key = "isolation",                                                   \
         .type = TROUPE__FIELD_CHOICE,                                         \
         AT(struct troupe__member, spec.isolation),                            \
         .choices = isolations},                                               \
        {.key = "restart",                                                     \
         .type = TROUPE__FIELD_CHOICE,                                         \
         AT(struct troupe__member, spec.restart),                              \
         .choices = restarts},                                                 \
        {.key = "backoff",                                                     \
         .type = TROUPE__FIELD_MAP,                                            \
         .fields = backoff_fields},                                            \
    {                                                                          \
        .key = "budget", .type = TROUPE__FIELD_MAP, .fields = budget_fields    \
    }

/* What every supervisor has, the root too. */
#define SUPERVISOR_FIELDS                                                      \
    {.key = "strategy",                                                        \
     .type = TROUPE__FIELD_CHOICE,                                             \
     AT(struct troupe__member, options.strategy),                              \
     .choices = strategies},                                                   \
        {.key = "intensity",                                                   \
         .type = TROUPE__FIELD_COUNT,                                          \
         AT(struct troupe__member, options.intensity),                         \
         .zero = TROUPE_ZERO,                                                  \
         .endless = "unlimited"},                                              \
        {.key = "period",                                                      \
         .type = TROUPE__FIELD_DURATION,                                       \
         AT(struct troupe__member, options.period_ms),                         \
         .min = 1},                                                            \
        {.key = "in_a_row",                                                    \
         .type = TROUPE__FIELD_COUNT,                                          \
         AT(struct troupe__member, options.unstable_max),                      \
         .zero = TROUPE_ZERO,                                                  \
         .endless = "unlimited"},                                              \
    {                                                                          \
        .key = "children", .type = TROUPE__FIELD_TEXTS,                        \
        AT(struct troupe__member, child_names)                                 \
    }

static const struct troupe__field root_fields[] = {SUPERVISOR_FIELDS, {0}};

static const struct troupe__field supervisor_fields[] = {
    SUPERVISOR_FIELDS, CHILD_FIELDS, {0}};

static const struct troupe__field actor_fields[] = {
    {.key = "kind",
     .type = TROUPE__FIELD_TEXT,
     AT(struct troupe__member, kind_name)},
    {.key = "program",
     .type = TROUPE__FIELD_TEXTS,
     AT(struct troupe__member, program_words)},
    {.key = "arguments", .type = TROUPE__FIELD_OTHER},
    {.key = "name",
     .type = TROUPE__FIELD_TEXT,
     AT(struct troupe__member, name)},
    {.key = "count",
     .type = TROUPE__FIELD_COUNT,
     AT(struct troupe__member, count),
     .min = 1,
     .max = TROUPE__ACTORS_MAX},
    {.key = "groups",
     .type = TROUPE__FIELD_TEXTS,
     AT(struct troupe__member, groups)},
    {.key = "allow",
     .type = TROUPE__FIELD_TEXTS,
     AT(struct troupe__member, allow)},
    {.key = "place",
     .type = TROUPE__FIELD_CHOICE,
     AT(struct troupe__member, spec.place),
     .choices = places},
    {.key = "worker",
     .type = TROUPE__FIELD_COUNT,
     AT(struct troupe__member, spec.worker),
     .max = 1023},
    {.key = "mailbox", .type = TROUPE__FIELD_MAP, .fields = actor_mailbox},
    {.key = "start_timeout",
     .type = TROUPE__FIELD_DURATION,
     AT(struct troupe__member, spec.start_ms),
     .min = 1,
     .endless = "never"},
    {.key = "stop_timeout",
     .type = TROUPE__FIELD_DURATION,
     AT(struct troupe__member, spec.shutdown_ms),
     .zero = TROUPE_SHUTDOWN_BRUTAL,
     .endless = "never"},
    {.key = "poison",
     .type = TROUPE__FIELD_COUNT,
     AT(struct troupe__member, spec.poison_max),
     .min = 1,
     .endless = "never"},
    TROUPE__DELIVERY_FIELDS,
    CHILD_FIELDS,
    {0}};

#define TOP_DURATION(name, member)                                             \
    .key = (name), .type = TROUPE__FIELD_DURATION, AT(struct top, member),     \
    .min = 1
static const struct troupe__field top_fields[] = {
    {.key = "name", .type = TROUPE__FIELD_TEXT, AT(struct top, name)},
    {.key = "libraries",
     .type = TROUPE__FIELD_TEXTS,
     AT(struct top, libraries)},
    {.key = "nodes", .type = TROUPE__FIELD_OTHER},
    {.key = "supervisor", .type = TROUPE__FIELD_OTHER},
    {.key = "supervisors", .type = TROUPE__FIELD_OTHER},
    {.key = "actors", .type = TROUPE__FIELD_OTHER, .required = true},
    {.key = "until", .type = TROUPE__FIELD_TEXT, AT(struct top, until)},
    {TOP_DURATION("stop_timeout", stop_timeout_ms)},
    {TOP_DURATION("hang_timeout", hang_timeout_ms)},
    {.key = "processes",
     .type = TROUPE__FIELD_COUNT,
     AT(struct top, processes_max),
     .min = 1,
     .max = PROCESSES_MAX},
    {0}};

static struct troupe__member *
member_add(struct troupe__topology *self, struct troupe__word key)
{
    self->members =
        troupe__grow(self->members, self->member_count, sizeof *self->members);
    struct troupe__member *member = &self->members[self->member_count++];
    *member = (struct troupe__member){.count = 1, .key = key};
    return member;
}

static void
read_named(const struct troupe__value *value, const char *what,
           const struct troupe__word *name, const struct troupe__field *fields,
           void *ret_struct, struct troupe__findings *findings)
{
    char *words = troupe__format("%s '%s'", what, name->text);
    troupe__fields_read(value, words, fields, ret_struct, findings);
    free(words);
}

static void
read_actor(const struct troupe__topology *self,
           const struct troupe__value *value, struct troupe__member *member,
           struct troupe__findings *findings)
{
    read_named(value, "actor", &member->key, actor_fields, member, findings);
    troupe__topology_program(self, value, member, findings);
    const struct troupe__value *arguments =
        troupe__value_get(value, "arguments");
    const struct troupe__value *worker = troupe__value_get(value, "worker");
    if (arguments)
        (void) troupe__value_pack(arguments, findings, &member->arguments,
                                  &member->arguments_size);
    member->is_limited = troupe__value_get(value, "allow") != NULL;
    troupe__delivery_check(value, member, findings);
    if (worker && member->spec.place != TROUPE_PLACE_DEFAULT)
        troupe__found(findings, worker->spot,
                      "'worker' and 'place' exclude each other; take one out");
    if (worker) {
        member->worker = (struct troupe__word){worker->text, worker->spot};
        member->spec.place = TROUPE_WORKER;
    }
}

static void
read_supervisor(const struct troupe__topology *self,
                const struct troupe__value *value,
                struct troupe__member *member,
                struct troupe__findings *findings)
{
    (void) self;
    member->is_supervisor = true;
    read_named(value, "supervisor", &member->key, supervisor_fields, member,
               findings);
}

static void
read_members(struct troupe__topology *self, const char *key,
             void (*read)(const struct troupe__topology *,
                          const struct troupe__value *, struct troupe__member *,
                          struct troupe__findings *),
             struct troupe__findings *findings)
{
    const struct troupe__value *map = troupe__value_get(self->root, key);
    if (!map)
        return;
    if (map->type != TROUPE__MAP || map->count == 0) {
        troupe__wants(findings, map, key, "names, each with its keys");
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        struct troupe__word name = {map->keys[i]->text, map->keys[i]->spot};
        read(self, map->values[i], member_add(self, name), findings);
    }
}

static void
read_places(struct troupe__topology *self, struct troupe__findings *findings)
{
    const struct troupe__value *map = troupe__value_get(self->root, "nodes");
    if (map && (map->type != TROUPE__MAP || map->count == 0)) {
        troupe__wants(findings, map, "nodes", "names, each with its keys");
        map = NULL;
    }
    self->place_count = map ? map->count : 1;
    self->places = troupe__grab(self->place_count * sizeof *self->places);
    for (size_t i = 0; i < self->place_count; i++) {
        struct troupe__place *place = &self->places[i];
        place->options = troupe_options_default();
        place->name.text = map ? map->keys[i]->text : "main";
        if (!map)
            continue;
        place->name.spot = map->keys[i]->spot;
        /* A node that is only named has nothing below it. */
        if (map->values[i]->type != TROUPE__NULL)
            read_named(map->values[i], "node", &place->name, node_fields, place,
                       findings);
    }
}

void
troupe__topology_fields(struct troupe__topology *self,
                        struct troupe__findings *findings)
{
    struct top top = {.stop_timeout_ms = 10000};
    troupe__fields_read(self->root, "the topology", top_fields, &top, findings);
    if (top.name.text)
        self->name = top.name.text;
    self->until = top.until;
    self->stop_timeout_ms = top.stop_timeout_ms;
    self->hang_timeout_ms = top.hang_timeout_ms;
    self->processes_max = top.processes_max;
    self->library_count = top.libraries.count;
    self->libraries =
        troupe__grab(top.libraries.count * sizeof *self->libraries);
    for (size_t i = 0; i < top.libraries.count; i++)
        self->libraries[i].path = top.libraries.items[i];
    troupe__words_free(&top.libraries);

    struct troupe__member *root =
        member_add(self, (struct troupe__word){"root", {0, 0}});
    const struct troupe__value *options =
        troupe__value_get(self->root, "supervisor");
    root->is_supervisor = true;
    root->has_parent = true;
    if (options) {
        root->key.spot = options->spot;
        troupe__fields_read(options, "the root supervisor", root_fields, root,
                            findings);
    }
    read_places(self, findings);
    read_members(self, "supervisors", read_supervisor, findings);
    read_members(self, "actors", read_actor, findings);
}
