/* SPDX-License-Identifier: Apache-2.0 */
/* agent_look.c: what a node's agent tells about actors and the node. */
#include <errno.h>
#include <stdlib.h>

#include "runtime/agent.h"
#include "runtime/names.h"
#include "runtime/worker.h"
#include "troupe_msgpack.h"

enum { PAGE = 200, PAGE_MAX = 500, LETTERS_MAX = 1000 };

/* --- pieces -----------------------------------------------------------------*/

static void
put_text(msgpack_packer *packer, const char *text)
{
    size_t size = strlen(text);
    msgpack_pack_str(packer, size);
    msgpack_pack_str_body(packer, text, size);
}

static void
put_number(msgpack_packer *packer, const char *key, uint64_t number)
{
    put_text(packer, key);
    msgpack_pack_uint64(packer, number);
}

static void
put_word(msgpack_packer *packer, const char *key, const char *word)
{
    put_text(packer, key);
    if (word)
        put_text(packer, word);
    else
        msgpack_pack_nil(packer);
}

/* What its worker was doing a moment ago, if that was this actor's. */
static const char *
handling(troupe_t *node, troupe_ref_t ref)
{
    const struct troupe__worker *worker =
        atomic_load(&node->workers[troupe__ref_worker(ref)]);
    if (!worker || atomic_load(&worker->idle)
        || atomic_load(&worker->run_ref) != ref.id)
        return NULL;
    return atomic_load(&worker->run_type);
}

enum { ACTOR_FIELDS = 16, INSPECT_FIELDS = 7 };

static void
put_actor(msgpack_packer *packer, troupe_t *node,
          const troupe_actor_stats_t *stats)
{
    put_number(packer, "ref", stats->ref.id);
    put_word(packer, "name", stats->name);
    put_word(packer, "kind", stats->kind);
    put_word(packer, "status", troupe_status_name(stats->status));
    put_number(packer, "incarnation", stats->incarnation);
    put_number(packer, "depth", stats->mailbox_depth);
    put_number(packer, "bytes", stats->mailbox_bytes);
    put_number(packer, "age_ns", stats->mailbox_age_ns);
    put_number(packer, "received", stats->received);
    put_number(packer, "handled", stats->handled);
    put_number(packer, "failed", stats->failed);
    put_number(packer, "dropped", stats->dropped);
    put_number(packer, "deadlocks", stats->deadlocks);
    put_number(packer, "handler_ns", stats->handler_ns);
    put_number(packer, "parent", stats->parent.id);
    put_word(packer, "handling", handling(node, stats->ref));
}

/* --- ps ---------------------------------------------------------------------*/

struct page {
    troupe_t *node;
    troupe_actor_stats_t actors[PAGE_MAX];
    uint32_t count, next;
    bool has_more;
};

static int
put_page(msgpack_packer *packer, void *arg)
{
    const struct page *self = arg;
    msgpack_pack_map(packer, 4);
    put_number(packer, "node", self->node->id);
    put_number(packer, "now_ns", troupe_now_ns(self->node));
    put_text(packer, "next");
    if (self->has_more)
        msgpack_pack_uint32(packer, self->next);
    else
        msgpack_pack_nil(packer);
    put_text(packer, "actors");
    msgpack_pack_array(packer, self->count);
    for (uint32_t i = 0; i < self->count; i++) {
        msgpack_pack_map(packer, ACTOR_FIELDS);
        put_actor(packer, self->node, &self->actors[i]);
    }
    return 0;
}

int
troupe__agent_ps(troupe_context_t *ctx, void *state,
                 const troupe_message_t *msg)
{
    (void) state;
    uint64_t from = 0, max = PAGE;
    int rc = troupe_unpack(msg, "{s?U, s?U}", "from", &from, "max", &max);
    if (rc < 0 && troupe_unpack(msg, "n") < 0)
        return troupe__agent_refuse(ctx, rc, "ps wants {from: N, max: N}");
    if (max < 1 || max > PAGE_MAX)
        max = max < 1 ? 1 : PAGE_MAX;
    struct page *page = troupe__alloc(sizeof *page);
    page->node = troupe_context_node(ctx);
    uint32_t slot = from > UINT32_MAX ? UINT32_MAX : (uint32_t) from;
    troupe_ref_t ref;
    while (page->count < max
           && (page->has_more = troupe__actor_next(page->node, &slot, &ref))) {
        rc =
            troupe_actor_stats_get(page->node, ref, &page->actors[page->count]);
        page->count += rc == 0; /* else it ended just now */
    }
    page->next = slot;
    rc = troupe_reply(ctx, "*", put_page, page);
    free(page);
    return rc == -ENOMSG ? 0 : rc;
}

/* --- inspect ----------------------------------------------------------------*/

struct report {
    troupe_t *node;
    troupe_actor_stats_t stats;
    struct troupe__words names, groups;
};

static void
put_words(msgpack_packer *packer, const char *key,
          const struct troupe__words *words)
{
    put_text(packer, key);
    msgpack_pack_array(packer, words->count);
    for (size_t i = 0; i < words->count; i++)
        put_text(packer, words->items[i]);
}

