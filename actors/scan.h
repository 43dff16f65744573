/* SPDX-License-Identifier: Apache-2.0 */
/* scan.h: the files below some directories, each once. */
#ifndef TROUPE_ACTORS_SCAN_H
#define TROUPE_ACTORS_SCAN_H

#include <stddef.h>
#include <stdint.h>

struct troupe__file {
    char *path;
    const char *reason; /* why it is passed over; NULL: to be read; static */
    uint64_t device;
    uint64_t inode;
    int64_t size;
    int64_t mtime_ns;
};

struct troupe__scan {
    struct troupe__file *files; /* in the order of their paths */
    size_t count;
    size_t capacity;
};

/*
 * troupe__scan_roots: find the files below some roots.
 *
 *   roots      canonical paths of directories or files.
 *   depth_max  directories below a root.
 *   threads    that look at once; 0: one per core.
 *   ret_scan   out: what was found, to be freed. Names that begin with a dot
 *              are passed over in silence; whatever else cannot be read is in
 *              the list with its reason, as is, with \xHH for its odd bytes,
 *              a name that is not UTF-8: messages and reports hold text. A file with several names is listed
 *              once: by its first name in order, and by a symbolic link only
 *              when it lies outside the roots.
 */
void troupe__scan_roots(char *const *roots, size_t count, unsigned depth_max,
                        unsigned threads, struct troupe__scan *ret_scan);

void troupe__scan_free(struct troupe__scan *self);

#endif
