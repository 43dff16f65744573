/* SPDX-License-Identifier: Apache-2.0 */
/* graph_nested.c: a task that is a graph, once for each item of a list. */
#include <stdlib.h>
#include <string.h>

#include "troupe_msgpack.h"

#include "tools/graph_file.h"

static const char *const given[] = {"item", "index"};

/* Only what the inner tasks can inherit; all but its own rounds when it is a
 * task by itself. */
bool
troupe__graph_can_hold(const struct troupe__graph_entry *entry,
                       struct troupe__findings *findings)
{
    static const char *const keys[] = {"graph",  "needs", "rule",
                                       "quorum", "when",  NULL};
    size_t before = findings->count;
    for (size_t i = 0; i < entry->map->count; i++) {
        const char *key = entry->map->keys[i]->text;
        size_t at = 0;
        while (keys[at] && strcmp(keys[at], key) != 0)
            at++;
        bool fits =
            entry->each.text ? strcmp(key, "repeat") != 0 : keys[at] != NULL;
        if (!fits) {
            troupe__found(findings, entry->map->keys[i]->spot,
                          "'%s' is not for a task that is a graph; put it on "
                          "the tasks in it",
                          key);
        }
    }
    return findings->count == before;
}

/* -1: no such; else its place. */
static int
find_given(const char *id)
{
    for (int i = 0; i < 2; i++)
        if (strcmp(given[i], id) == 0)
            return i;
    return -1;
}

/* Tasks that the graph is given, of those that others in it need. */
static void
add_given(struct troupe__graph_file *inner, bool needed[2],
          struct troupe__findings *findings)
{
    size_t count = inner->entry_count;
    for (size_t i = 0; i < count; i++) {
        const struct troupe__graph_entry *it = &inner->entries[i];
        if (find_given(it->id) >= 0) {
            troupe__found(findings, it->spot,
                          "'%s' is the %s of the list that this graph is done "
                          "for; give the task another id",
                          it->id, it->id);
        }
        for (size_t j = 0; j < it->needs.count; j++)
            if (find_given(it->need_ids[j]) >= 0)
                needed[find_given(it->need_ids[j])] = true;
    }
    for (int i = 0; i < 2 && findings->count == 0; i++) {
        if (!needed[i])
            continue;
        struct troupe__graph_entry *entry = troupe__graph_entry_add(inner);
        entry->id = troupe__copy(given[i], strlen(given[i]));
        entry->own = given[i];
        entry->need_ids = troupe__grab(sizeof *entry->need_ids);
        entry->work = TROUPE_GRAPH_VALUE;
    }
}

static void
pack_text(msgpack_packer *packer, const char *text)
{
    msgpack_pack_str_with_body(packer, text, strlen(text));
}

/* An item that nothing in it needs makes no difference to it. */
static void
pack_body(struct troupe__graph_entry *entry, const bool needed[2],
          const troupe_graph_t *graph)
{
    struct troupe_graph_request request = {.graph = graph};
    msgpack_sbuffer inner, buffer;
    msgpack_packer packer;
    msgpack_sbuffer_init(&inner);
    msgpack_packer_init(&packer, &inner, msgpack_sbuffer_write);
    (void) troupe_graph_write(&packer, &request);
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_pack_map(&packer, (size_t) 1 + needed[0] + needed[1]);
    pack_text(&packer, "graph");
    msgpack_pack_bin_with_body(&packer, inner.data, inner.size);
    for (int i = 0; i < 2; i++) {
        if (!needed[i])
            continue;
        pack_text(&packer, given[i]);
        pack_text(&packer, i == 0 ? "${item}" : "${index}");
    }
    msgpack_sbuffer_destroy(&inner);
    entry->work = TROUPE_GRAPH_NESTED;
    entry->body = buffer.data;
    entry->body_size = buffer.size;
}

void
troupe__graph_nest(struct troupe__graph_file *self, size_t index,
                   const char *path, struct troupe__findings *findings)
{
    struct troupe__graph_file *inner = troupe__graph_file_inner(self, path);
    bool needed[2] = {false, false};
    struct troupe__value *root = troupe__graph_yaml(path, findings);
    if (root) {
        inner->roots[inner->root_count++] = root;
        uint32_t timeout_ms = troupe__graph_top(inner, root, true, findings);
        inner->timeout_ms = timeout_ms > 0 ? timeout_ms : self->timeout_ms;
        troupe__graph_entries(inner, root, "", findings);
        add_given(inner, needed, findings);
        troupe__graph_file_make(inner, findings);
    }
    if (findings->count == 0)
        pack_body(&self->entries[index], needed, inner->graph);
    inner->actors = NULL; /* the outer one's */
    troupe__graph_file_free(inner);
}
