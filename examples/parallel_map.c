/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parallel_map.c: many tasks at once, from C: functions that are actors, and
 * programs; the ones that fail are results as the others are.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <troupe.h>
#include <troupe_map.h>

/* Counts the primes below a number; it does not like zero. */
static int
on_primes(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    uint64_t below = 0, count = 0;
    int rc = troupe_unpack(msg, "U", &below);
    if (rc < 0 || below == 0)
        return troupe_reply_error(ctx, -22, "primes wants a number over 0");
    for (uint64_t number = 2; number < below; number++) {
        bool prime = true;
        for (uint64_t by = 2; by * by <= number && prime; by++)
            prime = number % by != 0;
        count += prime;
    }
    return troupe_reply(ctx, "U", count);
}

TROUPE_KIND(primes, char, TROUPE_ON("call", on_primes));

enum { NUMBERS = 100, TASKS = NUMBERS + 2 };

/* Where we are with giving and with taking. */
struct work {
    int given;
    int ok, failed;
    uint8_t body[2];
};

/* The next task: numbers as msgpack for the actors, then two commands. */
static int
give(void *data, troupe_map_task_t *ret_task)
{
    static const char hello[] = "\x81\xa5shell\xaa"
                                "echo hello";
    static const char broken[] = "\x81\xa5shell\xa6"
                                 "exit 7";
    struct work *self = data;
    if (self->given == TASKS)
        return 0;
    int number = self->given++;
    if (number >= NUMBERS) {
        ret_task->how = TROUPE_MAP_COMMAND;
        ret_task->body = number == NUMBERS ? hello : broken;
        ret_task->body_size = strlen(ret_task->body);
        return 1;
    }
    ret_task->how = TROUPE_MAP_FN;
    ret_task->target = "primes";
    self->body[0] = (uint8_t) number; /* below 128 a number is itself */
    ret_task->body = self->body;
    ret_task->body_size = 1;
    return 1;
}

static int
take(void *data, const troupe_map_result_t *result)
{
    struct work *self = data;
    if (strcmp(result->state, "ok") == 0) {
        self->ok++;
    } else {
        self->failed++;
        printf("task %" PRIu64 ": %s: %s\n", result->number, result->state,
               result->text);
    }
    return 0;
}

int
main(void)
{
    struct work work = {0};
    troupe_map_options_t options = {.jobs = 4, .ordered = true};
    troupe_map_calls_t calls = {
        .next = give, .result = take, .input_fd = -1, .data = &work};
    troupe_map_summary_t summary = {0};
    troupe_t *node = NULL;
    int rc = troupe_new(NULL, &node);
    if (rc == 0)
        rc = troupe_kind_register(node, &primes);
    if (rc == 0)
        rc = troupe_map_run(node, &options, &calls, &summary);
    if (rc < 0)
        fprintf(stderr, "parallel_map: %s\n", troupe_strerror(rc));
    printf("%" PRIu64 " tasks, %d ok, %d failed, at most %u at once\n",
           summary.tasks, work.ok, work.failed, summary.peak);
    bool right = work.ok == TASKS - 2 && work.failed == 2 && summary.peak <= 4;
    return troupe_destroy(&node) == 0 && rc == 0 && right ? 0 : 1;
}
