/* SPDX-License-Identifier: Apache-2.0 */
/* test_mould.c: children that are forked are as those that are executed. */
#include <criterion/criterion.h>

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/process_self.h"
#include "runtime/process_world.h"

TestSuite(mould, .init = process_begin, .fini = process_end, .timeout = 30);

/* The second of an owner is the first that is forked, where that can be. */
static uint64_t
start(const struct troupe__process_spec *spec)
{
    struct troupe__process_spec copy = *spec;
    copy.name = "puppet";
    copy.path = puppet_path();
    copy.hello = "a secret";
    copy.hello_size = 8;
    copy.may_fork = true;
    return start_spec(&copy);
}

static uint64_t
start_words(const char *first, const char *last)
{
    const char *argv[] = {"puppet", first, "say", last, NULL};
    return start(&(struct troupe__process_spec){.argv = argv});
}

/* Where there is one: not in a build with a sanitizer. */
static pid_t
mould_pid(void)
{
    cr_assert_eq(owner->mould.has_forked, troupe__mould_is_possible());
    return owner->mould.launch ? owner->mould.pid : 0;
}

static void
assert_same_end(uint64_t one, uint64_t other)
{
    const struct told *a = wait_end(one), *b = wait_end(other);
    cr_assert_eq(a->end, TROUPE__END_NORMAL, "%s", a->text);
    cr_assert_eq(b->end, TROUPE__END_NORMAL, "%s", b->text);
    cr_assert_str_eq(a->tail, b->tail);
    cr_assert_neq(a->pid, b->pid);
}

Test(mould, a_forked_child_begins_as_one_that_is_executed)
{
    const char *argv[] = {"puppet",
                          "state",
                          "fds",
                          "env",
                          "PATH",
                          "env",
                          "TROUPE_MOULD_FD",
                          "env",
                          "TROUPE_HELLO_FD",
                          "limit",
                          "directory",
                          "adopt",
                          "say-error",
                          "one",
                          NULL};
    const struct troupe__process_spec spec = {.argv = argv,
                                              .directory = "/usr"};
    struct rlimit limit;
    uint64_t executed = start(&spec);
    assert_same_end(executed, start(&spec));
    cr_assert(strstr(wait_end(executed)->tail, "adopted 0 8 a secret\none\n"));
    cr_assert(strstr(wait_end(executed)->tail, "directory /usr\n"));
    mould_pid();

    /* What has changed since the mould began. */
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 777;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    uint64_t forked = start(&spec);
    cr_assert_str_eq(wait_line(forked, "limit "), "777");
    wait_end(forked);
}

Test(mould, each_child_has_its_own_last_argument)
{
    char longest[TROUPE_NAME_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[TROUPE_NAME_MAX] = '\0';
    const char *const words[] = {"one", "two", longest, "", "four"};
    for (size_t i = 0; i < 5; i++) {
        char expected[128];
        snprintf(expected, sizeof expected, "adopted 0 8 a secret\n%s\n",
                 words[i]);
        cr_assert_str_eq(wait_end(start_words("adopt", words[i]))->tail,
                         expected);
    }
    mould_pid();
}

Test(mould, what_it_was_not_made_for_is_executed)
{
    char longer[TROUPE_NAME_MAX + 2];
    memset(longer, 'x', sizeof longer);
    longer[TROUPE_NAME_MAX + 1] = '\0';
    const char *more[] = {"puppet", "env", "PUPPET", "say", "more", NULL};
    const char *env[] = {"PUPPET=other", NULL};
    for (int i = 0; i < 2; i++)
        wait_end(start_words("adopt", "made"));
    wait_line(start_words("pid", "made"), "pid ");
    wait_line(start_words("adopt", longer), longer);
    uint64_t other =
        start(&(struct troupe__process_spec){.argv = more, .env = env});
    cr_assert_str_eq(wait_line(other, "env PUPPET="), "other");
    cr_assert_str_eq(wait_end(PUPPET("adopt", "say", "no hello"))->tail,
                     "adopted 0 0 \nno hello\n");
}

static void
run_three(void)
{
    for (int i = 0; i < 3; i++)
        cr_assert_eq(wait_end(start_words("adopt", "three"))->end,
                     TROUPE__END_NORMAL);
}

Test(mould, one_that_is_killed_is_replaced)
{
    for (int i = 0; i < 5; i++) {
        run_three();
        pid_t pid = mould_pid();
        if (pid == 0)
            return;
        int pidfd = watch_pid(pid);
        cr_assert_eq(kill(pid, SIGKILL), 0);
        if (i % 2)
            wait_gone(pidfd);
        else
            close(pidfd);
    }
    run_three();
}

Test(mould, one_that_may_do_more_than_the_owner_now_is_replaced)
{
    gid_t before = getegid();
    run_three();
    pid_t pid = mould_pid();
    if (setegid(before + 1) < 0)
        return; /* who is not root has no other */
    cr_assert_eq(wait_end(start_words("adopt", "other"))->end,
                 TROUPE__END_NORMAL);
    cr_assert(pid == 0 || mould_pid() != pid);
    cr_assert_eq(setegid(before), 0);
}

static void
be_in_another_group(void)
{
    gid_t groups[65];
    int count = getgroups(64, groups);
    groups[count < 0 ? 0 : count] = 12345;
    /* Who is not root may not; then the mask is enough. */
    if (count < 0 || setgroups((size_t) count + 1, groups) < 0)
        umask(umask(0) ^ 1);
}

static void
mask_modes(void)
{
    umask(umask(0) ^ 2);
}

/* One that lets through all there is, for all threads. */
static void
filter_calls(void)
{
    struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog filter = {1, &all};
    cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    cr_assert_eq(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                         SECCOMP_FILTER_FLAG_TSYNC, &filter),
                 0);
}

