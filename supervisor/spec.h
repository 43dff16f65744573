/* SPDX-License-Identifier: Apache-2.0 */
/* spec.h: child specs as they are checked, packed into arguments and read. */
#ifndef TROUPE_SUPERVISOR_SPEC_H
#define TROUPE_SUPERVISOR_SPEC_H

#include <stdarg.h>

#include "runtime/bytes.h"
#include "troupe_children.h"
#include "troupe_msgpack.h"

/*
 * A supervisor's start is given one value, its definition: [options, [spec,
 * ...], awaited], where defaults are filled in, 0 is 0, and a kind is its name. So a
 * supervisor can be started wherever its kinds are registered.
 */

/* What a supervisor starts from; owns all that its specs point to. */
struct troupe__definition {
    troupe_supervisor_options_t options;
    troupe_child_spec_t *specs;
    size_t count;
    bool awaited; /* a thread will call "ready" */
};

/* The kind of every supervisor. */
extern const troupe_kind_t troupe__supervisor_kind;

static inline bool
troupe__spec_is_supervisor(const troupe_child_spec_t *spec)
{
    return spec->supervisor || spec->kind == &troupe__supervisor_kind;
}

/*
 * troupe__spec_check: one spec by itself, to be used with such options.
 *
 *   where    how to name the spec in `error` when it has no id.
 *   returns  0 or -EINVAL with words in `error`
 */
int troupe__spec_check(const troupe_supervisor_options_t *options,
                       const troupe_child_spec_t *spec, size_t where,
                       troupe_supervisor_error_t *error);

/* troupe__options_check: 0 or -EINVAL with words in `error`. */
int troupe__options_check(const troupe_supervisor_options_t *options,
                          troupe_supervisor_error_t *error);

/* troupe__error_set: write the words, cut to what fits; returns -EINVAL. */
int troupe__error_set(troupe_supervisor_error_t *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* troupe__options_resolve: fill in the defaults; borrows the name. */
troupe_supervisor_options_t
troupe__options_resolve(const troupe_supervisor_options_t *options);

/*
 * troupe__definition_pack: the definition of a checked supervisor.
 *
 *   node     where its kinds get registered.
 *   returns  0, or -EEXIST when the node has another kind of that name
 */
int troupe__definition_pack(troupe_t *node,
                            const troupe_supervisor_options_t *options,
                            const troupe_child_spec_t *specs, size_t count,
                            bool awaited, msgpack_sbuffer *out,
                            troupe_supervisor_error_t *error);

/* troupe__spec_pack: one checked spec, defaults filled in; as above. */
int troupe__spec_pack(troupe_t *node, const troupe_child_spec_t *spec,
                      msgpack_packer *packer, troupe_supervisor_error_t *error);

/* troupe__options_pack: options, defaults filled in, without their name. */
void troupe__options_pack(const troupe_supervisor_options_t *options,
                          msgpack_packer *packer);

/* troupe__options_read: packed options: 0 or -EBADMSG. */
int troupe__options_read(const msgpack_object *object,
                         troupe_supervisor_options_t *ret_options);

/* troupe__spec_write: one spec of a definition, as it is. */
void troupe__spec_write(const troupe_child_spec_t *spec,
                        msgpack_packer *packer);

/* troupe__definition_read: 0, -EBADMSG, or -ENOENT for an unknown kind. */
int troupe__definition_read(troupe_t *node, const troupe_message_t *msg,
                            struct troupe__definition *ret_definition);

/* troupe__definition_free: give back what it owns. */
void troupe__definition_free(struct troupe__definition *self);

/* troupe__spec_read: one packed spec; the result owns what it points to:
 * 0, -EBADMSG, or -ENOENT for an unknown kind. */
int troupe__spec_read(troupe_t *node, const msgpack_object *object,
                      troupe_child_spec_t *ret_spec);

/* troupe__spec_free: give back what a spec that was read owns. */
void troupe__spec_free(troupe_child_spec_t *spec);

#endif
