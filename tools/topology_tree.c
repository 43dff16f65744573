/* SPDX-License-Identifier: Apache-2.0 */
/* topology_tree.c: who supervises whom, and on which node. */
#include <stdlib.h>
#include <string.h>

#include "tools/topology.h"

/* The supervisor's own bound; see supervisor/spec_check.c. */
#define DEPTH_MAX 16

static bool
stands_before(struct troupe__spot one, struct troupe__spot other)
{
    return one.line != other.line ? one.line < other.line
                                  : one.column < other.column;
}

static void
child_add(struct troupe__topology *self, size_t parent, size_t child)
{
    struct troupe__member *above = &self->members[parent];
    above->children = troupe__grow(above->children, above->child_count,
                                   sizeof *above->children);
    above->children[above->child_count++] = child;
    self->members[child].parent = parent;
    self->members[child].has_parent = true;
}

static void
found_no_member(const struct troupe__topology *self,
                const struct troupe__word *word, const char *wanted,
                struct troupe__findings *findings)
{
    const char **names = troupe__grab(self->member_count * sizeof *names);
    for (size_t i = 1; i < self->member_count; i++)
        names[i - 1] = self->members[i].key.text;
    const char *near =
        troupe__nearest(word->text, names, self->member_count - 1);
    if (near) {
        troupe__found(findings, word->spot,
                      "there is no %s '%s'; did you mean '%s'?", wanted,
                      word->text, near);
    } else {
        troupe__found(findings, word->spot,
                      "there is no %s '%s'; add it, or take this out", wanted,
                      word->text);
    }
    free(names);
}

static void
take_child(struct troupe__topology *self, size_t parent,
           const struct troupe__word *word, struct troupe__findings *findings)
{
    size_t child = troupe__member_find(self, word->text);
    if (child == 0) {
        found_no_member(self, word, "actor or supervisor", findings);
        return;
    }
    const struct troupe__member *member = &self->members[child];
    if (member->has_parent && member->parent == parent) {
        troupe__found(findings, word->spot,
                      "'%s' is in this list twice; take one out", word->text);
    } else if (member->has_parent) {
        troupe__found(findings, word->spot,
                      "'%s' is a child of '%s' already; take it out of one of "
                      "the two",
                      word->text, self->members[member->parent].key.text);
    } else {
        child_add(self, parent, child);
    }
}

/* Who is nobody's child is the root's; in the order of the file. */
static void
adopt_rest(struct troupe__topology *self)
{
    for (;;) {
        size_t first = 0;
        for (size_t i = 1; i < self->member_count; i++) {
            const struct troupe__member *it = &self->members[i];
            if (!it->has_parent
                && (first == 0
                    || stands_before(it->key.spot,
                                     self->members[first].key.spot)))
                first = i;
        }
        if (first == 0)
            return;
        child_add(self, 0, first);
    }
}

/* "a > b > a", to be freed: from a member up to itself again. */
static char *
cycle_text(const struct troupe__topology *self, size_t from)
{
    char *text = troupe__format("%s", self->members[from].key.text);
    for (size_t at = self->members[from].parent;;
         at = self->members[at].parent) {
        char *longer =
            troupe__format("%s > %s", self->members[at].key.text, text);
        free(text);
        text = longer;
        if (at == from)
            return text;
    }
}

/*
 * Walks up from each member: whoever does not come to the root is in or below
 * a cycle. Each cycle is told once, at the first of its supervisors.
 */
static void
find_cycles(const struct troupe__topology *self,
            struct troupe__findings *findings)
{
    for (size_t i = 1; i < self->member_count; i++) {
        size_t at = self->members[i].parent, steps = 0, least = i;
        while (at != 0 && at != i && steps++ < self->member_count) {
            least = at < least ? at : least;
            at = self->members[at].parent;
        }
        if (at == i && least == i) {
            char *text = cycle_text(self, i);
            troupe__found(findings, self->members[i].key.spot,
                          "supervisors form a cycle: %s; take one of them out "
                          "of the other's 'children'",
                          text);
            free(text);
        } else if (at == 0 && steps > DEPTH_MAX) {
            troupe__found(findings, self->members[i].key.spot,
                          "'%s' is over %d supervisors deep; make the tree "
                          "flatter",
                          self->members[i].key.text, DEPTH_MAX);
        }
    }
}

