/* SPDX-License-Identifier: Apache-2.0 */
/* engine_bm25.c: any of the words; rare ones and titles count more. */
#include "actors/corpus.h"

int
troupe__engine_bm25(troupe_corpus_t *self, const struct troupe__query *query,
                    size_t limit, troupe_passages_t *list)
{
    struct troupe__text expression = {0};
    troupe__expression_terms(&expression, query);
    int rc = troupe__corpus_match(self, troupe__text_string(&expression), limit,
                                  TROUPE_ENGINE_BM25, list);
    troupe__text_free(&expression);
    return rc;
}