/* The second filter changes nothing but their number. */
Test(mould, it_is_made_anew_when_anything_that_its_owner_may_do_has_changed)
{
    void (*const changes[])(void) = {mask_modes, be_in_another_group,
                                     filter_calls, filter_calls};
    mode_t mask = umask(0);
    umask(mask);
    run_three();
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        pid_t pid = mould_pid();
        if (pid == 0)
            return;
        run_three();
        cr_assert_eq(mould_pid(), pid, "%zu: it is kept", i);
        changes[i]();
        run_three();
        cr_assert_neq(mould_pid(), pid, "%zu", i);
    }
    umask(mask);
}

/* Of this thread, and of those that it starts: root enters any without it. */
static void
let_pass_all(bool on)
{
    const uint32_t mask = 1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH;
    struct __user_cap_header_struct header = {.version =
                                                  _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    cr_assert_eq(syscall(SYS_capget, &header, data), 0);
    if (on)
        data[0].effective |= data[0].permitted & mask;
    else
        data[0].effective &= ~mask;
    cr_assert_eq(syscall(SYS_capset, &header, data), 0);
}

static void
begin_as_any_other(void)
{
    let_pass_all(false);
    process_begin();
}

static void
end_as_any_other(void)
{
    process_end();
    let_pass_all(true);
}

Test(mould, a_directory_that_cannot_be_entered_is_an_error_of_the_start,
     .init = begin_as_any_other, .fini = end_as_any_other)
{
    char closed[] = "/tmp/troupe-mould-XXXXXX";
    const char *argv[] = {"puppet", "adopt", "say", "inside", NULL};
    cr_assert(mkdtemp(closed));
    cr_assert_eq(chmod(closed, 0), 0);
    run_three();
    pid_t pid = mould_pid();
    const struct told *told = wait_end(start(
        &(struct troupe__process_spec){.argv = argv, .directory = closed}));
    cr_assert_eq(told->end, TROUPE__END_UNSTARTED);
    cr_assert_str_eq(told->step, "directory");
    cr_assert_eq(told->code, -EACCES);
    cr_assert_eq(mould_pid(), pid, "it is none of its faults");
    run_three();
    cr_assert_eq(rmdir(closed), 0);
}

Test(mould, a_forked_child_is_killed_and_told_as_any_other)
{
    wait_end(start_words("adopt", "first"));
    const char *argv[] = {"puppet", "say", "up", "wait", "x", NULL};
    uint64_t id = start(&(struct troupe__process_spec){.argv = argv});
    wait_line(id, "up");
    cr_assert_eq(troupe__process_signal(owner, id, SIGKILL), 0);
    const struct told *told = wait_end(id);
    cr_assert_eq(told->end, TROUPE__END_SIGNAL);
    cr_assert_eq(told->code, SIGKILL);
    id = start(&(struct troupe__process_spec){.argv = argv});
    cr_assert_eq(troupe__process_stop(owner, id), 0);
    cr_assert(wait_end(id)->asked);
}

/* Of the mould as well, which knows nothing of them but their beginning. */
Test(mould, neither_it_nor_its_children_outlive_the_owner)
{
    uint64_t middle = PUPPET("own-forked", "x");
    int pids[4], pidfds[4];
    cr_assert_eq(sscanf(wait_line(middle, "children "), "%d %d %d %d", &pids[0],
                        &pids[1], &pids[2], &pids[3]),
                 4);
    for (int i = 0; i < 4; i++)
        pidfds[i] = watch_pid(pids[i]);
    cr_assert_eq(troupe__process_signal(owner, middle, SIGKILL), 0);
    wait_end(middle);
    for (int i = 0; i < 4; i++)
        wait_gone(pidfds[i]);
}
