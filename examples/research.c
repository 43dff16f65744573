/* SPDX-License-Identifier: Apache-2.0 */
/*
 * research.c: a question answered from documents, with its sources; then the
 * same where engines fail: one of them, which the report says on its first
 * line, and all of them, after which it says nothing of the documents.
 *
 *   research                    of three small documents
 *   research DIR "QUESTION"     of yours
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <troupe.h>

#include "troupe_corpus.h"
#include "troupe_research.h"

static const char *const documents[][2] = {
    {"bees.md", "# Bees\n\nA hive has one queen. The queen lays all eggs of "
                "the hive, up to 2000 a day.\n"},
    {"hives.md", "# Keeping a hive\n\nThe temperature of a hive is 35 degrees. "
                 "A hive has one queen and thousands of workers.\n"},
    {"cows.md", "# Cows\n\nA cow eats grass. It gives milk.\n"},
};

static bool
put_document(const char *directory, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "we");
    if (!file)
        return false;
    bool good = fputs(text, file) >= 0;
    return fclose(file) == 0 && good;
}

static int
remove_one(const char *path, const struct stat *stat, int type, struct FTW *at)
{
    (void) stat, (void) type, (void) at;
    return remove(path);
}

/* Files that have not changed since are not read again. */
static int
index_documents(const troupe_research_options_t *research,
                troupe_corpus_stats_t *ret_stats)
{
    troupe_corpus_options_t options = troupe_corpus_options_default();
    troupe_corpus_t *corpus = NULL;
    options.cache = research->cache;
    int rc = troupe_corpus_open(research->roots, research->root_count, &options,
                                &corpus);
    if (rc == 0)
        rc = troupe_corpus_update(corpus, ret_stats);
    troupe_corpus_destroy(&corpus);
    return rc;
}

/* The whole report, or what it begins with: the answer. */
static int
ask(troupe_t *node, const troupe_research_options_t *options, bool whole,
    troupe_research_outcome_t *ret_outcome)
{
    troupe_research_t *research = NULL;
    int rc = troupe_research_run(node, options, &research);
    if (rc < 0)
        return rc;
    const char *text = troupe_research_markdown(research);
    const char *end = whole ? NULL : strstr(text, "\n## Key findings");
    size_t size = end ? (size_t) (end - text) : strlen(text);
    printf("%.*s\n", (int) size, text);
    *ret_outcome = troupe_research_outcome(research);
    troupe_research_destroy(&research);
    return 0;
}

static int
ask_with_faults(troupe_t *node, troupe_research_options_t options,
                troupe_research_outcome_t outcomes[2])
{
    troupe_research_fault_t faults[TROUPE_ENGINE_COUNT];
    for (int i = 0; i < TROUPE_ENGINE_COUNT; i++) {
        faults[i] = (troupe_research_fault_t){
            .name = troupe_engine_name((troupe_engine_t) i),
            .times = UINT32_MAX};
    }
    options.faults = faults;
    options.fault_count = 1;
    int rc = ask(node, &options, false, &outcomes[0]);
    options.fault_count = TROUPE_ENGINE_COUNT;
    return rc < 0 ? rc : ask(node, &options, false, &outcomes[1]);
}

static bool
run(troupe_t *node, const char *root, const char *question, const char *cache)
{
    troupe_research_outcome_t outcome = TROUPE_RESEARCH_NOTHING;
    troupe_research_outcome_t faulty[2] = {TROUPE_RESEARCH_NOTHING};
    troupe_corpus_stats_t stats = {.documents = 0};
    troupe_research_options_t options = troupe_research_options_default();
    options.question = question;
    options.roots = &root;
    options.root_count = 1;
    options.cache = cache;
    options.effort = TROUPE_RESEARCH_QUICK;
    int rc = index_documents(&options, &stats);
    options.documents = stats.documents;
    options.passages = stats.passages;
    options.skipped = stats.skipped;
    if (rc == 0)
        rc = ask(node, &options, true, &outcome);
    if (rc == 0)
        rc = ask_with_faults(node, options, faulty);
    if (rc < 0)
        fprintf(stderr, "research: %s\n", troupe_strerror(rc));
    return rc == 0 && outcome == TROUPE_RESEARCH_COMPLETE
           && faulty[0] == TROUPE_RESEARCH_DEGRADED
           && faulty[1] == TROUPE_RESEARCH_NOTHING;
}

int
main(int argc, char **argv)
{
    char scratch[] = "/tmp/troupe-research-XXXXXX", cache[64];
    troupe_t *node = NULL;
    if (!mkdtemp(scratch))
        return 1;
    bool good = true;
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
        good &= put_document(scratch, documents[i][0], documents[i][1]);
    snprintf(cache, sizeof cache, "%s/.index", scratch);
    good &= troupe_new(NULL, &node) == 0;
    if (good)
        good = run(node, argc > 2 ? argv[1] : scratch,
                   argc > 2 ? argv[2] : "How many queens has a hive?", cache);
    good &= troupe_destroy(&node) == 0;
    good &= nftw(scratch, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0;
    return good ? 0 : 1;
}
