/* SPDX-License-Identifier: Apache-2.0 */
/* puppet.c: a child process that does what its arguments say, in order. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/process_adopt.h"
#include "runtime/process_self.h"

/* A test that fails must not leave processes behind for long. */
enum { LIFE_S = 120 };

static void
say(const char *text)
{
    printf("%s\n", text);
    fflush(stdout);
}

static bool waits_for_term;

static void
nap(const char *unused)
{
    (void) unused;
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    int signal = 0;
    if (waits_for_term && sigwait(&term, &signal) == 0)
        _exit(7);
    for (;;)
        pause();
}

static void
say_error(const char *text)
{
    fprintf(stderr, "%s\n", text);
}

static void
say_raw(const char *text)
{
    printf("%s", text);
    fflush(stdout);
}

static void
leave(const char *code)
{
    exit(atoi(code));
}

/* No handler: ThreadSanitizer puts those off until it sees fit. */
static void
on_term_leave(const char *unused)
{
    (void) unused;
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    waits_for_term = true;
}

static void
ignore(const char *number)
{
    signal(atoi(number), SIG_IGN);
}

/* A sanitizer has its own handlers for some. */
static void
raise_signal(const char *number)
{
    signal(atoi(number), SIG_DFL);
    raise(atoi(number));
}

static void
abort_now(const char *unused)
{
    (void) unused;
    signal(SIGABRT, SIG_DFL);
    abort();
}

/* A grandchild that stays; "own" gives it a session of its own. */
static void
fork_grandchild(const char *where)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(LIFE_S);
        signal(SIGTERM, SIG_IGN);
        waits_for_term = false;
        if (strcmp(where, "own") == 0)
            setsid();
        nap(NULL);
    }
    printf("grandchild %d\n", pid);
    fflush(stdout);
}

static void
flood(const char *piece)
{
    for (;;)
        if (printf("%s", piece) < 0)
            exit(9);
}

/* With room for so many bytes of the hello; 0: for all. */
static void
adopt_some(const char *room)
{
    char hello[TROUPE__HELLO_MAX + 1] = "";
    size_t size = 0;
    size_t max = strtoul(room, NULL, 10);
    int rc = troupe__process_adopt(hello, max ? max : TROUPE__HELLO_MAX, &size);
    printf("adopted %d %zu %s\n", rc, size, hello);
    fflush(stdout);
}

static void
adopt(const char *unused)
{
    (void) unused;
    adopt_some("0");
}

static void *
run_adopt(void *unused)
{
    adopt_some("0");
    return unused;
}

static void
adopt_in_thread(const char *unused)
{
    (void) unused;
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_adopt, NULL) == 0)
        pthread_join(thread, NULL);
}

static void
tell_state(const char *unused)
{
    int death = 0;
    int handled = 0;
    sigset_t blocked;
    (void) unused;
    prctl(PR_GET_PDEATHSIG, &death);
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int i = 1; i <= 64; i++) {
        struct sigaction action;
        if (sigismember(&blocked, i) == 1)
            printf("blocked %d\n", i);
        if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            handled = i;
    }
    char adjust[16] = "?";
    FILE *file = fopen("/proc/self/oom_score_adj", "r");
    if (file && !fgets(adjust, sizeof adjust, file))
        adjust[0] = '\0';
    if (file)
        fclose(file);
    adjust[strcspn(adjust, "\n")] = '\0';
    printf("state session=%d group=%d death=%d ignored=%d oom=%s\n",
           getsid(0) == getpid(), getpgrp() == getpid(), death, handled,
           adjust);
}

static void
tell_fds(const char *unused)
{
    DIR *dir = opendir("/proc/self/fd");
    (void) unused;
    printf("fds");
    for (int fd = 0; fd < 1024; fd++)
        if (fd != dirfd(dir) && fcntl(fd, F_GETFD) >= 0)
            printf(" %d", fd);
    printf("\n");
    closedir(dir);
}

static void
tell_env(const char *name)
{
    const char *value = getenv(name);
    printf("env %s=%s\n", name, value ? value : "(none)");
}

static void
tell_directory(const char *unused)
{
    char path[512];
    (void) unused;
    printf("directory %s\n", getcwd(path, sizeof path) ? path : "?");
}

static void
close_all(const char *unused)
{
    (void) unused;
    close_range(3, ~0U, 0);
}

static void
tell_pid(const char *unused)
{
    (void) unused;
    printf("pid %d\n", getpid());
}

