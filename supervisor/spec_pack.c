/* SPDX-License-Identifier: Apache-2.0 */
/* spec_pack.c: fills in defaults and packs definitions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox/check.h"
#include "supervisor/isolation.h"
#include "supervisor/spec_fields.h"

int
troupe_child_spec_pack(troupe_child_spec_t *spec, const char *format, ...)
{
    if (!spec)
        return -EINVAL;
    void *bytes = NULL;
    va_list args;
    va_start(args, format);
    int rc = troupe__bytes_pack(&bytes, &spec->arguments_size, format, &args);
    va_end(args);
    if (rc == 0)
        spec->arguments = bytes;
    return rc;
}

void
troupe_child_spec_clear(troupe_child_spec_t *spec)
{
    if (!spec)
        return;
    free((void *) (uintptr_t) spec->arguments);
    spec->arguments = NULL;
    spec->arguments_size = 0;
}

static uint32_t
or_default(uint32_t value, uint32_t otherwise)
{
    if (value == TROUPE_ZERO)
        return 0;
    return value == 0 ? otherwise : value;
}

troupe_supervisor_options_t
troupe__options_resolve(const troupe_supervisor_options_t *options)
{
    troupe_supervisor_options_t full = *options;
    full.intensity = or_default(full.intensity, 1);
    full.period_ms = or_default(full.period_ms, 5000);
    full.unstable_max = or_default(full.unstable_max, 100);
    return full;
}

static troupe_child_spec_t
spec_resolve(const troupe_child_spec_t *spec)
{
    troupe_child_spec_t full = *spec;
    bool supervisor = troupe__spec_is_supervisor(spec);
    full.shutdown_ms =
        supervisor ? TROUPE_INFINITE : or_default(full.shutdown_ms, 5000);
    full.start_ms =
        supervisor ? TROUPE_INFINITE : or_default(full.start_ms, 30000);
    full.backoff.min_ms = or_default(full.backoff.min_ms, 10);
    full.backoff.max_ms = or_default(full.backoff.max_ms, 5000);
    full.backoff.factor_percent = or_default(full.backoff.factor_percent, 200);
    full.backoff.jitter_percent = or_default(full.backoff.jitter_percent, 20);
    full.backoff.reset_ms = or_default(full.backoff.reset_ms, 30000);
    full.poison_max = or_default(full.poison_max, 3);
    if (full.poison_max == 0)
        full.poison_max = TROUPE_INFINITE;
    if (full.name && full.name[0] == '\0')
        full.name = NULL;
    if (full.node && full.node[0] == '\0')
        full.node = NULL;
    if (troupe__spec_is_program(spec))
        full.kind = &troupe__program_kind;
    return full;
}

static void
pack_text(msgpack_packer *packer, const char *text)
{
    if (!text) {
        msgpack_pack_nil(packer);
        return;
    }
    size_t size = strlen(text);
    msgpack_pack_str(packer, size);
    msgpack_pack_str_body(packer, text, size);
}

void
troupe__spec_write(const troupe_child_spec_t *spec, msgpack_packer *packer)
{
    CHECK(spec && spec->kind);
    msgpack_pack_array(packer, SPEC_FIELDS);
    pack_text(packer, spec->id);
    pack_text(packer, spec->kind->name);
    pack_text(packer, spec->name);
    pack_text(packer, spec->node);
    msgpack_pack_bin(packer, spec->arguments_size);
    if (spec->arguments_size > 0)
        msgpack_pack_bin_body(packer, spec->arguments, spec->arguments_size);
    msgpack_sbuffer program;
    msgpack_sbuffer_init(&program);
    troupe__program_pack(spec->program, &program);
    msgpack_pack_bin(packer, program.size);
    msgpack_pack_bin_body(packer, program.data, program.size);
    msgpack_sbuffer_destroy(&program);
    uint32_t numbers[SPEC_NUMBERS_COUNT];
    size_t count = 0;
#define AS_NUMBER(type, field) numbers[count++] = (uint32_t) spec->field;
    SPEC_NUMBERS(AS_NUMBER)
#undef AS_NUMBER
    CHECK(count == SPEC_NUMBERS_COUNT);
    msgpack_pack_bin(packer, sizeof numbers); /* of one machine, as refs are */
    msgpack_pack_bin_body(packer, numbers, sizeof numbers);
}

int
troupe__spec_pack(troupe_t *node, const troupe_child_spec_t *spec,
                  msgpack_packer *packer, troupe_supervisor_error_t *error)
{
    troupe_child_spec_t full = spec_resolve(spec);
    if (!spec->supervisor) {
        int rc = troupe_kind_register(node, full.kind);
        if (rc < 0) {
            troupe__error_set(error, "child '%s': another kind is named '%s'",
                              spec->id, full.kind->name);
            return rc;
        }
        troupe__spec_write(&full, packer);
        return 0;
    }
    msgpack_sbuffer below;
    msgpack_sbuffer_init(&below);
    int rc = troupe__definition_pack(node, spec->supervisor, spec->children,
                                     spec->child_count, false, &below, error);
    if (rc == 0) {
        full.kind = &troupe__supervisor_kind;
        full.name = spec->name ? spec->name : spec->supervisor->name;
        full.arguments = below.data;
        full.arguments_size = below.size;
        troupe__spec_write(&full, packer);
    }
    msgpack_sbuffer_destroy(&below);
    return rc;
}

void
troupe__options_pack(const troupe_supervisor_options_t *options,
                     msgpack_packer *packer)
{
    troupe_supervisor_options_t full = troupe__options_resolve(options);
    msgpack_pack_array(packer, OPTIONS_FIELDS);
#define AS_PACK(type, field) msgpack_pack_uint32(packer, (uint32_t) full.field);
    OPTIONS_NUMBERS(AS_PACK)
#undef AS_PACK
}

int
troupe__definition_pack(troupe_t *node,
                        const troupe_supervisor_options_t *options,
                        const troupe_child_spec_t *specs, size_t count,
                        bool awaited, msgpack_sbuffer *out,
                        troupe_supervisor_error_t *error)
{
    CHECK(node && options);
    CHECK(out && error);
    int rc = troupe_kind_register(node, &troupe__supervisor_kind);
    if (rc < 0)
        return rc;
    msgpack_packer packer;
    msgpack_packer_init(&packer, out, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, 3);
    troupe__options_pack(options, &packer);
    msgpack_pack_array(&packer, count);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = troupe__spec_pack(node, &specs[i], &packer, error);
    if (awaited)
        msgpack_pack_true(&packer);
    else
        msgpack_pack_false(&packer);
    return rc;
}
