/* SPDX-License-Identifier: Apache-2.0 */
/* research.h: what the files of the research pipeline share. */
#ifndef TROUPE_ACTORS_RESEARCH_H
#define TROUPE_ACTORS_RESEARCH_H

#include "troupe_ask.h"
#include "troupe_research.h"

#include "actors/codec.h"
#include "actors/report.h"

/* The analysers, in the order in which they are asked. */
enum analyser_index {
    ANALYSER_SUMMARISER,
    ANALYSER_FACT_CHECKER,
    ANALYSER_SENTIMENT,
    ANALYSER_COUNT
};

#define ENGINES_MAX (TROUPE_ENGINE_COUNT + TROUPE_RESEARCH_WEB_MAX)
#define MODELS_MAX  3 /* planner, writer, checker */
#define MEMBERS_MAX                                                            \
    (ENGINES_MAX + ANALYSER_COUNT + MODELS_MAX + TROUPE_RESEARCH_PAGES_MAX)
#define COORDINATOR "coordinator"

#define RESEARCH_GRACE_MS 1000 /* beyond the deadline, to write the report */

/* troupe__analyser_name: "summariser", "fact_checker", "sentiment". */
const char *troupe__analyser_name(unsigned index);

/*
 * troupe__fail_on_request: fail when this incarnation was told to.
 *
 *   fail     the first so many incarnations fail.
 *   returns  0, or what the handler returns then
 */
int troupe__fail_on_request(troupe_context_t *ctx, uint64_t fail);

/* Who takes part: engines, analysers, then readers of pages. */
struct member {
    char name[PART_NAME_SIZE];
    enum part_role role;
    troupe_ref_t ref;
};

struct members {
    struct member items[MEMBERS_MAX];
    uint32_t count;
};

/* troupe__members_write: for the format "*": [[role, name, ref]]. */
int troupe__members_write(struct msgpack_packer *packer, void *value);

/* troupe__members_read: from the key "members"; 0, or -EBADMSG when it is of
 * another form, in another order, or one name is there twice. */
int troupe__members_read(const troupe_message_t *msg,
                         struct members *ret_members);

/* What the coordinator is asked: the body of "research". */
struct research_request {
    const char *question; /* lent with the message, as are the roots */
    struct texts roots;
    uint64_t limit;
    uint64_t effort;
    uint64_t deadline_ms;
    int64_t interrupt_fd;
    uint64_t documents;
    uint64_t passages;
    uint64_t skipped;
    struct texts skips; /* path and reason in turn */
    bool incomplete;
    uint64_t failures;     /* of the coordinator so far */
    troupe_ref_t budget;   /* of the models; nobody: there is none */
    troupe_cost_t reserve; /* of it, for who comes after the planner */
    struct members members;
};

/* Format and arguments of a request, for troupe_ask(). */
#define RESEARCH_REQUEST                                                       \
    "{s:s, s:*, s:U, s:U, s:U, s:I, s:U, s:U, s:U, s:*, s:b, s:U, "            \
    "s:R, s:U, s:f, s:U, s:*}"
#define RESEARCH_REQUEST_ARGUMENTS(it)                                         \
    "question", (it)->question, "roots", troupe__texts_write, &(it)->roots,    \
        "limit", (it)->limit, "effort", (it)->effort, "deadline_ms",           \
        (it)->deadline_ms, "interrupt_fd", (it)->interrupt_fd, "documents",    \
        (it)->documents, "passages", (it)->passages, "skipped", (it)->skipped, \
        "skips", troupe__texts_write, &(it)->skips, "incomplete",              \
        (int) (it)->incomplete, "failures", (it)->failures, "budget",          \
        (it)->budget, "reserve_tokens", (it)->reserve.tokens, "reserve_money", \
        (it)->reserve.money, "reserve_calls", (it)->reserve.calls, "members",  \
        troupe__members_write, &(it)->members

/* troupe__research_check: 0, or -EINVAL when an option is wrong. */
int troupe__research_check(const troupe_research_options_t *options);

/* troupe__research_request: what checked options ask a coordinator; it lends
 * from them, and ends with troupe__research_request_clear(). */
struct research_request
troupe__research_request(const troupe_research_options_t *options);
void troupe__research_request_clear(struct research_request *self);

/* troupe__research_request_read: 0 or -EBADMSG; the caller clears the
 * two lists of texts. */
int troupe__research_request_read(const troupe_message_t *msg,
                                  struct research_request *ret_request);

/* troupe__report_new: the empty report of a request, with a part for each
 * actor that takes part; owned by the caller. */
struct troupe_report *
troupe__report_new(const struct research_request *request);

/* troupe__report_destroy: free *self_p and set it to NULL; NULL is fine. */
void troupe__report_destroy(struct troupe_report **self_p);

#endif
