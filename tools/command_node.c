/* SPDX-License-Identifier: Apache-2.0 */
/* command_node.c: a process of a run: `troupe run` starts `troupe node`. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "troupe_isolation.h"

#include "tools/commands.h"
#include "tools/run.h"

/* For a person who tries it. */
static int
refuse(void)
{
    fputs("troupe node: this is a process of a run; start one with: troupe "
          "run FILE\n",
          stderr);
    return TROUPE__EXIT_USAGE;
}

/* A process for one actor alone has the size of one. */
static troupe_options_t
options_of(const struct troupe__topology *topology, const char *name)
{
    troupe_options_t options = topology->places[0].options;
    options.workers = 1;
    for (size_t i = 0; i < topology->place_count; i++)
        if (strcmp(topology->places[i].name.text, name) == 0)
            options = topology->places[i].options;
    return options;
}

static void
write_log(void *data, troupe_level_t level, const char *text)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    (void) data;
    fprintf(stderr, "%s %s\n", names[level], text);
}

static int
serve(const struct troupe__topology *topology, const char *name)
{
    struct troupe__part *part = troupe__part_make(topology, false);
    troupe_options_t options = options_of(topology, name);
    options.log = write_log;
    options.log_level = TROUPE_LOG_WARNING;
    troupe__guards_set(part);
    int rc = troupe_isolation_serve(&options, troupe__part_kinds(part));
    if (rc == -ENODATA)
        return refuse();
    if (rc == -ETIMEDOUT) /* threads may still use what is here */
        return TROUPE__EXIT_FAILED;
    if (rc < 0)
        fprintf(stderr, "cannot join the run: %s%s\n", troupe_strerror(rc),
                troupe__cure(rc));
    troupe__guards_set(NULL);
    troupe__part_free(part);
    return rc < 0 ? TROUPE__EXIT_FAILED : TROUPE__EXIT_OK;
}

int
troupe__command_node(int argc, char **argv)
{
    struct troupe__findings findings = {0};
    struct troupe__topology *topology = NULL;
    if (argc != 3)
        return refuse();
    findings.path = argv[1];
    /* Line by line, as the root reads it. */
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (troupe__topology_read(argv[1], &findings, &topology) < 0) {
        troupe__findings_print(&findings, stderr);
        troupe__findings_free(&findings);
        return TROUPE__EXIT_FAILED; /* somebody may be editing it */
    }
    int code = serve(topology, argv[2]);
    if (code != TROUPE__EXIT_FAILED)
        troupe__topology_free(topology);
    return code;
}
