/* SPDX-License-Identifier: Apache-2.0 */
/* rundir_list.c: the runs below a base. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mailbox/check.h"
#include "runtime/rundir_self.h"

static int
by_name(const void *one, const void *other)
{
    return strcmp(((const troupe_run_t *) one)->name,
                  ((const troupe_run_t *) other)->name);
}

/* True when a run of this name holds its lock. */
static bool
look_at(int base_fd, const char *base, const char *name, troupe_run_t *ret_run)
{
    char why[TROUPE_RUN_TEXT], generation[GENERATION_SIZE];
    char parent[TROUPE_RUN_PATH];
    *ret_run = (troupe_run_t){.pid = 0};
    if (!troupe__rundir_is_run_name(name))
        return false;
    int fd = troupe__rundir_enter(base_fd, name, name, false, why);
    if (fd < 0)
        return false;
    bool held = troupe__rundir_is_held(fd, ret_run);
    close(fd);
    memcpy(ret_run->name, name, strlen(name) + 1);
    memcpy(generation, ret_run->directory, GENERATION_SIZE);
    if (generation[0]
        && (!troupe__rundir_join(parent, sizeof parent, base, name)
            || !troupe__rundir_join(ret_run->directory,
                                    sizeof ret_run->directory, parent,
                                    generation)))
        ret_run->directory[0] = '\0'; /* so it is not one of ours */
    return held;
}

int
troupe_rundir_list(const char *base, troupe_run_t **ret_runs, size_t *ret_count,
                   char text[TROUPE_RUN_TEXT])
{
    char path[PATH_MAX];
    CHECK(ret_runs && ret_count && text);
    text[0] = '\0';
    int fd = troupe__rundir_enter_base(base, false, path, text);
    if (fd < 0 && fd != -ENOENT)
        return fd;
    DIR *stream = fd < 0 ? NULL : troupe__rundir_read(fd);
    int rc = fd >= 0 && !stream
                 ? troupe__rundir_cannot(text, -errno, "read", path)
                 : 0;
    troupe_run_t *runs = NULL, run;
    size_t count = 0;
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        if (!look_at(fd, path, entry->d_name, &run))
            continue;
        runs = troupe__realloc(runs, (count + 1) * sizeof *runs);
        runs[count++] = run;
    }
    if (stream)
        closedir(stream);
    if (fd >= 0)
        close(fd);
    if (rc < 0)
        return rc;
    text[0] = '\0';
    if (count > 0)
        qsort(runs, count, sizeof *runs, by_name);
    *ret_runs = runs;
    *ret_count = count;
    return 0;
}
