/* SPDX-License-Identifier: Apache-2.0 */
/* compare.c: weighs two sentences of different documents against each other. */
#include "actors/compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mailbox/check.h"

#define COUNT(list)    (sizeof(list) / sizeof((list)[0]))
#define SAME_SUBJECT   0.55 /* shared weight of two sentences that agree */
#define SAME_WORDS     0.75 /* of a sentence and its denial */
#define SAME_ATTRIBUTE 0.6  /* of sentences with different values */
#define SAME_REMARKED  0.35 /* of the same with a remark to one of them */
#define WITHIN         0.95 /* of the weight of the shorter one */
#define SAME_VALUE     0.5  /* of the claim, when a telling value is shared */
#define CHANCE_MAX     13   /* smaller bare numbers are everywhere */
#define SHARED_MIN     2    /* terms; fewer are no common subject */

/* Words that turn a statement round. The pairs need no order. */
static const char *const opposites[][2] = {
    {"allowed", "forbidden"},    {"allowed", "prohibited"},
    {"allows", "forbids"},       {"permitted", "prohibited"},
    {"permits", "prohibits"},    {"enabled", "disabled"},
    {"enables", "disables"},     {"required", "optional"},
    {"mandatory", "optional"},   {"supported", "unsupported"},
    {"safe", "unsafe"},          {"synchronous", "asynchronous"},
    {"increases", "decreases"},  {"true", "false"},
    {"always", "never"},         {"before", "after"},
    {"defined", "undefined"},    {"succeeds", "fails"},
    {"valid", "invalid"},        {"accepts", "rejects"},
    {"blocking", "nonblocking"}, {"open", "closed"},
};

static double
weight_of(const struct material *material, const uint32_t *terms,
          uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += material->weights[terms[i]];
    return sum;
}

/* Shared weight over the weight of both: 1 for the same terms. */
static double
likeness(const struct material *material, const struct statement *one,
         const struct statement *other)
{
    double shared = 0;
    for (uint32_t i = 0; i < one->count; i++)
        if (troupe__terms_have(other->terms, other->count, one->terms[i]))
            shared += material->weights[one->terms[i]];
    double all = weight_of(material, one->terms, one->count)
                 + weight_of(material, other->terms, other->count) - shared;
    return all > 0 ? shared / all : 0;
}

/* Share of the claim's weight that the other sentence speaks of. */
static double
containment(const struct material *material, const struct statement *claim,
            const struct statement *other)
{
    double shared = 0;
    for (uint32_t i = 0; i < claim->count; i++)
        if (troupe__terms_have(other->terms, other->count, claim->terms[i]))
            shared += material->weights[claim->terms[i]];
    double all = weight_of(material, claim->terms, claim->count);
    return all > 0 ? shared / all : 0;
}

/* Every name of the one with fewer must be in the other, as any word. */
static bool
names_agree(const struct statement *one, const struct statement *other)
{
    const struct statement *few =
        one->name_count <= other->name_count ? one : other;
    const struct statement *many = few == one ? other : one;
    for (uint32_t i = 0; i < few->name_count; i++)
        if (!troupe__terms_have(many->terms, many->count, few->names[i]))
            return false;
    return true;
}

/*
 * A sentence that names nobody speaks of its document's subject, so both
 * documents must have the same.
 */
static bool
subject_is_named(const struct material *material, const struct statement *one,
                 const struct statement *other)
{
    const struct statement *both[] = {one, other};
    for (unsigned i = 0; i < 2; i++) {
        const struct statement *self = both[i];
        const struct statement *against = both[1 - i];
        if (self->sentence->kind == SENTENCE_PROSE && self->name_count > 0
            && troupe__terms_shared(self->names, self->name_count,
                                    against->terms, against->count)
                   > 0)
            continue;
        const struct context *context =
            &material->contexts[self->sentence->passage];
        const struct context *there =
            &material->contexts[against->sentence->passage];
        if (troupe__terms_shared(context->title, context->title_count,
                                 against->terms, against->count)
                == 0
            && troupe__terms_shared(context->title, context->title_count,
                                    there->title, there->title_count)
                   == 0)
            return false;
    }
    return true;
}

