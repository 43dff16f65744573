/* SPDX-License-Identifier: Apache-2.0 */
/* query_arguments.c: reads the command line of `troupe query`. */
#include "tools/query_arguments.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/commands.h"
#include "tools/findings.h"

#define DEADLINE_MAX 86400000u /* ms: a day */
#define COUNT_MAX    1000000000

static const char help[] =
    "usage: troupe query \"PROMPT\" --models FILE [--model NAME[,NAME]...]...\n"
    "       troupe query \"PROMPT\" --mock [--model NAME[,NAME]...]...\n"
    "\n"
    "Ask several models the same at once, and say what they agree on, how\n"
    "far, and who differs. PROMPT may be - for standard input.\n"
    "\n"
    "  --models FILE      which models there are (actors/QUERY.md)\n"
    "  --model NAME,...   which of them are asked; without it all\n"
    "  --mock             ask a local mock instead: no network, no key, and\n"
    "                     no true answer; a NAME says how that one behaves,\n"
    "                     with \\, for a comma (troupe mock --help)\n"
    "\n"
    "What an answer is; without any of these it is free text:\n"
    "  --choice TEXT      one of several; give it for each\n"
    "  --type number      a number; --tolerance N or N% says what is equal\n"
    "                     (1%)\n"
    "  --field NAME       that field of a JSON object; a.b goes deeper\n"
    "  --type ranking     all that are given by --choice, best first\n"
    "\n"
    "  --judge NAME       a model that does not vote, but compares the two "
    "best\n"
    "                     texts, or answers that tie; it is asked twice, with\n"
    "                     their order swapped\n"
    "  --quorum N         usable answers without which there is no result;\n"
    "                     more than half of the models\n"
    "  --all              wait for all, also when the leader cannot lose\n"
    "  --deadline TIME    500ms, 2s, 1m (60s)\n"
    "  --attempts N       calls for one answer, with retries (3)\n"
    "  --budget-tokens N, --budget-money N, --budget-calls N\n"
    "                     no more than that, for all together\n"
    "  --resume RUN       go on with a run, by its id or 'last': what its\n"
    "                     journal has is not asked for again, and a budget\n"
    "                     is of all of it\n"
    "  --no-journal       leave nothing to be resumed\n"
    "  --seed N           of what the mock says (1)\n" TROUPE__PICTURE_HELP
        TROUPE__TRACE_HELP
    "  --json             the result as JSON (actors/QUERY.md)\n"
    "  --quiet            no progress\n"
    "  --help             this text\n"
    "\n"
    "Ctrl-C once: the result of what there is; twice: end.\n"
    "\n"
    "Exit codes: 0 ok; 1 failed; 2 usage; 3 some models failed, or the judge,\n"
    "or the best answers tie; 4 the budget is used up; 5 no quorum; 124 the\n"
    "deadline passed without one. But for 0 the first line says so.\n";

/* Cut the first name off a list; a comma within one is written "\\,". */
static char *
cut_name(char **rest)
{
    char *name = *rest, *from = name, *to = name;
    while (*from && *from != ',') {
        from += from[0] == '\\' && from[1] == ',';
        *to++ = *from++;
    }
    *rest = *from ? from + 1 : NULL;
    *to = '\0';
    return name;
}

static int
take_model(const char *name, struct troupe__query_arguments *ret)
{
    if (ret->model_count == TROUPE__QUERY_MODELS_MAX)
        return troupe__usage_error("query", "more than %d models",
                                   TROUPE__QUERY_MODELS_MAX);
    if (!*name || !troupe__is_text(name))
        return troupe__usage_error("query", "--model wants a name");
    if (*name == ' ') {
        return troupe__usage_error("query",
                                   "--model: no name begins with a space; a "
                                   "comma in a name is written \\,");
    }
    for (size_t i = 0; i < ret->model_count && !ret->mock; i++) {
        if (strcmp(ret->models[i], name) == 0)
            return troupe__usage_error("query", "model '%s' is given twice",
                                       name);
    }
    ret->models[ret->model_count++] = name;
    return -1;
}

/* Of a copy: the command line is written down as it was. */
static int
take_models(const char *list, struct troupe__query_arguments *ret)
{
    if (ret->list_count == TROUPE__QUERY_MODELS_MAX)
        return troupe__usage_error("query", "more than %d models",
                                   TROUPE__QUERY_MODELS_MAX);
    char *rest = troupe__copy(list, strlen(list));
    int code = -1;
    ret->lists[ret->list_count++] = rest;
    while (rest && code < 0)
        code = take_model(cut_name(&rest), ret);
    return code;
}

