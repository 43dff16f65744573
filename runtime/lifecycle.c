/* SPDX-License-Identifier: Apache-2.0 */
/* lifecycle.c: monitors, links, exit signals, and a supervisor's calls. */
#include <errno.h>
#include <stdio.h>

#include "runtime/worker.h"

int
troupe_down_read(const troupe_message_t *msg, troupe_down_t *ret_down)
{
    int incarnation = 0, kind = 0, code = 0;
    const char *text = "";
    if (!msg || !ret_down
        || (msg->kind != WIRE_DOWN && msg->kind != WIRE_EXIT
            && msg->kind != WIRE_STOP))
        return -EBADMSG;
    int rc =
        troupe_unpack(msg, "[i, i, i, s]", &incarnation, &kind, &code, &text);
    if (rc < 0)
        return -EBADMSG;
    *ret_down =
        (troupe_down_t){.ref = msg->from,
                        .monitor = {msg->kind == WIRE_DOWN ? msg->id : 0},
                        .incarnation = (uint32_t) incarnation,
                        .reason = {(troupe_exit_t) kind, code, text}};
    return 0;
}

int
troupe_child_read(const troupe_message_t *msg, troupe_child_t *ret_child)
{
    int event = 0, kind = 0;
    int64_t incarnation = 0;
    const char *type = "";
    troupe_child_t child = {0};
    if (!msg || !ret_child || msg->kind != WIRE_CHILD)
        return -EBADMSG;
    int rc = troupe_unpack(
        msg, "[i, I, b, i, i, s, b, s, U, U]", &event, &incarnation,
        &child.in_start, &kind, &child.reason.code, &child.reason.text,
        &child.had_message, &type, &child.fingerprint, &child.cause);
    if (rc < 0)
        return -EBADMSG;
    child.event = (troupe_child_event_t) event;
    child.ref = msg->from;
    child.incarnation = (uint32_t) incarnation;
    child.reason.kind = (troupe_exit_t) kind;
    snprintf(child.type, sizeof child.type, "%s", type);
    *ret_child = child;
    return 0;
}

static int
control(troupe_context_t *ctx, troupe_ref_t to, const char *verb, uint64_t id)
{
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_CONTROL, to, ctx->actor->ref, verb);
    envelope.id = id;
    return troupe__emitf(ctx->worker, &envelope, NULL);
}

/* Ids of monitors: node and worker, as in a ref, then a serial of the worker's;
 * so that no two of all nodes are equal. */
enum { SERIAL_BITS = TROUPE__NODE_SHIFT - TROUPE__WORKER_BITS };

static uint64_t
monitors_of(const struct troupe__worker *self)
{
    return (uint64_t) self->node->id << TROUPE__WORKER_BITS | self->index;
}

int
troupe_monitor(troupe_context_t *ctx, troupe_ref_t target,
               troupe_monitor_t *ret_monitor)
{
    CHECK(ctx);
    if (troupe_ref_is_nobody(target))
        return -EINVAL;
    uint64_t id =
        monitors_of(ctx->worker) << SERIAL_BITS | ++ctx->worker->serial;
    troupe__idmap_set(&troupe__extra(ctx->actor)->monitors, id, target.id);
    int rc = control(ctx, target, "monitor", id);
    if (rc == 0 && ret_monitor)
        *ret_monitor = (troupe_monitor_t){id};
    return rc;
}

int
troupe_demonitor(troupe_context_t *ctx, troupe_monitor_t monitor)
{
    CHECK(ctx);
    uint64_t target = 0;
    if (monitor.id == 0
        || monitor.id >> SERIAL_BITS != monitors_of(ctx->worker))
        return monitor.id ? -EPERM : -ENOENT;
    if (!ctx->actor->extra
        || !troupe__idmap_remove(&ctx->actor->extra->monitors, monitor.id,
                                 &target))
        return -ENOENT;
    return control(ctx, (troupe_ref_t){target}, "demonitor", monitor.id);
}

int
troupe_link(troupe_context_t *ctx, troupe_ref_t other)
{
    CHECK(ctx);
    uint64_t there = 0;
    if (troupe_ref_is_nobody(other))
        return -EINVAL;
    struct troupe__idmap *links = &troupe__extra(ctx->actor)->links;
    if (troupe_ref_equal(other, ctx->actor->ref)
        || troupe__idmap_get(links, other.id, &there))
        return 0;
    troupe__idmap_set(links, other.id, 1);
    return control(ctx, other, "link", 0);
}

