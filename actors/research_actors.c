/* SPDX-License-Identifier: Apache-2.0 */
/* research_actors.c: starts the actors of a run below one supervisor. */
#include "actors/research_actors.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "troupe_child_calls.h"
#include "troupe_corpus.h"
#include "troupe_http.h"
#include "troupe_journal.h"
#include "troupe_rate.h"
#include "troupe_recorder.h"
#include "troupe_stats.h"

#include "actors/web.h"
#include "mailbox/check.h"

#define INTENSITY      100 /* restarts of all children within the period */
#define CHILD_RESTARTS 8   /* of one child; then it stays down */
#define BACKOFF_MIN_MS 5
#define BACKOFF_MAX_MS 200
#define ID_SIZE        (PART_NAME_SIZE + 8)

static uint64_t
fail_of(const struct cast *self, const char *name)
{
    const troupe_research_options_t *options = self->options;
    for (size_t i = 0; i < options->fault_count; i++)
        if (strcmp(options->faults[i].name, name) == 0)
            return options->faults[i].times;
    return 0;
}

troupe_child_spec_t
troupe__cast_spec(const char *id, const troupe_kind_t *kind,
                  troupe_place_t place)
{
    return (troupe_child_spec_t){
        .id = id,
        .kind = kind,
        .place = place,
        .backoff = {.min_ms = BACKOFF_MIN_MS, .max_ms = BACKOFF_MAX_MS},
        .budget = {.restarts = CHILD_RESTARTS, .then = TROUPE_GIVE_UP},
        .poison_max = TROUPE_INFINITE, /* the gather counts its attempts */
    };
}

int
troupe__cast_start(struct cast *self, troupe_child_spec_t *spec, int rc,
                   troupe_ref_t *ret_ref)
{
    if (rc == 0)
        rc = troupe_supervisor_start_child(self->node, self->actors->supervisor,
                                           spec, ret_ref, NULL);
    troupe_child_spec_clear(spec);
    return rc;
}

/* One more that progress shows, and of the members unless it leads them. */
static int
add(struct cast *self, const char *name, const char *role, troupe_ref_t ref)
{
    struct research_actor *actor = &self->actors->items[self->actors->count++];
    (void) snprintf(actor->name, sizeof actor->name, "%s", name);
    actor->role = role;
    actor->ref = ref;
    troupe_actor_stats_t stats;
    if (troupe_actor_stats_get(self->node, ref, &stats) == 0)
        actor->before = stats.handled;
    return 0;
}

int
troupe__cast_member(struct cast *self, const char *name, enum part_role role,
                    troupe_child_spec_t *spec, int rc)
{
    troupe_ref_t ref = TROUPE_NOBODY;
    rc = troupe__cast_start(self, spec, rc, &ref);
    if (rc < 0)
        return rc;
    struct member *member =
        &self->request->members.items[self->request->members.count++];
    *member = (struct member){.role = role, .ref = ref};
    (void) snprintf(member->name, sizeof member->name, "%s", name);
    return add(self, name, troupe__part_noun(role), ref);
}

static int
add_local_engine(struct cast *self, const char *name)
{
    troupe_child_spec_t spec =
        troupe__cast_spec(name, &troupe_search_engine, TROUPE_OWN_THREAD);
    int rc = troupe_child_spec_pack(
        &spec, "{s:s, s:s, s:*, s:U}", "engine", name, "cache",
        self->options->cache, "roots", troupe__texts_write,
        &self->request->roots, "fail", fail_of(self, name));
    return troupe__cast_member(self, name, PART_ENGINE, &spec, rc);
}

static int
add_local_engines(struct cast *self)
{
    uint32_t engines = self->options->engines;
    int rc = 0;
    for (unsigned i = 0; i < TROUPE_ENGINE_COUNT && rc == 0; i++) {
        if (self->options->root_count > 0
            && (engines == 0 || engines & (1u << i)))
            rc =
                add_local_engine(self, troupe_engine_name((troupe_engine_t) i));
    }
    return rc;
}

