/* SPDX-License-Identifier: Apache-2.0 */
/* test_process.c: how child processes begin, and how their ends are told. */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/process_world.h"

TestSuite(process, .init = process_begin, .fini = process_end, .timeout = 30);

Test(process, an_end_in_peace_is_normal)
{
    const struct told *told = wait_end(PUPPET("exit", "0"));
    cr_assert_eq(told->end, TROUPE__END_NORMAL);
    cr_assert_eq(told->code, 0);
    cr_assert_gt(told->pid, 1);
    cr_assert_not(told->asked);
    cr_assert_str_eq(told->text, "ended normally");
}

Test(process, an_exit_code_is_told)
{
    const struct told *told = wait_end(PUPPET("exit", "3"));
    cr_assert_eq(told->end, TROUPE__END_CODE);
    cr_assert_eq(told->code, 3);
    cr_assert_not(told->permanent);
    cr_assert_str_eq(told->text, "ended with exit code 3");
}

Test(process, exit_code_125_means_never_again)
{
    const struct told *told = wait_end(PUPPET("exit", "125"));
    cr_assert_eq(told->end, TROUPE__END_CODE);
    cr_assert_eq(told->code, 125);
    cr_assert(told->permanent);
}

static void
expect_signal(const struct told *told, int signal, const char *text)
{
    cr_assert_eq(told->end, TROUPE__END_SIGNAL);
    cr_assert_eq(told->code, signal);
    size_t size = strlen(text); /* what follows tells of a core, if any */
    cr_assert(strncmp(told->text, text, size) == 0, "%s", told->text);
    cr_assert_str_eq(told->text + size, told->core ? ", core dumped" : "");
}

Test(process, signals_are_told)
{
    expect_signal(wait_end(PUPPET("raise", "11")), SIGSEGV,
                  "killed by SIGSEGV (Segmentation fault)");
    expect_signal(wait_end(PUPPET("raise", "9")), SIGKILL,
                  "killed by SIGKILL (Killed)");
    expect_signal(wait_end(PUPPET("abort")), SIGABRT,
                  "killed by SIGABRT (Aborted)");
    expect_signal(wait_end(PUPPET("raise", "40")), 40, "killed by signal 40");
}

static const struct told *
end_of_path(const char *path, const char *directory)
{
    return wait_end(start_spec(&(struct troupe__process_spec){
        .name = "wrong", .path = path, .directory = directory}));
}

static void
expect_unstarted(const struct told *told, int error, const char *step,
                 const char *cure)
{
    cr_assert_eq(told->end, TROUPE__END_UNSTARTED, "%s", told->text);
    cr_assert_eq(told->code, -error, "%s", told->text);
    cr_assert_eq(told->pid, 0);
    cr_assert_str_eq(told->step, step);
    cr_assert_not_null(strstr(told->text, cure), "%s", told->text);
}

Test(process, what_cannot_be_executed_is_named_with_its_cure)
{
    char path[] = "/tmp/troupe_process_XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, "#!/no/such/shell\n", 17), 17);
    close(fd);
    expect_unstarted(end_of_path("/no/such/program", NULL), ENOENT, "exec",
                     "whole path");
    expect_unstarted(end_of_path("/tmp", NULL), EACCES, "exec",
                     "it is a directory");
    expect_unstarted(end_of_path(path, NULL), EACCES, "exec", "chmod +x");
    cr_assert_eq(chmod(path, 0700), 0);
    expect_unstarted(end_of_path(path, NULL), ENOENT, "exec", "#! line");
    cr_assert_eq(truncate(path, 0), 0);
    expect_unstarted(end_of_path(path, NULL), ENOEXEC, "exec", "no program");
    unlink(path);
    expect_unstarted(end_of_path(puppet_path(), "/no/such/place"), ENOENT,
                     "directory", "/no/such/place");
}

Test(process, a_wrong_spec_is_refused)
{
    static const char big[TROUPE__HELLO_MAX + 1];
    const char *const no_name[] = {"=x", NULL};
    const char *const no_value[] = {"x", NULL};
    const char *const ours[] = {"TROUPE_LIFELINE_FD=7", NULL};
    const char *const none[] = {NULL};
    const struct troupe__process_spec wrong[] = {
        {.name = NULL, .path = "x"},
        {.name = "", .path = "x"},
        {.name = "x", .path = NULL},
        {.name = "x", .path = ""},
        {.name = "x", .path = "x", .argv = none},
        {.name = "x", .path = "x", .env = no_name},
        {.name = "x", .path = "x", .env = no_value},
        {.name = "x", .path = "x", .env = ours},
        {.name = "x", .path = "x", .hello_size = 1},
        {.name = "x", .path = "x", .hello = big, .hello_size = sizeof big},
    };
    uint64_t id = 77;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_eq(troupe__process_start(owner, &wrong[i], &id), -EINVAL,
                     "%zu", i);
    cr_assert_eq(id, 77);
    cr_assert_eq(troupe__process_signal(owner, 1, 0), -EINVAL);
    cr_assert_eq(troupe__process_signal(owner, 1, 65), -EINVAL);
    cr_assert_eq(troupe__process_signal(owner, 1, SIGTERM), -ESRCH);
    cr_assert_eq(troupe__process_stop(owner, 1), -ESRCH);
}

