/* SPDX-License-Identifier: Apache-2.0 */
/* research_analyser.c: the actors that analyse passages. */
#include <errno.h>

#include "troupe_ask.h"
#include "troupe_research.h"

#include "actors/codec.h"
#include "actors/research.h"

#define LIMIT_MAX 1000

struct analyser {
    uint64_t fail; /* first incarnations that fail */
};

/* What every analyser is given. */
struct task {
    const char *question;
    uint64_t sentences; /* of the answer at most */
    uint64_t claims;    /* to check at most */
    troupe_passages_t *passages;
};

static int
analyser_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct analyser *self = state;
    int rc = troupe_unpack(msg, "{s:U}", "fail", &self->fail);
    return rc < 0 ? troupe_fail(ctx, rc, "an analyser wants fail") : 0;
}

/* 0; or what the handler returns, with the asker answered. */
static int
read_task(troupe_context_t *ctx, const struct analyser *self,
          const troupe_message_t *msg, struct task *ret, bool *ret_answered)
{
    *ret_answered = false;
    int rc = troupe__fail_on_request(ctx, self->fail);
    if (rc < 0)
        return rc;
    rc = troupe_unpack(msg, "{s:s, s:U, s:U}", "question", &ret->question,
                       "sentences", &ret->sentences, "claims", &ret->claims);
    if (rc == 0 && (ret->sentences > LIMIT_MAX || ret->claims > LIMIT_MAX))
        rc = -ERANGE;
    if (rc == 0)
        rc = troupe__passages_read(msg, &ret->passages);
    if (rc == 0)
        return 0;
    *ret_answered = true;
    return troupe_reply_error(ctx, rc,
                              "analyse wants question, sentences, "
                              "claims and passages");
}

static int
on_summarise(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct task task = {0};
    bool answered = false;
    int rc = read_task(ctx, state, msg, &task, &answered);
    if (rc < 0 || answered)
        return rc;
    struct summary summary = troupe__summary_make(task.question, task.passages,
                                                  (uint32_t) task.sentences);
    rc = troupe_reply(ctx, "{s:*}", "summary", troupe__summary_write, &summary);
    troupe__summary_clear(&summary);
    troupe_passages_destroy(&task.passages);
    return rc;
}

static int
on_check(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct task task = {0};
    bool answered = false;
    int rc = read_task(ctx, state, msg, &task, &answered);
    if (rc < 0 || answered)
        return rc;
    struct facts facts = troupe__facts_make(task.question, task.passages,
                                            (uint32_t) task.claims);
    rc = troupe_reply(ctx, "{s:*}", "facts", troupe__facts_write, &facts);
    troupe__facts_clear(&facts);
    troupe_passages_destroy(&task.passages);
    return rc;
}

static int
on_judge(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct task task = {0};
    bool answered = false;
    int rc = read_task(ctx, state, msg, &task, &answered);
    if (rc < 0 || answered)
        return rc;
    struct sentiment sentiment =
        troupe__sentiment_make(task.question, task.passages);
    rc = troupe_reply(ctx, "{s:*}", "sentiment", troupe__sentiment_write,
                      &sentiment);
    troupe__sentiment_clear(&sentiment);
    troupe_passages_destroy(&task.passages);
    return rc;
}

TROUPE_KIND(troupe_summariser, struct analyser, TROUPE_ON_START(analyser_start),
            TROUPE_ON("analyse", on_summarise));

TROUPE_KIND(troupe_fact_checker, struct analyser,
            TROUPE_ON_START(analyser_start), TROUPE_ON("analyse", on_check));

TROUPE_KIND(troupe_sentiment, struct analyser, TROUPE_ON_START(analyser_start),
            TROUPE_ON("analyse", on_judge));
