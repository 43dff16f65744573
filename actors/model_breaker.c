/* SPDX-License-Identifier: Apache-2.0 */
/* model_breaker.c: what the breaker of a model hears, and says when it opens. */
#include <errno.h>
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
