/* SPDX-License-Identifier: Apache-2.0 */
/* topology.c: reads a topology file step by step, and gives it back. */
#include "tools/topology.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/fields.h"

const char *
troupe__member_name(const struct troupe__member *member, size_t index,
                    char name[TROUPE_NAME_MAX + 1])
{
    const char *base = member->name.text ? member->name.text : member->key.text;
    if (member->count == 1)
        snprintf(name, TROUPE_NAME_MAX + 1, "%s", base);
    else
        snprintf(name, TROUPE_NAME_MAX + 1, "%s-%zu", base, index + 1);
    return name;
}

size_t
troupe__member_find(const struct troupe__topology *self, const char *key)
{
    for (size_t i = 1; i < self->member_count; i++)
        if (strcmp(self->members[i].key.text, key) == 0)
            return i;
    return 0;
}

/* TOPOLOGY_DIR is where the file lies; others are the environment's. */
static const char *
variable(void *data, const char *name)
{
    const struct troupe__topology *self = data;
    if (strcmp(name, "TOPOLOGY_DIR") == 0)
        return self->directory;
    return getenv(name);
}

/* "dir/word-count.yaml" is called "word-count", unless it says otherwise. */
static void
take_path(struct troupe__topology *self, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    self->path = troupe__copy(path, strlen(path));
    self->directory = !slash ? troupe__copy(".", 1)
                      : slash == path
                          ? troupe__copy("/", 1)
                          : troupe__copy(path, (size_t) (slash - path));
    self->own_name = troupe__copy(
        base, dot && dot > base ? (size_t) (dot - base) : strlen(base));
    self->name = self->own_name;
}

static void
read_steps(struct troupe__topology *self, struct troupe__findings *findings)
{
    troupe__value_drop_own(self->root);
    troupe__topology_fields(self, findings);
    troupe__topology_tree(self, findings);
    troupe__topology_names(self, findings);
    troupe__topology_kinds(self, findings);
    troupe__topology_specs(self, findings);
}

int
troupe__topology_take(const char *path, struct troupe__value *root,
                      struct troupe__findings *findings,
                      struct troupe__topology **ret_topology)
{
    struct troupe__topology *self = troupe__grab(sizeof *self);
    take_path(self, path);
    self->root = root;
    read_steps(self, findings);
    if (findings->count > 0) {
        troupe__topology_free(self);
        self = NULL;
    }
    *ret_topology = self;
    return self ? 0 : -EINVAL;
}

int
troupe__topology_read(const char *path, struct troupe__findings *findings,
                      struct troupe__topology **ret_topology)
{
    struct troupe__topology *self = troupe__grab(sizeof *self);
    take_path(self, path);
    self->root = troupe__yaml_read("topology", findings, variable, self);
    if (self->root && self->root->type != TROUPE__MAP) {
        troupe__found(findings, self->root->spot,
                      "a topology is keys and values, not %s; it wants "
                      "'actors:' at least",
                      troupe__type_name(self->root->type));
    } else if (self->root) {
        read_steps(self, findings);
    }
    if (findings->count > 0) {
        troupe__topology_free(self);
        self = NULL;
    }
    *ret_topology = self;
    return self ? 0 : -EINVAL;
}

void
troupe__topology_free(struct troupe__topology *self)
{
    if (!self)
        return;
    for (size_t i = 0; i < self->member_count; i++) {
        struct troupe__member *member = &self->members[i];
        free(member->children);
        free(member->arguments);
        troupe__words_free(&member->child_names);
        troupe__words_free(&member->groups);
        troupe__words_free(&member->allow);
        troupe__words_free(&member->program_words);
        troupe__topology_program_free(member);
    }
    for (size_t i = 0; i < self->library_count; i++)
        if (self->libraries[i].handle)
            dlclose(self->libraries[i].handle);
    free(self->members);
    free(self->libraries);
    free(self->places);
    free(self->own_name);
    free(self->directory);
    free(self->path);
    troupe__value_free(self->root);
    free(self);
}
