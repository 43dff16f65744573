/* SPDX-License-Identifier: Apache-2.0 */
/* run_nodes.c: how `troupe run` has its other processes started and heard. */
#include "tools/run_nodes.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/commands.h"

enum { LINES_MAX = 10000, PATIENCE_S = 2 };

/* --- lines ------------------------------------------------------------------*/

/*
 * Whoever reads our output may stop to; the thread that tells us lines watches
 * the processes, and must not wait for him. So lines are written by a thread
 * of their own, and when too many wait the next ones are left out.
 */
struct line {
    struct line *next;
    int stream;
    const char *name; /* behind the text */
    char text[];
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    struct line *first, **last;
    size_t count, dropped;
    bool runs, quit, done;
    const struct troupe__run_options *run;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .changed = PTHREAD_COND_INITIALIZER};

static void
take_line(void *data, const char *name, int stream, const char *text)
{
    size_t size = strlen(text) + 1, name_size = strlen(name) + 1;
    (void) data;
    pthread_mutex_lock(&queue.lock);
    bool is_full = queue.count >= LINES_MAX;
    queue.dropped += is_full;
    queue.count += !is_full;
    if (!is_full) {
        struct line *line = troupe__grab(sizeof *line + size + name_size);
        memcpy(line->text, text, size);
        line->name = memcpy(line->text + size, name, name_size);
        line->stream = stream;
        line->next = NULL;
        *queue.last = line;
        queue.last = &line->next;
    }
    pthread_cond_broadcast(&queue.changed);
    pthread_mutex_unlock(&queue.lock);
}

/* What a process writes to its standard output is the actors' own; lines of
 * its standard error are log lines, some of which say their level. */
static void
write_line(const char *name, int stream, const char *text)
{
    static const struct {
        const char *word;
        troupe_level_t level;
    } levels[] = {{"warning ", TROUPE_LOG_WARNING},
                  {"error ", TROUPE_LOG_ERROR}};
    troupe_level_t level = TROUPE_LOG_INFO;
    if (stream == 1) {
        printf("%s\n", text);
        fflush(stdout);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        size_t size = strlen(levels[i].word);
        if (strncmp(text, levels[i].word, size) != 0)
            continue;
        level = levels[i].level;
        text += size;
        break;
    }
    troupe__run_say(queue.run, level, "[%s] %s", name, text);
}

static void *
write_lines(void *data)
{
    (void) data;
    pthread_mutex_lock(&queue.lock);
    while (queue.first || !queue.quit) {
        struct line *line = queue.first;
        size_t dropped = queue.dropped;
        if (!line) {
            pthread_cond_wait(&queue.changed, &queue.lock);
            continue;
        }
        queue.first = line->next;
        if (!queue.first)
            queue.last = &queue.first;
        queue.count--;
        queue.dropped = 0;
        pthread_mutex_unlock(&queue.lock);
        if (dropped > 0) {
            troupe__run_say(queue.run, TROUPE_LOG_WARNING,
                            "%zu lines of processes were left out: nobody "
                            "reads the output",
                            dropped);
        }
        write_line(line->name, line->stream, line->text);
        free(line);
        pthread_mutex_lock(&queue.lock);
    }
    queue.done = true;
    pthread_cond_broadcast(&queue.changed);
    pthread_mutex_unlock(&queue.lock);
    return NULL;
}

static void
lines_begin(const struct troupe__run_options *run)
{
    queue.run = run;
    queue.last = &queue.first;
    queue.quit = queue.done = false;
    queue.runs = pthread_create(&queue.thread, NULL, write_lines, NULL) == 0;
}

/* What waits is written, if somebody reads it soon. */
static void
lines_end(void)
{
    struct timespec until;
    if (!queue.runs)
        return;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&queue.lock);
    queue.quit = true;
    pthread_cond_broadcast(&queue.changed);
    int rc = 0;
    while (!queue.done && rc == 0)
        rc = pthread_cond_timedwait(&queue.changed, &queue.lock, &until);
    bool done = queue.done;
    pthread_mutex_unlock(&queue.lock);
    if (done)
        pthread_join(queue.thread, NULL);
    else
        pthread_detach(queue.thread);
    queue.runs = false;
}

/* --- processes --------------------------------------------------------------*/

void
troupe__run_nodes_open(troupe_nodes_options_t *ret, const char *directory,
                       const struct troupe__part *part,
                       const struct troupe__run_options *run)
{
    lines_begin(run);
    *ret = (troupe_nodes_options_t){
        .name = part->topology->places[0].name.text,
        .directory = directory,
        .stuck_ms = part->topology->hang_timeout_ms,
        .processes_max = part->topology->processes_max,
        .line = take_line,
    };
}

int
troupe__run_nodes_begin(troupe_t *root, const char *file)
{
    const char *argv[] = {"troupe", "node", file, NULL};
    const troupe_program_t program = {.argv = argv};
    return troupe_isolation_begin(root, &program);
}

void
troupe__run_nodes_close(void)
{
    lines_end();
}
