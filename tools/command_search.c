/* SPDX-License-Identifier: Apache-2.0 */
/* command_search.c: `troupe search`, the ranked passages for a query. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/call.h"
#include "tools/commands.h"

static const char help[] =
    "usage: troupe search [OPTION]... \"QUERY\" --corpus PATH [--corpus "
    "PATH]...\n"
    "\n"
    "Print the passages of the documents below PATH that answer QUERY, best\n"
    "first. The documents are indexed once, and again when they change.\n"
    "\n"
    "  --corpus PATH   a directory, or a file; may be given several times\n"
    "  --limit N       passages to print, 1 to 1000 (10)\n"
    "  --engine NAME   bm25, trigram, phrase, expand or anchor; may be given\n"
    "                  several times; without it all are asked, and their "
    "lists\n"
    "                  merged\n"
    "  --full          print whole passages, not only their beginning\n"
    "  --json          one object: query, engines, corpus, skipped, results\n"
    "  --cache DIR     where the index is kept ($XDG_CACHE_HOME/troupe, or\n"
    "                  ~/.cache/troupe)\n"
    "  --verbose       name every file that was skipped\n"
    "  --quiet         say nothing on standard error but errors\n"
    "  --help          this text\n"
    "\n"
    "Exit codes: 0 ok, also when nothing was found; 1 failed; 2 usage;\n"
    "3 an engine failed, the others answered.\n";

struct arguments {
    const char *query;
    const char *roots[TROUPE_ROOTS_MAX];
    size_t root_count;
    const char *cache;
    size_t limit;
    bool engines[TROUPE_ENGINE_COUNT];
    bool json;
    bool full;
    bool quiet;
    bool verbose;
};

/* What the engines gave; NULL for one that was not asked or failed. */
struct answers {
    troupe_passages_t *lists[TROUPE_ENGINE_COUNT];
    int codes[TROUPE_ENGINE_COUNT];
    troupe_passages_t *merged;
};

static int
take_option(int c, char *const *argv, struct arguments *ret)
{
    troupe_engine_t engine = TROUPE_ENGINE_COUNT;
    switch (c) {
    case 'c':
        if (ret->root_count == TROUPE_ROOTS_MAX)
            return troupe__usage_error("search", "more than %d times --corpus",
                                       TROUPE_ROOTS_MAX);
        ret->roots[ret->root_count++] = optarg;
        return troupe__check_path("search", "--corpus", optarg);
    case 'e':
        if (troupe_engine_find(optarg, &engine) < 0)
            return troupe__usage_error("search", "there is no engine '%s'",
                                       optarg);
        ret->engines[engine] = true;
        return -1;
    case 'l':
        if (!troupe__read_number(optarg, 1, 1000, &ret->limit))
            return troupe__usage_error("search",
                                       "--limit wants a number, 1 to 1000");
        return -1;
    case 'C':
        ret->cache = optarg;
        return troupe__check_path("search", "--cache", optarg);
    case 'j':
        ret->json = true;
        return -1;
    case 'f':
        ret->full = true;
        return -1;
    case 'q':
        ret->quiet = true;
        return -1;
    case 'v':
        ret->verbose = true;
        return -1;
    default:
        return troupe__option_error("search", c, argv);
    }
}

/* Returns an exit code when that is all, or -1 to go on. */
static int
parse(int argc, char **argv, struct arguments *ret)
{
    static const struct option options[] = {
        {"corpus", 1, NULL, 'c'}, {"limit", 1, NULL, 'l'},
        {"engine", 1, NULL, 'e'}, {"cache", 1, NULL, 'C'},
        {"json", 0, NULL, 'j'},   {"full", 0, NULL, 'f'},
        {"quiet", 0, NULL, 'q'},  {"verbose", 0, NULL, 'v'},
        {"help", 0, NULL, 'h'},   {NULL, 0, NULL, 0}};
    *ret = (struct arguments){.limit = 10};
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(help, stdout);
            return TROUPE__EXIT_OK;
        }
        int code = take_option(c, argv, ret);
        if (code >= 0)
            return code;
    }
    if (argc - optind != 1)
        return troupe__usage_error("search", "give one query, in quotes");
    if (ret->root_count == 0)
        return troupe__usage_error("search", "give a --corpus to search");
    ret->query = argv[optind];
    int code = troupe__check_query("search", "query", ret->query);
    if (code >= 0)
        return code;
    bool any = false;
    for (int i = 0; i < TROUPE_ENGINE_COUNT; i++)
        any = any || ret->engines[i];
    for (int i = 0; !any && i < TROUPE_ENGINE_COUNT; i++)
        ret->engines[i] = true;
    return -1;
}

