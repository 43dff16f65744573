/* SPDX-License-Identifier: Apache-2.0 */
/* crew.c: a node for isolated children that end in every way there is. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <troupe.h>

#include "tests/supervisor/clerk.h"
#include "tests/supervisor/crook.h"
#include "tests/supervisor/greedy.h"
#include "tests/supervisor/herald.h"
#include "tests/supervisor/isolated.h"

static const troupe_kind_t *const kinds[] = {&mate,   &crook,  &clerk, &greedy,
                                             &herald, &seeker, NULL};

static void
log_line(void *data, troupe_level_t level, const char *text)
{
    (void) data, (void) level;
    fprintf(stderr, "%s\n", text);
}

int
main(int argc, char **argv)
{
    troupe_options_t options = troupe_options_default();
    options.workers = 2;
    options.log = log_line;
    bool is_ill = argc > 1
                  && (strcmp(argv[1], "dies") == 0
                      || (argv[1][0] == '/' && access(argv[1], F_OK) == 0));
    if (is_ill)
        abort(); /* before it is a node */
    int rc = troupe_isolation_serve(&options, kinds);
    if (rc < 0)
        fprintf(stderr, "crew: %s\n", troupe_strerror(rc));
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
