/* SPDX-License-Identifier: Apache-2.0 */
/* isolation.c: what a program calls to have and to be isolated children. */
#include <errno.h>
#include <stdlib.h>

#include "runtime/hub.h"
#include "runtime/mark.h"
#include "runtime/node.h"
#include "runtime/peers.h"
#include "supervisor/isolation.h"

int
troupe_isolation_begin(troupe_t *root, const troupe_program_t *program)
{
    troupe_program_t none = {0};
    troupe_spawn_options_t options = {.name = TROUPE__WARDEN};
    if (!root || !root->peers || root->id != TROUPE__ROOT)
        return -EPERM;
    msgpack_sbuffer bytes;
    msgpack_sbuffer_init(&bytes);
    troupe__program_pack(program ? program : &none, &bytes);
    int rc = troupe_node_spawn(
        root, &troupe__warden_kind, &options, NULL, "[r, I]", bytes.data,
        bytes.size, (int64_t) root->link->hub->options.processes_max);
    msgpack_sbuffer_destroy(&bytes);
    return rc;
}

/* An asker that is gone meanwhile needs no answer. */
void
troupe__turn_down(troupe_context_t *ctx, troupe_token_t *token, int code,
                  const char *text)
{
    if (token->id && troupe_reply_error_to(ctx, token, code, "%s", text) < 0)
        troupe_token_drop(ctx, token);
}

static int
register_kinds(troupe_t *node, const troupe_kind_t *const *kinds)
{
    int rc = troupe_kind_register(node, &troupe__supervisor_kind);
    if (rc == 0)
        rc = troupe_kind_register(node, &troupe__deputy_kind);
    if (rc == 0)
        rc = troupe_kind_register(node, &troupe__program_kind);
    for (; rc == 0 && kinds && *kinds; kinds++)
        rc = troupe_kind_register(node, *kinds);
    return rc;
}

/* Before the run knows of this node: whoever does then finds all in place. */
static int
get_ready(troupe_t *node, void *data, troupe_ref_t *ret_agent)
{
    int rc = register_kinds(node, data);
    int marks = troupe__marks_open(node);
    if (marks < 0) {
        troupe__log(node, TROUPE_LOG_WARNING,
                    "if this process crashes nobody will know on which "
                    "message: %s",
                    troupe_strerror(marks));
    }
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
