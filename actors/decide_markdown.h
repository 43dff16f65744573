/* SPDX-License-Identifier: Apache-2.0 */
/* decide_markdown.h: what writes a decision for people, piece by piece. */
#ifndef TROUPE_ACTORS_DECIDE_MARKDOWN_H
#define TROUPE_ACTORS_DECIDE_MARKDOWN_H

#include <stdio.h>

#include "actors/decide_result.h"

/* troupe__put_line: text of the user's on one line: white space folded, what
 * Markdown or a terminal would act upon made harmless. */
void troupe__put_line(FILE *out, const char *text);

/* troupe__put_option: the title of a row's option. */
void troupe__put_option(FILE *out, const struct decision_result *self,
                        uint32_t row);

/* Tables, each with its heading; nothing where there is nothing to show. */
void troupe__put_ranking(FILE *out, const struct decision_result *self);
void troupe__put_methods(FILE *out, const struct decision_result *self);
void troupe__put_strategies(FILE *out, const struct decision_result *self);
void troupe__put_node(FILE *out, const struct decision_result *self);

#endif
