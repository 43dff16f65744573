/* SPDX-License-Identifier: Apache-2.0 */
/* process_oom.c: whether the kernel has killed for want of memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mailbox/check.h"
#include "runtime/process_self.h"

/*
 * The kernel does not say why SIGKILL came. But each memory cgroup counts its
 * out-of-memory kills; when that number grew while a child lived, and the
 * child ended by a SIGKILL that we did not send, then this was most likely the
 * reason. It stays a guess: the counter is shared by all of the cgroup.
 */

enum { PATH_SIZE = 4096 };

/* Turns a line of /proc/self/cgroup into the file's path; false: not that. */
static bool
file_of_line(char *line, char path[PATH_SIZE])
{
    line[strcspn(line, "\n")] = '\0';
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group)
        return false;
    *group++ = '\0';
    controllers++;
    const char *root = "/sys/fs/cgroup";
    const char *file = "memory.events";
    if (strcmp(controllers, "memory") == 0) {
        root = "/sys/fs/cgroup/memory";
        file = "memory.oom_control";
    } else if (*controllers) {
        return false;
    }
    int size = snprintf(path, PATH_SIZE, "%s%s/%s", root, group, file);
    return size < PATH_SIZE && access(path, R_OK) == 0;
}

char *
troupe__oom_file_of_ours(void)
{
    FILE *list = fopen("/proc/self/cgroup", "re");
    char line[PATH_SIZE];
    char path[PATH_SIZE];
    char *found = NULL;
    while (list && !found && fgets(line, sizeof line, list))
        if (file_of_line(line, path))
            found = troupe__strdup(path);
    if (list)
        fclose(list);
    return found;
}

uint64_t
troupe__oom_kills(const char *file)
{
    FILE *events = file ? fopen(file, "re") : NULL;
    char line[128];
    uint64_t kills = 0;
    while (events && fgets(line, sizeof line, events))
        if (strncmp(line, "oom_kill ", 9) == 0)
            kills = strtoull(line + 9, NULL, 10);
    if (events)
        fclose(events);
    return kills;
}
