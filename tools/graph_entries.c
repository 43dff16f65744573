/* SPDX-License-Identifier: Apache-2.0 */
/* graph_entries.c: the tasks of a graph file, by tables of their keys. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/fields.h"
#include "troupe_msgpack.h"

#include "tools/graph_file.h"

#define AT(member) .offset = offsetof(struct troupe__graph_entry, member)

static const char *const rules[] = {"all_success", "all_done", "one_success",
                                    "none_failed", NULL};
static const char *const truths[] = {"false", "true", NULL};

static const struct troupe__field backoff_fields[] = {
    {.key = "min",
     .type = TROUPE__FIELD_DURATION,
     AT(backoff_min_ms),
     .min = 1},
    {.key = "max",
     .type = TROUPE__FIELD_DURATION,
     AT(backoff_max_ms),
     .min = 1},
    {0}};

static const struct troupe__field task_fields[] = {
    {.key = "cmd", .type = TROUPE__FIELD_OTHER},
    {.key = "args", .type = TROUPE__FIELD_OTHER},
    {.key = "env", .type = TROUPE__FIELD_OTHER},
    {.key = "stdin", .type = TROUPE__FIELD_OTHER},
    {.key = "directory", .type = TROUPE__FIELD_OTHER},
    {.key = "output", .type = TROUPE__FIELD_OTHER},
    {.key = "ask", .type = TROUPE__FIELD_OTHER},
    {.key = "value", .type = TROUPE__FIELD_OTHER},
    {.key = "noop", .type = TROUPE__FIELD_OTHER},
    {.key = "graph", .type = TROUPE__FIELD_OTHER},
    {.key = "needs", .type = TROUPE__FIELD_TEXTS, AT(needs)},
    {.key = "rule", .type = TROUPE__FIELD_CHOICE, AT(rule), .choices = rules},
    {.key = "quorum", .type = TROUPE__FIELD_COUNT, AT(quorum), .min = 1},
    {.key = "optional",
     .type = TROUPE__FIELD_CHOICE,
     AT(optional),
     .choices = truths},
    {.key = "fallback", .type = TROUPE__FIELD_TEXT, AT(fallback)},
    {.key = "on_error", .type = TROUPE__FIELD_TEXT, AT(on_error)},
    {.key = "when", .type = TROUPE__FIELD_TEXT, AT(when)},
    {.key = "writes", .type = TROUPE__FIELD_TEXTS, AT(writes)},
    {.key = "retries", .type = TROUPE__FIELD_COUNT, AT(retries), .max = 1000},
    {.key = "backoff", .type = TROUPE__FIELD_MAP, .fields = backoff_fields},
    {.key = "timeout",
     .type = TROUPE__FIELD_DURATION,
     AT(timeout_ms),
     .min = 1},
    {.key = "each", .type = TROUPE__FIELD_OTHER},
    {.key = "repeat", .type = TROUPE__FIELD_OTHER},
    {.key = "takes", .type = TROUPE__FIELD_DURATION, AT(takes_ms), .min = 1},
    {0}};

struct troupe__graph_entry *
troupe__graph_entry_add(struct troupe__graph_file *self)
{
    self->entries =
        troupe__grow(self->entries, self->entry_count, sizeof *self->entries);
    struct troupe__graph_entry *entry = &self->entries[self->entry_count++];
    *entry = (struct troupe__graph_entry){0};
    return entry;
}

static char *
prefixed(const char *prefix, const char *id)
{
    return id ? troupe__format("%s%s", prefix, id) : NULL;
}

static bool
is_id(const char *id)
{
    size_t size = strlen(id);
    return size > 0 && size <= TROUPE_GRAPH_ID_MAX
           && strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                         "0123456789_-")
                  == size;
}

static void
read_entry(struct troupe__graph_file *self, const char *prefix,
           const struct troupe__value *key, const struct troupe__value *map,
           struct troupe__findings *findings)
{
    struct troupe__graph_entry *entry = troupe__graph_entry_add(self);
    entry->id = prefixed(prefix, key->text);
    entry->own = entry->id + strlen(prefix);
    entry->spot = key->spot;
    entry->line = (uint32_t) key->spot.line;
    entry->map = map;
    entry->file = troupe__format("%s", findings->path ? findings->path : "");
    if (!is_id(key->text) || strlen(entry->id) > TROUPE_GRAPH_ID_MAX) {
        troupe__found(findings, key->spot,
                      "'%.40s' cannot be the id of a task; take 1 to %d of "
                      "A-Z a-z 0-9 _ -",
                      key->text, TROUPE_GRAPH_ID_MAX);
    }
    if (map->type == TROUPE__NULL)
        return; /* a task that does nothing */
    size_t before = findings->count;
    char *what = troupe__format("task '%s'", key->text);
    troupe__fields_read(map, what, task_fields, entry, findings);
    free(what);
    if (map->type != TROUPE__MAP)
        return;
    if (entry->quorum > 0 && troupe__value_get(map, "rule"))
        troupe__found(findings, troupe__value_get(map, "quorum")->spot,
                      "'quorum' is a rule of its own; take 'rule' out");
    entry->need_ids = troupe__grab((entry->needs.count + 1) * sizeof(char *));
    for (size_t i = 0; i < entry->needs.count; i++)
        entry->need_ids[i] = prefixed(prefix, entry->needs.items[i].text);
    entry->fallback_id = prefixed(prefix, entry->fallback.text);
    entry->on_error_id = prefixed(prefix, entry->on_error.text);
    troupe__graph_often(entry, findings);
    if (findings->count == before) /* a word amiss may be what it does */
        troupe__graph_work(entry, findings);
}

