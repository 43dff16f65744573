/* SPDX-License-Identifier: Apache-2.0 */
/* scratch_dir.h: a directory of a test's own, with what it writes there. */
#ifndef TROUPE_TESTS_ACTORS_SCRATCH_DIR_H
#define TROUPE_TESTS_ACTORS_SCRATCH_DIR_H

#include <stddef.h>

struct scratch_dir {
    char path[256];
};

/* scratch_dir_make: an empty directory below $TMPDIR or /tmp. */
void scratch_dir_make(struct scratch_dir *self);

/* scratch_dir_remove: remove it with all that is in it. */
void scratch_dir_remove(struct scratch_dir *self);

/* scratch_dir_path: the path of a name in it; valid until the tenth next call
 * on any directory. */
const char *scratch_dir_path(const struct scratch_dir *self, const char *name);

/* scratch_dir_write: make a file, and the directories above it; returns its
 * path as scratch_dir_path() does. */
const char *scratch_dir_write(const struct scratch_dir *self, const char *name,
                              const char *text);

/* scratch_dir_write_bytes: the same for any bytes; gzipped if asked for. */
const char *scratch_dir_write_bytes(const struct scratch_dir *self,
                                    const char *name, const void *bytes,
                                    size_t size, int gzipped);

#endif
