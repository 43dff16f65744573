/* SPDX-License-Identifier: Apache-2.0 */
/* synonyms.c: words that manuals use for one another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/question.h"
#include "actors/scratch.h"
#include "mailbox/check.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* The first group wins; its first word is what manuals prefer. */
static const char *const synonyms[][ASPECT_TERMS_MAX] = {
    {"remove", "delete", "erase", "unlink", "deletion", "removal"},
    {"print", "show", "display", "list", "view", "report", "output"},
    {"directory", "folder", "dir"},
    {"create", "make", "creation", "new"},
    {"copy", "duplicate"},
    {"rename", "move"},
    {"search", "find", "locate", "look"},
    {"exit", "quit", "terminate", "end", "termination"},
    {"change", "modify", "edit", "alter", "set", "modification"},
    {"run", "execute", "invoke", "launch", "start", "execution"},
    {"maximum", "max", "limit", "largest", "longest", "maximal", "exceed"},
    {"minimum", "min", "smallest", "least", "shortest"},
    {"recursive", "recursively", "subdirectory", "subtree", "hierarchy"},
    {"compress", "compression", "gzip", "zip"},
    {"extract", "unpack", "decompress", "uncompress", "extraction"},
    {"count", "number"},
    {"permission", "mode", "permissions"},
    {"error", "failure", "fail", "errno"},
    {"password", "passphrase"},
    {"configuration", "configure", "config", "setting", "conf"},
    {"ignore", "skip", "discard"},
    {"allow", "permit", "permitted", "allowed"},
    {"forbid", "prohibit", "disallow", "forbidden", "prohibited"},
    {"required", "mandatory", "require", "requirement"},
    {"reverse", "backwards", "inverse", "reversed"},
    {"computer", "machine", "host", "system"},
    {"catch", "caught", "handle", "handler", "handled"},
    {"concatenate", "join", "concatenation"},
    {"free", "available", "unused"},
    {"memory", "ram"},
    {"wait", "sleep", "delay", "pause"},
    {"equal", "identical", "same"},
    {"hidden", "dot"},
    {"choose", "select", "pick"},
    {"replace", "substitute", "substitution", "replacement"},
    {"convert", "translate", "transform", "conversion"},
    {"field", "column", "columns"},
    {"size", "larger", "bigger", "large", "big"},
    {"revert", "undo", "reset"},
    {"capacity", "fit", "hold", "holds"},
    {"stored", "located", "kept", "lives", "saved", "location"},
};

static const char *const *
group_of(struct vocabulary *vocabulary, uint32_t term)
{
    for (size_t i = 0; i < COUNT(synonyms); i++) {
        for (size_t j = 0; j < ASPECT_TERMS_MAX && synonyms[i][j]; j++) {
            if (troupe__vocabulary_term(vocabulary, synonyms[i][j],
                                        strlen(synonyms[i][j]))
                == term)
                return synonyms[i];
        }
    }
    return NULL;
}

void
troupe__synonyms_add(struct vocabulary *vocabulary, struct aspect *aspect)
{
    CHECK(aspect->count == 1);
    const char *const *group = group_of(vocabulary, aspect->terms[0]);
    for (size_t j = 0; group && j < ASPECT_TERMS_MAX && group[j]; j++) {
        uint32_t term =
            troupe__vocabulary_term(vocabulary, group[j], strlen(group[j]));
        if (term != aspect->terms[0] && aspect->count < ASPECT_TERMS_MAX)
            aspect->terms[aspect->count++] = term;
    }
}

void
troupe__expression_synonyms(struct troupe__text *expression,
                            const struct troupe__query *query)
{
    struct scratch *scratch = troupe__scratch_new();
    struct vocabulary *vocabulary = troupe__vocabulary_new(scratch);
    for (size_t i = 0; i < query->count; i++) {
        const struct troupe__term *word = &query->terms[i];
        if (word->kind != TROUPE__TERM_WORD)
            continue;
        uint32_t term =
            troupe__vocabulary_term(vocabulary, word->text, strlen(word->text));
        const char *const *group = group_of(vocabulary, term);
        for (size_t j = 0; group && j < ASPECT_TERMS_MAX && group[j]; j++) {
            if (troupe__vocabulary_term(vocabulary, group[j], strlen(group[j]))
                == term)
                continue;
            troupe__expression_or(expression);
            troupe__expression_phrase(expression, group[j]);
        }
    }
    troupe__vocabulary_destroy(&vocabulary);
    troupe__scratch_destroy(&scratch);
}

char *
troupe__question_reworded(const char *text)
{
    CHECK(text);
    struct scratch *scratch = troupe__scratch_new();
    struct vocabulary *vocabulary = troupe__vocabulary_new(scratch);
    struct question question = troupe__question_read(scratch, vocabulary, text);
    char *words = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&words, &size);
    CHECK(out);
    bool any = false;
    for (uint32_t i = 0; i < question.count; i++) {
        const struct aspect *aspect = &question.aspects[i];
        const char *const *group =
            aspect->identifier ? NULL : group_of(vocabulary, aspect->terms[0]);
        bool other =
            group
            && troupe__vocabulary_term(vocabulary, group[0], strlen(group[0]))
                   != aspect->terms[0];
        if (other)
            fprintf(out, " %s", group[0]);
        else
            fprintf(out, " %.*s", (int) aspect->size, aspect->word);
        any |= other;
    }
    CHECK(fclose(out) == 0);
    troupe__vocabulary_destroy(&vocabulary);
    troupe__scratch_destroy(&scratch);
    if (any)
        return words;
    free(words);
    return NULL;
}
