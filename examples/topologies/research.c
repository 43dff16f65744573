/* SPDX-License-Identifier: Apache-2.0 */
/*
 * research.c: the kinds of research.yaml: a question answered from documents.
 * Engines, analysers and coordinator are the ready-made ones; of its own it has
 * a library, which brings the index up to date before anybody searches it, a
 * desk, which asks and prints, and an engine that a question kills once.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <troupe.h>
#include <troupe_research.h>

enum { ROOTS = 3, LIMIT = 32, PATIENCE_MS = 60000 };

/* --- library: what there is to search -----------------------------------------*/

struct library {
    troupe_corpus_stats_t stats;
};

static int
library_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct library *self = state;
    const char *cache = NULL, *roots[ROOTS];
    troupe_corpus_t *corpus = NULL;
    int rc = troupe_unpack(msg, "{s:s, s:[s, s, s]}", "cache", &cache, "roots",
                           &roots[0], &roots[1], &roots[2]);
    if (rc < 0)
        return troupe_fail(ctx, rc, "a library wants cache and three roots");
    troupe_corpus_options_t options = troupe_corpus_options_default();
    options.cache = cache;
    rc = troupe_corpus_open(roots, ROOTS, &options, &corpus);
    if (rc == 0)
        rc = troupe_corpus_update(corpus, &self->stats);
    troupe_corpus_destroy(&corpus);
    return rc < 0 ? troupe_fail(ctx, rc, "no index of %s in %s: %s", roots[0],
                                cache, troupe_strerror(rc))
                  : 0;
}

static int
on_holdings(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    const struct library *self = state;
    (void) msg;
    return troupe_reply(ctx, "[U, U, U]", (uint64_t) self->stats.documents,
                        (uint64_t) self->stats.passages,
                        (uint64_t) self->stats.skipped);
}

TROUPE_KIND(library, struct library, TROUPE_ON_START(library_start),
            TROUPE_ON("holdings", on_holdings));

/* --- shaky_engine: one whose first life ends at a question --------------------*/

struct shaky {
    max_align_t engine[32]; /* its state is that of the engine */
};

static const troupe_clause_t *
clause_of_engine(int on)
{
    const troupe_clause_t *at = troupe_search_engine.clauses;
    while (at->on && at->on != on)
        at++;
    return at;
}

/* A real one: a write to a page that nobody may touch. */
static void
crash(void)
{
    signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would only exit */
    volatile char *page =
        mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *page = 1;
}

static int
shaky_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    if (troupe_search_engine.state_size > sizeof(struct shaky))
        return troupe_fail(ctx, -ENOSPC, "the state of an engine has grown");
    return clause_of_engine(TROUPE__ON_START)->handle(ctx, state, msg);
}

static int
shaky_search(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    if (troupe_incarnation(ctx) == 1)
        crash();
    return clause_of_engine(TROUPE__ON_MESSAGE)->handle(ctx, state, msg);
}

static void
shaky_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    clause_of_engine(TROUPE__ON_STOP)->stop(ctx, state, reason);
}

TROUPE_KIND(shaky_engine, struct shaky, TROUPE_ON_START(shaky_start),
            TROUPE_ON("search", shaky_search), TROUPE_ON_STOP(shaky_stop));

/* --- desk: asks, and prints what is worth reading -----------------------------*/

/* The members of a research request, in its order; the names in the file. */
static const char *const names[] = {"bm25",         "trigram",  "phrase",
                                    "expand",       "anchor",   "summariser",
                                    "fact-checker", "sentiment"};
enum { PARTS = sizeof names / sizeof *names };

struct desk {
    troupe_message_t *arguments;
    troupe_ref_t coordinator, parts[PARTS];
};

/* "## Answer" with what stands below it. */
static void
print_section(const char *markdown, const char *heading)
{
    const char *from = strstr(markdown, heading);
    const char *end = from ? strstr(from + 1, "\n## ") : NULL;
    if (from)
        printf("%.*s\n", (int) (end ? end - from : (ptrdiff_t) strlen(from)),
               from);
}

