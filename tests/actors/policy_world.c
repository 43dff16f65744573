/* SPDX-License-Identifier: Apache-2.0 */
/* policy_world.c: a node under a manual clock, somebody who asks, a shop. */
#include "actors/policy_world.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "troupe_msgpack.h"

enum { HELD_MAX = 64, SETTLE_MS = 30000, MINUTE_MS = 60000 };

troupe_t *policy_node;
static troupe_ref_t caller_ref;

/* --- the shop ---------------------------------------------------------------*/

struct shop {
    troupe_token_t held[HELD_MAX];
    uint64_t held_count, asked, cancelled;
};

static int
on_get(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct shop *self = state;
    self->asked += 1;
    return troupe_reply(ctx, "[U, m]", self->asked, msg);
}

static int
on_fail(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct shop *self = state;
    (void) msg;
    self->asked += 1;
    return troupe_reply_error(ctx, -EIO, "sold out");
}

static int
on_hold(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct shop *self = state;
    (void) msg;
    self->asked += 1;
    return self->held_count == HELD_MAX
               ? -ENOSPC
               : troupe_defer(ctx, &self->held[self->held_count++]);
}

static int
on_release(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct shop *self = state;
    (void) msg;
    for (uint64_t i = 0; i < self->held_count; i++) {
        int rc =
            troupe_reply_to(ctx, &self->held[i], "[U, s]", self->asked, "held");
        if (rc < 0 && rc != -ENOMSG)
            return rc;
    }
    self->held_count = 0;
    return 0;
}

static int
on_given_up(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct shop *self = state;
    troupe_token_t token = troupe_token_read(msg);
    self->cancelled += 1;
    for (uint64_t i = 0; i < self->held_count; i++)
        if (self->held[i].id == token.id)
            self->held[i] = self->held[--self->held_count];
    troupe_token_drop(ctx, &token);
    return 0;
}

/* [[0, item], ...] */
static int
put_items(msgpack_packer *packer, void *arg)
{
    const msgpack_object *list = arg;
    msgpack_pack_array(packer, list->via.array.size);
    for (uint32_t i = 0; i < list->via.array.size; i++) {
        msgpack_object item = list->via.array.ptr[i];
        bool bad = item.type == MSGPACK_OBJECT_STR && item.via.str.size == 3
                   && memcmp(item.via.str.ptr, "bad", 3) == 0;
        msgpack_pack_array(packer, 2);
        msgpack_pack_int(packer, bad ? -EIO : 0);
        if (bad) {
            msgpack_pack_str(packer, 2);
            msgpack_pack_str_body(packer, "no", 2);
            continue;
        }
        msgpack_pack_array(packer, 2);
        msgpack_pack_uint32(packer, list->via.array.size);
        msgpack_pack_object(packer, item);
    }
    return 0;
}

static int
on_many(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct shop *self = state;
    msgpack_object list;
    int rc = troupe_message_object(msg, &list);
    self->asked += 1;
    return rc < 0 ? rc : troupe_reply(ctx, "*", put_items, &list);
}

static int
on_few(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state, (void) msg;
    return troupe_reply(ctx, "[[i, n]]", 0);
}

static int
on_shop_state(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct shop *self = state;
    (void) msg;
    return troupe_reply(ctx, "{s:U, s:U, s:U}", "asked", self->asked, "held",
                        self->held_count, "cancelled", self->cancelled);
}

static const troupe_clause_t shop_clauses[] = {
    TROUPE_ON("get", on_get),
    TROUPE_ON("fail", on_fail),
    TROUPE_ON("hold", on_hold),
    TROUPE_ON("release", on_release),
    TROUPE_ON("many", on_many),
    TROUPE_ON("few", on_few),
    TROUPE_ON("state", on_shop_state),
    TROUPE_ON_CANCEL(on_given_up),
    {0, NULL, NULL, NULL}};

const troupe_kind_t shop_kind = {
    .name = "shop", .state_size = sizeof(struct shop), .clauses = shop_clauses};

/* --- who asks ---------------------------------------------------------------*/

static int
on_answer(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct policy_call *call = answer->data;
    const char *text = answer->text;
    (void) ctx, (void) state;
    if (answer->outcome == TROUPE_REPLY
        && troupe_unpack(answer->msg, "[I, s]", &call->number, &text) < 0)
        text = "";
    snprintf(call->text, sizeof call->text, "%s", text);
    call->code = answer->code;
    call->outcome = answer->outcome;
    return 0;
}

static struct policy_call *
call_of(const troupe_message_t *msg)
{
    uint64_t address = 0;
    return troupe_unpack(msg, "U", &address) < 0
               ? NULL
               : (struct policy_call *) (uintptr_t) address;
}

static int
on_put(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct policy_call *call = call_of(msg);
    (void) state;
    troupe_ask_options_t options = {
        .timeout_ms = call->timeout_ms ? call->timeout_ms : MINUTE_MS,
        .answer = on_answer,
        .data = call};
    return troupe_ask_with(ctx, call->to, call->type, &options, &call->ask,
                           "s?", call->body);
}

static int
on_give_up(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    return troupe_cancel(ctx, call_of(msg)->ask);
}

static const troupe_clause_t caller_clauses[] = {
    TROUPE_ON("put", on_put),
    TROUPE_ON("give up", on_give_up),
    {0, NULL, NULL, NULL},
};

static const troupe_kind_t caller_kind = {
    .name = "asks", .state_size = 1, .clauses = caller_clauses};

void
policy_begin(void)
{
    troupe_options_t options = troupe_options_default();
    options.manual_clock = true;
    options.workers = 2;
    options.seed = 3;
    cr_assert_eq(troupe_new(&options, &policy_node), 0);
    policy_spawn(&caller_kind, &caller_ref, NULL);
}

void
policy_end(void)
{
    /* First who asks: what is open lies in a test that is over. */
    cr_assert_eq(
        troupe_node_exit(policy_node, caller_ref, TROUPE_EXIT_KILLED, 5000), 0);
    cr_assert_eq(troupe_destroy(&policy_node), 0);
}

void
policy_settle(void)
{
    cr_assert_eq(troupe_settle(policy_node, SETTLE_MS), 0);
}

void
policy_advance(uint32_t by_ms)
{
    cr_assert_eq(troupe_clock_advance(policy_node, by_ms * UINT64_C(1000000)),
                 0);
    policy_settle();
}

static void
bid(const char *what, const struct policy_call *call)
{
    cr_assert_eq(troupe_node_send(policy_node, caller_ref, what, "U",
                                  (uint64_t) (uintptr_t) call),
                 0);
    policy_settle();
}

void
policy_put(struct policy_call *call)
{
    call->outcome = 0;
    bid("put", call);
}

void
policy_give_up(struct policy_call *call)
{
    bid("give up", call);
}

void
policy_tell(troupe_ref_t to, const char *type)
{
    cr_assert_eq(troupe_node_send(policy_node, to, type, NULL), 0);
    policy_settle();
}

uint64_t
policy_number(troupe_ref_t of, const char *type, const char *key)
{
    troupe_message_t *reply = NULL;
    uint64_t number = 0;
    cr_assert_eq(troupe_node_ask(policy_node, of, type, 0, &reply, NULL), 0);
    cr_assert_eq(troupe_unpack(reply, "{s:U}", key, &number), 0, "%s", key);
    troupe_message_destroy(&reply);
    return number;
}
