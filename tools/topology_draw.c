/* SPDX-License-Identifier: Apache-2.0 */
/* topology_draw.c: a topology as a text tree, for Graphviz, and as JSON. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tools/graphviz.h"
#include "tools/topology.h"

static const char *const strategies[] = {"one_for_one", "one_for_all",
                                         "rest_for_one"};

/* What a supervisor does: "one_for_one, 1 restart in 5000 ms". */
static char *
describe_supervisor(const struct troupe__member *member)
{
    const troupe_supervisor_options_t *options = &member->options;
    uint32_t period_ms = options->period_ms ? options->period_ms : 5000;
    uint32_t intensity = options->intensity == 0 ? 1
                         : options->intensity == TROUPE_ZERO
                             ? 0
                             : options->intensity;
    if (intensity == TROUPE_INFINITE)
        return troupe__format("%s, any number of restarts",
                              strategies[options->strategy]);
    return troupe__format("%s, %u restart%s in %g s",
                          strategies[options->strategy], intensity,
                          intensity == 1 ? "" : "s", period_ms / 1000.0);
}

/* Its words, as they would stand on a command line. */
static char *
describe_program(const struct troupe__member *member)
{
    char *line = troupe__copy("program", strlen("program"));
    for (size_t i = 0; i < member->program_words.count; i++) {
        char *longer =
            troupe__format("%s %s", line, member->program_words.items[i].text);
        free(line);
        line = longer;
    }
    return line;
}

/* What a member is, in one line without its name; to be freed. */
static char *
describe(const struct troupe__topology *self,
         const struct troupe__member *member)
{
    char *what = member->is_supervisor ? describe_supervisor(member)
                 : member->is_program
                     ? describe_program(member)
                     : troupe__format("%s from %s", member->kind->name,
                                      member->kind_origin);
    bool alone = member->spec.isolation == TROUPE_OWN_PROCESS;
    const char *node = alone ? "a process of its own"
                       : self->place_count > 1
                           ? self->places[member->node].name.text
                           : NULL;
    char *groups = troupe__copy("", 0);
    for (size_t i = 0; i < member->groups.count; i++) {
        char *longer =
            troupe__format("%s%s%s", groups, i > 0 ? ", " : "; in group ",
                           member->groups.items[i].text);
        free(groups);
        groups = longer;
    }
    char *line = troupe__format("%s%s%s%s%s", what, groups,
                                alone  ? "; in "
                                : node ? "; on "
                                       : "",
                                node ? node : "",
                                member == &self->members[self->until_member]
                                        && self->until_member
                                    ? "; its end ends the run"
                                    : "");
    free(groups);
    free(what);
    return line;
}

static void
draw_text(const struct troupe__topology *self, size_t index, const char *prefix,
          FILE *out)
{
    const struct troupe__member *above = &self->members[index];
    for (size_t i = 0; i < above->child_count; i++) {
        const struct troupe__member *member =
            &self->members[above->children[i]];
        bool is_last = i + 1 == above->child_count;
        char *what = describe(self, member);
        fprintf(out, "%s%s%s", prefix, is_last ? "└── " : "├── ",
                member->name.text ? member->name.text : member->key.text);
        if (member->count > 1)
            fprintf(out, " x %u", member->count);
        fprintf(out, "  (%s)\n", what);
        char *longer =
            troupe__format("%s%s", prefix, is_last ? "    " : "│   ");
        draw_text(self, above->children[i], longer, out);
        free(longer);
        free(what);
    }
}

static void
draw_dot(const struct troupe__topology *self, FILE *out)
{
    fputs("digraph ", out);
    troupe__graphviz_text(self->name, out);
    fputs(" {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n", out);
    for (size_t i = 0; i < self->member_count; i++) {
        const struct troupe__member *member = &self->members[i];
        char *what = describe(self, member);
        char *label = member->count > 1
                          ? troupe__format("%s x %u\n%s", member->key.text,
                                           member->count, what)
                          : troupe__format("%s\n%s", member->key.text, what);
        fprintf(out, "  m%zu [shape=%s, label=", i,
                member->is_supervisor ? "box" : "ellipse");
        troupe__graphviz_text(label, out);
        fputs("];\n", out);
        if (i > 0)
            fprintf(out, "  m%zu -> m%zu;\n", member->parent, i);
        free(label);
        free(what);
    }
    fputs("}\n", out);
}

static json_t *
words_json(const struct troupe__words *words)
{
    json_t *list = json_array();
    for (size_t i = 0; i < words->count; i++)
        json_array_append_new(list, json_string(words->items[i].text));
    return list;
}

static json_t *
member_json(const struct troupe__topology *self, size_t index)
{
    const struct troupe__member *member = &self->members[index];
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:i}", "key", member->key.text, "type",
                  member->is_supervisor ? "supervisor" : "actor", "node",
                  self->places[member->node].name.text, "line",
                  (int) member->key.spot.line);
    if (member->spec.isolation == TROUPE_OWN_PROCESS)
        json_object_set_new(object, "isolation", json_string("process"));
    if (!member->is_supervisor) {
        json_t *names = json_array();
        char name[TROUPE_NAME_MAX + 1];
        for (size_t i = 0; i < member->count; i++)
            json_array_append_new(
                names, json_string(troupe__member_name(member, i, name)));
        if (member->is_program) {
            json_object_set_new(object, "program",
                                words_json(&member->program_words));
        } else {
            json_object_set_new(object, "kind",
                                json_string(member->kind->name));
            json_object_set_new(object, "from",
                                json_string(member->kind_origin));
        }
        json_object_set_new(object, "names", names);
        json_object_set_new(object, "groups", words_json(&member->groups));
        if (member->is_limited)
            json_object_set_new(object, "allow", words_json(&member->allow));
        return object;
    }
    json_t *children = json_array();
    for (size_t i = 0; i < member->child_count; i++)
        json_array_append_new(children, member_json(self, member->children[i]));
    json_object_set_new(object, "strategy",
                        json_string(strategies[member->options.strategy]));
    json_object_set_new(object, "children", children);
    return object;
}

static void
draw_json(const struct troupe__topology *self, FILE *out)
{
    json_t *nodes = json_array(), *libraries = json_array();
    for (size_t i = 0; i < self->place_count; i++)
        json_array_append_new(nodes, json_string(self->places[i].name.text));
    for (size_t i = 0; i < self->library_count; i++)
        json_array_append_new(libraries,
                              json_string(self->libraries[i].path.text));
    json_t *object =
        json_pack("{s:s, s:s, s:o, s:o, s:s?, s:o}", "name", self->name, "file",
                  self->path, "nodes", nodes, "libraries", libraries, "until",
                  self->until.text, "tree", member_json(self, 0));
    if (object)
        json_dumpf(object, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(object);
}

void
troupe__topology_draw(const struct troupe__topology *self,
                      enum troupe__drawing how, FILE *out)
{
    if (how == TROUPE__DRAW_DOT) {
        draw_dot(self, out);
    } else if (how == TROUPE__DRAW_JSON) {
        draw_json(self, out);
    } else {
        char *what = describe(self, &self->members[0]);
        fprintf(out, "%s  (%s)\n", self->name, what);
        free(what);
        draw_text(self, 0, "", out);
    }
}
