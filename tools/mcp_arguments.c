/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_arguments.c: the arguments of a call, as a command line. */
#include "tools/mcp.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/findings.h"

static void
add(struct troupe__mcp_line *self, const char *word)
{
    self->argv = troupe__grow(self->argv, (size_t) self->argc, sizeof(char *));
    self->argv[self->argc++] = troupe__copy(word, strlen(word));
}

static void
add_option(struct troupe__mcp_line *self, const char *option, const char *value)
{
    add(self, option);
    add(self, value);
}

void
troupe__mcp_line_clear(struct troupe__mcp_line *self)
{
    for (int i = 0; i < self->argc; i++)
        free(self->argv[i]);
    free(self->argv);
    free(self->input);
    if (self->tasks_fd >= 0)
        close(self->tasks_fd);
    *self = (struct troupe__mcp_line){.tasks_fd = -1};
}

/* What stands at a place, for people. */
static const char *
kind_of(const json_t *value)
{
    static const char *const kinds[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",
        [JSON_STRING] = "a text",    [JSON_INTEGER] = "a whole number",
        [JSON_REAL] = "a number",    [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };
    return kinds[json_typeof(value)];
}

static char *
wants(const char *place, const char *what, const json_t *value)
{
    return troupe__format("/arguments/%s is %s; give %s", place, kind_of(value),
                          what);
}

/* The words that there are, with ", "; to be freed. */
static char *
join(const char *const *words)
{
    char *list = troupe__copy("", 0);
    for (; *words; words++) {
        char *longer =
            troupe__format("%s%s%s", list, *list ? ", " : "", *words);
        free(list);
        list = longer;
    }
    return list;
}

static char *
check_word(const struct troupe__mcp_param *param, const char *place,
           const char *text)
{
    size_t count = 0;
    for (; param->words && param->words[count]; count++)
        if (strcmp(param->words[count], text) == 0)
            return NULL;
    if (count == 0)
        return NULL;
    char *list = join(param->words);
    const char *near = troupe__nearest(text, param->words, count);
    char *wrong =
        near ? troupe__format("/arguments/%s is '%.40s'; did you mean '%s'?",
                              place, text, near)
             : troupe__format("/arguments/%s is '%.40s'; give one of %s", place,
                              text, list);
    free(list);
    return wrong;
}

static char *
take_text(struct troupe__mcp_line *self, const struct troupe__mcp_param *param,
          const char *place, const json_t *value)
{
    const char *text = json_string_value(value);
    if (!text)
        return wants(place, "a text", value);
    if (!*text)
        return troupe__format("/arguments/%s is empty; give a text", place);
    char *wrong = check_word(param, place, text);
    if (!wrong && param->option)
        add_option(self, param->option, text);
    return wrong;
}

/* A path is absolute, and lies below what the command line allows. */
static char *
take_path(struct troupe__mcp_line *self,
          const struct troupe__mcp_options *options, const char *place,
          const json_t *value)
{
    const char *text = json_string_value(value);
    if (!text || text[0] != '/') {
        return text ? troupe__format("/arguments/%s is '%.200s'; give an "
                                     "absolute path",
                                     place, text)
                    : wants(place, "an absolute path", value);
    }
    char *path = realpath(text, NULL);
    if (!path) {
        return troupe__format("/arguments/%s is '%.200s': %s; give a path that "
                              "is there",
                              place, text, strerror(errno));
    }
    bool allowed = options->root_count == 0;
    for (size_t i = 0; i < options->root_count && !allowed; i++) {
        size_t size = strlen(options->roots[i]);
        bool whole = size == 1; /* "/" */
        allowed = strncmp(path, options->roots[i], size) == 0
                  && (whole || path[size] == '/' || path[size] == '\0');
    }
    if (allowed)
        add_option(self, "--corpus", path);
    free(path);
    return allowed ? NULL
                   : troupe__format("/arguments/%s is '%.200s', which is not "
                                    "below a --corpus of this server; give "
                                    "one that is, or none",
                                    place, text);
}

static bool
is_corpus(const struct troupe__mcp_param *param)
{
    return param->option && strcmp(param->option, "--corpus") == 0;
}

static char *
take_texts(struct troupe__mcp_line *self,
           const struct troupe__mcp_options *options,
           const struct troupe__mcp_param *param, const json_t *value)
{
    size_t count = json_array_size(value);
    if (!json_is_array(value))
        return wants(param->name, "a list of texts", value);
    if ((double) count > param->max || (double) count < param->min
        || count == 0) {
        return troupe__format("/arguments/%s has %zu items; give %.0f to %.0f",
                              param->name, count,
                              param->min < 1 ? 1 : param->min, param->max);
    }
    char *wrong = NULL;
    for (size_t i = 0; i < count && !wrong; i++) {
        char *place = troupe__format("%s/%zu", param->name, i);
        const json_t *item = json_array_get(value, i);
        wrong = is_corpus(param) ? take_path(self, options, place, item)
                                 : take_text(self, param, place, item);
        free(place);
    }
    return wrong;
}

static char *
take_number(struct troupe__mcp_line *self,
            const struct troupe__mcp_param *param, const json_t *value)
{
    bool real = param->type == TROUPE__MCP_REAL;
    double number = json_number_value(value);
    const char *what = real ? "a number" : "a whole number";
    if (!json_is_number(value) || (!real && number != floor(number)))
        return wants(param->name, what, value);
    if (!(number >= param->min && number <= param->max)) {
        return troupe__format("/arguments/%s is %.15g; give %s from %.15g to "
                              "%.15g",
                              param->name, number, what, param->min,
                              param->max);
    }
    const char *unit = param->type == TROUPE__MCP_MS ? "ms" : "";
    char *text = real ? troupe__format("%.15g", number)
                      : troupe__format("%.0f%s", number, unit);
    add_option(self, param->option, text);
    free(text);
    return NULL;
}

static char *
take_input(struct troupe__mcp_line *self, const struct troupe__mcp_param *param,
           const json_t *value)
{
    if (!json_is_object(value))
        return wants(param->name, "an object", value);
    self->input = json_dumps(value, JSON_COMPACT);
    return NULL;
}

/* A text that has lines is one task, too: it goes as an object. */
static bool
write_task(FILE *to, const json_t *task)
{
    json_t *line = json_is_object(task)
                       ? json_incref((json_t *) (uintptr_t) task)
                       : json_pack("{s:O}", "cmd", task);
    bool good = json_dumpf(line, to, JSON_COMPACT) == 0 && fputc('\n', to) > 0;
    json_decref(line);
    return good;
}

static char *
take_tasks(struct troupe__mcp_line *self, const struct troupe__mcp_param *param,
           const json_t *value)
{
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count == 0 || (double) count > param->max) {
        return json_is_array(value)
                   ? troupe__format("/arguments/%s has %zu items; give 1 to "
                                    "%.0f",
                                    param->name, count, param->max)
                   : wants(param->name, "a list of tasks", value);
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *task = json_array_get(value, i);
        if (json_is_string(task) || json_is_object(task))
            continue;
        return troupe__format("/arguments/%s/%zu is %s; give a text or an "
                              "object",
                              param->name, i, kind_of(task));
    }
    self->tasks = count;
    self->tasks_fd = memfd_create("tasks", MFD_CLOEXEC);
    int fd = self->tasks_fd < 0 ? -1 : dup(self->tasks_fd);
    FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
    bool good = to != NULL;
    for (size_t i = 0; i < count && good; i++)
        good = write_task(to, json_array_get(value, i));
    if (to)
        good = fclose(to) == 0 && good;
    else if (fd >= 0)
        close(fd);
    if (!good)
        return troupe__format("/arguments/%s: no memory file: %s", param->name,
                              strerror(errno));
    char *path = troupe__format("/proc/self/fd/%d", self->tasks_fd);
    add_option(self, "--input", path);
    free(path);
    return NULL;
}

