/* SPDX-License-Identifier: Apache-2.0 */
/* mcp.h: what the files of `troupe mcp` share. */
#ifndef TROUPE_TOOLS_MCP_H
#define TROUPE_TOOLS_MCP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "troupe_corpus.h"
#include "troupe_events.h"

#include "tools/call.h"

/* What the command line says; it does not change while calls run. */
struct troupe__mcp_options {
    const char *roots[TROUPE_ROOTS_MAX]; /* absolute, without links */
    size_t root_count;                   /* 0: calls name any path */
    const char *cache, *models;          /* NULL: not given */
    bool mock, allow_map;
    size_t calls_max; /* at once */
};

/* --- mcp_tools.c: what is offered ------------------------------------------*/

enum troupe__mcp_type {
    TROUPE__MCP_TEXT,
    TROUPE__MCP_TEXTS, /* one or a list */
    TROUPE__MCP_WHOLE,
    TROUPE__MCP_REAL,
    TROUPE__MCP_FLAG,
    TROUPE__MCP_MS,    /* a time in ms */
    TROUPE__MCP_INPUT, /* an object that a file would hold */
    TROUPE__MCP_TASKS  /* a list of texts and objects: the lines of a file */
};

/* One member of a tool's arguments, and the option that it becomes. */
struct troupe__mcp_param {
    const char *name;
    const char *option; /* NULL: it is what the command is about */
    enum troupe__mcp_type type;
    bool required;
    double min, max;          /* of numbers; of texts in a list: how many */
    const char *const *words; /* the texts that there are, or NULL */
    const char *text;         /* for who calls */
};

struct troupe__mcp_tool {
    const char *name, *title, *text;
    troupe__call_fn run;
    const struct troupe__mcp_param *params; /* ended by a name of NULL */
    bool open_world, destructive;
};

/* troupe__mcp_tool: the tool of that name, or NULL when it is not offered. */
const struct troupe__mcp_tool *
troupe__mcp_tool(const struct troupe__mcp_options *options, const char *name);

/* troupe__mcp_list: what "tools/list" answers. */
json_t *troupe__mcp_list(const struct troupe__mcp_options *options,
                         bool is_latest);

/* troupe__mcp_names: the names of what is offered, with ", "; to be freed. */
char *troupe__mcp_names(const struct troupe__mcp_options *options);

/* --- mcp_arguments.c: a call's arguments as a command line -----------------*/

struct troupe__mcp_line {
    char **argv; /* ended by NULL; all of it is owned */
    int argc;
    char *input;  /* for the call, or NULL */
    int tasks_fd; /* a file in memory, or -1 */
    size_t tasks; /* in it */
};

/*
 * troupe__mcp_line_make: check the arguments by the tool's parameters.
 *
 *   arguments  an object, or NULL for none.
 *   returns    NULL, or what is wrong with them, place and cure: to be freed.
 *              The line is to be cleared in either case.
 */
char *troupe__mcp_line_make(const struct troupe__mcp_tool *tool,
                            const struct troupe__mcp_options *options,
                            const json_t *arguments,
                            struct troupe__mcp_line *ret_line);
void troupe__mcp_line_clear(struct troupe__mcp_line *self);

/* --- mcp_run.c: a call on a thread of its own ------------------------------*/

/* What the thread is given, then the arguments as JSON. */
struct troupe__mcp_order {
    troupe_t *node;
    const struct troupe__mcp_options *options;
    const struct troupe__mcp_tool *tool;
    troupe_ref_t session; /* hears "progress" {number: U, percent: U,
                             what: s} */
    uint64_t number;      /* of the call */
    int interrupt_fd;     /* the session's */
    bool wants_progress;
    char arguments[];
};

/* troupe__mcp_run: a troupe_blocking_fn; the result is {state: U, code: I,
 * words: s, text: s, json: s}. */
int troupe__mcp_run(void *order, troupe_result_t *result);

enum {
    TROUPE__MCP_DONE = 1,  /* text and json are the result; words are notes */
    TROUPE__MCP_FAILED,    /* words say why */
    TROUPE__MCP_BAD_PARAMS /* likewise */
};

#endif
