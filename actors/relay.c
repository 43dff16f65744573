/* SPDX-License-Identifier: Apache-2.0 */
/* relay.c: what actors share that stand before others. */
#include "actors/relay.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_events.h"
#include "troupe_lifecycle.h"

#include "mailbox/check.h"

#define WITHOUT_DEADLINE_MS 600000

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

/* --- asks that are passed on ------------------------------------------------*/

void
troupe__relays_open(struct relays *self)
{
    *self = (struct relays){.end = &self->first};
}

void
troupe__relays_add(struct relays *self, struct relayed *it)
{
    it->next = NULL;
    it->link = self->end;
    *self->end = it;
    self->end = &it->next;
    self->count += 1;
}

void
troupe__relays_remove(struct relays *self, struct relayed *it)
{
    *it->link = it->next;
    if (it->next)
        it->next->link = it->link;
    else
        self->end = it->link;
    it->next = NULL;
    self->count -= 1;
}

struct relayed *
troupe__relays_find(const struct relays *self, troupe_token_t token)
{
    struct relayed *it = self->first;
    while (it && it->token.id != token.id)
        it = it->next;
    return it;
}

void
troupe__relays_free(struct relays *self)
{
    for (struct relayed *it = self->first, *next; it; it = next) {
        next = it->next;
        troupe__relayed_free(it);
    }
    troupe__relays_open(self);
}

struct relayed *
troupe__relayed_new(troupe_context_t *ctx, const troupe_message_t *msg)
{
    struct relayed *it = troupe__alloc(sizeof *it);
    const void *body = troupe_message_body(msg, &it->size);
    snprintf(it->type, sizeof it->type, "%s", troupe_message_type(msg));
    it->body = troupe__alloc(it->size + 1);
    memcpy(it->body, body, it->size);
    it->deadline_ns = troupe_message_deadline_ns(msg);
    int rc = troupe_defer(ctx, &it->token);
    CHECK(rc == 0);
    return it;
}

void
troupe__relayed_free(struct relayed *it)
{
    free(it->body);
    free(it);
}

int
troupe__relayed_ask(troupe_context_t *ctx, struct relayed *it, troupe_ref_t to,
                    troupe_answer_fn answer)
{
    troupe_ask_options_t options = {.timeout_ms = WITHOUT_DEADLINE_MS,
                                    .deadline_ns = it->deadline_ns,
                                    .answer = answer,
                                    .data = it,
                                    .detached = true};
    int rc = troupe_ask_with(ctx, to, it->type, &options, &it->ask, "r",
                             it->body, it->size);
    free(it->body);
    it->body = NULL;
    return rc;
}
