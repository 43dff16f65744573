/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_hedge.c: which models are asked a second time when they are late, and
 * how late that is, by the journals of earlier runs.
 */
#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "troupe_journal.h"
#include "troupe_runs.h"

#include "tools/commands.h"
#include "tools/fields.h"
#include "tools/findings.h"
#include "tools/model_file.h"

#define PERCENTILE_MIN 50
#define PERCENTILE_MAX 99
#define EXTRA_MAX      100 /* percent */
#define RUNS_MAX       64  /* that are looked at, the newest */
#define US_PER_MS      1000.0

static const struct troupe__field hedge_fields[] = {
    {.key = "after", .type = TROUPE__FIELD_OTHER},
    {.key = "extra", .type = TROUPE__FIELD_OTHER},
    {.key = NULL}};

/* "p95" */
static void
read_after(const struct troupe__value *value, uint32_t *ret,
           struct troupe__findings *findings)
{
    size_t number = 0;
    if (!value)
        return;
    if (value->type == TROUPE__TEXT && value->text[0] == 'p'
        && troupe__read_number(value->text + 1, PERCENTILE_MIN, PERCENTILE_MAX,
                               &number)) {
        *ret = (uint32_t) number;
    } else {
        troupe__wants(findings, value, "after",
                      "a percentile of its latencies from p50 to p99, as in "
                      "p95");
    }
}

/* "5%" */
static void
read_extra(const struct troupe__value *value, uint32_t *ret,
           struct troupe__findings *findings)
{
    size_t number = 0;
    if (!value)
        return;
    size_t size = value->type == TROUPE__TEXT ? strlen(value->text) : 0;
    char *text = troupe__copy(value->text, size > 0 ? size - 1 : 0);
    if (size > 1 && value->text[size - 1] == '%'
        && troupe__read_number(text, 1, EXTRA_MAX, &number)) {
        *ret = (uint32_t) number;
    } else {
        troupe__wants(findings, value, "extra",
                      "a whole share of its calls from 1% to 100%, as in 5%");
    }
    free(text);
}

void
troupe__model_hedge_read(const struct troupe__value *value, const char *what,
                         struct troupe__model_entry *model,
                         struct troupe__findings *findings)
{
    troupe_hedge_options_t options = {.percentile = 0};
    if (value->type == TROUPE__BOOL) {
        model->hedges = value->boolean;
    } else if (value->type == TROUPE__MAP) {
        char *name = troupe__format("the hedge of %s", what);
        troupe__fields_read(value, name, hedge_fields, &options, findings);
        free(name);
        read_after(troupe__value_get(value, "after"), &options.percentile,
                   findings);
        read_extra(troupe__value_get(value, "extra"), &options.extra_percent,
                   findings);
        model->hedges = true;
    } else {
        troupe__wants(findings, value, "hedge",
                      "true, or {after: p95, extra: 5%}");
    }
    (void) !troupe_hedge_init(&model->hedge, &options);
}

/* --- what earlier runs have seen --------------------------------------------*/

static struct troupe__model_entry *
find_entry(struct troupe__model_file *self, const char *of)
{
    for (size_t i = 0; of && i < self->model_count; i++) {
        struct troupe__model_entry *it = &self->models[i];
        size_t size = it->hedges ? strlen(it->provider->url.text) : 0;
        if (it->hedges && strncmp(of, it->provider->url.text, size) == 0
            && of[size] == ' '
            && strcmp(of + size + 1, it->model_name.text) == 0)
            return it;
    }
    return NULL;
}

/* Entries of one description have one history. */
static void
count(struct troupe__model_file *self, const struct troupe__model_entry *from,
      const troupe_journal_entry_t *entry)
{
    bool begins = entry->what == TROUPE_JOURNAL_STARTED;
    bool ended = !begins
                 && (strcmp(entry->state, "ok") == 0
                     || strcmp(entry->state, "outrun") == 0);
    for (size_t i = 0; i < self->model_count; i++) {
        struct troupe__model_entry *it = &self->models[i];
        if (!it->hedges || it->provider != from->provider
            || strcmp(it->model_name.text, from->model_name.text) != 0)
            continue;
        it->hedge.asks += begins && strcmp(entry->state, "asked") == 0;
        it->hedge.hedges += begins && strcmp(entry->state, "hedge") == 0;
        if (ended && entry->ms > 0 && entry->ms < 1e9)
            troupe_hedge_record(&it->hedge,
                                (uint64_t) (entry->ms * US_PER_MS) * 1000);
    }
}

static int
take(void *data, const troupe_journal_entry_t *entry)
{
    struct troupe__model_file *self = data;
    if ((entry->what != TROUPE_JOURNAL_STARTED
         && entry->what != TROUPE_JOURNAL_ATTEMPT)
        || entry->value_size == 0)
        return 0;
    json_t *value = json_loadb(entry->value, entry->value_size, 0, NULL);
    const struct troupe__model_entry *from =
        find_entry(self, json_string_value(json_object_get(value, "of")));
    if (from)
        count(self, from, entry);
    json_decref(value);
    return 0;
}

static int
is_ours(const struct dirent *entry)
{
    return strncmp(entry->d_name, "query-", 6) == 0
           || strncmp(entry->d_name, "research-", 9) == 0;
}

/* By day and time, which stand behind the pipeline. */
static int
by_time(const struct dirent **one, const struct dirent **other)
{
    return strcmp(strchr((*one)->d_name, '-'), strchr((*other)->d_name, '-'));
}

void
troupe__model_history(struct troupe__model_file *self)
{
    bool hedges = false;
    for (size_t i = 0; i < self->model_count; i++)
        hedges |= self->models[i].hedges;
    char *base = hedges ? troupe__runs_directory() : NULL;
    struct dirent **names = NULL;
    int found = base ? scandir(base, &names, is_ours, by_time) : 0;
    for (int i = 0; i < found; i++) {
        char *path = troupe__format("%s/%s/journal.db", base, names[i]->d_name);
        troupe_journal_t *journal = NULL;
        /* One that is damaged, or of another version, says nothing. */
        if (i + RUNS_MAX >= found
            && troupe_journal_open(path, TROUPE_JOURNAL_READ, &journal, NULL)
                   == 0)
            (void) !troupe_journal_fold(journal, 0, take, self);
        troupe_journal_destroy(&journal);
        free(path);
        free(names[i]);
    }
    free((void *) names);
    free(base);
}