static void
stop_self(const char *unused)
{
    (void) unused;
    raise(SIGSTOP);
}

/* What `own` is told of its child goes out as its own lines. */
static void
on_line(void *data, uint64_t id, int stream, const char *text, size_t size)
{
    (void) data, (void) id, (void) stream, (void) size;
    say(text);
}

static void
on_started(void *data, uint64_t id, pid_t pid)
{
    (void) data, (void) id;
    printf("child %d\n", pid);
    fflush(stdout);
}

/* Start a puppet whose arguments stand in one word, with commas. */
static void
own(const char *words)
{
    static char copy[256];
    static const char *argv[32] = {"puppet"};
    int count = 1;
    snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok(copy, ","); word && count < 31;
         word = strtok(NULL, ","))
        argv[count++] = word;
    struct troupe__processes *owner = NULL;
    const struct troupe__processes_options options = {
        .calls = {.line = on_line, .started = on_started}};
    const struct troupe__process_spec spec = {
        .name = "inner", .path = "/proc/self/exe", .argv = argv};
    if (troupe__processes_new(&options, &owner) < 0
        || troupe__process_start(owner, &spec, NULL) < 0)
        exit(8);
    nap(NULL);
}

/* The pids of three, and of their mould; where there is none, of the first. */
static void
on_three(void *data, uint64_t id, pid_t pid)
{
    static pid_t pids[3];
    struct troupe__processes *const *owner = data;
    pids[id - 1] = pid;
    if (!pids[0] || !pids[1] || !pids[2])
        return;
    const struct troupe__mould *mould = &(*owner)->mould;
    printf("children %d %d %d %d\n", pids[0], pids[1], pids[2],
           mould->launch ? mould->pid : pids[0]);
    fflush(stdout);
}

/* Start three: the first is executed, the others are forked. */
static void
own_forked(const char *last)
{
    static struct troupe__processes *owner;
    const struct troupe__processes_options options = {
        .calls = {.started = on_three}, .data = &owner};
    const char *argv[] = {"puppet", "adopt", "wait", last, NULL};
    const struct troupe__process_spec spec = {.name = "inner",
                                              .path = "/proc/self/exe",
                                              .argv = argv,
                                              .hello = "hello",
                                              .hello_size = 5,
                                              .may_fork = true};
    if (troupe__processes_new(&options, &owner) < 0)
        exit(8);
    for (int i = 0; i < 3; i++)
        if (troupe__process_start(owner, &spec, NULL) < 0)
            exit(8);
    nap(NULL);
}

static void
tell_limit(const char *unused)
{
    struct rlimit limit;
    (void) unused;
    getrlimit(RLIMIT_NOFILE, &limit);
    printf("limit %lld\n", (long long) limit.rlim_cur);
}

static const struct {
    const char *name;
    void (*run)(const char *arg);
    bool has_arg;
} commands[] = {
    {"say", say, true},
    {"say-error", say_error, true},
    {"say-raw", say_raw, true},
    {"exit", leave, true},
    {"on-term-leave", on_term_leave, false},
    {"ignore", ignore, true},
    {"raise", raise_signal, true},
    {"abort", abort_now, false},
    {"wait", nap, false},
    {"fork", fork_grandchild, true},
    {"flood", flood, true},
    {"adopt", adopt, false},
    {"adopt-some", adopt_some, true},
    {"adopt-in-thread", adopt_in_thread, false},
    {"state", tell_state, false},
    {"fds", tell_fds, false},
    {"env", tell_env, true},
    {"directory", tell_directory, false},
    {"stop-self", stop_self, false},
    {"pid", tell_pid, false},
    {"close-all", close_all, false},
    {"own", own, true},
    {"own-forked", own_forked, true},
    {"limit", tell_limit, false},
};

int
main(int argc, char **argv)
{
    alarm(LIFE_S);
    for (int i = 1; i < argc; i++) {
        size_t k = 0;
        while (k < sizeof commands / sizeof *commands
               && strcmp(argv[i], commands[k].name) != 0)
            k++;
        if (k == sizeof commands / sizeof *commands) {
            fprintf(stderr, "puppet: no command '%s'\n", argv[i]);
            return 99;
        }
        const char *arg =
            commands[k].has_arg && i + 1 < argc ? argv[i + 1] : "";
        i += commands[k].has_arg;
        commands[k].run(arg);
    }
    return 0;
}
