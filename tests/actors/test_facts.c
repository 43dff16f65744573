/* SPDX-License-Identifier: Apache-2.0 */
/* test_facts.c: verdicts on documents whose facts are known. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "actors/findings.h"
#include "planted.h"

#ifdef TROUPE_SLOW_BUILD
#define SEEDS 4 /* the others differ in numbers only */
#else
#define SEEDS 20
#endif
#define CLAIMS 24

static const enum verdict expected[PLANTED_CASES] = {
    [PLANTED_AGREED] = VERDICT_SUPPORTED,
    [PLANTED_UNITS] = VERDICT_SUPPORTED,
    [PLANTED_ALONE] = VERDICT_UNVERIFIED,
    [PLANTED_COPIED] = VERDICT_UNVERIFIED,
    [PLANTED_DISPUTED] = VERDICT_CONTRADICTED,
    [PLANTED_DENIED] = VERDICT_CONTRADICTED,
    [PLANTED_STALE] = VERDICT_UNVERIFIED,
};

/* The bytes that a place names. */
static const char *
text_at(const troupe_passages_t *passages, const struct place *place,
        size_t *ret_size)
{
    const troupe_passage_t *passage =
        troupe_passages_at(passages, place->passage);
    cr_assert_not_null(passage);
    cr_assert(place->start >= passage->start && place->end <= passage->end);
    *ret_size = place->end - place->start;
    return passage->text + (place->start - passage->start);
}

static bool
says(const troupe_passages_t *passages, const struct place *place,
     const char *sentence)
{
    size_t size = 0;
    const char *text = text_at(passages, place, &size);
    return size == strlen(sentence) && memcmp(text, sentence, size) == 0;
}

static bool
any_says(const troupe_passages_t *passages, const struct places *places,
         const char *sentence)
{
    for (uint32_t i = 0; i < places->count; i++)
        if (says(passages, &places->items[i], sentence))
            return true;
    return false;
}

/* The claim that states the fact: its own sentence or one beside it. */
static const struct claim *
claim_of(const troupe_passages_t *passages, const struct facts *facts,
         const struct planted_fact *fact)
{
    for (uint32_t i = 0; i < facts->count; i++) {
        const struct claim *claim = &facts->claims[i];
        if (says(passages, &claim->place, fact->sentence)
            || any_says(passages, &claim->support, fact->sentence)
            || any_says(passages, &claim->against, fact->sentence))
            return claim;
    }
    return NULL;
}

/* No claim may be contradicted but those that were planted so. */
static void
check_contradictions(const struct planted *planted, const struct facts *facts)
{
    for (uint32_t i = 0; i < facts->count; i++) {
        const struct claim *claim = &facts->claims[i];
        bool planned = claim->verdict != VERDICT_CONTRADICTED;
        for (uint32_t j = 0; j < planted->fact_count && !planned; j++) {
            const struct planted_fact *fact = &planted->facts[j];
            planned = fact->against > 0
                      && (says(planted->passages, &claim->place, fact->sentence)
                          || any_says(planted->passages, &claim->against,
                                      fact->sentence));
        }
        cr_assert(planned, "a contradiction that was not planted: %s",
                  claim->reason);
    }
}

static void
check_fact(const struct planted *planted, const struct planted_fact *fact,
           uint64_t seed)
{
    struct facts facts =
        troupe__facts_make(fact->question, planted->passages, CLAIMS);
    const struct claim *claim = claim_of(planted->passages, &facts, fact);
    cr_assert_not_null(claim, "seed %lu: \"%s\" is no claim for \"%s\"",
                       (unsigned long) seed, fact->sentence, fact->question);
    cr_assert_eq(claim->verdict, expected[fact->how],
                 "seed %lu: \"%s\" is %s, not %s", (unsigned long) seed,
                 fact->sentence, troupe__verdict_word(claim->verdict),
                 troupe__verdict_word(expected[fact->how]));
    cr_assert_eq(claim->against.count, fact->against,
                 "seed %lu: \"%s\": %u against", (unsigned long) seed,
                 fact->sentence, claim->against.count);
    if (claim->verdict != VERDICT_CONTRADICTED)
        cr_assert_eq(claim->support.count, fact->support,
                     "seed %lu: \"%s\": %u support, not %u",
                     (unsigned long) seed, fact->sentence, claim->support.count,
                     fact->support);
    check_contradictions(planted, &facts);
    troupe__facts_clear(&facts);
}

/* Each label of each case must be exact, for every seed. */
Test(facts, verdicts_on_planted_facts_are_exact, .timeout = 60)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct planted planted;
        planted_new(seed, &planted);
        for (uint32_t i = 0; i < planted.fact_count; i++)
            check_fact(&planted, &planted.facts[i], seed);
        planted_free(&planted);
    }
}

Test(facts, no_documents_no_claims)
{
    troupe_passages_t *none = troupe_passages_new();
    struct facts facts = troupe__facts_make("What is a signal?", none, CLAIMS);
    cr_assert_eq(facts.count, 0);
    cr_assert_eq(facts.sources, 0);
    troupe__facts_clear(&facts);
    troupe_passages_destroy(&none);
}

static void
add(troupe_passages_t *passages, const char *path, const char *title,
    const char *text)
{
    troupe_passage_t passage = {
        .path = path, .title = title, .text = text, .end = strlen(text)};
    cr_assert_eq(troupe_passages_add(passages, &passage), 0);
}

/* Two manuals that speak of "the default" without saying whose. */
Test(facts, defaults_of_two_programs_do_not_contradict)
{
    troupe_passages_t *passages = troupe_passages_new();
    add(passages, "/man/fold.1", "fold(1)",
        "The default width of a line is 80 columns.");
    add(passages, "/man/fmt.1", "fmt(1)",
        "The default width of a line is 75 columns.");
    struct facts facts = troupe__facts_make(
        "What is the default width of a line?", passages, CLAIMS);
    cr_assert_gt(facts.count, 0);
    for (uint32_t i = 0; i < facts.count; i++)
        cr_assert_eq(facts.claims[i].verdict, VERDICT_UNVERIFIED);
    troupe__facts_clear(&facts);
    troupe_passages_destroy(&passages);
}

Test(facts, a_source_that_names_another_value_is_quoted_with_a_reason)
{
    troupe_passages_t *passages = troupe_passages_new();
    add(passages, "/a.txt", "A", "The capital of Zorvia is Keltan.");
    add(passages, "/b.txt", "B", "The capital of Zorvia is Bexdor.");
    struct facts facts =
        troupe__facts_make("What is the capital of Zorvia?", passages, CLAIMS);
    cr_assert_eq(facts.count, 1);
    cr_assert_eq(facts.claims[0].verdict, VERDICT_CONTRADICTED);
    cr_assert_str_eq(facts.claims[0].reason, "Keltan against Bexdor");
    troupe__facts_clear(&facts);
    troupe_passages_destroy(&passages);
}
