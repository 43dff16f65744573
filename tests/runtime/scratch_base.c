/* SPDX-License-Identifier: Apache-2.0 */
/* scratch_base.c: see its header. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/scratch_base.h"

char scratch[64], base[80];
char text[TROUPE_RUN_TEXT];
troupe_rundir_t *run;

void
base_begin(void)
{
    umask(022);
    strcpy(scratch, "/tmp/troupe-test-XXXXXX");
    cr_assert_not_null(mkdtemp(scratch));
    cr_assert_eq(chmod(scratch, 0755), 0);
    snprintf(base, sizeof base, "%s/base", scratch);
}

static int
remove_one(const char *path, const struct stat *status, int type,
           struct FTW *ftw)
{
    (void) status, (void) type, (void) ftw;
    return remove(path);
}

void
base_end(void)
{
    char left[TROUPE_RUN_TEXT];
    troupe_rundir_close(&run, left);
    nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
below(const char *format, ...)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];
    int used = snprintf(path, sizeof paths[0], "%s/", scratch);
    va_list args;
    va_start(args, format);
    vsnprintf(path + used, sizeof paths[0] - (size_t) used, format, args);
    va_end(args);
    return path;
}

void
make_directory(const char *path, mode_t mode)
{
    cr_assert_eq(mkdir(path, 0700), 0, "%s: %d", path, errno);
    cr_assert_eq(chmod(path, mode), 0);
}

void
make_file(const char *path, const char *content, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0, "%s: %d", path, errno);
    cr_assert_eq(write(fd, content, strlen(content)),
                 (ssize_t) strlen(content));
    cr_assert_eq(fchmod(fd, mode), 0);
    close(fd);
}

void
make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    /* 107 bytes and a NUL are what libzmq takes. */
    cr_assert_lt(strlen(path), sizeof address.sun_path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(fd, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *) &address, sizeof address), 0,
                 "%s: %d", path, errno);
    close(fd);
}

bool
is_there(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

int
count_in(const char *path)
{
    int count = -2; /* . and .. */
    DIR *stream = opendir(path);
    if (!stream)
        return -1;
    while (readdir(stream))
        count++;
    closedir(stream);
    return count;
}

troupe_rundir_t *
open_run(const char *name)
{
    troupe_rundir_t *opened = NULL;
    int rc = troupe_rundir_open(base, name, &opened, text);
    cr_assert_eq(rc, 0, "%d: %s", rc, text);
    cr_assert_str_eq(text, "");
    return opened;
}

bool
said(const char *words)
{
    return strstr(text, words) != NULL;
}

void
refused(const char *in, const char *name, int error, const char *words)
{
    troupe_rundir_t *opened = NULL;
    int rc = troupe_rundir_open(in, name, &opened, text);
    cr_assert_eq(rc, error, "%d, not %d: %s", rc, error, text);
    cr_assert_null(opened);
    cr_assert(said(words), "'%s' does not say '%s'", text, words);
}

pid_t
start_holder(bool (*hold)(void))
{
    int ready[2];
    char byte = 0;
    cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
    pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0) {
        byte = hold() ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    cr_assert_eq(byte, 'y');
    return pid;
}

void
kill_holder(pid_t pid)
{
    int status = 0;
    cr_assert_eq(kill(pid, SIGKILL), 0);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFSIGNALED(status));
}
