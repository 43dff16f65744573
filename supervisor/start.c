/* SPDX-License-Identifier: Apache-2.0 */
/* start.c: starts supervisors, from actors and from ordinary threads. */
#include <errno.h>

#include "mailbox/check.h"
#include "supervisor/control.h"
#include "supervisor/spec_fields.h"

/* A definition is one message, which holds so many values: see the README. */
static int
check_count(size_t count, troupe_supervisor_error_t *error)
{
    if (count <= TROUPE__SPECS_MAX)
        return 0;
    (void) troupe__error_set(
        error,
        "%zu children are more than the %d that one definition can hold: "
        "start the others later, or put them below several supervisors",
        count, (int) TROUPE__SPECS_MAX);
    return -EMSGSIZE;
}

static int
prepare(troupe_t *node, const troupe_supervisor_options_t *options,
        const troupe_child_spec_t *specs, size_t count, bool awaited,
        msgpack_sbuffer *out, troupe_supervisor_error_t *error)
{
    int rc = troupe_child_specs_check(options, specs, count, error);
    if (rc < 0)
        return rc;
    rc = check_count(count, error);
    if (rc < 0)
        return rc;
    const troupe_supervisor_options_t none = {0};
    return troupe__definition_pack(node, options ? options : &none, specs,
                                   count, awaited, out, error);
}

static troupe_spawn_options_t
spawn_options(const troupe_supervisor_options_t *options, bool linked)
{
    troupe_spawn_options_t spawn = {.linked = linked};
    if (options) {
        spawn.name = options->name;
        spawn.place = options->place;
        spawn.linked = linked && !options->unlinked;
    }
    return spawn;
}

static int
spawn_failed(int rc, troupe_supervisor_error_t *error)
{
    if (rc < 0 && error->text[0] == '\0')
        (void) troupe__error_set(error, "the supervisor: %s",
                                 troupe_strerror(rc));
    return rc;
}

int
troupe_supervisor_start(troupe_context_t *ctx,
                        const troupe_supervisor_options_t *options,
                        const troupe_child_spec_t *specs, size_t count,
                        troupe_ref_t *ret_ref, troupe_supervisor_error_t *error)
{
    if (!ctx)
        return -EINVAL;
    troupe_supervisor_error_t ignored = {{0}};
    if (!error)
        error = &ignored;
    msgpack_sbuffer body;
    msgpack_sbuffer_init(&body);
    int rc = prepare(troupe_context_node(ctx), options, specs, count, false,
                     &body, error);
    if (rc == 0) {
        troupe_spawn_options_t spawn = spawn_options(options, true);
        rc = troupe_spawn(ctx, &troupe__supervisor_kind, &spawn, ret_ref, "r",
                          body.data, body.size);
    }
    msgpack_sbuffer_destroy(&body);
    return spawn_failed(rc, error);
}

int
troupe_node_supervisor_start(troupe_t *node,
                             const troupe_supervisor_options_t *options,
                             const troupe_child_spec_t *specs, size_t count,
                             troupe_ref_t *ret_ref,
                             troupe_supervisor_error_t *error)
{
    if (!node)
        return -EINVAL;
    troupe_supervisor_error_t ignored = {{0}};
    if (!error)
        error = &ignored;
    msgpack_sbuffer body;
    msgpack_sbuffer_init(&body);
    troupe_ref_t ref = TROUPE_NOBODY;
    int rc = prepare(node, options, specs, count, true, &body, error);
    if (rc == 0) {
        troupe_spawn_options_t spawn = spawn_options(options, false);
        rc = troupe_node_spawn(node, &troupe__supervisor_kind, &spawn, &ref,
                               "r", body.data, body.size);
    }
    msgpack_sbuffer_destroy(&body);
    if (rc < 0)
        return spawn_failed(rc, error);
    rc = troupe__node_call(node, ref, NULL, NULL, error);
    if (rc == 0 && ret_ref)
        *ret_ref = ref;
    return rc;
}
