/* SPDX-License-Identifier: Apache-2.0 */
/*
 * summary.c: the sentences that answer a question.
 *
 * LexRank (Erkan & Radev 2004) with a jump towards the question (Otterbacher,
 * Erkan & Radev 2005) says which sentences are central; coverage of the
 * question and the form of an answer say which of them answer; maximal
 * marginal relevance (Carbonell & Goldstein 1998) keeps them different.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/findings.h"
#include "actors/material.h"
#include "actors/scratch.h"
#include "mailbox/check.h"

#define DAMPING        0.85 /* of the jump: Erkan & Radev's d */
#define THRESHOLD      0.1  /* a weaker similarity is no edge */
#define ROUNDS_MAX     40
#define SETTLED        1e-6
#define CANDIDATES_MAX 320  /* sentences; the graph is quadratic in them */
#define NOVELTY        0.3  /* share of redundancy in the choice */
#define SAME           0.85 /* more alike than this is said twice */
#define WEAK           0.55 /* of the best score: what is less is left out */

/* Shares of the score; they sum to 1. */
#define SHARE_OWN      0.30
#define SHARE_COVERAGE 0.15
#define SHARE_FIT      0.25
#define SHARE_RANK     0.18
#define SHARE_CENTRAL  0.12

#define LEAD_GAIN    1.1  /* of what opens a description */
#define NAMED_GAIN   1.15 /* of a page that is called so */
#define LONG_WORDS   35   /* a longer sentence hides its answer */
#define LONG_LOSS    0.88
#define DIRECT_FIT   0.5 /* of a sentence that answers directly */
#define DIRECT_OWN   0.4
#define DIRECT_ENTRY 0.25 /* of an option, whose command is in the title */
#define DIRECT_COVER 0.6

struct candidate {
    const struct sentence *sentence;
    double central; /* LexRank, 1 for the most central */
    double score;
    bool taken;
};

struct field {
    const struct material *material;
    struct candidate *items;
    uint32_t count;
};

static struct field
field_of(struct material *material)
{
    struct field field = {.material = material};
    for (uint32_t i = 0; i < material->sentence_count; i++) {
        const struct sentence *sentence = &material->sentences[i];
        if (!troupe__sentence_usable(sentence))
            continue;
        if (field.count == CANDIDATES_MAX)
            break; /* the passages come best first */
        field.items = troupe__scratch_room(material->scratch, field.items,
                                           field.count, sizeof *field.items);
        field.items[field.count++].sentence = sentence;
    }
    return field;
}

/* The graph, each row summing to 1; rows without an edge keep to themselves. */
static float *
graph_of(const struct field *field)
{
    uint32_t count = field->count;
    float *edges = troupe__scratch_alloc(
        field->material->scratch, (size_t) count * count * sizeof *edges);
    for (uint32_t i = 0; i < count; i++) {
        edges[(size_t) i * count + i] = 1;
        for (uint32_t j = i + 1; j < count; j++) {
            double similar =
                troupe__similarity(field->material, field->items[i].sentence,
                                   field->items[j].sentence);
            float edge = similar >= THRESHOLD ? (float) similar : 0;
            edges[(size_t) i * count + j] = edge;
            edges[(size_t) j * count + i] = edge;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        float sum = 0;
        for (uint32_t j = 0; j < count; j++)
            sum += edges[(size_t) i * count + j];
        for (uint32_t j = 0; j < count; j++)
            edges[(size_t) i * count + j] /= sum;
    }
    return edges;
}

/* One round of the power method; returns how much it moved. */
static double
walk_once(const struct field *field, const float *edges, const double *jump,
          const double *from, double *to)
{
    uint32_t count = field->count;
    for (uint32_t j = 0; j < count; j++)
        to[j] = (1 - DAMPING) * jump[j];
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < count; j++)
            to[j] += DAMPING * from[i] * (double) edges[(size_t) i * count + j];
    double moved = 0;
    for (uint32_t j = 0; j < count; j++)
        moved += fabs(to[j] - from[j]);
    return moved;
}

static void
find_central(struct field *field)
{
    uint32_t count = field->count;
    const float *edges = graph_of(field);
    struct scratch *scratch = field->material->scratch;
    double *jump = troupe__scratch_alloc(scratch, count * sizeof(double));
    double *from = troupe__scratch_alloc(scratch, count * sizeof(double));
    double *to = troupe__scratch_alloc(scratch, count * sizeof(double));
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        jump[i] = 0.01 + field->items[i].sentence->coverage;
        sum += jump[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        jump[i] /= sum;
        from[i] = 1.0 / count;
    }
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        double moved = walk_once(field, edges, jump, from, to);
        double *swap = from;
        from = to;
        to = swap;
        if (moved < SETTLED)
            break;
    }
    double most = 0;
    for (uint32_t i = 0; i < count; i++)
        most = fmax(most, from[i]);
    for (uint32_t i = 0; i < count; i++)
        field->items[i].central = from[i] / most;
}

