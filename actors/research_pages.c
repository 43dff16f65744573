/* SPDX-License-Identifier: Apache-2.0 */
/* research_pages.c: phase 2: the best pages of the web are read whole. */
#include <stdlib.h>
#include <string.h>

#include "actors/passage.h"
#include "actors/research_run.h"
#include "actors/web.h"
#include "mailbox/check.h"

#define READ_PERCENT 50 /* of the time left */
#define CURE         ", which --fetch-private allows"
#define EACH         4    /* passages of a page */
#define STEP         0.05 /* of the score that each of them has less */

static bool
has_url(const struct run *run, const char *url)
{
    for (uint32_t i = 0; i < run->urls.count; i++)
        if (strcmp(run->urls.items[i], url) == 0)
            return true;
    return false;
}

/* The first pages of the merged list, one each for the readers there are; who
 * has none has no part in the report. */
static void
choose_pages(struct run *run, struct targets *targets)
{
    struct troupe_report *report = run->report;
    size_t count = troupe_passages_count(report->passages);
    run->urls.items =
        troupe__alloc((targets->count + 1) * sizeof *run->urls.items);
    for (size_t i = 0; i < count && run->urls.count < targets->count; i++) {
        const char *path = troupe_passages_at(report->passages, i)->path;
        if (!troupe__web_is_page(path) || has_url(run, path))
            continue;
        struct part *part = &report->parts[targets->index[run->urls.count]];
        part->url = troupe__strdup(path);
        run->urls.items[run->urls.count++] = troupe__strdup(path);
    }
    report->part_count -= targets->count - run->urls.count; /* they are last */
    targets->count = run->urls.count;
}

/* Add the passages of a page where it was found, with less for each. */
static void
add_page(troupe_passages_t *to, const troupe_passages_t *page,
         const troupe_passage_t *found, uint32_t engines)
{
    for (size_t i = 0; i < troupe_passages_count(page); i++) {
        troupe_passage_t it = *troupe_passages_at(page, i);
        it.path = found->path;
        it.score = found->score * (1 - STEP * (double) i);
        it.engines = engines;
        it.duplicates = found->duplicates;
        it.rank = 0;
        int rc = troupe_passages_add(to, &it);
        CHECK(rc == 0);
    }
}

static uint32_t
finders_of(const troupe_passages_t *list, const char *path)
{
    uint32_t engines = 0;
    for (size_t i = 0; i < troupe_passages_count(list); i++)
        if (strcmp(troupe_passages_at(list, i)->path, path) == 0)
            engines |= troupe_passages_at(list, i)->engines;
    return engines;
}

/* A page that was read stands for what was quoted of it. */
static void
replace(struct run *run, troupe_passages_t *const *pages)
{
    const troupe_passages_t *old = run->report->passages;
    troupe_passages_t *list = troupe_passages_new();
    for (size_t i = 0; i < troupe_passages_count(old); i++) {
        troupe_passage_t it = *troupe_passages_at(old, i);
        uint32_t at = 0;
        while (at < run->urls.count
               && strcmp(run->urls.items[at], it.path) != 0)
            at += 1;
        bool read = at < run->urls.count && pages[at];
        if (read && finders_of(list, it.path) == 0)
            add_page(list, pages[at], &it, finders_of(old, it.path));
        it.rank = 0;
        if (!read && troupe_passages_add(list, &it) < 0)
            continue;
    }
    troupe__passages_sort(list, run->request.limit);
    troupe_passages_destroy(&run->report->passages);
    run->report->passages = list;
}

static int
on_pages(troupe_context_t *ctx, void *state, const troupe_gather_t *result)
{
    (void) state;
    struct run *run = result->data;
    struct targets targets = troupe__run_targets(run, PART_PAGE);
    troupe_passages_t *pages[TROUPE_RESEARCH_PAGES_MAX] = {NULL};
    run->gathering = NULL;
    CHECK(result->count == run->urls.count);
    for (uint32_t i = 0; i < run->urls.count; i++) {
        struct part *part = &run->report->parts[targets.index[i]];
        if (!troupe__run_note(run, part, &result->parts[i])) {
            if (strcmp(part->reason, TROUPE__PRIVATE_ADDRESS) == 0)
                troupe__part_reason(part, TROUPE__PRIVATE_ADDRESS CURE);
            continue;
        }
        if (troupe__passages_read(result->parts[i].reply, &pages[i]) < 0)
            troupe__part_bad(part);
        part->results = (uint32_t) troupe_passages_count(pages[i]);
    }
    replace(run, pages);
    for (uint32_t i = 0; i < run->urls.count; i++)
        troupe_passages_destroy(&pages[i]);
    return run->next(ctx, run);
}

int
troupe__run_read_pages(troupe_context_t *ctx, struct run *run)
{
    struct targets targets = troupe__run_targets(run, PART_PAGE);
    choose_pages(run, &targets);
    if (targets.count == 0)
        return run->next(ctx, run);
    troupe_gather_options_t options =
        troupe__run_gather(ctx, run, READ_PERCENT, on_pages, run);
    int rc = troupe_gather(ctx, targets.refs, targets.count, "read", &options,
                           &run->gathering, "{s:s, s:U, s:*}", "question",
                           run->report->question, "limit", (uint64_t) EACH,
                           "urls", troupe__texts_write, &run->urls);
    return rc < 0 ? troupe_fail(ctx, rc, "the pages cannot be read") : 0;
}
