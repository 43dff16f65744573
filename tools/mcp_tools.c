/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_tools.c: the tools of `troupe mcp`, and the schemas of their input. */
#include "tools/mcp.h"

#include <stdlib.h>
#include <string.h>

#include "tools/findings.h"

#define DAY_MS    86400000.0
#define COUNT_MAX 1e9

static const char *const engine_words[] = {"bm25",   "trigram", "phrase",
                                           "expand", "anchor",  NULL};
static const char *const type_words[] = {"text", "choice",  "number",
                                         "json", "ranking", NULL};

#define CORPUS                                                                 \
    {                                                                          \
        .name = "corpus", .option = "--corpus", .type = TROUPE__MCP_TEXTS,     \
        .max = TROUPE_ROOTS_MAX,                                               \
        .text = "Absolute paths of directories or files to read: text, "       \
                "Markdown, HTML, manual pages, gzipped or not."                \
    }
#define ENGINES                                                                \
    {                                                                          \
        .name = "engines", .option = "--engine", .type = TROUPE__MCP_TEXTS,    \
        .max = TROUPE_ENGINE_COUNT, .words = engine_words,                     \
        .text = "Which search engines are asked; without it all five."         \
    }
#define DEADLINE(words)                                                        \
    {                                                                          \
        .name = "deadline_ms", .option = "--deadline", .type = TROUPE__MCP_MS, \
        .min = 1, .max = DAY_MS, .text = (words)                               \
    }
#define END                                                                    \
    {                                                                          \
        .name = NULL                                                           \
    }

static const struct troupe__mcp_param research_params[] = {
    {.name = "question",
     .required = true,
     .text = "The question, as one would ask a person."},
    CORPUS,
    {.name = "limit",
     .option = "--limit",
     .type = TROUPE__MCP_WHOLE,
     .min = 1,
     .max = 100,
     .text = "Passages that are analysed; 32 without it."},
    ENGINES,
    DEADLINE("Report what there is by then, in milliseconds."),
    END,
};

static const struct troupe__mcp_param search_params[] = {
    {.name = "query", .required = true, .text = "What to look for."},
    CORPUS,
    {.name = "limit",
     .option = "--limit",
     .type = TROUPE__MCP_WHOLE,
     .min = 1,
     .max = 1000,
     .text = "Passages to return; 10 without it."},
    ENGINES,
    END,
};

static const struct troupe__mcp_param query_params[] = {
    {.name = "prompt", .required = true, .text = "What each model is asked."},
    {.name = "models",
     .option = "--model",
     .type = TROUPE__MCP_TEXTS,
     .max = 1000,
     .text = "Names of the models that are asked; without it all."},
    {.name = "type",
     .option = "--type",
     .words = type_words,
     .text = "What an answer is; without it free text, or a choice where "
             "there are choices."},
    {.name = "choices",
     .option = "--choice",
     .type = TROUPE__MCP_TEXTS,
     .min = 2,
     .max = 64,
     .text = "The answers that there are, for choice and ranking."},
    {.name = "field",
     .option = "--field",
     .text = "Of type json: the field of the object that counts; a.b goes "
             "deeper."},
    {.name = "tolerance",
     .option = "--tolerance",
     .text = "Of type number: what is equal, as N or N%; 1% without it."},
    {.name = "judge",
     .option = "--judge",
     .text = "A model that does not vote, but compares the two best texts, or "
             "answers that tie."},
    {.name = "quorum",
     .option = "--quorum",
     .type = TROUPE__MCP_WHOLE,
     .min = 1,
     .max = 1000,
     .text = "Usable answers without which there is no result; without it "
             "more than half of the models."},
    {.name = "all",
     .option = "--all",
     .type = TROUPE__MCP_FLAG,
     .text = "Wait for all, also when the leader cannot lose any more."},
    {.name = "attempts",
     .option = "--attempts",
     .type = TROUPE__MCP_WHOLE,
     .min = 1,
     .max = 100,
     .text = "Calls for one answer, with retries; 3 without it."},
    {.name = "budget_tokens",
     .option = "--budget-tokens",
     .type = TROUPE__MCP_WHOLE,
     .min = 1,
     .max = COUNT_MAX,
     .text = "No more tokens than that, for all models together."},
    {.name = "budget_money",
     .option = "--budget-money",
     .type = TROUPE__MCP_REAL,
     .min = 1e-9,
     .max = COUNT_MAX,
     .text = "No more money than that, in the unit of the models' prices."},
    {.name = "budget_calls",
     .option = "--budget-calls",
     .type = TROUPE__MCP_WHOLE,
     .min = 1,
     .max = COUNT_MAX,
     .text = "No more calls than that."},
    DEADLINE("For everything, in milliseconds; 60000 without it."),
    END,
};

