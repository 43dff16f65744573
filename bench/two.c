/* SPDX-License-Identifier: Apache-2.0 */
/* two.c: two processes of one run, whose membership is written by hand. */
#include "bench/two.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "runtime/peers.h"
#include "runtime/worker.h"

enum { HERE = 1, FAR = 2, PARTS = 8, PART_MAX = 128 };

/* Grants whoever has the password; see the link for the real one. */
static void *
keep_gate(void *socket)
{
    char parts[PARTS][PART_MAX];
    for (;;) {
        size_t count = 0;
        int more = 1;
        size_t size = sizeof more;
        for (; more && count < PARTS; count++) {
            int got = zmq_recv(socket, parts[count], PART_MAX - 1, 0);
            if (got < 0) {
                zmq_close(socket);
                return NULL;
            }
            parts[count][got < PART_MAX ? got : PART_MAX - 1] = '\0';
            zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size);
        }
        const char *answer[] = {"1.0", parts[1], "200", "", parts[6], ""};
        for (size_t i = 0; i < 6; i++)
            zmq_send(socket, answer[i], strlen(answer[i]),
                     i < 5 ? ZMQ_SNDMORE : 0);
    }
}

static void
log_to_stderr(void *data, troupe_level_t level, const char *text)
{
    (void) data, (void) level;
    fprintf(stderr, "%s\n", text);
}

static int
node_of(uint32_t number, const char *directory, troupe_t **ret_node)
{
    struct troupe__membership member = {
        .number = number, .unlinked = true, .secret = {1}};
    troupe_options_t options = troupe_options_default();
    pthread_t thread;
    options.workers = 1;
    options.log = log_to_stderr;
    options.log_level = TROUPE_LOG_WARNING;
    snprintf(member.name, sizeof member.name, "node%u", number);
    snprintf(member.directory, sizeof member.directory, "%s", directory);
    int rc = troupe__node_new(&options, &member, ret_node);
    if (rc < 0)
        return rc;
    void *socket = zmq_socket((*ret_node)->transport, ZMQ_REP);
    if (!socket || zmq_bind(socket, "inproc://zeromq.zap.01") < 0
        || pthread_create(&thread, NULL, keep_gate, socket) != 0)
        return -EIO;
    pthread_detach(thread);
    return 0;
}

static int
know(troupe_t *node, uint32_t number, pid_t pid)
{
    struct troupe__peer_facts facts = {.number = number,
                                       .pid = pid,
                                       .workers = 1,
                                       .system = true,
                                       .name = "other"};
    int rc = troupe__peer_admit(node, &facts);
    return rc < 0 ? rc : troupe__peer_route(node, number);
}

/* Its ref goes out; it ends when nothing more can come in. */
void
bench_two_main(int argc, char **argv, const troupe_kind_t *kind)
{
    if (argc != 3 || strcmp(argv[1], "--far") != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    troupe_t *node = NULL;
    troupe_ref_t ref = TROUPE_NOBODY;
    troupe_spawn_options_t options = {.place = TROUPE_WORKER};
    int rc = node_of(FAR, argv[2], &node);
    if (rc == 0)
        rc = know(node, HERE, getppid());
    if (rc == 0)
        rc = troupe_node_spawn(node, kind, &options, &ref, NULL);
    char word;
    if (rc < 0 || write(STDOUT_FILENO, &ref, sizeof ref) != sizeof ref)
        _exit(1);
    while (read(STDIN_FILENO, &word, 1) > 0)
        continue;
    _exit(0);
}

static int
start_far(struct bench_two *self)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        return -errno;
    self->pid = fork();
    if (self->pid < 0)
        return -errno;
    if (self->pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execl("/proc/self/exe", "bench", "--far", self->directory,
              (char *) NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    self->to_far = in[1];
    ssize_t got = read(out[0], &self->far, sizeof self->far);
    close(out[0]);
    return got == sizeof self->far ? 0 : -EIO;
}

int
bench_two_begin(struct bench_two *self)
{
    *self = (struct bench_two){.directory = "/tmp/troupe-bench-XXXXXX",
                               .to_far = -1};
    if (!mkdtemp(self->directory))
        return -errno;
    int rc = start_far(self); /* before there is any thread */
    if (rc == 0)
        rc = node_of(HERE, self->directory, &self->node);
    return rc < 0 ? rc : know(self->node, FAR, self->pid);
}

void
bench_two_end(struct bench_two *self)
{
    char path[sizeof self->directory + 16];
    if (self->to_far >= 0)
        close(self->to_far);
    if (self->pid > 0)
        waitpid(self->pid, NULL, 0);
    for (uint32_t number = HERE; number <= FAR; number++) {
        snprintf(path, sizeof path, "%s/n%u.w0", self->directory, number);
        unlink(path);
    }
    rmdir(self->directory);
    fflush(stdout);
}
