/* SPDX-License-Identifier: Apache-2.0 */
/* passage.h: what engines and the fusion do to lists of passages. */
#ifndef TROUPE_ACTORS_PASSAGE_H
#define TROUPE_ACTORS_PASSAGE_H

#include "troupe_passage.h"

/* troupe__passages_sort: best score first, ties as they were; ranks are set
 * and what lies behind `limit` is dropped. */
void troupe__passages_sort(troupe_passages_t *self, size_t limit);

/* troupe__passages_edit: a passage whose numbers (not strings) may change. */
troupe_passage_t *troupe__passages_edit(troupe_passages_t *self, size_t index);

#endif
