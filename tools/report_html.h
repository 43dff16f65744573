/* SPDX-License-Identifier: Apache-2.0 */
/* report_html.h: a report of research as a page, and as a timeline. */
#ifndef TROUPE_TOOLS_REPORT_HTML_H
#define TROUPE_TOOLS_REPORT_HTML_H

#include <jansson.h>
#include <stdio.h>

/*
 * troupe__report_html: write one page that needs nothing else: no script, no
 * address that a browser would load from; what sources say is text.
 *
 *   report  as REPORT.md describes it.
 */
void troupe__report_html(const json_t *report, FILE *out);

/* troupe__report_timeline: write an <svg> of when each actor ran. */
void troupe__report_timeline(const json_t *report, FILE *out);

#endif
