/* SPDX-License-Identifier: Apache-2.0 */
/* storm.c: kills processes of a busy run; does every ask end just once? */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "storm/judge.h"
#include "storm/tree.h"

/*
 * usage: storm [KILLS] [SEED]
 *
 * A root and four processes (tree.c) with 200 actors that ask each other
 * without a pause (member.c). KILLS times, 500 by default, a process is ended
 * from outside: by SIGKILL, SIGSEGV or SIGABRT; or it is stopped for a while.
 * SEED says which, how and after how long; it is printed. After each kill an
 * actor that was there has to answer again. What is checked in the end:
 * judge.h.
 */
enum {
    KILLS = 500,
    ANSWER_MS = 60000,
    REST_MS = 60000,
    MS = 1000000,
    LINES = 10 /* of progress */
};

struct storm {
    troupe_t *root;
    uint64_t random;
    struct tally tally;
};

static uint64_t
next(struct storm *self)
{
    uint64_t z = self->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void
nap_ms(uint64_t ms)
{
    (void) usleep((useconds_t) (ms * 1000));
}

/* A node is called as its place, or begins with that. */
static pid_t
pid_of(troupe_t *root, const char *place)
{
    troupe_node_info_t infos[16];
    size_t count = troupe_node_list(root, infos, 16);
    for (size_t i = 0; i < count && i < 16; i++) {
        size_t size = strlen(place);
        if (infos[i].state == TROUPE_NODE_READY
            && strncmp(infos[i].name, place, size) == 0
            && strchr(" ", infos[i].name[size]))
            return infos[i].pid;
    }
    return 0;
}

static int
ask_pid(troupe_t *root, const char *name, int *ret_pid)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    troupe_message_t *reply = NULL;
    int rc = troupe_lookup(root, name, &ref);
    if (rc == 0)
        rc = troupe_node_ask(root, ref, "pid", 2000, &reply, NULL);
    if (rc == 0)
        rc = troupe_unpack(reply, "i", ret_pid);
    troupe_message_destroy(&reply);
    return rc;
}

/* How long until that actor answers; not from process `old`. */
static int
wait_for(struct storm *self, const char *name, pid_t old, uint64_t since)
{
    int rc = 0;
    while (troupe_now_ns(self->root) < since + (uint64_t) ANSWER_MS * MS) {
        int pid = 0;
        rc = ask_pid(self->root, name, &pid);
        if (rc == 0 && pid != old) {
            tally_add(&self->tally, troupe_now_ns(self->root) - since);
            return 0;
        }
        nap_ms(1);
    }
    printf("FAIL: %s did not answer for %d s: %s\n", name, ANSWER_MS / 1000,
           rc < 0 ? troupe_strerror(rc) : "its process still lives");
    return -ETIMEDOUT;
}

struct blow {
    unsigned place;
    int signal;
    uint64_t pause_ms;
    char name[NAME_SIZE]; /* of who shall answer then */
    pid_t pid;
    uint64_t at_ns;
};

/* All choices are made here, so that they depend on the seed alone. */
static struct blow
choose(struct storm *self)
{
    static const int signals[] = {SIGKILL, SIGKILL, SIGSEGV, SIGABRT, SIGSTOP};
    struct blow blow = {.place = 1 + (unsigned) (next(self) % (PLACES - 1)),
                        .signal = signals[next(self) % 5],
                        .pause_ms = next(self) % 200};
    /* Not one with a small mailbox, which others keep full. */
    member_name(blow.place, 3 * (unsigned) (next(self) % (MEMBERS / 3)),
                blow.name);
    return blow;
}

static int
strike(struct storm *self, struct blow *blow)
{
    const char *place = place_names[blow->place];
    uint64_t since = troupe_now_ns(self->root);
    while ((blow->pid = pid_of(self->root, place)) == 0) {
        if (troupe_now_ns(self->root) > since + (uint64_t) ANSWER_MS * MS) {
            printf("FAIL: %s was not started again\n", place);
            return -ETIMEDOUT;
        }
        nap_ms(1);
    }
    blow->at_ns = troupe_now_ns(self->root);
    (void) kill(blow->pid, blow->signal); /* it may just have gone */
    self->tally.blows[blow->place]++;
    if (blow->signal != SIGSTOP)
        return 0;
    nap_ms(blow->pause_ms);
    blow->at_ns = troupe_now_ns(self->root);
    (void) kill(blow->pid, SIGCONT);
    blow->pid = 0; /* the same process may answer */
    return 0;
}

/* Sometimes two at once. */
static int
kill_once(struct storm *self)
{
    struct blow blows[2] = {choose(self), choose(self)};
    int count = next(self) % 8 == 0 ? 2 : 1, rc = 0;
    uint64_t pause_ms = next(self) % 100;
    for (int i = 0; i < count && rc == 0; i++)
        rc = strike(self, &blows[i]);
    for (int i = 0; i < count && rc == 0; i++)
        rc = wait_for(self, blows[i].name, blows[i].pid, blows[i].at_ns);
    if (rc == 0)
        nap_ms(pause_ms);
    return rc;
}