Test(process, what_has_ended_cannot_be_stopped)
{
    uint64_t id = PUPPET("exit", "0");
    wait_end(id);
    cr_assert_eq(troupe__process_stop(owner, id), -ESRCH);
    cr_assert_eq(troupe__process_signal(owner, id, SIGTERM), -ESRCH);
}

Test(process, a_hello_reaches_the_child_and_nobody_else)
{
    const char *const args[] = {
        "puppet",          "env", "TROUPE_HELLO_FD",    "adopt", "fds", "env",
        "TROUPE_HELLO_FD", "env", "TROUPE_LIFELINE_FD", NULL};
    uint64_t id =
        start_spec(&(struct troupe__process_spec){.name = "child",
                                                  .path = puppet_path(),
                                                  .argv = args,
                                                  .hello = "open sesame",
                                                  .hello_size = 11});
    const struct told *told = wait_end(id);
    cr_assert_not_null(strstr(told->tail, "adopted 0 11 open sesame\n"));
    /* Not in the environment, and after adoption not even where it was. */
    cr_assert_not_null(strstr(told->tail, "env TROUPE_HELLO_FD=4\n"));
    cr_assert_not_null(strstr(told->tail, "env TROUPE_HELLO_FD=(none)\n"));
    cr_assert_not_null(strstr(told->tail, "env TROUPE_LIFELINE_FD=(none)\n"));
}

Test(process, a_hello_of_every_size_goes_through)
{
    char hello[TROUPE__HELLO_MAX];
    memset(hello, 'x', sizeof hello);
    const char *const args[] = {"puppet", "adopt", NULL};
    const size_t sizes[] = {0, 1, TROUPE__HELLO_MAX};
    for (size_t i = 0; i < 3; i++) {
        uint64_t id =
            start_spec(&(struct troupe__process_spec){.name = "child",
                                                      .path = puppet_path(),
                                                      .argv = args,
                                                      .hello = hello,
                                                      .hello_size = sizes[i]});
        char wanted[32];
        snprintf(wanted, sizeof wanted, "0 %zu ", sizes[i]);
        const char *found = wait_line(id, "adopted ");
        cr_assert(strncmp(found, wanted, strlen(wanted)) == 0, "%s", found);
        wait_end(id);
    }
}

Test(process, a_hello_that_is_too_large_is_refused)
{
    const char *const args[] = {"puppet", "adopt-in-thread", "adopt-some", "3",
                                NULL};
    const struct told *told = wait_end(
        start_spec(&(struct troupe__process_spec){.name = "child",
                                                  .path = puppet_path(),
                                                  .argv = args,
                                                  .hello = "four",
                                                  .hello_size = 4}));
    char wanted[64];
    snprintf(wanted, sizeof wanted, "adopted %d 0 \nadopted %d 0 fou\n", -EPERM,
             -EMSGSIZE);
    cr_assert_str_eq(told->tail, wanted);
}

static void
begin_without_stdin(void)
{
    close(0); /* what is opened next gets a number that children use */
    process_begin();
}

Test(process, low_numbers_of_descriptors_do_not_collide,
     .init = begin_without_stdin)
{
    const char *const args[] = {"puppet", "fds", "adopt", NULL};
    const struct told *told = wait_end(
        start_spec(&(struct troupe__process_spec){.name = "child",
                                                  .path = puppet_path(),
                                                  .argv = args,
                                                  .hello = "here",
                                                  .hello_size = 4}));
    cr_assert_str_eq(told->tail, "fds 0 1 2 3 4\nadopted 0 4 here\n");
}

enum { THREADS = 4, EACH = 8 };

static void *
start_and_stop(void *failures_p)
{
    _Atomic int *failures = failures_p;
    for (int i = 0; i < EACH; i++) {
        uint64_t id = PUPPET("wait");
        *failures += troupe__process_signal(owner, id, SIGCONT) != 0;
        *failures += troupe__process_stop(owner, id) != 0;
    }
    return NULL;
}

