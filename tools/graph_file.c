/* SPDX-License-Identifier: Apache-2.0 */
/* graph_file.c: reads a graph file step by step, and gives it back. */
#include "tools/graph_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/fields.h"

#define FILE_MAX (8 << 20) /* bytes */

struct top {
    struct troupe__word name;
    uint32_t parallel, timeout_ms, deadline_ms;
    unsigned fail_fast;
};

#define AT(member) .offset = offsetof(struct top, member)

static const char *const truths[] = {"false", "true", NULL};

static const struct troupe__field top_fields[] = {
    {.key = "name", .type = TROUPE__FIELD_TEXT, AT(name)},
    {.key = "parallel",
     .type = TROUPE__FIELD_COUNT,
     AT(parallel),
     .min = 1,
     .max = 10000},
    {.key = "timeout",
     .type = TROUPE__FIELD_DURATION,
     AT(timeout_ms),
     .min = 1},
    {.key = "deadline",
     .type = TROUPE__FIELD_DURATION,
     AT(deadline_ms),
     .min = 1},
    {.key = "fail_fast",
     .type = TROUPE__FIELD_CHOICE,
     AT(fail_fast),
     .choices = truths},
    {.key = "tasks", .type = TROUPE__FIELD_OTHER},
    {.key = "libraries", .type = TROUPE__FIELD_OTHER},
    {.key = "supervisor", .type = TROUPE__FIELD_OTHER},
    {.key = "supervisors", .type = TROUPE__FIELD_OTHER},
    {.key = "actors", .type = TROUPE__FIELD_OTHER},
    {0}};

/* The keys of a topology, whom tasks may ask. */
static const char *const actor_keys[] = {"actors", "supervisors", "supervisor",
                                         "libraries", NULL};

struct troupe__value *
troupe__graph_yaml(const char *path, struct troupe__findings *findings)
{
    FILE *file = fopen(path, "re");
    char *text = troupe__grab(FILE_MAX + 1);
    size_t size = file ? fread(text, 1, FILE_MAX + 1, file) : 0;
    struct troupe__value *root = NULL;
    if (!file || ferror(file)) {
        troupe__found(findings, (struct troupe__spot){0, 0},
                      "%s; give the path of a graph file", strerror(errno));
    } else if (size > FILE_MAX) {
        troupe__found(findings, (struct troupe__spot){0, 0},
                      "the file is over 8 MiB; that is no graph");
    } else {
        root =
            troupe__yaml_parse(text, size, findings, troupe__yaml_plain, NULL);
    }
    if (file)
        fclose(file);
    free(text);
    if (root && root->type != TROUPE__MAP) {
        troupe__found(findings, root->spot,
                      "a graph is keys and values, not %s; it wants 'tasks:' "
                      "at least",
                      troupe__type_name(root->type));
        troupe__value_free(root);
        root = NULL;
    }
    return root;
}

static bool
is_actor_key(const char *key)
{
    for (size_t i = 0; actor_keys[i]; i++)
        if (strcmp(actor_keys[i], key) == 0)
            return true;
    return false;
}

uint32_t
troupe__graph_top(struct troupe__graph_file *self,
                  const struct troupe__value *root, bool is_inner,
                  struct troupe__findings *findings)
{
    struct top top = {0};
    /* The tree is ours; nobody has looked at it yet. */
    troupe__value_drop_own((struct troupe__value *) (uintptr_t) root);
    troupe__fields_read(root, "the graph", top_fields, &top, findings);
    for (size_t i = 0; is_inner && i < root->count; i++) {
        if (is_actor_key(root->keys[i]->text)) {
            troupe__found(findings, root->keys[i]->spot,
                          "'%s' of a graph that another one holds is not "
                          "started; put it into the outer one",
                          root->keys[i]->text);
        }
    }
    if (is_inner)
        return top.timeout_ms;
    if (top.name.text) {
        free(self->name);
        self->name = troupe__copy(top.name.text, strlen(top.name.text));
    }
    self->parallel = top.parallel;
    self->deadline_ms = top.deadline_ms;
    self->fail_fast = top.fail_fast;
    self->timeout_ms = top.timeout_ms;
    return top.timeout_ms;
}

