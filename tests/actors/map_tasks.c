/* SPDX-License-Identifier: Apache-2.0 */
/* map_tasks.c: see map_tasks.h. */
#include "map_tasks.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_msgpack.h"
#include "troupe_thread.h"

troupe_t *node;

/* How many tasks of all doers are being done, and the most so far. */
_Atomic int busy, most_busy, calls;

static void
enter(void)
{
    int now = atomic_fetch_add(&busy, 1) + 1;
    int most = atomic_load(&most_busy);
    while (now > most && !atomic_compare_exchange_weak(&most_busy, &most, now))
        continue;
    atomic_fetch_add(&calls, 1);
}

/* A number's double, at once. */
static int
on_double(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    uint64_t number = 0;
    (void) state;
    enter();
    int rc = troupe_unpack(msg, "U", &number);
    atomic_fetch_sub(&busy, 1);
    return rc < 0 ? rc : troupe_reply(ctx, "U", number * 2);
}

TROUPE_KIND(doubler, char, TROUPE_ON("call", on_double));

/* The same after a while, without keeping its worker. */
struct later {
    troupe_token_t token;
    uint64_t number;
};

static int
on_later(troupe_context_t *ctx, void *state, void *data)
{
    struct later *self = state;
    (void) data;
    atomic_fetch_sub(&busy, 1);
    return troupe_reply_to(ctx, &self->token, "U", self->number * 2);
}

static int
on_slow(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct later *self = state;
    enter();
    int rc = troupe_unpack(msg, "U", &self->number);
    if (rc == 0)
        rc = troupe_defer(ctx, &self->token);
    return rc < 0 ? rc
                  : troupe_call_after(ctx, (uint32_t) (1 + self->number % 3),
                                      on_later, NULL, NULL, NULL);
}

TROUPE_KIND(slow_doubler, struct later, TROUPE_ON("call", on_slow));

/* Odd numbers break it, multiples of four are refused, 6 never answers. */
static int
on_moody(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    uint64_t number = 0;
    troupe_token_t *kept = state;
    int rc = troupe_unpack(msg, "U", &number);
    atomic_fetch_add(&calls, 1);
    if (rc < 0)
        return rc;
    if (number % 2 == 1)
        return troupe_fail(ctx, -EIO, "it is odd");
    if (number % 4 == 0)
        return troupe_reply_error(ctx, -ERANGE, "it is four times something");
    if (number == 6)
        return troupe_defer(ctx, kept);
    return troupe_reply(ctx, "U", number * 2);
}

TROUPE_KIND(moody, troupe_token_t, TROUPE_ON("call", on_moody));

/* The hundredth blocks its thread for a while, the others nobody. */
static int
on_sleeper(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    uint64_t number = 0;
    (void) state;
    int rc = troupe_unpack(msg, "U", &number);
    if (number == 100)
        poll(NULL, 0, 900);
    return rc < 0 ? rc : troupe_reply(ctx, "U", number * 2);
}

TROUPE_KIND(sleeper, char, TROUPE_ON("call", on_sleeper));

void
map_begin(void)
{
    troupe_options_t options = troupe_options_default();
    options.workers = 2; /* so that there are two pools, anywhere */
    options.watchdog_ms = 0;
    cr_assert_eq(troupe_new(&options, &node), 0);
    cr_assert_eq(troupe_kind_register(node, &sleeper), 0);
    cr_assert_eq(troupe_kind_register(node, &doubler), 0);
    cr_assert_eq(troupe_kind_register(node, &slow_doubler), 0);
    cr_assert_eq(troupe_kind_register(node, &moody), 0);
    atomic_store(&busy, 0);
    atomic_store(&most_busy, 0);
    atomic_store(&calls, 0);
}

void
map_end(void)
{
    cr_assert_eq(troupe_destroy(&node), 0);
}

struct tasks
tasks_of(const char *kind, uint32_t count)
{
    return (struct tasks){.kind = kind,
                          .count = count,
                          .in_order = true,
                          .seen = calloc(count + 1, 1),
                          .states = calloc(count + 1, sizeof(char[12]))};
}

void
tasks_free(struct tasks *self)
{
    free(self->seen);
    free(self->states);
}

static void
put_number(struct tasks *self, troupe_map_task_t *task)
{
    self->body[0] = 0xce;
    for (int i = 0; i < 4; i++)
        self->body[1 + i] = (uint8_t) (self->given >> (24 - 8 * i));
    task->how = TROUPE_MAP_FN;
    task->target = self->kind;
    task->body = self->body;
    task->body_size = 5;
}

static void
put_command(struct tasks *self, troupe_map_task_t *task)
{
    int size =
        snprintf(self->command, sizeof self->command, self->text, self->given);
    memcpy(self->body, "\x81\xa5shell\xd9", 8);
    self->body[8] = (uint8_t) size;
    memcpy(self->body + 9, self->command, (size_t) size);
    task->body = self->body;
    task->body_size = 9 + (size_t) size;
}

int
map_give(void *data, troupe_map_task_t *ret_task)
{
    struct tasks *self = data;
    if (self->given == self->count)
        return 0;
    if (self->kind)
        put_number(self, ret_task);
    else
        put_command(self, ret_task);
    if (self->has_keys) {
        snprintf(self->key, sizeof self->key, "k%u", self->given);
        ret_task->key = self->key;
    }
    self->given++;
    return 1;
}

static uint64_t
number_of(const troupe_map_result_t *result)
{
    msgpack_unpacked unpacked;
    size_t at = 0;
    uint64_t number = 0;
    msgpack_unpacked_init(&unpacked);
    if (msgpack_unpack_next(&unpacked, result->value, result->value_size, &at)
            == MSGPACK_UNPACK_SUCCESS
        && unpacked.data.type == MSGPACK_OBJECT_POSITIVE_INTEGER)
        number = unpacked.data.via.u64;
    msgpack_unpacked_destroy(&unpacked);
    return number;
}

int
map_take(void *data, const troupe_map_result_t *result)
{
    struct tasks *self = data;
    cr_assert_lt(result->number, self->count);
    self->seen[result->number]++;
    snprintf(self->states[result->number], sizeof self->states[0], "%s",
             result->state);
    if (strcmp(result->state, "ok") != 0)
        snprintf(self->words, sizeof self->words, "%s", result->text);
    else if (self->kind)
        cr_assert_eq(number_of(result), result->number * 2);
    self->in_order &= self->taken == result->number;
    self->taken++;
    return 0;
}

troupe_map_summary_t
map_run(struct tasks *tasks, const troupe_map_options_t *options)
{
    troupe_map_summary_t summary;
    troupe_map_calls_t it = {
        .next = map_give, .result = map_take, .input_fd = -1, .data = tasks};
    int rc = troupe_map_run(node, options, &it, &summary);
    cr_assert_eq(rc, 0, "%s %s", troupe_strerror(rc), summary.error);
    for (uint32_t i = 0; i < tasks->given; i++)
        cr_assert_eq(tasks->seen[i], 1, "task %u has %d results", i,
                     tasks->seen[i]);
    cr_assert_eq(summary.tasks, tasks->given);
    return summary;
}
