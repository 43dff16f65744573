/* SPDX-License-Identifier: Apache-2.0 */
/* topology.h: a topology file, read and checked; TOPOLOGY.md has its keys. */
#ifndef TROUPE_TOOLS_TOPOLOGY_H
#define TROUPE_TOOLS_TOPOLOGY_H

#include "troupe_isolation.h"
#include "troupe_node.h"
#include "troupe_supervisor.h"

#include "tools/findings.h"
#include "tools/yaml.h"

/* In one topology: a supervisor's definition is one message, and bounded. */
#define TROUPE__ACTORS_MAX 10000

/* A word of the file; text NULL: it is not there. */
struct troupe__word {
    const char *text;
    struct troupe__spot spot;
};

struct troupe__words {
    struct troupe__word *items;
    size_t count;
};

/* A process; the first one is where the root supervisor runs. */
struct troupe__place {
    struct troupe__word name;
    troupe_options_t options;
};

/* A shared object that is loaded. */
struct troupe__library {
    struct troupe__word path; /* as in the file */
    void *handle;             /* of dlopen */
    const troupe_kind_t *const *kinds;
};

/*
 * A supervisor or a group of `count` equal actors. Indexes are of the
 * topology's members; the root supervisor is member 0 and its own parent.
 */
struct troupe__member {
    struct troupe__word key; /* its name, unless `name` says otherwise */
    bool is_supervisor;
    struct troupe__word node_name;
    size_t node; /* index of the place */
    size_t parent;
    bool has_parent;
    size_t *children; /* in the order of their start */
    size_t child_count;

    troupe_child_spec_t spec; /* as a child; id, kind, name are set later */
    troupe_supervisor_options_t options;
    struct troupe__words child_names;

    struct troupe__word kind_name;
    const troupe_kind_t *kind; /* NULL for a program */
    const char *kind_origin;   /* path of its library, or "troupe" */
    bool is_program;
    struct troupe__words program_words;
    troupe_program_t program; /* argv has these words */
    void *arguments;
    size_t arguments_size;
    struct troupe__word name;
    struct troupe__word worker; /* there when `spec.worker` was given */
    uint32_t count;
    struct troupe__words groups;
    struct troupe__words allow;
    bool is_limited; /* `allow` is there, maybe empty */
};

struct troupe__topology {
    char *path;      /* of the file */
    char *directory; /* of the file; libraries are found from here */
    const char *name;
    char *own_name;             /* made from the path */
    struct troupe__value *root; /* what all texts point into */
    struct troupe__place *places;
    size_t place_count;
    struct troupe__library *libraries;
    size_t library_count;
    struct troupe__member *members;
    size_t member_count;
    struct troupe__word until;
    size_t until_member; /* 0: none */
    uint32_t stop_timeout_ms;
    uint32_t hang_timeout_ms; /* 0: never */
    uint32_t processes_max;   /* of a node's supervisors; 0: the default */
};

/*
 * troupe__topology_read: read and check a file, and load its libraries.
 *
 *   findings      out: what is wrong, maybe several things.
 *   ret_topology  out: to be freed; NULL when anything is wrong.
 *   returns       0 or -EINVAL
 */
int troupe__topology_read(const char *path, struct troupe__findings *findings,
                          struct troupe__topology **ret_topology);

/* troupe__topology_take: the same of a map that has been read from the file at
 * `path`; the map is taken over. */
int troupe__topology_take(const char *path, struct troupe__value *root,
                          struct troupe__findings *findings,
                          struct troupe__topology **ret_topology);

/* troupe__topology_free: free it and unload its libraries; NULL is fine. Its
 * nodes must have been destroyed. */
void troupe__topology_free(struct troupe__topology *self);

/* troupe__member_name: the name of the index-th (from 0) actor of a member,
 * or that of a supervisor, written to `name`. */
const char *troupe__member_name(const struct troupe__member *member,
                                size_t index, char name[TROUPE_NAME_MAX + 1]);

/* troupe__member_find: the index of the member of that key, or 0. */
size_t troupe__member_find(const struct troupe__topology *self,
                           const char *key);

/* The steps of a read; each adds to the findings. */
void troupe__topology_fields(struct troupe__topology *self,
                             struct troupe__findings *findings);
void troupe__topology_tree(struct troupe__topology *self,
                           struct troupe__findings *findings);
void troupe__topology_names(struct troupe__topology *self,
                            struct troupe__findings *findings);
void troupe__topology_kinds(struct troupe__topology *self,
                            struct troupe__findings *findings);
void troupe__topology_specs(struct troupe__topology *self,
                            struct troupe__findings *findings);

/* Of an actor's keys: what it is started with, where it is a program; that it
 * is one or of a kind, and not both. */
void troupe__topology_program(const struct troupe__topology *self,
                              const struct troupe__value *value,
                              struct troupe__member *member,
                              struct troupe__findings *findings);
void troupe__topology_program_free(struct troupe__member *member);

/* The kinds of this binary, ended by NULL. */
extern const troupe_kind_t *const troupe__own_kinds[];

enum troupe__drawing { TROUPE__DRAW_TEXT, TROUPE__DRAW_DOT, TROUPE__DRAW_JSON };

/* troupe__topology_draw: print the tree. */
void troupe__topology_draw(const struct troupe__topology *self,
                           enum troupe__drawing how, FILE *out);

#endif
