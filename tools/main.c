/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: the `troupe` command: finds the sub-command and runs it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/findings.h"

struct command {
    const char *name;
    const char *purpose;
    int (*run)(int argc, char **argv);
};

#define AS_ROW(name, purpose) {#name, purpose, troupe__command_##name},
static const struct command commands[] = {TROUPE__COMMANDS(AS_ROW)};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static void
print_help(FILE *out)
{
    fputs("usage: troupe COMMAND [OPTION]... [ARGUMENT]...\n\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].purpose);
    fprintf(out, "  %-10s %s\n", "help", "this text, or that of a command");
    fputs("\ntroupe COMMAND --help says more about a command;"
          " troupe --version names the version.\n",
          out);
}

static const struct command *
find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

static int
fail_unknown(const char *name)
{
    const char *names[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    const char *nearest = troupe__nearest(name, names, COMMAND_COUNT);
    fprintf(stderr, "troupe: there is no command '%s'", name);
    if (nearest)
        fprintf(stderr, "; did you mean '%s'?", nearest);
    fputs("\ntroupe help lists the commands\n", stderr);
    return TROUPE__EXIT_USAGE;
}

static int
help(int argc, char **argv)
{
    if (argc < 3) {
        print_help(stdout);
        return TROUPE__EXIT_OK;
    }
    const struct command *command = find(argv[2]);
    if (!command)
        return fail_unknown(argv[2]);
    char option[] = "--help";
    char *arguments[] = {argv[2], option, NULL};
    return command->run(2, arguments);
}

/* What was printed but could not be written is a failure, not a success. */
static int
finish(int code)
{
    if (!troupe__flush_output()) {
        troupe__say_output_error();
        return code == TROUPE__EXIT_OK ? TROUPE__EXIT_FAILED : code;
    }
    return code;
}

int
main(int argc, char **argv)
{
    /* A file over a limit (ulimit -f) is an error of write(2), as a full disk. */
    (void) signal(SIGXFSZ, SIG_IGN);
    if (argc < 2) {
        print_help(stderr);
        return TROUPE__EXIT_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0
        || strcmp(argv[1], "-h") == 0)
        return finish(help(argc, argv));
    if (strcmp(argv[1], "--version") == 0) {
        printf("troupe %s\n", troupe_version());
        return finish(TROUPE__EXIT_OK);
    }
    if (strcmp(argv[1], "node") == 0) /* for `troupe run`, not for people */
        return finish(troupe__command_node(argc - 1, argv + 1));
    const struct command *command = find(argv[1]);
    if (!command)
        return fail_unknown(argv[1]);
    return finish(command->run(argc - 1, argv + 1));
}
