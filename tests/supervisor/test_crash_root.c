/* SPDX-License-Identifier: Apache-2.0 */
/* test_crash_root.c: a root is killed: nothing stays, and the next one runs. */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process of `captain`: it says the pids of its two children and where it
 * has its sockets, and ends when its input does. */
struct captain {
    pid_t pid;
    FILE *said;
    int input;
    int children[2]; /* pidfds */
    char directory[128];
};

static char base[] = "/tmp/troupe-root-XXXXXX";

static void
begin(void)
{
    cr_assert(mkdtemp(base));
}

static void
end(void)
{
    cr_assert_eq(rmdir(base), 0);
}

TestSuite(crash_root, .init = begin, .fini = end, .timeout = 120);

static struct captain
start(void)
{
    struct captain self = {.pid = 0};
    int in[2], out[2];
    char line[128] = "";
    cr_assert_eq(pipe2(in, O_CLOEXEC), 0);
    cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
    self.pid = fork();
    if (self.pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execl(TROUPE_BUILD_DIR "/tests/captain", "captain", base, NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    self.input = in[1];
    self.said = fdopen(out[0], "r");
    for (int i = 0; i < 2; i++) {
        cr_assert(fgets(line, sizeof line, self.said));
        self.children[i] = (int) syscall(SYS_pidfd_open, (pid_t) atoi(line), 0);
        cr_assert_geq(self.children[i], 0, "%s", line);
    }
    cr_assert(fgets(self.directory, sizeof self.directory, self.said));
    self.directory[strcspn(self.directory, "\n")] = '\0';
    return self;
}

/* Sleeps until its children have ended. */
static void
finish(struct captain *self)
{
    for (int i = 0; i < 2; i++) {
        struct pollfd one = {.fd = self->children[i], .events = POLLIN};
        cr_assert_eq(poll(&one, 1, -1), 1);
        close(self->children[i]);
    }
    close(self->input);
    cr_assert_eq(waitpid(self->pid, NULL, 0), self->pid);
    fclose(self->said);
}

Test(crash_root, nothing_outlives_a_root_and_the_next_begins_anew)
{
    char socket[160];
    struct stat there;
    struct captain first = start();
    cr_assert_eq(kill(first.pid, SIGKILL), 0);
    finish(&first);
    snprintf(socket, sizeof socket, "%s/hub", first.directory);
    cr_assert_eq(stat(socket, &there), 0); /* nobody could remove it */
    struct captain second = start();
    cr_assert_str_neq(second.directory, first.directory);
    cr_assert_eq(stat(first.directory, &there), -1); /* the next one does */
    close(second.input);
    second.input = -1;
    finish(&second);
    cr_assert_eq(stat(second.directory, &there), -1);
}

/* Its name is taken as long as it runs. */
Test(crash_root, a_second_root_of_that_name_is_refused)
{
    struct captain first = start();
    char command[256];
    snprintf(command, sizeof command, "%s %s 2>/dev/null </dev/null",
             TROUPE_BUILD_DIR "/tests/captain", base);
    cr_assert_eq(WEXITSTATUS(system(command)), 2);
    close(first.input);
    first.input = -1;
    finish(&first);
}
