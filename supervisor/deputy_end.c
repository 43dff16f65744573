/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deputy_end.c: how a deputy hears of its child's end, from the host.
 *
 * At once that it has ended: what comes from then on is for the next
 * incarnation. Then how, when what the child called itself is free; only then
 * may the deputy end in its turn, as the next one may take those names.
 */
#include <errno.h>

#include "runtime/peers.h"
#include "runtime/settle.h"
#include "runtime/worker.h"
#include "supervisor/deputy.h"

void
troupe__deputy_drop(void *data)
{
    troupe_message_t *msg = data;
    troupe_message_destroy(&msg);
}

static int
end(troupe_context_t *ctx, const troupe_message_t *msg)
{
    int kind = TROUPE_EXIT_ERROR, code = -EBADMSG;
    bool had_message = false;
    uint64_t fingerprint = 0;
    const char *text = "an end that cannot be read", *type = "";
    if (troupe_unpack(msg, "[i, i, s, b, s, U]", &kind, &code, &text,
                      &had_message, &type, &fingerprint)
            == 0
        && had_message)
        troupe__context_blame(ctx, type, fingerprint);
    return troupe_exit(ctx, (troupe_exit_t) kind, code, "%s", text);
}

/* What it called itself is free here, too; or will be, much later. */
static int
on_free(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) state;
    int rc = end(ctx, answer->data);
    troupe__deputy_drop(answer->data);
    return rc;
}

static int
on_ended(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct troupe__deputy *self = state;
    (void) ctx;
    self->has_ended |= answer->outcome == TROUPE_REPLY;
    return 0;
}

/* It has ended by itself, or because we said so. */
static int
on_end(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct troupe__deputy *self = state;
    troupe_message_t *kept = NULL;
    if (answer->outcome == TROUPE_DOWN
        && !troupe__deputy_is_lost(ctx, self, answer))
        return troupe_exit(ctx, TROUPE_EXIT_ERROR, -EHOSTDOWN,
                           "whoever ran it on its node has ended");
    if (answer->outcome == TROUPE_ERROR && answer->code == -ENOBUFS)
        return troupe_exit(ctx, TROUPE_EXIT_ERROR, answer->code, "%s",
                           answer->text);
    if (answer->outcome != TROUPE_REPLY)
        return 0; /* it did not start, or its node is lost */
    self->has_ended = true;
    int rc = troupe_message_keep(answer->msg, &kept);
    const troupe_ask_options_t options = {.timeout_ms = TROUPE__SETTLE_MS,
                                          .answer = on_free,
                                          .data = kept,
                                          .drop = troupe__deputy_drop};
    if (rc == 0)
        rc = troupe__settle(ctx, false, &options);
    if (rc > 0)
        return 0;
    troupe_message_destroy(&kept);
    return end(ctx, answer->msg);
}

int
troupe__deputy_watch(troupe_context_t *ctx, troupe_ref_t host)
{
    int64_t incarnation = troupe_incarnation(ctx);
    troupe_ask_options_t options = {.deadline_ns = UINT64_MAX,
                                    .answer = on_ended};
    int rc =
        troupe_ask_with(ctx, host, "ended", &options, NULL, "I", incarnation);
    options.answer = on_end;
    return rc < 0 ? rc
                  : troupe_ask_with(ctx, host, "end", &options, NULL, "I",
                                    incarnation);
}
