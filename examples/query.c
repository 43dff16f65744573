/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.c: one question to three models, and what they agree on. The models
 * are actors of ours, so that it runs anywhere; troupe_query_run() does the
 * same with models behind HTTP, which it starts by itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <troupe.h>

#include "troupe_query.h"

/* What answers "ask" with a text is a model. */
struct model {
    char says[32];
};

static int
model_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct model *self = state;
    const char *says = NULL;
    (void) ctx;
    int rc = troupe_unpack(msg, "s", &says);
    if (rc == 0)
        snprintf(self->says, sizeof self->says, "%s", says);
    return rc;
}

static int
on_ask(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct model *self = state;
    const char *prompt = NULL;
    int rc = troupe_unpack(msg, "{s:s}", "prompt", &prompt);
    if (rc < 0)
        return troupe_reply_error(ctx, rc, "ask wants {prompt}");
    if (!*self->says)
        return troupe_reply_error(ctx, -EIO, "out of order");
    return troupe_reply(ctx, "{s:s}", "text", self->says);
}

TROUPE_KIND(model, struct model, TROUPE_ON_START(model_start),
            TROUPE_ON("ask", on_ask));

/* Eight, eight, and one that is broken: the result says so. */
static int
ask_council(troupe_t *node, uint64_t *ret_outcome)
{
    static const char *const says[] = {"8", "It has 8 legs.", ""};
    troupe_ref_t models[3], council;
    troupe_message_t *reply = NULL;
    const char *text = NULL;
    int rc = troupe_node_spawn(node, &troupe_council, NULL, &council, NULL);
    for (int i = 0; i < 3 && rc == 0; i++)
        rc = troupe_node_spawn(node, &model, NULL, &models[i], "s", says[i]);
    if (rc == 0) {
        rc = troupe_node_ask(node, council, "query", 10000, &reply,
                             "{s:s, s:s, s:b, s:[[ssfR][ssfR][ssfR]]}",
                             "prompt", "How many legs has a spider?", "type",
                             "number", "ask_all", 1, "models", "one", "ours",
                             1.0, models[0], "two", "ours", 1.0, models[1],
                             "three", "theirs", 1.0, models[2]);
    }
    if (rc == 0)
        rc = troupe_unpack(reply, "{s:s, s:U}", "text", &text, "outcome",
                           ret_outcome);
    if (rc == 0)
        fputs(text, stdout);
    troupe_message_destroy(&reply);
    return rc;
}

/* Nobody listens at port 1: no quorum, and each reason is told. */
static int
ask_servers(troupe_t *node, troupe_query_outcome_t *ret_outcome)
{
    troupe_query_model_t server = troupe_query_model_default(
        "nobody", "http://127.0.0.1:1/v1", "any-model");
    troupe_query_options_t options = troupe_query_options_default();
    options.prompt = "How many legs has a spider?";
    options.type = TROUPE_QUERY_NUMBER;
    options.models = &server;
    options.model_count = 1;
    options.attempts = 1;
    troupe_query_t *query = NULL;
    int rc = troupe_query_run(node, &options, &query);
    if (rc == 0) {
        *ret_outcome = troupe_query_outcome(query);
        printf("\n%s", troupe_query_text(query));
    }
    troupe_query_destroy(&query);
    return rc;
}

int
main(void)
{
    troupe_t *node = NULL;
    uint64_t outcome = 0;
    troupe_query_outcome_t other = TROUPE_QUERY_COMPLETE;
    int rc = troupe_new(NULL, &node);
    if (rc == 0)
        rc = ask_council(node, &outcome);
    if (rc == 0)
        rc = ask_servers(node, &other);
    if (rc < 0)
        fprintf(stderr, "query: %s\n", troupe_strerror(rc));
    bool shown = rc == 0 && outcome == TROUPE_QUERY_DEGRADED
                 && other == TROUPE_QUERY_NO_QUORUM;
    return troupe_destroy(&node) == 0 && shown ? 0 : 1;
}
