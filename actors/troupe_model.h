/* SPDX-License-Identifier: Apache-2.0 */
/* troupe_model.h: language models behind OpenAI-compatible HTTP, as actors. */
#ifndef TROUPE_MODEL_H
#define TROUPE_MODEL_H

#include "troupe_kind.h"

/*
 * troupe_model_backend: makes the calls; one for all models, without a thread
 * of its own. Connections are kept and used again, HTTP/2 where it is offered.
 * A call ends with the deadline of its ask, and when that is cancelled.
 *
 *   start     {connections?: U}: at most so many at once; 256
 *   complete  {url: s, model: s, key_env: s?, system: s?, prompt: s, schema:
 *             s?, max_tokens: U, temperature: f, stream: b, size_max: U}
 *             -> {fault: U, status: U, text: s, finish: s, model: s,
 *             words: s, prompt_tokens: I, completion_tokens: I,
 *             retry_after_ms: U, billable: b}
 *   state     -> {calls: U, open: U, connected: U}: calls made, those under
 *             way, and how many connections they took
 *
 * url is the part before "/chat/completions". key_env names the environment
 * variable with the key: the key itself is in no message and no log line.
 * temperature not a number: not sent; schema: a JSON schema that the answer
 * shall have; size_max: bytes of a whole answer; 0: 4 MiB. In the reply fault
 * is a troupe_fault_t and `words` says what it was; finish is the server's
 * finish_reason, model what it calls itself, -1 tokens are unknown; billable:
 * the server may have done the work, whatever came of it. A "complete" in a
 * trace carries it on in the header "traceparent".
 */
TROUPE_API const troupe_kind_t troupe_model_backend;

/*
 * troupe_model: one model, with care: it draws on a budget, waits for its rate
 * limiter, opens its breaker when most calls fail, and tries again what may
 * heal, with full jitter and within the deadline.
 *
 *   start  {backend: R, limiter?: R, budget?: R, journal?: R, url: s, origin?:
 *          s?, model: s, key_env?: s?, system?: s?, max_tokens?: U,
 *          temperature?: f, stream?: b, price_in?: f, price_out?: f,
 *          attempts?: U, size_max?: U, id?: s, hedge?: b, hedge_percentile?:
 *          U, hedge_extra?: U, hedge_asks?: U, hedge_made?: U, hedge_us?: [U]}
 *   ask    {prompt: s, system?: s?, schema?: s?, kept_only?: b} -> {text: s,
 *          truncated: b, prompt_tokens: I, completion_tokens: I, cost: f,
 *          attempts: U, replayed: b, hedged: b}
 *   state  -> {calls: U, failed: U, retries: U, hedged: U, breaker: s}
 *
 * Instead of a ref the name of an actor will do. Prices are for a million
 * tokens; where one is missing, or the tokens are unknown (-1), the cost is
 * not a number. max_tokens: 2048; attempts: 3; id: its name among others.
 *
 * With a journal (a troupe_journal_actor) each attempt is written down before
 * it is made, with the most that it may cost, and after it with what it came
 * to; an answer is on the disk before it is given. The same ask (id, url, or
 * origin instead of it, model, settings, system, prompt and schema) gets it
 * from there, also after a crash, and draws on no budget or rate: it is
 * replayed. With hedge a request that is not answered after that percentile of
 * this model's latencies is made once more, and the later answer is given up:
 * by troupe_hedge.h, of which the other keys say what is known beforehand. The
 * second one is reserved, waits for the rate, and asks the breaker, as the
 * first; where one of these refuses it there is none. kept_only: no call is made: an answer of the journal, or -ENOSPC.
 * A server that refuses an ask with a schema (400, 422, 501) is asked without
 * one, and where it answers then, it is never sent one again.
 *
 * An ask that fails ends with
 *
 *   -ENOSPC     the budget is used up
 *   -ETIMEDOUT  the deadline passes before the rate limit, or a further
 *               attempt, allows it
 *   -EBUSY      the breaker is open
 *   -EPROTO     the server refuses it, or its answer cannot be used
 *   -EIO        all attempts failed, or the journal does
 */
TROUPE_API const troupe_kind_t troupe_model;

#endif