static char *
take(struct troupe__mcp_line *self, const struct troupe__mcp_options *options,
     const struct troupe__mcp_param *param, const json_t *value)
{
    switch (param->type) {
    case TROUPE__MCP_TEXT:
        return take_text(self, param, param->name, value);
    case TROUPE__MCP_TEXTS:
        return take_texts(self, options, param, value);
    case TROUPE__MCP_WHOLE:
    case TROUPE__MCP_REAL:
    case TROUPE__MCP_MS:
        return take_number(self, param, value);
    case TROUPE__MCP_FLAG:
        if (!json_is_boolean(value))
            return wants(param->name, "true or false", value);
        if (json_is_true(value))
            add(self, param->option);
        return NULL;
    case TROUPE__MCP_INPUT:
        return take_input(self, param, value);
    case TROUPE__MCP_TASKS:
        break;
    }
    return take_tasks(self, param, value);
}

static char *
check_names(const struct troupe__mcp_tool *tool, const json_t *arguments)
{
    const char *names[32] = {NULL}, *key = NULL;
    size_t count = 0;
    json_t *value = NULL;
    for (; count < 32 && tool->params[count].name; count++)
        names[count] = tool->params[count].name;
    json_object_foreach((json_t *) (uintptr_t) arguments, key, value)
    {
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known |= strcmp(names[i], key) == 0;
        const char *near = known ? NULL : troupe__nearest(key, names, count);
        if (near) {
            return troupe__format("%s has no /arguments/%.40s; did you mean "
                                  "'%s'?",
                                  tool->name, key, near);
        }
        if (!known)
            return troupe__format("%s has no /arguments/%.40s; leave it out",
                                  tool->name, key);
    }
    return NULL;
}

