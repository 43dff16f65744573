/* SPDX-License-Identifier: Apache-2.0 */
/* decide.h: what the files of the decision pipeline share. */
#ifndef TROUPE_ACTORS_DECIDE_H
#define TROUPE_ACTORS_DECIDE_H

#include "troupe_ask.h"
#include "troupe_decide.h"
#include "troupe_supervisor.h"

#include "actors/decide_result.h"

#define DECIDER             "decider"
#define SAMPLER             "sampler"
#define DECIDE_SAMPLES_MAX  1000000
#define DECIDE_SAMPLERS_MAX 64
#define DECIDE_FAULTS_MAX   16
#define DECIDE_GRACE_MS     1000 /* beyond the deadline, to report */
#define DECIDE_TEAM_MAX     (DECIDE_SAMPLERS_MAX + PERSPECTIVE_COUNT)
#define DECIDE_ACTORS_MAX                                                      \
    (DECIDE_OPTIONS_MAX * STRATEGY_COUNT + DECIDE_TEAM_MAX)

/* A team for each strategy, and one of perspectives and samplers. */
#define TEAM_COUNT (STRATEGY_COUNT + 1)
#define TEAM_RANKS STRATEGY_COUNT

/* A finished report; all of it is owned. */
struct troupe_decide {
    troupe_decide_outcome_t outcome;
    bool deadline_passed;
    char *verdict;
    char *markdown;
    char *json;
    char *svg;
};

/* The first messages that actors of a name shall fail on. */
struct fault {
    char name[32];
    uint64_t times;
};

/* What a decider is asked, besides the decision. */
struct decide_request {
    uint64_t samples;
    uint64_t seed;
    uint64_t samplers;
    uint64_t deadline_ms;
    uint64_t failures; /* of the decider so far */
    struct fault faults[DECIDE_FAULTS_MAX];
    uint32_t fault_count;
    troupe_ref_t journal; /* where answers are kept, or nobody */
};

/* troupe__decide_request_read: 0, -EBADMSG or -ERANGE. */
int troupe__decide_request_read(const troupe_message_t *msg,
                                struct decide_request *ret_request);

/* troupe__decide_faults_write: for "*"; `value` is a const struct
 * decide_request. */
struct msgpack_packer;
int troupe__decide_faults_write(struct msgpack_packer *packer, void *value);

/*
 * troupe__team_start: begin the supervisor of a team.
 *
 *   index    of the team, below TEAM_COUNT.
 *   decision  one that is well; its options are `options`.
 *   ready    called when all have started, as for troupe_ask().
 *   returns  as troupe_supervisor_start()
 */
int troupe__team_start(troupe_context_t *ctx, unsigned index,
                       const struct msgpack_object *decision, uint32_t options,
                       const struct decide_request *request,
                       troupe_answer_fn ready, troupe_ref_t *ret_supervisor);

/* The ids of the team's children; each writes TROUPE_NAME_MAX + 1 bytes. */
void troupe__cell_id(uint32_t option, enum group strategy, char *id);
void troupe__sampler_id(uint32_t index, char *id);

/* troupe__team_name: of a child's id, what it is called in reports and faults:
 * "cost_benefit", "short_term", "sampler"; the size of it in the id. */
size_t troupe__team_name(const char *id);

/* troupe__is_team_name: true for a strategy, a perspective and "sampler". */
bool troupe__is_team_name(const char *name);

/* Actors of a run as progress shows them. */
struct team_view {
    bool known; /* the teams have been asked for their children */
    troupe_ref_t refs[DECIDE_ACTORS_MAX];
    uint8_t lines[DECIDE_ACTORS_MAX]; /* which line each belongs to */
    size_t count;
};
#define TEAM_LINES (STRATEGY_COUNT + PERSPECTIVE_COUNT + 2)

/* troupe__team_look: TEAM_LINES lines, the last is the decider's, whose state
 * is the caller's to fill in. */
void troupe__team_look(const struct team_view *self, troupe_t *node,
                       troupe_research_actor_t *ret_lines);

/* troupe__team_read: add an answer to "which children". */
void troupe__team_read(struct team_view *self, const troupe_message_t *msg);

/* troupe__decision_pack: JSON text as msgpack, to be freed; 0 or -EINVAL with
 * words in `error`. */
int troupe__decision_pack(const char *json, void **ret_bytes, size_t *ret_size,
                          char *error, size_t error_size);

#endif
