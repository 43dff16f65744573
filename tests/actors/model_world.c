/* SPDX-License-Identifier: Apache-2.0 */
/* model_world.c: a mock, a node, and a backend on it. */
#include <criterion/criterion.h>

#include "actors/mock_server.h"
#include "actors/model_world.h"
#include "troupe_model.h"

void
model_world_begin(troupe_t **ret_node, troupe_ref_t *ret_backend)
{
    cr_assert(mock_begin());
    cr_assert_eq(troupe_new(NULL, ret_node), 0);
    cr_assert_eq(troupe_node_spawn(*ret_node, &troupe_model_backend, NULL,
                                   ret_backend, NULL),
                 0);
}

void
model_world_end(troupe_t **node_p)
{
    cr_assert_eq(troupe_destroy(node_p), 0);
    mock_end();
}

uint64_t
model_count(troupe_t *node, troupe_ref_t ref, const char *key)
{
    troupe_message_t *reply = NULL;
    uint64_t count = 0;
    cr_assert_eq(troupe_node_ask(node, ref, "state", 0, &reply, NULL), 0);
    cr_assert_eq(troupe_unpack(reply, "{s:U}", key, &count), 0);
    troupe_message_destroy(&reply);
    return count;
}
