/* SPDX-License-Identifier: Apache-2.0 */
/* research_sources.c: the engines and models that `troupe research` asks. */
#include "tools/research_arguments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/call.h"
#include "tools/commands.h"

static int
choose(const struct troupe__research_arguments *arguments, const char *name,
       struct troupe__research_engines *ret)
{
    troupe_engine_t engine = TROUPE_ENGINE_COUNT;
    if (troupe_engine_find(name, &engine) == 0) {
        ret->local |= 1u << engine;
        if (arguments->root_count > 0)
            return -1;
        return troupe__usage_error(
            "research", "--engine %s searches a --corpus: give one", name);
    }
    const troupe_web_engine_t *found =
        troupe__engine_file_find(&ret->file, name);
    if (!found && troupe__research_tools_choose(&ret->tools, name))
        return -1;
    if (!found)
        return troupe__usage_error("research", "there is no engine '%s'", name);
    for (size_t i = 0; i < ret->web_count; i++)
        if (strcmp(ret->web[i].name, name) == 0)
            return -1;
    ret->web[ret->web_count++] = *found;
    return -1;
}

static int
read_file(const char *path, struct troupe__engine_file *ret_file)
{
    struct troupe__findings findings = {.path = path};
    int rc = troupe__engine_file_read(&findings, ret_file);
    troupe__findings_print(&findings, troupe__errors());
    troupe__findings_free(&findings);
    return rc < 0 ? TROUPE__EXIT_USAGE : -1;
}

/* Every other actor of a run has a name already. */
static int
check_names(const struct troupe__engine_file *file,
            const struct troupe__mcp_file *tools)
{
    static const char *const taken[] = {
        "summariser", "fact_checker", "sentiment", "coordinator",
        "planner",    "writer",       "checker"};
    static const char *const begins[] = {"http",  "page-",  "rate-",
                                         "model", "budget", "journal"};
    for (size_t i = 0; i < file->count; i++) {
        const char *name = file->entries[i].key.text;
        troupe_engine_t engine = TROUPE_ENGINE_COUNT;
        bool bad = troupe_engine_find(name, &engine) == 0;
        for (size_t j = 0; j < sizeof begins / sizeof *begins; j++)
            bad |= strncmp(name, begins[j], strlen(begins[j])) == 0;
        for (size_t j = 0; j < sizeof taken / sizeof *taken; j++)
            bad |= strcmp(name, taken[j]) == 0;
        for (size_t j = 0; j < tools->count; j++)
            bad |= strcmp(name, tools->tools[j].name) == 0;
        if (bad) {
            return troupe__usage_error(
                "research",
                "an engine of --web cannot be called '%s': an "
                "actor of the run is; rename it",
                name);
        }
    }
    return -1;
}

static void
choose_all(struct troupe__research_engines *ret)
{
    ret->local = (1u << TROUPE_ENGINE_COUNT) - 1;
    for (size_t i = 0; i < ret->file.count; i++)
        ret->web[ret->web_count++] = ret->file.entries[i].engine;
    (void) troupe__research_tools_choose(&ret->tools, NULL);
}

int
troupe__research_engines(const struct troupe__research_arguments *arguments,
                         struct troupe__research_engines *ret_engines)
{
    *ret_engines = (struct troupe__research_engines){.web_count = 0};
    int code =
        arguments->web ? read_file(arguments->web, &ret_engines->file) : -1;
    int tools =
        troupe__research_tools_read(arguments->mcp, &ret_engines->tools);
    if (code < 0)
        code = tools;
    if (code < 0)
        code = check_names(&ret_engines->file, &ret_engines->tools.file);
    for (size_t i = 0; i < arguments->engine_count && code < 0; i++)
        code = choose(arguments, arguments->engines[i], ret_engines);
    if (code < 0 && arguments->engine_count == 0)
        choose_all(ret_engines);
    return code < 0 ? troupe__research_tools_pack(&ret_engines->tools,
                                                  TROUPE_RESEARCH_WEB_MAX
                                                      - ret_engines->web_count)
                    : code;
}

void
troupe__research_engines_free(struct troupe__research_engines *self)
{
    troupe__engine_file_free(&self->file);
    troupe__research_tools_free(&self->tools);
}

static int
choose_models(const struct troupe__research_arguments *arguments,
              struct troupe__findings *findings,
              struct troupe__research_models *ret)
{
    const char *names[2] = {arguments->writer, arguments->checker};
    if (troupe__model_file_read(findings, &ret->file) < 0)
        return -EINVAL;
    if (!names[0])
        names[0] = ret->file.models[0].key.text;
    bool two = names[1] && strcmp(names[0], names[1]) != 0;
    int count = troupe__model_file_choose(&ret->file, names, two ? 2 : 1, NULL,
                                          arguments->budget.money > 0, findings,
                                          &ret->items);
    troupe__model_history(&ret->file);
    ret->count = count > 0 ? (size_t) count : 0;
    return count < 0 ? count : 0;
}

int
troupe__research_models(const struct troupe__research_arguments *arguments,
                        struct troupe__research_models *ret_models)
{
    *ret_models = (struct troupe__research_models){.count = 0};
    if (!arguments->models)
        return -1;
    struct troupe__findings findings = {.path = arguments->models};
    int rc = choose_models(arguments, &findings, ret_models);
    troupe__findings_print(&findings, troupe__errors());
    troupe__findings_free(&findings);
    return rc < 0 ? TROUPE__EXIT_USAGE : -1;
}

void
troupe__research_models_free(struct troupe__research_models *self)
{
    free(self->items);
    troupe__model_file_free(&self->file);
}
