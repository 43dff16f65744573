/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_run.c: one call of a tool, on a helper thread of the node. */
#include "tools/mcp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_thread.h"

#include "tools/commands.h"
#include "tools/findings.h"

/* A run, as its progress needs it. */
struct run {
    const struct troupe__mcp_order *order;
    uint64_t told; /* per cent: progress only grows */
};

/* What cannot be told now is told later: more is to come. */
static void
tell(void *data, double done, const char *what)
{
    struct run *self = data;
    const struct troupe__mcp_order *order = self->order;
    uint64_t percent = (uint64_t) (done * 100);
    if (!order->wants_progress || percent <= self->told)
        return;
    if (troupe_node_send(order->node, order->session, "progress",
                         "{s:U, s:U, s:s}", "number", order->number, "percent",
                         percent, "what", what)
        == 0)
        self->told = percent;
}

/* The lines of a command begin with its name, which who calls knows. */
static char *
words_of(const char *command, const char *lines)
{
    char *prefix = troupe__format("troupe %s: ", command);
    char *words = troupe__grab(strlen(lines) + 1);
    size_t size = 0, skip = strlen(prefix);
    for (const char *at = lines; *at;) {
        if (strncmp(at, prefix, skip) == 0)
            at += skip;
        size_t line = strcspn(at, "\n");
        if (size > 0)
            words[size++] = '\n';
        memcpy(words + size, at, line);
        size += line;
        at += line + (at[line] ? 1 : 0);
    }
    free(prefix);
    return words;
}

static int
state_of(int code, const struct troupe__call *call)
{
    if (call->text)
        return TROUPE__MCP_DONE;
    return code == TROUPE__EXIT_USAGE ? TROUPE__MCP_BAD_PARAMS
                                      : TROUPE__MCP_FAILED;
}

/* A text may have been cut within a letter. */
static void
clean(char *words)
{
    if (troupe__is_text(words))
        return;
    for (; *words; words++)
        if ((unsigned char) *words >= 0x80)
            *words = '?';
}

static int
give(troupe_result_t *result, int state, int code, char *words,
     const struct troupe__call *call)
{
    clean(words);
    return troupe_result_set(result, "{s:i, s:i, s:s, s:s, s:s}", "state",
                             state, "code", code, "words", words, "text",
                             call->text ? call->text : "", "json",
                             call->json ? call->json : "");
}

static int
run_line(const struct troupe__mcp_order *order,
         const struct troupe__mcp_line *line, troupe_result_t *result)
{
    struct run run = {.order = order};
    struct troupe__call call = {.command = order->tool->name,
                                .node = order->node,
                                .interrupt_fd = order->interrupt_fd,
                                .served = true,
                                .input = line->input,
                                .tasks = line->tasks,
                                .tell = tell,
                                .data = &run};
    char *said = NULL;
    size_t size = 0;
    FILE *errors = open_memstream(&said, &size);
    if (!errors)
        return -errno;
    troupe__errors_set(errors);
    int code = order->tool->run(&call, line->argc, line->argv);
    troupe__errors_set(NULL);
    int rc = fclose(errors) == 0 ? 0 : -errno;
    char *words = words_of(order->tool->name, said);
    if (rc == 0)
        rc = give(result, state_of(code, &call), code, words, &call);
    free(words);
    free(said);
    free(call.text);
    free(call.json);
    return rc;
}

int
troupe__mcp_run(void *arg, troupe_result_t *result)
{
    const struct troupe__mcp_order *order = arg;
    const struct troupe__call nothing = {.interrupt_fd = order->interrupt_fd};
    struct troupe__mcp_line line;
    if (troupe__call_interrupted(&nothing)) /* it has waited for its turn */
        return -ECANCELED;
    json_t *arguments = json_loads(order->arguments, JSON_DECODE_ANY, NULL);
    char *wrong =
        troupe__mcp_line_make(order->tool, order->options, arguments, &line);
    int rc = wrong ? give(result, TROUPE__MCP_BAD_PARAMS, TROUPE__EXIT_USAGE,
                          wrong, &nothing)
                   : run_line(order, &line, result);
    free(wrong);
    troupe__mcp_line_clear(&line);
    json_decref(arguments);
    return rc;
}
