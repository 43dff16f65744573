/* SPDX-License-Identifier: Apache-2.0 */
/* research_plan.h: the sides of a question that are looked at, each alone. */
#ifndef TROUPE_ACTORS_RESEARCH_PLAN_H
#define TROUPE_ACTORS_RESEARCH_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FACETS_MAX 6

enum facet_kind {
    FACET_DEFINITION,
    FACET_MECHANISM,
    FACET_COMPARISON,
    FACET_LIMITS,
    FACET_FIGURES,
    FACET_HISTORY,
    FACET_KINDS
};

/* Facets that are looked at, in the order of their worth. */
struct plan {
    enum facet_kind items[FACETS_MAX];
    uint32_t count;
};

/*
 * troupe__plan_make: which facets a question is worth: none where it asks for
 * one fact, more the wider it is.
 *
 *   effort  a troupe_research_effort_t.
 */
struct plan troupe__plan_make(const char *question, uint64_t effort);

/* troupe__facet_name: "definition", "mechanism", ... */
const char *troupe__facet_name(enum facet_kind facet);

/* troupe__facet_query: what is searched for; to be freed. */
char *troupe__facet_query(enum facet_kind facet, const char *question);

/* troupe__facet_covers: true when a text speaks of that side of the question:
 * it has a word of the question, and one that such texts have. */
bool troupe__facet_covers(enum facet_kind facet, const char *question,
                          const char *text, size_t size);

#endif