/* How near its passage is to the best one, by the engines' fused score. */
static double
rank_of(const struct field *field, const struct sentence *sentence)
{
    const troupe_passages_t *passages = field->material->passages;
    double best = troupe_passages_at(passages, 0)->score;
    double here = troupe_passages_at(passages, sentence->passage)->score;
    return best > 0 && here > 0 ? here / best : 0;
}

static void
score_all(struct field *field)
{
    const struct question *question = &field->material->question;
    for (uint32_t i = 0; i < field->count; i++) {
        struct candidate *item = &field->items[i];
        const struct sentence *sentence = item->sentence;
        double fit = troupe__question_fit(question, sentence);
        item->score = SHARE_OWN * sentence->own
                      + SHARE_COVERAGE * sentence->coverage + SHARE_FIT * fit
                      + SHARE_RANK * rank_of(field, sentence)
                      + SHARE_CENTRAL * item->central;
        /* A form without the subject is a form of something else. */
        item->score *= 0.3 + 0.7 * sentence->coverage;
        item->score *= sentence->own > 0 ? 1 : 0.6;
        if (sentence->lead)
            item->score *= LEAD_GAIN;
        if (field->material->contexts[sentence->passage].named)
            item->score *= NAMED_GAIN;
        if (sentence->dangling)
            item->score *= 0.8;
        if (sentence->words.count > LONG_WORDS)
            item->score *= LONG_LOSS;
        item->score = fmin(1, item->score);
    }
}

static double
redundancy(const struct field *field, const struct sentence *sentence)
{
    double most = 0;
    for (uint32_t i = 0; i < field->count; i++) {
        if (field->items[i].taken)
            most = fmax(most, troupe__similarity(field->material, sentence,
                                                 field->items[i].sentence));
    }
    return most;
}

/* The best sentence that says something new; NULL when there is none. */
static struct candidate *
next_candidate(struct field *field, double least)
{
    struct candidate *best = NULL;
    double best_gain = 0;
    for (uint32_t i = 0; i < field->count; i++) {
        struct candidate *item = &field->items[i];
        if (item->taken || item->score < least)
            continue;
        double known = redundancy(field, item->sentence);
        if (known >= SAME)
            continue;
        double gain = (1 - NOVELTY) * item->score - NOVELTY * known * 0.5;
        if (!best || gain > best_gain) {
            best = item;
            best_gain = gain;
        }
    }
    return best;
}

static void
take(struct summary *summary, struct candidate *item)
{
    item->taken = true;
    summary->points[summary->count++] = (struct point){
        .place = {.passage = item->sentence->passage,
                  .start = item->sentence->start,
                  .end = item->sentence->end},
        .score = item->score,
    };
}

/* True when an answer, or what stands around it, has the aspect. */
static bool
is_answered(const struct field *field, const struct aspect *aspect)
{
    for (uint32_t i = 0; i < field->count; i++) {
        const struct context *context =
            &field->material->contexts[field->items[i].sentence->passage];
        if (field->items[i].taken
            && (troupe__aspect_in(aspect, context->title, context->title_count)
                    > 0
                || troupe__aspect_in(aspect, context->body, context->body_count)
                       > 0)) {
            return true;
        }
    }
    return false;
}

/* Words of the question that neither an answer nor its title has. */
static char *
missing_words(const struct field *field)
{
    const struct question *question = &field->material->question;
    char *missing = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&missing, &size);
    CHECK(out);
    for (uint32_t i = 0; i < question->count; i++) {
        const struct aspect *aspect = &question->aspects[i];
        if (!is_answered(field, aspect)) {
            fprintf(out, "%s%.*s", ftell(out) > 0 ? " " : "",
                    (int) aspect->size, aspect->word);
        }
    }
    CHECK(fclose(out) == 0);
    return missing;
}

static void
choose(struct field *field, struct summary *summary, uint32_t limit)
{
    struct candidate *item = next_candidate(field, 0);
    double least = item ? item->score * WEAK : 0;
    while (item && summary->count < limit) {
        const struct sentence *sentence = item->sentence;
        summary->coverage = fmax(summary->coverage, sentence->coverage);
        summary->direct |=
            troupe__question_fit(&field->material->question, sentence)
                >= DIRECT_FIT
            && sentence->own
                   >= (sentence->tag_size > 0 ? DIRECT_ENTRY : DIRECT_OWN)
            && sentence->coverage >= DIRECT_COVER;
        take(summary, item);
        item = next_candidate(field, least);
    }
}

struct summary
troupe__summary_make(const char *question, const troupe_passages_t *passages,
                     uint32_t limit)
{
    struct material *material = troupe__material_new(question, passages);
    struct summary summary = {
        .points = troupe__alloc((limit + 1) * sizeof *summary.points),
        .orders = material->orders,
        .kind =
            troupe__strdup(troupe__question_kind_name(material->question.kind)),
    };
    struct field field = field_of(material);
    if (field.count > 0) {
        find_central(&field);
        score_all(&field);
        choose(&field, &summary, limit);
    }
    summary.missing = missing_words(&field);
    troupe__material_destroy(&material);
    return summary;
}

void
troupe__summary_clear(struct summary *self)
{
    CHECK(self);
    free(self->points);
    free(self->kind);
    free(self->missing);
    *self = (struct summary){0};
}
