/* SPDX-License-Identifier: Apache-2.0 */
/* rundir_self.h: what the files of the run directory share. */
#ifndef TROUPE_RUNTIME_RUNDIR_SELF_H
#define TROUPE_RUNTIME_RUNDIR_SELF_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "troupe_rundir.h"

enum {
    GENERATION_SIZE = sizeof "g-1a2b3c4d",
    SOCKET_NAME_SIZE = sizeof "n1023.w1023"
};

struct troupe_rundir {
    int base_fd, name_fd, run_fd; /* O_PATH; -1: not open */
    int lock_fd;
    char name[TROUPE_NAME_MAX + 1];
    char generation[GENERATION_SIZE]; /* "": none yet */
    char parent[TROUPE_RUN_PATH];     /* BASE/NAME */
    char directory[TROUPE_RUN_PATH];
};

/* rundir_words.c: each writes to `text` and returns `rc`, negative. */
int troupe__rundir_say(char *text, int rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "cannot WHAT PATH: " and what the error means, with a cure. */
int troupe__rundir_cannot(char *text, int rc, const char *what,
                          const char *path);
/* "DIRECTORY/NAME"; false: it does not fit. */
bool troupe__rundir_join(char *path, size_t size, const char *directory,
                         const char *name);
/* Add to `text` that something was left in place. */
void troupe__rundir_left(char *text, const char *directory, const char *name);

/* rundir_walk.c */
/* Ours, and open to nobody else; `path` is for the words. */
int troupe__rundir_is_ours(const struct stat *status, const char *path,
                           char *text);
/* A directory of ours; made, if it is not there and `make` is true. Returns a
 * descriptor (O_PATH) or a negative errno. */
int troupe__rundir_enter(int at, const char *name, const char *path, bool make,
                         char *text);
/* The same for a base: all steps to it; ret_path is without links. */
int troupe__rundir_enter_base(const char *base, bool make,
                              char ret_path[PATH_MAX], char *text);
bool troupe__rundir_is_run_name(const char *name);
bool troupe__rundir_is_same(const struct stat *one, const struct stat *other);

/* rundir_clear.c */
bool troupe__rundir_is_generation(const char *name);
bool troupe__rundir_is_socket(const char *name);
/* Remove a generation, if it is ours (and `run_fd`, if that is not -1). */
void troupe__rundir_clear(const troupe_rundir_t *self, const char *name,
                          int run_fd, char *text);
/* Remove all generations; the lock must be held. */
void troupe__rundir_clear_stale(const troupe_rundir_t *self, char *text);
DIR *troupe__rundir_read(int path_fd);

/* rundir_lock.c */
/* -ESTALE: it was removed meanwhile; -EBUSY and others are told in `text`. */
int troupe__rundir_lock(troupe_rundir_t *self, char *text);
/* Say in the lock who holds it, and with which generation. */
int troupe__rundir_lock_write(const troupe_rundir_t *self, char *text);
/* Whether anybody holds the lock; then also its pid, and the bare name of its
 * generation as `directory`, as far as they are known. */
bool troupe__rundir_is_held(int name_fd, troupe_run_t *run);

#endif
