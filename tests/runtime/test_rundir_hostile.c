/* SPDX-License-Identifier: Apache-2.0 */
/* test_rundir_hostile.c: what others put in the way is refused with words. */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/scratch_base.h"

TestSuite(rundir_hostile, .init = base_begin, .fini = base_end, .timeout = 60);

enum { NOBODY = 65534 };

Test(rundir_hostile, wrong_names_and_bases)
{
    static const char *const names[] = {
        "",
        ".",
        "..",
        ".x",
        "-x",
        "a/b",
        "a b",
        "a\nb",
        "\303\251",
        "a%",
        "x123456789012345678901234567890123456789012345678901234567890123"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        refused(base, names[i], -EINVAL, "begins with a letter or digit");
    refused(base, NULL, -EINVAL, "begins with a letter or digit");
    refused(NULL, "words", -EINVAL, "from / on");
    refused("", "words", -EINVAL, "from / on");
    refused("base", "words", -EINVAL, "from / on");
    refused("//", "words", -EINVAL, "from / on");
    refused(below("."), "words", -EINVAL, "last step");
    refused(below("base/.."), "words", -EINVAL, "last step");
    cr_assert_eq(count_in(scratch), 0);
    run = open_run("a-Z_0.9");
}

Test(rundir_hostile, links_and_files_on_the_way)
{
    make_directory(below("mine"), 0700);
    cr_assert_eq(symlink("mine", base), 0);
    refused(base, "words", -ELOOP, "base is a symbolic link");
    cr_assert_eq(unlink(base), 0);
    make_file(base, "", 0600);
    refused(base, "words", -ENOTDIR, "base is not a directory");
    cr_assert_eq(unlink(base), 0);
    make_directory(base, 0700);
    cr_assert_eq(symlink("../mine", below("base/words")), 0);
    refused(base, "words", -ELOOP, "base/words is a symbolic link");
    cr_assert_eq(unlink(below("base/words")), 0);
    make_directory(below("base/words"), 0700);
    cr_assert_eq(symlink("../../mine/lock", below("base/words/lock")), 0);
    refused(base, "words", -ELOOP, "lock is a symbolic link");
    cr_assert_eq(count_in(below("mine")), 0);
    cr_assert_eq(unlink(below("base/words/lock")), 0);
    cr_assert_eq(mkfifo(below("base/words/lock"), 0600), 0);
    refused(base, "words", -EPERM, "lock is not a regular file");
    refused(below("none/base"), "words", -ENOENT, "make the directory");
    /* Above the base links are followed, and what they lead to is looked at. */
    cr_assert_eq(symlink("mine", below("link")), 0);
    cr_assert_eq(troupe_rundir_open(below("link/b"), "words", &run, text), 0,
                 "%s", text);
    cr_assert(strstr(troupe_rundir_directory(run), "/mine/b/words/g-"));
}

Test(rundir_hostile, what_is_open_to_others)
{
    make_directory(base, 0750);
    refused(base, "words", -EPERM, "(mode 0750)");
    cr_assert(said("chmod 700"), "%s", text);
    cr_assert_eq(chmod(base, 0700), 0);
    make_directory(below("base/words"), 0701);
    refused(base, "words", -EPERM, "base/words is open to other users");
    cr_assert_eq(chmod(below("base/words"), 0700), 0);
    make_file(below("base/words/lock"), "", 0644);
    refused(base, "words", -EPERM, "chmod 600");
    cr_assert_eq(unlink(below("base/words/lock")), 0);
    /* Whoever may write above can exchange it, unless the sticky bit is set. */
    cr_assert_eq(chmod(scratch, 0777), 0);
    refused(base, "words", -EPERM, "exchange what is in it (mode 0777)");
    cr_assert_eq(chmod(scratch, 01777), 0);
    run = open_run("words");
}

Test(rundir_hostile, what_belongs_to_others)
{
    if (geteuid() != 0) {
        refused("/usr", "words", -EPERM, "/usr belongs to user 0");
        return;
    }
    make_directory(base, 0700);
    cr_assert_eq(chown(base, NOBODY, NOBODY), 0);
    refused(base, "words", -EPERM, "base belongs to user 65534");
    cr_assert_eq(chown(base, 0, 0), 0);
    make_directory(below("base/words"), 0700);
    cr_assert_eq(chown(below("base/words"), NOBODY, NOBODY), 0);
    refused(base, "words", -EPERM, "words belongs to user 65534");
    cr_assert_eq(chown(below("base/words"), 0, 0), 0);
    make_file(below("base/words/lock"), "", 0600);
    cr_assert_eq(chown(below("base/words/lock"), NOBODY, NOBODY), 0);
    refused(base, "words", -EPERM, "lock belongs to user 65534");
    cr_assert_eq(unlink(below("base/words/lock")), 0);
    cr_assert_eq(chown(scratch, NOBODY, NOBODY), 0);
    refused(base, "words", -EPERM, "who could exchange");
    cr_assert_eq(chown(scratch, 0, 0), 0);
    make_directory(below("base/words/g-00000000"), 0700);
    make_socket(below("base/words/g-00000000/hub"));
    cr_assert_eq(lchown(below("base/words/g-00000000/hub"), NOBODY, NOBODY), 0);
    cr_assert_eq(troupe_rundir_open(base, "words", &run, text), 0, "%s", text);
    cr_assert(said("g-00000000/hub"), "%s", text);
    cr_assert(is_there(below("base/words/g-00000000/hub")));
}

Test(rundir_hostile, what_stands_where_a_socket_is_to_be)
{
    char path[TROUPE_RUN_PATH];
    run = open_run("words");
    const char *in = troupe_rundir_directory(run);
    const char *names[] = {"hub", "admin", "n2.w0"};
    char at[3][TROUPE_RUN_PATH + 8];
    for (int i = 0; i < 3; i++)
        snprintf(at[i], sizeof at[i], "%s/%s", in, names[i]);
    make_file(at[0], "precious", 0600);
    make_socket(at[1]);
    cr_assert_eq(symlink("nowhere", at[2]), 0);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(troupe_rundir_socket(in, names[i], path, text), -EEXIST);
        cr_assert(said(at[i]) && said("is there already"), "%s", text);
        cr_assert(is_there(at[i]));
    }
    static const char *const wrong[] = {
        "",       "hub2",      "n0.w0",  "n1024.w0", "n1.w1024", "n01.w0",
        "n1.w00", "n1.w",      "n.w0",   "n1w0",     "n1.w0x",   "../hub",
        "lock",   "n99999.w0", "n1.w-1", "n 1.w0"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_eq(troupe_rundir_socket(in, wrong[i], path, text), -EINVAL,
                     "%s", wrong[i]);
    cr_assert_eq(chmod(in, 0711), 0);
    cr_assert_eq(troupe_rundir_socket(in, "n3.w0", path, text), -EPERM);
    cr_assert_eq(chmod(in, 0700), 0);
    cr_assert_eq(symlink(in, below("way")), 0);
    cr_assert_eq(troupe_rundir_socket(below("way"), "n3.w0", path, text),
                 -ELOOP);
    cr_assert_eq(troupe_rundir_socket(below("no"), "n3.w0", path, text),
                 -ENOENT);
}

Test(rundir_hostile, no_permission)
{
    cr_assert_eq(chmod(scratch, 0555), 0);
    bool root = geteuid() == 0;
    cr_assert(!root || seteuid(NOBODY) == 0);
    refused(base, "words", -EACCES, "that this user may write in");
    cr_assert(!root || seteuid(0) == 0);
    cr_assert_eq(chmod(scratch, 0755), 0);
}

Test(rundir_hostile, no_descriptors)
{
    struct rlimit limit;
    run = open_run("warm"); /* opens what the first call may need for good */
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    int lowest = dup(0);
    cr_assert_geq(lowest, 0);
    close(lowest);
    rlim_t kept = limit.rlim_cur;
    bool ok = false;
    for (rlim_t more = 0; more < 12 && !ok; more++) {
        troupe_rundir_t *opened = NULL;
        limit.rlim_cur = (rlim_t) lowest + more;
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        int rc = troupe_rundir_open(base, "words", &opened, text);
        ok = rc == 0;
        cr_assert(ok || rc == -EMFILE, "%d: %s", rc, text);
        cr_assert(ok || said("ulimit -n"), "%s", text);
        if (ok)
            troupe_rundir_close(&opened, text);
        int now = dup(0);
        cr_assert(now == lowest || (now < 0 && more == 0), "%d", now);
        close(now);
    }
    limit.rlim_cur = kept;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_assert(ok);
    cr_assert_not(is_there(below("base/words")));
}

static void
write_to(const char *path, const char *format, unsigned id)
{
    char line[32];
    int size = snprintf(line, sizeof line, format, id);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, line, (size_t) size) != size)
        cr_skip_test("no user namespace of one's own here");
    close(fd);
}

