/* SPDX-License-Identifier: Apache-2.0 */
/* scratch_base.h: a place for run directories, and what stands there. */
#ifndef TROUPE_TESTS_RUNTIME_SCRATCH_BASE_H
#define TROUPE_TESTS_RUNTIME_SCRATCH_BASE_H

#include <stdbool.h>
#include <sys/types.h>

#include "troupe_rundir.h"

/* Before and after each test of a suite: an empty directory in /tmp, `base`, a
 * path in it that is not made yet, and nothing said. */
void base_begin(void);
void base_end(void);

extern char scratch[64], base[80];
extern char text[TROUPE_RUN_TEXT];
extern troupe_rundir_t *run; /* closed by base_end() */

/* Paths below `scratch`; valid until the eighth next call. */
const char *below(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

void make_directory(const char *path, mode_t mode);
void make_file(const char *path, const char *content, mode_t mode);
void make_socket(const char *path);

/* is_there: whatever it is; count_in: entries of a directory, -1: none. */
bool is_there(const char *path);
int count_in(const char *path);

/* open_run: must succeed, with nothing left in place. */
troupe_rundir_t *open_run(const char *name);

/* Opens `base` and `name` in vain: this error, and these words in `text`. */
void refused(const char *in, const char *name, int error, const char *words);

/* said: whether `text` has these words. */
bool said(const char *words);

/* A process that runs `hold` and then waits to be killed; returns when `hold`
 * has returned true. */
pid_t start_holder(bool (*hold)(void));
void kill_holder(pid_t pid);

#endif
