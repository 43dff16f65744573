/* SPDX-License-Identifier: Apache-2.0 */
/* isolation_world.c: a root whose children run in processes of `crew`. */
#include <criterion/criterion.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "supervisor/isolation_world.h"

enum { LINES_MAX = 4096 };

troupe_t *root;
troupe_ref_t top;
const troupe_supervisor_options_t patient = {.intensity = 1000};

static char directory[64];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static char *lines[LINES_MAX];
static size_t line_count;

static void
log_line(void *data, troupe_level_t level, const char *text)
{
    (void) data, (void) level;
    pthread_mutex_lock(&lock);
    if (line_count < LINES_MAX)
        lines[line_count++] = strdup(text);
    pthread_cond_broadcast(&news);
    pthread_mutex_unlock(&lock);
    if (getenv("TROUPE_TEST_LOG"))
        fprintf(stderr, "%s\n", text);
}

size_t
wait_line(const char *words)
{
    size_t at = 0;
    pthread_mutex_lock(&lock);
    for (;; at++) {
        while (at == line_count)
            pthread_cond_wait(&news, &lock);
        if (strstr(lines[at], words))
            break;
    }
    pthread_mutex_unlock(&lock);
    return at;
}

bool
has_line(const char *words)
{
    bool has = false;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < line_count && !has; i++)
        has = strstr(lines[i], words) != NULL;
    pthread_mutex_unlock(&lock);
    return has;
}

void
isolation_begin(const char *argument, troupe_nodes_options_t nodes)
{
    snprintf(directory, sizeof directory, "/tmp/troupe-iso-XXXXXX");
    cr_assert(mkdtemp(directory));
    nodes.directory = directory;
    troupe_options_t options = troupe_options_default();
    options.workers = 2;
    options.nodes = &nodes;
    options.log = log_line;
    cr_assert_eq(troupe_new(&options, &root), 0);
    const char *argv[] = {"crew", argument, NULL};
    troupe_program_t program = {.path = TROUPE_BUILD_DIR "/tests/crew",
                                .argv = argv};
    cr_assert_eq(troupe_isolation_begin(root, &program), 0);
    cr_assert_eq(troupe_isolation_begin(root, &program), -EEXIST);
}

void
isolation_end(void)
{
    cr_assert_eq(troupe_destroy(&root), 0);
    cr_assert_eq(rmdir(directory), 0);
    while (line_count > 0)
        free(lines[--line_count]);
}

troupe_child_spec_t
mate_spec(const char *id)
{
    return (troupe_child_spec_t){
        .id = id, .kind = &mate, .name = id, .isolation = TROUPE_OWN_PROCESS};
}

troupe_child_spec_t
crook_spec(const char *id)
{
    return (troupe_child_spec_t){
        .id = id, .kind = &crook, .name = id, .isolation = TROUPE_OWN_PROCESS};
}

int
supervise(const troupe_supervisor_options_t *options,
          const troupe_child_spec_t *specs, size_t count)
{
    troupe_supervisor_error_t error;
    int rc =
        troupe_node_supervisor_start(root, options, specs, count, &top, &error);
    if (rc < 0 && getenv("TROUPE_TEST_LOG"))
        fprintf(stderr, "%s\n", error.text);
    return rc;
}

troupe_ref_t
named(const char *name)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    cr_assert_eq(troupe_lookup(root, name, &ref), 0, "%s", name);
    return ref;
}

void
wait_gone(int64_t pid)
{
    int fd = (int) syscall(SYS_pidfd_open, (pid_t) pid, 0);
    if (fd < 0)
        return;
    struct pollfd one = {.fd = fd, .events = POLLIN};
    cr_assert_eq(poll(&one, 1, -1), 1);
    close(fd);
}

int64_t
number_of(const char *name, const char *what)
{
    int64_t number = 0;
    troupe_message_t *reply = NULL;
    int rc = -ESRCH;
    /* Until word of its end has come, its deputy sends messages after it. */
    while (rc == -ESRCH)
        rc = troupe_node_ask(root, named(name), what, 60000, &reply, NULL);
    cr_assert_eq(rc, 0, "%s: %s", what, troupe_node_ask_words());
    cr_assert_eq(troupe_unpack(reply, "I", &number), 0);
    troupe_message_destroy(&reply);
    return number;
}

void
end_by(troupe_ref_t ref, const char *verb, int number)
{
    int rc = troupe_node_ask(root, ref, verb, 60000, NULL, "i", number);
    cr_assert(rc == -ESRCH || rc == -EHOSTDOWN || rc == -EPIPE, "%d", rc);
}

void
end_and_ask_again(const char *verb, int number)
{
    troupe_child_spec_t specs[] = {mate_spec("one"), mate_spec("two")};
    cr_assert_eq(supervise(&patient, specs, 2), 0);
    troupe_ref_t ref = named("one");
    int64_t before = number_of("one", "pid"), other = number_of("two", "pid");
    cr_assert_eq(number_of("one", "incarnation"), 1);
    end_by(ref, verb, number);
    int64_t after = number_of("one", "pid");
    cr_assert_neq(after, before);
    cr_assert_eq(number_of("one", "incarnation"), 2);
    cr_assert(troupe_ref_equal(named("one"), ref));
    cr_assert_eq(number_of("two", "pid"), other);
    cr_assert_eq(kill((pid_t) before, 0), -1); /* neither alive nor a zombie */
}
