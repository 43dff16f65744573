/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rank.c: the rank of a match, as FTS5's bm25() has it, with less work.
 *
 * bm25() wants three things. In how many rows each phrase occurs: it passes
 * over all of them once more for each statement; here that is kept, as one
 * question is a dozen statements with the same phrases. How often a row has
 * each phrase: the same here. How long a row is: it reads that from a table,
 * row by row; here only of rows that would be among the first ones if they were
 * as short as can be. A shorter row has a better rank, and each step of the
 * arithmetic keeps order when it rounds, so that no row is passed over that
 * bm25() would put there.
 */
#include "actors/rank.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "actors/text.h"
#include "mailbox/check.h"

#define COUNTS_MAX  512
#define COLUMNS_MAX 8
#define LIMIT_MAX   4096
#define K1          1.2
#define B           0.75

struct count {
    char *phrase; /* with its column, as it stands in an expression */
    int64_t rows;
};

struct troupe__rank_counts {
    struct count items[COUNTS_MAX];
    size_t count;
};

/* What a statement is about, made at its first row. */
struct ranking {
    double *best; /* a heap of the best scores so far, the least first */
    size_t best_count, best_max;
    double average;              /* tokens of a row */
    double columns[COLUMNS_MAX]; /* what a phrase in them counts */
    int phrases;
    struct {
        double weight; /* by how rare it is */
        double often;  /* in the row, by the columns */
    } of[];
};

struct troupe__rank_counts *
troupe__rank_counts_new(void)
{
    return troupe__alloc(sizeof(struct troupe__rank_counts));
}

void
troupe__rank_counts_clear(struct troupe__rank_counts *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->items[i].phrase);
    self->count = 0;
}

void
troupe__rank_counts_destroy(struct troupe__rank_counts **self_p)
{
    if (*self_p)
        troupe__rank_counts_clear(*self_p);
    free(*self_p);
    *self_p = NULL;
}

/* The next phrase of an expression, with the column that it must be in. */
static const char *
next_phrase(const char *at, size_t *ret_size)
{
    const char *begin = strchr(at, '"');
    if (!begin)
        return NULL;
    const char *end = begin + 1;
    while (*end && (*end != '"' || end[1] == '"'))
        end += *end == '"' ? 2 : 1;
    if (begin - at > 3 && memcmp(begin - 3, " : ", 3) == 0)
        for (begin -= 3; begin > at && begin[-1] != ' ';)
            begin--;
    *ret_size = (size_t) (end - begin) + (*end == '"');
    return begin;
}

/* How many phrases an expression has as it is written. */
static int
count_phrases(const char *expression)
{
    size_t size = 0;
    int count = 0;
    for (; (expression = next_phrase(expression, &size)); expression += size)
        count++;
    return count;
}

static int64_t *
find_count(struct troupe__rank_counts *self, const char *phrase, size_t size)
{
    for (size_t i = 0; i < self->count; i++) {
        struct count *it = &self->items[i];
        if (strncmp(it->phrase, phrase, size) == 0 && !it->phrase[size])
            return &it->rows;
    }
    return NULL;
}

static void
keep_count(struct troupe__rank_counts *self, const char *phrase, size_t size,
           int64_t rows)
{
    if (self->count == COUNTS_MAX)
        troupe__rank_counts_clear(self);
    struct count *it = &self->items[self->count++];
    it->phrase = troupe__alloc(size + 1);
    memcpy(it->phrase, phrase, size);
    it->rows = rows;
}

static int
count_row(const Fts5ExtensionApi *api, Fts5Context *fts, void *data)
{
    (void) api, (void) fts;
    *(int64_t *) data += 1;
    return SQLITE_OK;
}

/* `written`: the phrase and what follows it in the expression; NULL: unknown.
 */
static int
count_rows(const Fts5ExtensionApi *api, Fts5Context *fts, int index,
           const char *written, size_t size, int64_t *ret_rows)
{
    struct troupe__rank_counts *counts = api->xUserData(fts);
    const int64_t *known = written ? find_count(counts, written, size) : NULL;
    *ret_rows = known ? *known : 0;
    if (known)
        return SQLITE_OK;
    int code = api->xQueryPhrase(fts, index, ret_rows, count_row);
    if (code == SQLITE_OK && written)
        keep_count(counts, written, size, *ret_rows);
    return code;
}

static int
weigh_phrases(const Fts5ExtensionApi *api, Fts5Context *fts,
              const char *expression, struct ranking *ranking)
{
    sqlite3_int64 rows = 0, tokens = 0;
    int code = api->xRowCount(fts, &rows);
    if (code == SQLITE_OK)
        code = api->xColumnTotalSize(fts, -1, &tokens);
    ranking->average = (double) tokens / (double) rows;
    /* Phrases without a token may be left out: then which is which is open. */
    bool written = count_phrases(expression) == ranking->phrases;
    for (int i = 0; code == SQLITE_OK && i < ranking->phrases; i++) {
        size_t size = 0;
        int64_t with = 0;
        const char *phrase = written ? next_phrase(expression, &size) : NULL;
        expression = phrase ? phrase + size : expression;
        code = count_rows(api, fts, i, phrase, size, &with);
        double rare =
            log(((double) (rows - with) + 0.5) / ((double) with + 0.5));
        ranking->of[i].weight = rare <= 0 ? 1e-6 : rare;
    }
    return code;
}

