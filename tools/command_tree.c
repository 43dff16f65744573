/* SPDX-License-Identifier: Apache-2.0 */
/* command_tree.c: `troupe tree`, the supervisors of a run and their children. */
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/look.h"

static const char help[] =
    "usage: troupe tree [OPTION]...\n"
    "\n"
    "Draw the supervisors of a topology that runs and their children, in the\n"
    "order of their start, with those that are down.\n"
    "\n" TROUPE__LOOK_OPTIONS "\n"
    "Exit codes: 0 drawn; 1 nothing runs, or it does not answer; 2 usage.\n";

/* What is drawn: the actors by ref, and the connection for the supervisors. */
struct drawing {
    struct troupe__look *look;
    json_t *actors; /* ref, or the deputy's -> actor */
    bool failed;
};

static json_t *
index_of(const json_t *actors)
{
    json_t *index = json_object();
    for (size_t i = 0; i < json_array_size(actors); i++) {
        json_t *actor = json_array_get(actors, i);
        bool has_deputy = json_object_get(actor, "deputy") != NULL;
        json_object_set(index,
                        troupe__text_of(actor, has_deputy ? "deputy" : "ref"),
                        actor);
    }
    return index;
}

static json_t *make_node(struct drawing *self, json_t *actor);

static bool
is_supervisor(const json_t *actor)
{
    return strcmp(troupe__text_of(actor, "kind"), "supervisor") == 0;
}

/* As it says itself; NULL when it is too busy to. */
static json_t *
children_by_supervisor(struct drawing *self, const json_t *listed)
{
    json_t *children = json_array();
    for (size_t i = 0; i < json_array_size(listed); i++) {
        json_t *child = json_array_get(listed, i);
        json_t *actor =
            json_object_get(self->actors, troupe__text_of(child, "ref"));
        if (actor)
            json_array_append_new(children, make_node(self, actor));
        else { /* it is down, or was started since */
            json_array_append_new(
                children,
                json_pack("{s:s, s:s, s:i}", "name",
                          troupe__text_of(child, "id"), "status",
                          troupe__text_of(child, "status"), "incarnation", 1));
        }
    }
    return children;
}

static json_t *
children_by_parent(struct drawing *self, const char *ref)
{
    json_t *children = json_array();
    json_t *actor = NULL;
    const char *key = NULL;
    json_object_foreach(self->actors, key,
                        actor) if (strcmp(troupe__text_of(actor, "parent"), ref)
                                   == 0)
        json_array_append_new(children, make_node(self, actor));
    return children;
}

static json_t *
make_node(struct drawing *self, json_t *actor)
{
    json_t *node = json_copy(actor);
    const char *ref = troupe__text_of(actor, "ref");
    if (!is_supervisor(actor) || self->failed)
        return node;
    json_t *answer =
        troupe__look_ask(self->look, TROUPE__LOOK_MS,
                         json_pack("{s:s, s:s}", "do", "inspect", "to", ref));
    /* One that has ended meanwhile is no reason to draw nothing. */
    self->failed = !answer && self->look->error_code == 0;
    const json_t *listed = json_object_get(answer, "children");
    json_object_set_new(node, "children",
                        json_is_array(listed)
                            ? children_by_supervisor(self, listed)
                            : children_by_parent(self, ref));
    json_decref(answer);
    return node;
}

/* --- drawing ----------------------------------------------------------------*/

static void
print_label(const json_t *node)
{
    uint64_t restarts = troupe__number_of(node, "incarnation") - 1;
    uint64_t depth = troupe__number_of(node, "depth");
    printf("%s  (", troupe__text_of(node, "name"));
    if (json_object_get(node, "kind"))
        printf("%s, ", troupe__text_of(node, "kind"));
    fputs(troupe__text_of(node, "status"), stdout);
    if (json_object_get(node, "node_name"))
        printf(", on %s", troupe__text_of(node, "node_name"));
    if (restarts > 0)
        printf(", %llu restart%s", (unsigned long long) restarts,
               restarts == 1 ? "" : "s");
    if (depth > 0)
        printf(", %llu waiting", (unsigned long long) depth);
    puts(")");
}

static void
print_children(const json_t *node, const char *indent)
{
    const json_t *children = json_object_get(node, "children");
    size_t count = json_array_size(children);
    for (size_t i = 0; i < count; i++) {
        const json_t *child = json_array_get(children, i);
        bool is_last = i + 1 == count;
        printf("%s%s ", indent, is_last ? "└──" : "├──");
        print_label(child);
        char *deeper =
            troupe__format("%s%s", indent, is_last ? "    " : "│   ");
        print_children(child, deeper);
        free(deeper);
    }
}

int
troupe__command_tree(int argc, char **argv)
{
    struct troupe__look look = {
        .command = "tree", .help = help, .takes = "", .wants = "no argument"};
    int code = troupe__look_begin(&look, argc, argv);
    if (code >= 0)
        return code;
    json_t *answer = troupe__look_actors(&look);
    struct drawing drawing = {
        .look = &look, .actors = index_of(json_object_get(answer, "actors"))};
    json_t *roots = json_array();
    json_t *actor = NULL;
    const char *key = NULL;
    json_object_foreach(
        drawing.actors, key,
        actor) if (is_supervisor(actor)
                   && !json_is_string(json_object_get(actor, "parent")))
        json_array_append_new(roots, make_node(&drawing, actor));
    troupe__look_end(&look);
    bool good = answer && !drawing.failed;
    if (good && look.json) {
        troupe__look_print_json(json_pack("{s:s, s:O}", "run",
                                          troupe__text_of(answer, "run"),
                                          "tree", roots));
    } else if (good) {
        for (size_t i = 0; i < json_array_size(roots); i++) {
            print_label(json_array_get(roots, i));
            print_children(json_array_get(roots, i), "");
        }
    }
    json_decref(roots);
    json_decref(drawing.actors);
    json_decref(answer);
    return good ? TROUPE__EXIT_OK : TROUPE__EXIT_FAILED;
}
