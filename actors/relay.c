/* SPDX-License-Identifier: Apache-2.0 */
/* relay.c: what actors share that stand before others. */
#include "actors/relay.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "troupe_events.h"
#include "troupe_lifecycle.h"

int
troupe__read_ref(troupe_context_t *ctx, const troupe_message_t *msg,
                 const char *what, const char *key, troupe_ref_t *ret)
{
    const char *name = NULL;
    if (troupe_unpack(msg, "{s?R}", key, ret) == 0)
        return 0;
    int rc = troupe_unpack(msg, "{s:s}", key, &name);
    if (rc == 0)
        rc = troupe_lookup(troupe_context_node(ctx), name, ret);
    if (rc < 0)
        return troupe_fail(ctx, rc, "a %s's %s is no actor: %s", what, key,
                           name ? name : "neither ref nor name");
    return 0;
}

int
troupe__relay_error(troupe_context_t *ctx, troupe_token_t *token, int code,
                    const char *format, ...)
{
    char words[512];
    va_list args;
    va_start(args, format);
    (void) vsnprintf(words, sizeof words, format, args);
    va_end(args);
    int rc = troupe_reply_error_to(ctx, token, code, "%s", words);
    return rc == -ENOMSG ? 0 : rc;
}

int
troupe__relay_answer(troupe_context_t *ctx, troupe_token_t *token,
                     const troupe_answer_t *answer)
{
    if (answer->outcome != TROUPE_REPLY)
        return troupe__relay_error(ctx, token, answer->code, "%s",
                                   answer->text);
    int rc = troupe_reply_to(ctx, token, "m", answer->msg);
    return rc == -ENOMSG ? 0 : rc;
}
