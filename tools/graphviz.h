/* SPDX-License-Identifier: Apache-2.0 */
/* graphviz.h: pictures that Graphviz's `dot` draws. */
#ifndef TROUPE_TOOLS_GRAPHVIZ_H
#define TROUPE_TOOLS_GRAPHVIZ_H

#include <stdio.h>

/* troupe__graphviz_find: 0, or -1 after having said that there is no `dot`. */
int troupe__graphviz_find(const char *command, const char *path);

/*
 * troupe__graphviz_svg: draw what `write` writes as DOT into a file.
 *
 *   returns  0, or -1 after having said why
 */
int troupe__graphviz_svg(const char *command, const char *path,
                         void (*write)(const void *data, FILE *out),
                         const void *data);

/* troupe__graphviz_text: for DOT, in quotes; it is UTF-8. */
void troupe__graphviz_text(const char *text, FILE *out);

#endif