Test(process, all_threads_may_start_and_stop)
{
    pthread_t threads[THREADS];
    _Atomic int failures = 0;
    puppet_path(); /* once, before there are several */
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(
            pthread_create(&threads[i], NULL, start_and_stop, &failures), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(failures, 0);
    for (uint64_t id = 1; id <= THREADS * EACH; id++)
        cr_assert(wait_end(id)->asked);
}

/* Whatever this process does to its own. */
static void
begin_in_disorder(void)
{
    sigset_t some;
    sigemptyset(&some);
    sigaddset(&some, SIGTERM);
    sigaddset(&some, SIGUSR2);
    sigprocmask(SIG_BLOCK, &some, NULL);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    setenv("ZSYS_LINGER", "1", 1);
    setenv("TROUPE_LIFELINE_FD", "99", 1);
    setenv("TROUPE_HELLO_FD", "98", 1);
    setenv("FLOWER", "rose", 1);
    setenv("TREE", "oak", 1);
    process_begin();
}

Test(process, a_child_begins_in_order, .init = begin_in_disorder)
{
    int inherited = fcntl(0, F_DUPFD, 100); /* not closed on exec */
    const char *const env[] = {"TREE=elm", "BIRD=wren", NULL};
    const char *const args[] = {"puppet",
                                "state",
                                "fds",
                                "env",
                                "ZSYS_LINGER",
                                "env",
                                "TROUPE_HELLO_FD",
                                "env",
                                "TROUPE_LIFELINE_FD",
                                "env",
                                "FLOWER",
                                "env",
                                "TREE",
                                "env",
                                "BIRD",
                                "directory",
                                NULL};
    const struct told *told = wait_end(
        start_spec(&(struct troupe__process_spec){.name = "child",
                                                  .path = puppet_path(),
                                                  .argv = args,
                                                  .env = env,
                                                  .directory = "/"}));
    close(inherited);
    cr_assert_str_eq(told->tail,
                     "state session=1 group=1 death=9 ignored=0 oom=500\n"
                     "fds 0 1 2 3\n"
                     "env ZSYS_LINGER=(none)\n"
                     "env TROUPE_HELLO_FD=(none)\n"
                     "env TROUPE_LIFELINE_FD=3\n"
                     "env FLOWER=rose\n"
                     "env TREE=elm\n"
                     "env BIRD=wren\n"
                     "directory /\n");
}

Test(process, who_was_not_started_by_an_owner_cannot_adopt)
{
    const struct told *told =
        wait_end(start_spec(&(struct troupe__process_spec){
            .name = "child",
            .path = "/bin/sh",
            .argv = (const char *const[]){"sh", "-c",
                                          "unset TROUPE_LIFELINE_FD; $0 adopt;"
                                          "TROUPE_LIFELINE_FD=x $0 adopt;"
                                          "TROUPE_LIFELINE_FD=77 $0 adopt;"
                                          "TROUPE_LIFELINE_FD=0 $0 adopt",
                                          puppet_path(), NULL}}));
    char wanted[128];
    snprintf(wanted, sizeof wanted,
             "adopted %d 0 \nadopted %d 0 \nadopted %d 0 \nadopted %d 0 \n",
             -ENODATA, -EBADMSG, -EBADMSG, -EBADMSG);
    cr_assert_str_eq(told->tail, wanted);
}

Test(process, an_exit_status_that_others_take_is_told_once)
{
    signal(SIGCHLD, SIG_IGN); /* the kernel reaps now */
    const struct told *told = wait_end(PUPPET("exit", "3"));
    cr_assert_eq(told->end, TROUPE__END_UNKNOWN);
    cr_assert_not_null(strstr(told->text, "SIGCHLD is ignored"));
}

static void
write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

Test(process, a_kill_for_want_of_memory_is_told_apart)
{
    char path[] = "/tmp/troupe_process_XXXXXX";
    close(mkstemp(path));
    write_file(path, "low 0\noom 1\noom_kill 4\n");
    const char *const args[] = {"puppet", "pid", "say", "ready", "wait", NULL};
    const struct troupe__process_spec spec = {.name = "hungry",
                                              .path = puppet_path(),
                                              .argv = args,
                                              .oom_file = path};
    uint64_t asked = start_spec(&spec);
    uint64_t hungry = start_spec(&spec);
    wait_line(asked, "ready");
    pid_t pid = atoi(wait_line(hungry, "pid "));
    write_file(path, "low 0\noom 2\noom_kill 5\n");
    /* The count grew for both, but the first is killed by us. */
    cr_assert_eq(troupe__process_signal(owner, asked, SIGKILL), 0);
    cr_assert_eq(wait_end(asked)->end, TROUPE__END_SIGNAL);
    kill(pid, SIGKILL);
    const struct told *told = wait_end(hungry);
    cr_assert_eq(told->end, TROUPE__END_OOM);
    cr_assert_eq(told->code, SIGKILL);
    cr_assert_not_null(strstr(told->text, "memory ran out"));
    unlink(path);
}

/* Others' limits hold too. */
static void
begin_with_room_for_two(void)
{
    process_begin_with((struct troupe__processes_options){.processes_max = 2});
}

Test(process, no_more_children_than_allowed, .init = begin_with_room_for_two)
{
    const struct troupe__process_spec spec = {.name = "x", .path = "/bin/true"};
    uint64_t one = PUPPET("wait");
    uint64_t two = PUPPET("wait");
    cr_assert_eq(troupe__process_start(owner, &spec, NULL), -ENOSPC);
    cr_assert_eq(troupe__process_stop(owner, one), 0);
    wait_end(one);
    cr_assert_eq(troupe__process_stop(owner, two), 0);
    wait_end(two);
}
