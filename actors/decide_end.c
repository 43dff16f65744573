/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide_end.c: a run that is to end with what there is. Cells and perspectives
 * are worked out in no time, and without them there is no report: they are
 * waited for. Samplers are told to answer with what they have drawn.
 */
#include <stdlib.h>
#include <string.h>

#include "troupe_children.h"

#include "actors/decide_run.h"
#include "mailbox/check.h"

#define TEAM_MS 1000 /* for an answer about who is in it */

static int
on_ranks(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) state;
    if (answer->outcome != TROUPE_REPLY)
        return 0; /* it ends, or is told again */
    troupe_child_info_t *infos = troupe__alloc(DECIDE_TEAM_MAX * sizeof *infos);
    int count = troupe_child_infos_read(answer->msg, infos, DECIDE_TEAM_MAX);
    int rc = 0;
    for (int i = 0; i < count && i < DECIDE_TEAM_MAX && rc == 0; i++) {
        if (strncmp(infos[i].id, SAMPLER, sizeof SAMPLER - 1) == 0
            && !troupe_ref_is_nobody(infos[i].ref))
            rc = troupe_send(ctx, infos[i].ref, "end", NULL);
    }
    free(infos);
    return rc;
}

int
troupe__decide_on_end(troupe_context_t *ctx, void *state,
                      const troupe_message_t *msg)
{
    (void) msg;
    struct run *run = ((struct decider *) state)->run;
    troupe_child_request_t request = {.verb = TROUPE_WHICH_CHILDREN};
    if (!run)
        return 0; /* it has ended */
    run->result.interrupted = true;
    return run->result.sampler_count == 0
               ? 0
               : troupe_supervisor_ask(ctx, run->teams[TEAM_RANKS], &request,
                                       TEAM_MS, on_ranks, NULL);
}
