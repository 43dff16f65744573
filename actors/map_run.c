/* SPDX-License-Identifier: Apache-2.0 */
/* map_run.c: a thread that gives a map its tasks and takes the results. */
#include "actors/map_run.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "mailbox/check.h"

#define PUTS_MAX    4
#define BATCH_MIN   16
#define BATCH_MAX   512
#define BATCH_BYTES (256u << 10)
#define FOREVER_MS  4000000000u

static int pump(troupe_context_t *ctx, struct map_client *self);

/* What map_ends.c writes: [text, value], whole, and nothing behind it. */
static bool
is_whole(const troupe_journal_entry_t *entry)
{
    struct map_cursor at = {entry->value,
                            (const uint8_t *) entry->value + entry->value_size};
    const char *text = NULL;
    const void *value = NULL;
    uint32_t two = 0;
    size_t size = 0;
    return entry->value && troupe__take_array(&at, &two) && two == 2
           && troupe__take_text(&at, &text, &size) && text
           && troupe__take_any(&at, &value, &size) && at.at == at.end
           && troupe__value_fits(value, size)
           && strlen(entry->state) <= TROUPE_TYPE_MAX;
}

static void
put_done(struct map_client *self, const char *key, const char *state,
         const void *body, size_t body_size, uint32_t attempts)
{
    struct map_task done = {.how = MAP_DONE,
                            .type = state,
                            .type_size = strlen(state),
                            .key = key,
                            .key_size = key ? strlen(key) : 0,
                            .body = body,
                            .body_size = body_size,
                            .timeout_ms = attempts};
    troupe__packed_task_put(&self->tasks, &done);
}

/* What the journal knows of a task, as a task that is done; false: nothing. */
static bool
put_known(struct map_client *self, const troupe_map_task_t *task)
{
    troupe_journal_entry_t entry;
    if (!self->reader || !task->key
        || troupe_journal_find(self->reader, task->key, &entry) < 0)
        return false;
    if (self->options->resume_failed && strcmp(entry.state, "ok") != 0)
        return false;
    if (!is_whole(&entry)) /* damaged: to be done again */
        return false;
    put_done(self, task->key, entry.state, entry.value, entry.value_size,
             entry.attempt);
    return true;
}

/* It is its own result. */
static void
put_broken(struct map_client *self, const char *key, const char *words)
{
    troupe__text_clear(&self->body);
    troupe__put_array(&self->body, 2);
    troupe__put_text(&self->body, words, strlen(words));
    troupe__put_nil(&self->body);
    put_done(self, key, "failed", self->body.data, self->body.size, 0);
}

/* NULL: nothing. Here a task comes in: it is not looked through again until
 * somebody is asked to do it. */
static const char *
what_is_wrong(const troupe_map_task_t *task, const struct map_task *it)
{
    if (task->how == TROUPE_MAP_BROKEN)
        return task->target ? task->target : "";
    if (task->how > TROUPE_MAP_BROKEN)
        return "there is no such way to do it";
    if (it->target_size > TROUPE_NAME_MAX || it->type_size > TROUPE_TYPE_MAX
        || it->resource_size > TROUPE_NAME_MAX)
        return "one of its names is too long";
    if (!task->target && task->how != TROUPE_MAP_COMMAND)
        return "it has no name of who does it";
    if (!troupe__value_fits(it->body, it->body_size))
        return "its input nests too deep or is too large";
    return NULL;
}

static inline size_t
size_of(const char *text)
{
    return text ? strlen(text) : 0;
}

/* Its key goes into messages as text, and into the journal. */
static void
add(struct map_client *self, const troupe_map_task_t *task)
{
    static const uint8_t nil = 0xc0;
    struct map_task it;
    it.how = task->how;
    it.target = task->target;
    it.target_size = size_of(task->target);
    it.type = task->type;
    it.type_size = size_of(task->type);
    it.key = task->key;
    it.key_size = size_of(task->key);
    it.body = task->body ? task->body : &nil;
    it.body_size = task->body ? task->body_size : 1;
    it.timeout_ms = task->timeout_ms;
    it.has_retries = task->retries >= 0;
    it.retries = (uint64_t) task->retries;
    it.priority = task->priority;
    it.resource = task->resource;
    it.resource_size = size_of(task->resource);
    const char *words = what_is_wrong(task, &it), *key = task->key;
    if (key && !troupe__utf8_is_valid(key, it.key_size)) {
        words = words ? words : "its key is not UTF-8";
        key = NULL;
    }
    if (words)
        put_broken(self, key, words);
    else if (!put_known(self, task))
        troupe__packed_task_put(&self->tasks, &it);
}

static int
on_put(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct map_client *self = state;
    self->puts--;
    if (answer->outcome != TROUPE_REPLY)
        return troupe__client_fail(self, answer);
    return pump(ctx, self);
}