/* A small file system on `scratch` that only this process sees. */
static void
mount_small(const char *options)
{
    unsigned user = geteuid(), group = getegid();
    if (user != 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
            cr_skip_test("no user namespace of one's own here");
        write_to("/proc/self/setgroups", "deny", 0);
        write_to("/proc/self/uid_map", "0 %u 1", user);
        write_to("/proc/self/gid_map", "0 %u 1", group);
    } else if (unshare(CLONE_NEWNS) < 0) {
        cr_skip_test("no mount namespace of one's own here");
    }
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0
        || mount("none", scratch, "tmpfs", 0, options) < 0)
        cr_skip_test("no file system can be mounted here");
}

static void
unmount_small(void)
{
    cr_assert_eq(umount2(scratch, MNT_DETACH), 0);
}

Test(rundir_hostile, a_read_only_file_system)
{
    mount_small("mode=755");
    unsigned long flags = MS_REMOUNT | MS_RDONLY;
    cr_assert_eq(mount("none", scratch, NULL, flags, NULL), 0, "%d", errno);
    refused(base, "words", -EROFS, "on a file system that is writable");
    unmount_small();
}

/* At every step there is one file too few, then one page too few. */
Test(rundir_hostile, a_full_disk)
{
    bool ok = false;
    mount_small("mode=755,size=64k,nr_inodes=64");
    int taken = 0;
    while (mkdir(below("%d", taken), 0700) == 0)
        taken++;
    cr_assert_eq(errno, ENOSPC);
    for (int more = 0; more < 8 && !ok; more++) {
        troupe_rundir_t *opened = NULL;
        int rc = troupe_rundir_open(base, "words", &opened, text);
        ok = rc == 0;
        cr_assert(ok || rc == -ENOSPC, "%d: %s", rc, text);
        cr_assert(ok || said("make room there"), "%s", text);
        troupe_rundir_close(&opened, text);
        cr_assert_not(is_there(below("base/words")));
        cr_assert_eq(rmdir(below("%d", --taken)), 0);
    }
    cr_assert(ok);
    int fd = open(below("full"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    char page[4096] = "";
    while (write(fd, page, sizeof page) > 0)
        continue;
    close(fd);
    refused(base, "words", -ENOSPC, "cannot write");
    cr_assert_not(is_there(below("base/words")));
    unmount_small();
}
