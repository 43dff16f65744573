/* SPDX-License-Identifier: Apache-2.0 */
/* graph_run.c: starts a coordinator, waits for its report, stops it. */
#include <errno.h>
#include <stdio.h>

#include "troupe_child_calls.h"
#include "troupe_graph_run.h"

#include "actors/graph_wire.h"
#include "mailbox/check.h"

#define STOP_MS 5000

static _Thread_local char last_words[512];

/* A run as its caller's thread sees it. */
struct drive {
    troupe_graph_t *graph;
    struct troupe_graph_request request;
    troupe_ref_t coordinator;
    troupe_graph_report_t *report;
    int rc;
};

static int
on_report(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    (void) ctx;
    struct drive *self = state;
    if (answer->outcome == TROUPE_REPLY) {
        self->rc =
            troupe_graph_report_read(answer->msg, self->graph, &self->report);
    } else {
        bool refused = answer->outcome == TROUPE_ERROR
                       && (answer->code == -EINVAL || answer->code == -EIO);
        self->rc = refused ? answer->code : -EHOSTDOWN;
        snprintf(last_words, sizeof last_words, "%s", answer->text);
    }
    return TROUPE_STOP;
}

/* The run has its own deadline: nobody here must cut it short. */
static int
begin(troupe_context_t *ctx, void *state, void *data)
{
    (void) data;
    struct drive *self = state;
    return troupe_ask(ctx, self->coordinator, "run", UINT32_MAX - 1, on_report,
                      NULL, "*", troupe_graph_write, &self->request);
}

const char *
troupe_graph_words(void)
{
    return last_words;
}

int
troupe_graph_run(troupe_t *node, troupe_graph_t *graph,
                 const troupe_graph_options_t *options,
                 troupe_graph_report_t **ret_report)
{
    CHECK(node);
    CHECK(graph);
    CHECK(ret_report);
    last_words[0] = '\0';
    struct drive self = {.graph = graph,
                         .request = {.graph = graph, .options = options}};
    troupe_ref_t supervisor = TROUPE_NOBODY;
    troupe_child_info_t info;
    troupe_supervisor_options_t how = {
        .strategy = TROUPE_ONE_FOR_ONE, .intensity = 3, .place = TROUPE_SPREAD};
    troupe_child_spec_t spec = {.id = "coordinator",
                                .kind = &troupe_graph_coordinator};
    int rc = troupe_graph_check(graph, NULL, NULL);
    if (rc == 0)
        rc = troupe_node_supervisor_start(node, &how, &spec, 1, &supervisor,
                                          NULL);
    if (rc == 0)
        rc = troupe_supervisor_which_child(node, supervisor, spec.id, &info);
    if (rc == 0) {
        self.coordinator = info.ref;
        rc = troupe_node_run(node, begin, &self, 0);
    }
    if (rc == 0)
        rc = self.rc;
    if (rc == 0 && options && options->ended)
        options->ended(options->data, self.report);
    if (!troupe_ref_is_nobody(supervisor))
        troupe_node_exit(node, supervisor, TROUPE_EXIT_SHUTDOWN, STOP_MS);
    if (rc == 0)
        *ret_report = self.report;
    return rc;
}
