/* SPDX-License-Identifier: Apache-2.0 */
/* rundir_words.c: what is wrong with a run directory, and what helps. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/process_output.h"
#include "runtime/rundir_self.h"

enum { PATH_SHOWN = 300 }; /* bytes of a path; the rest would push words out */

int
troupe__rundir_say(char *text, int rc, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(text, TROUPE_RUN_TEXT, format, args);
    va_end(args);
    return rc;
}

static const char *
cure_of(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return "choose a base directory that this user may write in";
    case EROFS:
        return "choose a base directory on a file system that is writable";
    case ENOSPC:
    case EDQUOT:
        return "make room there, or choose another base directory";
    case ENOENT:
        return "make the directory that it is to be in first";
    case EMFILE:
    case ENFILE:
        return "allow more open files (ulimit -n)";
    default:
        return "choose another base directory";
    }
}

int
troupe__rundir_cannot(char *text, int rc, const char *what, const char *path)
{
    char reason[128];
    return troupe__rundir_say(
        text, rc, "cannot %s %.*s: %s; %s", what, PATH_SHOWN, path,
        strerror_r(-rc, reason, sizeof reason), cure_of(-rc));
}

bool
troupe__rundir_join(char *path, size_t size, const char *directory,
                    const char *name)
{
    int printed = snprintf(path, size, "%s/%s", directory, name);
    return printed >= 0 && (size_t) printed < size;
}

/* Anybody with this user's rights may have named it: to be read with care. */
void
troupe__rundir_left(char *text, const char *directory, const char *name)
{
    char clean[TROUPE__LINE_TEXT];
    troupe__line_clean(name, strlen(name), false, clean);
    size_t used = strlen(text);
    snprintf(text + used, TROUPE_RUN_TEXT - used, "%s%s/%.80s",
             used ? ", " : "left in place, for it is not known to be ours: ",
             directory, clean);
}
