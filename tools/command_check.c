/* SPDX-License-Identifier: Apache-2.0 */
/* command_check.c: `troupe check`, a topology file checked and drawn. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/commands.h"
#include "tools/topology.h"

static const char help[] =
    "usage: troupe check [OPTION]... FILE\n"
    "\n"
    "Check a topology file, its shared objects included, and draw its tree.\n"
    "What is wrong goes to standard error, a line each:\n"
    "    FILE:LINE:COLUMN: what is wrong; the cure\n"
    "\n"
    "  --dot     draw for Graphviz: troupe check --dot FILE | dot -Tsvg\n"
    "  --json    the tree as JSON\n"
    "  --quiet   only check\n"
    "  --help    this text\n"
    "\n"
    "Exit codes: 0 all is well; 2 the file is wrong, or usage.\n";

int
troupe__command_check(int argc, char **argv)
{
    static const struct option options[] = {{"dot", 0, NULL, 'd'},
                                            {"json", 0, NULL, 'j'},
                                            {"quiet", 0, NULL, 'q'},
                                            {"help", 0, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    enum troupe__drawing how = TROUPE__DRAW_TEXT;
    bool quiet = false;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(help, stdout);
            return TROUPE__EXIT_OK;
        }
        if (c == '?')
            return troupe__usage_error("check", "unknown option");
        quiet |= c == 'q';
        how = c == 'd' ? TROUPE__DRAW_DOT : c == 'j' ? TROUPE__DRAW_JSON : how;
    }
    if (argc - optind != 1)
        return troupe__usage_error("check", "give one topology file");
    struct troupe__findings findings = {.path = argv[optind]};
    struct troupe__topology *topology = NULL;
    int rc = troupe__topology_read(findings.path, &findings, &topology);
    if (rc < 0)
        troupe__findings_print(&findings, stderr);
    else if (!quiet)
        troupe__topology_draw(topology, how, stdout);
    troupe__findings_free(&findings);
    troupe__topology_free(topology);
    return rc < 0 ? TROUPE__EXIT_USAGE : TROUPE__EXIT_OK;
}
