/* SPDX-License-Identifier: Apache-2.0 */
/* isolation.c: what a program calls to have and to be isolated children. */
#include <errno.h>
#include <stdlib.h>

#include "runtime/link.h"
#include "runtime/node.h"
#include "runtime/peers.h"
#include "supervisor/isolation.h"

static void
write_list(msgpack_packer *packer, const char *const *list)
{
    size_t count = 0;
    if (!list) {
        msgpack_pack_nil(packer);
        return;
    }
    while (list[count])
        count++;
    msgpack_pack_array(packer, count);
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(list[i]);
        msgpack_pack_str(packer, size);
        msgpack_pack_str_body(packer, list[i], size);
    }
}

static int
write_program(msgpack_packer *packer, void *data)
{
    const troupe_program_t *program = data;
    msgpack_pack_array(packer, 3);
    if (program->path) {
        msgpack_pack_str(packer, strlen(program->path));
        msgpack_pack_str_body(packer, program->path, strlen(program->path));
    } else {
        msgpack_pack_nil(packer);
    }
    write_list(packer, program->argv);
    write_list(packer, program->env);
    return 0;
}

int
troupe_isolation_begin(troupe_t *root, const troupe_program_t *program)
{
    troupe_program_t none = {0};
    troupe_spawn_options_t options = {.name = TROUPE__WARDEN};
    if (!root || !root->peers || root->id != TROUPE__ROOT)
        return -EPERM;
    return troupe_node_spawn(root, &troupe__warden_kind, &options, NULL, "*",
                             write_program,
                             program ? (void *) (uintptr_t) program : &none);
}

static int
register_kinds(troupe_t *node, const troupe_kind_t *const *kinds)
{
    int rc = troupe_kind_register(node, &troupe__supervisor_kind);
    if (rc == 0)
        rc = troupe_kind_register(node, &troupe__deputy_kind);
    for (; rc == 0 && kinds && *kinds; kinds++)
        rc = troupe_kind_register(node, *kinds);
    return rc;
}

/* Before the run knows of this node: whoever does then finds all in place. */
static int
get_ready(troupe_t *node, void *data, troupe_ref_t *ret_agent)
{
    int rc = register_kinds(node, data);
    return rc < 0 ? rc
                  : troupe_node_spawn(node, &troupe__host_kind, NULL, ret_agent,
                                      NULL);
}

int
troupe_isolation_serve(const troupe_options_t *options,
                       const troupe_kind_t *const *kinds)
{
    troupe_t *node = NULL;
    int rc = troupe__node_join(options, get_ready, (void *) (uintptr_t) kinds,
                               &node);
    if (rc < 0)
        return rc;
    (void) troupe_wait(node, 0);
    return troupe_destroy(&node);
}
