/* SPDX-License-Identifier: Apache-2.0 */
/* research_plan.c: plans a search by the kind of the question. */
#include "actors/research_plan.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "troupe_research.h"

#include "actors/question.h"
#include "actors/scratch.h"
#include "actors/text.h"
#include "mailbox/check.h"

#define SUBJECT_MAX 6 /* words of a question that its facets are about */

/* What a facet adds to a search, and what its texts have one of. */
static const struct {
    const char *name;
    const char *words;
    const char *signs; /* with "|" around each; a space is the end of a word */
} facets[FACET_KINDS] = {
    [FACET_DEFINITION] = {"definition", "definition meaning overview",
                          "| is a | is an | is the | are the | means |"
                          " refers to | defined as | stands for | called |"},
    [FACET_MECHANISM] = {"mechanism", "works mechanism implementation",
                         "| works | by | uses | algorithm | mechanism |"
                         " internally | implemented | consists of | then |"},
    [FACET_COMPARISON] = {"comparison", "compared difference alternative",
                          "| compared | than | unlike | whereas | versus |"
                          " instead of | in contrast | differs | rather |"},
    [FACET_LIMITS] = {"limits", "limit maximum restrictions",
                      "| limit | limits | limited | maximum | cannot |"
                      " at most | restriction | only if | not supported |"
                      " bugs | caveat |"},
    [FACET_FIGURES] = {"figures", "number size rate", NULL},
    [FACET_HISTORY] = {"history", "history introduced version",
                       "| since | introduced | appeared | originally |"
                       " history | version | invented | founded | first |"},
};

const char *
troupe__facet_name(enum facet_kind facet)
{
    CHECK(facet < FACET_KINDS);
    return facets[facet].name;
}

struct plan
troupe__plan_make(const char *question, uint64_t effort)
{
    static const struct plan all = {{FACET_DEFINITION, FACET_MECHANISM,
                                     FACET_COMPARISON, FACET_LIMITS,
                                     FACET_FIGURES, FACET_HISTORY},
                                    6};
    static const struct plan differing = {
        {FACET_COMPARISON, FACET_DEFINITION, FACET_LIMITS, FACET_FIGURES}, 4};
    static const struct plan explaining = {
        {FACET_DEFINITION, FACET_MECHANISM, FACET_LIMITS}, 3};
    static const struct plan nothing = {{0}, 0};
    if (effort == TROUPE_RESEARCH_QUICK)
        return nothing;
    if (effort == TROUPE_RESEARCH_THOROUGH)
        return all;
    struct scratch *scratch = troupe__scratch_new();
    struct vocabulary *vocabulary = troupe__vocabulary_new(scratch);
    enum question_kind kind =
        troupe__question_read(scratch, vocabulary, question).kind;
    troupe__vocabulary_destroy(&vocabulary);
    troupe__scratch_destroy(&scratch);
    switch (kind) {
    case QUESTION_TOPIC:
        return all;
    case QUESTION_DIFFERENCE:
        return differing;
    case QUESTION_WHAT:
    case QUESTION_HOW:
    case QUESTION_WHY:
        return explaining;
    case QUESTION_WHEN:
    case QUESTION_WHERE:
    case QUESTION_WHO:
    case QUESTION_WHICH:
    case QUESTION_AMOUNT:
    case QUESTION_YES_NO:
    case QUESTION_KINDS:
        break;
    }
    return nothing; /* one fact is asked for */
}

char *
troupe__facet_query(enum facet_kind facet, const char *question)
{
    CHECK(facet < FACET_KINDS);
    struct scratch *scratch = troupe__scratch_new();
    struct vocabulary *vocabulary = troupe__vocabulary_new(scratch);
    struct question read = troupe__question_read(scratch, vocabulary, question);
    struct troupe__text text = {0};
    for (uint32_t i = 0; i < read.count && i < SUBJECT_MAX; i++) {
        troupe__text_put(&text, read.aspects[i].word, read.aspects[i].size);
        troupe__text_putc(&text, ' ');
    }
    if (text.size == 0)
        troupe__text_printf(&text, "%s ", question);
    troupe__text_puts(&text, facets[facet].words);
    troupe__vocabulary_destroy(&vocabulary);
    troupe__scratch_destroy(&scratch);
    return text.data;
}

static bool
has_figure(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (isdigit((unsigned char) text[i]))
            return true;
    return false;
}

/* The text with single spaces, and one at each end. */
static void
flatten(const char *text, size_t size, struct troupe__text *to)
{
    troupe__text_putc(to, ' ');
    for (size_t i = 0; i < size; i++) {
        bool part = isalnum((unsigned char) text[i]) || text[i] & 0x80;
        if (part || to->data[to->size - 1] != ' ')
            troupe__text_putc(to, part ? text[i] : ' ');
    }
    troupe__text_putc(to, ' ');
}

static bool
has_sign(const char *signs, const char *text, size_t size)
{
    struct troupe__text flat = {0};
    bool found = false;
    flatten(text, size, &flat);
    for (const char *at = signs + 1; *at && !found;
         at += strcspn(at, "|") + 1) {
        char sign[32];
        size_t length = strcspn(at, "|");
        CHECK(length < sizeof sign);
        memcpy(sign, at, length);
        sign[length] = '\0';
        found = strcasestr(flat.data, sign) != NULL;
    }
    troupe__text_free(&flat);
    return found;
}

static bool
has_subject(const char *question, const char *text, size_t size)
{
    struct scratch *scratch = troupe__scratch_new();
    struct vocabulary *vocabulary = troupe__vocabulary_new(scratch);
    struct question read = troupe__question_read(scratch, vocabulary, question);
    struct words words = troupe__words_cut(vocabulary, text, size);
    uint32_t count = 0;
    uint32_t *terms = troupe__words_terms(scratch, &words, &count);
    bool found = read.count == 0;
    for (uint32_t i = 0; i < read.count && !found; i++)
        found = troupe__aspect_in(&read.aspects[i], terms, count) > 0;
    troupe__vocabulary_destroy(&vocabulary);
    troupe__scratch_destroy(&scratch);
    return found;
}

bool
troupe__facet_covers(enum facet_kind facet, const char *question,
                     const char *text, size_t size)
{
    CHECK(facet < FACET_KINDS);
    bool sign = facets[facet].signs ? has_sign(facets[facet].signs, text, size)
                                    : has_figure(text, size);
    return sign && has_subject(question, text, size);
}
