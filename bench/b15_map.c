/* SPDX-License-Identifier: Apache-2.0 */
/* b15_map: 100,000 trivial tasks by a map, 20,000 with a journal, and 2,000
 * processes by the command. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <troupe_map.h>

#include "bench/common.h"

enum { TASKS = 100000, JOURNALED = 20000, PROCESSES = 2000, JOBS = 128 };

static int
on_call(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    int64_t number = 0;
    (void) state;
    int rc = troupe_unpack(msg, "I", &number);
    return rc < 0 ? rc : troupe_reply(ctx, "I", number + 1);
}

TROUPE_KIND(next_number, char, TROUPE_ON("call", on_call));

struct work {
    int64_t count, given, taken, sum;
    bool has_keys;
    char key[32];
    uint8_t body[5];
};

/* A number as msgpack: always 32 bits. */
static int
give(void *data, troupe_map_task_t *ret_task)
{
    struct work *self = data;
    if (self->given == self->count)
        return 0;
    self->body[0] = 0xce;
    for (int i = 0; i < 4; i++)
        self->body[1 + i] = (uint8_t) (self->given >> (24 - 8 * i));
    ret_task->how = TROUPE_MAP_FN;
    ret_task->target = "next_number";
    ret_task->body = self->body;
    ret_task->body_size = sizeof self->body;
    if (self->has_keys) {
        snprintf(self->key, sizeof self->key, "%lld", (long long) self->given);
        ret_task->key = self->key;
    }
    self->given++;
    return 1;
}

static int
take(void *data, const troupe_map_result_t *result)
{
    struct work *self = data;
    const uint8_t *value = result->value;
    int64_t number = value[0];
    if (value[0] >= 0xcc && value[0] <= 0xce) {
        number = 0;
        for (size_t i = 1; i < result->value_size; i++)
            number = number << 8 | value[i];
    }
    self->sum += number;
    self->taken++;
    return 0;
}

static int
run_tasks(const char *journal, int64_t count)
{
    struct work work = {.count = count, .has_keys = journal != NULL};
    troupe_map_options_t options = {.jobs = JOBS, .journal = journal};
    troupe_map_calls_t calls = {
        .next = give, .result = take, .input_fd = -1, .data = &work};
    troupe_map_summary_t summary;
    troupe_t *node = NULL;
    int rc = bench_node(0, &node);
    if (rc == 0)
        rc = troupe_kind_register(node, &next_number);
    double began = bench_now();
    if (rc == 0)
        rc = troupe_map_run(node, &options, &calls, &summary);
    double seconds = bench_now() - began;
    if (rc == 0
        && (work.taken != count || work.sum != count * (count + 1) / 2
            || summary.ok != (uint64_t) count))
        rc = -EPROTO;
    if (rc == 0)
        bench_result(NULL, seconds / (double) count * 1e6, "us/task", count);
    troupe_destroy(&node);
    return rc;
}

static int
run(bool quick)
{
    return run_tasks(NULL, quick ? TASKS / 10 : TASKS);
}

/* A million tasks: the peak is that of the first 100,000. */
static int
run_million(bool quick)
{
    return run_tasks(NULL, quick ? TASKS : 10 * TASKS);
}

/* On the disk that the build is on. */
static int
run_journal(bool quick)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-lock"};
    char directory[] = "b15-XXXXXX", path[64], file[80];
    if (!mkdtemp(directory))
        return -errno;
    snprintf(path, sizeof path, "%s/journal.db", directory);
    int rc = run_tasks(path, quick ? JOURNALED / 10 : JOURNALED);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(file, sizeof file, "%s%s", path, ends[i]);
        unlink(file);
    }
    rmdir(directory);
    return rc;
}

/* All of it, from the start of the command to its end, as for xargs. */
static int
run_processes(bool quick)
{
    int count = quick ? PROCESSES / 10 : PROCESSES;
    char self[256] = "", text[600];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash = size > 0 ? strrchr(self, '/') : NULL;
    if (!slash)
        return -ENOENT;
    *slash = '\0';
    snprintf(text, sizeof text,
             "seq %d | '%s/../bin/troupe' map --no-journal --quiet true | "
             "grep -c '\"ok\"' | grep -qx %d",
             count, self, count);
    double began = bench_now();
    int status = system(text);
    double seconds = bench_now() - began;
    if (status != 0)
        return -EPROTO;
    bench_result(NULL, seconds / count * 1e6, "us/task", count);
    return 0;
}

int
main(int argc, char **argv)
{
    static const struct bench_variant variants[] = {
        {"default", run},
        {"million", run_million},
        {"journal", run_journal},
        {"processes", run_processes},
        {NULL, NULL}};
    return bench_main(argc, argv, "B15", variants);
}
