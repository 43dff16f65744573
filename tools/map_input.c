/* SPDX-License-Identifier: Apache-2.0 */
/* map_input.c: the lines of `troupe map`, read as they come. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/findings.h"
#include "tools/json_value.h"
#include "tools/map.h"
#include "tools/map_joblog.h"

#define READ_SIZE      65536
#define LINE_BYTES_MAX (64u << 20)
#define SHUFFLED_MAX   (1u << 30) /* bytes of all lines, to be shuffled */
#define ID_MAX         400 /* bytes of an id in a key; a longer one by its hash */

int
troupe__map_input_open(struct troupe__map_input *self,
                       const struct troupe__map_arguments *arguments)
{
    const char *path = arguments->input;
    *self = (struct troupe__map_input){.arguments = arguments,
                                       .name = path ? path : "standard input"};
    msgpack_sbuffer_init(&self->body);
    self->fd = path ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    return self->fd < 0 ? -errno : 0;
}

void
troupe__map_input_close(struct troupe__map_input *self)
{
    if (self->fd > STDIN_FILENO)
        close(self->fd);
    msgpack_sbuffer_destroy(&self->body);
    troupe__map_order_free(&self->order);
    for (uint64_t i = 0; i < self->noted; i++)
        free(self->commands[i]);
    free(self->commands);
    free(self->buffer);
    free(self->key);
    free(self->words);
    free(self->target);
    free(self->type);
    free(self->resource);
    free(self->use_shell);
}

/* Never waits: others want to be served meanwhile. */
static int
read_more(struct troupe__map_input *self)
{
    struct pollfd ready = {.fd = self->fd, .events = POLLIN};
    if (poll(&ready, 1, 0) == 0)
        return -EAGAIN;
    if (self->start > 0) {
        memmove(self->buffer, self->buffer + self->start,
                self->end - self->start);
        self->end -= self->start;
        self->start = 0;
    }
    if (self->size - self->end < READ_SIZE) {
        self->size = self->size * 2 + READ_SIZE;
        char *buffer = realloc(self->buffer, self->size);
        if (!buffer)
            return -ENOMEM;
        self->buffer = buffer;
    }
    ssize_t size = read(self->fd, self->buffer + self->end, READ_SIZE);
    if (size < 0)
        return errno == EINTR || errno == EAGAIN ? -EAGAIN : -errno;
    self->is_over = size == 0;
    self->end += (size_t) size;
    return 0;
}

/* The next line, without its end; 1, 0 at the end, or an error. */
static int
next_line(struct troupe__map_input *self, char **ret_line, size_t *ret_size)
{
    size_t looked = 0;
    for (;;) {
        char *at = self->buffer + self->start;
        size_t size = self->end - self->start;
        char *stop =
            size > looked ? memchr(at + looked, '\n', size - looked) : NULL;
        if (stop || (self->is_over && size > 0)) {
            *ret_line = at;
            *ret_size = stop ? (size_t) (stop - at) : size;
            self->start += *ret_size + (stop ? 1 : 0);
            self->line++;
            return 1;
        }
        if (self->is_over)
            return 0;
        if (size > LINE_BYTES_MAX)
            return -EFBIG;
        looked = size;
        int rc = read_more(self);
        if (rc < 0)
            return rc;
    }
}

static bool
is_blank(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!strchr(" \t\r", line[i]))
            return false;
    return true;
}

/* All of it, as the buffer has it from then on. */
static int
read_all(struct troupe__map_input *self)
{
    while (!self->is_over) {
        if (self->end > SHUFFLED_MAX)
            return -EFBIG;
        int rc = read_more(self);
        if (rc < 0)
            return rc;
    }
    char *line = NULL;
    size_t size = 0;
    while (next_line(self, &line, &size) == 1) {
        size_t at = (size_t) (line - self->buffer);
        if (self->arguments->lines || !is_blank(line, size)) {
            troupe__map_order_add(
                &self->order, (struct troupe__map_line){at, size, self->line});
        }
    }
    troupe__map_shuffle(&self->order, self->arguments->seed);
    return 0;
}

/* The same, of lines that are shuffled. */
static int
next_shuffled(struct troupe__map_input *self, char **ret_line, size_t *ret_size)
{
    struct troupe__map_order *order = &self->order;
    int rc = order->ranks ? 0 : read_all(self);
    if (rc < 0 || order->next == order->count)
        return rc;
    const struct troupe__map_line *it =
        &order->lines[order->ranks[order->next++]];
    *ret_line = self->buffer + it->at;
    *ret_size = it->size;
    self->line = it->line;
    return 1;
}

