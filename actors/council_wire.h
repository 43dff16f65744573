/* SPDX-License-Identifier: Apache-2.0 */
/* council_wire.h: what a council is asked, as a message. */
#ifndef TROUPE_ACTORS_COUNCIL_WIRE_H
#define TROUPE_ACTORS_COUNCIL_WIRE_H

#include "actors/codec.h"
#include "actors/council.h"

/* What "query" is made of; all is lent. */
struct council_request {
    const troupe_query_options_t *options;
    const troupe_ref_t *models; /* of options->models, in their order */
    troupe_ref_t budget;
    troupe_ref_t judge;   /* or nobody */
    uint32_t deadline_ms; /* what is left of it */
    struct texts choices;
};

/* Format and arguments of a request, for troupe_ask(). */
#define COUNCIL_REQUEST                                                        \
    "{s:s, s:s, s:*, s:s?, s:f, s:b, s:U, s:U, s:b, s:R, s:R, s:I, s:*}"
#define COUNCIL_REQUEST_ARGUMENTS(it)                                          \
    "prompt", (it)->options->prompt, "type",                                   \
        troupe_query_type_name((it)->options->type), "choices",                \
        troupe__texts_write, &(it)->choices, "field", (it)->options->field,    \
        "tolerance", (it)->options->tolerance, "absolute",                     \
        (int) (it)->options->absolute, "quorum",                               \
        (uint64_t) (it)->options->quorum, "deadline_ms",                       \
        (uint64_t) (it)->deadline_ms, "ask_all", (int) (it)->options->ask_all, \
        "budget", (it)->budget, "judge", (it)->judge, "interrupt_fd",          \
        (int64_t) (it)->options->interrupt_fd, "models",                       \
        troupe__council_models_write, (it)

/* Who takes part in a query beside the models. */
struct council_company {
    troupe_ref_t budget; /* whom to ask what it cost, or nobody */
    troupe_ref_t judge;  /* or nobody */
    int interrupt_fd;    /* what ends it, or -1 */
};

/* troupe__council_models_write: for "*": the models of a request. */
int troupe__council_models_write(struct msgpack_packer *packer, void *value);

/*
 * troupe__council_request_read: a council with open votes; a vote whose model
 * is nobody is that of the actor of its name.
 *
 *   ret_company  out: who else takes part.
 *   returns  0 or -EBADMSG
 */
int troupe__council_request_read(const troupe_message_t *msg,
                                 struct council_company *ret_company,
                                 struct council **ret_council);

/* troupe__query_check: 0, or -EINVAL when an option is wrong. */
int troupe__query_check(const troupe_query_options_t *options);

/* troupe__query_family: what a model is said to be of. */
const char *troupe__query_family(const troupe_query_model_t *model);

#endif
