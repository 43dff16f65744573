/* SPDX-License-Identifier: Apache-2.0 */
/* map_attempt.c: a task put to whoever does it, and what the answer means. */
#include "actors/map_pool.h"

#include <errno.h>
#include <string.h>

#include "troupe_msgpack.h"

#define SLOW_NS      1000000
#define UNSEEN_MAX   16
#define FOREVER_MS   4000000000u /* 46 days */
#define MS_PER_NS    1e-6
#define TYPE_DEFAULT "call"

/* What the answer of a command says of how it went. */
static void
read_command(const troupe_answer_t *answer, struct map_end *end)
{
    const char *state = "failed", *text = "it gave no usable answer";
    if (troupe_unpack(answer->msg, "{s:s, s:s}", "state", &state, "text", &text)
        < 0)
        return;
    end->state = state;
    end->state_size = strlen(state);
    end->text = text;
    end->text_size = strlen(text);
}

static void
read_answer(struct pool_run *run, const troupe_answer_t *answer,
            struct map_end *ret)
{
    static const char *const states[] = {[TROUPE_ERROR] = "failed",
                                         [TROUPE_TIMEOUT] = "timeout",
                                         [TROUPE_DOWN] = "lost",
                                         [TROUPE_OVERLOAD] = "failed",
                                         [TROUPE_CANCELLED] = "cancelled"};
    /* An actor of another run has a clock of its own, for the same time. */
    bool is_late =
        answer->outcome == TROUPE_ERROR && answer->code == -ETIMEDOUT;
    if (answer->outcome == TROUPE_REPLY) {
        ret->state = "ok";
        ret->state_size = 2;
        ret->text = "";
        ret->text_size = 0;
        ret->value = troupe_message_body(answer->msg, &ret->value_size);
        if (run->it.task.how == TROUPE_MAP_COMMAND)
            read_command(answer, ret);
    } else if (run->is_late && answer->outcome == TROUPE_CANCELLED) {
        *ret = troupe__pool_late_end(run);
    } else if (run->cancelled) {
        *ret = troupe__end_of("cancelled", run->pool->why);
    } else if (run->lost[0]) {
        *ret = troupe__end_of("lost", run->lost);
    } else {
        *ret = troupe__end_of(
            states[is_late ? TROUPE_TIMEOUT : answer->outcome], answer->text);
    }
    ret->run_ms = (double) answer->latency_ns * MS_PER_NS;
}

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct pool *self = state;
    struct pool_run *run = answer->data;
    struct map_end end;
    int rc = 0;
    read_answer(run, answer, &end);
    if (run->doer)
        run->doer->run = NULL;
    /* Whoever took too long may still be at it: another one does the next. */
    if (run->doer
        && (answer->outcome == TROUPE_TIMEOUT
            || answer->outcome == TROUPE_CANCELLED))
        rc = troupe__doer_give_up(ctx, run);
    bool is_fn = run->it.task.how == TROUPE_MAP_FN;
    if (rc == 0)
        rc = troupe__pool_end(ctx, run, &end);
    /* The next one may keep this thread for long. */
    if (rc == 0 && is_fn && answer->latency_ns > SLOW_NS)
        rc = troupe__pool_flush(ctx, self);
    if (rc < 0)
        return rc;
    /* A task that was asked for just now shows that we were here then. */
    bool is_new = answer->latency_ns < SLOW_NS;
    return is_new && ++self->unseen % UNSEEN_MAX != 0
               ? troupe__pool_begin(ctx, self)
               : troupe__pool_pump(ctx, self);
}

/* The body of "run" with our timeout in it; its own comes later and counts. */
static int
write_command(msgpack_packer *packer, void *data)
{
    const struct pool_run *run = data;
    const struct map_task *task = &run->it.task;
    struct map_cursor body = {task->body,
                              (const uint8_t *) task->body + task->body_size};
    uint32_t count = 0;
    if (run->it.task.timeout_ms > 0 && troupe__take_map(&body, &count)) {
        msgpack_pack_map(packer, count + 1);
        msgpack_pack_str(packer, 10);
        msgpack_pack_str_body(packer, "timeout_ms", 10);
        msgpack_pack_uint64(packer, run->it.task.timeout_ms);
    }
    return msgpack_pack_str_body(packer, body.at,
                                 (size_t) (body.end - body.at));
}

int
troupe__pool_ask(troupe_context_t *ctx, struct pool_run *run, troupe_ref_t to)
{
    const struct map_task *task = &run->it.task;
    troupe_ask_options_t options = {.answer = on_answer,
                                    .data = run,
                                    .timeout_ms = FOREVER_MS,
                                    .detached = true};
    int rc = 0;
    troupe_trace_set(ctx, run->it.trace);
    if (task->how == TROUPE_MAP_COMMAND) {
        rc = troupe_ask_with(ctx, to, "run", &options, &run->ask, "*",
                             write_command, run);
    } else {
        if (run->it.task.timeout_ms > 0)
            options.timeout_ms = (uint32_t) task->timeout_ms;
        rc = troupe_ask_with(ctx, to, task->type ? task->type : TYPE_DEFAULT,
                             &options, &run->ask, "r", task->body,
                             task->body_size);
    }
    if (rc == 0 && run->doer) {
        run->doer->run = run;
        run->doer->ends = 0;
    }
    if (rc == 0)
        return 0;
    struct map_end end = troupe__end_of("failed", troupe_strerror(rc));
    return troupe__pool_end(ctx, run, &end);
}

int
troupe__pool_ask_name(troupe_context_t *ctx, struct pool_run *run)
{
    const struct map_task *task = &run->it.task;
    troupe_ref_t to;
    if (troupe_lookup(troupe_context_node(ctx), task->target, &to) == 0)
        return troupe__pool_ask(ctx, run, to);
    struct map_end end =
        troupe__end_of("failed", "there is no actor of that name");
    return troupe__pool_end(ctx, run, &end);
}