static int
take_choice(const char *text, struct troupe__query_arguments *ret)
{
    if (ret->choice_count == TROUPE__QUERY_CHOICES_MAX)
        return troupe__usage_error("query", "more than %d times --choice",
                                   TROUPE__QUERY_CHOICES_MAX);
    if (!*text || !troupe__is_text(text) || strpbrk(text, ";>\n"))
        return troupe__usage_error(
            "query", "--choice wants a text without ; and > on one line");
    for (size_t i = 0; i < ret->choice_count; i++) {
        if (strcasecmp(ret->choices[i], text) == 0)
            return troupe__usage_error("query", "choice '%s' is given twice",
                                       text);
    }
    ret->choices[ret->choice_count++] = text;
    return -1;
}

static int
take_type(const char *text, troupe_query_type_t *ret)
{
    for (unsigned i = 0; i < TROUPE_QUERY_TYPE_COUNT; i++) {
        if (strcmp(text, troupe_query_type_name((troupe_query_type_t) i))
            == 0) {
            *ret = (troupe_query_type_t) i;
            return -1;
        }
    }
    return troupe__usage_error("query", "--type wants text, choice, number, "
                                        "json or ranking");
}

/* A number from 0 on, and what stands behind it. */
static bool
read_real(const char *text, double *ret, const char **ret_rest)
{
    char *end = NULL;
    errno = 0;
    *ret = strtod(text, &end);
    *ret_rest = end;
    return errno == 0 && end != text && *ret >= 0 && isfinite(*ret)
           && text[0] != '-' && text[0] != '+';
}

static int
take_tolerance(const char *text, troupe_query_options_t *options)
{
    const char *rest = "";
    bool percent = false;
    bool good = read_real(text, &options->tolerance, &rest);
    percent = good && strcmp(rest, "%") == 0;
    if (!good || (*rest && !percent))
        return troupe__usage_error("query",
                                   "--tolerance wants N or N%%, from 0 on");
    options->absolute = !percent;
    if (percent)
        options->tolerance /= 100;
    return -1;
}

static int
take_money(const char *text, double *ret)
{
    const char *rest = "";
    if (read_real(text, ret, &rest) && !*rest && *ret > 0)
        return -1;
    return troupe__usage_error("query", "--budget-money wants a number over 0");
}

static int
take_count(const char *option, size_t max, size_t *ret)
{
    if (troupe__read_number(optarg, 1, max, ret))
        return -1;
    return troupe__usage_error("query", "%s wants a number, 1 to %zu", option,
                               max);
}

static int
take_limit(int c, troupe_query_options_t *options)
{
    size_t number = 0;
    int code = -1;
    if (c == 'T' || c == 'C') {
        code = take_count(c == 'T' ? "--budget-tokens" : "--budget-calls",
                          COUNT_MAX, &number);
        *(c == 'T' ? &options->budget.tokens : &options->budget.calls) = number;
    } else if (c == 'q') {
        code = take_count("--quorum", TROUPE__QUERY_MODELS_MAX, &number);
        options->quorum = (uint32_t) number;
    } else if (c == 'A') {
        code = take_count("--attempts", 100, &number);
        options->attempts = (uint32_t) number;
    } else if (!troupe__read_time(optarg, DEADLINE_MAX, &number)) {
        code = troupe__usage_error(
            "query", "--deadline wants a time such as 500ms, 2s or 1m");
    } else {
        options->deadline_ms = (uint32_t) number;
    }
    return code;
}

static int
take_option(int c, char *const *argv, struct troupe__query_arguments *ret,
            troupe_query_options_t *options)
{
    switch (c) {
    case 'F':
        ret->file = optarg;
        return troupe__check_path("query", "--models", optarg);
    case 'm':
        return take_models(optarg, ret);
    case 'J':
        ret->judge = optarg;
        return *optarg && troupe__is_text(optarg)
                   ? -1
                   : troupe__usage_error("query", "--judge wants a name");
    case 'M':
        ret->mock = true;
        return -1;
    case 'c':
        return take_choice(optarg, ret);
    case 't':
        ret->typed = true;
        return take_type(optarg, &options->type);
    case 'f':
        options->field = optarg;
        return *optarg && troupe__is_text(optarg)
                   ? -1
                   : troupe__usage_error("query", "--field wants a name");
    case 'o':
        ret->toleranced = true;
        return take_tolerance(optarg, options);
    case 'a':
        options->ask_all = true;
        return -1;
    case 'B':
        return take_money(optarg, &options->budget.money);
    case 's':
        if (troupe__read_number(optarg, 0, SIZE_MAX, &ret->seed))
            return -1;
        return troupe__usage_error("query", "--seed wants a number");
    case 'j':
        ret->json = true;
        return -1;
    case 'N':
        ret->no_journal = true;
        return -1;
    case 'Q':
        ret->quiet = true;
        return -1;
    case 'R':
        ret->resume = optarg;
        return *optarg ? -1
                       : troupe__usage_error("query", "--resume wants a run");
    case 'T':
    case 'C':
    case 'q':
    case 'A':
    case 'd':
        return take_limit(c, options);
    default:
        return troupe__option_error("query", c, argv);
    }
}