static int
add_limiter(struct cast *self, const troupe_web_engine_t *engine,
            troupe_ref_t *ret_ref)
{
    char id[ID_SIZE];
    *ret_ref = TROUPE_NOBODY;
    if (engine->requests_per_minute == 0)
        return 0;
    (void) snprintf(id, sizeof id, "rate-%s", engine->name);
    troupe_child_spec_t spec =
        troupe__cast_spec(id, &troupe_rate_limiter, TROUPE_SPREAD);
    int rc = troupe_child_spec_pack(&spec, "{s:U}", "requests",
                                    (uint64_t) engine->requests_per_minute);
    return troupe__cast_start(self, &spec, rc, ret_ref);
}

static int
add_web_engine(struct cast *self, const troupe_web_engine_t *engine)
{
    troupe_ref_t limiter = TROUPE_NOBODY;
    troupe_child_spec_t spec =
        troupe__cast_spec(engine->name, &troupe_web_search, TROUPE_SPREAD);
    int rc = add_limiter(self, engine, &limiter);
    if (rc == 0)
        rc = troupe__web_engine_pack(engine, self->http, limiter,
                                     fail_of(self, engine->name), &spec);
    return troupe__cast_member(self, engine->name, PART_ENGINE, &spec, rc);
}

static int
add_journal(struct cast *self)
{
    const char *path = self->options->journal;
    if (!path)
        return 0;
    troupe_child_spec_t spec =
        troupe__cast_spec("journal", &troupe_journal_actor, TROUPE_OWN_THREAD);
    int rc = troupe_child_spec_pack(&spec, "{s:s, s:U}", "path", path, "mode",
                                    (uint64_t) TROUPE_JOURNAL_RESUME);
    return troupe__cast_start(self, &spec, rc, &self->journal);
}

int
troupe__cast_record(struct cast *self, const char *id, troupe_ref_t *ret_ref)
{
    char name[ID_SIZE];
    if (troupe_ref_is_nobody(self->journal))
        return 0;
    (void) snprintf(name, sizeof name, "%s-kept", id);
    troupe_child_spec_t spec =
        troupe__cast_spec(name, &troupe_recorder, TROUPE_SPREAD);
    int rc = troupe_child_spec_pack(&spec, "{s:R, s:R}", "to", *ret_ref,
                                    "journal", self->journal);
    return troupe__cast_start(self, &spec, rc, ret_ref);
}

static int
add_http(struct cast *self, const char *id, bool public_only,
         troupe_ref_t *ret_ref)
{
    troupe_child_spec_t spec =
        troupe__cast_spec(id, &troupe_http, TROUPE_SPREAD);
    int rc = troupe_child_spec_pack(&spec, "{s:b}", "public_only",
                                    (int) public_only);
    rc = troupe__cast_start(self, &spec, rc, ret_ref);
    return rc == 0 ? troupe__cast_record(self, id, ret_ref) : rc;
}

/* Those of the web, and whatever else answers "search". */
static int
add_other_engines(struct cast *self)
{
    const troupe_research_options_t *options = self->options;
    int rc = 0;
    if (options->web_count > 0)
        rc = add_http(self, "http", false, &self->http);
    for (size_t i = 0; i < options->web_count && rc == 0; i++)
        rc = add_web_engine(self, &options->web[i]);
    for (size_t i = 0; i < options->more_count && rc == 0; i++) {
        troupe_child_spec_t spec = options->more[i];
        troupe_ref_t ref = TROUPE_NOBODY;
        rc = troupe_supervisor_start_child(self->node, self->actors->supervisor,
                                           &spec, &ref, NULL);
        if (rc < 0)
            return rc;
        struct member *member =
            &self->request->members.items[self->request->members.count++];
        *member = (struct member){.role = PART_ENGINE, .ref = ref};
        (void) snprintf(member->name, sizeof member->name, "%s", spec.id);
        rc = add(self, spec.id, troupe__part_noun(PART_ENGINE), ref);
    }
    return rc;
}

