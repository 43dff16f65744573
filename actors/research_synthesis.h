/* SPDX-License-Identifier: Apache-2.0 */
/* research_synthesis.h: what models are asked in a run, and what is believed
 * of their answers. */
#ifndef TROUPE_ACTORS_RESEARCH_SYNTHESIS_H
#define TROUPE_ACTORS_RESEARCH_SYNTHESIS_H

#include "actors/report.h"
#include "actors/research_plan.h"

#define SPANS_MAX 24 /* sentences that a writer may use */

/* The sentences of an answer and of claims, each once: what a writer is given;
 * their ids are 1 .. count. */
struct spans {
    struct place items[SPANS_MAX];
    uint32_t count;
};

struct spans troupe__spans_of(const struct troupe_report *report);

/* Prompts, to be freed. */
char *troupe__plan_prompt(const char *question);
char *troupe__write_prompt(const struct troupe_report *report,
                           const struct spans *spans);
char *troupe__check_prompt(const struct troupe_report *report);

/* Schemas of their answers, for servers that hold models to one. */
extern const char troupe__plan_schema[];
extern const char troupe__write_schema[];
extern const char troupe__check_schema[];

/* A facet and what is searched for; owned. */
struct facet_queries {
    enum facet_kind kinds[FACETS_MAX];
    char *texts[FACETS_MAX];
    uint32_t count;
};

/* troupe__plan_read: 0, or -EBADMSG: no JSON, or no facet that there is. */
int troupe__plan_read(const char *text, struct facet_queries *ret_queries);

/*
 * troupe__written_read: the sentences that a writer made of spans.
 *
 * One is rejected that names no span or an unknown one, has a number that its
 * spans have not, gives orders, or is too long. The spans that it does name, as
 * they are, stand in its place.
 *
 *   report   its `written` is set.
 *   returns  0, or -EBADMSG: no JSON of that form, or nothing in it
 */
int troupe__written_read(const char *text, const struct spans *spans,
                         struct troupe_report *report);

/* troupe__checked_read: a checker's verdicts; what it denies is replaced as
 * above. 0 or -EBADMSG: not one for each sentence. */
int troupe__checked_read(const char *text, struct troupe_report *report);

#endif