/* --- graphs in graphs -------------------------------------------------------*/

/* Who begins the inner graph waits for what the outer task waits for. */
static void
inherit(struct troupe__graph_entry *inner,
        const struct troupe__graph_entry *outer,
        struct troupe__findings *findings)
{
    inner->need_ids = troupe__grab((outer->needs.count + 1) * sizeof(char *));
    for (size_t i = 0; i < outer->needs.count; i++)
        inner->need_ids[i] = prefixed("", outer->need_ids[i]);
    free(inner->needs.items);
    inner->needs = (struct troupe__words){
        troupe__grab((outer->needs.count + 1) * sizeof *inner->needs.items),
        outer->needs.count};
    for (size_t i = 0; i < outer->needs.count; i++)
        inner->needs.items[i] = outer->needs.items[i];
    inner->rule = outer->rule;
    inner->quorum = outer->quorum;
    if (outer->when.text && inner->when.text) {
        troupe__found(findings, outer->when.spot,
                      "'%s' in that graph has a 'when', too; give '%s' none",
                      inner->own, outer->own);
    } else if (outer->when.text) {
        inner->when = outer->when;
    }
}

static unsigned
depth_of(const char *id)
{
    unsigned depth = 0;
    for (; *id; id++)
        depth += *id == '/';
    return depth;
}

/* Not in a graph that the graph of `outer` holds. */
static bool
is_inner(const struct troupe__graph_entry *entry,
         const struct troupe__graph_entry *outer)
{
    return depth_of(entry->id) == depth_of(outer->id) + 1;
}

/* The outer task ends with the last of the inner ones; its result is a map of
 * those that none of them needs. */
static void
join(struct troupe__graph_file *self, size_t outer, size_t first)
{
    size_t count = self->entry_count - first, filled = 0, sinks = 0;
    char **ids = troupe__grab((count + 1) * sizeof *ids);
    struct troupe__word *items = troupe__grab((count + 1) * sizeof *items);
    struct troupe__graph_entry *entry = &self->entries[outer];
    for (size_t i = 0; i < entry->needs.count; i++)
        free(entry->need_ids[i]);
    free(entry->need_ids);
    free(entry->needs.items);
    for (size_t i = first; i < self->entry_count; i++) {
        const struct troupe__graph_entry *inner = &self->entries[i];
        if (inner->stands_by || !is_inner(inner, entry))
            continue;
        items[filled] = (struct troupe__word){inner->own, entry->spot};
        ids[filled++] = prefixed("", inner->id);
        sinks += !inner->is_needed;
    }
    entry->need_ids = ids;
    entry->needs = (struct troupe__words){items, filled};
    entry->rule = TROUPE_GRAPH_ALL_SUCCESS;
    entry->quorum = 0;
    entry->when = (struct troupe__word){0};
    entry->work = TROUPE_GRAPH_VALUE;
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, sinks);
    for (size_t i = first; i < self->entry_count; i++) {
        const struct troupe__graph_entry *inner = &self->entries[i];
        if (inner->stands_by || inner->is_needed || !is_inner(inner, entry))
            continue;
        char *reference = troupe__format("${%s}", inner->id);
        msgpack_pack_str_with_body(&packer, inner->own, strlen(inner->own));
        msgpack_pack_str_with_body(&packer, reference, strlen(reference));
        free(reference);
    }
    free(entry->body);
    entry->body = buffer.data;
    entry->body_size = buffer.size;
}

static bool
is_same_file(const char *one, const char *other)
{
    struct stat a, b;
    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev
           && a.st_ino == b.st_ino;
}

/* "b.yaml" for "././b.yaml". */
static const char *
short_of(const char *path)
{
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    return path;
}

/* Whether a file is in itself; then it says by what way. */
static bool
holds_itself(const struct troupe__graph_file *self, const char *path,
             struct troupe__spot spot, struct troupe__findings *findings)
{
    size_t at = 0;
    while (at < self->open_count && !is_same_file(self->open[at], path))
        at++;
    if (at == self->open_count)
        return false;
    char *way = troupe__copy("", 0);
    for (; at < self->open_count; at++) {
        char *longer =
            troupe__format("%s%s -> ", way, short_of(self->open[at]));
        free(way);
        way = longer;
    }
    troupe__found(findings, spot,
                  "a graph holds itself: %s%s; take one of them out", way,
                  short_of(path));
    free(way);
    return true;
}

