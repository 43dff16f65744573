/* SPDX-License-Identifier: Apache-2.0 */
/* gather.c: begins gathers, from actors and threads, and owns their results. */
#include "supervisor/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"
#include "supervisor/spec.h"

enum { TARGETS_MAX = 65535, TIMEOUT_MS = 5000 };

static void
result_free(struct troupe__gathered *self)
{
    if (!self)
        return;
    for (size_t i = 0; i < self->shown.count; i++) {
        troupe_message_destroy(&self->parts[i].reply);
        free((void *) (uintptr_t) self->parts[i].text);
        free((void *) (uintptr_t) self->parts[i].failure);
    }
    free(self->parts);
    free(self);
}

void
troupe_gather_destroy(troupe_gather_t **result_p)
{
    if (!result_p || !*result_p)
        return;
    result_free((struct troupe__gathered *) *result_p);
    *result_p = NULL;
}

void
troupe__gathering_let_go(struct troupe_gathering *self)
{
    CHECK(self->holders > 0);
    self->holders -= 1;
    if (self->holders > 0)
        return;
    result_free(self->result);
    for (size_t i = 0; self->ids && i < self->id_count; i++)
        free(self->ids[i]);
    free(self->ids);
    free(self->spares);
    free(self->body);
    free(self->slots);
    free(self);
}

void
troupe__gathering_drop(struct troupe_gathering *self)
{
    if (!self->finished) {
        CHECK(self->holders > 1); /* what is under way is one */
        self->finished = true;
        if (self->options.drop)
            self->options.drop(self->options.data);
        troupe__gathering_let_go(self);
    }
    troupe__gathering_let_go(self);
}

static bool
options_are_good(const troupe_gather_options_t *options, size_t targets)
{
    if (!options || !options->done
        || (unsigned) options->policy > TROUPE_GATHER_DEADLINE)
        return false;
    if (options->policy == TROUPE_GATHER_BEST && !options->score)
        return false;
    if (options->policy == TROUPE_GATHER_FIRST_K && options->k == 0)
        return false;
    if (targets > 0 && options->k > targets)
        return false;
    if (options->spare_count > 0 && !options->spares)
        return false;
    for (size_t i = 0; i < options->spare_count; i++) {
        if (troupe_ref_is_nobody(options->spares[i]))
            return false;
    }
    return true;
}

int
troupe__gathering_new(troupe_context_t *ctx, size_t targets, const char *type,
                      const troupe_gather_options_t *options,
                      const char *format, va_list *args,
                      struct troupe_gathering **ret_self)
{
    size_t type_size = type ? strnlen(type, TROUPE_TYPE_MAX + 1) : 0;
    if (!options_are_good(options, targets) || type_size == 0
        || type_size > TROUPE_TYPE_MAX)
        return -EINVAL;
    void *body = NULL;
    size_t body_size = 0;
    int rc = troupe__bytes_pack(&body, &body_size, format, args);
    if (rc < 0)
        return rc;
    struct troupe_gathering *self = troupe__alloc(sizeof *self);
    self->options = *options;
    memcpy(self->type, type, type_size);
    self->body = body;
    self->body_size = body_size;
    self->holders = 1;
    if (options->spare_count > 0) {
        size_t size = options->spare_count * sizeof *self->spares;
        self->spares = troupe__alloc(size);
        memcpy(self->spares, options->spares, size);
    }
    self->begun_ns = troupe_time_ns(ctx);
    uint32_t timeout_ms =
        options->timeout_ms ? options->timeout_ms : TIMEOUT_MS;
    self->deadline_ns = self->begun_ns + timeout_ms * UINT64_C(1000000);
    self->result = troupe__alloc(sizeof *self->result);
    self->result->shown.why = self->result->why;
    self->result->shown.best = SIZE_MAX;
    self->result->shown.data = options->data;
    *ret_self = self;
    return 0;
}

void
troupe__gather_targets(struct troupe_gathering *self, size_t count)
{
    struct troupe__gathered *result = self->result;
    CHECK(!self->slots);
    self->slots = troupe__alloc((count + 1) * sizeof *self->slots);
    result->parts = troupe__alloc((count + 1) * sizeof *result->parts);
    result->shown.parts = result->parts;
    result->shown.count = count;
    self->open = count;
    for (size_t i = 0; i < count; i++) {
        struct troupe__slot *slot = &self->slots[i];
        slot->gathering = self;
        slot->main.slot = slot->hedge.slot = slot;
        result->parts[i].text = troupe__strdup("");
        result->parts[i].failure = troupe__strdup("");
    }
}

static bool
targets_are_good(const troupe_ref_t *targets, size_t count)
{
    if (!targets || count == 0 || count > TARGETS_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (troupe_ref_is_nobody(targets[i]))
            return false;
    }
    return true;
}

static int
gather_v(troupe_context_t *ctx, const troupe_ref_t *targets, size_t count,
         const char *type, const troupe_gather_options_t *options,
         troupe_gathering_t **ret_gathering, const char *format, va_list *args)
{
    if (!ctx || !targets_are_good(targets, count))
        return -EINVAL;
    struct troupe_gathering *self = NULL;
    int rc =
        troupe__gathering_new(ctx, count, type, options, format, args, &self);
    if (rc < 0)
        return rc;
    troupe__gather_targets(self, count);
    for (size_t i = 0; i < count; i++) {
        self->slots[i].main.to = targets[i];
        self->result->parts[i].target = targets[i];
    }
    rc = troupe__gather_begin(ctx, self);
    if (rc < 0)
        troupe__gathering_let_go(self);
    else if (ret_gathering)
        *ret_gathering = self;
    return rc;
}

int
troupe_gather(troupe_context_t *ctx, const troupe_ref_t *targets, size_t count,
              const char *type, const troupe_gather_options_t *options,
              troupe_gathering_t **ret_gathering, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = gather_v(ctx, targets, count, type, options, ret_gathering, format,
                      &args);
    va_end(args);
    return rc;
}

int
troupe_gather_end(troupe_context_t *ctx, troupe_gathering_t *gathering)
{
    if (!ctx || !gathering)
        return -EINVAL;
    if (gathering->finished)
        return -EALREADY;
    troupe__gather_finish_later(ctx, gathering);
    return 0;
}
