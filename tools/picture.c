/* SPDX-License-Identifier: Apache-2.0 */
/* picture.c: options for the pictures of a run, and their files. */
#include "tools/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/call.h"
#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/graphviz.h"
#include "tools/picture_run.h"

bool
troupe__picture_takes(int c)
{
    return c >= TROUPE__OPTION_RUN_GRAPH && c <= TROUPE__OPTION_CHROME;
}

static bool
ends_in(const char *text, const char *end)
{
    size_t size = strlen(text), least = strlen(end);
    return size > least && strcmp(text + size - least, end) == 0;
}

static int
take_graph(const char *command, struct troupe__picture_options *ret)
{
    if (ends_in(optarg, ".dot")) {
        ret->dot = optarg;
    } else if (ends_in(optarg, ".svg")) {
        ret->svg = optarg;
        return troupe__graphviz_find(command, optarg) < 0 ? TROUPE__EXIT_FAILED
                                                          : -1;
    } else {
        return troupe__usage_error(command,
                                   "--run-graph wants a FILE.dot or FILE.svg");
    }
    return -1;
}

int
troupe__picture_take(const char *command, int c,
                     struct troupe__picture_options *ret)
{
    static const char *const names[] = {"--run-graph", "--timeline",
                                        "--chrome"};
    const char *name = names[c - TROUPE__OPTION_RUN_GRAPH];
    int code = troupe__check_path(command, name, optarg);
    if (code < 0 && c == TROUPE__OPTION_RUN_GRAPH)
        code = take_graph(command, ret);
    else if (c == TROUPE__OPTION_TIMELINE)
        ret->timeline = optarg;
    else
        ret->chrome = optarg;
    return code < 0 ? troupe__check_output(command, optarg) : code;
}

bool
troupe__picture_is_wanted(const struct troupe__picture_options *self)
{
    return self->dot || self->svg || self->timeline || self->chrome;
}

static int
write_file(const char *command, const char *path,
           void (*write)(const void *data, FILE *out),
           const struct picture *picture)
{
    FILE *file = path ? fopen(path, "we") : NULL;
    bool good = file || !path;
    if (file) {
        write(picture, file);
        good = !ferror(file);
        good = fclose(file) == 0 && good;
    }
    if (!good)
        fprintf(troupe__errors(), "troupe %s: %s: %s\n", command, path,
                strerror(errno));
    return good ? 0 : -1;
}

bool
troupe__picture_keep(const char *command, char path[32], int *ret_fd)
{
    const char *base = getenv("TMPDIR");
    char *name = troupe__format("%s/troupe-trace-XXXXXX",
                                base && *base == '/' ? base : "/tmp");
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0) {
        fprintf(troupe__errors(), "troupe %s: %s: %s\n", command, name,
                strerror(errno));
    } else {
        unlink(name);
    }
    snprintf(path, 32, "/proc/self/fd/%d", fd);
    free(name);
    *ret_fd = fd;
    return fd >= 0;
}

static int
draw(const char *command, const struct troupe__picture_options *options,
     const struct picture *picture)
{
    int rc = write_file(command, options->dot, troupe__picture_dot, picture);
    if (options->svg)
        rc |= troupe__graphviz_svg(command, options->svg, troupe__picture_dot,
                                   picture);
    rc |= write_file(command, options->timeline, troupe__picture_timeline,
                     picture);
    rc |= write_file(command, options->chrome, troupe__picture_chrome, picture);
    return rc;
}

int
troupe__picture_draw(const char *command,
                     const struct troupe__picture_options *options,
                     const char *path)
{
    struct picture picture = {.code = -1};
    FILE *trace = fopen(path, "re");
    int rc = trace ? troupe__picture_read(&picture, trace) : -errno;
    if (rc == 0) {
        troupe__picture_join(&picture);
        rc = draw(command, options, &picture);
    } else {
        fprintf(troupe__errors(), "troupe %s: no picture: the trace: %s\n",
                command, strerror(-rc));
    }
    if (trace)
        fclose(trace);
    troupe__picture_free(&picture);
    return rc < 0 ? -1 : 0;
}
