/* SPDX-License-Identifier: Apache-2.0 */
/* research_arguments.h: what stands on the command line of `troupe research`.
 */
#ifndef TROUPE_TOOLS_RESEARCH_ARGUMENTS_H
#define TROUPE_TOOLS_RESEARCH_ARGUMENTS_H

#include "troupe_research.h"

#include "tools/engine_file.h"
#include "tools/faults.h"
#include "tools/journal.h"
#include "tools/model_file.h"
#include "tools/research_tools.h"
#include "tools/trace.h"

#define TROUPE__ENGINE_NAMES_MAX 32

enum troupe__report_format {
    TROUPE__REPORT_MARKDOWN,
    TROUPE__REPORT_JSON,
    TROUPE__REPORT_HTML
};

struct troupe__research_arguments {
    const char *question;
    const char *roots[TROUPE_ROOTS_MAX];
    size_t root_count;
    const char *cache;
    const char *web; /* file of engines; NULL: none */
    const char *mcp; /* file of tools that are engines; NULL: none */
    const char *engines[TROUPE__ENGINE_NAMES_MAX]; /* none: all there are */
    size_t engine_count;
    size_t limit;
    size_t pages; /* that are fetched */
    size_t deadline_ms;
    troupe_research_effort_t effort;
    struct troupe__faults faults;
    struct troupe__trace_options trace;
    enum troupe__report_format format;
    const char *models;  /* file of models; NULL: none */
    const char *writer;  /* NULL: the file's first */
    const char *checker; /* NULL: the writer */
    troupe_cost_t budget;
    const char *resume; /* a run, or "last"; NULL: a new one */
    bool no_journal;
    const char *timeline; /* file that it is drawn to; NULL: none */
    bool private_pages;
    bool quiet;
    bool verbose;
};

/* troupe__research_arguments: -1 to go on, or an exit code after having said
 * why. */
int troupe__research_arguments(int argc, char **argv,
                               struct troupe__research_arguments *ret);

/*
 * troupe__research_journal: the journal of the run, where something is asked
 * that may cost.
 *
 *   argc     the command line, for people who look at it later.
 *   ret      out: for troupe__journal_end(); without a path: none is kept.
 *   returns  -1 or an exit code after having said why
 */
int troupe__research_journal(const struct troupe__research_arguments *arguments,
                             int argc, char **argv,
                             struct troupe__journal *ret);

/* The models that are asked. */
struct troupe__research_models {
    struct troupe__model_file file;
    troupe_query_model_t *items; /* they point into it; NULL: none */
    size_t count;                /* 1, or 2 with the checker */
};

/* troupe__research_models: as troupe__research_engines(). */
int troupe__research_models(const struct troupe__research_arguments *arguments,
                            struct troupe__research_models *ret_models);
void troupe__research_models_free(struct troupe__research_models *self);

/* The engines that are asked. */
struct troupe__research_engines {
    struct troupe__engine_file file;
    troupe_web_engine_t web[TROUPE_RESEARCH_WEB_MAX]; /* they point into it */
    size_t web_count;
    struct troupe__research_tools tools;
    uint32_t local; /* of the corpus, as bits */
};

/* troupe__research_engines: read the file, choose by name; -1 or an exit code
 * after having said why. Ends with troupe__research_engines_free(). */
int troupe__research_engines(const struct troupe__research_arguments *arguments,
                             struct troupe__research_engines *ret_engines);
void troupe__research_engines_free(struct troupe__research_engines *self);

#endif
