/* SPDX-License-Identifier: Apache-2.0 */
/* command_query.c: `troupe query`, one prompt to several models. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/call.h"
#include "tools/commands.h"
#include "tools/journal.h"
#include "tools/mock.h"
#include "tools/model_file.h"
#include "tools/progress.h"
#include "tools/query_arguments.h"

#define MOCK_MODELS 5
#define PROMPT_MAX  (1 << 20) /* bytes */
#define URL_SIZE    64
#define ASKED_SHARE 0.1 /* of a run, when the models begin to answer */

/* What a run needs until its end. */
struct query {
    struct troupe__query_arguments arguments;
    troupe_query_options_t options;
    struct troupe__model_file file;
    troupe_query_model_t *models;
    struct troupe__mock *mock;
    char url[URL_SIZE], origin[URL_SIZE]; /* of the mock */
    char *names;                          /* of the mock's models */
    struct troupe__journal journal;
    char *prompt;
    struct troupe__call *call;
    bool drawn; /* a line of progress */
};

/* Standard input, for the prompt "-". */
static char *
read_input(void)
{
    char *text = troupe__grab(PROMPT_MAX + 2);
    size_t size = fread(text, 1, PROMPT_MAX + 1, stdin);
    text[size] = '\0';
    return text;
}

static int
take_prompt(struct query *self)
{
    const char *prompt = self->arguments.prompt;
    if (strcmp(prompt, "-") == 0)
        self->prompt = read_input();
    if (self->prompt)
        prompt = self->prompt;
    if (strlen(prompt) > PROMPT_MAX)
        return troupe__usage_error("query", "the prompt is over 1 MiB");
    if (!*prompt || !troupe__is_text(prompt))
        return troupe__usage_error("query", "the prompt is %s",
                                   *prompt ? "not UTF-8" : "empty");
    self->options.prompt = prompt;
    return -1;
}

/* The last model is the judge, where there is one. */
static void
take_judge(struct query *self, size_t count)
{
    self->options.model_count = count - (self->arguments.judge ? 1 : 0);
    if (self->arguments.judge)
        self->options.judge = &self->models[count - 1];
}

/* A call that is served has nothing to do with the file. */
static int
take_file(struct query *self, const struct troupe__call *call)
{
    const struct troupe__query_arguments *arguments = &self->arguments;
    struct troupe__findings findings = {.path = arguments->file};
    int rc = troupe__model_file_read(&findings, &self->file), count = 0;
    if (rc == 0) {
        count = troupe__model_file_choose(
            &self->file, arguments->models, arguments->model_count,
            arguments->judge, self->options.budget.money > 0, &findings,
            &self->models);
    }
    troupe__findings_print(&findings, troupe__errors());
    bool wrong = findings.count > 0;
    troupe__findings_free(&findings);
    if (wrong)
        return call->served ? TROUPE__EXIT_FAILED : TROUPE__EXIT_USAGE;
    troupe__model_history(&self->file);
    self->options.models = self->models;
    take_judge(self, (size_t) count);
    return -1;
}

/* Several of one manner have names of their own. */
static void
name_mocks(struct query *self, size_t count)
{
    static const char *const known[MOCK_MODELS] = {"ada", "bert", "cora", "dan",
                                                   "eve"};
    const struct troupe__query_arguments *arguments = &self->arguments;
    self->names = troupe__grab(count * (TROUPE_NAME_MAX + 1));
    self->models = troupe__grab(count * sizeof *self->models);
    for (size_t i = 0; i < count; i++) {
        bool judges = arguments->judge && i == count - 1;
        const char *manner = judges                       ? arguments->judge
                             : arguments->model_count > 0 ? arguments->models[i]
                                                          : known[i];
        char *name = self->names + i * (TROUPE_NAME_MAX + 1);
        unsigned before = 0;
        for (size_t j = 0; j < i; j++)
            before += strcmp(self->models[j].model, manner) == 0;
        if (before > 0) {
            snprintf(name, TROUPE_NAME_MAX + 1, "%.48s #%u", manner,
                     before + 1);
        } else {
            snprintf(name, TROUPE_NAME_MAX + 1, "%.56s", manner);
        }
        troupe_query_model_t *model = &self->models[i];
        *model = troupe_query_model_default(name, self->url, manner);
        model->provider = "mock";
        model->origin = self->origin; /* its port is another each time */
        model->family = name;
        model->stream = i % 2 == 1;
    }
}

static int
take_mock(struct query *self)
{
    struct troupe__mock_options options = {.seed = self->arguments.seed};
    if (troupe__mock_start(&options, &self->mock) < 0) {
        fputs("troupe query: the mock cannot listen on 127.0.0.1\n",
              troupe__errors());
        return TROUPE__EXIT_FAILED;
    }
    snprintf(self->url, sizeof self->url, "http://127.0.0.1:%u/v1",
             (unsigned) troupe__mock_port(self->mock));
    snprintf(self->origin, sizeof self->origin, "mock of seed %llu",
             (unsigned long long) self->arguments.seed);
    size_t count = self->arguments.model_count > 0 ? self->arguments.model_count
                                                   : MOCK_MODELS;
    count += self->arguments.judge ? 1 : 0;
    name_mocks(self, count);
    self->options.models = self->models;
    take_judge(self, count);
    if (!self->arguments.json) {
        fputs("troupe query: these models are a mock: what they say is made "
              "up\n",
              stderr);
    }
    return -1;
}

