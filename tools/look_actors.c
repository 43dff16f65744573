/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look_actors.c: the actors of all nodes of a run.
 *
 * A child in another process is there twice: as its deputy, which its
 * supervisor has, and as the actor there. Both become one.
 */
#include <string.h>

#include "tools/look.h"

/* What the supervisor's side knows of it; what waits does so on both. */
static void
take_over(json_t *actor, const json_t *deputy)
{
    static const char *const keys[] = {"name", "incarnation", "parent"};
    static const char *const sums[] = {"depth", "bytes"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        json_object_set(actor, keys[i], json_object_get(deputy, keys[i]));
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        uint64_t sum = troupe__number_of(actor, sums[i])
                       + troupe__number_of(deputy, sums[i]);
        json_object_set_new(actor, sums[i], json_integer((json_int_t) sum));
    }
    if (strcmp(troupe__text_of(deputy, "status"), "running") != 0)
        json_object_set(actor, "status", json_object_get(deputy, "status"));
}

/* A new list. */
static json_t *
join_deputies(const json_t *actors)
{
    json_t *by_ref = json_object();
    json_t *joined = json_array();
    json_t *actor = NULL;
    size_t i = 0;
    json_array_foreach(actors, i, actor)
    {
        json_object_set(by_ref, troupe__text_of(actor, "ref"), actor);
    }
    json_array_foreach(actors, i, actor)
    {
        const char *ref = troupe__text_of(actor, "deputy");
        const json_t *deputy = json_object_get(by_ref, ref);
        if (!deputy)
            continue;
        take_over(actor, deputy);
        json_object_del(by_ref, ref);
    }
    json_array_foreach(
        actors, i,
        actor) if (json_object_get(by_ref, troupe__text_of(actor, "ref")))
        json_array_append(joined, actor);
    json_decref(by_ref);
    return joined;
}

void
troupe__look_name_silent(const struct troupe__look *self, const json_t *answer)
{
    const json_t *silent = json_object_get(answer, "silent");
    const json_t *name = NULL;
    size_t i = 0;
    json_array_foreach(silent, i, name)
    {
        fprintf(stderr, "troupe %s: node '%s' does not answer\n", self->command,
                json_string_value(name));
    }
}

json_t *
troupe__look_actors(struct troupe__look *self)
{
    json_t *answer =
        troupe__look_ask(self, TROUPE__LOOK_MS, json_pack("{s:s}", "do", "ps"));
    if (answer) {
        json_object_set_new(answer, "actors",
                            join_deputies(json_object_get(answer, "actors")));
        troupe__look_name_silent(self, answer);
    }
    return answer;
}

bool
troupe__has_nodes(const json_t *list)
{
    const json_t *item = NULL;
    size_t i = 0;
    json_array_foreach(
        list, i, item) if (json_object_get(item, "node_name")) return true;
    return false;
}
