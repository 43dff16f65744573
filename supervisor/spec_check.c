/* SPDX-License-Identifier: Apache-2.0 */
/* spec_check.c: says what is wrong with options and specs, and where. */
#include "supervisor/isolation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"

/* Supervisors within supervisors: deeper trees are taken for a mistake. */
#define DEPTH_MAX 16

int
troupe__error_set(troupe_supervisor_error_t *error, const char *format, ...)
{
    CHECK(error);
    va_list args;
    va_start(args, format);
    int size = vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    CHECK(size >= 0);
    return -EINVAL;
}

static bool
name_is_good(const char *name)
{
    size_t size = strnlen(name, TROUPE_NAME_MAX + 1);
    if (size == 0 || size > TROUPE_NAME_MAX)
        return false;
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char) name[i] < 0x20 || name[i] == 0x7f)
            return false;
    }
    return true;
}

int
troupe__options_check(const troupe_supervisor_options_t *options,
                      troupe_supervisor_error_t *error)
{
    CHECK(options && error);
    if ((unsigned) options->strategy > TROUPE_SIMPLE_ONE_FOR_ONE)
        return troupe__error_set(error, "options: no such strategy (%d)",
                                 (int) options->strategy);
    if (options->period_ms == TROUPE_ZERO)
        return troupe__error_set(error, "options: period_ms must not be 0");
    if ((unsigned) options->auto_shutdown > TROUPE_AUTO_ALL)
        return troupe__error_set(error, "options: no such auto_shutdown (%d)",
                                 (int) options->auto_shutdown);
    if (options->auto_shutdown != TROUPE_AUTO_NEVER
        && options->strategy == TROUPE_SIMPLE_ONE_FOR_ONE)
        return troupe__error_set(
            error, "options: auto_shutdown is not for simple one-for-one");
    if ((unsigned) options->place > TROUPE_OWN_THREAD
        || options->place == TROUPE_WORKER)
        return troupe__error_set(error, "options: no such place (%d)",
                                 (int) options->place);
    if (options->name && !name_is_good(options->name)) {
        return troupe__error_set(error,
                                 "options: name must be 1 to %d bytes without "
                                 "control characters",
                                 TROUPE_NAME_MAX);
    }
    return 0;
}

static const char *
kind_fault(const troupe_child_spec_t *spec)
{
    if (!spec->kind && !spec->supervisor && !spec->program)
        return "kind is missing";
    if (spec->kind && spec->supervisor)
        return "kind and supervisor are both set";
    if (spec->supervisor && spec->arguments_size > 0)
        return "arguments are not for a supervisor";
    if (!spec->supervisor && (spec->children || spec->child_count > 0))
        return "children without supervisor";
    if (spec->child_count > 0 && !spec->children)
        return "children is NULL but child_count is not 0";
    if (spec->kind && (!spec->kind->name || !name_is_good(spec->kind->name)))
        return "kind has no good name";
    if (spec->arguments_size > 0
        && !troupe__bytes_check(spec->arguments, spec->arguments_size))
        return "arguments are not one msgpack value";
    return NULL;
}

static const char *
program_fault(const troupe_child_spec_t *spec)
{
    if (!spec->program)
        return NULL;
    if (spec->isolation != TROUPE_OWN_PROCESS)
        return "program is for a child with a process of its own";
    size_t count = 0;
    while (spec->program->argv && spec->program->argv[count])
        count++;
    if (count > TROUPE__ARGUMENTS_MAX)
        return "program.argv has more than 62 arguments";
    if (!troupe__spec_is_program(spec))
        return NULL;
    if (!spec->program->path)
        return "program.path is missing, and so is a kind";
    if (spec->arguments_size > 0)
        return "arguments are for a kind; a program has its argv";
    return NULL;
}

