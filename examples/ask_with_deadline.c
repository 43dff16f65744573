/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask_with_deadline.c: an ask ends exactly once. Main asks the clerk, who asks
 * the archive, which never answers: the deadline travels with the question,
 * and the timeout says where it hangs. Giving up travels down as well.
 */
#include <stdio.h>
#include <string.h>

#include <troupe.h>

/* The archive takes a question, promises an answer and never keeps it. */
struct archive {
    troupe_token_t promise;
};

static int
on_find(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct archive *self = state;
    return troupe_defer(ctx, &self->promise);
}

/*
 * Does anybody still wait for it? An actor with long work looks now and then,
 * or is told in a TROUPE_ON_CANCEL handler.
 */
static int
on_wanted(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct archive *self = state;
    return troupe_reply(ctx, "b", troupe_token_is_open(ctx, self->promise));
}

TROUPE_KIND(archive, struct archive, TROUPE_ON("find", on_find),
            TROUPE_ON("wanted", on_wanted));

/* The clerk passes the question on as an ask of its own. */
struct clerk {
    troupe_ref_t archive;
    troupe_token_t promise;
};

static int
clerk_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) ctx;
    struct clerk *self = state;
    return troupe_unpack(msg, "{s:R}", "archive", &self->archive);
}

static int
on_found(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct clerk *self = state;
    if (answer->outcome == TROUPE_REPLY)
        return troupe_reply_to(ctx, &self->promise, "m", answer->msg);
    return 0; /* who asked the clerk has been told the same already */
}

static int
on_question(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct clerk *self = state;
    /* A minute would be fine here, but who asked gives less: less it is. */
    int rc =
        troupe_ask(ctx, self->archive, "find", 60000, on_found, NULL, NULL);
    return rc < 0 ? rc : troupe_defer(ctx, &self->promise);
}

/* Handed on, not asked anew: the archive answers whoever asked the clerk. */
static int
on_clerk_wanted(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct clerk *self = state;
    return troupe_forward(ctx, self->archive, msg);
}

TROUPE_KIND(clerk, struct clerk, TROUPE_ON_START(clerk_start),
            TROUPE_ON("question", on_question),
            TROUPE_ON("wanted", on_clerk_wanted));

/* What main does, as a run: an actor-like life on an ordinary thread. */
struct visit {
    troupe_ref_t clerk;
    troupe_ask_t second;
    bool timed_out, was_wanted, cancelled, let_go;
};

static int
on_wanted_known(troupe_context_t *ctx, void *state,
                const troupe_answer_t *answer)
{
    struct visit *self = state;
    bool wanted = false;
    if (answer->outcome != TROUPE_REPLY)
        return answer->code;
    int rc = troupe_unpack(answer->msg, "b", &wanted);
    if (rc < 0)
        return rc;
    printf("does anybody wait for the archive? %s\n", wanted ? "yes" : "no");
    if (self->cancelled) {
        self->let_go = !wanted;
        return TROUPE_STOP;
    }
    self->was_wanted = wanted;
    return troupe_cancel(ctx, self->second);
}

/* Whether the archive is still at it; by the same way as the question. */
static int
ask_wanted(troupe_context_t *ctx, const struct visit *self)
{
    return troupe_ask(ctx, self->clerk, "wanted", 0, on_wanted_known, NULL,
                      NULL);
}

static int
on_cancelled(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct visit *self = state;
    printf("second ask: %s\n", troupe_outcome_name(answer->outcome));
    self->cancelled = answer->outcome == TROUPE_CANCELLED;
    return ask_wanted(ctx, self);
}

static int
on_timeout(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct visit *self = state;
    printf("first ask: %s after %d ms: %s\n",
           troupe_outcome_name(answer->outcome),
           (int) (answer->latency_ns / 1000000), answer->text);
    /* It always names the clerk; the archive, unless the clerk is too busy to
     * say what it waits for. */
    self->timed_out = answer->outcome == TROUPE_TIMEOUT
                      && strstr(answer->text, "waited for clerk") != NULL;

    /* Ask again, see the archive at work on it, and think better of it. */
    const troupe_ask_options_t options = {.timeout_ms = 60000,
                                          .answer = on_cancelled};
    int rc = troupe_ask_with(ctx, self->clerk, "question", &options,
                             &self->second, NULL);
    return rc < 0 ? rc : ask_wanted(ctx, self);
}

static int
begin(troupe_context_t *ctx, void *state, void *data)
{
    (void) data;
    struct visit *self = state;
    return troupe_ask(ctx, self->clerk, "question", 50, on_timeout, NULL, NULL);
}

int
main(void)
{
    troupe_t *node = NULL;
    struct visit visit = {0};
    troupe_ref_t archive_ref;
    int rc = troupe_new(NULL, &node);
    if (rc == 0)
        rc = troupe_node_spawn(node, &archive, NULL, &archive_ref, NULL);
    if (rc == 0)
        rc = troupe_node_spawn(node, &clerk, NULL, &visit.clerk, "{s:R}",
                               "archive", archive_ref);
    if (rc == 0)
        rc = troupe_node_run(node, begin, &visit, 20000);
    if (rc < 0)
        fprintf(stderr, "ask_with_deadline: %s\n", troupe_strerror(rc));
    bool shown =
        visit.timed_out && visit.was_wanted && visit.cancelled && visit.let_go;
    return troupe_destroy(&node) == 0 && rc == 0 && shown ? 0 : 1;
}
