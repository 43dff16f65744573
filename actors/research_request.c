/* SPDX-License-Identifier: Apache-2.0 */
/* research_request.c: what a run is asked, and the report that it begins. */
#include "actors/research.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_corpus.h"

#include "actors/text.h"
#include "mailbox/check.h"

#define LIMIT_MAX 100

const char *
troupe__analyser_name(unsigned index)
{
    static const char *const names[ANALYSER_COUNT] = {
        [ANALYSER_SUMMARISER] = "summariser",
        [ANALYSER_FACT_CHECKER] = "fact_checker",
        [ANALYSER_SENTIMENT] = "sentiment",
    };
    CHECK(index < ANALYSER_COUNT);
    return names[index];
}

static bool
is_text(const char *text)
{
    return text && troupe__utf8_is_valid(text, strlen(text));
}

/* What the actors behind those of the report are called. */
static bool
is_reserved(const char *name)
{
    static const char *const begins[] = {"http",  "page-",  "rate-",
                                         "model", "budget", "journal"};
    static const char *const names[] = {COORDINATOR, "planner", "writer",
                                        "checker"};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strncmp(name, begins[i], strlen(begins[i])) == 0)
            return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool
is_taken(const troupe_research_options_t *options, size_t until,
         const char *name)
{
    troupe_engine_t engine = TROUPE_ENGINE_COUNT;
    if (troupe_engine_find(name, &engine) == 0 || is_reserved(name))
        return true;
    for (unsigned i = 0; i < ANALYSER_COUNT; i++)
        if (strcmp(name, troupe__analyser_name(i)) == 0)
            return true;
    for (size_t i = 0; i < until && i < options->web_count; i++)
        if (strcmp(name, options->web[i].name) == 0)
            return true;
    for (size_t i = options->web_count; i < until; i++)
        if (strcmp(name, options->more[i - options->web_count].id) == 0)
            return true;
    return false;
}

/* Engines beside those of documents; without roots there must be one. */
static bool
engines_are_good(const troupe_research_options_t *options)
{
    size_t count = options->web_count + options->more_count;
    if (count > TROUPE_RESEARCH_WEB_MAX
        || options->pages > TROUPE_RESEARCH_PAGES_MAX
        || (options->root_count == 0 && count == 0)
        || (options->web_count > 0 && !options->web)
        || (options->more_count > 0 && !options->more))
        return false;
    for (size_t i = 0; i < options->web_count; i++) {
        if (troupe_web_engine_check(&options->web[i])
            || is_taken(options, i, options->web[i].name))
            return false;
    }
    for (size_t i = 0; i < options->more_count; i++) {
        const char *id = options->more[i].id;
        if (!is_text(id) || !*id || strlen(id) >= PART_NAME_SIZE
            || is_taken(options, options->web_count + i, id))
            return false;
    }
    return true;
}

static bool
model_is_good(const troupe_query_model_t *model)
{
    return is_text(model->name) && is_text(model->url) && is_text(model->model);
}

static bool
models_are_good(const troupe_research_options_t *options)
{
    if (!options->writer)
        return !options->checker;
    return model_is_good(options->writer)
           && (!options->checker || model_is_good(options->checker))
           && options->budget.money >= 0;
}

/* All that goes into a message must be text. */
int
troupe__research_check(const troupe_research_options_t *options)
{
    if (!options || !is_text(options->question)
        || options->root_count > TROUPE_ROOTS_MAX
        || (options->root_count > 0
            && (!options->roots || !is_text(options->cache)))
        || !engines_are_good(options) || options->limit == 0
        || options->limit > LIMIT_MAX
        || options->deadline_ms > UINT32_MAX - RESEARCH_GRACE_MS
        || options->progress_ms == 0
        || (unsigned) options->effort > TROUPE_RESEARCH_THOROUGH
        || !models_are_good(options)
        || (options->journal && !is_text(options->journal))
        || options->engines >= 1u << TROUPE_ENGINE_COUNT
        || (options->fault_count > 0 && !options->faults)
        || (options->skip_count > 0 && !options->skips)
        || options->skip_count > TROUPE_RESEARCH_SKIPS_MAX)
        return -EINVAL;
    for (size_t i = 0; i < options->root_count; i++)
        if (!is_text(options->roots[i]))
            return -EINVAL;
    for (size_t i = 0; i < options->fault_count; i++)
        if (!options->faults[i].name)
            return -EINVAL;
    for (size_t i = 0; i < options->skip_count; i++) {
        if (!is_text(options->skips[i].path)
            || !is_text(options->skips[i].reason))
            return -EINVAL;
    }
    return troupe_query_check(options->question);
}

struct research_request
troupe__research_request(const troupe_research_options_t *options)
{
    CHECK(options);
    /* The texts are lent and only read. */
    char **roots = troupe__alloc((options->root_count + 1) * sizeof *roots);
    char **skips = troupe__alloc((options->skip_count * 2 + 1) * sizeof *skips);
    for (size_t i = 0; i < options->root_count; i++)
        roots[i] = (char *) (uintptr_t) options->roots[i];
    for (size_t i = 0; i < options->skip_count; i++) {
        skips[2 * i] = (char *) (uintptr_t) options->skips[i].path;
        skips[2 * i + 1] = (char *) (uintptr_t) options->skips[i].reason;
    }
    return (struct research_request){
        .question = options->question,
        .roots = {.items = roots, .count = (uint32_t) options->root_count},
        .limit = options->limit,
        .effort = options->effort,
        .deadline_ms = options->deadline_ms,
        .interrupt_fd = options->interrupt_fd,
        .documents = options->documents,
        .passages = options->passages,
        .skipped = options->skipped,
        .skips = {.items = skips, .count = (uint32_t) options->skip_count * 2},
        .incomplete = options->incomplete,
    };
}