static const char *
range_fault(const troupe_child_spec_t *spec)
{
    if ((unsigned) spec->restart > TROUPE_TEMPORARY)
        return "no such restart";
    if ((unsigned) spec->place > TROUPE_OWN_THREAD)
        return "no such place";
    if ((unsigned) spec->mailbox.overflow > TROUPE_OVERFLOW_DROP_OLDEST)
        return "no such mailbox.overflow";
    if ((unsigned) spec->budget.then > TROUPE_GIVE_UP)
        return "no such budget.then";
    if (spec->budget.period_ms == TROUPE_ZERO)
        return "budget.period_ms must not be 0";
    if (spec->name && !name_is_good(spec->name))
        return "name must be 1 to 63 bytes without control characters";
    if (spec->node && !name_is_good(spec->node))
        return "node must be 1 to 63 bytes without control characters";
    if ((unsigned) spec->isolation > TROUPE_OWN_PROCESS)
        return "no such isolation";
    if (spec->node && spec->isolation == TROUPE_OWN_PROCESS)
        return "node is not for a child with a process of its own";
    if (!troupe__spec_is_supervisor(spec))
        return NULL;
    /* Killed in the middle of its own shutdown, a supervisor would leave
     * its children's stop undone. */
    if (spec->shutdown_ms != 0 && spec->shutdown_ms != TROUPE_INFINITE)
        return "shutdown_ms of a supervisor must be TROUPE_INFINITE";
    if (spec->start_ms != 0 && spec->start_ms != TROUPE_INFINITE)
        return "start_ms of a supervisor must be TROUPE_INFINITE";
    return NULL;
}

static const char *
backoff_fault(const troupe_backoff_t *backoff)
{
    if (backoff->factor_percent != 0
        && (backoff->factor_percent < 100 || backoff->factor_percent > 10000))
        return "backoff.factor_percent must be 100 to 10,000";
    if (backoff->jitter_percent > 100 && backoff->jitter_percent != TROUPE_ZERO)
        return "backoff.jitter_percent must be at most 100";
    if (backoff->max_ms == TROUPE_ZERO)
        return "backoff.max_ms must not be 0; see min_ms";
    if (backoff->min_ms == TROUPE_INFINITE
        || backoff->max_ms == TROUPE_INFINITE)
        return "backoff.min_ms and max_ms must be finite";
    uint32_t max_ms = backoff->max_ms > 0 ? backoff->max_ms : 5000;
    if (backoff->min_ms != TROUPE_ZERO && backoff->min_ms > max_ms)
        return "backoff.min_ms is over max_ms";
    return NULL;
}

static const char *
delivery_fault(const troupe_child_spec_t *spec)
{
    const troupe_delivery_t *delivery = &spec->delivery;
    if ((unsigned) delivery->mode > TROUPE_AT_LEAST_ONCE)
        return "no such delivery.mode";
    bool is_bounded = delivery->attempts_max > 0 || delivery->open_max > 0
                      || delivery->open_bytes_max > 0;
    if (delivery->mode == TROUPE_AT_MOST_ONCE)
        return is_bounded ? "bounds of delivery need TROUPE_AT_LEAST_ONCE"
                          : NULL;
    if (delivery->attempts_max == TROUPE_ZERO
        || delivery->open_max == TROUPE_ZERO
        || delivery->open_bytes_max == TROUPE_ZERO)
        return "bounds of delivery must not be 0";
    if (troupe__spec_is_supervisor(spec))
        return "delivery is not for a supervisor";
    return NULL;
}

static const char *
combination_fault(const troupe_supervisor_options_t *options,
                  const troupe_child_spec_t *spec)
{
    if (spec->significant && spec->restart == TROUPE_PERMANENT)
        return "significant needs a restart other than permanent";
    if (spec->significant && options->auto_shutdown == TROUPE_AUTO_NEVER)
        return "significant needs an auto_shutdown other than never";
    if (spec->name && options->strategy == TROUPE_SIMPLE_ONE_FOR_ONE)
        return "name is not for simple one-for-one";
    return NULL;
}

