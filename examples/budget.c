/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget.c: a budget that is split. A run may use 1,000 tokens; two teams draw
 * from shares of it. What a team does not need is the run's again when it ends,
 * and a share that there is not enough left for does not begin.
 */
#include <errno.h>
#include <stdio.h>

#include <troupe.h>

#include "troupe_budget.h"

static int
share_of(troupe_t *node, troupe_ref_t run, uint64_t tokens,
         troupe_ref_t *ret_team)
{
    int rc = troupe_node_spawn(node, &troupe_budget_keeper, NULL, ret_team,
                               "{s:R, s:U}", "parent", run, "tokens", tokens);
    /* It begins when its parent has set so much aside: ask for its state. */
    return rc < 0 ? rc
                  : troupe_node_ask(node, *ret_team, "state", 0, NULL, NULL);
}

/* What a model's actor does: set aside what an answer may take, and say what it
 * took. */
static int
use(troupe_t *node, troupe_ref_t team, uint64_t most, uint64_t used)
{
    uint64_t id = 0;
    troupe_message_t *reply = NULL;
    int rc =
        troupe_node_ask(node, team, "reserve", 0, &reply, "{s:U, s:f, s:U}",
                        "tokens", most, "money", 0.0, "calls", UINT64_C(1));
    if (rc == 0)
        rc = troupe_unpack(reply, "{s:U}", "id", &id);
    troupe_message_destroy(&reply);
    return rc < 0 ? rc
                  : troupe_node_send(node, team, "commit",
                                     "{s:U, s:U, s:f, s:U, s:b}", "id", id,
                                     "tokens", used, "money", 0.0, "calls",
                                     UINT64_C(1), "known", 1);
}

static int
used_by(troupe_t *node, troupe_ref_t keeper, uint64_t *ret_tokens)
{
    troupe_message_t *reply = NULL;
    int rc = troupe_node_ask(node, keeper, "state", 0, &reply, NULL);
    if (rc == 0)
        rc = troupe_unpack(reply, "{s:U}", "tokens", ret_tokens);
    troupe_message_destroy(&reply);
    return rc;
}

int
main(void)
{
    troupe_t *node = NULL;
    troupe_ref_t run, search, writing;
    uint64_t used = 0;
    int refused = 0;
    int rc = troupe_new(NULL, &node);
    if (rc == 0) {
        rc = troupe_node_spawn(node, &troupe_budget_keeper, NULL, &run, "{s:U}",
                               "tokens", UINT64_C(1000));
    }
    if (rc == 0)
        rc = share_of(node, run, 600, &search);
    if (rc == 0)
        refused = share_of(node, run, 600, &writing);
    if (rc == 0)
        rc = use(node, search, 500, 150); /* much less than it might have */
    if (rc == 0)
        rc = troupe_node_exit(node, search, TROUPE_EXIT_SHUTDOWN, 5000);
    if (rc == 0)
        rc = share_of(node, run, 600, &writing); /* now there is enough */
    if (rc == 0)
        rc = use(node, writing, 600, 580);
    if (rc == 0)
        rc = troupe_settle(node, 5000); /* the share tells the run by itself */
    if (rc == 0)
        rc = used_by(node, run, &used);
    if (rc < 0) {
        fprintf(stderr, "budget: %s\n", troupe_strerror(rc));
    } else {
        printf("the second team %s at first; 1,000 tokens were given, %llu "
               "used\n",
               refused < 0 ? "had to wait" : "began",
               (unsigned long long) used);
    }
    bool right = rc == 0 && refused < 0 && used == 730;
    return troupe_destroy(&node) == 0 && right ? 0 : 1;
}