static unsigned
plain_values(const struct statement *self, const struct value **ret_last)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < self->values.count; i++) {
        if (self->values.items[i].qualifier)
            continue;
        *ret_last = &self->values.items[i];
        count += 1;
    }
    return count;
}

/* True when each qualifier of one is a qualifier of the other. */
static bool
same_qualifiers(const struct statement *one, const struct statement *other)
{
    for (uint32_t i = 0; i < one->values.count; i++) {
        if (!one->values.items[i].qualifier)
            continue;
        bool found = false;
        for (uint32_t j = 0; j < other->values.count; j++)
            found |= troupe__value_equal(&one->values.items[i],
                                         &other->values.items[j]);
        if (!found)
            return false;
    }
    return true;
}

/* True when each value of `one` is one of `other`'s too. */
static bool
values_within(const struct statement *one, const struct statement *other)
{
    for (uint32_t i = 0; i < one->values.count; i++) {
        bool found = one->values.items[i].qualifier;
        for (uint32_t j = 0; j < other->values.count; j++)
            found |= troupe__value_equal(&one->values.items[i],
                                         &other->values.items[j]);
        if (!found)
            return false;
    }
    return true;
}

/* A value that two sentences would hardly share by chance. */
static bool
shares_value(const struct statement *one, const struct statement *other)
{
    for (uint32_t i = 0; i < one->values.count; i++) {
        const struct value *value = &one->values.items[i];
        if (value->kind == VALUE_COUNT && value->amount < CHANCE_MAX)
            continue;
        for (uint32_t j = 0; j < other->values.count; j++)
            if (troupe__value_equal(value, &other->values.items[j]))
                return true;
    }
    return false;
}

static bool
has_word(const struct statement *self, const char *text)
{
    for (uint32_t i = 0; i < self->sentence->words.count; i++)
        if (troupe__word_is(&self->sentence->words.items[i], text))
            return true;
    return false;
}

/* One says "allowed" where the other says "forbidden". */
static bool
turned_round(const struct statement *one, const struct statement *other,
             char *reason)
{
    for (size_t i = 0; i < COUNT(opposites); i++) {
        const char *a = opposites[i][0];
        const char *b = opposites[i][1];
        bool here = has_word(one, a) && has_word(other, b);
        bool there = has_word(one, b) && has_word(other, a);
        if (here == there)
            continue;
        snprintf(reason, REASON_MAX, "\"%s\" against \"%s\"", here ? a : b,
                 here ? b : a);
        return true;
    }
    return false;
}

/* The text of a value with its unit, as it stands in the sentence. */
static int
value_text(const struct statement *self, const struct value *value,
           const char **ret_text)
{
    const struct word *first = &self->sentence->words.items[value->first];
    const struct word *last = &self->sentence->words.items[value->last];
    *ret_text = first->text;
    return (int) (last->text + last->size - first->text);
}

/* "The church of X" is not X: a word before "of" that only one has. */
static bool
speaks_of_part(const struct statement *self, const struct statement *other)
{
    const struct words *words = &self->sentence->words;
    for (uint32_t i = 0; i + 1 < words->count; i++) {
        if (troupe__word_is(&words->items[i + 1], "of")
            && troupe__terms_have(self->terms, self->count,
                                  words->items[i].term)
            && !troupe__terms_have(other->terms, other->count,
                                   words->items[i].term))
            return true;
    }
    return false;
}

/* Nearly the same words, or the same with a remark. */
static bool
same_attribute(const struct material *material, const struct statement *one,
               const struct statement *other)
{
    double alike = likeness(material, one, other);
    if (alike >= SAME_ATTRIBUTE)
        return true;
    bool within = containment(material, one, other) >= WITHIN
                  || containment(material, other, one) >= WITHIN;
    return within && alike >= SAME_REMARKED && !speaks_of_part(one, other)
           && !speaks_of_part(other, one);
}

