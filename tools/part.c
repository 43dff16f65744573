/* SPDX-License-Identifier: Apache-2.0 */
/* part.c: makes specs for supervisors of a topology. */
#include "tools/part.h"

#include <stdlib.h>
#include <string.h>

#include "troupe_map.h"

static void *
own(struct troupe__part *self, void *memory)
{
    self->owned = troupe__grow(self->owned, self->owned_count, sizeof(void *));
    self->owned[self->owned_count++] = memory;
    return memory;
}

/* How many specs the children of a member need. */
static size_t
count_children(const struct troupe__part *self,
               const struct troupe__member *above)
{
    size_t count = 0;
    for (size_t i = 0; i < above->child_count; i++)
        count += self->topology->members[above->children[i]].count;
    return count;
}

/* Where it runs, if that is not where its supervisor does. */
static const char *
other_node(const struct troupe__part *self, const struct troupe__member *member)
{
    const struct troupe__topology *topology = self->topology;
    const struct troupe__member *above = &topology->members[member->parent];
    bool is_apart =
        above->spec.isolation == TROUPE_OWN_PROCESS && member->node_name.text;
    return member->node != above->node || is_apart
               ? topology->places[member->node].name.text
               : NULL;
}

static size_t add_children(struct troupe__part *self,
                           const struct troupe__member *above,
                           troupe_child_spec_t *specs);

static void
add_supervisor(struct troupe__part *self, const struct troupe__member *member,
               const char *name, troupe_child_spec_t *spec)
{
    troupe_supervisor_options_t *options =
        own(self, troupe__grab(sizeof *options));
    troupe_child_spec_t *children = own(
        self, troupe__grab(count_children(self, member) * sizeof *children));
    *options = member->options;
    spec->supervisor = options;
    spec->children = children;
    spec->child_count = add_children(self, member, children);
    spec->name = name;
}

/* A member as its one spec, or as one for each of its actors. */
static size_t
add_member(struct troupe__part *self, size_t index, troupe_child_spec_t *specs)
{
    const struct troupe__member *member = &self->topology->members[index];
    for (size_t i = 0; i < member->count; i++) {
        char *name = own(self, troupe__grab(TROUPE_NAME_MAX + 1));
        troupe__member_name(member, i, name);
        specs[i] = member->spec;
        specs[i].id = name;
        specs[i].node = other_node(self, member);
        /* A map may start processes for its functions. */
        self->has_others |= specs[i].node
                            || specs[i].isolation == TROUPE_OWN_PROCESS
                            || member->kind == &troupe_map;
        if (member->is_supervisor) {
            add_supervisor(self, member, name, &specs[i]);
            continue;
        }
        self->actor_count++;
        specs[i].name = name;
        specs[i].kind = troupe__guards_kind(self, member);
        if (member->is_program)
            specs[i].program = &member->program;
        specs[i].arguments = member->arguments;
        specs[i].arguments_size = member->arguments_size;
        /* An actor that ends the run must not be begun again at its end. */
        if (index == self->topology->until_member
            && specs[i].restart == TROUPE_PERMANENT)
            specs[i].restart = TROUPE_TRANSIENT;
    }
    return member->count;
}

static size_t
add_children(struct troupe__part *self, const struct troupe__member *above,
             troupe_child_spec_t *specs)
{
    size_t count = 0;
    for (size_t i = 0; i < above->child_count; i++)
        count += add_member(self, above->children[i], &specs[count]);
    return count;
}

static int
by_name(const void *one, const void *other)
{
    const struct troupe__post *a = one, *b = other;
    return strcmp(a->name, b->name);
}

static void
make_posts(struct troupe__part *self)
{
    const struct troupe__topology *topology = self->topology;
    size_t capacity = 0;
    for (size_t i = 1; i < topology->member_count; i++)
        capacity += topology->members[i].count;
    self->posts = troupe__grab(capacity * sizeof *self->posts);
    for (size_t i = 1; i < topology->member_count; i++) {
        const struct troupe__member *member = &topology->members[i];
        for (size_t j = 0; j < member->count; j++) {
            struct troupe__post *post = &self->posts[self->post_count++];
            troupe__member_name(member, j, post->name);
            post->member = i;
        }
    }
    if (self->post_count > 0)
        qsort(self->posts, self->post_count, sizeof *self->posts, by_name);
}

static bool
has_name(const troupe_kind_t *const *kinds, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return true;
    return false;
}

/* First those of the members, which may have guards. */
const troupe_kind_t *const *
troupe__part_kinds(struct troupe__part *self)
{
    const struct troupe__topology *topology = self->topology;
    size_t capacity = topology->member_count + 1, count = 0;
    for (size_t i = 0; i < topology->library_count; i++)
        for (size_t k = 0; topology->libraries[i].kinds[k]; k++)
            capacity++;
    const troupe_kind_t **kinds =
        own(self, troupe__grab(capacity * sizeof(troupe_kind_t *)));
    for (size_t i = 1; i < topology->member_count; i++) {
        const struct troupe__member *member = &topology->members[i];
        if (!member->kind)
            continue;
        const troupe_kind_t *kind = troupe__guards_kind(self, member);
        if (!has_name(kinds, count, kind->name))
            kinds[count++] = kind;
    }
    for (size_t i = 0; i < topology->library_count; i++) {
        const troupe_kind_t *const *at = topology->libraries[i].kinds;
        for (; *at; at++)
            if (!has_name(kinds, count, (*at)->name))
                kinds[count++] = *at;
    }
    return kinds;
}

struct troupe__part *
troupe__part_make(const struct troupe__topology *topology, bool is_root)
{
    struct troupe__part *self = troupe__grab(sizeof *self);
    self->topology = topology;
    self->is_root = is_root;
    self->refusals =
        troupe__grab(topology->member_count * sizeof *self->refusals);
    make_posts(self);
    troupe__guards_make(self);
    const struct troupe__member *root = &topology->members[0];
    self->options = root->options;
    self->options.name = root->key.text;
    self->specs =
        troupe__grab((count_children(self, root) + 1) * sizeof *self->specs);
    self->count = add_children(self, root, self->specs);
    return self;
}

void
troupe__part_free(struct troupe__part *self)
{
    if (!self)
        return;
    for (size_t i = 0; i < self->owned_count; i++)
        free(self->owned[i]);
    for (size_t i = 0; i < self->guard_count; i++)
        free(self->guards[i].clauses);
    free(self->owned);
    free(self->guards);
    free(self->posts);
    free(self->specs);
    free(self->refusals);
    free(self);
}
