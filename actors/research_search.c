/* SPDX-License-Identifier: Apache-2.0 */
/* research_search.c: phase 1: all engines are asked, and their lists merged. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actors/passage.h"
#include "actors/research_run.h"
#include "actors/web.h"
#include "mailbox/check.h"

#define SEARCH_DEPTH   50 /* passages that each engine is asked for */
#define PER_DOCUMENT   4
#define SEARCH_PERCENT 60  /* of the time left */
#define FURTHER_WEIGHT 0.5 /* of a question that is not the one asked */

static void
clear_lists(struct run *run)
{
    for (uint32_t i = 0; i < run->query_count; i++)
        for (uint32_t j = 0; j < ENGINES_MAX; j++)
            troupe_passages_destroy(&run->queries[i].lists[j]);
}

/* An earlier list's passages of a document: how far its text goes so far, and
 * where in it a passage of the same words begins. */
static bool
find_same(const troupe_passages_t *const *lists, size_t count,
          const troupe_passage_t *passage, size_t *ret_start, size_t *ret_end)
{
    bool found = false;
    *ret_end = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < troupe_passages_count(lists[i]); j++) {
            const troupe_passage_t *it = troupe_passages_at(lists[i], j);
            if (strcmp(it->path, passage->path) != 0)
                continue;
            *ret_end = it->end > *ret_end ? it->end : *ret_end;
            if (!found && strcmp(it->text, passage->text) == 0) {
                *ret_start = it->start;
                found = true;
            }
        }
    }
    return found;
}

/* What engines quote of a page are texts of their own: each gets its place
 * behind those before it, so that no two places of a page are confused. */
static void
separate(const troupe_passages_t *const *lists, size_t index)
{
    troupe_passages_t *list = (troupe_passages_t *) (uintptr_t) lists[index];
    for (size_t i = 0; i < troupe_passages_count(list); i++) {
        troupe_passage_t *it = troupe__passages_edit(list, i);
        size_t start = it->start, end = 0, size = it->end - it->start;
        if (!troupe__web_is_page(it->path))
            continue;
        if (!find_same(lists, index, it, &start, &end) && end > 0)
            start = end + 1 + it->start;
        it->start = start;
        it->end = start + size;
    }
}

/* The lists of one engine, for all questions, as one. */
static int
merge_engine(struct run *run, uint32_t engine, troupe_passages_t **ret_list)
{
    const troupe_passages_t *lists[QUERIES_MAX];
    double weights[QUERIES_MAX];
    for (uint32_t i = 0; i < run->query_count; i++) {
        lists[i] = run->queries[i].lists[engine];
        weights[i] = i == 0 ? 1 : FURTHER_WEIGHT;
    }
    if (run->query_count == 1) {
        *ret_list = run->queries[0].lists[engine];
        run->queries[0].lists[engine] = NULL;
        return 0;
    }
    troupe_fuse_options_t options = troupe_fuse_options_default();
    options.weights = weights;
    options.per_document_max = 0;
    options.limit = SEARCH_DEPTH;
    return troupe_passages_fuse(lists, run->query_count, &options, ret_list);
}

/* Nobody else's word is taken for who found it. */
static void
mark_finder(troupe_passages_t *list, uint32_t bit)
{
    for (size_t i = 0; i < troupe_passages_count(list); i++)
        troupe__passages_edit(list, i)->engines = bit;
}

static int
merge(struct run *run, const struct targets *targets)
{
    troupe_passages_t *lists[ENGINES_MAX] = {NULL}, *merged = NULL;
    const troupe_passages_t *const *borrowed =
        (const troupe_passages_t *const *) lists;
    int rc = 0;
    for (uint32_t i = 0; i < targets->count && rc == 0; i++) {
        struct part *part = &run->report->parts[targets->index[i]];
        rc = merge_engine(run, i, &lists[i]);
        if (rc < 0 || !lists[i])
            continue;
        part->results = (uint32_t) troupe_passages_count(lists[i]);
        mark_finder(lists[i], part->bit);
        separate(borrowed, i);
    }
    troupe_fuse_options_t options = troupe_fuse_options_default();
    options.limit = run->request.limit;
    options.per_document_max = PER_DOCUMENT;
    if (rc == 0)
        rc = troupe_passages_fuse(borrowed, targets->count, &options, &merged);
    for (uint32_t i = 0; i < targets->count; i++)
        troupe_passages_destroy(&lists[i]);
    clear_lists(run);
    if (rc < 0)
        return rc;
    troupe_passages_destroy(&run->report->passages);
    run->report->passages = merged;
    return 0;
}

static int
on_passages(troupe_context_t *ctx, void *state, const troupe_gather_t *result)
{
    (void) state;
    struct query_run *query = result->data;
    struct run *run = query->run;
    struct targets targets = troupe__run_targets(run, PART_ENGINE);
    CHECK(result->count == targets.count && run->querying > 0);
    query->gathering = NULL;
    for (uint32_t i = 0; i < targets.count; i++) {
        struct part *part = &run->report->parts[targets.index[i]];
        const troupe_gather_part_t *from = &result->parts[i];
        if (troupe__run_note(run, part, from)
            && troupe__passages_read(from->reply, &query->lists[i]) < 0)
            troupe__part_bad(part);
    }
    run->querying -= 1;
    if (run->querying > 0)
        return 0;
    int rc = merge(run, &targets);
    if (rc < 0)
        return troupe_fail(ctx, rc, "the passages cannot be merged");
    return run->next(ctx, run);
}

static int
ask(troupe_context_t *ctx, struct query_run *query,
    const struct targets *targets)
{
    troupe_gather_options_t options =
        troupe__run_gather(ctx, query->run, SEARCH_PERCENT, on_passages, query);
    int rc =
        troupe_gather(ctx, targets->refs, targets->count, "search", &options,
                      &query->gathering, "{s:s, s:U}", "question", query->text,
                      "limit", (uint64_t) SEARCH_DEPTH);
    query->run->querying += rc == 0;
    return rc;
}

int
troupe__run_search(troupe_context_t *ctx, struct run *run)
{
    struct targets targets = troupe__run_targets(run, PART_ENGINE);
    if (targets.count == 0)
        return -EINVAL;
    run->queries[0].text = troupe__strdup(run->report->question);
    run->query_count = 1;
    int rc = 0;
    for (uint32_t i = 0; i < run->query_count && rc == 0; i++) {
        run->queries[i].run = run;
        rc = ask(ctx, &run->queries[i], &targets);
    }
    return rc;
}