static int
ask(const struct arguments *arguments, troupe_corpus_t *corpus,
    struct answers *ret)
{
    *ret = (struct answers){0};
    size_t asked = 0, failed = 0;
    for (int i = 0; i < TROUPE_ENGINE_COUNT; i++) {
        if (!arguments->engines[i])
            continue;
        asked++;
        size_t depth = arguments->limit < 25 ? 50 : arguments->limit * 2;
        ret->codes[i] =
            troupe_corpus_search(corpus, (troupe_engine_t) i, arguments->query,
                                 depth < 1000 ? depth : 1000, &ret->lists[i]);
        if (ret->codes[i] < 0) {
            failed++;
            fprintf(troupe__errors(), "troupe search: engine %s failed: %s\n",
                    troupe_engine_name((troupe_engine_t) i),
                    troupe_strerror(ret->codes[i]));
        }
    }
    troupe_fuse_options_t options = troupe_fuse_options_default();
    options.limit = arguments->limit;
    const troupe_passages_t *lists[TROUPE_ENGINE_COUNT];
    for (int i = 0; i < TROUPE_ENGINE_COUNT; i++)
        lists[i] = ret->lists[i];
    int rc = troupe_passages_fuse(lists, TROUPE_ENGINE_COUNT, &options,
                                  &ret->merged);
    if (rc < 0 || failed == asked)
        return TROUPE__EXIT_FAILED;
    return failed > 0 ? TROUPE__EXIT_PARTIAL : TROUPE__EXIT_OK;
}

/* The text on one line, cut between words when it is long. */
static void
print_text(FILE *out, const char *text, bool full)
{
    if (full) {
        fputs("\n    ", out);
        for (; *text; text++) {
            fputc(*text, out);
            if (*text == '\n')
                fputs("    ", out);
        }
        fputc('\n', out);
        return;
    }
    fputs("    ", out);
    size_t printed = 0;
    bool space = false;
    for (; *text; text++) {
        bool blank = *text == ' ' || *text == '\n' || *text == '\t';
        if (blank && printed > 280) {
            fputs(" ...", out);
            break;
        }
        if (!blank) {
            if (space && printed > 0)
                fputc(' ', out);
            fputc(*text, out);
            printed++;
        }
        space = blank;
    }
    fputc('\n', out);
}

static void
print_plain(FILE *out, const struct arguments *arguments,
            const struct answers *answers)
{
    size_t count = troupe_passages_count(answers->merged);
    if (count == 0 && !arguments->quiet && !arguments->json)
        fputs("troupe search: nothing was found\n", troupe__errors());
    for (size_t i = 0; i < count; i++) {
        const troupe_passage_t *p = troupe_passages_at(answers->merged, i);
        fprintf(out, "%u. %s\n", p->rank, p->title);
        if (p->heading[0])
            fprintf(out, "    %s\n", p->heading);
        print_text(out, p->text, arguments->full);
        fputs("    ", out);
        troupe__print_path(out, p->path);
        fprintf(out, ":%zu:%zu  score %.3f ", p->start, p->end, p->score);
        for (int e = 0; e < TROUPE_ENGINE_COUNT; e++)
            if (p->engines & (1U << e))
                fprintf(out, " %s", troupe_engine_name((troupe_engine_t) e));
        if (p->duplicates > 0)
            fprintf(out, " (and %u like it)", p->duplicates);
        fputc('\n', out);
    }
}

