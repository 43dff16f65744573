/* SPDX-License-Identifier: Apache-2.0 */
/* gather_children.c: gathers over the children of a supervisor. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"
#include "supervisor/gather_children.h"

static void
on_list_drop(void *data)
{
    troupe__gathering_drop(data);
}

static void
take(struct troupe_gathering *self, size_t index,
     const troupe_child_info_t *info)
{
    troupe_gather_part_t *part = &self->result->parts[index];
    memcpy(part->id, info->id, sizeof part->id);
    part->target = info->ref;
    self->slots[index].main.to = info->ref;
}

static const troupe_child_info_t *
find(const troupe_child_info_t *infos, size_t count, const char *id)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(infos[i].id, id) == 0)
            return &infos[i];
    }
    return NULL;
}

/* The supervisor lists the newest first; a result reads the other way. */
static void
choose_all(struct troupe_gathering *self, const troupe_child_info_t *infos,
           size_t count)
{
    size_t there = 0;
    for (size_t i = 0; i < count; i++)
        there += troupe_ref_is_nobody(infos[i].ref) ? 0 : 1;
    troupe__gather_targets(self, there);
    size_t at = 0;
    for (size_t i = count; i > 0; i--) {
        if (!troupe_ref_is_nobody(infos[i - 1].ref))
            take(self, at++, &infos[i - 1]);
    }
}

static void
choose_ids(troupe_context_t *ctx, struct troupe_gathering *self,
           const troupe_child_info_t *infos, size_t count)
{
    troupe__gather_targets(self, self->id_count);
    for (size_t i = 0; i < self->id_count; i++) {
        const troupe_child_info_t *info = find(infos, count, self->ids[i]);
        (void) snprintf(self->result->parts[i].id, TROUPE_NAME_MAX + 1, "%s",
                        self->ids[i]);
        if (info)
            take(self, i, info);
        if (!info) {
            troupe__slot_fail(ctx, &self->slots[i], TROUPE_DOWN, -ENOENT,
                              "no such child");
        } else if (troupe_ref_is_nobody(info->ref)) {
            troupe__slot_fail(ctx, &self->slots[i], TROUPE_DOWN, -ESRCH,
                              "the child is down");
        }
    }
}

static int
list_arrived(troupe_context_t *ctx, struct troupe_gathering *self,
             const troupe_message_t *msg)
{
    int count = troupe_child_infos_read(msg, NULL, 0);
    if (count < 0)
        return count;
    troupe_child_info_t *infos =
        troupe__alloc(((size_t) count + 1) * sizeof *infos);
    int rc = troupe_child_infos_read(msg, infos, (size_t) count);
    if (rc == count && self->ids)
        choose_ids(ctx, self, infos, (size_t) count);
    else if (rc == count)
        choose_all(self, infos, (size_t) count);
    free(infos);
    return rc < 0 ? rc : troupe__gather_begin(ctx, self);
}

static int
on_list(troupe_context_t *ctx, void *state, const troupe_answer_t *answer)
{
    struct troupe_gathering *self = answer->data;
    int rc = answer->code;
    const char *text = answer->text;
    if (answer->outcome == TROUPE_REPLY) {
        rc = list_arrived(ctx, self, answer->msg);
        text = troupe_strerror(rc);
    }
    if (rc < 0) {
        (void) snprintf(self->result->why, sizeof self->result->why,
                        "the supervisor: %s", text);
        rc = troupe__gather_finish(ctx, state, self);
    }
    troupe__gathering_let_go(self);
    return rc;
}

static void
keep_ids(struct troupe_gathering *self, const char *const *ids, size_t count)
{
    if (!ids)
        return;
    self->ids = troupe__alloc((count + 1) * sizeof *self->ids);
    self->id_count = count;
    for (size_t i = 0; i < count; i++)
        self->ids[i] = troupe__strdup(ids[i]);
}

static bool
ids_are_good(const char *const *ids, size_t count)
{
    for (size_t i = 0; ids && i < count; i++) {
        if (!ids[i] || strnlen(ids[i], TROUPE_NAME_MAX + 1) > TROUPE_NAME_MAX)
            return false;
    }
    return !ids || count > 0;
}

int
troupe__gather_children_v(troupe_context_t *ctx, troupe_ref_t supervisor,
                          const char *const *ids, size_t count,
                          const char *type,
                          const troupe_gather_options_t *options,
                          const char *format, va_list *args)
{
    if (!ctx || !ids_are_good(ids, count))
        return -EINVAL;
    struct troupe_gathering *self = NULL;
    int rc = troupe__gathering_new(ctx, ids ? count : 0, type, options, format,
                                   args, &self);
    if (rc < 0)
        return rc;
    keep_ids(self, ids, count);
    const troupe_ask_options_t list = {.deadline_ns = self->deadline_ns,
                                       .answer = on_list,
                                       .data = self,
                                       .drop = on_list_drop};
    rc = troupe_ask_with(ctx, supervisor, "child.list", &list, NULL, "[nUnBn]",
                         UINT64_C(0), "", (size_t) 0);
    if (rc < 0)
        troupe__gathering_let_go(self);
    else
        self->holders += 1;
    return rc;
}

int
troupe_gather_children(troupe_context_t *ctx, troupe_ref_t supervisor,
                       const char *const *ids, size_t count, const char *type,
                       const troupe_gather_options_t *options,
                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = troupe__gather_children_v(ctx, supervisor, ids, count, type,
                                       options, format, &args);
    va_end(args);
    return rc;
}