/* Which options go together. */
static int
check(struct troupe__query_arguments *self, troupe_query_options_t *options)
{
    bool listed = options->type == TROUPE_QUERY_RANKING
                  || options->type == TROUPE_QUERY_CHOICE;
    if (!self->typed && self->choice_count > 0) {
        options->type = TROUPE_QUERY_CHOICE;
        listed = true;
    } else if (!self->typed && options->field) {
        options->type = TROUPE_QUERY_JSON;
    }
    if (listed && self->choice_count < 2)
        return troupe__usage_error("query", "give two --choice at least");
    if (!listed && self->choice_count > 0)
        return troupe__usage_error(
            "query", "--choice goes with --type choice or ranking alone");
    if (self->toleranced && options->type != TROUPE_QUERY_NUMBER)
        return troupe__usage_error("query",
                                   "--tolerance goes with --type number alone");
    if ((options->type == TROUPE_QUERY_JSON) != (options->field != NULL))
        return troupe__usage_error("query",
                                   "--type json and --field go together");
    if (self->mock == (self->file != NULL)) {
        return troupe__usage_error(
            "query", "give --models FILE, or --mock to see how it works "
                     "without any");
    }
    if (self->no_journal && self->resume)
        return troupe__usage_error("query",
                                   "--resume needs the journal of the run");
    if (self->mock && options->budget.money > 0) {
        return troupe__usage_error("query",
                                   "the mock has no prices: --budget-tokens "
                                   "and --budget-calls work with it");
    }
    options->choices = self->choice_count > 0 ? self->choices : NULL;
    options->choice_count = self->choice_count;
    return -1;
}

int
troupe__query_arguments(int argc, char **argv,
                        struct troupe__query_arguments *ret,
                        troupe_query_options_t *options)
{
    static const struct option known[] = {
        {"models", 1, NULL, 'F'},        {"model", 1, NULL, 'm'},
        {"mock", 0, NULL, 'M'},          {"judge", 1, NULL, 'J'},
        {"choice", 1, NULL, 'c'},        {"type", 1, NULL, 't'},
        {"field", 1, NULL, 'f'},         {"tolerance", 1, NULL, 'o'},
        {"quorum", 1, NULL, 'q'},        {"all", 0, NULL, 'a'},
        {"deadline", 1, NULL, 'd'},      {"attempts", 1, NULL, 'A'},
        {"budget-tokens", 1, NULL, 'T'}, {"budget-money", 1, NULL, 'B'},
        {"budget-calls", 1, NULL, 'C'},  {"seed", 1, NULL, 's'},
        {"json", 0, NULL, 'j'},          {"resume", 1, NULL, 'R'},
        {"no-journal", 0, NULL, 'N'},    {"quiet", 0, NULL, 'Q'},
        {"help", 0, NULL, 'h'},          TROUPE__TRACE_OPTIONS,
        TROUPE__PICTURE_OPTIONS,         {NULL, 0, NULL, 0}};
    *ret = (struct troupe__query_arguments){.seed = 1};
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        ret->mock |= strcmp(argv[i], "--mock") == 0; /* before any --model */
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (c == 'h') {
            fputs(help, stdout);
            return TROUPE__EXIT_OK;
        }
        int code = troupe__trace_takes(c)
                       ? troupe__trace_take("query", c, &ret->trace)
                       : take_option(c, argv, ret, options);
        if (code >= 0)
            return code;
    }
    if (argc - optind != 1)
        return troupe__usage_error("query", "give one prompt, in quotes");
    ret->prompt = argv[optind];
    return check(ret, options);
}

void
troupe__query_arguments_free(struct troupe__query_arguments *self)
{
    for (size_t i = 0; i < self->list_count; i++)
        free(self->lists[i]);
    self->list_count = 0;
}