static const struct troupe__mcp_param decide_params[] = {
    {.name = "decision",
     .type = TROUPE__MCP_INPUT,
     .required = true,
     .text = "{problem: text, options: {ID: {title, values: {CRITERION: "
             "number or {low, mode, high}}, cash_flow: [sums by period], "
             "risks: {NAME: {probability, impact}}, scores: {STAKEHOLDER: "
             "number}, schedule: {TASK: {optimistic, likely, pessimistic, "
             "after}}, payoffs: {STATE: number}}}, criteria: {ID: {direction: "
             "min or max, unit, weight, limit}}, stakeholders: {ID: weight}, "
             "states: {ID: probability}, discount_rate, deadline, money, time, "
             "margin, weights, perspectives}. Required are problem, two "
             "options, and of each option at least one of its keys."},
    {.name = "samples",
     .option = "--samples",
     .type = TROUPE__MCP_WHOLE,
     .max = 1e6,
     .text = "Of weights and values; 10000 without it."},
    {.name = "seed",
     .option = "--seed",
     .type = TROUPE__MCP_WHOLE,
     .max = COUNT_MAX,
     .text = "Of the samples; 1 without it."},
    DEADLINE("Report what there is by then, in milliseconds."),
    END,
};

static const struct troupe__mcp_param map_params[] = {
    {.name = "tasks",
     .type = TROUPE__MCP_TASKS,
     .required = true,
     .min = 1,
     .max = 100000,
     .text = "Each a shell command, or {cmd: text for a shell or [words], "
             "stdin: text, env: [\"NAME=VALUE\"], directory: path, id: any, "
             "timeout: seconds, retries: number}."},
    {.name = "jobs",
     .option = "--jobs",
     .type = TROUPE__MCP_WHOLE,
     .min = 1,
     .max = 65536,
     .text = "So many at once; without it one per core."},
    {.name = "timeout_ms",
     .option = "--timeout",
     .type = TROUPE__MCP_MS,
     .min = 1,
     .max = DAY_MS,
     .text = "For an attempt, in milliseconds."},
    {.name = "retries",
     .option = "--retries",
     .type = TROUPE__MCP_WHOLE,
     .max = 1000,
     .text = "Attempts after one that failed; 0 without it."},
    DEADLINE("End then with what there is, in milliseconds."),
    END,
};

static const struct troupe__mcp_tool tools[] = {
    {.name = "research",
     .title = "A question answered from documents",
     .text = "Answer a question from documents on this machine. Search engines "
             "and analysers run at once; the report quotes its sources with "
             "exact places, and says how sure it is and why. It needs no "
             "network and no model. The first call over a large folder "
             "indexes it.",
     .run = troupe__call_research,
     .params = research_params},
    {.name = "search",
     .title = "The passages that answer a query",
     .text = "The passages of documents on this machine that answer a query, "
             "best first, each with file, heading, text and the bytes where "
             "it is.",
     .run = troupe__call_search,
     .params = search_params},
    {.name = "query",
     .title = "One prompt to several models",
     .text = "Ask several models the same at once, and hear what they agree "
             "on, how far, and who differs. Who fails is named and is no vote.",
     .run = troupe__call_query,
     .params = query_params,
     .open_world = true},
    {.name = "decide",
     .title = "A choice between options",
     .text = "Make a choice between options: four strategies judge each one, "
             "four perspectives rank them, and samples say how sure that is. "
             "'No clear winner' and 'insufficient data' are answers, too.",
     .run = troupe__call_decide,
     .params = decide_params},
    {.name = "map",
     .title = "Many shell commands at once",
     .text = "Run many shell commands at once on this machine, a bounded "
             "number at a time. One that fails is a result and ends no other; "
             "results are in the order of the tasks.",
     .run = troupe__call_map,
     .params = map_params,
     .open_world = true,
     .destructive = true},
};

#define TOOL_COUNT (sizeof tools / sizeof *tools)

static bool
is_offered(const struct troupe__mcp_tool *tool,
           const struct troupe__mcp_options *options)
{
    if (tool->run == troupe__call_map)
        return options->allow_map;
    if (tool->run == troupe__call_query)
        return options->models || options->mock;
    return true;
}

