/* SPDX-License-Identifier: Apache-2.0 */
/* names_look.c: the names and groups of one actor, for people who look. */
#include <czmq.h>

#include "runtime/names.h"

static void
words_add(struct troupe__words *self, const char *word)
{
    self->items =
        troupe__realloc(self->items, (self->count + 1) * sizeof *self->items);
    self->items[self->count++] = troupe__strdup(word);
}

void
troupe__words_free(struct troupe__words *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->items[i]);
    free(self->items);
    *self = (struct troupe__words){0};
}

/* All names and groups are looked through: for people who look. */
void
troupe__names_of(troupe_t *node, troupe_ref_t ref,
                 struct troupe__words *ret_names,
                 struct troupe__words *ret_groups)
{
    pthread_mutex_lock(&node->names_lock);
    for (const uint64_t *item = zhashx_first(node->names); item;
         item = zhashx_next(node->names))
        if (*item == ref.id)
            words_add(ret_names, zhashx_cursor(node->names));
    for (const struct troupe__members *group = zhashx_first(node->groups);
         group; group = zhashx_next(node->groups)) {
        size_t i = 0;
        while (i < group->count && group->members[i] != ref.id)
            i++;
        if (i < group->count)
            words_add(ret_groups, zhashx_cursor(node->groups));
    }
    pthread_mutex_unlock(&node->names_lock);
}