static int
put_report(msgpack_packer *packer, void *arg)
{
    const struct report *self = arg;
    const troupe_actor_stats_t *stats = &self->stats;
    msgpack_pack_map(packer, ACTOR_FIELDS + INSPECT_FIELDS);
    put_actor(packer, self->node, stats);
    put_words(packer, "names", &self->names);
    put_words(packer, "groups", &self->groups);
    put_number(packer, "messages_max", stats->limits.messages_max);
    put_number(packer, "bytes_max", stats->limits.bytes_max);
    put_word(packer, "overflow",
             troupe__overflow_words[stats->limits.overflow]);
    put_number(packer, "worker", troupe__ref_worker(stats->ref));
    put_number(packer, "node", troupe__ref_node(stats->ref));
    return 0;
}

int
troupe__agent_inspect(troupe_context_t *ctx, void *state,
                      const troupe_message_t *msg)
{
    (void) state;
    struct report report = {.node = troupe_context_node(ctx)};
    troupe_ref_t ref = TROUPE_NOBODY;
    const char *name = NULL;
    int rc = troupe_unpack(msg, "{s?R, s?s}", "ref", &ref, "name", &name);
    if (rc < 0 || troupe_ref_is_nobody(ref) == !name)
        return troupe__agent_refuse(ctx, -EBADMSG,
                                    "inspect wants {ref: REF} or {name: NAME}");
    if (name && troupe_lookup(report.node, name, &ref) < 0)
        return troupe__agent_refuse(ctx, -ENOENT, "there is no actor '%s'",
                                    name);
    rc = troupe_actor_stats_get(report.node, ref, &report.stats);
    if (rc < 0)
        return troupe__agent_refuse(ctx, rc, "%s", troupe_strerror(rc));
    troupe__names_of(report.node, ref, &report.names, &report.groups);
    rc = troupe_reply(ctx, "*", put_report, &report);
    troupe__words_free(&report.names);
    troupe__words_free(&report.groups);
    return rc == -ENOMSG ? 0 : rc;
}

/* --- dead letters, counters -------------------------------------------------*/

struct letters {
    troupe_t *node;
    troupe_dead_letter_t items[LETTERS_MAX];
    size_t count;
};

static int
put_letters(msgpack_packer *packer, void *arg)
{
    const struct letters *self = arg;
    troupe_node_stats_t stats;
    troupe_node_stats_get(self->node, &stats);
    msgpack_pack_map(packer, 3);
    put_number(packer, "now_ns", troupe_now_ns(self->node));
    put_number(packer, "total", stats.dead_letters);
    put_text(packer, "letters");
    msgpack_pack_array(packer, self->count);
    for (size_t i = 0; i < self->count; i++) {
        const troupe_dead_letter_t *letter = &self->items[i];
        msgpack_pack_map(packer, 6);
        put_word(packer, "why", troupe_dead_name(letter->why));
        put_number(packer, "to", letter->to.id);
        put_number(packer, "from", letter->from.id);
        put_number(packer, "at_ns", letter->at_ns);
        put_number(packer, "size", letter->size);
        put_word(packer, "type", letter->type);
    }
    return 0;
}

int
troupe__agent_dead(troupe_context_t *ctx, void *state,
                   const troupe_message_t *msg)
{
    (void) state;
    uint64_t max = LETTERS_MAX;
    int rc = troupe_unpack(msg, "{s?U}", "max", &max);
    if (rc < 0 && troupe_unpack(msg, "n") < 0)
        return troupe__agent_refuse(ctx, rc, "dead wants {max: N}");
    struct letters *letters = troupe__alloc(sizeof *letters);
    letters->node = troupe_context_node(ctx);
    letters->count =
        troupe_dead_letters(letters->node, letters->items,
                            max < LETTERS_MAX ? (size_t) max : LETTERS_MAX);
    rc = troupe_reply(ctx, "*", put_letters, letters);
    free(letters);
    return rc == -ENOMSG ? 0 : rc;
}

static int
put_counters(msgpack_packer *packer, void *arg)
{
    const troupe_node_stats_t *stats = arg;
    const struct {
        const char *key;
        uint64_t number;
    } counters[] = {
        {"workers", stats->workers},
        {"actors", stats->actors},
        {"spawned", stats->spawned},
        {"ended", stats->ended},
        {"restarts", stats->restarts},
        {"messages_sent", stats->messages_sent},
        {"messages_received", stats->messages_received},
        {"frames_sent", stats->frames_sent},
        {"bytes_sent", stats->bytes_sent},
        {"frames_refused", stats->frames_refused},
        {"dead_letters", stats->dead_letters},
        {"late_replies", stats->late_replies},
        {"redelivered", stats->redelivered},
        {"expired", stats->expired},
        {"mutes", stats->mutes},
        {"deadlocks", stats->deadlocks},
        {"watchdog_reports", stats->watchdog_reports},
        {"allocations", stats->allocations},
    };
    size_t count = sizeof counters / sizeof *counters;
    msgpack_pack_map(packer, count);
    for (size_t i = 0; i < count; i++)
        put_number(packer, counters[i].key, counters[i].number);
    return 0;
}

int
troupe__agent_counters(troupe_context_t *ctx, void *state,
                       const troupe_message_t *msg)
{
    (void) state, (void) msg;
    troupe_node_stats_t stats;
    troupe_node_stats_get(troupe_context_node(ctx), &stats);
    int rc = troupe_reply(ctx, "*", put_counters, &stats);
    return rc == -ENOMSG ? 0 : rc;
}