static void
ranking_destroy(void *data)
{
    struct ranking *self = data;
    free(self->best);
    free(self);
}

static int
ranking_get(const Fts5ExtensionApi *api, Fts5Context *fts, int count,
            sqlite3_value **values, struct ranking **ret)
{
    *ret = api->xGetAuxdata(fts, 0);
    if (*ret)
        return SQLITE_OK;
    if (count < 2 || count > 2 + COLUMNS_MAX)
        return SQLITE_MISUSE;
    const char *expression = (const char *) sqlite3_value_text(values[0]);
    int64_t limit = sqlite3_value_int64(values[1]);
    if (!expression || limit < 1 || limit > LIMIT_MAX)
        return SQLITE_MISUSE;
    int phrases = api->xPhraseCount(fts);
    struct ranking *self =
        troupe__alloc(sizeof *self + (size_t) phrases * sizeof *self->of);
    self->phrases = phrases;
    self->best_max = (size_t) limit;
    self->best = troupe__alloc(self->best_max * sizeof *self->best);
    for (int i = 0; i < COLUMNS_MAX; i++)
        self->columns[i] =
            i + 2 < count ? sqlite3_value_double(values[i + 2]) : 1;
    int code = weigh_phrases(api, fts, expression, self);
    if (code != SQLITE_OK) {
        ranking_destroy(self);
        return code;
    }
    *ret = self;
    return api->xSetAuxdata(fts, self, ranking_destroy);
}

/* A heap: no entry is less than its parent. */
static void
best_add(struct ranking *self, double score)
{
    double *best = self->best;
    size_t at = 0;
    if (self->best_count < self->best_max) {
        for (at = self->best_count++; at > 0 && score < best[(at - 1) / 2];
             at = (at - 1) / 2)
            best[at] = best[(at - 1) / 2];
        best[at] = score;
        return;
    }
    if (score <= best[0])
        return;
    for (size_t next = 1; next < self->best_max; next = at * 2 + 1) {
        next += next + 1 < self->best_max && best[next + 1] < best[next];
        if (score <= best[next])
            break;
        best[at] = best[next];
        at = next;
    }
    best[at] = score;
}

static double
score_of(const struct ranking *self, double tokens)
{
    double score = 0;
    for (int i = 0; i < self->phrases; i++) {
        double often = self->of[i].often;
        score += self->of[i].weight
                 * ((often * (K1 + 1))
                    / (often + K1 * (1 - B + B * tokens / self->average)));
    }
    return score;
}

/* How often the row has each phrase. */
static int
look_at_row(const Fts5ExtensionApi *api, Fts5Context *fts, struct ranking *self)
{
    for (int i = 0; i < self->phrases; i++) {
        Fts5PhraseIter it;
        int column = 0, offset = 0;
        double often = 0;
        int code = api->xPhraseFirst(fts, i, &it, &column, &offset);
        for (; code == SQLITE_OK && column >= 0;
             api->xPhraseNext(fts, &it, &column, &offset)) {
            if (column >= COLUMNS_MAX)
                return SQLITE_CORRUPT_VTAB;
            often += self->columns[column];
        }
        if (code != SQLITE_OK)
            return code;
        self->of[i].often = often;
    }
    return SQLITE_OK;
}

static int
rank_row(const Fts5ExtensionApi *api, Fts5Context *fts, struct ranking *self,
         double *ret_score)
{
    int tokens = 0;
    int code = look_at_row(api, fts, self);
    *ret_score = 0;
    if (code != SQLITE_OK
        || (self->best_count == self->best_max
            && score_of(self, 0) < self->best[0]))
        return code;
    code = api->xColumnSize(fts, -1, &tokens);
    if (code != SQLITE_OK)
        return code;
    *ret_score = score_of(self, tokens);
    best_add(self, *ret_score);
    return code;
}

static void
rank(const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *context,
     int count, sqlite3_value **values)
{
    struct ranking *self = NULL;
    double score = 0;
    int code = ranking_get(api, fts, count, values, &self);
    if (code == SQLITE_OK)
        code = rank_row(api, fts, self, &score);
    if (code == SQLITE_OK)
        sqlite3_result_double(context, -1 * score);
    else
        sqlite3_result_error_code(context, code);
}

int
troupe__rank_register(sqlite3 *db, struct troupe__rank_counts *counts)
{
    CHECK(db && counts);
    fts5_api *fts = NULL;
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &row, NULL);
    if (code != SQLITE_OK)
        return code;
    sqlite3_bind_pointer(row, 1, &fts, "fts5_api_ptr", NULL);
    (void) sqlite3_step(row);
    code = sqlite3_finalize(row);
    if (code == SQLITE_OK && !fts)
        code = SQLITE_ERROR;
    return code == SQLITE_OK
               ? fts->xCreateFunction(fts, "troupe_rank", counts, rank, NULL)
               : code;
}
