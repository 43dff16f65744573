/* SPDX-License-Identifier: Apache-2.0 */
/* scratch_dir.c: a directory of a test's own, with what it writes there. */
#include "tests/actors/scratch_dir.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

void
scratch_dir_make(struct scratch_dir *self)
{
    const char *base = getenv("TMPDIR");
    snprintf(self->path, sizeof self->path, "%s/troupe-test-XXXXXX",
             base ? base : "/tmp");
    cr_assert(mkdtemp(self->path));
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void) st, (void) type, (void) at;
    return remove(path);
}

void
scratch_dir_remove(struct scratch_dir *self)
{
    cr_assert_eq(nftw(self->path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *
scratch_dir_path(const struct scratch_dir *self, const char *name)
{
    static char paths[10][512];
    static unsigned next;
    char *path = paths[next++ % 10];
    snprintf(path, sizeof paths[0], "%s/%s", self->path, name);
    return path;
}

const char *
scratch_dir_write_bytes(const struct scratch_dir *self, const char *name,
                        const void *bytes, size_t size, int gzipped)
{
    const char *path = scratch_dir_path(self, name);
    char above[512];
    snprintf(above, sizeof above, "%s", path);
    for (char *at = above + strlen(self->path) + 1; (at = strchr(at, '/'));) {
        *at = 0;
        mkdir(above, 0700);
        *at++ = '/';
    }
    if (gzipped) {
        gzFile file = gzopen(path, "wb");
        cr_assert(file);
        cr_assert_eq(gzwrite(file, bytes, (unsigned) size), (int) size);
        cr_assert_eq(gzclose(file), Z_OK);
    } else {
        FILE *file = fopen(path, "wb");
        cr_assert(file);
        cr_assert_eq(fwrite(bytes, 1, size, file), size);
        cr_assert_eq(fclose(file), 0);
    }
    return path;
}

const char *
scratch_dir_write(const struct scratch_dir *self, const char *name,
                  const char *text)
{
    return scratch_dir_write_bytes(self, name, text, strlen(text), 0);
}
