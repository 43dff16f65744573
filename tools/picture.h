/* SPDX-License-Identifier: Apache-2.0 */
/* picture.h: pictures of a run of any pipeline, drawn from its trace. */
#ifndef TROUPE_TOOLS_PICTURE_H
#define TROUPE_TOOLS_PICTURE_H

#include <stdbool.h>
#include <stdio.h>

/* Files; NULL: none. */
struct troupe__picture_options {
    const char *dot, *svg; /* who asked whom */
    const char *timeline;  /* when; SVG */
    const char *chrome;    /* the same, in the Trace Event Format */
};

/* What getopt_long() returns for them; no character, and none of trace.h. */
enum {
    TROUPE__OPTION_RUN_GRAPH = 0x1100,
    TROUPE__OPTION_TIMELINE,
    TROUPE__OPTION_CHROME
};

#define TROUPE__RUN_GRAPH_OPTION                                               \
    {                                                                          \
        "run-graph", 1, NULL, TROUPE__OPTION_RUN_GRAPH                         \
    }
#define TROUPE__CHROME_OPTION                                                  \
    {                                                                          \
        "chrome", 1, NULL, TROUPE__OPTION_CHROME                               \
    }
#define TROUPE__PICTURE_OPTIONS                                                \
    TROUPE__RUN_GRAPH_OPTION, TROUPE__CHROME_OPTION,                           \
    {                                                                          \
        "timeline", 1, NULL, TROUPE__OPTION_TIMELINE                           \
    }

#define TROUPE__PICTURE_HELP                                                   \
    TROUPE__PICTURE_HELP_GRAPH                                                 \
    "  --timeline FILE    draw when each part waited and ran, as "             \
    "SVG\n" TROUPE__PICTURE_HELP_CHROME
#define TROUPE__PICTURE_HELP_GRAPH                                             \
    "  --run-graph FILE   draw who asked whom, how often, how long and what\n" \
    "                     came of it: FILE.dot, or FILE.svg by Graphviz's\n"   \
    "                     'dot'; give it twice for both\n"
#define TROUPE__PICTURE_HELP_CHROME                                            \
    "  --chrome FILE      what ran when, for chrome://tracing and Perfetto\n"

/* troupe__picture_takes: true when getopt_long() returned one of them. */
bool troupe__picture_takes(int c);

/* troupe__picture_take: take it, with optarg: -1, or an exit code, also for a
 * file that could not be written in the end. */
int troupe__picture_take(const char *command, int c,
                         struct troupe__picture_options *ret);

/* troupe__picture_is_wanted: is there any? */
bool troupe__picture_is_wanted(const struct troupe__picture_options *self);

/* troupe__picture_keep: a file for the trace where nobody else wants it, gone
 * when it is closed; false after having said why there is none. */
bool troupe__picture_keep(const char *command, char path[32], int *ret_fd);

/*
 * troupe__picture_draw: draw them. What is too much for a picture is drawn
 * together, and the picture says so.
 *
 *   path     of the trace: OTLP in JSON, a line for each batch
 *   returns  0, or -1 after having said why
 */
int troupe__picture_draw(const char *command,
                         const struct troupe__picture_options *options,
                         const char *path);

#endif
