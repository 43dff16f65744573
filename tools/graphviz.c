/* SPDX-License-Identifier: Apache-2.0 */
/* graphviz.c: pictures that Graphviz's `dot` draws. */
#include "tools/graphviz.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/call.h"
#include "tools/findings.h"

extern char **environ;

static int
say(const char *command, const char *path, const char *why)
{
    fprintf(troupe__errors(), "troupe %s: %s: %s\n", command, path, why);
    return -1;
}

/* As posix_spawnp() looks for it. */
static bool
has_dot(void)
{
    const char *at = getenv("PATH");
    if (!at)
        return true; /* then the system has a path of its own */
    for (bool more = true; more;) {
        size_t size = strcspn(at, ":");
        char *program = troupe__format("%.*s/dot", (int) size, at);
        bool is_there = access(program, X_OK) == 0;
        free(program);
        if (is_there)
            return true;
        more = at[size] == ':';
        at += size + 1;
    }
    return false;
}

static int
say_no_dot(const char *command, const char *path)
{
    bool is_graph = strcmp(command, "graph") == 0;
    char *why = troupe__format(
        "Graphviz draws it, and there is no program 'dot'; install the Debian "
        "package graphviz, or take %s",
        is_graph ? "--dot" : "a FILE.dot");
    int rc = say(command, path, why);
    free(why);
    return rc;
}

int
troupe__graphviz_find(const char *command, const char *path)
{
    return has_dot() ? 0 : say_no_dot(command, path);
}

static int
run_dot(FILE *input, const char *command, const char *path)
{
    char program[] = "dot", format[] = "-Tsvg";
    char *arguments[] = {program, format, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;
    int status = 0;
    int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (out < 0)
        return say(command, path, strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(input), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    int rc = posix_spawnp(&pid, program, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(out);
    if (rc != 0) {
        unlink(path);
        return say_no_dot(command, path);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status == 0 ? 0 : say(command, path, "Graphviz's 'dot' failed");
}

int
troupe__graphviz_svg(const char *command, const char *path,
                     void (*write)(const void *data, FILE *out),
                     const void *data)
{
    FILE *input = tmpfile();
    if (!input)
        return say(command, path, strerror(errno));
    write(data, input);
    bool failed = fflush(input) != 0;
    rewind(input);
    int rc = failed ? say(command, path, strerror(errno))
                    : run_dot(input, command, path);
    fclose(input);
    return rc;
}

void
troupe__graphviz_text(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('"', out);
}
