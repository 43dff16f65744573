/* SPDX-License-Identifier: Apache-2.0 */
/* b18_research: 10,000 documents are indexed; questions are answered from
 * them. */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <troupe_research.h>

#include "bench/common.h"
#include "bench/papers.h"

enum { DOCUMENTS = 10000 };

/* The documents and their index, beside this program: on a disk. */
struct library {
    char directory[PATH_MAX];
    char papers[PATH_MAX + 8];
    char cache[PATH_MAX + 8];
    const char *roots[1];
    size_t count;
};

static int
begin(struct library *self, bool quick)
{
    memset(self, 0, sizeof *self);
    self->count = quick ? DOCUMENTS / 10 : DOCUMENTS;
    ssize_t size = readlink("/proc/self/exe", self->directory, PATH_MAX - 32);
    char *slash = size > 0 ? strrchr(self->directory, '/') : NULL;
    if (!slash)
        return -ENOENT;
    memcpy(slash, "/b18-XXXXXX", sizeof "/b18-XXXXXX");
    if (!mkdtemp(self->directory))
        return -errno;
    snprintf(self->papers, sizeof self->papers, "%s/papers", self->directory);
    snprintf(self->cache, sizeof self->cache, "%s/cache", self->directory);
    self->roots[0] = self->papers;
    if (mkdir(self->papers, 0700) < 0)
        return -errno;
    return papers_write(self->papers, self->count);
}

static void
end(const struct library *self)
{
    if (self->directory[0])
        papers_remove(self->directory);
}

/* What the command does before each question. */
static int
update(const struct library *self, troupe_corpus_stats_t *ret_stats)
{
    troupe_corpus_t *corpus = NULL;
    troupe_corpus_options_t options = troupe_corpus_options_default();
    options.cache = self->cache;
    int rc = troupe_corpus_open(self->roots, 1, &options, &corpus);
    if (rc == 0)
        rc = troupe_corpus_update(corpus, ret_stats);
    troupe_corpus_destroy(&corpus);
    if (rc == 0 && ret_stats->documents != self->count)
        rc = -EPROTO;
    return rc;
}

static int
run_index(bool quick)
{
    struct library library;
    troupe_corpus_stats_t stats;
    int rc = begin(&library, quick);
    double began = bench_now();
    if (rc == 0)
        rc = update(&library, &stats);
    double seconds = bench_now() - began;
    if (rc == 0)
        bench_result(NULL, seconds, "s", (int64_t) library.count);
    end(&library);
    return rc;
}

/* A sentence of the answer speaks of it and has its figure. */
static bool
answers(const troupe_research_t *research, const struct paper_fact *fact)
{
    size_t index;
    json_t *sentence,
        *root = json_loads(troupe_research_json(research), 0, NULL);
    json_t *answer = json_object_get(root, "answer");
    bool found = false;
    json_array_foreach(json_object_get(answer, "sentences"), index, sentence)
    {
        const char *quote = json_string_value(
            json_object_get(json_object_get(sentence, "citation"), "quote"));
        found |=
            quote && strstr(quote, fact->name) && strstr(quote, fact->answer);
    }
    json_decref(root);
    return found;
}

/* As the command does it; ret_ms: from the look at the files to the report,
 * and of that the run alone. */
static int
research(const struct library *self, troupe_t *node,
         const struct paper_fact *fact, double ret_ms[2])
{
    troupe_corpus_stats_t stats;
    troupe_research_t *report = NULL;
    troupe_research_options_t options = troupe_research_options_default();
    options.question = fact->question;
    options.roots = self->roots;
    options.root_count = 1;
    options.cache = self->cache;
    double began = bench_now(), updated = began;
    int rc = update(self, &stats);
    if (rc == 0) {
        options.documents = stats.documents;
        options.passages = stats.passages;
        updated = bench_now();
        rc = troupe_research_run(node, &options, &report);
    }
    double ended = bench_now();
    ret_ms[0] = (ended - began) * 1e3;
    ret_ms[1] = (ended - updated) * 1e3;
    if (rc == 0
        && (troupe_research_outcome(report) != TROUPE_RESEARCH_COMPLETE
            || !answers(report, fact))) {
        fprintf(stderr, "no answer to '%s'\n", fact->question);
        rc = -EPROTO;
    }
    troupe_research_destroy(&report);
    return rc;
}

static int
compare(const void *one, const void *other)
{
    const double *a = one, *b = other;
    return (*a > *b) - (*a < *b);
}

static int
research_all(const struct library *self, troupe_t *node, bool quick)
{
    double whole[PAPERS_FACTS] = {0}, alone[PAPERS_FACTS] = {0}, ms[2];
    size_t count = quick ? PAPERS_FACTS / 10 : PAPERS_FACTS;
    for (size_t i = 0; i < count; i++) {
        struct paper_fact fact = paper_fact(i);
        int rc = research(self, node, &fact, ms);
        if (rc < 0)
            return rc;
        whole[i] = ms[0];
        alone[i] = ms[1];
    }
    qsort(whole, count, sizeof *whole, compare);
    qsort(alone, count, sizeof *alone, compare);
    bench_result(NULL, whole[count / 2], "ms", (int64_t) self->count);
    bench_result("research run", alone[count / 2], "ms", (int64_t) self->count);
    bench_result("research slowest", whole[count - 1], "ms",
                 (int64_t) self->count);
    return 0;
}

static int
run_research(bool quick)
{
    struct library library;
    troupe_corpus_stats_t stats;
    troupe_t *node = NULL;
    int rc = begin(&library, quick);
    if (rc == 0)
        rc = update(&library, &stats);
    if (rc == 0)
        rc = bench_node(0, &node);
    if (rc == 0)
        rc = research_all(&library, node, quick);
    troupe_destroy(&node);
    end(&library);
    return rc;
}

int
main(int argc, char **argv)
{
    static const struct bench_variant variants[] = {
        {"index", run_index}, {"research", run_research}, {NULL, NULL}};
    return bench_main(argc, argv, "B18", variants);
}