static int
add_analysers(struct cast *self)
{
    static const troupe_kind_t *const kinds[ANALYSER_COUNT] = {
        [ANALYSER_SUMMARISER] = &troupe_summariser,
        [ANALYSER_FACT_CHECKER] = &troupe_fact_checker,
        [ANALYSER_SENTIMENT] = &troupe_sentiment,
    };
    int rc = 0;
    for (unsigned i = 0; i < ANALYSER_COUNT && rc == 0; i++) {
        const char *name = troupe__analyser_name(i);
        troupe_child_spec_t spec =
            troupe__cast_spec(name, kinds[i], TROUPE_OWN_THREAD);
        rc =
            troupe_child_spec_pack(&spec, "{s:U}", "fail", fail_of(self, name));
        rc = troupe__cast_member(self, name, PART_ANALYSER, &spec, rc);
    }
    return rc;
}

/* Pages have connections of their own: those to engines may be private. */
static int
add_pages(struct cast *self)
{
    troupe_ref_t http = TROUPE_NOBODY;
    int rc = 0;
    if (self->options->pages > 0)
        rc = add_http(self, "http-pages", !self->options->private_pages, &http);
    for (uint32_t i = 0; i < self->options->pages && rc == 0; i++) {
        char id[ID_SIZE];
        (void) snprintf(id, sizeof id, "page-%u", i + 1);
        troupe_child_spec_t spec =
            troupe__cast_spec(id, &troupe_page_reader, TROUPE_SPREAD);
        rc = troupe_child_spec_pack(&spec, "{s:R, s:U, s:U}", "http", http,
                                    "index", (uint64_t) i, "fail",
                                    fail_of(self, id));
        rc = troupe__cast_member(self, id, PART_PAGE, &spec, rc);
    }
    return rc;
}

/* It waits for others and must hear of deadlines: a worker will do. */
static int
add_coordinator(struct cast *self)
{
    troupe_child_spec_t spec =
        troupe__cast_spec(COORDINATOR, &troupe_coordinator, TROUPE_SPREAD);
    int rc = troupe_child_spec_pack(&spec, "{s:U}", "fail",
                                    fail_of(self, COORDINATOR));
    rc = troupe__cast_start(self, &spec, rc, &self->actors->coordinator);
    return rc < 0
               ? rc
               : add(self, COORDINATOR, COORDINATOR, self->actors->coordinator);
}

int
troupe__research_actors_start(troupe_t *node,
                              const troupe_research_options_t *options,
                              struct research_request *request,
                              struct research_actors *ret_actors)
{
    CHECK(node && options && request && ret_actors);
    const troupe_supervisor_options_t supervisor = {.strategy =
                                                        TROUPE_ONE_FOR_ONE,
                                                    .intensity = INTENSITY,
                                                    .place = TROUPE_SPREAD};
    struct cast self = {.node = node,
                        .options = options,
                        .request = request,
                        .actors = ret_actors};
    int rc = troupe_node_supervisor_start(node, &supervisor, NULL, 0,
                                          &ret_actors->supervisor, NULL);
    if (rc == 0)
        rc = add_journal(&self);
    if (rc == 0)
        rc = add_local_engines(&self);
    if (rc == 0)
        rc = add_other_engines(&self);
    if (rc == 0)
        rc = add_analysers(&self);
    if (rc == 0)
        rc = troupe__cast_models(&self);
    if (rc == 0)
        rc = add_pages(&self);
    return rc == 0 ? add_coordinator(&self) : rc;
}

static bool
is_named(const struct research_actors *actors,
         const troupe_research_options_t *options, const char *name)
{
    for (size_t i = 0; i < options->more_count; i++)
        if (strcmp(options->more[i].id, name) == 0)
            return false; /* others do not fail on request */
    for (uint32_t i = 0; i < actors->count; i++)
        if (strcmp(actors->items[i].name, name) == 0)
            return strcmp(actors->items[i].role, "model") != 0; /* nor they */
    return false;
}

int
troupe__research_faults_check(const struct research_actors *actors,
                              const troupe_research_options_t *options)
{
    for (size_t i = 0; i < options->fault_count; i++)
        if (!is_named(actors, options, options->faults[i].name))
            return -ENOENT;
    return 0;
}