static int
on_report(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    uint64_t outcome = 0;
    const char *markdown = NULL;
    (void) state;
    if (answer->outcome != TROUPE_REPLY)
        return troupe_fail(ctx, answer->code, "no report: %s", answer->text);
    int rc = troupe_unpack(answer->msg, "{s:U, s:s}", "outcome", &outcome,
                           "markdown", &markdown);
    if (rc < 0)
        return rc;
    printf("%.*s\n\n", (int) strcspn(markdown, "\n"), markdown);
    print_section(markdown, "## Answer");
    print_section(markdown, "## Confidence");
    print_section(markdown, "## Limits of this run");
    fflush(stdout);
    if (outcome == TROUPE_RESEARCH_NOTHING)
        return troupe_fail(ctx, -ENODATA, "no engine has answered");
    return TROUPE_STOP; /* `until: desk` in the file ends the run */
}

/* REPORT.md describes the body. */
static int
on_stock(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    const struct desk *self = state;
    uint64_t documents = 0, passages = 0, skipped = 0;
    const char *question = NULL;
    const void *roots = NULL;
    size_t size = 0;
    if (answer->outcome != TROUPE_REPLY)
        return troupe_fail(ctx, answer->code, "no index: %s", answer->text);
    int rc = troupe_unpack(answer->msg, "[U, U, U]", &documents, &passages,
                           &skipped);
    if (rc == 0)
        rc = troupe_unpack(self->arguments, "{s:s, s:r}", "question", &question,
                           "roots", &roots, &size);
    if (rc < 0)
        return rc;
    const troupe_ref_t *parts = self->parts;
    return troupe_ask(
        ctx, self->coordinator, "research", PATIENCE_MS, on_report, NULL,
        "{s:s, s:r, s:U, s:U, s:I, s:U, s:U, s:U, s:[], s:b, s:U, "
        "s:[[ssR][ssR][ssR][ssR][ssR][ssR][ssR][ssR]]}",
        "question", question, "roots", roots, size, "limit", (uint64_t) LIMIT,
        "deadline_ms", UINT64_C(0), "interrupt_fd", INT64_C(-1), "documents",
        documents, "passages", passages, "skipped", skipped, "skips",
        "incomplete", 0, "failures", UINT64_C(0), "members", "engine", "bm25",
        parts[0], "engine", "trigram", parts[1], "engine", "phrase", parts[2],
        "engine", "expand", parts[3], "engine", "anchor", parts[4], "analyser",
        "summariser", parts[5], "analyser", "fact_checker", parts[6],
        "analyser", "sentiment", parts[7]);
}

static int
desk_start(troupe_context_t *ctx, void *state, const troupe_message_t *msg)
{
    struct desk *self = state;
    troupe_t *node = troupe_context_node(ctx);
    troupe_ref_t library_ref;
    int rc = troupe_lookup(node, "library", &library_ref);
    if (rc == 0)
        rc = troupe_lookup(node, "coordinator", &self->coordinator);
    for (size_t i = 0; i < PARTS && rc == 0; i++)
        rc = troupe_lookup(node, names[i], &self->parts[i]);
    if (rc < 0)
        return troupe_fail(ctx, rc, "not all are there that are needed");
    rc = troupe_message_keep(msg, &self->arguments);
    if (rc == 0)
        rc = troupe_ask(ctx, library_ref, "holdings", 0, on_stock, NULL, NULL);
    return rc;
}

static void
desk_stop(troupe_context_t *ctx, void *state, const troupe_reason_t *reason)
{
    (void) ctx, (void) reason;
    struct desk *self = state;
    troupe_message_destroy(&self->arguments);
}

TROUPE_KIND(desk, struct desk, TROUPE_ON_START(desk_start),
            TROUPE_ON_STOP(desk_stop));

TROUPE_KINDS(&library, &shaky_engine, &desk);