static json_t *
json_engines(const struct arguments *arguments, const struct answers *answers)
{
    json_t *array = json_array();
    for (int i = 0; i < TROUPE_ENGINE_COUNT; i++) {
        if (!arguments->engines[i])
            continue;
        json_t *engine = json_pack(
            "{s:s, s:I}", "name", troupe_engine_name((troupe_engine_t) i),
            "found", (json_int_t) troupe_passages_count(answers->lists[i]));
        if (answers->codes[i] < 0) {
            json_object_set_new(
                engine, "error",
                json_string(troupe_strerror(answers->codes[i])));
        }
        json_array_append_new(array, engine);
    }
    return array;
}

static json_t *
json_results(const struct answers *answers)
{
    json_t *array = json_array();
    for (size_t i = 0; i < troupe_passages_count(answers->merged); i++) {
        const troupe_passage_t *p = troupe_passages_at(answers->merged, i);
        json_t *engines = json_array();
        for (int e = 0; e < TROUPE_ENGINE_COUNT; e++) {
            if (p->engines & (1U << e))
                json_array_append_new(engines, json_string(troupe_engine_name(
                                                   (troupe_engine_t) e)));
        }
        json_array_append_new(
            array,
            json_pack("{s:I, s:f, s:s, s:s, s:s, s:I, s:I, s:s, s:o, s:I}",
                      "rank", (json_int_t) p->rank, "score", p->score, "path",
                      p->path, "title", p->title, "heading", p->heading,
                      "start", (json_int_t) p->start, "end",
                      (json_int_t) p->end, "text", p->text, "engines", engines,
                      "duplicates", (json_int_t) p->duplicates));
    }
    return array;
}

static char *
json_text(const struct arguments *arguments, const struct answers *answers,
          const troupe_corpus_stats_t *stats, json_t *skipped)
{
    json_t *object = json_pack(
        "{s:s, s:o, s:{s:I, s:I, s:I, s:I}, s:O, s:o}", "query",
        arguments->query, "engines", json_engines(arguments, answers), "corpus",
        "documents", (json_int_t) stats->documents, "passages",
        (json_int_t) stats->passages, "read", (json_int_t) stats->read,
        "removed", (json_int_t) stats->removed, "skipped", skipped, "results",
        json_results(answers));
    char *text = json_dumps(object, JSON_INDENT(2));
    json_decref(object);
    return text;
}

static void
tell_result(const struct arguments *arguments, const struct answers *answers,
            const troupe_corpus_stats_t *stats, json_t *skipped,
            struct troupe__call *call)
{
    char *plain = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&plain, &size);
    char *json = json_text(arguments, answers, stats, skipped);
    if (out)
        print_plain(out, arguments, answers);
    if (out && fclose(out) == 0 && json)
        troupe__call_result(call, arguments->json, plain, json);
    free(plain);
    free(json);
}

int
troupe__call_search(struct troupe__call *call, int argc, char **argv)
{
    struct arguments arguments;
    troupe__call_parse_begin();
    int code = parse(argc, argv, &arguments);
    troupe__call_parse_end();
    if (code >= 0)
        return code;
    struct troupe__indexing indexing = {.command = "search",
                                        .quiet = arguments.quiet,
                                        .verbose = arguments.verbose,
                                        .json = json_array()};
    troupe__call_index(call, &indexing);
    troupe_corpus_t *corpus = NULL;
    troupe_corpus_stats_t stats;
    code = troupe__open_corpus(&indexing, arguments.cache, arguments.roots,
                               arguments.root_count, &corpus, &stats);
    if (code == TROUPE__EXIT_OK) {
        struct answers answers;
        troupe__call_indexed(call);
        code = ask(&arguments, corpus, &answers);
        if (code != TROUPE__EXIT_FAILED)
            tell_result(&arguments, &answers, &stats, indexing.json, call);
        for (int i = 0; i < TROUPE_ENGINE_COUNT; i++)
            troupe_passages_destroy(&answers.lists[i]);
        troupe_passages_destroy(&answers.merged);
    }
    troupe_corpus_destroy(&corpus);
    json_decref(indexing.json);
    return code;
}

int
troupe__command_search(int argc, char **argv)
{
    return troupe__call_run("search", troupe__call_search, argc, argv);
}
