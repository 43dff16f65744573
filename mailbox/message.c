/* SPDX-License-Identifier: Apache-2.0 */
/* message.c: envelopes in, and what a handler asks of a message. */
#include "mailbox/message.h"

#include <errno.h>
#include <stdlib.h>

#include "mailbox/cursor.h"
#include "mailbox/frame.h"
#include "mailbox/pack.h"
#include "mailbox/transport.h"

bool
troupe__type_ok(const char *type, size_t size)
{
    if (size == 0 || size > TROUPE_TYPE_MAX)
        return false;
    for (size_t i = 0; i < size; i++)
        if (type[i] < 0x20 || type[i] > 0x7e)
            return false;
    return true;
}

static bool
next_of(struct troupe__cursor *cursor, enum troupe__form form,
        struct troupe__item *ret_item)
{
    return troupe__cursor_next(cursor, ret_item) && ret_item->form == form;
}

/* Everything before the body; strangers may write numbers in any width. */
static bool
parse_envelope(struct troupe_message *self, const uint8_t *at,
               const uint8_t *end, size_t *ret_size)
{
    struct troupe__cursor cursor = {at, end};
    struct troupe__item item;
    if (!next_of(&cursor, FORM_ARRAY, &item) || item.number != WIRE_ITEMS)
        return false;
    uint64_t numbers[6]; /* kind, size, to, from, id, deadline */
    for (size_t i = 0; i < 6; i++) {
        if (!next_of(&cursor, FORM_UINT, &item))
            return false;
        numbers[i] = item.number;
    }
    if (numbers[0] >> 4 != WIRE_VERSION || (numbers[0] & 15) == 0
        || (numbers[0] & 15) > WIRE_KIND_MAX)
        return false;
    if (!next_of(&cursor, FORM_TEXT, &item))
        return false;
    self->type = (const char *) item.data;
    self->type_size = item.number;

    self->trace = NULL;
    if (!troupe__cursor_next(&cursor, &item))
        return false;
    if (item.form == FORM_BINARY && item.number == WIRE_TRACE_SIZE)
        self->trace = item.data;
    else if (item.form != FORM_NIL)
        return false;

    self->kind = (enum troupe__wire_kind)(numbers[0] & 15);
    *ret_size = numbers[1];
    self->to.id = numbers[2];
    self->from.id = numbers[3];
    self->id = numbers[4];
    self->deadline = numbers[5];
    self->body = cursor.at;
    return true;
}

ptrdiff_t
troupe__message_parse(struct troupe_message *self, const uint8_t *at,
                      const uint8_t *end)
{
    size_t said = troupe__message_read(self, at, end);
    if (said == 0 && !parse_envelope(self, at, end, &said))
        return -EBADMSG;
    if (!troupe__type_ok(self->type, self->type_size))
        return -EBADMSG;
    ptrdiff_t body_size =
        troupe__value_size(self->body, end, WIRE_ELEMENTS_MAX);
    if (body_size < 0)
        return -EBADMSG;
    size_t size = (size_t) (self->body - at + body_size);
    if (said != 0 && said != size) /* 0: the writer did not say */
        return -EBADMSG;
    self->start = at;
    self->size = size;
    self->body_size = (size_t) body_size;
    self->type_text[0] = '\0';
    return (ptrdiff_t) size;
}

const char *
troupe_message_type(const troupe_message_t *msg)
{
    CHECK(msg);
    if (msg->type_text[0] == '\0') {
        /* What a message says of itself does not change by being cached. */
        struct troupe_message *self = (struct troupe_message *) msg;
        memcpy(self->type_text, msg->type, msg->type_size);
        self->type_text[msg->type_size] = '\0';
    }
    return msg->type_text;
}

bool
troupe_message_is(const troupe_message_t *msg, const char *type)
{
    CHECK(msg);
    CHECK(type);
    return strncmp(msg->type, type, msg->type_size) == 0
           && type[msg->type_size] == '\0';
}

troupe_ref_t
troupe_message_sender(const troupe_message_t *msg)
{
    CHECK(msg);
    return msg->asker.id ? msg->asker : msg->from;
}

uint32_t
troupe_message_attempt(const troupe_message_t *msg)
{
    CHECK(msg);
    return msg->attempt ? msg->attempt : 1;
}

uint64_t
troupe_message_ask_id(const troupe_message_t *msg)
{
    CHECK(msg);
    if (msg->kind != WIRE_ASK)
        return 0;
    return msg->asker.id ? msg->asker_id : msg->id;
}

bool
troupe_message_is_ask(const troupe_message_t *msg)
{
    CHECK(msg);
    return msg->kind == WIRE_ASK;
}

uint64_t
troupe_message_deadline_ns(const troupe_message_t *msg)
{
    CHECK(msg);
    return msg->deadline;
}

const void *
troupe_message_body(const troupe_message_t *msg, size_t *ret_size)
{
    CHECK(msg);
    if (ret_size)
        *ret_size = msg->body_size;
    return msg->body;
}

/* A message of its keeper's: the arena is its own, so are the bytes if any. */
struct kept {
    struct troupe_message msg;
    struct troupe__arena arena;
    uint8_t bytes[];
};

int
troupe_message_keep(const troupe_message_t *msg, troupe_message_t **ret_msg)
{
    if (!msg || !ret_msg)
        return -EINVAL;
    /* Buffers of usual size go back to their node, which may end before the
     * keeper does. */
    bool shares = troupe__frame_is_worth(msg->frame, msg->size)
                  && msg->frame->size > TROUPE__FRAME_BUFFER;
    struct kept *self = troupe__alloc(sizeof *self + (shares ? 0 : msg->size));
    self->msg = *msg;
    self->msg.arena = &self->arena;
    if (shares) {
        self->msg.frame = troupe__frame_hold(msg->frame);
    } else {
        const uint8_t *start = self->bytes;
        memcpy(self->bytes, msg->start, msg->size);
        self->msg.frame = NULL;
        self->msg.start = start;
        self->msg.type =
            (const char *) start + (msg->type - (const char *) msg->start);
        self->msg.body = start + (msg->body - msg->start);
        if (msg->trace)
            self->msg.trace = start + (msg->trace - msg->start);
    }
    *ret_msg = &self->msg;
    return 0;
}

void
troupe_message_destroy(troupe_message_t **msg_p)
{
    if (!msg_p || !*msg_p)
        return;
    struct kept *self = (struct kept *) *msg_p;
    CHECK(self->msg.arena == &self->arena); /* kept, not lent */
    troupe__arena_free(&self->arena);
    if (self->msg.frame)
        troupe__frame_release(self->msg.frame);
    free(self);
    *msg_p = NULL;
}
