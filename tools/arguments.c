/* SPDX-License-Identifier: Apache-2.0 */
/* arguments.c: reading and refusing what stands on the command line. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/call.h"
#include "tools/commands.h"

int
troupe__usage_error(const char *command, const char *format, ...)
{
    FILE *to = troupe__errors();
    va_list args;
    va_start(args, format);
    fprintf(to, "troupe %s: ", command);
    vfprintf(to, format, args);
    va_end(args);
    fputc('\n', to);
    if (to == stderr)
        fprintf(to, "troupe %s --help says how it is used\n", command);
    return TROUPE__EXIT_USAGE;
}

bool
troupe__read_number(const char *text, size_t min, size_t max,
                    size_t *ret_number)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end || text[0] == '-' || number < min
        || number > max)
        return false;
    *ret_number = (size_t) number;
    return true;
}

/* "500ms", "2s", "1.5s", "1m", "2": seconds. */
bool
troupe__read_time(const char *text, size_t max_ms, size_t *ret_ms)
{
    size_t digits = strspn(text, "0123456789.");
    char *end = NULL;
    errno = 0;
    double number = strtod(text, &end);
    double factor = strcmp(end, "ms") == 0                  ? 1
                    : strcmp(end, "s") == 0 || *end == '\0' ? 1000
                    : strcmp(end, "m") == 0                 ? 60000
                                                            : 0;
    double ms = number * factor;
    if (errno != 0 || digits == 0 || end != text + digits || !(ms >= 1)
        || ms > (double) max_ms)
        return false;
    *ret_ms = (size_t) ms;
    return true;
}

int
troupe__option_error(const char *command, int c, char *const *argv)
{
    const char *option = argv[optind - 1];
    size_t name = strcspn(option, "=");
    if (c == ':')
        return troupe__usage_error(command, "%s wants a value", option);
    if (optopt != 0 && option[name] == '=')
        return troupe__usage_error(command, "%.*s takes no value", (int) name,
                                   option);
    if (strncmp(option, "--", 2) != 0)
        return troupe__usage_error(command, "there is no option '-%c'", optopt);
    return troupe__usage_error(command, "there is no option '%s', or several",
                               option);
}

bool
troupe__is_text(const char *bytes)
{
    json_t *string = json_string(bytes);
    bool is_text = string != NULL;
    json_decref(string);
    return is_text;
}

void
troupe__print_path(FILE *out, const char *path)
{
    bool is_text = troupe__is_text(path);
    for (; *path; path++) {
        unsigned char c = (unsigned char) *path;
        if (c < ' ' || c == 0x7f || (c >= 0x80 && !is_text))
            fprintf(out, "\\x%02x", c);
        else
            fputc(c, out);
    }
}

int
troupe__check_query(const char *command, const char *noun, const char *query)
{
    if (!troupe__is_text(query))
        return troupe__usage_error(command, "the %s is not UTF-8", noun);
    if (troupe_query_check(query) < 0) {
        return troupe__usage_error(command,
                                   "the %s has no word to search for: it is "
                                   "empty, or has only words like 'what' and "
                                   "'the'",
                                   noun);
    }
    return -1;
}

int
troupe__check_path(const char *command, const char *option, const char *path)
{
    if (!*path)
        return troupe__usage_error(command, "%s wants a path: it is empty",
                                   option);
    if (troupe__is_text(path))
        return -1;
    fprintf(troupe__errors(), "troupe %s: %s: the name is not UTF-8: ", command,
            option);
    troupe__print_path(troupe__errors(), path);
    fputc('\n', troupe__errors());
    return TROUPE__EXIT_USAGE;
}

int
troupe__check_output(const char *command, const char *path)
{
    struct stat there;
    bool is_new = stat(path, &there) < 0;
    if (!is_new && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode))
        return -1; /* a pipe or device: an open may wait, or tell somebody */
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
        fprintf(troupe__errors(), "troupe %s: %s: %s\n", command, path,
                strerror(errno));
        return TROUPE__EXIT_FAILED;
    }
    close(fd);
    if (is_new)
        unlink(path);
    return -1;
}
