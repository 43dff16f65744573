/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_rundir.h: the private directory of a run, its lock, its sockets. */
#ifndef TROUPE_RUNDIR_H
#define TROUPE_RUNDIR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "troupe_base.h"

/*
 *   BASE                   the user's; runs of any name
 *   BASE/NAME              one run at a time
 *   BASE/NAME/lock         held as long as it runs; says who holds it
 *   BASE/NAME/g-1a2b3c4d   a generation: the sockets of this start of it
 *
 * libzmq removes whatever stands where it binds. So sockets stand only where
 * nobody else can put anything: BASE and what is below it belong to this user
 * and are open to nobody else, no directory above it lets others exchange what
 * is in it, no step on the way is a symbolic link, and each start of a run has
 * a new directory of a random name.
 *
 * The lock is one of an open file (fcntl(2), F_OFD_SETLK): the kernel lets go
 * of it when its holder ends, however, and others can see that it is held
 * without taking it for a moment, as flock(2) would have them do.
 *
 * What fails says so in `text`, a sentence with path, cause and cure. These
 * functions have no state but what they return; threads: any.
 */
typedef struct troupe_rundir troupe_rundir_t;

enum {
    TROUPE_RUN_PATH = 108, /* what a socket's path has, its NUL included */
    TROUPE_RUN_TEXT = 768
};

/*
 * troupe_rundir_base: where runs are unless somebody says where.
 *
 *   given        what somebody said, or NULL.
 *   runtime_dir  what $XDG_RUNTIME_DIR holds, or NULL: the library reads no
 *                environment. A relative one does not count.
 *   base         out: `given`, else RUNTIME_DIR/troupe, else /tmp/troupe-UID.
 *   returns      0, or a negative errno: `size` is too small for it
 *   source       XDG Base Directory Specification 0.8
 */
TROUPE_MUST int troupe_rundir_base(const char *given, const char *runtime_dir,
                                   char *base, size_t size);

/*
 * troupe_rundir_open: begin a run: make what is missing of BASE/NAME, take
 * its lock, remove what earlier runs left, and make a generation.
 *
 *   base     absolute; the directory that it is to be in must be there.
 *   name     1 to TROUPE_NAME_MAX of A-Z a-z 0-9 . _ - of which the first is a
 *            letter or digit.
 *   text     out: of a success what was left in place, as it is not known to
 *            be ours, or "".
 *   returns  0, or
 *            -EBUSY         a run of this name holds the lock; its pid is told
 *            -EINVAL        base or name is not as said above
 *            -EPERM         a directory or the lock belongs to somebody else,
 *                           or is open to others
 *            -ELOOP         a symbolic link stands there
 *            -ENOTDIR       something else stands there
 *            or another negative errno: a socket could have a path of over
 *            107 bytes, or a file cannot be made or opened
 */
TROUPE_MUST int troupe_rundir_open(const char *base, const char *name,
                                   troupe_rundir_t **ret,
                                   char text[TROUPE_RUN_TEXT]);

/* troupe_rundir_directory: BASE/NAME/g-1a2b3c4d; valid as long as `self`. */
TROUPE_API const char *troupe_rundir_directory(const troupe_rundir_t *self);

/*
 * troupe_rundir_check: whether lock and generation are still where they were
 * made. Something that tidies up, a cleaner of /tmp say, may take them away;
 * sockets in them cannot be reached then, and the name can be taken again.
 *
 *   returns  0, or a negative errno: `text` says what is missing
 */
TROUPE_MUST int troupe_rundir_check(const troupe_rundir_t *self,
                                    char text[TROUPE_RUN_TEXT]);

/*
 * troupe_rundir_close: remove the sockets, the generation, the lock and
 * BASE/NAME, and let go of the lock. BASE stays. What is not known to be ours
 * stays too, with the directories around it, and is named in `text`, else "".
 * NULL is fine.
 */
TROUPE_API void troupe_rundir_close(troupe_rundir_t **self_p,
                                    char text[TROUPE_RUN_TEXT]);

/*
 * troupe_rundir_socket: the path of a socket that is to be bound; for every
 * process of the run, also those that did not open it.
 *
 *   directory  that of the generation.
 *   name       "hub", "admin", or "n7.w0": node 1 to 1023, worker 0 to 1023.
 *   path       out
 *   returns    0, or
 *              -EEXIST        something stands there already
 *              -EINVAL        not such a name
 *              -EPERM, -ELOOP, -ENOTDIR, or another negative errno: what is
 *              wrong with the directory, or a path of over 107 bytes
 */
TROUPE_MUST int troupe_rundir_socket(const char *directory, const char *name,
                                     char path[TROUPE_RUN_PATH],
                                     char text[TROUPE_RUN_TEXT]);

/*
 * troupe_rundir_socket_id: what tells a bound socket from any that stands at
 * its path later; 0: no socket of ours stands there. Who bound it looks again
 * now and then: a socket whose file is gone hears of nobody new.
 */
TROUPE_API uint64_t troupe_rundir_socket_id(const char *path);

/* A run that holds its lock. */
typedef struct troupe_run {
    char name[TROUPE_NAME_MAX + 1];
    pid_t pid;                       /* 0: not known */
    char directory[TROUPE_RUN_PATH]; /* its generation; "": none yet */
} troupe_run_t;

/*
 * troupe_rundir_list: the runs below a base, by name. What is not a run, or
 * not ours, is passed over.
 *
 *   ret_runs  out: to be freed with free(); NULL when there are none.
 *   returns   0, also where there is no base; or what troupe_rundir_open()
 *             says of a base that cannot be used
 */
TROUPE_MUST int troupe_rundir_list(const char *base, troupe_run_t **ret_runs,
                                   size_t *ret_count,
                                   char text[TROUPE_RUN_TEXT]);

#endif
