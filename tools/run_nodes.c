/* SPDX-License-Identifier: Apache-2.0 */
/* run_nodes.c: how `troupe run` has its other processes started and heard. */
#include "tools/run_nodes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/commands.h"

#define SOCKETS "g-"

/* What a process writes to its standard output is the actors' own; lines of
 * its standard error are log lines, some of which say their level. */
static void
take_line(void *data, const char *name, int stream, const char *text)
{
    static const struct {
        const char *word;
        troupe_level_t level;
    } levels[] = {{"warning ", TROUPE_LOG_WARNING},
                  {"error ", TROUPE_LOG_ERROR}};
    const struct troupe__run_nodes *self = data;
    troupe_level_t level = TROUPE_LOG_INFO;
    if (stream == 1) {
        printf("%s\n", text);
        fflush(stdout);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        size_t size = strlen(levels[i].word);
        if (strncmp(text, levels[i].word, size) != 0)
            continue;
        level = levels[i].level;
        text += size;
        break;
    }
    troupe__run_say(self->run, level, "[%s] %s", name, text);
}

/* Sockets that nobody reads any more: a directory of ours with nothing else. */
static void
remove_sockets(int home, const char *name)
{
    struct stat status;
    int fd =
        openat(home, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (!directory) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *at; (at = readdir(directory));) {
        if (fstatat(fd, at->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0
            && S_ISSOCK(status.st_mode))
            (void) unlinkat(fd, at->d_name, 0);
    }
    closedir(directory);
    (void) unlinkat(home, name, AT_REMOVEDIR);
}

/* What a run left that was killed: the lock is ours, so it is over. */
static void
remove_left(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *home = fd >= 0 ? fdopendir(fd) : NULL;
    if (!home) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *at; (at = readdir(home));)
        if (strncmp(at->d_name, SOCKETS, strlen(SOCKETS)) == 0)
            remove_sockets(fd, at->d_name);
    closedir(home);
}

int
troupe__run_nodes_open(struct troupe__run_nodes *self, const char *home,
                       const struct troupe__part *part,
                       const struct troupe__run_options *run, char why[512])
{
    const struct troupe__topology *topology = part->topology;
    remove_left(home);
    self->run = run;
    self->directory = troupe__format("%s/" SOCKETS "XXXXXX", home);
    if (!mkdtemp(self->directory)) {
        int rc = -errno;
        snprintf(why, 512, "%s cannot be made: %s", self->directory,
                 strerror(-rc));
        free(self->directory);
        self->directory = NULL;
        return rc;
    }
    self->options = (troupe_nodes_options_t){
        .name = topology->places[0].name.text,
        .directory = self->directory,
        .line = take_line,
        .data = self,
    };
    return 0;
}

int
troupe__run_nodes_begin(troupe_t *root, const char *file)
{
    const char *argv[] = {"troupe", "node", file, NULL};
    const troupe_program_t program = {.argv = argv};
    return troupe_isolation_begin(root, &program);
}

void
troupe__run_nodes_close(struct troupe__run_nodes *self)
{
    if (!self->directory)
        return;
    (void) rmdir(self->directory);
    *strrchr(self->directory, '/') = '\0';
    (void) rmdir(self->directory); /* the run's own, if the lock is gone */
    free(self->directory);
    self->directory = NULL;
}