int
troupe_unlink(troupe_context_t *ctx, troupe_ref_t other)
{
    CHECK(ctx);
    if (troupe_ref_is_nobody(other) || !ctx->actor->extra
        || !troupe__idmap_remove(&ctx->actor->extra->links, other.id, NULL))
        return -ENOENT;
    return control(ctx, other, "unlink", 0);
}

/* At most so many words, and no character in halves. */
static void
cut_words(char words[TROUPE__WORDS_MAX], const char *text)
{
    size_t size = strnlen(text, TROUPE__WORDS_MAX);
    if (size == TROUPE__WORDS_MAX) {
        size--;
        while (size > 0 && ((unsigned char) text[size] & 0xc0) == 0x80)
            size--;
    }
    memcpy(words, text, size);
    words[size] = '\0';
}

int
troupe_exit_send(troupe_context_t *ctx, troupe_ref_t to, troupe_exit_t kind,
                 int code, const char *text)
{
    CHECK(ctx);
    if (troupe_ref_is_nobody(to) || kind > TROUPE_EXIT_ERROR || code > 0)
        return -EINVAL;
    char words[TROUPE__WORDS_MAX];
    cut_words(words, text ? text : "");
    troupe_reason_t reason = {kind, code, words};
    troupe__send_exit(ctx->worker, to, ctx->actor->ref, "exit", &reason);
    return 0;
}

/* Monitors and links of an incarnation that is over hear of it, once. */
void
troupe__tell_the_end(struct troupe__worker *self, struct troupe__actor *actor,
                     const troupe_reason_t *reason)
{
    struct troupe__extra *extra = actor->extra;
    struct troupe__idmap watchers = extra->watchers, links = extra->links;
    extra->watchers = (struct troupe__idmap){0};
    extra->links = (struct troupe__idmap){0};
    int incarnation = (int) SEEN(actor->incarnation);
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_DOWN, TROUPE_NOBODY, actor->ref, "down");
    for (uint32_t i = 0; i < watchers.capacity + links.capacity; i++) {
        bool is_link = i >= watchers.capacity;
        const struct troupe__idmap_entry *entry =
            is_link ? &links.entries[i - watchers.capacity]
                    : &watchers.entries[i];
        if (!entry->id)
            continue;
        envelope.kind = is_link ? WIRE_EXIT : WIRE_DOWN;
        envelope.to = (troupe_ref_t){is_link ? entry->id : entry->value};
        envelope.id = is_link ? 0 : entry->id;
        if (troupe__emitf(self, &envelope, "[i, i, i, s]", incarnation,
                          (int) reason->kind, reason->code, reason->text)
            < 0) {
            CHECK(troupe__emitf(self, &envelope, "[i, i, i, s]", incarnation,
                                (int) reason->kind, reason->code, "")
                  == 0);
        }
    }
    troupe__idmap_free(&watchers);
    troupe__idmap_free(&links);
}

static bool
is_child(const troupe_context_t *ctx, troupe_ref_t child)
{
    uint64_t there = 0;
    return child.id && ctx->actor->extra
           && troupe__idmap_get(&ctx->actor->extra->children, child.id, &there);
}

int
troupe_child_restart(troupe_context_t *ctx, troupe_ref_t child,
                     const char *format, ...)
{
    CHECK(ctx);
    if (!is_child(ctx, child))
        return -EINVAL;
    struct troupe__envelope envelope =
        troupe__envelope(WIRE_START, child, ctx->actor->ref, "restart");
    va_list args;
    va_start(args, format);
    int rc = troupe__emit(ctx->worker, &envelope, format, &args);
    va_end(args);
    return rc;
}

int
troupe_child_release(troupe_context_t *ctx, troupe_ref_t child)
{
    CHECK(ctx);
    if (!is_child(ctx, child))
        return -EINVAL;
    /* One that has ended says when its name is free, and the end of this actor
     * waits for that; one that does not end is waited for by nobody. */
    const struct troupe__actor *actor =
        troupe__slot_actor(&ctx->worker->node->slots, child);
    if (!actor || SEEN(actor->status) != TROUPE_STATUS_WAITING)
        troupe__idmap_remove(&ctx->actor->extra->children, child.id, NULL);
    return control(ctx, child, "release", 0);
}

int
troupe_child_quarantine(troupe_context_t *ctx, troupe_ref_t child,
                        uint64_t fingerprint)
{
    CHECK(ctx);
    if (!is_child(ctx, child) || fingerprint == 0)
        return -EINVAL;
    return control(ctx, child, "quarantine", fingerprint);
}

troupe_ref_t
troupe_parent(const troupe_context_t *ctx)
{
    CHECK(ctx);
    return ctx->actor->parent;
}
