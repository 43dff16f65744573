/* SPDX-License-Identifier: Apache-2.0 */
/* graph_tasks.c: tasks of a graph file: how often, and into the graph. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/fields.h"
#include "tools/graph_file.h"

#define AT(member) .offset = offsetof(struct troupe__graph_entry, member)

static const char *const elses[] = {"fail", "ok", NULL};

static const struct troupe__field each_fields[] = {
    {.key = "in", .type = TROUPE__FIELD_TEXT, AT(each), .required = true},
    {.key = "parallel",
     .type = TROUPE__FIELD_COUNT,
     AT(each_parallel),
     .min = 1,
     .max = TROUPE_GRAPH_PARTS_MAX},
    {.key = "quorum",
     .type = TROUPE__FIELD_COUNT,
     AT(each_quorum),
     .min = 1,
     .max = TROUPE_GRAPH_PARTS_MAX},
    {0}};

static const struct troupe__field repeat_fields[] = {
    {.key = "until", .type = TROUPE__FIELD_TEXT, AT(until), .required = true},
    {.key = "most",
     .type = TROUPE__FIELD_COUNT,
     AT(rounds_max),
     .min = 1,
     .max = TROUPE_GRAPH_ROUNDS_MAX,
     .required = true},
    {.key = "else",
     .type = TROUPE__FIELD_CHOICE,
     AT(rounds_enough),
     .choices = elses},
    {0}};

void
troupe__graph_often(struct troupe__graph_entry *entry,
                    struct troupe__findings *findings)
{
    const struct troupe__value *each = troupe__value_get(entry->map, "each");
    const struct troupe__value *repeat =
        troupe__value_get(entry->map, "repeat");
    if (each && each->type == TROUPE__TEXT) {
        entry->each = (struct troupe__word){each->text, each->spot};
    } else if (each && each->type == TROUPE__MAP) {
        troupe__fields_read(each, "'each'", each_fields, entry, findings);
    } else if (each) {
        troupe__wants(findings, each, "each",
                      "a list of another task, as in \"${files}\" or {in: "
                      "\"${files}\", parallel: 2}");
    }
    if (repeat)
        troupe__fields_read(repeat, "'repeat'", repeat_fields, entry, findings);
}

/* --- other files ------------------------------------------------------------*/

/* Whether a reference, after its "${", is to the task itself. */
static bool
is_own(const char *text, bool has_each, bool has_rounds)
{
    static const char *const words[] = {"item", "index", "last", "round"};
    size_t size = strcspn(text, ".:}");
    for (size_t i = has_each ? 0 : 2; i < (has_rounds ? 4 : 2); i++)
        if (strlen(words[i]) == size && memcmp(text, words[i], size) == 0)
            return true;
    return false;
}

static void
rename_text(struct troupe__value *value, const char *prefix, bool has_each,
            bool has_rounds)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        abort();
    for (const char *at = value->text; *at;) {
        if (strncmp(at, "$${", 3) == 0) {
            fputs("$${", out);
            at += 3;
        } else if (strncmp(at, "${", 2) == 0) {
            at += 2;
            fprintf(out, "${%s",
                    is_own(at, has_each, has_rounds) ? "" : prefix);
        } else {
            fputc(*at++, out);
        }
    }
    if (fclose(out) != 0)
        abort();
    free(value->text);
    value->text = text;
    value->size = size;
}

static void
rename_all(struct troupe__value *value, const char *prefix, bool has_each,
           bool has_rounds)
{
    for (size_t i = 0; i < value->count; i++)
        if (!value->keys || strcmp(value->keys[i]->text, "cmd") != 0)
            rename_all(value->values[i], prefix, has_each, has_rounds);
    if (value->type == TROUPE__TEXT && strstr(value->text, "${"))
        rename_text(value, prefix, has_each, has_rounds);
}

void
troupe__graph_rename(struct troupe__value *root, const char *prefix)
{
    const struct troupe__value *tasks = troupe__value_get(root, "tasks");
    for (size_t i = 0; tasks && tasks->type == TROUPE__MAP && i < tasks->count;
         i++) {
        struct troupe__value *task = tasks->values[i];
        bool is_map = task->type == TROUPE__MAP;
        rename_all(task, prefix, is_map && troupe__value_get(task, "each"),
                   is_map && troupe__value_get(task, "repeat"));
    }
}

/* --- into the graph ---------------------------------------------------------*/

void
troupe__graph_task_add(struct troupe__graph_file *self,
                       struct troupe__graph_entry *entry,
                       struct troupe__findings *findings)
{
    const char **writes =
        troupe__grab((entry->writes.count + 1) * sizeof *writes);
    for (size_t i = 0; i < entry->writes.count; i++)
        writes[i] = entry->writes.items[i].text;
    troupe_graph_task_t task = {
        .id = entry->id,
        .work = entry->work,
        .actor = entry->actor.text,
        .type = entry->type.text,
        .body = entry->body,
        .body_size = entry->body_size,
        .needs = (const char *const *) entry->need_ids,
        .need_count = entry->needs.count,
        .rule = entry->quorum > 0 ? TROUPE_GRAPH_QUORUM
                                  : (troupe_graph_rule_t) entry->rule,
        .quorum = entry->quorum,
        .optional = entry->optional,
        .fallback = entry->fallback_id,
        .on_error = entry->on_error_id,
        .when = entry->when.text,
        .writes = writes,
        .write_count = entry->writes.count,
        .retries = entry->retries,
        .backoff_min_ms = entry->backoff_min_ms,
        .backoff_max_ms = entry->backoff_max_ms,
        .timeout_ms = entry->timeout_ms ? entry->timeout_ms : self->timeout_ms,
        .takes_ms = entry->takes_ms,
        .line = entry->line,
        .file = entry->each.text ? entry->file : NULL,
        .each = entry->each.text,
        .each_parallel = entry->each_parallel,
        .each_quorum = entry->each_quorum,
        .until = entry->until.text,
        .rounds_max = entry->rounds_max,
        .rounds_enough = entry->rounds_enough,
    };
    int rc = troupe_graph_add(self->graph, &task);
    if (rc == -ENOSPC) {
        troupe__found(findings, entry->spot,
                      "with '%s' there are over %d tasks or %d needs; make "
                      "several graphs of it",
                      entry->id, TROUPE_GRAPH_TASKS_MAX,
                      TROUPE_GRAPH_NEEDS_MAX);
    } else if (rc < 0) {
        troupe__found(findings, entry->spot,
                      "task '%s' is out of bounds: a need, name or condition "
                      "is empty, too long, or not the id of a task",
                      entry->id);
    }
    free(writes);
}