/* A task's line: those without one are passed over. */
static int
task_line(struct troupe__map_input *self, char **ret_line, size_t *ret_size)
{
    if (self->arguments->shuffles)
        return next_shuffled(self, ret_line, ret_size);
    int rc = next_line(self, ret_line, ret_size);
    while (rc == 1 && !self->arguments->lines && is_blank(*ret_line, *ret_size))
        rc = next_line(self, ret_line, ret_size);
    return rc;
}

/* FNV-1a, in 64 bits: two runs must agree, nobody attacks. */
static uint64_t
hash(uint64_t start, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        start = (start ^ (unsigned char) bytes[i]) * UINT64_C(0x100000001b3);
    return start;
}

/* What the task is, for another run of the same: its text, and the command;
 * then its id, or its line. */
static void
make_key(struct troupe__map_input *self, const char *line, size_t size,
         json_t *id)
{
    const struct troupe__map_arguments *it = self->arguments;
    uint64_t sum = hash(UINT64_C(0xcbf29ce484222325), line, size);
    const char *const parts[] = {it->fn, it->type, it->ask};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i])
            sum = hash(sum, parts[i], strlen(parts[i]) + 1);
    for (int i = 0; i < it->command_count; i++)
        sum = hash(sum, it->command[i], strlen(it->command[i]) + 1);
    char *text = id ? json_dumps(id, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    free(self->key);
    if (text && strlen(text) <= ID_MAX) {
        self->key =
            troupe__format("%016llx=%s", (unsigned long long) sum, text);
    } else {
        self->key = troupe__format("%016llx#%llu", (unsigned long long) sum,
                                   (unsigned long long) self->line);
    }
    free(text);
}

/* The body of a function: JSON, or the line itself. */
static bool
take_value(struct troupe__map_input *self, const char *line, size_t size)
{
    json_error_t error;
    msgpack_packer packer;
    msgpack_packer_init(&packer, &self->body, msgpack_sbuffer_write);
    json_t *value =
        self->arguments->lines
            ? json_stringn(line, size)
            : json_loadb(line, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    free(self->words);
    self->words = NULL;
    if (!value) {
        self->words =
            self->arguments->lines
                ? troupe__format("it is not UTF-8")
                : troupe__format("it is no JSON: %s; --lines takes texts as "
                                 "they are",
                                 error.text);
    } else if (troupe__json_pack(value, &packer) < 0) {
        self->words = troupe__format("it has a {\"$...\"} that is wrong");
    }
    json_decref(value);
    return !self->words;
}

static bool
take_line(struct troupe__map_input *self, const char *line, size_t size,
          troupe_map_task_t *ret_task, json_t **ret_id)
{
    const struct troupe__map_arguments *it = self->arguments;
    ret_task->type = it->type;
    if (it->command_count > 0) {
        ret_task->how = TROUPE_MAP_COMMAND;
        troupe__map_command(self, line, size);
        return true;
    }
    if (it->fn) {
        ret_task->how = TROUPE_MAP_FN;
        ret_task->target = it->fn;
        return take_value(self, line, size);
    }
    return troupe__map_json(self, line, size, ret_task, ret_id);
}

/* It is told at once, and has a result as any other. */
static void
break_task(struct troupe__map_input *self, troupe_map_task_t *task)
{
    char *words = troupe__format("%s:%llu: %s", self->name,
                                 (unsigned long long) self->line, self->words);
    free(self->words);
    self->words = words;
    if (troupe__errors() == stderr) /* else the result alone says so */
        fprintf(stderr, "troupe map: %s\n", words);
    self->broken++;
    task->how = TROUPE_MAP_BROKEN;
    task->target = words;
}

int
troupe__map_next(struct troupe__map_input *self, troupe_map_task_t *ret_task)
{
    char *line = NULL;
    size_t size = 0;
    json_t *id = NULL;
    int rc = task_line(self, &line, &size);
    if (rc < 0 && rc != -EAGAIN)
        self->error = -rc;
    if (rc <= 0)
        return rc;
    msgpack_sbuffer_clear(&self->body);
    if (!take_line(self, line, size, ret_task, &id))
        break_task(self, ret_task);
    make_key(self, line, size, id);
    json_decref(id);
    ret_task->key = self->key;
    ret_task->body = self->body.size > 0 ? self->body.data : NULL;
    ret_task->body_size = self->body.size;
    troupe__map_note(self, ret_task, line, size);
    self->given++;
    return 1;
}
