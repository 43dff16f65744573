/* SPDX-License-Identifier: Apache-2.0 */
/* own_kinds.c: the kinds that every topology has: printer, ticker, and those of
 * the library that are asked by messages alone. */
#include <errno.h>
#include <stdio.h>

#include "troupe_batch.h"
#include "troupe_budget.h"
#include "troupe_cache.h"
#include "troupe_command.h"
#include "troupe_decide.h"
#include "troupe_events.h"
#include "troupe_graph_run.h"
#include "troupe_hedge.h"
#include "troupe_http.h"
#include "troupe_journal.h"
#include "troupe_keeper.h"
#include "troupe_limit.h"
#include "troupe_map.h"
#include "troupe_mcp.h"
#include "troupe_model.h"
#include "troupe_msgpack.h"
#include "troupe_pool.h"
#include "troupe_query.h"
#include "troupe_rate.h"
#include "troupe_research.h"
#include "troupe_stats.h"
#include "troupe_web.h"

#include "tools/topology.h"

/* printer: writes each message that it gets to standard output. */
static int
print_message(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) state;
    msgpack_object body;
    troupe_actor_stats_t from = {.kind = ""};
    char ref[TROUPE_REF_TEXT];
    int rc = troupe_message_object(msg, &body);
    if (rc < 0)
        return rc;
    troupe_ref_t sender = troupe_message_sender(msg);
    const char *name = troupe_ref_text(sender, ref);
    if (troupe_actor_stats_get(troupe_context_node(ctx), sender, &from) == 0
        && from.name[0])
        name = from.name;
    flockfile(stdout);
    printf("%s %s ", name, troupe_message_type(msg));
    msgpack_object_print(stdout, body);
    putchar('\n');
    fflush(stdout);
    funlockfile(stdout);
    return troupe_message_is_ask(msg) ? troupe_reply(ctx, NULL) : 0;
}

TROUPE_KIND(printer, char, TROUPE_ON_FALLBACK(print_message));

/* ticker: {to: NAME or group: NAME, type: tick, every_ms: 1000, times: 0,
 * body: nil}; ends after `times`, when that is not 0. */
struct ticker {
    char to[TROUPE_NAME_MAX + 1];
    char group[TROUPE_NAME_MAX + 1];
    char type[TROUPE_TYPE_MAX + 1];
    uint64_t left; /* 0: without end */
    troupe_message_t *arguments;
};

static int
ticker_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct ticker *self = state;
    const char *to = "", *group = "", *type = "tick";
    int64_t every_ms = 1000;
    int rc = troupe_unpack(msg, "{s?s, s?s, s?s, s?I, s?U}", "to", &to, "group",
                           &group, "type", &type, "every_ms", &every_ms,
                           "times", &self->left);
    if (rc < 0 || !*to == !*group || every_ms < 1
        || every_ms > UINT32_MAX - 1) {
        return troupe_fail(ctx, -EINVAL,
                           "a ticker wants {to: NAME} or {group: NAME}, and "
                           "may have type, every_ms, times and body");
    }
    snprintf(self->to, sizeof self->to, "%s", to);
    snprintf(self->group, sizeof self->group, "%s", group);
    snprintf(self->type, sizeof self->type, "%s", type);
    rc = troupe_message_keep(msg, &self->arguments);
    if (rc == 0)
        rc = troupe_timer_set(ctx, "(tick)", (uint32_t) every_ms,
                              (uint32_t) every_ms);
    return rc;
}

static int
ticker_tick(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    (void) msg;
    struct ticker *self = state;
    troupe_ref_t to;
    const void *body = "\xc0"; /* nil */
    size_t size = 1;
    int rc = troupe_unpack(self->arguments, "{s?r}", "body", &body, &size);
    if (rc == 0 && self->group[0])
        rc = troupe_publish(ctx, self->group, self->type, "r", body, size);
    else if (rc == 0
             && troupe_lookup(troupe_context_node(ctx), self->to, &to) == 0)
        rc = troupe_send(ctx, to, self->type, "r", body, size);
    if (rc < 0)
        return rc;
    return self->left > 0 && --self->left == 0 ? TROUPE_STOP : 0;
}

static void
ticker_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx, (void) reason;
    struct ticker *self = state;
    troupe_message_destroy(&self->arguments);
}

TROUPE_KIND(ticker, struct ticker, TROUPE_ON_START(ticker_start),
            TROUPE_ON("(tick)", ticker_tick), TROUPE_ON_STOP(ticker_stop));

const troupe_kind_t *const troupe__own_kinds[] = {
    &printer,
    &ticker,
    /* tasks */
    &troupe_command,
    &troupe_graph_coordinator,
    &troupe_graph_worker,
    &troupe_map,
    &troupe_pool,
    &troupe_decider,
    /* models */
    &troupe_council,
    &troupe_model,
    &troupe_model_backend,
    /* documents and the web */
    &troupe_coordinator,
    &troupe_search_engine,
    &troupe_summariser,
    &troupe_fact_checker,
    &troupe_sentiment,
    &troupe_http,
    &troupe_web_search,
    &troupe_page_reader,
    &troupe_mcp_engine,
    /* what they share */
    &troupe_batcher,
    &troupe_budget_keeper,
    &troupe_cache,
    &troupe_hedger,
    &troupe_limiter,
    &troupe_rate_limiter,
    &troupe_keeper,
    &troupe_journal_actor,
    NULL,
};
