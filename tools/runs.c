/* SPDX-License-Identifier: Apache-2.0 */
/* runs.c: the directory of a run of a topology, and which runs there are. */
#include "tools/runs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tools/findings.h"

char *
troupe__run_name(const char *name)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t size = strlen(name);
    char *text =
        troupe__copy(name, size > TROUPE_NAME_MAX ? TROUPE_NAME_MAX : size);
    for (char *at = text; *at; at++)
        if (!strchr(good, *at))
            *at = '_';
    if (!*text || strchr("._-", *text)) {
        char *longer = troupe__format("x%.*s", TROUPE_NAME_MAX - 1, text);
        free(text);
        text = longer;
    }
    return text;
}

static int
find_base(char base[PATH_MAX], char text[TROUPE_RUN_TEXT])
{
    int rc =
        troupe_rundir_base(NULL, getenv("XDG_RUNTIME_DIR"), base, PATH_MAX);
    if (rc < 0) {
        snprintf(text, TROUPE_RUN_TEXT,
                 "the path in XDG_RUNTIME_DIR is too long: set it to a shorter "
                 "one");
    }
    return rc;
}

/* What the library calls a base, people set by a variable. */
static void
add_cure(char text[TROUPE_RUN_TEXT], int rc, const char *name)
{
    size_t size = strlen(text);
    if (rc == -EBUSY) {
        snprintf(text + size, TROUPE_RUN_TEXT - size,
                 ": 'troupe stop --run %s' does the one, --name the other",
                 name);
    } else {
        snprintf(text + size, TROUPE_RUN_TEXT - size,
                 " (the base directory is XDG_RUNTIME_DIR/troupe, or "
                 "/tmp/troupe-UID where that is not set)");
    }
}

int
troupe__run_claim(const char *name, troupe_rundir_t **ret_home,
                  char text[TROUPE_RUN_TEXT])
{
    char base[PATH_MAX];
    int rc = find_base(base, text);
    if (rc < 0)
        return rc;
    char *safe = troupe__run_name(name);
    rc = troupe_rundir_open(base, safe, ret_home, text);
    if (rc < 0)
        add_cure(text, rc, safe);
    free(safe);
    return rc;
}

int
troupe__run_socket(const char *directory, struct sockaddr_un *ret_address)
{
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int size = snprintf(ret_address->sun_path, sizeof ret_address->sun_path,
                        "%s/admin", directory);
    return (size_t) size < sizeof ret_address->sun_path ? 0 : -ENAMETOOLONG;
}

int
troupe__runs_list(troupe_run_t **ret_runs, size_t *ret_count,
                  char text[TROUPE_RUN_TEXT])
{
    char base[PATH_MAX];
    int rc = find_base(base, text);
    return rc < 0 ? rc : troupe_rundir_list(base, ret_runs, ret_count, text);
}
