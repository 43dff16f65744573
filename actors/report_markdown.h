/* SPDX-License-Identifier: Apache-2.0 */
/* report_markdown.h: what the files of the Markdown report share. */
#ifndef TROUPE_ACTORS_REPORT_MARKDOWN_H
#define TROUPE_ACTORS_REPORT_MARKDOWN_H

#include <stdio.h>

#include "actors/report.h"

/* troupe__report_put_text: text of a source on one line: white space folded, what
 * Markdown or a terminal would act upon made harmless. */
void troupe__report_put_text(FILE *out, const char *text, size_t size);

/* troupe__report_put_path: as code on one line, whatever is in it. */
void troupe__report_put_path(FILE *out, const char *path);

/* Sections. */
void troupe__report_put_sources(FILE *out, const struct troupe_report *self);
void troupe__report_put_facets(FILE *out, const struct troupe_report *self);
void troupe__report_put_flags(FILE *out, const struct troupe_report *self);

#endif