/* --- whom tasks ask ---------------------------------------------------------*/

/* The keys of a topology, moved into a map of their own. */
static void
read_actors(struct troupe__graph_file *self, struct troupe__value *root,
            const char *path, struct troupe__findings *findings)
{
    struct troupe__value *map = troupe__grab(sizeof *map);
    size_t kept = 0;
    map->type = TROUPE__MAP;
    map->spot = root->spot;
    for (size_t i = 0; i < root->count; i++) {
        if (is_actor_key(root->keys[i]->text)) {
            map->keys = troupe__grow(map->keys, map->count, sizeof(void *));
            map->values = troupe__grow(map->values, map->count, sizeof(void *));
            map->keys[map->count] = root->keys[i];
            map->values[map->count++] = root->values[i];
        } else {
            root->keys[kept] = root->keys[i];
            root->values[kept++] = root->values[i];
        }
    }
    root->count = kept;
    if (map->count == 0) {
        troupe__value_free(map);
        return;
    }
    (void) troupe__topology_take(path, map, findings, &self->actors);
    for (size_t i = 0; self->actors && i < self->actors->member_count; i++) {
        const struct troupe__member *member = &self->actors->members[i];
        if (member->spec.isolation == TROUPE_OWN_PROCESS) {
            troupe__found(findings, member->key.spot,
                          "'%s' has a process of its own; actors of a graph "
                          "run in this one: take 'isolation' out",
                          member->key.text);
        }
    }
}

static bool
is_asked(const struct troupe__graph_file *self, const char *name)
{
    char text[TROUPE_NAME_MAX + 1];
    for (size_t i = 1; self->actors && i < self->actors->member_count; i++) {
        const struct troupe__member *member = &self->actors->members[i];
        for (size_t j = 0; !member->is_supervisor && j < member->count; j++)
            if (strcmp(troupe__member_name(member, j, text), name) == 0)
                return true;
    }
    return false;
}

static void
check_actors(const struct troupe__graph_file *self,
             struct troupe__findings *findings)
{
    size_t count = self->actors ? self->actors->member_count : 0;
    const char **names = troupe__grab((count + 1) * sizeof *names);
    for (size_t i = 1; i < count; i++)
        names[i] = self->actors->members[i].key.text;
    for (size_t i = 0; i < self->entry_count; i++) {
        const struct troupe__word *actor = &self->entries[i].actor;
        if (!actor->text || is_asked(self, actor->text))
            continue;
        const char *near = troupe__nearest(actor->text, names, count);
        struct troupe__spot spot =
            self->entries[i].line > 0 ? actor->spot : self->entries[i].spot;
        if (near) {
            troupe__found(findings, spot,
                          "there is no actor '%s'; did you mean '%s'?",
                          actor->text, near);
        } else {
            troupe__found(findings, spot,
                          "there is no actor '%s'; add it below 'actors:', "
                          "with its kind",
                          actor->text);
        }
    }
    free(names);
}

/* --- the graph --------------------------------------------------------------*/

struct check {
    const struct troupe__graph_file *file;
    struct troupe__findings *findings;
};

static void
found_missing(const struct check *self, const troupe_graph_problem_t *problem,
              struct troupe__spot spot)
{
    const struct troupe__graph_file *file = self->file;
    const char **names = troupe__grab(file->entry_count * sizeof *names);
    for (size_t i = 0; i < file->entry_count; i++)
        if (i != problem->task)
            names[i] = file->entries[i].id;
    const char *near = troupe__nearest(problem->name, names, file->entry_count);
    if (near) {
        troupe__found(self->findings, spot, "%s; did you mean '%s'?",
                      problem->text, near);
    } else {
        troupe__found(self->findings, spot, "%s; add it, or take its name out",
                      problem->text);
    }
    free(names);
}