static int
kill_all(struct storm *self, uint64_t kills)
{
    uint64_t line = 1;
    for (uint64_t i = 1; i <= kills; i++) {
        int rc = kill_once(self);
        if (rc < 0)
            return rc;
        tally_sample(&self->tally, belongings_count().kib);
        if (i * LINES < kills * line)
            continue;
        line++;
        printf("%6llu kills  %8ld KiB  %3u processes so far\n",
               (unsigned long long) i, belongings_count().kib,
               (unsigned) books->count - 1);
        fflush(stdout);
    }
    return 0;
}

/* The asks of all who live come to their ends. */
static int
come_to_rest(struct storm *self)
{
    uint64_t since = troupe_now_ns(self->root);
    books->rests = true;
    while (!books_are_closed()) {
        if (troupe_now_ns(self->root) > since + (uint64_t) REST_MS * MS) {
            printf("FAIL: asks are still open after %d s\n", REST_MS / 1000);
            return -ETIMEDOUT;
        }
        nap_ms(10);
    }
    return 0;
}

static void
log_line(void *data, troupe_level_t level, const char *text)
{
    (void) data, (void) level;
    if (getenv("STORM_LOG"))
        fprintf(stderr, "%s\n", text);
}

static troupe_options_t
options_of(void)
{
    troupe_options_t options = troupe_options_default();
    options.workers = 2;
    options.log = log_line;
    return options;
}

static int
begin(struct storm *self, const char *directory, const char *path)
{
    char env[128];
    snprintf(env, sizeof env, "STORM_BOOKS=%s", path);
    const char *const list[] = {env, NULL};
    const troupe_program_t program = {.env = list};
    troupe_nodes_options_t nodes = {.directory = directory};
    troupe_options_t options = options_of();
    options.nodes = &nodes;
    int rc = books_open(path, true);
    if (rc == 0)
        rc = troupe_new(&options, &self->root);
    if (rc == 0)
        rc = troupe_isolation_begin(self->root, &program);
    if (rc < 0)
        printf("FAIL: no run: %s\n", troupe_strerror(rc));
    return rc < 0 ? rc : tree_start(self->root);
}

static int
storm(uint64_t kills, uint64_t seed, const char *directory, const char *path)
{
    static struct storm self;
    self.random = seed;
    struct belongings before = belongings_count();
    int rc = begin(&self, directory, path);
    if (rc == 0)
        rc = kill_all(&self, kills);
    if (rc == 0)
        rc = come_to_rest(&self);
    if (troupe_destroy(&self.root) < 0) {
        printf("FAIL: the root did not stop\n");
        rc = -ETIMEDOUT;
    }
    int faults = rc < 0;
    faults += rc == 0 ? judge_books() : 0;
    faults += judge_belongings(before, belongings_after(before), directory);
    faults += rc == 0 ? judge_memory(&self.tally) : 0;
    tally_print(&self.tally);
    tally_free(&self.tally);
    return faults;
}

/* A process of the run. */
static int
serve(void)
{
    static const troupe_kind_t *const kinds[] = {&storm_member, NULL};
    const char *path = getenv("STORM_BOOKS");
    const troupe_options_t options = options_of();
    int rc = path ? books_open(path, false) : -ENODATA;
    if (rc == 0)
        rc = troupe_isolation_serve(&options, kinds);
    if (rc == 0)
        sheet->finished = true;
    return rc;
}

int
main(int argc, char **argv)
{
    uint64_t kills = argc > 1 ? strtoull(argv[1], NULL, 10) : KILLS, seed = 0;
    int rc = serve();
    if (rc != -ENODATA)
        return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    if (argc > 2)
        seed = strtoull(argv[2], NULL, 0);
    else if (getrandom(&seed, sizeof seed, 0) != (ssize_t) sizeof seed)
        return EXIT_FAILURE;
    if (argc > 3 || kills == 0 || kills > 1000000) {
        fprintf(stderr, "usage: storm [KILLS] [SEED]\n");
        return 2;
    }
    char directory[] = "/tmp/troupe-storm-XXXXXX", path[64];
    if (!mkdtemp(directory))
        return EXIT_FAILURE;
    snprintf(path, sizeof path, "%s.books", directory);
    const struct rlimit no_core = {0, 0};
    (void) setrlimit(RLIMIT_CORE, &no_core);
    printf("storm: %llu kills, seed %llu\n", (unsigned long long) kills,
           (unsigned long long) seed);
    fflush(stdout);
    int faults = storm(kills, seed, directory, path);
    (void) unlink(path);
    if (faults > 0)
        printf("FAIL: the choices again: storm %llu %llu\n",
               (unsigned long long) kills, (unsigned long long) seed);
    else
        puts("PASS");
    return faults > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
