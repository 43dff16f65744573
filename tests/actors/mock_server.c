/* SPDX-License-Identifier: Apache-2.0 */
/* mock_server.c: `troupe mock` as a child of a test. */
#include "actors/mock_server.h"

#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pid_t child;
static char url[64];

bool
mock_begin(void)
{
    return mock_begin_with_pages(NULL);
}

bool
mock_begin_with_pages(const char *directory)
{
    char program[] = TROUPE_BUILD_DIR "/bin/troupe", command[] = "mock",
         option[] = "--parent", pages[] = "--pages";
    char *arguments[] = {program,
                         command,
                         option,
                         directory ? pages : NULL,
                         (char *) (uintptr_t) directory,
                         NULL};
    posix_spawn_file_actions_t actions;
    int ends[2];
    if (pipe(ends) < 0)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    int rc = posix_spawn(&child, program, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    FILE *out = fdopen(ends[0], "r");
    bool began = rc == 0 && out && fgets(url, sizeof url, out);
    if (out)
        fclose(out);
    url[strcspn(url, "\n")] = '\0';
    return began;
}

const char *
mock_url(void)
{
    return url;
}

void
mock_end(void)
{
    kill(child, SIGTERM);
    waitpid(child, NULL, 0);
}
