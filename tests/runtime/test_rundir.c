/* SPDX-License-Identifier: Apache-2.0 */
/* test_rundir.c: one run of a name at a time, and what it leaves: nothing. */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/scratch_base.h"

TestSuite(rundir, .init = base_begin, .fini = base_end, .timeout = 60);

static unsigned
mode_of(const char *path)
{
    struct stat status;
    cr_assert_eq(lstat(path, &status), 0, "%s", path);
    return status.st_mode & 07777;
}

Test(rundir, is_private_and_leaves_nothing)
{
    char path[TROUPE_RUN_PATH];
    umask(0);
    run = open_run("words");
    const char *directory = troupe_rundir_directory(run);
    cr_assert_eq(strncmp(directory, below("base/words/g-"),
                         strlen(below("base/words/g-"))),
                 0, "%s", directory);
    cr_assert_eq(mode_of(directory), 0700);
    cr_assert_eq(mode_of(below("base/words")), 0700);
    cr_assert_eq(mode_of(base), 0700);
    cr_assert_eq(mode_of(below("base/words/lock")), 0600);
    static const char *const names[] = {"hub", "admin", "n1.w0", "n1023.w1023"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int rc = troupe_rundir_socket(directory, names[i], path, text);
        cr_assert_eq(rc, 0, "%d: %s", rc, text);
        make_socket(path);
    }
    troupe_rundir_close(&run, text);
    cr_assert_null(run);
    cr_assert_str_eq(text, "");
    cr_assert_eq(count_in(base), 0);
    troupe_rundir_close(&run, text);
}

Test(rundir, a_base_is_given_or_the_users_or_in_tmp)
{
    char path[64], tmp[64];
    snprintf(tmp, sizeof tmp, "/tmp/troupe-%lu", (unsigned long) geteuid());
    cr_assert_eq(troupe_rundir_base("/a/b", "/run/user/7", path, 64), 0);
    cr_assert_str_eq(path, "/a/b");
    cr_assert_eq(troupe_rundir_base(NULL, "/run/user/7", path, 64), 0);
    cr_assert_str_eq(path, "/run/user/7/troupe");
    static const char *const wrong[] = {NULL, "", "run/user/7"};
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(troupe_rundir_base(NULL, wrong[i], path, 64), 0);
        cr_assert_str_eq(path, tmp);
    }
    cr_assert_eq(troupe_rundir_base("/a/b", NULL, path, 4), -ENAMETOOLONG);
    cr_assert_eq(troupe_rundir_base("/a/b", NULL, path, 5), 0);
}

Test(rundir, a_name_is_taken_once_and_who_has_it_is_told)
{
    char words[64];
    run = open_run("words");
    snprintf(words, sizeof words, "'words' runs already (process %ld)",
             (long) getpid());
    refused(base, "words", -EBUSY, words);
    troupe_rundir_t *other = open_run("others");
    troupe_rundir_close(&other, text);
    troupe_rundir_close(&run, text);
    run = open_run("words");
}

static bool
hold_words(void)
{
    char path[TROUPE_RUN_PATH];
    run = open_run("words");
    if (troupe_rundir_socket(troupe_rundir_directory(run), "hub", path, text))
        return false;
    make_socket(path);
    return true;
}

Test(rundir, the_lock_of_another_process_holds_until_it_ends_however)
{
    char words[64];
    pid_t pid = start_holder(hold_words);
    snprintf(words, sizeof words, "(process %ld)", (long) pid);
    refused(base, "words", -EBUSY, words);
    cr_assert_eq(count_in(below("base/words")), 2);
    kill_holder(pid);
    cr_assert_eq(count_in(below("base/words")), 2);
    run = open_run("words"); /* and what it left is gone */
    cr_assert_eq(count_in(below("base/words")), 2);
    cr_assert_eq(count_in(troupe_rundir_directory(run)), 0);
}

Test(rundir, what_is_not_ours_stays_and_is_named)
{
    make_directory(base, 0700);
    make_directory(below("base/words"), 0700);
    make_directory(below("base/words/g-0000000a"), 0700);
    make_socket(below("base/words/g-0000000a/hub"));
    make_file(below("base/words/g-0000000a/n1.w0"), "precious", 0600);
    make_socket(below("base/words/g-0000000a/other"));
    make_directory(below("base/words/g-0000000b"), 0755);
    cr_assert_eq(symlink("/", below("base/words/g-0000000c")), 0);
    make_directory(below("base/words/g-0000000d"), 0700);
    make_file(below("base/words/g-0000000d/n1023.marks"), "", 0600);
    make_socket(below("base/words/g-0000000a/n2.marks"));
    make_file(below("base/words/no\033[2Jtes"), "precious", 0600);
    int rc = troupe_rundir_open(base, "words", &run, text);
    cr_assert_eq(rc, 0, "%d: %s", rc, text);
    cr_assert_not(is_there(below("base/words/g-0000000a/hub")));
    cr_assert_not(is_there(below("base/words/g-0000000d")));
    static const char *const left[] = {"g-0000000a/n1.w0", "g-0000000a/other",
                                       "g-0000000b", "g-0000000c",
                                       "g-0000000a/n2.marks"};
    for (int i = 0; i < 5; i++) {
        cr_assert(said(left[i]), "no %s in %s", left[i], text);
        cr_assert(is_there(below("base/words/%s", left[i])));
    }
    cr_assert(said("no\\x1b[2Jtes"), "%s", text);
    make_file(below("%s/core", troupe_rundir_directory(run) + strlen(scratch)),
              "", 0600);
    troupe_rundir_close(&run, text);
    cr_assert(said("/core"), "%s", text);
    cr_assert_eq(count_in(below("base/words")), 5); /* and its directory */
}