static size_t
place_find(const struct troupe__topology *self, const struct troupe__word *word,
           struct troupe__findings *findings)
{
    const char **names = troupe__grab(self->place_count * sizeof *names);
    for (size_t i = 0; i < self->place_count; i++) {
        names[i] = self->places[i].name.text;
        if (strcmp(names[i], word->text) == 0) {
            free(names);
            return i;
        }
    }
    const char *near = troupe__nearest(word->text, names, self->place_count);
    if (near) {
        troupe__found(findings, word->spot,
                      "there is no node '%s'; did you mean '%s'?", word->text,
                      near);
    } else {
        troupe__found(findings, word->spot,
                      "there is no node '%s'; add it below 'nodes:'",
                      word->text);
    }
    free(names);
    return 0;
}

/* A member without a node is on that of its supervisor. */
static void
place_members(struct troupe__topology *self, size_t at, unsigned depth,
              struct troupe__findings *findings)
{
    const struct troupe__member *above = &self->members[at];
    for (size_t i = 0; i < above->child_count && depth <= DEPTH_MAX; i++) {
        struct troupe__member *member = &self->members[above->children[i]];
        member->node = member->node_name.text
                           ? place_find(self, &member->node_name, findings)
                           : above->node;
        if (member->node_name.text
            && member->spec.isolation == TROUPE_OWN_PROCESS) {
            troupe__found(findings, member->node_name.spot,
                          "'%s' has a process of its own by 'isolation', and "
                          "a 'node'; take one of the two out",
                          member->key.text);
        }
        place_members(self, above->children[i], depth + 1, findings);
    }
}

static void
check_workers(const struct troupe__topology *self,
              struct troupe__findings *findings)
{
    for (size_t i = 1; i < self->member_count; i++) {
        const struct troupe__member *member = &self->members[i];
        const struct troupe__place *place = &self->places[member->node];
        uint32_t workers = place->options.workers;
        if (member->worker.text && workers > 0
            && member->spec.worker >= workers) {
            troupe__found(findings, member->worker.spot,
                          "node '%s' has the workers 0 to %u; choose one of "
                          "them, or give it more",
                          place->name.text, workers - 1);
        }
    }
}

/* Frames of one node must be ones that the others take; and a process of its
 * own is a node that is called as its actor is. */
static void
check_places(const struct troupe__topology *self,
             struct troupe__findings *findings)
{
    char name[TROUPE_NAME_MAX + 1];
    for (size_t i = 1; i < self->place_count; i++) {
        const struct troupe__place *place = &self->places[i];
        if (place->options.message_size_max
            != self->places[0].options.message_size_max) {
            troupe__found(findings, place->name.spot,
                          "'message_size' of node '%s' is not that of the "
                          "others; give all nodes the same",
                          place->name.text);
        }
    }
    for (size_t i = 1; i < self->member_count; i++) {
        const struct troupe__member *member = &self->members[i];
        if (member->spec.isolation != TROUPE_OWN_PROCESS)
            continue;
        for (size_t j = 0; j < member->count * self->place_count; j++) {
            const char *node = self->places[j % self->place_count].name.text;
            troupe__member_name(member, j / self->place_count, name);
            if (strcmp(name, node) == 0) {
                troupe__found(findings, member->key.spot,
                              "'%s' has a process of its own, which is called "
                              "as it is, and so is a node; rename one of them",
                              name);
            }
        }
    }
}

void
troupe__topology_tree(struct troupe__topology *self,
                      struct troupe__findings *findings)
{
    for (size_t i = 0; i < self->member_count; i++) {
        const struct troupe__words *words = &self->members[i].child_names;
        for (size_t j = 0; j < words->count; j++)
            take_child(self, i, &words->items[j], findings);
    }
    adopt_rest(self);
    find_cycles(self, findings);
    place_members(self, 0, 0, findings);
    check_workers(self, findings);
    check_places(self, findings);
    for (size_t i = 1; i < self->member_count; i++) {
        struct troupe__member *member = &self->members[i];
        for (size_t j = 0; j < member->allow.count; j++) {
            if (troupe__member_find(self, member->allow.items[j].text) == 0)
                found_no_member(self, &member->allow.items[j], "actor",
                                findings);
        }
    }
    if (!self->until.text)
        return;
    self->until_member = troupe__member_find(self, self->until.text);
    struct troupe__member *until = &self->members[self->until_member];
    if (self->until_member == 0)
        found_no_member(self, &self->until, "actor", findings);
    else if (until->is_supervisor || until->count > 1) {
        troupe__found(findings, self->until.spot,
                      "'until' wants one actor, and '%s' is %s; name another",
                      self->until.text,
                      until->is_supervisor ? "a supervisor" : "several");
    }
}
