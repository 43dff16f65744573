/* SPDX-License-Identifier: Apache-2.0 */
/* model_pack.c: a model's description as the arguments of its actor. */
#include "actors/model_pack.h"

#define MAX_TOKENS 2048

int
troupe__model_pack(const troupe_query_model_t *model,
                   const struct model_means *means, uint32_t attempts,
                   troupe_child_spec_t *ret_spec)
{
    uint64_t max_tokens =
        model->max_tokens > 0 ? model->max_tokens : MAX_TOKENS;
    return troupe_child_spec_pack(
        ret_spec,
        "{s:s, s:R, s:R, s:R, s:R, s:s, s:s?, s:s, s:s?, s:s?, s:U, s:f, s:b, "
        "s:f, s:f, s:U}",
        "id", ret_spec->id, "backend", means->backend, "limiter",
        means->limiter, "budget", means->budget, "journal", means->journal,
        "url", model->url, "origin", model->origin, "model", model->model,
        "key_env", model->key_env, "system", model->system, "max_tokens",
        max_tokens, "temperature", model->temperature, "stream",
        (int) model->stream, "price_in", model->price_in, "price_out",
        model->price_out, "attempts", (uint64_t) attempts);
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
