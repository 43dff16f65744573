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
#define FACET_DEPTH    10  /* passages of a facet that are looked at */
#define FACET_PASSAGES 2   /* of them that are added */
#define FACET_SHARE    0.5 /* of their score, as others are about the question */

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

/* Nobody else's word is taken for who found it. */
static void
mark_finder(troupe_passages_t *list, uint32_t bit)
{
    for (size_t i = 0; i < troupe_passages_count(list); i++)
        troupe__passages_edit(list, i)->engines = bit;
}

/* The engines' lists for one question as one. */
static int
merge_query(const struct run *run, const struct targets *targets,
            uint32_t index, size_t limit, troupe_passages_t **ret_list)
{
    troupe_passages_t *const *lists = run->queries[index].lists;
    const troupe_passages_t *const *borrowed =
        (const troupe_passages_t *const *) lists;
    for (uint32_t i = 0; i < targets->count; i++) {
        if (!lists[i])
            continue;
        mark_finder(lists[i], run->report->parts[targets->index[i]].bit);
        separate(borrowed, i);
    }
    troupe_fuse_options_t options = troupe_fuse_options_default();
    options.limit = limit;
    options.per_document_max = PER_DOCUMENT;
    return troupe_passages_fuse(borrowed, targets->count, &options, ret_list);
}

static bool
has(const troupe_passages_t *list, const troupe_passage_t *passage)
{
    for (size_t i = 0; i < troupe_passages_count(list); i++) {
        const troupe_passage_t *it = troupe_passages_at(list, i);
        if (strcmp(it->path, passage->path) == 0
            && (it->start == passage->start
                || strcmp(it->text, passage->text) == 0))
            return true;
    }
    return false;
}

/* What a facet found and the question did not goes behind what that did; what
 * the engines quote of one page for two questions may be different texts in
 * one place: then it is left out. */
static void
add_facet(struct run *run, const struct query_run *query,
          const troupe_passages_t *found, troupe_passages_t *to)
{
    struct troupe_report *report = run->report;
    struct facet *facet = &report->facets[report->facet_count++];
    size_t before = troupe_passages_count(to);
    *facet = (struct facet){.name = troupe__facet_name(query->facet),
                            .searched = query->answered};
    for (size_t i = 0; i < troupe_passages_count(found); i++) {
        troupe_passage_t it = *troupe_passages_at(found, i);
        it.rank = 0;
        it.score *= FACET_SHARE;
        if (!has(to, &it) && troupe_passages_count(to) < before + FACET_PASSAGES
            && troupe__facet_covers(query->facet, report->question, it.text,
                                    it.end - it.start)
            && troupe_passages_add(to, &it) < 0)
            break;
    }
    for (size_t i = 0; i < troupe_passages_count(to); i++) {
        const troupe_passage_t *it = troupe_passages_at(to, i);
        facet->passages += troupe__facet_covers(query->facet, report->question,
                                                it->text, it->end - it->start);
    }
}

static int
merge(struct run *run, const struct targets *targets)
{
    troupe_passages_t *merged = NULL;
    for (uint32_t i = 0; i < targets->count; i++)
        run->report->parts[targets->index[i]].results =
            (uint32_t) troupe_passages_count(run->queries[0].lists[i]);
    int rc = merge_query(run, targets, 0, run->request.limit, &merged);
    for (uint32_t i = 1; i < run->query_count && rc == 0; i++) {
        troupe_passages_t *found = NULL;
        rc = merge_query(run, targets, i, FACET_DEPTH, &found);
        if (rc == 0)
            add_facet(run, &run->queries[i], found, merged);
        troupe_passages_destroy(&found);
    }
    clear_lists(run);
    if (rc < 0) {
        troupe_passages_destroy(&merged);
        return rc;
    }
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
        query->answered |= query->lists[i] != NULL;
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

static void
plan(struct run *run)
{
    const char *question = run->report->question;
    struct plan facets = troupe__plan_make(question, run->request.effort);
    run->queries[0].text = troupe__strdup(question);
    run->query_count = 1;
    for (uint32_t i = 0; i < run->planned.count; i++) {
        struct query_run *query = &run->queries[run->query_count++];
        query->facet = run->planned.kinds[i];
        query->text = troupe__strdup(run->planned.texts[i]);
    }
    for (uint32_t i = 0; i < facets.count && run->planned.count == 0; i++) {
        struct query_run *query = &run->queries[run->query_count++];
        query->facet = facets.items[i];
        query->text = troupe__facet_query(query->facet, question);
    }
}

int
troupe__run_search(troupe_context_t *ctx, struct run *run)
{
    struct targets targets = troupe__run_targets(run, PART_ENGINE);
    if (targets.count == 0)
        return -EINVAL;
    plan(run);
    int rc = 0;
    for (uint32_t i = 0; i < run->query_count && rc == 0; i++) {
        run->queries[i].run = run;
        rc = ask(ctx, &run->queries[i], &targets);
    }
    return rc;
}
