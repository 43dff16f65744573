/* SPDX-License-Identifier: Apache-2.0 */
/* topology_kinds.c: loads shared objects and finds the kind of each actor. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "troupe_kind.h"

#include "tools/topology.h"

#define SYMBOL "troupe_kinds"

/* The node's own limit, less those of the library and of the tool. */
#define KINDS_MAX 240

struct known {
    const troupe_kind_t *kind;
    const char *origin;
};

struct knowns {
    struct known *items;
    size_t count;
};

static const struct known *
known_find(const struct knowns *self, const char *name)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp(self->items[i].kind->name, name) == 0)
            return &self->items[i];
    return NULL;
}

static void
known_add(struct knowns *self, const troupe_kind_t *kind, const char *origin)
{
    self->items = troupe__grow(self->items, self->count, sizeof *self->items);
    self->items[self->count++] = (struct known){kind, origin};
}

static bool
is_same_version(const char *version)
{
    unsigned major = 0, minor = 0;
    return version && sscanf(version, "%u.%u.", &major, &minor) == 2
           && major == TROUPE_VERSION_MAJOR && minor == TROUPE_VERSION_MINOR;
}

static void
open_library(const struct troupe__topology *self,
             struct troupe__library *library, struct troupe__findings *findings)
{
    struct troupe__spot spot = library->path.spot;
    const char *name = library->path.text;
    char *path = *name == '/' ? troupe__copy(name, strlen(name))
                              : troupe__format("%s/%s", self->directory, name);
    if (access(path, F_OK) != 0) {
        troupe__found(findings, spot,
                      "there is no file '%s'; build it, or correct the path "
                      "(it is looked for from the topology file's directory)",
                      path);
        free(path);
        return;
    }
    library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    free(path);
    if (!library->handle) {
        const char *why = dlerror();
        troupe__found(findings, spot,
                      "it cannot be loaded: %s; build it as a shared object "
                      "against this Troupe",
                      why ? why : "no reason given");
        return;
    }
    const troupe_kinds_t *kinds = dlsym(library->handle, SYMBOL);
    if (!kinds || !kinds->kinds) {
        troupe__found(findings, spot,
                      "it has no symbol '" SYMBOL "'; put TROUPE_KINDS(&one, "
                      "&other); into one of its files (troupe_kind.h)");
    } else if (!is_same_version(kinds->version)) {
        troupe__found(findings, spot,
                      "it was built with Troupe %s and this is %s; build it "
                      "again",
                      kinds->version ? kinds->version : "?", troupe_version());
    } else {
        library->kinds = kinds->kinds;
    }
}

static void
take_kinds(struct knowns *knowns, const troupe_kind_t *const *kinds,
           const char *origin, struct troupe__spot spot,
           struct troupe__findings *findings)
{
    for (; *kinds; kinds++) {
        const char *name = (*kinds)->name;
        if (!name || !*name || !(*kinds)->clauses) {
            troupe__found(findings, spot,
                          "it offers a kind without a name or table; write it "
                          "with TROUPE_KIND()");
            continue;
        }
        const struct known *other = known_find(knowns, name);
        if (other && other->kind != *kinds) {
            troupe__found(findings, spot,
                          "its kind '%s' is also in %s; rename one of the two",
                          name, other->origin);
        } else if (knowns->count == KINDS_MAX) {
            troupe__found(findings, spot,
                          "there are over %d kinds; load fewer libraries",
                          KINDS_MAX);
        } else if (!other) {
            known_add(knowns, *kinds, origin);
        }
    }
}

static void
found_no_kind(const struct troupe__word *word, const struct knowns *knowns,
              struct troupe__findings *findings)
{
    const char **names = troupe__grab((knowns->count + 1) * sizeof *names);
    char *list = troupe__copy("", 0);
    for (size_t i = 0; i < knowns->count; i++) {
        names[i] = knowns->items[i].kind->name;
        char *longer =
            troupe__format("%s%s%s", list, i > 0 ? ", " : "", names[i]);
        free(list);
        list = longer;
    }
    const char *near = troupe__nearest(word->text, names, knowns->count);
    if (near) {
        troupe__found(findings, word->spot,
                      "there is no kind '%s'; did you mean '%s'?", word->text,
                      near);
    } else {
        troupe__found(findings, word->spot,
                      "there is no kind '%s'; there are %s: is its shared "
                      "object missing below 'libraries:'?",
                      word->text, list);
    }
    free(list);
    free(names);
}

void
troupe__topology_kinds(struct troupe__topology *self,
                       struct troupe__findings *findings)
{
    struct knowns knowns = {0};
    bool all_there = true;
    for (size_t i = 0; i < self->library_count; i++) {
        struct troupe__library *library = &self->libraries[i];
        open_library(self, library, findings);
        if (library->kinds) {
            take_kinds(&knowns, library->kinds, library->path.text,
                       library->path.spot, findings);
        } else {
            all_there = false;
        }
    }
    /* Last and quietly: a library may have a kind of the same name. */
    for (size_t i = 0; troupe__own_kinds[i]; i++)
        if (!known_find(&knowns, troupe__own_kinds[i]->name))
            known_add(&knowns, troupe__own_kinds[i], "troupe");
    for (size_t i = 0; i < self->member_count; i++) {
        struct troupe__member *member = &self->members[i];
        if (!member->kind_name.text)
            continue;
        const struct known *known = known_find(&knowns, member->kind_name.text);
        if (known) {
            member->kind = known->kind;
            member->kind_origin = known->origin;
        } else if (all_there) {
            /* Else it is most likely in the library that is not there. */
            found_no_kind(&member->kind_name, &knowns, findings);
        }
    }
    free(knowns.items);
}

/* What the supervisor would say of the specs, which knows more than we do. */
void
troupe__topology_specs(struct troupe__topology *self,
                       struct troupe__findings *findings)
{
    size_t total = 0;
    for (size_t i = 1; i < self->member_count; i++) {
        const struct troupe__member *member = &self->members[i];
        troupe_child_spec_t spec = member->spec;
        troupe_supervisor_error_t error = {{0}};
        spec.id = member->key.text;
        spec.kind = member->kind;
        if (member->is_supervisor)
            spec.supervisor = &member->options;
        if (member->is_program)
            spec.program = &member->program;
        if ((member->is_supervisor || member->kind || member->program.path)
            && troupe_child_specs_check(&self->members[member->parent].options,
                                        &spec, 1, &error)
                   < 0)
            troupe__found(findings, member->key.spot, "%s; correct it",
                          error.text);
        bool was_over = total > TROUPE__ACTORS_MAX;
        total += member->is_supervisor ? 1 : member->count;
        if (total > TROUPE__ACTORS_MAX && !was_over) {
            troupe__found(findings, member->key.spot,
                          "with '%s' there are over %d actors; a topology may "
                          "have so many, others can be spawned by them",
                          member->key.text, TROUPE__ACTORS_MAX);
        }
    }
}