/* What the server's own command line adds. */
static void
add_standing(struct troupe__mcp_line *self, const struct troupe__mcp_tool *tool,
             const struct troupe__mcp_options *options)
{
    bool reads = false;
    for (const struct troupe__mcp_param *it = tool->params; it->name; it++)
        reads |= is_corpus(it);
    if (tool->run == troupe__call_query && options->mock)
        add(self, "--mock"); /* before any --model */
    else if (tool->run == troupe__call_query)
        add_option(self, "--models", options->models);
    if (reads && options->cache)
        add_option(self, "--cache", options->cache);
    if (tool->run != troupe__call_query)
        add(self, "--quiet");
    if (tool->run == troupe__call_query || tool->run == troupe__call_map)
        add(self, "--no-journal");
    add(self, tool->run == troupe__call_map ? "--ordered" : "--json");
}

/* What has to be there and is not, or NULL. */
static char *
check_missing(const struct troupe__mcp_tool *tool,
              const struct troupe__mcp_options *options,
              const json_t *arguments)
{
    for (const struct troupe__mcp_param *it = tool->params; it->name; it++) {
        bool required = is_corpus(it) ? options->root_count == 0 : it->required;
        if (required && !json_object_get(arguments, it->name))
            return troupe__format("/arguments/%s is not there; give it: %s",
                                  it->name, it->text);
    }
    return NULL;
}

/* What the command is about stands last, and may begin as an option does. */
static void
add_subject(struct troupe__mcp_line *self, const struct troupe__mcp_tool *tool,
            const json_t *arguments)
{
    for (const struct troupe__mcp_param *it = tool->params; it->name; it++) {
        if (it->option || it->type == TROUPE__MCP_TASKS)
            continue;
        const char *text =
            json_string_value(json_object_get(arguments, it->name));
        add_option(self, "--", text ? text : "/arguments/decision");
    }
}

char *
troupe__mcp_line_make(const struct troupe__mcp_tool *tool,
                      const struct troupe__mcp_options *options,
                      const json_t *arguments,
                      struct troupe__mcp_line *ret_line)
{
    *ret_line = (struct troupe__mcp_line){.tasks_fd = -1};
    if (arguments && !json_is_object(arguments))
        return troupe__format("/arguments is %s; give an object",
                              kind_of(arguments));
    char *wrong = check_names(tool, arguments);
    add(ret_line, tool->name);
    add_standing(ret_line, tool, options);
    for (const struct troupe__mcp_param *it = tool->params; it->name && !wrong;
         it++) {
        const json_t *value = json_object_get(arguments, it->name);
        if (value)
            wrong = take(ret_line, options, it, value);
        for (size_t i = 0; !value && is_corpus(it) && i < options->root_count;
             i++)
            add_option(ret_line, "--corpus", options->roots[i]);
    }
    if (!wrong)
        wrong = check_missing(tool, options, arguments);
    add_subject(ret_line, tool, arguments);
    ret_line->argv =
        troupe__grow(ret_line->argv, (size_t) ret_line->argc, sizeof(char *));
    ret_line->argv[ret_line->argc] = NULL;
    return wrong;
}
