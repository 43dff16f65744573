/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decision.c: a choice made from C. A bicycle, a ticket or a car for the way
 * to work; one strategy fails at first, is restarted, and nothing is lost.
 */
#include <stdio.h>
#include <string.h>

#include <troupe.h>

#include "troupe_decide.h"

static const char decision[] =
    "{\"problem\": \"How do I get to work?\","
    " \"criteria\": {"
    "  \"minutes\": {\"direction\": \"min\", \"weight\": 3, \"limit\": 60},"
    "  \"euros a month\": {\"direction\": \"min\", \"weight\": 2}},"
    " \"stakeholders\": {\"me\": 2, \"family\": 1},"
    " \"options\": {"
    "  \"bicycle\": {"
    "   \"values\": {\"minutes\": {\"low\": 24, \"mode\": 28, \"high\": 40},"
    "                \"euros a month\": 15},"
    "   \"scores\": {\"me\": 8, \"family\": 6}},"
    "  \"ticket\": {"
    "   \"values\": {\"minutes\": {\"low\": 35, \"mode\": 40, \"high\": 58},"
    "                \"euros a month\": 49},"
    "   \"scores\": {\"me\": 6, \"family\": 7}},"
    "  \"car\": {"
    "   \"values\": {\"minutes\": {\"low\": 20, \"mode\": 35, \"high\": 50},"
    "                \"euros a month\": 290},"
    "   \"scores\": {\"me\": 5, \"family\": 8}}}}";

static void
on_problem(void *context, const char *pointer, bool at_key, const char *text)
{
    (void) context, (void) at_key;
    fprintf(stderr, "%s: %s\n", pointer, text);
}

static int
show(const troupe_decide_t *decide)
{
    const char *report = troupe_decide_markdown(decide);
    const char *end = strstr(report, "## What would change it");
    printf("%.*s", end ? (int) (end - report) : 0, report);
    printf("verdict: %s\n", troupe_decide_verdict(decide));
    return strcmp(troupe_decide_verdict(decide), "recommended") == 0 ? 0 : 1;
}

int
main(void)
{
    static const troupe_research_fault_t fault = {.name = "stakeholder_impact",
                                                  .times = 1};
    troupe_t *node = NULL;
    troupe_decide_t *decide = NULL;
    troupe_decide_options_t options = troupe_decide_options_default();
    options.json = decision;
    options.problem = on_problem;
    options.faults = &fault;
    options.fault_count = 1;
    int rc = troupe_new(NULL, &node);
    if (rc == 0)
        rc = troupe_decide_run(node, &options, &decide);
    int code = rc == 0 ? show(decide) : 1;
    if (rc < 0)
        fprintf(stderr, "no decision: %s\n", troupe_strerror(rc));
    troupe_decide_destroy(&decide);
    troupe_destroy(&node);
    return code;
}