static int
send_put(troupe_context_t *ctx, struct map_client *self)
{
    troupe_ask_options_t options = {.answer = on_put, .timeout_ms = FOREVER_MS};
    int rc = troupe_ask_with(ctx, self->map, "put", &options, NULL,
                             "{s:b, s:B}", "last", (int) self->is_last, "tasks",
                             self->tasks.data, self->tasks.size);
    self->puts += rc == 0;
    return rc;
}

static int
on_input(troupe_context_t *ctx, void *state, int fd, short events)
{
    struct map_client *self = state;
    (void) events;
    (void) troupe_unwatch(ctx, fd);
    self->waits = false;
    return pump(ctx, self);
}

static int
wait_for_input(troupe_context_t *ctx, struct map_client *self)
{
    self->waits = true;
    if (self->calls->input_fd < 0)
        return 0; /* until the next look */
    return troupe_watch(ctx, self->calls->input_fd, POLLIN, on_input);
}

/* As many as there are, up to a batch. */
static int
fill(troupe_context_t *ctx, struct map_client *self, uint32_t *ret_count)
{
    troupe__text_clear(&self->tasks);
    *ret_count = 0;
    while (*ret_count < self->batch && self->tasks.size < BATCH_BYTES) {
        troupe_map_task_t task;
        troupe__clear(&task, sizeof task);
        task.retries = -1;
        int rc = self->halted ? 0 : self->calls->next(self->calls->data, &task);
        if (rc == -EAGAIN)
            return wait_for_input(ctx, self);
        if (rc < 0)
            return rc;
        if (rc == 0) {
            self->is_last = true;
            return 0;
        }
        add(self, &task);
        ++*ret_count;
    }
    self->batch = self->batch * 2 < BATCH_MAX ? self->batch * 2 : BATCH_MAX;
    return 0;
}

static int
pump(troupe_context_t *ctx, struct map_client *self)
{
    int rc = 0;
    while (rc == 0 && self->puts < PUTS_MAX && !self->is_last && !self->waits) {
        uint32_t count = 0;
        rc = fill(ctx, self, &count);
        if (rc == 0 && (count > 0 || self->is_last))
            rc = send_put(ctx, self);
    }
    return rc;
}

/* Nothing more will come, also where somebody waits for input. */
static int
stop_input(troupe_context_t *ctx, struct map_client *self)
{
    self->halted = true;
    if (self->waits && self->calls->input_fd >= 0)
        (void) troupe_unwatch(ctx, self->calls->input_fd);
    self->waits = false;
    return pump(ctx, self);
}

static int on_take(troupe_context_t *ctx, void *state,
                   const troupe_answer_t *answer);

static int
take(troupe_context_t *ctx, struct map_client *self)
{
    return troupe_ask(ctx, self->map, "take", FOREVER_MS, on_take, NULL,
                      "{s:b}", "packed", 1);
}

static int
on_take(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct map_client *self = state;
    bool halted = false, over = false;
    if (answer->outcome != TROUPE_REPLY)
        return troupe__client_fail(self, answer);
    int rc = troupe_unpack(answer->msg, "{s:b, s:b}", "halted", &halted, "over",
                           &over);
    if (rc == 0)
        rc = troupe__client_summary(self, answer->msg);
    if (rc == 0)
        rc = troupe__client_results(self, answer->msg);
    if (rc < 0)
        return rc;
    if (over)
        return TROUPE_STOP;
    rc = take(ctx, self);
    if (rc == 0 && halted && !self->halted)
        rc = stop_input(ctx, self);
    return rc;
}

static int
on_look(troupe_context_t *ctx, void *state, void *data)
{
    struct map_client *self = state;
    const troupe_map_calls_t *calls = self->calls;
    (void) data;
    int wish = calls->look ? calls->look(calls->data, &self->summary) : 0;
    int rc = 0;
    if (wish > self->wish) {
        self->wish = wish;
        rc = troupe_send(ctx, self->map, "halt", "{s:b, s:s}", "now", wish > 1,
                         "why", "the run was interrupted");
    }
    if (rc == 0 && self->waits && calls->input_fd < 0) {
        self->waits = false;
        rc = pump(ctx, self);
    }
    return rc == 0 ? troupe_call_after(ctx, self->look_ms, on_look, NULL, NULL,
                                       NULL)
                   : rc;
}

int
troupe__client_begin(troupe_context_t *ctx, void *state, void *data)
{
    struct map_client *self = state;
    (void) data;
    int rc = take(ctx, self);
    if (rc == 0)
        rc = pump(ctx, self);
    if (rc == 0)
        rc = troupe_call_after(ctx, self->look_ms, on_look, NULL, NULL, NULL);
    return rc;
}