Test(rundir, a_path_of_107_bytes_fits_and_one_more_is_refused)
{
    char path[TROUPE_RUN_PATH], name[TROUPE_NAME_MAX + 2];
    size_t rest = strlen("/g-12345678/n1023.w1023");
    size_t room = 107 - rest - strlen(base) - 1;
    cr_assert_leq(room + 1, TROUPE_NAME_MAX);
    memset(name, 'x', sizeof name);
    name[room] = '\0';
    run = open_run(name);
    cr_assert_eq(troupe_rundir_socket(troupe_rundir_directory(run),
                                      "n1023.w1023", path, text),
                 0);
    cr_assert_eq(strlen(path), 107);
    make_socket(path);
    name[room] = 'x';
    name[room + 1] = '\0';
    refused(base, name, -ENAMETOOLONG, "1 bytes shorter");
    cr_assert_not(is_there(below("base/%s", name)));
    cr_assert_eq(troupe_rundir_socket(below("%0100d", 0), "hub", path, text),
                 -ENAMETOOLONG);
}

Test(rundir, what_tidies_up_is_noticed_and_the_next_runs_things_stay)
{
    run = open_run("words");
    cr_assert_eq(troupe_rundir_check(run, text), 0);
    cr_assert_eq(rename(troupe_rundir_directory(run), below("moved")), 0);
    cr_assert_eq(troupe_rundir_check(run, text), -ESTALE);
    cr_assert(said(troupe_rundir_directory(run)), "%s", text);
    cr_assert_eq(rename(below("moved"), troupe_rundir_directory(run)), 0);
    cr_assert_eq(troupe_rundir_check(run, text), 0);
    cr_assert_eq(rmdir(troupe_rundir_directory(run)), 0);
    cr_assert_eq(unlink(below("base/words/lock")), 0);
    cr_assert_eq(troupe_rundir_check(run, text), -ESTALE);
    cr_assert(said("words/lock"), "%s", text);
    troupe_rundir_t *next = open_run("words");
    troupe_rundir_close(&run, text);
    cr_assert_str_eq(text, "");
    cr_assert_eq(troupe_rundir_check(next, text), 0, "%s", text);
    troupe_rundir_close(&next, text);
    cr_assert_eq(count_in(base), 0);
}

Test(rundir, a_socket_is_known_from_one_that_took_its_place)
{
    char path[TROUPE_RUN_PATH];
    run = open_run("words");
    cr_assert_eq(
        troupe_rundir_socket(troupe_rundir_directory(run), "hub", path, text),
        0);
    cr_assert_eq(troupe_rundir_socket_id(path), 0);
    make_socket(path);
    uint64_t id = troupe_rundir_socket_id(path);
    cr_assert_neq(id, 0);
    cr_assert_eq(troupe_rundir_socket_id(path), id);
    cr_assert_eq(unlink(path), 0);
    make_file(path, "", 0600);
    cr_assert_eq(troupe_rundir_socket_id(path), 0);
}

Test(rundir, runs_are_listed_by_name_with_process_and_directory)
{
    troupe_run_t *runs = NULL;
    size_t count = 7;
    cr_assert_eq(troupe_rundir_list(base, &runs, &count, text), 0);
    cr_assert_eq(count, 0);
    cr_assert_null(runs);
    pid_t dead = start_holder(hold_words);
    kill_holder(dead);
    run = open_run("zebra");
    troupe_rundir_t *ant = open_run("ant");
    make_file(below("base/file"), "", 0600);
    make_directory(below("base/empty"), 0700);
    cr_assert_eq(symlink("zebra", below("base/link")), 0);
    cr_assert_eq(troupe_rundir_list(base, &runs, &count, text), 0, "%s", text);
    cr_assert_eq(count, 2);
    cr_assert_str_eq(runs[0].name, "ant");
    cr_assert_str_eq(runs[1].name, "zebra");
    cr_assert_eq(runs[1].pid, getpid());
    cr_assert_str_eq(runs[1].directory, troupe_rundir_directory(run));
    free(runs);
    troupe_rundir_close(&ant, text);
    cr_assert_eq(chmod(base, 0755), 0);
    cr_assert_eq(troupe_rundir_list(base, &runs, &count, text), -EPERM);
    cr_assert(said("chmod 700"), "%s", text);
}

/* Who begins and ends a run; more than one at once is seen by all. */
static bool
contend(atomic_int *inside, int rounds)
{
    int had = 0;
    while (had < rounds) {
        troupe_rundir_t *mine = NULL;
        int rc = troupe_rundir_open(base, "words", &mine, text);
        if (rc == -EBUSY)
            continue;
        if (rc != 0 || atomic_fetch_add(inside, 1) != 0
            || troupe_rundir_check(mine, text) != 0) {
            fprintf(stderr, "failed: %d: %s\n", rc, text);
            return false;
        }
        atomic_fetch_sub(inside, 1);
        troupe_rundir_close(&mine, text);
        had++;
    }
    return true;
}

Test(rundir, processes_that_begin_and_end_at_once_have_it_in_turn)
{
    enum { PROCESSES = 4, ROUNDS = 50 };
    atomic_int *inside = mmap(NULL, sizeof *inside, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(inside, MAP_FAILED);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t pid = fork();
        cr_assert_geq(pid, 0);
        if (pid == 0)
            _exit(contend(inside, ROUNDS) ? 0 : 1);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = 0;
        cr_assert_gt(wait(&status), 0);
        cr_assert_eq(status, 0);
    }
    cr_assert_eq(count_in(base), 0);
}
