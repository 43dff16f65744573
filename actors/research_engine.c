/* SPDX-License-Identifier: Apache-2.0 */
/* research_engine.c: the actor that searches a corpus with one engine. */
#include <errno.h>
#include <stdlib.h>

#include "troupe_ask.h"
#include "troupe_corpus.h"
#include "troupe_research.h"
#include "troupe_trace.h"

#include "actors/codec.h"
#include "actors/question.h"
#include "actors/research.h"
#include "mailbox/check.h"

#define REWORDED_WEIGHT 0.6 /* of a search with synonyms */

struct search_engine {
    troupe_engine_t engine;
    uint64_t fail; /* first incarnations that fail */
    char *cache;
    struct texts roots;
    troupe_corpus_t *corpus; /* NULL until the first question */
};

int
troupe__fail_on_request(troupe_context_t *ctx, uint64_t fail)
{
    if (troupe_incarnation(ctx) > fail)
        return 0;
    return troupe_fail(ctx, -EIO, "told to fail");
}

static int
engine_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct search_engine *self = state;
    const char *name = NULL;
    const char *cache = NULL;
    int rc = troupe_unpack(msg, "{s:s, s:s, s:U}", "engine", &name, "cache",
                           &cache, "fail", &self->fail);
    if (rc == 0)
        rc = troupe_engine_find(name, &self->engine);
    if (rc == 0)
        rc = troupe__texts_read(msg, "roots", &self->roots);
    if (rc < 0)
        return troupe_fail(ctx, rc, "an engine wants engine, cache, roots");
    self->cache = troupe__strdup(cache);
    return 0;
}

/* Opened late, so that an unreadable index fails a question, not the start. */
static int
open_corpus(struct search_engine *self)
{
    if (self->corpus)
        return 0;
    troupe_corpus_options_t options = troupe_corpus_options_default();
    options.cache = self->cache;
    return troupe_corpus_open((const char *const *) self->roots.items,
                              self->roots.count, &options, &self->corpus);
}

/* The engines that weigh words can use others that mean the same. */
static int
search_reworded(struct search_engine *self, const char *question,
                uint64_t limit, troupe_passages_t **found_p)
{
    char *reworded = NULL;
    if (self->engine == TROUPE_ENGINE_BM25
        || self->engine == TROUPE_ENGINE_EXPAND)
        reworded = troupe__question_reworded(question);
    if (!reworded)
        return 0;
    troupe_passages_t *more = NULL;
    int rc = troupe_corpus_search(self->corpus, self->engine, reworded, limit,
                                  &more);
    free(reworded);
    if (rc < 0)
        return rc;
    static const double weights[] = {1, REWORDED_WEIGHT};
    const troupe_passages_t *lists[] = {*found_p, more};
    troupe_fuse_options_t options = troupe_fuse_options_default();
    options.weights = weights;
    options.per_document_max = 0;
    options.limit = limit;
    troupe_passages_t *both = NULL;
    rc = troupe_passages_fuse(lists, 2, &options, &both);
    troupe_passages_destroy(&more);
    if (rc < 0)
        return rc;
    troupe_passages_destroy(found_p);
    *found_p = both;
    return 0;
}

static int
engine_search(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct search_engine *self = state;
    int rc = troupe__fail_on_request(ctx, self->fail);
    if (rc < 0)
        return rc;
    const char *question = NULL;
    uint64_t limit = 0;
    rc = troupe_unpack(msg, "{s:s, s:U}", "question", &question, "limit",
                       &limit);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "search wants question and limit");
    rc = open_corpus(self);
    if (rc < 0)
        return troupe_fail(ctx, rc, "the index cannot be opened: %s",
                           troupe_strerror(rc));
    troupe_passages_t *found = NULL;
    troupe_trace_note(ctx, "{s:s}", "troupe.engine",
                      troupe_engine_name(self->engine));
    rc = troupe_corpus_search(self->corpus, self->engine, question, limit,
                              &found);
    if (rc == 0)
        rc = search_reworded(self, question, limit, &found);
    if (rc == -EINVAL || rc == -ERANGE)
        return troupe_reply_error(ctx, rc, "not a question to search for");
    if (rc < 0)
        return troupe_fail(ctx, rc, "the search failed: %s",
                           troupe_strerror(rc));
    rc = troupe_reply(ctx, "{s:*}", "passages", troupe__passages_write, found);
    troupe_passages_destroy(&found);
    return rc;
}

static void
engine_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx;
    (void) reason;
    struct search_engine *self = state;
    troupe_corpus_destroy(&self->corpus);
    troupe__texts_clear(&self->roots);
    free(self->cache);
}

TROUPE_KIND(troupe_search_engine, struct search_engine,
            TROUPE_ON_START(engine_start), TROUPE_ON("search", engine_search),
            TROUPE_ON_STOP(engine_stop));