static void
on_found(void *data, const troupe_graph_problem_t *problem)
{
    const struct check *self = data;
    struct troupe__spot spot = {0, 0};
    if (problem->task < self->file->entry_count) {
        const struct troupe__graph_entry *entry =
            &self->file->entries[problem->task];
        spot = entry->spot;
        if (entry->line > 0 && problem->need < entry->needs.count)
            spot = entry->needs.items[problem->need].spot;
        else if (entry->line > 0 && problem->fault == TROUPE_GRAPH_MISSING) {
            spot = entry->fallback.text
                           && strcmp(entry->fallback.text, problem->name) == 0
                       ? entry->fallback.spot
                       : entry->on_error.spot;
        }
    }
    if (problem->fault == TROUPE_GRAPH_MISSING
        || (problem->fault == TROUPE_GRAPH_REFERENCE && problem->name))
        found_missing(self, problem, spot);
    else
        troupe__found(self->findings, spot, "%s", problem->text);
}

static void
make_graph(struct troupe__graph_file *self, struct troupe__findings *findings)
{
    struct check check = {.file = self, .findings = findings};
    self->graph = troupe_graph_new();
    for (size_t i = 0; i < self->entry_count && findings->count == 0; i++)
        troupe__graph_task_add(self, &self->entries[i], findings);
    if (findings->count == 0
        && troupe_graph_check(self->graph, on_found, &check) < 0
        && findings->count == 0)
        abort(); /* it said that something is wrong, and not what */
}

static void
take_path(struct troupe__graph_file *self, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    self->directory = !slash ? troupe__copy(".", 1)
                      : slash == path
                          ? troupe__copy("/", 1)
                          : troupe__copy(path, (size_t) (slash - path));
    self->name = troupe__copy(base, dot && dot > base ? (size_t) (dot - base)
                                                      : strlen(base));
}

void
troupe__graph_file_make(struct troupe__graph_file *self,
                        struct troupe__findings *findings)
{
    if (findings->count == 0)
        check_actors(self, findings);
    make_graph(self, findings);
}

struct troupe__graph_file *
troupe__graph_file_inner(const struct troupe__graph_file *outer,
                         const char *path)
{
    struct troupe__graph_file *self = troupe__grab(sizeof *self);
    take_path(self, path);
    memcpy(self->open, outer->open, sizeof self->open);
    self->open_count = outer->open_count;
    self->open[self->open_count++] = path;
    self->actors = outer->actors;
    return self;
}

int
troupe__graph_file_read(const char *path, struct troupe__findings *findings,
                        struct troupe__graph_file **ret_file)
{
    struct troupe__graph_file *self = troupe__grab(sizeof *self);
    take_path(self, path);
    struct troupe__value *root = troupe__graph_yaml(path, findings);
    if (root) {
        self->roots[self->root_count++] = root;
        self->open[self->open_count++] = path;
        (void) troupe__graph_top(self, root, false, findings);
        size_t before = findings->count;
        read_actors(self, root, path, findings);
        bool actors_are_well = findings->count == before;
        troupe__graph_entries(self, root, "", findings);
        if (actors_are_well)
            check_actors(self, findings);
        make_graph(self, findings);
    }
    if (findings->count > 0) {
        troupe__graph_file_free(self);
        self = NULL;
    }
    *ret_file = self;
    return self ? 0 : -EINVAL;
}

void
troupe__graph_file_free(struct troupe__graph_file *self)
{
    if (!self)
        return;
    for (size_t i = 0; i < self->entry_count; i++) {
        struct troupe__graph_entry *entry = &self->entries[i];
        for (size_t j = 0; entry->need_ids && j < entry->needs.count; j++)
            free(entry->need_ids[j]);
        free(entry->need_ids);
        troupe__words_free(&entry->needs);
        troupe__words_free(&entry->writes);
        free(entry->id);
        free(entry->fallback_id);
        free(entry->on_error_id);
        free(entry->body);
        free(entry->file);
    }
    free(self->entries);
    troupe_graph_destroy(&self->graph);
    troupe__topology_free(self->actors);
    for (size_t i = 0; i < self->root_count; i++)
        troupe__value_free(self->roots[i]);
    free(self->directory);
    free(self->name);
    free(self);
}
