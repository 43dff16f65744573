/* SPDX-License-Identifier: Apache-2.0 */
/* call.c: what runs of commands have in common. */
#include "tools/call.h"

#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/interrupt.h"

#define INDEX_SHARE 0.5 /* of a run that reads documents, or at its start */

/* Of those that run at once each has a thread, and so a stream, of its own. */
static _Thread_local FILE *errors;

/* Guards optind, optarg and what getopt_long() keeps for itself. */
static pthread_mutex_t parsing = PTHREAD_MUTEX_INITIALIZER;

FILE *
troupe__errors(void)
{
    return errors ? errors : stderr;
}

void
troupe__errors_set(FILE *to)
{
    errors = to;
}

void
troupe__call_parse_begin(void)
{
    pthread_mutex_lock(&parsing);
    optind = 0; /* begin anew, whoever was here before: getopt(3) */
}

void
troupe__call_parse_end(void)
{
    pthread_mutex_unlock(&parsing);
}

int
troupe__call_run(const char *command, troupe__call_fn run, int argc,
                 char **argv)
{
    struct troupe__call call = {.command = command, .interrupt_fd = -1};
    int code = run(&call, argc, argv);
    troupe_destroy(&call.node);
    return code;
}

int
troupe__call_listen(struct troupe__call *self)
{
    if (self->served)
        return -1;
    int rc = troupe__catch_interrupts(&self->interrupt_fd);
    if (rc == 0)
        return -1;
    fprintf(troupe__errors(), "troupe %s: pipe: %s\n", self->command,
            strerror(-rc));
    return TROUPE__EXIT_FAILED;
}

bool
troupe__call_interrupted(const struct troupe__call *self)
{
    struct pollfd poll_fd = {.fd = self->interrupt_fd, .events = POLLIN};
    return poll(&poll_fd, 1, 0) > 0;
}

int
troupe__call_node(struct troupe__call *self)
{
    return self->node ? 0 : troupe_new(NULL, &self->node);
}

void
troupe__call_result(struct troupe__call *self, bool wants_json,
                    const char *text, const char *json)
{
    if (self->served) {
        self->text = troupe__copy(text, strlen(text));
        self->json = troupe__copy(json, strlen(json));
        return;
    }
    char *plain = wants_json ? NULL : troupe__for_people(text);
    fputs(wants_json ? json : plain, stdout);
    if (wants_json)
        putchar('\n');
    free(plain);
    (void) troupe__flush_output();
}

static void
on_indexed(void *data, size_t done, size_t count)
{
    const struct troupe__call *self = data;
    char *what =
        troupe__format("%zu of %zu changed documents are read", done, count);
    self->tell(self->data, INDEX_SHARE * (double) done / (double) count, what);
    free(what);
}

static bool
is_over(void *data)
{
    return troupe__call_interrupted(data);
}

void
troupe__call_index(struct troupe__call *self, struct troupe__indexing *indexing)
{
    if (!self->served)
        return;
    indexing->tell = on_indexed;
    indexing->data = self;
    if (indexing->is_over)
        return;
    indexing->is_over = is_over;
    indexing->is_over_data = self;
}

void
troupe__call_indexed(struct troupe__call *self)
{
    if (self->served)
        self->tell(self->data, INDEX_SHARE, "the index is up to date");
}

void
troupe__call_actors(void *call, const troupe_research_actor_t *actors,
                    size_t count)
{
    const struct troupe__call *self = call;
    const char *last = "";
    size_t done = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(actors[i].state, "done") != 0
            && strcmp(actors[i].state, "down") != 0)
            continue;
        last = actors[i].name;
        done++;
    }
    char *what = troupe__format("%zu of %zu actors are done%s%s", done, count,
                                *last ? ", the last of them " : "", last);
    self->tell(self->data,
               INDEX_SHARE + (1 - INDEX_SHARE) * (double) done / (double) count,
               what);
    free(what);
}
