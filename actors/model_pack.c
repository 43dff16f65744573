/* SPDX-License-Identifier: Apache-2.0 */
/* model_pack.c: a model's description as the arguments of its actor. */
#include "actors/model_pack.h"

#include "troupe_msgpack.h"

#define MAX_TOKENS 2048

/* What is known of a model's latencies, the oldest first. */
static int
write_latencies(msgpack_packer *packer, void *value)
{
    const troupe_hedge_t *hedge = value;
    uint32_t count = hedge ? hedge->count : 0;
    uint32_t at = count < TROUPE_HEDGE_WINDOW ? 0 : hedge->next;
    msgpack_pack_array(packer, count);
    for (uint32_t i = 0; i < count; i++) {
        msgpack_pack_uint32(packer, hedge->latencies_us[at]);
        at = (at + 1) % TROUPE_HEDGE_WINDOW;
    }
    return 0;
}

int
troupe__model_pack(const troupe_query_model_t *model,
                   const struct model_means *means, uint32_t attempts,
                   troupe_child_spec_t *ret_spec)
{
    static const troupe_hedge_t none = {.count = 0};
    const troupe_hedge_t *hedge = model->hedge ? model->hedge : &none;
    uint64_t max_tokens =
        model->max_tokens > 0 ? model->max_tokens : MAX_TOKENS;
    return troupe_child_spec_pack(
        ret_spec,
        "{s:s, s:R, s:R, s:R, s:R, s:s, s:s?, s:s, s:s?, s:s?, s:U, s:f, s:b, "
        "s:f, s:f, s:U, s:b, s:U, s:U, s:U, s:U, s:*}",
        "id", ret_spec->id, "backend", means->backend, "limiter",
        means->limiter, "budget", means->budget, "journal", means->journal,
        "url", model->url, "origin", model->origin, "model", model->model,
        "key_env", model->key_env, "system", model->system, "max_tokens",
        max_tokens, "temperature", model->temperature, "stream",
        (int) model->stream, "price_in", model->price_in, "price_out",
        model->price_out, "attempts", (uint64_t) attempts, "hedge",
        (int) (model->hedge != NULL), "hedge_percentile",
        (uint64_t) hedge->options.percentile, "hedge_extra",
        (uint64_t) hedge->options.extra_percent, "hedge_asks", hedge->asks,
        "hedge_made", hedge->hedges + means->hedgers, "hedge_us",
        write_latencies, hedge);
}

int
troupe__budget_pack(const troupe_cost_t *limit, const troupe_cost_t *used,
                    bool known, troupe_child_spec_t *ret_spec)
{
    return troupe_child_spec_pack(
        ret_spec, "{s:U, s:f, s:U, s:U, s:f, s:U, s:b}", "tokens",
        limit->tokens, "money", limit->money, "calls", limit->calls,
        "used_tokens", used->tokens, "used_money", used->money, "used_calls",
        used->calls, "used_known", (int) known);
}