/* What is wrong with another file is told with its lines. */
static void
end_inner(struct troupe__findings *inner, const struct troupe__value *name,
          struct troupe__findings *findings)
{
    if (inner->count == 0)
        return;
    troupe__findings_print(inner, stderr);
    troupe__found(findings, name->spot,
                  "the graph '%s' is wrong, as said above", name->text);
}

static void
read_graph(struct troupe__graph_file *self, size_t outer,
           const struct troupe__value *name, struct troupe__findings *findings)
{
    struct troupe__findings inner = {0};
    char *path = *name->text == '/'
                     ? troupe__copy(name->text, name->size)
                     : troupe__format("%s/%s", self->directory, name->text);
    if (holds_itself(self, path, name->spot, findings)) {
        free(path);
        return;
    }
    inner.path = path;
    if (self->entries[outer].each.text) {
        troupe__graph_nest(self, outer, path, &inner);
        end_inner(&inner, name, findings);
        troupe__findings_free(&inner);
        free(path);
        return;
    }
    char *prefix = troupe__format("%s/", self->entries[outer].id);
    size_t first = self->entry_count;
    struct troupe__value *root = troupe__graph_yaml(path, &inner);
    if (root) {
        self->roots[self->root_count++] = root;
        troupe__graph_rename(root, prefix);
        uint32_t timeout_ms = troupe__graph_top(self, root, true, &inner);
        self->open[self->open_count++] = path;
        troupe__graph_entries(self, root, prefix, &inner);
        self->open_count--;
        for (size_t i = first; i < self->entry_count; i++)
            if (self->entries[i].timeout_ms == 0)
                self->entries[i].timeout_ms = timeout_ms;
    }
    end_inner(&inner, name, findings);
    for (size_t i = first; i < self->entry_count; i++) {
        struct troupe__graph_entry *entry = &self->entries[i];
        entry->spot = name->spot;
        entry->line = 0;
        if (entry->needs.count == 0 && !entry->stands_by
            && is_inner(entry, &self->entries[outer])) {
            free(entry->need_ids);
            inherit(entry, &self->entries[outer], findings);
        }
    }
    if (inner.count == 0)
        join(self, outer, first);
    troupe__findings_free(&inner);
    free(prefix);
    free(path);
}

static void
read_graphs(struct troupe__graph_file *self, size_t first, size_t end,
            struct troupe__findings *findings)
{
    for (size_t i = first; i < end; i++) {
        const struct troupe__value *map = self->entries[i].map;
        const struct troupe__value *name =
            map->type == TROUPE__MAP ? troupe__value_get(map, "graph") : NULL;
        if (!name || !troupe__graph_can_hold(&self->entries[i], findings))
            continue;
        if (name->type != TROUPE__TEXT || name->size == 0) {
            troupe__wants(findings, name, "graph", "the path of a graph file");
        } else if (self->open_count > TROUPE__GRAPH_DEPTH_MAX
                   || self->root_count == TROUPE__GRAPHS_MAX) {
            troupe__found(findings, name->spot,
                          "graphs nest deeper than %d, or are more than %d; "
                          "make it flatter",
                          TROUPE__GRAPH_DEPTH_MAX, TROUPE__GRAPHS_MAX);
        } else {
            read_graph(self, i, name, findings);
        }
    }
}

/* Who stands by, and who is needed, in one file. */
static void
mark(struct troupe__graph_file *self, size_t first)
{
    for (size_t i = first; i < self->entry_count; i++) {
        struct troupe__graph_entry *it = &self->entries[i];
        for (size_t j = first; j < self->entry_count; j++) {
            const struct troupe__graph_entry *other = &self->entries[j];
            if ((other->fallback_id && !strcmp(other->fallback_id, it->id))
                || (other->on_error_id && !strcmp(other->on_error_id, it->id)))
                it->stands_by = true;
            for (size_t k = 0; k < other->needs.count && !it->is_needed; k++)
                it->is_needed = strcmp(other->need_ids[k], it->id) == 0;
        }
    }
}

void
troupe__graph_entries(struct troupe__graph_file *self,
                      const struct troupe__value *root, const char *prefix,
                      struct troupe__findings *findings)
{
    const struct troupe__value *tasks = troupe__value_get(root, "tasks");
    size_t first = self->entry_count;
    if (tasks && tasks->type != TROUPE__MAP && tasks->type != TROUPE__NULL) {
        troupe__found(findings, tasks->spot,
                      "'tasks' wants ids, as in {hello: {cmd: echo hello}}, "
                      "not %s",
                      troupe__type_name(tasks->type));
        return;
    }
    if (!tasks || tasks->count == 0) {
        troupe__found(findings, tasks ? tasks->spot : root->spot,
                      "there are no tasks; add 'tasks:' with at least one, as "
                      "in {hello: {cmd: echo hello}}");
        return;
    }
    for (size_t i = 0; i < tasks->count; i++)
        read_entry(self, prefix, tasks->keys[i], tasks->values[i], findings);
    size_t end = self->entry_count;
    if (*prefix)
        mark(self, first);
    read_graphs(self, first, end, findings);
}
