/* SPDX-License-Identifier: Apache-2.0 */
/* process_read.c: reads what children write, never waiting for it. */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/process_self.h"

enum { PIECE = 16384 };

struct reading {
    struct troupe__processes *self;
    struct troupe__process *child;
    int stream; /* 1 or 2 */
};

static void
on_line(void *data, const char *text, size_t size)
{
    struct reading *reading = data;
    const struct troupe__processes_options *options = &reading->self->options;
    troupe__tail_add(&reading->child->tail, text, size);
    if (options->calls.line)
        options->calls.line(options->data, reading->child->id, reading->stream,
                            text, size);
}

void
troupe__process_read(struct troupe__processes *self,
                     struct troupe__process *child, int stream, size_t budget)
{
    struct reading reading = {self, child, stream};
    struct troupe__lines *lines = &child->lines[stream - 1];
    int *fd = &child->output[stream - 1];
    char bytes[PIECE];
    while (*fd >= 0 && budget > 0) {
        size_t want = budget < sizeof bytes ? budget : sizeof bytes;
        ssize_t size = read(*fd, bytes, want);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && errno == EAGAIN)
            return;
        if (size <= 0) {
            close(*fd);
            *fd = -1;
            return;
        }
        troupe__lines_feed(lines, bytes, (size_t) size, on_line, &reading);
        budget -= (size_t) size;
        if ((size_t) size < want)
            return; /* that was all; the next look is cheap */
    }
}

/* What the pipes hold now, and no more: somebody may write without end. */
void
troupe__process_read_rest(struct troupe__processes *self,
                          struct troupe__process *child)
{
    for (int stream = 1; stream <= 2; stream++) {
        struct reading reading = {self, child, stream};
        int *fd = &child->output[stream - 1];
        int held = 0;
        if (*fd >= 0 && ioctl(*fd, FIONREAD, &held) == 0 && held > 0)
            troupe__process_read(self, child, stream, (size_t) held);
        troupe__lines_end(&child->lines[stream - 1], on_line, &reading);
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
    }
}