int
troupe__spec_check(const troupe_supervisor_options_t *options,
                   const troupe_child_spec_t *spec, size_t where,
                   troupe_supervisor_error_t *error)
{
    CHECK(options && spec);
    CHECK(error);
    if (!spec->id)
        return troupe__error_set(error, "child %zu: id is missing", where);
    if (!name_is_good(spec->id)) {
        return troupe__error_set(error,
                                 "child %zu: id must be 1 to %d bytes without "
                                 "control characters",
                                 where, TROUPE_NAME_MAX);
    }
    const char *fault = kind_fault(spec);
    if (!fault)
        fault = program_fault(spec);
    if (!fault)
        fault = range_fault(spec);
    if (!fault)
        fault = backoff_fault(&spec->backoff);
    if (!fault)
        fault = delivery_fault(spec);
    if (!fault)
        fault = combination_fault(options, spec);
    if (fault)
        return troupe__error_set(error, "child '%s': %s", spec->id, fault);
    return 0;
}

static int
by_id(const void *one, const void *other)
{
    const troupe_child_spec_t *const *a = one;
    const troupe_child_spec_t *const *b = other;
    return strcmp((*a)->id, (*b)->id);
}

static int
duplicates_check(const troupe_child_spec_t *specs, size_t count,
                 troupe_supervisor_error_t *error)
{
    if (count < 2)
        return 0;
    const troupe_child_spec_t **sorted =
        troupe__alloc(count * sizeof(troupe_child_spec_t *));
    for (size_t i = 0; i < count; i++)
        sorted[i] = &specs[i];
    qsort(sorted, count, sizeof(troupe_child_spec_t *), by_id);
    int rc = 0;
    for (size_t i = 1; i < count && rc == 0; i++) {
        if (strcmp(sorted[i - 1]->id, sorted[i]->id) == 0)
            rc = troupe__error_set(error, "child '%s': id is used twice",
                                   sorted[i]->id);
    }
    free(sorted);
    return rc;
}

static int tree_check(const troupe_supervisor_options_t *options,
                      const troupe_child_spec_t *specs, size_t count,
                      unsigned depth, troupe_supervisor_error_t *error);

/* The words of what is wrong below a child begin with that child's id. */
static int
branch_check(const troupe_child_spec_t *spec, unsigned depth,
             troupe_supervisor_error_t *error)
{
    troupe_supervisor_error_t below;
    int rc = tree_check(spec->supervisor, spec->children, spec->child_count,
                        depth + 1, &below);
    if (rc < 0)
        troupe__error_set(error, "child '%.63s': %.180s", spec->id, below.text);
    return rc;
}

static int
tree_check(const troupe_supervisor_options_t *options,
           const troupe_child_spec_t *specs, size_t count, unsigned depth,
           troupe_supervisor_error_t *error)
{
    if (depth > DEPTH_MAX)
        return troupe__error_set(error, "more than %d supervisors deep",
                                 DEPTH_MAX);
    int rc = troupe__options_check(options, error);
    if (rc == 0 && count > 0 && !specs)
        return troupe__error_set(error, "specs is NULL but count is not 0");
    if (rc == 0 && options->strategy == TROUPE_SIMPLE_ONE_FOR_ONE && count != 1)
        rc = troupe__error_set(
            error, "simple one-for-one needs exactly one spec, not %zu", count);
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = troupe__spec_check(options, &specs[i], i, error);
        if (rc == 0 && specs[i].supervisor)
            rc = branch_check(&specs[i], depth, error);
    }
    return rc < 0 ? rc : duplicates_check(specs, count, error);
}

int
troupe_child_specs_check(const troupe_supervisor_options_t *options,
                         const troupe_child_spec_t *specs, size_t count,
                         troupe_supervisor_error_t *error)
{
    troupe_supervisor_error_t ignored;
    if (!error)
        error = &ignored;
    error->text[0] = '\0';
    const troupe_supervisor_options_t none = {0};
    return tree_check(options ? options : &none, specs, count, 0, error);
}