static int
check_quorum(const struct query *self)
{
    if (self->options.quorum <= self->options.model_count)
        return -1;
    return troupe__usage_error("query",
                               "--quorum %u is more than the %zu models that "
                               "are asked",
                               self->options.quorum, self->options.model_count);
}

static int
exit_code(troupe_query_outcome_t outcome)
{
    switch (outcome) {
    case TROUPE_QUERY_COMPLETE:
        return TROUPE__EXIT_OK;
    case TROUPE_QUERY_DEGRADED:
        return TROUPE__EXIT_PARTIAL;
    case TROUPE_QUERY_BUDGET:
        return TROUPE__EXIT_BUDGET;
    case TROUPE_QUERY_DEADLINE:
        return TROUPE__EXIT_DEADLINE;
    case TROUPE_QUERY_NO_QUORUM:
        break;
    }
    return TROUPE__EXIT_QUORUM;
}

/* Who is killed names the run here, and `troupe runs list` does. */
static int
find_journal(struct query *self, int argc, char **argv)
{
    const struct troupe__query_arguments *arguments = &self->arguments;
    if (arguments->no_journal)
        return -1;
    int code =
        troupe__journal_find(arguments->resume, argc, argv, &self->journal);
    self->options.journal = self->journal.path;
    self->options.resume = self->journal.resume;
    return code == 0 ? -1 : code;
}

/* Print the result; its exit code. */
static int
show(const struct query *self, const troupe_query_t *result,
     struct troupe__call *call)
{
    troupe__call_result(call, self->arguments.json, troupe_query_text(result),
                        troupe_query_json(result));
    return exit_code(troupe_query_outcome(result));
}

/* On a terminal a line that is drawn over, else lines of JSON. */
static void
on_progress(void *context, size_t ended, size_t count)
{
    struct query *self = context;
    const struct troupe__call *call = self->call;
    char *what = troupe__format("%zu of %zu models are done", ended, count);
    if (call->served) {
        call->tell(call->data,
                   ASKED_SHARE
                       + (1 - ASKED_SHARE) * (double) ended / (double) count,
                   what);
    } else if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r\033[K%s", what);
        self->drawn = true;
    } else {
        troupe__print_line(json_pack("{s:s, s:I, s:I}", "event", "progress",
                                     "done", (json_int_t) ended, "of",
                                     (json_int_t) count));
    }
    free(what);
}

static int
run(struct query *self, struct troupe__call *call)
{
    troupe_query_t *result = NULL;
    struct troupe__trace trace = {.taker = TROUPE_NOBODY};
    int rc = troupe__call_node(call), code = -1;
    if (call->served)
        call->tell(call->data, ASKED_SHARE, "the models are asked");
    else if (rc == 0)
        code = troupe__trace_begin(&trace, &self->arguments.trace, "query",
                                   call->node);
    self->call = call;
    self->options.context = self;
    self->options.progress = self->arguments.quiet ? NULL : on_progress;
    if (rc == 0 && code < 0)
        rc = troupe_query_run(call->node, &self->options, &result);
    if (self->drawn)
        fputs("\r\033[K", stderr);
    if (rc < 0) {
        if (rc == -EIO && self->journal.path) {
            troupe__journal_complain(
                &self->journal,
                self->journal.resume ? "" : "; --no-journal does without");
        } else {
            fprintf(troupe__errors(), "troupe query: the query failed: %s\n",
                    troupe_strerror(rc));
        }
        code = TROUPE__EXIT_FAILED;
    } else if (code < 0) {
        code = show(self, result, call);
    }
    code = troupe__trace_end(&trace, code,
                             self->journal.path ? self->journal.id : NULL);
    troupe_query_destroy(&result);
    return code;
}

int
troupe__call_query(struct troupe__call *call, int argc, char **argv)
{
    struct query self = {.options = troupe_query_options_default()};
    troupe__call_parse_begin();
    int code =
        troupe__query_arguments(argc, argv, &self.arguments, &self.options);
    troupe__call_parse_end();
    if (code < 0)
        code = take_prompt(&self);
    if (code < 0)
        code = troupe__call_listen(call);
    self.options.interrupt_fd = call->interrupt_fd;
    if (code < 0)
        code = self.arguments.mock ? take_mock(&self) : take_file(&self, call);
    if (code < 0)
        code = check_quorum(&self);
    if (code < 0)
        code = find_journal(&self, argc, argv);
    if (code < 0) {
        code = run(&self, call);
        troupe__journal_end(&self.journal, code,
                            troupe__call_interrupted(call));
    }
    troupe__mock_stop(&self.mock);
    troupe__model_file_free(&self.file);
    free(self.models);
    free(self.names);
    free(self.prompt);
    troupe__query_arguments_free(&self.arguments);
    return code;
}

int
troupe__command_query(int argc, char **argv)
{
    return troupe__call_run("query", troupe__call_query, argc, argv);
}
