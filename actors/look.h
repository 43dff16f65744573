/* SPDX-License-Identifier: Apache-2.0 */
/* look.h: directories to be read, some of them ahead by helping threads. */
#ifndef TROUPE_ACTORS_LOOK_H
#define TROUPE_ACTORS_LOOK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the system says of a file. */
struct look_facts {
    mode_t mode;
    uint64_t device, inode;
    int64_t size, mtime_ns;
};

/* What is in a directory. */
struct look_entry {
    char *path;
    int error;               /* an errno value: nothing else is known */
    struct look_facts facts; /* the mode alone of a directory or a link */
};

struct look {
    char *path;
    unsigned depth;
    int error; /* an errno value: it cannot be read */
    struct look_facts facts;
    struct look_entry *entries; /* but for names that begin with a dot */
    size_t count;
    enum { LOOK_WAITS, LOOK_BEGUN, LOOK_DONE } state;
};

/* Directories to be read, the last one first. */
struct looks;

/* troupe__look_facts: those of a path, where links lead; 0, or an errno value.
 */
int troupe__look_facts(const char *path, struct look_facts *ret);

/* troupe__looks_new: `threads` of them read at once, the caller's among them;
 * 0: one per core. */
struct looks *troupe__looks_new(unsigned threads);

/* troupe__looks_put: one more to be read; takes over `path`. */
void troupe__looks_put(struct looks *self, char *path, unsigned depth);

/*
 * troupe__looks_take: read the directory that was put last, unless a helper has
 * done so; the caller may take paths of entries and set them to NULL.
 *
 *   returns  what is in it, to be destroyed; NULL: there is none left
 */
struct look *troupe__looks_take(struct looks *self);

void troupe__look_destroy(struct look **self_p);

/* troupe__looks_destroy: stop the helpers; NULL is fine. */
void troupe__looks_destroy(struct looks **self_p);

#endif
