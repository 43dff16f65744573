/* SPDX-License-Identifier: Apache-2.0 */
/* gather_thread.c: gathers from ordinary threads. */
#include <errno.h>
#include <stdlib.h>

#include "mailbox/check.h"
#include "supervisor/gather_children.h"
#include "supervisor/spec.h"

/* What a run of a thread's carries: the ask, and the result at its end. */
struct run {
    const troupe_ref_t *targets; /* NULL: children */
    troupe_ref_t supervisor;
    const char *const *ids;
    size_t count;
    const char *type;
    troupe_gather_options_t options;
    void *body;
    size_t body_size;
    struct troupe__gathered *result;
};

static void
part_take(troupe_gather_part_t *to, troupe_gather_part_t *from)
{
    *to = *from;
    from->reply = NULL;
    from->text = from->failure = NULL;
}

/* The result is lent; what it holds is moved to one of the thread's own. */
static int
on_done(troupe_context_t *ctx, void *state, const troupe_gather_t *lent)
{
    (void) ctx;
    struct run *self = state;
    struct troupe__gathered *from =
        (struct troupe__gathered *) (uintptr_t) lent;
    struct troupe__gathered *to = troupe__alloc(sizeof *to);
    *to = *from;
    to->parts = troupe__alloc((lent->count + 1) * sizeof *to->parts);
    for (size_t i = 0; i < lent->count; i++)
        part_take(&to->parts[i], &from->parts[i]);
    to->shown.parts = to->parts;
    to->shown.why = to->why;
    self->result = to;
    return TROUPE_STOP;
}

static int
pass_children(troupe_context_t *ctx, struct run *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc =
        troupe__gather_children_v(ctx, self->supervisor, self->ids, self->count,
                                  self->type, &self->options, format, &args);
    va_end(args);
    return rc;
}

static int
begin(troupe_context_t *ctx, void *state, void *data)
{
    (void) data;
    struct run *self = state;
    if (self->targets) {
        return troupe_gather(ctx, self->targets, self->count, self->type,
                             &self->options, NULL, "r", self->body,
                             self->body_size);
    }
    return pass_children(ctx, self, "r", self->body, self->body_size);
}

static int
run(troupe_t *node, struct run *self, const troupe_gather_options_t *options,
    troupe_gather_t **ret_result, const char *format, va_list *args)
{
    if (!node || !options || !ret_result)
        return -EINVAL;
    self->options = *options;
    self->options.done = on_done;
    self->options.drop = NULL;
    int rc = troupe__bytes_pack(&self->body, &self->body_size, format, args);
    if (rc < 0)
        return rc;
    rc = troupe_node_run(node, begin, self, 0);
    free(self->body);
    troupe_gather_t *shown = self->result ? &self->result->shown : NULL;
    if (rc < 0)
        troupe_gather_destroy(&shown);
    else
        *ret_result = shown;
    return rc;
}

int
troupe_node_gather(troupe_t *node, const troupe_ref_t *targets, size_t count,
                   const char *type, const troupe_gather_options_t *options,
                   troupe_gather_t **ret_result, const char *format, ...)
{
    if (!targets)
        return -EINVAL;
    struct run self = {.targets = targets, .count = count, .type = type};
    va_list args;
    va_start(args, format);
    int rc = run(node, &self, options, ret_result, format, &args);
    va_end(args);
    return rc;
}

int
troupe_node_gather_children(troupe_t *node, troupe_ref_t supervisor,
                            const char *const *ids, size_t count,
                            const char *type,
                            const troupe_gather_options_t *options,
                            troupe_gather_t **ret_result, const char *format,
                            ...)
{
    struct run self = {
        .supervisor = supervisor, .ids = ids, .count = count, .type = type};
    va_list args;
    va_start(args, format);
    int rc = run(node, &self, options, ret_result, format, &args);
    va_end(args);
    return rc;
}
