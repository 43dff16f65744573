/* SPDX-License-Identifier: Apache-2.0 */
/* model_breaker.c: what the breaker of a model hears, and says when it opens;
 * and what is said when another step of a call does not let it through. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "actors/model.h"
#include "actors/text.h"
#include "mailbox/check.h"

void
troupe__model_record(troupe_context_t *ctx, struct model *self,
                     const struct completion *what)
{
    CHECK(self && what);
    bool to_blame = what->fault != TROUPE_FAULT_NONE
                    && what->fault != TROUPE_FAULT_PERMANENT
                    && what->fault != TROUPE_FAULT_OVERLOAD;
    troupe_breaker_record(&self->breaker, troupe_time_ns(ctx), !to_blame);
    if (!to_blame)
        return;
    free(self->failure);
    self->failure = troupe__strdup(what->words);
}

int
troupe__model_refuse(troupe_context_t *ctx, struct call *call)
{
    const char *failure = call->model->failure;
    struct troupe__text words = {0};
    troupe__text_printf(
        &words, "it failed too often: no calls to it for a while%s%s",
        failure ? "; the last failure: " : "", failure ? failure : "");
    int rc = troupe__call_fail(ctx, call, -EBUSY, words.data);
    troupe__text_free(&words);
    return rc;
}

/* An ask of ours brought no reply: its asker gave up, or it failed. That it is
 * asked again had a reason, which is the one to be looked at. */
int
troupe__call_fail_step(troupe_context_t *ctx, struct call *call,
                       const troupe_answer_t *answer)
{
    int code = answer->outcome == TROUPE_TIMEOUT ? -ETIMEDOUT
               : answer->outcome == TROUPE_ERROR ? answer->code
                                                 : -EIO;
    const char *words = answer->text ? answer->text : "";
    if (!call->failure)
        return troupe__call_fail(ctx, call, code, words);
    char *both = NULL;
    if (asprintf(&both, "%s; before it: %s", words, call->failure) < 0)
        troupe__out_of_memory(0);
    int rc = troupe__call_fail(ctx, call, code, both);
    free(both);
    return rc;
}
