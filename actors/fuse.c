/* SPDX-License-Identifier: Apache-2.0 */
/* fuse.c: ranked lists merged into one by reciprocal rank fusion. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "actors/passage.h"
#include "actors/simhash.h"
#include "mailbox/check.h"

#define LISTS_MAX     32
#define LIMIT_MAX     1000
#define SHARED_MIN    0.75 /* part of the words in a row */
#define WORDS_TO_TELL 12   /* shorter texts are alike only when equal */

struct candidate {
    const troupe_passage_t *passage;
    double score;
    double of_document; /* what its document got, from its best in each list */
    size_t seen;        /* order of first sight */
    uint64_t hash;
    size_t words;
    struct troupe__shingles shingles;
    uint32_t engines;
    uint32_t duplicates;
};

struct pool {
    struct candidate *items;
    size_t count;
};

troupe_fuse_options_t
troupe_fuse_options_default(void)
{
    return (troupe_fuse_options_t){
        .k = 10, .per_document_max = 3, .duplicate_bits = 3, .limit = 20};
}

static bool
options_are_valid(const troupe_fuse_options_t *options, size_t count)
{
    if (!(options->k >= 0) || options->k > 1e6 || options->limit == 0
        || options->limit > LIMIT_MAX || options->duplicate_bits > 64
        || count > LISTS_MAX)
        return false;
    double sum = count == 0;
    for (size_t i = 0; i < count; i++) {
        double weight = options->weights ? options->weights[i] : 1;
        if (!(weight >= 0) || weight > 1e6)
            return false;
        sum += weight;
    }
    return sum > 0;
}

static bool
is_same(const troupe_passage_t *one, const troupe_passage_t *other)
{
    return one->start == other->start && one->end == other->end
           && strcmp(one->path, other->path) == 0;
}

static size_t
count_words(const char *s)
{
    size_t count = 0;
    for (; *s; s++)
        count += *s == ' ' && s[1] != ' ';
    return count + 1;
}

static void
pool_add(struct pool *self, const troupe_passage_t *passage, double score,
         bool compare)
{
    struct candidate *found = NULL;
    for (size_t i = 0; i < self->count && !found; i++)
        if (is_same(self->items[i].passage, passage))
            found = &self->items[i];
    if (!found) {
        found = &self->items[self->count];
        *found = (struct candidate){
            .passage = passage,
            .seen = self->count++,
            .duplicates = passage->duplicates,
            .words = count_words(passage->text),
            .hash = troupe_text_simhash(passage->text,
                                        passage->end - passage->start)};
        if (compare)
            troupe__shingles_make(passage->text, passage->end - passage->start,
                                  &found->shingles);
    }
    found->score += score;
    found->engines |= passage->engines;
}

/* Engines agree on a document more often than on its passage: half of the
 * score is that of the document, by its first passage in each list. */
static void
pool_add_document(struct pool *self, const char *path, double score)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp(self->items[i].passage->path, path) == 0)
            self->items[i].of_document += score;
}

static bool
is_first_of_document(const troupe_passages_t *list, size_t index)
{
    const char *path = troupe_passages_at(list, index)->path;
    for (size_t i = 0; i < index; i++)
        if (strcmp(troupe_passages_at(list, i)->path, path) == 0)
            return false;
    return true;
}

static int
compare_candidates(const void *one, const void *other)
{
    const struct candidate *a = one, *b = other;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->seen < b->seen ? -1 : a->seen > b->seen;
}

/* A fingerprint of few words says little: then the texts must be equal. */
/* The fingerprint tells texts that differ in a word or two; shingles also
 * those that were cut elsewhere. */
static bool
is_duplicate(const struct candidate *one, const struct candidate *other,
             uint32_t bits)
{
    const char *a = one->passage->text, *b = other->passage->text;
    if (strcmp(a, b) == 0)
        return true;
    if (one->words < WORDS_TO_TELL || other->words < WORDS_TO_TELL)
        return false;
    if ((uint32_t) __builtin_popcountll(one->hash ^ other->hash) <= bits)
        return true;
    return bits > 0
           && troupe__shingles_share(&one->shingles, &other->shingles,
                                     SHARED_MIN);
}

/* Takes from the sorted pool what is not a double of what was taken. */
static size_t
pick(struct pool *pool, const troupe_fuse_options_t *options)
{
    size_t taken = 0;
    for (size_t i = 0; i < pool->count; i++) {
        struct candidate one = pool->items[i];
        size_t of_document = 0;
        bool doubled = false;
        for (size_t j = 0; j < taken && !doubled; j++) {
            struct candidate *other = &pool->items[j];
            doubled = is_duplicate(&one, other, options->duplicate_bits);
            if (doubled)
                other->duplicates += 1 + one.duplicates;
            of_document += strcmp(other->passage->path, one.passage->path) == 0;
        }
        bool full = options->per_document_max > 0
                    && of_document >= options->per_document_max;
        if (!doubled && !full && taken < options->limit) {
            pool->items[i] = pool->items[taken]; /* nobody is lost */
            pool->items[taken++] = one;
        }
    }
    return taken;
}

/* What one list gives for a place, counted from 0; 1 for all first places. */
static double
share(const troupe_fuse_options_t *options, size_t list, double weights,
      size_t place)
{
    double weight = options->weights ? options->weights[list] : 1;
    return weight / weights * (options->k + 1)
           / (options->k + 1 + (double) place);
}

int
troupe_passages_fuse(const troupe_passages_t *const *lists, size_t count,
                     const troupe_fuse_options_t *options,
                     troupe_passages_t **ret_list)
{
    CHECK(lists || count == 0);
    CHECK(ret_list);
    troupe_fuse_options_t standard = troupe_fuse_options_default();
    if (!options)
        options = &standard;
    if (!options_are_valid(options, count))
        return -EINVAL;

    size_t total = 0;
    double weights = 0;
    for (size_t i = 0; i < count; i++) {
        total += troupe_passages_count(lists[i]);
        weights += options->weights ? options->weights[i] : 1;
    }
    struct pool pool = {.items =
                            troupe__alloc((total + 1) * sizeof *pool.items)};
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < troupe_passages_count(lists[i]); j++) {
            pool_add(&pool, troupe_passages_at(lists[i], j),
                     share(options, i, weights, j),
                     options->duplicate_bits > 0);
        }
    }
    for (size_t i = 0; i < count; i++) {
        size_t place = 0;
        for (size_t j = 0; j < troupe_passages_count(lists[i]); j++) {
            if (is_first_of_document(lists[i], j))
                pool_add_document(&pool, troupe_passages_at(lists[i], j)->path,
                                  share(options, i, weights, place++));
        }
    }
    for (size_t i = 0; i < pool.count; i++)
        pool.items[i].score =
            (pool.items[i].score + pool.items[i].of_document) / 2;
    qsort(pool.items, pool.count, sizeof *pool.items, compare_candidates);
    size_t taken = pick(&pool, options);

    troupe_passages_t *list = troupe_passages_new();
    for (size_t i = 0; i < taken; i++) {
        troupe_passage_t passage = *pool.items[i].passage;
        passage.score = pool.items[i].score;
        passage.rank = (uint32_t) i + 1;
        passage.engines = pool.items[i].engines;
        passage.duplicates = pool.items[i].duplicates;
        int rc = troupe_passages_add(list, &passage);
        CHECK(rc == 0);
    }
    for (size_t i = 0; i < pool.count; i++)
        troupe__shingles_free(&pool.items[i].shingles);
    free(pool.items);
    *ret_list = list;
    return 0;
}