void
troupe__research_request_clear(struct research_request *self)
{
    CHECK(self);
    free(self->roots.items);
    free(self->skips.items);
    self->roots = self->skips = (struct texts){0};
}

int
troupe__research_request_read(const troupe_message_t *msg,
                              struct research_request *ret_request)
{
    CHECK(ret_request);
    struct research_request it = {.interrupt_fd = -1};
    int rc = troupe_unpack(
        msg, "{s:s, s:U, s?U, s:U, s:I, s:U, s:U, s:U, s:b, s:U}", "question",
        &it.question, "limit", &it.limit, "effort", &it.effort, "deadline_ms",
        &it.deadline_ms, "interrupt_fd", &it.interrupt_fd, "documents",
        &it.documents, "passages", &it.passages, "skipped", &it.skipped,
        "incomplete", &it.incomplete, "failures", &it.failures);
    if (rc == 0) {
        rc = troupe_unpack(msg, "{s?R, s?U, s?f, s?U}", "budget", &it.budget,
                           "reserve_tokens", &it.reserve.tokens,
                           "reserve_money", &it.reserve.money, "reserve_calls",
                           &it.reserve.calls);
    }
    if (rc == 0)
        rc = troupe__members_read(msg, &it.members);
    if (rc == 0)
        rc = troupe__texts_read(msg, "roots", &it.roots);
    if (rc == 0)
        rc = troupe__texts_read(msg, "skips", &it.skips);
    if (rc == 0
        && (it.limit == 0 || it.deadline_ms > UINT32_MAX
            || it.effort > TROUPE_RESEARCH_THOROUGH || it.skips.count % 2 != 0))
        rc = -ERANGE;
    if (rc < 0) {
        troupe__texts_clear(&it.roots);
        troupe__texts_clear(&it.skips);
    }
    *ret_request = it;
    return rc;
}

static struct texts
copy_texts(const struct texts *texts)
{
    struct texts copy = {
        .items = troupe__alloc((texts->count + 1) * sizeof *copy.items)};
    for (; copy.count < texts->count; copy.count++)
        copy.items[copy.count] = troupe__strdup(texts->items[copy.count]);
    return copy;
}

/* Engines of documents have the bits of a passage's finders that they always
 * have; the others those that follow. */
static void
add_parts(struct troupe_report *self, const struct members *members)
{
    unsigned others = 0;
    self->parts = troupe__alloc((members->count + 1) * sizeof *self->parts);
    for (uint32_t i = 0; i < members->count; i++) {
        const struct member *member = &members->items[i];
        struct part *part = &self->parts[self->part_count++];
        troupe_engine_t engine = TROUPE_ENGINE_COUNT;
        part->role = member->role;
        (void) snprintf(part->name, sizeof part->name, "%s", member->name);
        if (part->role == PART_ENGINE
            && troupe_engine_find(part->name, &engine) < 0)
            engine = TROUPE_ENGINE_COUNT + others++;
        part->bit = part->role == PART_ENGINE ? 1u << engine : 0;
    }
}

struct troupe_report *
troupe__report_new(const struct research_request *request)
{
    CHECK(request);
    struct troupe_report *self = troupe__alloc(sizeof *self);
    self->question = troupe__strdup(request->question);
    self->origin = (struct origin){
        .roots = troupe__alloc((request->roots.count + 1) * sizeof(char *)),
        .root_count = request->roots.count,
        .documents = (uint32_t) request->documents,
        .passages = (uint32_t) request->passages,
        .skipped = (uint32_t) request->skipped,
        .incomplete = request->incomplete,
    };
    for (uint32_t i = 0; i < request->roots.count; i++)
        self->origin.roots[i] = troupe__strdup(request->roots.items[i]);
    self->origin.skips = copy_texts(&request->skips);
    self->passages = troupe_passages_new();
    self->deadline_ms = (uint32_t) request->deadline_ms;
    self->coordinator_failures = (uint32_t) request->failures;
    add_parts(self, &request->members);
    return self;
}

void
troupe__report_destroy(struct troupe_report **self_p)
{
    CHECK(self_p);
    struct troupe_report *self = *self_p;
    if (!self)
        return;
    for (uint32_t i = 0; i < self->origin.root_count; i++)
        free(self->origin.roots[i]);
    free(self->origin.roots);
    troupe__texts_clear(&self->origin.skips);
    free(self->question);
    for (uint32_t i = 0; i < self->flag_count; i++)
        free(self->flags[i].path);
    free(self->flags);
    for (uint32_t i = 0; i < self->written_count; i++) {
        free(self->written[i].text);
        free(self->written[i].places.items);
    }
    free(self->written);
    for (uint32_t i = 0; i < self->part_count; i++)
        free(self->parts[i].url);
    free(self->parts);
    troupe_passages_destroy(&self->passages);
    troupe__summary_clear(&self->summary);
    troupe__facts_clear(&self->facts);
    troupe__sentiment_clear(&self->sentiment);
    free(self);
    *self_p = NULL;
}