static enum relation
compare_values(const struct material *material, const struct statement *claim,
               const struct statement *other, char *reason)
{
    const struct value *mine = NULL;
    const struct value *theirs = NULL;
    unsigned my_count = plain_values(claim, &mine);
    unsigned their_count = plain_values(other, &theirs);
    if (my_count == 0 || values_within(claim, other))
        return RELATION_SUPPORTS;
    if (my_count != 1 || their_count != 1 || mine->kind != theirs->kind)
        return RELATION_NONE;
    if (!same_qualifiers(claim, other) || !same_qualifiers(other, claim))
        return RELATION_NONE;
    if (!same_attribute(material, claim, other) || claim->conditional
        || other->conditional)
        return RELATION_NONE;
    const char *my_text = NULL;
    const char *their_text = NULL;
    int my_size = value_text(claim, mine, &my_text);
    int their_size = value_text(other, theirs, &their_text);
    snprintf(reason, REASON_MAX, "%.*s against %.*s", my_size, my_text,
             their_size, their_text);
    return RELATION_AGAINST;
}

/* "The capital of X is A" and "the capital of X is B": the last name. */
static const struct word *
named_value(const struct statement *self)
{
    const struct words *words = &self->sentence->words;
    uint32_t verb = UINT32_MAX;
    for (uint32_t i = 1; i + 1 < words->count && verb == UINT32_MAX; i++) {
        if (troupe__word_is(&words->items[i], "is")
            || troupe__word_is(&words->items[i], "was"))
            verb = i;
    }
    if (verb == UINT32_MAX)
        return NULL;
    const struct word *last = &words->items[words->count - 1];
    for (uint32_t i = verb + 1; i + 1 < words->count; i++)
        if (words->items[i].flags & (WORD_CAPITAL | WORD_IDENTIFIER))
            return NULL; /* more than one name: no single value */
    return last->flags & (WORD_CAPITAL | WORD_IDENTIFIER) ? last : NULL;
}

static enum relation
compare_names(const struct material *material, const struct statement *claim,
              const struct statement *other, char *reason)
{
    const struct word *mine = named_value(claim);
    const struct word *theirs = named_value(other);
    if (!mine || !theirs || mine->term == theirs->term)
        return RELATION_NONE;
    uint32_t others = 0;
    for (uint32_t i = 0; i < claim->count; i++) {
        bool shared =
            troupe__terms_have(other->terms, other->count, claim->terms[i]);
        others += claim->terms[i] != mine->term;
        if (!shared && claim->terms[i] != mine->term)
            return RELATION_NONE;
    }
    /* The same words but one: subject and attribute must both be there. */
    if (others < SHARED_MIN || claim->count != other->count
        || claim->negations != other->negations || claim->conditional
        || !subject_is_named(material, claim, other))
        return RELATION_NONE;
    snprintf(reason, REASON_MAX, "%.*s against %.*s", (int) mine->size,
             mine->text, (int) theirs->size, theirs->text);
    return RELATION_AGAINST;
}

/* One denies what the other says, or turns it round with an opposite. */
static enum relation
compare_senses(double alike, const struct statement *claim,
               const struct statement *other, char *reason)
{
    bool denied = (claim->negations + other->negations) % 2 == 1;
    bool turned = turned_round(claim, other, reason);
    if (denied == turned)
        return RELATION_SUPPORTS;
    if (alike < (turned ? SAME_SUBJECT : SAME_WORDS) || claim->conditional
        || other->conditional)
        return RELATION_NONE;
    if (denied)
        snprintf(reason, REASON_MAX, "one denies what the other says");
    return RELATION_AGAINST;
}

enum relation
troupe__statements_compare(const struct material *material,
                           const struct statement *claim,
                           const struct statement *other, char *reason)
{
    CHECK(material);
    CHECK(reason);
    if (troupe__terms_shared(claim->terms, claim->count, other->terms,
                             other->count)
        < SHARED_MIN)
        return RELATION_NONE;
    if (compare_names(material, claim, other, reason) == RELATION_AGAINST)
        return RELATION_AGAINST;
    if (!names_agree(claim, other) || !subject_is_named(material, claim, other))
        return RELATION_NONE;
    double alike = likeness(material, claim, other);
    double held = containment(material, claim, other);
    bool telling = shares_value(claim, other);
    if (alike < SAME_SUBJECT && held < (telling ? SAME_VALUE : SAME_WORDS))
        return RELATION_NONE;
    enum relation sense = compare_senses(alike, claim, other, reason);
    if (sense != RELATION_SUPPORTS)
        return sense;
    return compare_values(material, claim, other, reason);
}
