/* SPDX-License-Identifier: Apache-2.0 */
/* mark.c: which messages a process had in hand when it ended. */
#include "runtime/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/peers.h"

enum { COUNT = TROUPE__WORKER_MAX + 1, SIZE = COUNT * 64 };

_Static_assert(sizeof(struct troupe__mark) * COUNT == SIZE, "a line each");

static void
print_path(char *path, size_t size, const char *directory, uint32_t number)
{
    snprintf(path, size, "%s/n%u.marks", directory, number);
}

void
troupe__marks_remove(const char *directory, uint32_t number)
{
    char path[TROUPE__RUN_PATH_MAX + 32];
    print_path(path, sizeof path, directory, number);
    (void) unlink(path);
}

/* With its blocks, so that no disk can be full when a mark is set. */
static int
make_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                  S_IRUSR | S_IWUSR);
    if (fd < 0)
        return -errno;
    int rc = -posix_fallocate(fd, 0, SIZE);
    if (rc == 0)
        return fd;
    close(fd);
    (void) unlink(path);
    return rc;
}

int
troupe__marks_open(troupe_t *node)
{
    char path[TROUPE__RUN_PATH_MAX + 32];
    CHECK(node && !node->marks);
    if (!node->peers)
        return -ENOTCONN;
    print_path(path, sizeof path, node->peers->self.directory, node->id);
    int fd = make_file(path);
    if (fd < 0)
        return fd;
    void *marks = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    int rc = marks == MAP_FAILED ? -errno : 0;
    close(fd);
    if (rc < 0)
        (void) unlink(path);
    else
        node->marks = marks;
    return rc;
}

void
troupe__marks_close(troupe_t *node)
{
    if (!node->marks)
        return;
    (void) munmap(node->marks, SIZE);
    node->marks = NULL;
    troupe__marks_remove(node->peers->self.directory, node->id);
}

/* The kernel keeps what this thread has written in the order of the program:
 * only the compiler must be told. */
void
troupe__mark_set(struct troupe__worker *self, const struct troupe__actor *actor,
                 const struct troupe_message *msg)
{
    struct troupe__mark *mark = &self->node->marks[self->index];
    mark->fingerprint = troupe__fingerprint(msg);
    memcpy(mark->type, msg->type, msg->type_size);
    mark->type[msg->type_size] = '\0';
    atomic_store_explicit(&mark->ref, actor->ref.id, memory_order_release);
    atomic_signal_fence(memory_order_seq_cst);
}

void
troupe__mark_clear(struct troupe__worker *self)
{
    struct troupe__mark *mark = &self->node->marks[self->index];
    atomic_signal_fence(memory_order_seq_cst);
    atomic_store_explicit(&mark->ref, 0, memory_order_release);
}

/* It may have written anything before it crashed. */
static bool
is_sound(const struct troupe__mark *mark, uint32_t number)
{
    troupe_ref_t ref = {atomic_load_explicit(&mark->ref, memory_order_relaxed)};
    size_t size = strnlen(mark->type, sizeof mark->type);
    return ref.id && troupe__ref_node(ref) == number && mark->fingerprint != 0
           && size < sizeof mark->type && troupe__type_ok(mark->type, size);
}

size_t
troupe__marks_read(const char *directory, uint32_t number,
                   struct troupe__suspect **ret_suspects)
{
    char path[TROUPE__RUN_PATH_MAX + 32];
    struct troupe__mark mark;
    struct troupe__suspect *found = NULL;
    size_t count = 0;
    print_path(path, sizeof path, directory, number);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    *ret_suspects = NULL;
    if (fd < 0)
        return 0;
    for (off_t at = 0;
         at < SIZE && pread(fd, &mark, sizeof mark, at) == sizeof mark;
         at += (off_t) sizeof mark) {
        if (!is_sound(&mark, number))
            continue;
        found = troupe__realloc(found, (count + 1) * sizeof *found);
        found[count].ref.id =
            atomic_load_explicit(&mark.ref, memory_order_relaxed);
        found[count].fingerprint = mark.fingerprint;
        memcpy(found[count].type, mark.type, sizeof mark.type);
        count++;
    }
    close(fd);
    *ret_suspects = found;
    return count;
}
