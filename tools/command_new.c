/* SPDX-License-Identifier: Apache-2.0 */
/* command_new.c: `troupe new`, a project that is ready to build. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/template.h"

#define NAME_MAX_SIZE 40

static const char help[] =
    "usage: troupe new [OPTION]... NAME\n"
    "\n"
    "Make the directory NAME with a project that builds against an installed\n"
    "Troupe: an actor as a shared object, its test, a topology that runs it.\n"
    "\n"
    "  --quiet  do not say what was made and what to do next\n"
    "  --help   this text\n"
    "\n"
    "NAME may have a path before it; itself it begins with a letter and has\n"
    "letters, digits, '-' and '_', at most 40.\n"
    "Exit codes: 0 ok; 1 it could not be written; 2 usage, or NAME is there "
    "already.\n";

/* What a project is called, and what stands for it in the templates. */
struct project {
    const char *directory;
    const char *name;
    char id[NAME_MAX_SIZE + 8];
};

static bool
is_good(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char others[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t size = strlen(name);
    return size > 0 && size <= NAME_MAX_SIZE && strchr(letters, name[0])
           && strspn(name, others) == size;
}

/* As an identifier that is no word of C's and of nobody else's. */
static void
make_id(struct project *self)
{
    snprintf(self->id, sizeof self->id, "%s_actor", self->name);
    for (char *at = self->id; *at; at++)
        if (*at == '-')
            *at = '_';
}

/* Writes a text with the words for the project in their places. */
static void
write_filled(const struct project *self, const char *text, FILE *out)
{
    const struct {
        const char *mark, *word;
    } marks[] = {{"@NAME@", self->name},
                 {"@ID@", self->id},
                 {"@VERSION@", TROUPE_VERSION}};
    while (*text) {
        size_t i = 0;
        while (i < 3
               && strncmp(text, marks[i].mark, strlen(marks[i].mark)) != 0)
            i++;
        if (i < 3) {
            fputs(marks[i].word, out);
            text += strlen(marks[i].mark);
        } else {
            fputc(*text++, out);
        }
    }
}

/* "actor.c" becomes "NAME.c", "test.c" "test_NAME.c", "gitignore" a dot file. */
static char *
path_of(const struct project *self, const char *name)
{
    if (strcmp(name, "actor.c") == 0)
        return troupe__format("%s/%s.c", self->directory, self->name);
    if (strcmp(name, "test.c") == 0)
        return troupe__format("%s/test_%s.c", self->directory, self->name);
    return troupe__format("%s/%s%s", self->directory,
                          strcmp(name, "gitignore") == 0 ? "." : "", name);
}

static int
write_file(const struct project *self, const struct troupe__template *template,
           bool quiet)
{
    char *path = path_of(self, template->name);
    FILE *file = fopen(path, "wxe");
    int rc = file ? 0 : -errno;
    if (file) {
        write_filled(self, template->text, file);
        bool failed = ferror(file) != 0;
        if (fclose(file) != 0 || failed)
            rc = errno ? -errno : -EIO;
    }
    if (rc < 0)
        fprintf(stderr, "troupe new: %s: %s\n", path, strerror(-rc));
    else if (!quiet)
        printf("  %s\n", path);
    free(path);
    return rc;
}

static int
make(const struct project *self, bool quiet)
{
    if (mkdir(self->directory, 0777) < 0) {
        int why = errno;
        if (why == EEXIST) {
            return troupe__usage_error("new",
                                       "%s is there already: choose "
                                       "another name, or move it away",
                                       self->directory);
        }
        fprintf(stderr, "troupe new: %s: %s\n", self->directory, strerror(why));
        return TROUPE__EXIT_FAILED;
    }
    for (const struct troupe__template *it = troupe__templates; it->name; it++)
        if (write_file(self, it, quiet) < 0)
            return TROUPE__EXIT_FAILED;
    if (!quiet) {
        printf("\nNext:\n"
               "  cd %s\n"
               "  cmake -B build && cmake --build build\n"
               "  ctest --test-dir build --output-on-failure\n"
               "  troupe run topology.yaml\n",
               self->directory);
    }
    return TROUPE__EXIT_OK;
}

int
troupe__command_new(int argc, char **argv)
{
    static const struct option options[] = {
        {"quiet", 0, NULL, 'q'}, {"help", 0, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool quiet = false;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(help, stdout);
            return TROUPE__EXIT_OK;
        }
        if (c != 'q')
            return troupe__usage_error("new", "unknown option");
        quiet = true;
    }
    if (argc - optind != 1)
        return troupe__usage_error("new", "give one name");
    struct project project = {.directory = argv[optind]};
    const char *slash = strrchr(project.directory, '/');
    project.name = slash ? slash + 1 : project.directory;
    if (!is_good(project.name)) {
        return troupe__usage_error(
            "new",
            "'%s' is no name for a project: it must begin with a letter and "
            "have letters, digits, '-' and '_', at most %d",
            project.name, NAME_MAX_SIZE);
    }
    make_id(&project);
    return make(&project, quiet);
}