const struct troupe__mcp_tool *
troupe__mcp_tool(const struct troupe__mcp_options *options, const char *name)
{
    for (size_t i = 0; i < TOOL_COUNT; i++)
        if (strcmp(tools[i].name, name) == 0 && is_offered(&tools[i], options))
            return &tools[i];
    return NULL;
}

char *
troupe__mcp_names(const struct troupe__mcp_options *options)
{
    char *names = troupe__copy("", 0);
    for (size_t i = 0; i < TOOL_COUNT; i++) {
        if (!is_offered(&tools[i], options))
            continue;
        char *longer =
            troupe__format("%s%s%s", names, *names ? ", " : "", tools[i].name);
        free(names);
        names = longer;
    }
    return names;
}

static json_t *
text_schema(const struct troupe__mcp_param *param)
{
    json_t *schema = json_pack("{s:s}", "type", "string");
    if (!param->words) {
        json_object_set_new(schema, "minLength", json_integer(1));
        return schema;
    }
    json_t *words = json_array();
    for (const char *const *word = param->words; *word; word++)
        json_array_append_new(words, json_string(*word));
    json_object_set_new(schema, "enum", words);
    return schema;
}

static json_t *
number_schema(const struct troupe__mcp_param *param)
{
    if (param->type == TROUPE__MCP_REAL)
        return json_pack("{s:s, s:f, s:f}", "type", "number", "minimum",
                         param->min, "maximum", param->max);
    return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum",
                     (json_int_t) param->min, "maximum",
                     (json_int_t) param->max);
}

static json_t *
list_schema(const struct troupe__mcp_param *param)
{
    json_t *items = param->type == TROUPE__MCP_TASKS
                        ? json_pack("{s:[s, s]}", "type", "string", "object")
                        : text_schema(param);
    return json_pack("{s:s, s:o, s:I, s:I}", "type", "array", "items", items,
                     "minItems", (json_int_t) (param->min < 1 ? 1 : param->min),
                     "maxItems", (json_int_t) param->max);
}

static json_t *
param_schema(const struct troupe__mcp_param *param)
{
    json_t *schema = NULL;
    switch (param->type) {
    case TROUPE__MCP_TEXT:
        schema = text_schema(param);
        break;
    case TROUPE__MCP_TEXTS:
    case TROUPE__MCP_TASKS:
        schema = list_schema(param);
        break;
    case TROUPE__MCP_WHOLE:
    case TROUPE__MCP_REAL:
    case TROUPE__MCP_MS:
        schema = number_schema(param);
        break;
    case TROUPE__MCP_FLAG:
        schema = json_pack("{s:s}", "type", "boolean");
        break;
    case TROUPE__MCP_INPUT:
        schema = json_pack("{s:s, s:[s, s]}", "type", "object", "required",
                           "problem", "options");
        break;
    }
    json_object_set_new(schema, "description", json_string(param->text));
    return schema;
}

static json_t *
input_schema(const struct troupe__mcp_tool *tool,
             const struct troupe__mcp_options *options)
{
    json_t *properties = json_object(), *required = json_array();
    for (const struct troupe__mcp_param *it = tool->params; it->name; it++) {
        json_object_set_new(properties, it->name, param_schema(it));
        bool corpus = it->option && strcmp(it->option, "--corpus") == 0;
        if (it->required || (corpus && options->root_count == 0))
            json_array_append_new(required, json_string(it->name));
    }
    return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties",
                     properties, "required", required, "additionalProperties",
                     0);
}

/* Titles and hints came with later versions; others would not know them. */
static json_t *
tool_json(const struct troupe__mcp_tool *tool,
          const struct troupe__mcp_options *options, bool is_latest)
{
    json_t *json = json_pack("{s:s}", "name", tool->name);
    if (is_latest)
        json_object_set_new(json, "title", json_string(tool->title));
    json_object_set_new(json, "description", json_string(tool->text));
    json_object_set_new(json, "inputSchema", input_schema(tool, options));
    if (is_latest) {
        json_object_set_new(
            json, "annotations",
            json_pack("{s:s, s:b, s:b, s:b}", "title", tool->title,
                      "readOnlyHint", (int) !tool->destructive,
                      "destructiveHint", (int) tool->destructive,
                      "openWorldHint", (int) tool->open_world));
    }
    return json;
}

json_t *
troupe__mcp_list(const struct troupe__mcp_options *options, bool is_latest)
{
    json_t *list = json_array();
    for (size_t i = 0; i < TOOL_COUNT; i++) {
        if (is_offered(&tools[i], options))
            json_array_append_new(list,
                                  tool_json(&tools[i], options, is_latest));
    }
    return json_pack("{s:o}", "tools", list);
}
